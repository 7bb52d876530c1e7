package gate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

// file has a line for each example: its label, its score and its value of port.
func file(lines ...string) string {
	var b strings.Builder
	b.WriteString("id,label,score,port,sex\n")
	for i, line := range lines {
		fmt.Fprintf(&b, "%d,%s,f\n", i, line)
	}
	return b.String()
}

// share is so many examples of label 1 in a port, of which the first right ones are told right.
func share(port string, right, of int) []string {
	var lines []string
	for i := range of {
		score := "0.1"
		if i < right {
			score = "0.9"
		}
		lines = append(lines, "1,"+score+","+port)
	}
	return lines
}

// TestRequirementsAtTheirEdge holds requirements against exactly what they ask for, and against a little less.
func TestRequirementsAtTheirEdge(t *testing.T) {
	// 20 of either sex; ports with 8 of 10 and 7 of 10 right.
	even, gap := rows(40, always("S")), file(append(share("C", 8, 10), share("S", 7, 10)...)...)
	noPositive := file("1,0.9,C", "0,0.1,C", "0,0.1,S", "0,0.2,S")
	for _, c := range []struct {
		name, csv string
		req       rules.Requirement
		want      Outcome
		reason    string
	}{
		{"as many examples as asked for", even, rules.Requirement{Metric: "accuracy", Min: f(0.5), EachSlice: "sex", MinExamples: n(20)}, Approved, ""},
		{"one fewer", even, rules.Requirement{Metric: "accuracy", Min: f(0.5), EachSlice: "sex", MinExamples: n(21)}, Rejected, "20 examples, at least 21 are required"},
		{"a gap between as many as asked for", even, rules.Requirement{Metric: "accuracy", MaxGap: f(1), EachSlice: "sex", MinExamples: n(20)}, Approved, ""},
		{"a gap with one fewer", even, rules.Requirement{Metric: "accuracy", MaxGap: f(1), EachSlice: "sex", MinExamples: n(21)}, Rejected, "sex=f has 20 examples, at least 21 are required in every slice"},
		{"a gap of exactly 0.8-0.7", gap, rules.Requirement{Metric: "accuracy", MaxGap: f(0.1), EachSlice: "port"}, Approved, "gap 0.1 <= 0.1"},
		{"a wider gap", gap, rules.Requirement{Metric: "accuracy", MaxGap: f(0.0999), EachSlice: "port"}, Rejected, "gap 0.1 > 0.0999"},
		{"a gap to a slice without a value", noPositive, rules.Requirement{Metric: "recall", MaxGap: f(1), EachSlice: "port"}, Rejected, "recall for port=S is undefined on these 2 examples: none has label 1"},
		{"a slice without a value", noPositive, rules.Requirement{Metric: "recall", Min: f(0), EachSlice: "port"}, Rejected, "recall is undefined on these 2 examples"},
	} {
		d := decideOne(fromFile(c.csv), c.req)
		if d.Outcome != c.want || !strings.Contains(d.Checks[0].Reason+d.Checks[1].Reason, c.reason) {
			t.Errorf("%s: %s, want %s with %q\n%s%+v", c.name, d.Outcome, c.want, c.reason, Table(d.Checks), d.Checks)
		}
	}
}

// TestEvidenceAtItsEdge does the same with the rules on the evidence.
func TestEvidenceAtItsEdge(t *testing.T) {
	hour := time.Hour
	one := rules.Evidence{MaxTrainingCostUSD: f(1), TrainingPricePerHourUSD: f(1)}
	run := func(seconds float64) func(*Evidence) {
		return func(e *Evidence) { e.Training = &Training{&seconds, "x", 1, "eu-west-1"} }
	}
	latency := func(ms float64) func(*Evidence) { return func(e *Evidence) { e.P95LatencyMS = &ms } }
	made := func(ahead time.Duration) func(*Evidence) { return func(e *Evidence) { e.CreatedAt = e.Now.Add(ahead) } }
	for _, c := range []struct {
		name   string
		rules  rules.Evidence
		change func(*Evidence)
		want   Verdict
	}{
		{"latency of the bound", rules.Evidence{MaxP95LatencyMS: f(5)}, latency(5), Pass},
		{"latency below nothing", rules.Evidence{MaxP95LatencyMS: f(5)}, latency(-1), Fail},
		{"cost of the bound", one, run(3600), Pass},
		{"cost above it", one, run(3601), Fail},
		{"cost below nothing", one, run(-3600), Fail},
		{"clocks that differ a little", rules.Evidence{MaxAge: &hour}, made(clockSkew), Pass},
		{"clocks that differ more", rules.Evidence{MaxAge: &hour}, made(clockSkew + time.Second), Fail},
		{"one shared id", rules.Evidence{}, func(e *Evidence) {
			e.Leakage = Leakage{TrainingSHA256: "x1", HeldOutSHA256: "x2", IDColumn: "id", SharedIDs: 1, Examples: []string{"5"}}
		}, Fail},
		{"digest in other letters", rules.Evidence{DatasetSHA256: strings.Repeat("a", 64)}, func(e *Evidence) { e.DatasetSHA256 = strings.Repeat("A", 64) }, Pass},
		{"held-out data without a digest", rules.Evidence{}, func(e *Evidence) { e.Leakage = Leakage{TrainingSHA256: "x1"} }, Fail},
	} {
		e := good(t)
		e.Candidate.Report = nil
		c.change(&e)
		d := Decide(nil, c.rules, e, Settings{})
		if len(d.Checks) != 1 || d.Checks[0].Verdict != c.want {
			t.Errorf("%s: want one %s, got %+v", c.name, c.want, d.Checks)
		}
	}
	// Nothing asked for is no gate.
	bare := good(t)
	bare.Candidate.Report = nil
	if d := Decide(nil, rules.Evidence{}, bare, Settings{}); d.Outcome != Rejected || len(d.Checks) != 0 {
		t.Errorf("no requirement and no rule: %s with %+v", d.Outcome, d.Checks)
	}
}

