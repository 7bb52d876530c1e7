package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/measure"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

const (
	firstARN  = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/titanic-survival/1"
	secondARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/titanic-survival/2"
	thirdARN  = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/titanic-survival/3"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func f(v float64) *float64 { return &v }
func n(v int64) *int64     { return &v }

// parse reads predictions with the slice columns pclass and sex.
func parse(t testing.TB, csv string) *evidence.Predictions {
	t.Helper()
	p, err := evidence.ParsePredictions(strings.NewReader(csv), metric.Binary,
		evidence.Columns{ID: "passenger_id", Label: "label", Score: "score", Slices: []string{"pclass", "sex"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// passengers makes a predictions file: quality is the share of the label in the
// score.
func passengers(count int, quality float64, seed uint64) string {
	rnd := rand.New(rand.NewPCG(7, 7)) // the same people for every model
	noise := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	b.WriteString("passenger_id,label,score,pclass,sex\n")
	for i := range count {
		label := rnd.IntN(2)
		sex := []string{"female", "male"}[rnd.IntN(2)]
		score := quality*float64(label) + (1-quality)*noise.Float64()
		fmt.Fprintf(&b, "%d,%d,%.6f,%d,%s\n", i+1, label, score, 1+rnd.IntN(3), sex)
	}
	return b.String()
}

// good is evidence that passes every sensible requirement.
func good(t testing.TB) Evidence {
	p := parse(t, passengers(400, 0.45, 2))
	return Evidence{Now: noon, CreatedAt: noon.Add(-time.Hour), CandidateARN: secondARN,
		DatasetSHA256: strings.Repeat("a", 64), Candidate: ModelEvidence{Predictions: p, Report: &evidence.Report{Problem: metric.Binary}}}
}

func withChampion(t testing.TB, e Evidence, quality float64) Evidence {
	e.Champion = &Champion{ModelPackageARN: firstARN}
	e.Baseline = &Baseline{ModelPackageARN: firstARN, ModelEvidence: ModelEvidence{Predictions: parse(t, passengers(400, quality, 3))}}
	return e
}

func decideOne(e Evidence, r rules.Requirement) Decision {
	return Decide([]rules.Requirement{r}, rules.Evidence{}, e, Settings{Replicates: 500})
}

// verdicts of the metric checks, "slice verdict".
func verdicts(d Decision) []string {
	var out []string
	for _, c := range d.Checks {
		out = append(out, c.Slice+" "+string(c.Verdict))
	}
	return out
}

func TestDecide(t *testing.T) {
	drop := &rules.VersusChampion{MaxDrop: f(0.01)}
	ok := func(e Evidence) Evidence { return e }
	better := func(e Evidence) Evidence { return withChampion(t, e, 0.3) }
	cases := []struct {
		name   string
		req    rules.Requirement
		change func(Evidence) Evidence
		want   Outcome
		reason string
	}{
		{"min passes", rules.Requirement{Metric: "accuracy", Min: f(0.7)}, ok, Approved, "observed 0.9"},
		{"min fails", rules.Requirement{Metric: "accuracy", Min: f(0.999)}, ok, Rejected, "< 0.999"},
		{"max fails", rules.Requirement{Metric: "log_loss", Max: f(0.01)}, ok, Rejected, "> 0.01"},
		{"warn does not reject", rules.Requirement{Metric: "log_loss", Max: f(0.01), Severity: rules.Warn}, ok, Approved, "> 0.01"},
		{"confidence decides", rules.Requirement{Metric: "auc", Min: f(0.9), Confidence: f(0.95)}, ok, Approved, "lower bound at 95%"},
		{"misspelt metric", rules.Requirement{Metric: "acuracy", Min: f(0.7)}, ok, Rejected, "is accuracy meant?"},
		{"no evidence", rules.Requirement{Metric: "accuracy", Min: f(0.7)}, func(e Evidence) Evidence { e.Candidate = ModelEvidence{}; return e }, Rejected, "neither a report nor predictions"},
		{"missing column", rules.Requirement{Metric: "accuracy", Min: f(0.1), EachSlice: "port"}, ok, Rejected, `no column "port"`},
		{"missing slice", rules.Requirement{Metric: "accuracy", Min: f(0.1), Slice: &rules.Slice{Column: "pclass", Value: "4"}}, ok, Rejected, "no example has pclass=4"},
		{"slice too small", rules.Requirement{Metric: "accuracy", Min: f(0.1), EachSlice: "sex", MinExamples: n(300)}, ok, Rejected, "at least 300 are required"},
		{"gap passes", rules.Requirement{Metric: "accuracy", MaxGap: f(0.5), EachSlice: "pclass"}, ok, Approved, "highest"},
		{"gap fails", rules.Requirement{Metric: "accuracy", MaxGap: f(0.0001), EachSlice: "pclass"}, ok, Rejected, "> 0.0001"},
		{"first promotion", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, ok, Approved, "no champion yet"},
		{"better than the champion", rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MinGain: f(0.01), Confidence: f(0.95)}}, better, Approved, "candidate 0.9"},
		{"worse than the champion", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, func(e Evidence) Evidence { return withChampion(t, e, 0.6) }, Rejected, "> 0.01"},
		{"lower is better", rules.Requirement{Metric: "brier", VersusChampion: drop}, better, Approved, ": rise -0."},
		{"lower is worse", rules.Requirement{Metric: "brier", VersusChampion: drop}, func(e Evidence) Evidence { return withChampion(t, e, 0.6) }, Rejected, ": rise 0.0"},
		{"a fall is a gain", rules.Requirement{Metric: "brier", VersusChampion: &rules.VersusChampion{MinGain: f(0.01)}}, better, Approved, ": fall 0.0"},
		{"relative drop", rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(0.05), Relative: true}}, func(e Evidence) Evidence { return withChampion(t, e, 0.6) }, Rejected, ": drop 0.0"},
		{"drop with confidence", rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(0.1), Confidence: f(0.95)}}, func(e Evidence) Evidence { return withChampion(t, e, 0.6) }, Rejected, "upper bound at 95% 0.1"},
		{"champion without baseline", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, func(e Evidence) Evidence { e.Champion = &Champion{ModelPackageARN: firstARN}; return e }, Rejected, "-replace"},
		{"baseline was overtaken", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, func(e Evidence) Evidence {
			e = better(e)
			e.Champion.ModelPackageARN = thirdARN
			return e
		}, Rejected, "the champion now is " + thirdARN},
		{"champion vanished", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, func(e Evidence) Evidence { e = better(e); e.Champion = nil; return e }, Rejected, "no champion now"},
		{"candidate became champion", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, func(e Evidence) Evidence {
			e = better(e)
			e.Champion = &Champion{ModelPackageARN: secondARN, PreviousARN: firstARN}
			return e
		}, Approved, "candidate 0.9"},
		{"rollback skips the champion", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, func(e Evidence) Evidence { e = better(e); e.Rollback = true; return e }, Approved, "rollback"},
		{"metric only in the report", rules.Requirement{Metric: "fairness", Min: f(0.5)}, func(e Evidence) Evidence {
			e.Candidate.Report = &evidence.Report{Problem: metric.Binary, Metrics: map[string]evidence.Value{"fairness": {Number: 0.6}}}
			return e
		}, Approved, "from the report"},
		{"report metric with confidence", rules.Requirement{Metric: "fairness", Min: f(0.5), Confidence: f(0.9)}, func(e Evidence) Evidence {
			e.Candidate.Report = &evidence.Report{Problem: metric.Binary, Metrics: map[string]evidence.Value{"fairness": {Number: 0.6}}}
			return e
		}, Rejected, "needs predictions"},
		{"other examples", rules.Requirement{Metric: "accuracy", VersusChampion: drop}, func(e Evidence) Evidence {
			e = better(e)
			e.Baseline.Predictions = parse(t, passengers(399, 0.3, 3))
			return e
		}, Rejected, "same examples"},
		{"invalid requirement", rules.Requirement{Metric: "accuracy", Min: f(78)}, ok, Rejected, "is 0.78 meant?"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := decideOne(c.change(good(t)), c.req)
			if d.Outcome != c.want {
				t.Errorf("outcome %s, want %s\n%s", d.Outcome, c.want, Table(d.Checks))
			}
			if !slices.ContainsFunc(d.Checks, func(k Check) bool { return strings.Contains(k.Reason, c.reason) }) {
				t.Errorf("no reason contains %q:\n%+v", c.reason, d.Checks)
			}
		})
	}
}

