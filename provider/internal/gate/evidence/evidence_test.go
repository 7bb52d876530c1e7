package evidence

import (
	"math"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

var columns = Columns{ID: "id", Label: "label", Score: "score", Slices: []string{"sex"}}

func TestParsePredictionsErrors(t *testing.T) {
	cases := []struct {
		name    string
		problem metric.Problem
		csv     string
		want    string
	}{
		{"empty", metric.Binary, "", "empty"},
		{"no examples", metric.Binary, "id,label,score\n", "no examples"},
		{"no label", metric.Binary, "id,survived,score\n1,1,0.5\n", `no label column "label"; the header has id, survived, score`},
		{"twice", metric.Binary, "id,label,score,score\n", `"score" appears twice`},
		{"text label", metric.Binary, "id,label,score\n1,yes,0.5\n", `line 2, column 3: label "yes" is not a finite number`},
		{"label 2", metric.Binary, "id,label,score\n1,0,0.5\n2,2,0.5\n", `line 3, column 3: label "2" is neither 0 nor 1`},
		{"score 1.5", metric.Binary, "id,label,score\n1,0,1.5\n", "line 2, column 5: score 1.5 is outside 0..1"},
		{"score NaN", metric.Binary, "id,label,score\n1,0,NaN\n", `score "NaN" is not a finite number`},
		{"short line", metric.Binary, "id,label,score\n1,0\n", "line 2: wrong number of fields"},
		{"quotes", metric.Binary, "id,label,score\n1,0,\"0.5\n", "quote"},
		{"empty id", metric.Binary, "id,label,score\n,0,0.5\n", "line 2, column 1: the id is empty"},
		{"no column for the class", metric.Multiclass, "id,label,score,score_a\n1,b,a,1\n", `label "b" has no probability column "score_b"`},
		{"probabilities", metric.Multiclass, "id,label,score,score_a,score_b\n1,b,a,0.5,0.1\n", "add up to 0.6"},
		{"infinite target", metric.Regression, "id,label,score\n1,Inf,1\n", `label "Inf" is not a finite number`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParsePredictions(strings.NewReader(c.csv), c.problem, columns)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestParsePredictions(t *testing.T) {
	const file = "\ufeffid,label,score,sex\n7,1,0.75,male\n3,0,1e-3,female\n"
	p, err := ParsePredictions(strings.NewReader(file), metric.Binary, columns)
	if err != nil {
		t.Fatal(err)
	}
	if p.Len() != 2 || p.Labels[0] != 1 || p.Scores[1] != 0.001 || p.IDs[0] != "7" {
		t.Errorf("got %+v", p)
	}
	if s := p.Slices["sex"]; s.Values[0] != "female" || s.Index[0] != 1 {
		t.Errorf("slices are not in sorted order: %+v", s)
	}
	if _, ok := p.Slices["port"]; ok {
		t.Error("a column that is not there became a slice")
	}
}

func TestTooManySliceValues(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,label,score,sex\n")
	for i := range MaxSliceValues + 1 {
		b.WriteString("1,0,0.5," + strings.Repeat("x", i+1) + "\n")
	}
	if _, err := ParsePredictions(strings.NewReader(b.String()), metric.Binary, columns); err == nil || !strings.Contains(err.Error(), "more than 1000 different values") {
		t.Errorf("got %v", err)
	}
}

func TestParseReport(t *testing.T) {
	r, err := ParseReport([]byte(`{"binary_classification_metrics":{"auc":{"value":0.86,"standard_deviation":0.1},"quoted":{"value":"NaN"},
		"confusion_matrix":{"0":{"0":1}}},"performance":{"p95_latency_ms":{"value":1.5}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if r.Problem != metric.Binary || r.Metrics["auc"].Number != 0.86 || math.Abs(r.Metrics["auc"].Rounding-0.005) > 1e-15 ||
		!math.IsNaN(r.Metrics["quoted"].Number) || r.Performance["p95_latency_ms"].Number != 1.5 {
		t.Errorf("got %+v", r)
	}
	if _, ok := r.Metrics["confusion_matrix"]; ok {
		t.Error("the confusion matrix became a metric")
	}
	for _, c := range []struct{ report, want string }{
		{"{\n  \"a\": }", "line 2, column 8"},
		{`[]`, "cannot unmarshal array"},
		{`{"metrics":{}}`, "found metrics"},
		{`{"binary_classification_metrics":{},"regression_metrics":{}}`, "one model has one of them"},
		{`{"binary_classification_metrics":[]}`, "is not an object"},
		{`{"regression_metrics":{"mae":{"value":[1]}}}`, "regression_metrics.mae.value is [1], a number is expected"},
	} {
		if _, err := ParseReport([]byte(c.report)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.report, err, c.want)
		}
	}
}

func FuzzParsePredictions(f *testing.F) {
	f.Add("id,label,score,sex\n1,1,0.5,male\n", 0)
	f.Add("id,label,score,score_a,score_b\n1,a,b,0.4,0.6\n", 1)
	f.Add("id,label,score\n1,2.5,1e300\n", 2)
	problems := []metric.Problem{metric.Binary, metric.Multiclass, metric.Regression}
	f.Fuzz(func(t *testing.T, file string, problem int) {
		p, err := ParsePredictions(strings.NewReader(file), problems[uint(problem)%3], columns)
		if err != nil {
			return
		}
		if p.Len() == 0 || len(p.IDs) != p.Len() {
			t.Fatalf("%d examples with %d ids were accepted", p.Len(), len(p.IDs))
		}
		for _, s := range p.Scores {
			if !(s >= 0 && s <= 1) {
				t.Fatalf("score %v was accepted", s)
			}
		}
		for _, s := range p.Slices {
			for _, i := range s.Index {
				_ = s.Values[i]
			}
		}
	})
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"binary_classification_metrics":{"auc":{"value":0.86}}}`))
	f.Add([]byte(`{"regression_metrics":{"mae":{"value":"1e9"}},"performance":{"examples":{"value":3}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReport(data)
		if err == nil && r.Problem == "" {
			t.Fatal("a report without a problem was accepted")
		}
	})
}

func TestPredictionsHaveFewColumns(t *testing.T) {
	file := "id,label,score" + strings.Repeat(",x", 10_000) + "\n"
	_, err := ParsePredictions(strings.NewReader(file), metric.Binary, Columns{ID: "id", Label: "label", Score: "score"})
	if err == nil || err.Error() != "predictions: line 1 has 10003 columns, at most 10000 are read" {
		t.Errorf("got %v", err)
	}
}
