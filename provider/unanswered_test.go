package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	smithy "github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// A call that fails, or Ctrl-C while it is under way, says nothing about a decision or about results: neither message may claim
// that they are bad, nor send anybody to look for who changed them.
func TestUnansweredCallsAccuseNobody(t *testing.T) {
	cut := &smithy.OperationError{ServiceID: "S3", OperationName: "GetObject", Err: errors.New("connection reset by peer")}
	job := &sagemaker.Job{Kind: sagemaker.Processing, Name: "tiny-0123456789-1"}
	for name, tc := range map[string]struct {
		err              error
		serving, results string // the summaries
	}{
		"cut":         {fmt.Errorf("checking the decision: %w", cut), "Decision not checked", "Evaluation results not read"},
		"interrupted": {fmt.Errorf("checking the decision: %w", context.Canceled), "Decision not checked", "Evaluation results not read"},
		"bad":         {errors.New("it says otherwise"), "Version not approved for serving", "Evaluation without usable results"},
	} {
		t.Run(name, func(t *testing.T) {
			var serving, results diag.Diagnostics
			refuseServing(&serving, tc.err)
			(&evaluationModel{}).unusable(&sagemaker.Client{}, job, tc.err, &results)
			for _, got := range []struct {
				diags diag.Diagnostics
				want  string
			}{{serving, tc.serving}, {results, tc.results}} {
				if len(got.diags) != 1 || got.diags[0].Summary() != got.want {
					t.Errorf("got %v, want one with summary %q", got.diags, got.want)
				}
				if errors.Is(tc.err, context.Canceled) && !strings.Contains(got.diags[0].Detail(), "Run the same command again") {
					t.Errorf("detail %q", got.diags[0].Detail())
				}
			}
		})
	}
}