// A drop of exactly the bound passes although 0.79-0.80 is not -0.01 in binary.
func TestDropIsInclusive(t *testing.T) {
	scores := func(correct int) string {
		var b strings.Builder
		b.WriteString("passenger_id,label,score,pclass,sex\n")
		for i := range 100 {
			s := 0.9
			if i >= correct {
				s = 0.1
			}
			fmt.Fprintf(&b, "%d,1,%v,1,male\n", i, s)
		}
		return b.String()
	}
	e := good(t)
	e.Candidate.Predictions = parse(t, scores(79))
	e.Champion = &Champion{ModelPackageARN: firstARN}
	e.Baseline = &Baseline{ModelPackageARN: firstARN, ModelEvidence: ModelEvidence{Predictions: parse(t, scores(80))}}
	if d := decideOne(e, rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(0.01)}}); d.Outcome != Approved {
		t.Error(Table(d.Checks))
	}
	for _, r := range []rules.Requirement{{Metric: "accuracy", Min: f(0.79)}, {Metric: "accuracy", Max: f(0.79)}, {Metric: "accuracy", VersusChampion: &rules.VersusChampion{MinGain: f(0)}, Severity: rules.Warn}} {
		if d := decideOne(e, r); d.Outcome != Approved {
			t.Error(Table(d.Checks))
		}
	}
	for _, r := range []rules.Requirement{{Metric: "accuracy", Min: f(math.Nextafter(0.79, 1))}, {Metric: "accuracy", Max: f(math.Nextafter(0.79, 0))}} {
		if d := decideOne(e, r); d.Outcome != Rejected {
			t.Error(Table(d.Checks))
		}
	}
}