// TestReportsOfOtherPredictions holds reports against predictions that they are not about.
func TestReportsOfOtherPredictions(t *testing.T) {
	values := func(name string, v float64) map[string]evidence.Value {
		return map[string]evidence.Value{name: {Number: v}}
	}
	about := func(metrics, performance map[string]evidence.Value) *evidence.Report {
		return &evidence.Report{Problem: metric.Binary, Metrics: metrics, Performance: performance}
	}
	right := about(values("accuracy", 1), values("examples", 40))
	for _, c := range []struct {
		name              string
		report, champions *evidence.Report
		want              string // of the reason; "" passes
	}{
		{"its own", right, right, ""},
		{"fewer examples", about(nil, values("examples", 39)), right, "examples says 39, the predictions have 40"},
		{"more examples", about(nil, values("examples", 41)), right, "examples says 41, the predictions have 40"},
		{"another problem", &evidence.Report{Problem: metric.Regression}, right, "the report is a regression, the predictions were read as binary"},
		{"a lie about the champion", right, about(values("accuracy", 0.5), nil), "champion's accuracy says 0.5, computed 1"},
	} {
		e := fromFile(rows(40, always("S")))
		e.Candidate.Report = c.report
		e.Champion = &Champion{ModelPackageARN: firstARN}
		e.Baseline = &Baseline{ModelPackageARN: firstARN, ModelEvidence: ModelEvidence{Predictions: e.Candidate.Predictions, Report: c.champions}}
		d := decideOne(e, rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(0)}})
		if (d.Outcome == Approved) != (c.want == "") || !strings.Contains(fmt.Sprint(d.Checks), c.want) {
			t.Errorf("%s: %s, want %q\n%s", c.name, d.Outcome, c.want, Table(d.Checks))
		}
	}
	// A ratio that the predictions do not give may be reported as 0 only.
	for said, want := range map[float64]Outcome{0: Approved, 0.5: Rejected} {
		e := fromFile(file("1,0.1,S", "0,0.1,S", "1,0.2,S"))
		e.Candidate.Report = about(values("precision", said), nil)
		if d := decideOne(e, rules.Requirement{Metric: "accuracy", Min: f(0)}); d.Outcome != want {
			t.Errorf("a precision of %v where nobody was predicted: %s, want %s\n%s", said, d.Outcome, want, Table(d.Checks))
		}
	}
}

// TestChampionsOfAComparison tries who may be compared with whom.
func TestChampionsOfAComparison(t *testing.T) {
	for _, c := range []struct {
		name     string
		champion Champion
		baseline string // its ARN; "" for none
		want     Outcome
		reason   string
	}{
		{"a champion that is not known", Champion{ModelPackageARN: firstARN, Defect: "its record was changed"}, firstARN, Rejected, "the champion is not known: its record was changed"},
		{"itself, the first", Champion{ModelPackageARN: secondARN}, "", Approved, "the candidate is the first champion itself"},
		{"itself, without the one before", Champion{ModelPackageARN: secondARN, PreviousARN: firstARN}, "", Rejected, "the evaluation has no baseline"},
		{"itself, with the one before", Champion{ModelPackageARN: secondARN, PreviousARN: firstARN}, firstARN, Approved, "drop 0 <= 0"},
		{"itself, with another one", Champion{ModelPackageARN: secondARN, PreviousARN: firstARN}, thirdARN, Rejected, "compares with " + thirdARN},
	} {
		e := fromFile(rows(40, always("S")))
		e.Champion = &c.champion
		if c.baseline != "" {
			e.Baseline = &Baseline{ModelPackageARN: c.baseline, ModelEvidence: ModelEvidence{Predictions: e.Candidate.Predictions}}
		}
		d := decideOne(e, rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(0)}})
		if d.Outcome != c.want || !strings.Contains(d.Checks[0].Reason, c.reason) {
			t.Errorf("%s: %s, want %s with %q\n%s", c.name, d.Outcome, c.want, c.reason, Table(d.Checks))
		}
	}
}

