package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// referenceCase is one case of testdata/reference.json; reference.py beside it
// says how it was made.
type referenceCase struct {
	Name          string             `json:"name"`
	Problem       metric.Problem     `json:"problem"`
	Threshold     float64            `json:"threshold"`
	Labels        []json.RawMessage  `json:"labels"`
	Scores        []float64          `json:"scores"`
	Predicted     []string           `json:"predicted"`
	Classes       []string           `json:"classes"`
	Probabilities [][]float64        `json:"probabilities"`
	Expected      map[string]float64 `json:"expected"`
	// Undefined are the metrics for which scikit-learn has a stand-in and a warning; the gate has no value.
	Undefined []string `json:"undefined"`
}

// csv writes the case as an evaluation job would.
func (c referenceCase) csv() string {
	var b strings.Builder
	b.WriteString("id,label,score")
	for _, class := range c.Classes {
		b.WriteString(",score_" + class)
	}
	b.WriteString("\n")
	for i, label := range c.Labels {
		fmt.Fprintf(&b, "%d,%s,", i, strings.Trim(string(label), `"`))
		if c.Predicted != nil {
			b.WriteString(c.Predicted[i])
			for _, p := range c.Probabilities[i] {
				b.WriteString("," + strconv.FormatFloat(p, 'g', -1, 64))
			}
		} else {
			b.WriteString(strconv.FormatFloat(c.Scores[i], 'g', -1, 64))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestMetricsAgreeWithScikitLearn goes all the way from a predictions file to
// the value.
func TestMetricsAgreeWithScikitLearn(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []referenceCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	compared := map[string]bool{}
	for _, c := range file.Cases {
		p, err := evidence.ParsePredictions(strings.NewReader(c.csv()), c.Problem, evidence.Columns{ID: "id", Label: "label", Score: "score"})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		s, err := New(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range c.Expected {
			got := s.Value(Candidate, Statistic{name, c.Threshold, "", Whole})
			scale := max(1, math.Abs(want))
			if c.Problem == metric.Regression && name != "r2" && want != 0 {
				scale = math.Abs(want) // errors have a unit, and may be tiny
			}
			if got.Err != nil || !(math.Abs(got.Number-want) <= 1e-9*scale) {
				t.Errorf("%s: %s = %v (%v), scikit-learn says %v", c.Name, name, got.Number, got.Err, want)
			}
			compared[string(c.Problem)+" "+name] = true
		}
		for _, name := range c.Undefined {
			if got := s.Value(Candidate, Statistic{name, c.Threshold, "", Whole}); got.Err == nil {
				t.Errorf("%s: %s = %v, scikit-learn calls it undefined", c.Name, name, got.Number)
			}
		}
	}
	for _, p := range []metric.Problem{metric.Binary, metric.Multiclass, metric.Regression} {
		for _, name := range metric.Names(p) {
			if !compared[string(p)+" "+name] {
				t.Errorf("%s of %s has no reference value", name, p)
			}
		}
	}
}