func TestEachSliceIsSorted(t *testing.T) {
	d := decideOne(good(t), rules.Requirement{Metric: "accuracy", Min: f(0.5), EachSlice: "pclass"})
	want := []string{"pclass=1 pass", "pclass=2 pass", "pclass=3 pass"}
	if got := verdicts(d)[:3]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Every requirement gets its row, whatever the others say.
func TestNothingIsCutShort(t *testing.T) {
	reqs := []rules.Requirement{
		{Metric: "accuracy", Min: f(0.999)}, {Metric: "nonsense", Min: f(1)}, {Metric: "recall", Min: f(0.1), EachSlice: "sex"},
		{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(0.01)}}, {Metric: "auc", Min: f(0.5), Confidence: f(0.99)},
	}
	e := good(t)
	e.Problems = []Problem{{Subject: "artifact", Reason: "sha256 is 00, expected 11"}}
	d := Decide(reqs, rules.Evidence{MinExamples: n(1000)}, e, Settings{Replicates: 200})
	seen := map[int]bool{}
	for _, c := range d.Checks {
		seen[c.Index] = true
	}
	for i := range reqs {
		if !seen[i] {
			t.Errorf("requirement %d has no row", i)
		}
	}
	if d.Outcome != Rejected || d.Failures() != 4 {
		t.Errorf("%s\n%s", d.Summary(), Table(d.Checks))
	}
}

