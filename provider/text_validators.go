package provider

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// most is the largest whole number that SageMaker's fields take: they have 32 bits, and a larger one would come out as another.
const most = math.MaxInt32

// durationText accepts Go durations of at least min and at most as many seconds as a field takes.
type durationText struct{ min time.Duration }

func (v durationText) Description(context.Context) string {
	return fmt.Sprintf("a duration such as \"90s\", \"30m\" or \"24h\", at least %s", v.min)
}
func (v durationText) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v durationText) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	d, err := time.ParseDuration(req.ConfigValue.ValueString())
	if err == nil && d > most*time.Second {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
			fmt.Sprintf("%s is %q, longer than any job; SageMaker takes at most %d seconds.", req.Path, req.ConfigValue.ValueString(), most))
		return
	}
	if err != nil || d < v.min {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
			fmt.Sprintf("%s is %q; expected %s.", req.Path, req.ConfigValue.ValueString(), v.Description(ctx)))
	}
}

// durationOr reads a validated duration, or fallback when there is none.
func durationOr(v types.String, fallback time.Duration) time.Duration {
	d, err := time.ParseDuration(v.ValueString())
	if err != nil {
		return fallback
	}
	return d
}

// s3Location accepts s3:// URIs; with needsKey, only those that name an object or a prefix.
type s3Location struct{ needsKey bool }

func (v s3Location) Description(context.Context) string {
	if v.needsKey {
		return "an S3 URI such as s3://bucket/key"
	}
	return "an S3 URI such as s3://bucket/prefix"
}
func (v s3Location) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v s3Location) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	loc, err := sagemaker.ParseLocation(req.ConfigValue.ValueString())
	if err != nil || (v.needsKey && loc.Key == "") {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid S3 URI",
			fmt.Sprintf("%s is %q; expected %s.", req.Path, req.ConfigValue.ValueString(), v.Description(ctx)))
	}
}

// metricRegex accepts regular expressions with at least one group.
type metricRegex struct{}

func (metricRegex) Description(context.Context) string {
	return "a regular expression whose first group is the metric's value"
}
func (v metricRegex) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v metricRegex) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	re, err := regexp.Compile(req.ConfigValue.ValueString())
	if err == nil && re.NumSubexp() == 0 {
		err = errors.New("it has no group")
	}
	if err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid metric expression",
			fmt.Sprintf("%s is %q: %s. Expected %s, such as cv_auc=([0-9.]+).", req.Path, req.ConfigValue.ValueString(), err, v.Description(ctx)))
	}
}

// notPrefixed refuses keys in a namespace that the provider writes itself.
type notPrefixed string

func (v notPrefixed) Description(context.Context) string {
	return fmt.Sprintf("a key that does not start with %q, which the provider writes", string(v))
}
func (v notPrefixed) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v notPrefixed) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if strings.HasPrefix(req.ConfigValue.ValueString(), string(v)) {
		resp.Diagnostics.AddAttributeError(req.Path, "Reserved key",
			fmt.Sprintf("Got %q; expected %s. Rename it.", req.ConfigValue.ValueString(), v.Description(ctx)))
	}
}