// TestRelativeToTheChampion compares 0.6 with 0.8: a drop of 0.2, and of a quarter.
func TestRelativeToTheChampion(t *testing.T) {
	of := func(candidate, champion int) Evidence {
		e := fromFile(file(share("S", candidate, 10)...))
		e.Champion = &Champion{ModelPackageARN: firstARN}
		e.Baseline = &Baseline{ModelPackageARN: firstARN, ModelEvidence: ModelEvidence{Predictions: fromFile(file(share("S", champion, 10)...)).Candidate.Predictions}}
		return e
	}
	for _, c := range []struct {
		candidate, champion int
		versus              rules.VersusChampion
		want                Outcome
		reason              string
	}{
		{6, 8, rules.VersusChampion{MaxDrop: f(0.2)}, Approved, "drop 0.2 <= 0.2"},
		{6, 8, rules.VersusChampion{MaxDrop: f(0.2), Relative: true}, Rejected, "drop 0.25 > 0.2"},
		{6, 8, rules.VersusChampion{MaxDrop: f(0.25), Relative: true}, Approved, "drop 0.25 <= 0.25"},
		{9, 6, rules.VersusChampion{MinGain: f(0.5), Relative: true}, Approved, "gain 0.5 >= 0.5"},
		{9, 6, rules.VersusChampion{MinGain: f(0.31)}, Rejected, "gain 0.3 < 0.31"},
		{9, 0, rules.VersusChampion{MinGain: f(0.1), Relative: true}, Rejected, "the champion's value is 0, a relative gain is undefined"},
	} {
		d := decideOne(of(c.candidate, c.champion), rules.Requirement{Metric: "accuracy", VersusChampion: &c.versus})
		if d.Outcome != c.want || !strings.Contains(d.Checks[0].Reason, c.reason) {
			t.Errorf("%d against %d: %s, want %s with %q\n%s", c.candidate, c.champion, d.Outcome, c.want, c.reason, Table(d.Checks))
		}
	}
}

// TestChampionsWithoutTheValue compares with champions of which the evidence has no such value.
func TestChampionsWithoutTheValue(t *testing.T) {
	report := func(name string) ModelEvidence {
		return ModelEvidence{Report: &evidence.Report{Problem: metric.Binary, Metrics: map[string]evidence.Value{name: {Number: 0.9}}}}
	}
	predictions := func(lines ...string) ModelEvidence {
		return ModelEvidence{Predictions: fromFile(file(lines...)).Candidate.Predictions}
	}
	for _, c := range []struct {
		name, metric        string
		candidate, champion ModelEvidence
		want                string
	}{
		{"not in its predictions", "precision", predictions("1,0.9,S", "0,0.1,S"), predictions("1,0.1,S", "0,0.1,S"), "the champion's precision is undefined on these 2 examples: none is predicted positive"},
		{"not in its report", "accuracy", report("accuracy"), report("auc"), "the champion's report does not have it"},
		{"of which nobody knows what is better", "fairness", report("fairness"), report("fairness"), "it is not known whether high or low is better"},
	} {
		e := Evidence{CandidateARN: secondARN, Candidate: c.candidate, Champion: &Champion{ModelPackageARN: firstARN}, Baseline: &Baseline{firstARN, c.champion}}
		d := decideOne(e, rules.Requirement{Metric: c.metric, VersusChampion: &rules.VersusChampion{MaxDrop: f(1)}})
		if d.Outcome != Rejected || !strings.Contains(d.Checks[0].Reason, c.want) {
			t.Errorf("%s: %s, want %q\n%s", c.name, d.Outcome, c.want, Table(d.Checks))
		}
	}
}

// Nobody known is the same as somebody, nor as nobody.
func TestNobodyIsTheSame(t *testing.T) {
	for _, pair := range [][2]Identity{{{}, {}}, {{}, {ARN: "a"}}, {{ARN: "a"}, {}}, {{SourceIdentity: "ann"}, {}}} {
		if pair[0].Same(pair[1]) {
			t.Errorf("%+v is taken for %+v", pair[0], pair[1])
		}
	}
}