func TestEvidenceRules(t *testing.T) {
	yes := true
	hour := time.Hour
	cases := []struct {
		name   string
		rules  rules.Evidence
		change func(*Evidence)
		want   Verdict
		reason string
	}{
		{"enough", rules.Evidence{MinExamples: n(400)}, nil, Pass, "400 examples"},
		{"too few", rules.Evidence{MinExamples: n(401)}, nil, Fail, "400 examples"},
		{"fresh", rules.Evidence{MaxAge: &hour}, nil, Pass, "made at"},
		{"stale", rules.Evidence{MaxAge: &hour}, func(e *Evidence) { e.Now = e.Now.Add(time.Second) }, Fail, "-replace"},
		{"from the future", rules.Evidence{MaxAge: &hour}, func(e *Evidence) { e.CreatedAt = e.Now.Add(time.Hour) }, Fail, "future"},
		{"undated", rules.Evidence{MaxAge: &hour}, func(e *Evidence) { e.CreatedAt = time.Time{} }, Fail, "does not say when"},
		{"rollback is not fresh", rules.Evidence{MaxAge: &hour}, func(e *Evidence) { e.Rollback = true }, Skipped, "rollback"},
		{"dataset", rules.Evidence{DatasetSHA256: strings.Repeat("A", 64)}, nil, Pass, "aaaa"},
		{"other dataset", rules.Evidence{DatasetSHA256: strings.Repeat("b", 64)}, nil, Fail, "required is bbbb"},
		{"leak unknown", rules.Evidence{Leakage: &yes}, nil, Fail, "training_dataset"},
		{"same file", rules.Evidence{}, func(e *Evidence) { e.Leakage = Leakage{TrainingSHA256: "x1", HeldOutSHA256: "X1"} }, Fail, "very file"},
		{"shared ids", rules.Evidence{}, func(e *Evidence) {
			e.Leakage = Leakage{TrainingSHA256: "x1", HeldOutSHA256: "x2", IDColumn: "passenger_id", SharedIDs: 2, Examples: []string{"5", "9"}}
		}, Fail, "by passenger_id: 5, 9"},
		{"no leak", rules.Evidence{Leakage: &yes}, func(e *Evidence) { e.Leakage = Leakage{TrainingSHA256: "x1", HeldOutSHA256: "x2"} }, Pass, "ids were not compared"},
		{"latency", rules.Evidence{MaxP95LatencyMS: f(5)}, func(e *Evidence) { e.P95LatencyMS = f(4) }, Pass, "4 ms"},
		{"slow", rules.Evidence{MaxP95LatencyMS: f(5)}, func(e *Evidence) { e.P95LatencyMS = f(6) }, Fail, "6 ms"},
		{"latency unknown", rules.Evidence{MaxP95LatencyMS: f(5)}, nil, Fail, "no performance.p95_latency_ms"},
		{"cost", rules.Evidence{MaxTrainingCostUSD: f(1)}, func(e *Evidence) { e.Training = &Training{f(3600), "ml.m5.large", 1, "eu-west-1"} }, Pass, "at 0.128 USD per hour (list price in eu-west-1 of 2023-12-31)"},
		{"dear", rules.Evidence{MaxTrainingCostUSD: f(1), TrainingPricePerHourUSD: f(2)}, func(e *Evidence) { e.Training = &Training{f(3600), "x", 1, "eu-west-1"} }, Fail, "as given"},
		{"one instance", rules.Evidence{MaxTrainingCostUSD: f(1), TrainingPricePerHourUSD: f(0.6)}, func(e *Evidence) { e.Training = &Training{f(3600), "x", 1, "eu-west-1"} }, Pass, "1 x x at 0.6 USD"},
		{"every instance costs", rules.Evidence{MaxTrainingCostUSD: f(1), TrainingPricePerHourUSD: f(0.6)}, func(e *Evidence) { e.Training = &Training{f(3600), "x", 2, "eu-west-1"} }, Fail, "2 x x at 0.6 USD"},
		{"price unknown", rules.Evidence{MaxTrainingCostUSD: f(1)}, func(e *Evidence) { e.Training = &Training{f(3600), "x", 1, "eu-west-1"} }, Fail, "no price is known for x in eu-west-1; give what you pay in evidence.training_price_per_hour_usd"},
		{"price of another region", rules.Evidence{MaxTrainingCostUSD: f(1)}, func(e *Evidence) { e.Training = &Training{f(3600), "ml.m5.large", 1, "ap-south-1"} }, Fail, "no price is known for ml.m5.large in ap-south-1"},
		{"region unknown", rules.Evidence{MaxTrainingCostUSD: f(1)}, func(e *Evidence) { e.Training = &Training{f(3600), "ml.m5.large", 1, ""} }, Fail, "an unknown region"},
		{"seconds unknown", rules.Evidence{MaxTrainingCostUSD: f(1), TrainingPricePerHourUSD: f(0.01)}, func(e *Evidence) { e.Training = &Training{nil, "x", 1, "eu-west-1"} }, Fail, "does not say its billable seconds"},
		{"run unknown", rules.Evidence{MaxTrainingCostUSD: f(1)}, nil, Fail, "training_run"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := good(t)
			if c.change != nil {
				c.change(&e)
			}
			e.Candidate.Report = nil
			d := Decide(nil, c.rules, e, Settings{})
			if len(d.Checks) != 1 || d.Checks[0].Verdict != c.want || !strings.Contains(d.Checks[0].Reason, c.reason) {
				t.Errorf("want one %s with %q, got %+v", c.want, c.reason, d.Checks)
			}
			if (d.Outcome == Rejected) != (c.want == Fail) {
				t.Errorf("outcome %s", d.Outcome)
			}
		})
	}
}

