package rules

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func f(v float64) *float64 { return &v }
func n(v int64) *int64     { return &v }

func TestValidateRequirements(t *testing.T) {
	cases := []struct {
		name string
		req  Requirement
		want string // "" is valid
	}{
		{"min", Requirement{Metric: "accuracy", Min: f(0.78)}, ""},
		{"unknown metric with any bound", Requirement{Metric: "lift", Min: f(3)}, ""},
		{"negative r2", Requirement{Metric: "r2", Min: f(-1)}, ""},
		{"no metric", Requirement{Min: f(0.78)}, "requirements[0].metric: is empty"},
		{"no bound", Requirement{Metric: "accuracy"}, "exactly one of min, max, versus_champion, max_gap"},
		{"two bounds", Requirement{Metric: "accuracy", Min: f(0.7), Max: f(0.9)}, "requirements[0].max: stands beside min"},
		{"percent", Requirement{Metric: "accuracy", Min: f(78)}, "is 78, but accuracy lies between 0 and 1; is 0.78 meant?"},
		{"negative loss", Requirement{Metric: "log_loss", Max: f(-1)}, "log_loss is never negative"},
		{"NaN", Requirement{Metric: "lift", Min: f(math.NaN())}, "is NaN; a finite number is expected"},
		{"confidence of 95", Requirement{Metric: "auc", Min: f(0.8), Confidence: f(95)}, "requirements[0].confidence: is 95"},
		{"confidence 0", Requirement{Metric: "auc", Min: f(0.8), Confidence: f(0)}, "requirements[0].confidence: is 0; between 0.5 and 0.999"},
		{"confidence 1", Requirement{Metric: "auc", Min: f(0.8), Confidence: f(1)}, "requirements[0].confidence: is 1; between 0.5 and 0.999"},
		{"confidence 1 of a comparison", Requirement{Metric: "auc", VersusChampion: &VersusChampion{MaxDrop: f(0.1), Confidence: f(1)}}, "requirements[0].versus_champion.confidence: is 1;"},
		{"confidence NaN", Requirement{Metric: "auc", Min: f(0.8), Confidence: f(math.NaN())}, "requirements[0].confidence: is NaN"},
		{"infinite max", Requirement{Metric: "rmse", Max: f(math.Inf(1))}, "requirements[0].max: is +Inf; a finite number is expected"},
		{"NaN gap", Requirement{Metric: "auc", MaxGap: f(math.NaN()), EachSlice: "sex"}, "requirements[0].max_gap: is NaN"},
		{"NaN drop", Requirement{Metric: "auc", VersusChampion: &VersusChampion{MaxDrop: f(math.NaN())}}, "requirements[0].versus_champion.max_drop: is NaN"},
		{"NaN threshold", Requirement{Metric: "recall", Min: f(0.1), DecisionThreshold: f(math.NaN())}, "requirements[0].decision_threshold: is NaN"},
		{"max_gap of one slice", Requirement{Metric: "auc", MaxGap: f(0.1), Slice: &Slice{"sex", "male"}}, "requirements[0].slice: contradicts max_gap"},
		{"confidence outside", Requirement{Metric: "auc", Confidence: f(0.9), VersusChampion: &VersusChampion{MaxDrop: f(0.1)}}, "belongs inside versus_champion"},
		{"versus nothing", Requirement{Metric: "auc", VersusChampion: &VersusChampion{}}, "exactly one of min_gain, max_drop"},
		{"versus both", Requirement{Metric: "auc", VersusChampion: &VersusChampion{MaxDrop: f(0), MinGain: f(0)}}, "versus_champion.max_drop: stands beside min_gain"},
		{"negative drop", Requirement{Metric: "auc", VersusChampion: &VersusChampion{MaxDrop: f(-0.1)}}, "written as a positive number"},
		{"neutral", Requirement{Metric: "positive_rate", VersusChampion: &VersusChampion{MaxDrop: f(0.1)}}, "neither better high nor low"},
		{"gap without slices", Requirement{Metric: "auc", MaxGap: f(0.1)}, "needs each_slice"},
		{"slice and each_slice", Requirement{Metric: "auc", Min: f(0.1), Slice: &Slice{"sex", "male"}, EachSlice: "sex"}, "contradicts slice"},
		{"min_examples 0", Requirement{Metric: "auc", Min: f(0.1), MinExamples: n(0)}, "min_examples: is 0"},
		{"threshold of auc", Requirement{Metric: "auc", Min: f(0.1), DecisionThreshold: f(0.4)}, "has no effect on auc"},
		{"threshold 2", Requirement{Metric: "recall", Min: f(0.1), DecisionThreshold: f(2)}, "between 0 and 1"},
		{"severity", Requirement{Metric: "auc", Min: f(0.1), Severity: "error"}, `is "error"; "block" or "warn"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			errs := ValidateRequirements([]Requirement{c.req})
			if c.want == "" {
				if len(errs) > 0 {
					t.Errorf("got %v", errs)
				}
				return
			}
			if !slices.ContainsFunc(errs, func(e FieldError) bool { return strings.Contains(e.Error(), c.want) }) {
				t.Errorf("got %v, want %q", errs, c.want)
			}
		})
	}
	twice := []Requirement{{Metric: "auc", Min: f(0.8)}, {Metric: "auc", Min: f(0.8)}}
	if errs := ValidateRequirements(twice); len(errs) != 1 || errs[0].Error() != "requirements[1]: is the same as requirements[0]; remove one" {
		t.Errorf("got %v", errs)
	}
}

// Requirements that contradict each other are found before anything is evaluated, and only those.
func TestValidateTogether(t *testing.T) {
	male, female := &Slice{"sex", "male"}, &Slice{"sex", "female"}
	for _, c := range []struct {
		name string
		reqs []Requirement
		want string // "" is valid
	}{
		{"the same, spelt out", []Requirement{{Metric: "recall", Min: f(0.8)}, {Metric: "recall", Min: f(0.8), DecisionThreshold: f(0.5), Severity: Block}}, "requirements[1]: is the same as requirements[0]; remove one"},
		{"seventh digit", []Requirement{{Metric: "auc", Min: f(0.8000001)}, {Metric: "auc", Min: f(0.8000002)}}, ""},
		{"warn early, block late", []Requirement{{Metric: "auc", Min: f(0.8)}, {Metric: "auc", Min: f(0.8), Severity: Warn}}, ""},
		{"other examples", []Requirement{{Metric: "auc", Min: f(0.8), Slice: male}, {Metric: "auc", Min: f(0.8), Slice: female}}, ""},
		{"same slice", []Requirement{{Metric: "auc", Min: f(0.8), Slice: male}, {Metric: "auc", Min: f(0.8), Slice: &Slice{"sex", "male"}}}, "requirements[1]: is the same"},
		{"other confidence", []Requirement{{Metric: "auc", Min: f(0.8), Confidence: f(0.9)}, {Metric: "auc", Min: f(0.8), Confidence: f(0.95)}}, ""},
		{"min above max", []Requirement{{Metric: "positive_rate", Max: f(0.4)}, {Metric: "positive_rate", Min: f(0.6)}}, "requirements[1].min: is 0.6, above max = 0.4 of requirements[0]; both can never hold"},
		{"max below min", []Requirement{{Metric: "lift", Min: f(3)}, {Metric: "lift", Max: f(2)}}, "requirements[1].max: is 2, below min = 3 of requirements[0]; both can never hold"},
		{"min is max", []Requirement{{Metric: "lift", Min: f(3)}, {Metric: "lift", Max: f(3)}}, ""},
		{"of other slices", []Requirement{{Metric: "recall", Min: f(0.6), Slice: male}, {Metric: "recall", Max: f(0.4), Slice: female}}, ""},
		{"at other thresholds", []Requirement{{Metric: "recall", Min: f(0.6), DecisionThreshold: f(0.3)}, {Metric: "recall", Max: f(0.4), DecisionThreshold: f(0.7)}}, ""},
		{"one only warns", []Requirement{{Metric: "recall", Min: f(0.6)}, {Metric: "recall", Max: f(0.4), Severity: Warn}}, ""},
	} {
		errs := ValidateRequirements(c.reqs)
		if c.want == "" && len(errs) > 0 || c.want != "" && (len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, errs, c.want)
		}
	}
}

func TestValidateEvidence(t *testing.T) {
	minus := -time.Hour
	errs := ValidateEvidence(Evidence{MinExamples: n(0), MaxAge: &minus, DatasetSHA256: "abc", MaxP95LatencyMS: f(0), TrainingPricePerHourUSD: f(1)})
	if len(errs) != 5 {
		t.Errorf("want 5 mistakes, got %v", errs)
	}
}