func TestReportMustMatchPredictions(t *testing.T) {
	e := good(t)
	s, err := measure.New(e.Candidate.Predictions, nil)
	if err != nil {
		t.Fatal(err)
	}
	auc := s.Value(measure.Candidate, measure.Statistic{Metric: "auc", Threshold: 0.5, Code: measure.Whole}).Number
	for _, c := range []struct {
		name  string
		value evidence.Value
		want  Verdict
	}{
		{"equal", evidence.Value{Number: auc}, Pass},
		{"rounded", evidence.Value{Number: auc + 4e-4, Rounding: 5e-4}, Pass},
		{"one digit is no excuse", evidence.Value{Number: auc + 0.02, Rounding: 0.05}, Fail},
		{"off", evidence.Value{Number: auc + 0.002, Rounding: 1e-10}, Fail},
	} {
		e.Candidate.Report = &evidence.Report{Problem: metric.Binary, Metrics: map[string]evidence.Value{"auc": c.value}}
		d := decideOne(e, rules.Requirement{Metric: "auc", Min: f(0.5)})
		if got := d.Checks[1].Verdict; got != c.want {
			t.Errorf("%s: %s, want %s: %s", c.name, got, c.want, d.Checks[1].Reason)
		}
	}
	e.Candidate.Report = nil
	e.Candidate.Predictions.IDs[3] = e.Candidate.Predictions.IDs[4]
	if d := decideOne(e, rules.Requirement{Metric: "auc", Min: f(0.5)}); d.Outcome != Rejected || !strings.Contains(d.Checks[1].Reason, "more than once") {
		t.Errorf("a duplicated example passed: %+v", d.Checks)
	}
}

// everything exercises each kind of interval at once.
func everything() []rules.Requirement {
	return []rules.Requirement{
		{Metric: "accuracy", Min: f(0.7), Confidence: f(0.95)},
		{Metric: "auc", Min: f(0.7), Confidence: f(0.99), EachSlice: "pclass"},
		{Metric: "log_loss", Max: f(0.9), EachSlice: "sex"},
		{Metric: "f1", MaxGap: f(0.3), EachSlice: "sex", Confidence: f(0.9)},
		{Metric: "auc", VersusChampion: &rules.VersusChampion{MaxDrop: f(0.05), Relative: true, Confidence: f(0.95)}, EachSlice: "sex"},
		{Metric: "expected_calibration_error", Max: f(0.5), Confidence: f(0.9)},
		{Metric: "recall", Min: f(0.5), DecisionThreshold: f(0.4), Confidence: f(0.9)},
	}
}

func TestSameBitsWhateverTheProcessors(t *testing.T) {
	e := withChampion(t, good(t), 0.4)
	var first Decision
	for i, procs := range []int{1, 2, 3, 8} {
		old := runtime.GOMAXPROCS(procs)
		d := Decide(everything(), rules.Evidence{}, e, Settings{Seed: 5, Replicates: 300})
		runtime.GOMAXPROCS(old)
		if i == 0 {
			first = d
		} else if !reflect.DeepEqual(first, d) {
			t.Errorf("GOMAXPROCS=%d gives another decision:\n%s\n%s", procs, Table(first.Checks), Table(d.Checks))
		}
	}
	other := Decide(everything(), rules.Evidence{}, e, Settings{Seed: 6, Replicates: 300})
	if reflect.DeepEqual(first.Checks[0].Lower, other.Checks[0].Lower) && reflect.DeepEqual(first.Checks[1].Lower, other.Checks[1].Lower) {
		t.Error("another seed gives the same intervals")
	}
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(passengers(400, 0.45, 2)), "\n")
	e := withChampion(t, good(t), 0.4)
	want := Decide(everything(), rules.Evidence{}, e, Settings{Replicates: 200})
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		body := slices.Clone(lines[1:])
		rnd.Shuffle(len(body), func(i, j int) { body[i], body[j] = body[j], body[i] })
		e.Candidate.Predictions = parse(t, lines[0]+"\n"+strings.Join(body, "\n")+"\n")
		if got := Decide(everything(), rules.Evidence{}, e, Settings{Replicates: 200}); !reflect.DeepEqual(got, want) {
			t.Fatalf("shuffled rows give another decision:\n%s\n%s", Table(want.Checks), Table(got.Checks))
		}
	}
}

// Raising a minimum never turns a rejection into an approval.
func TestMonotoneInThresholds(t *testing.T) {
	e := withChampion(t, good(t), 0.4)
	rnd := rand.New(rand.NewPCG(3, 4))
	kinds := []func(x float64) rules.Requirement{
		func(x float64) rules.Requirement {
			return rules.Requirement{Metric: "accuracy", Min: f(x), Confidence: f(0.9)}
		},
		func(x float64) rules.Requirement {
			return rules.Requirement{Metric: "auc", Min: f(x), EachSlice: "pclass"}
		},
		func(x float64) rules.Requirement {
			return rules.Requirement{Metric: "brier", Max: f(1 - x), Confidence: f(0.9)}
		},
		func(x float64) rules.Requirement {
			return rules.Requirement{Metric: "recall", MaxGap: f(1 - x), EachSlice: "sex"}
		},
		func(x float64) rules.Requirement {
			return rules.Requirement{Metric: "auc", VersusChampion: &rules.VersusChampion{MaxDrop: f(1 - x), Confidence: f(0.9)}}
		},
		func(x float64) rules.Requirement {
			return rules.Requirement{Metric: "auc", VersusChampion: &rules.VersusChampion{MinGain: f(x)}}
		},
	}
	for k, kind := range kinds {
		for range 4 {
			a, b := rnd.Float64(), rnd.Float64()
			loose, strict := decideOne(e, kind(min(a, b))), decideOne(e, kind(max(a, b)))
			if loose.Outcome == Rejected && strict.Outcome == Approved {
				t.Errorf("kind %d: rejected at %v and approved at %v", k, min(a, b), max(a, b))
			}
		}
	}
	// More confidence is never easier.
	for _, m := range []string{"accuracy", "auc", "f1"} {
		last := 2.0
		for _, c := range []float64{0.5, 0.8, 0.9, 0.95, 0.99, 0.999} {
			d := decideOne(e, rules.Requirement{Metric: m, Min: f(0), Confidence: f(c)})
			if low := *d.Checks[0].Lower; low > last {
				t.Errorf("%s: the lower bound rises to %v at confidence %v", m, low, c)
			} else {
				last = low
			}
		}
	}
}

// The slices of a column partition the examples: their accuracies average,
// weighted by size, to the whole.
func TestSlicesPartition(t *testing.T) {
	e := good(t)
	all := decideOne(e, rules.Requirement{Metric: "accuracy", Min: f(0)}).Checks[0]
	for _, column := range []string{"sex", "pclass"} {
		var sum float64
		var count int64
		for _, c := range decideOne(e, rules.Requirement{Metric: "accuracy", Min: f(0), EachSlice: column}).Checks {
			if c.Kind == "metric" {
				sum += *c.Observed * float64(c.Examples)
				count += c.Examples
			}
		}
		if count != all.Examples || fmt.Sprintf("%.9f", sum/float64(count)) != fmt.Sprintf("%.9f", *all.Observed) {
			t.Errorf("%s: %d examples, mean %v; all: %d, %v", column, count, sum/float64(count), all.Examples, *all.Observed)
		}
	}
}

// A perfect score on few examples is not certain: resampling would say it is.
func TestPerfectOnFewExamples(t *testing.T) {
	var b strings.Builder
	b.WriteString("passenger_id,label,score,pclass,sex\n")
	for i := range 10 {
		fmt.Fprintf(&b, "%d,%d,0.%d,1,male\n", i, i%2, 1+8*(i%2))
	}
	e := good(t)
	e.Candidate.Predictions = parse(t, b.String())
	for _, m := range []string{"accuracy", "auc", "recall", "precision", "f1"} {
		d := decideOne(e, rules.Requirement{Metric: m, Min: f(0.9), Confidence: f(0.95)})
		if d.Outcome != Rejected || *d.Checks[0].Observed != 1 {
			t.Errorf("%s: perfect on ten examples clears 0.9 at 95%%:\n%s", m, Table(d.Checks))
		}
		if upper := *d.Checks[0].Upper; upper > 1 {
			t.Errorf("%s: the interval goes up to %v", m, upper)
		}
	}
}
