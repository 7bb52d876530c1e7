package gate

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

// fromFile is evidence of one predictions file, as it is gathered: what cannot be read is a problem of the evidence.
func fromFile(csv string) Evidence {
	e := Evidence{Now: noon, CreatedAt: noon, CandidateARN: secondARN, Candidate: ModelEvidence{Report: &evidence.Report{Problem: metric.Binary}}}
	p, err := evidence.ParsePredictions(strings.NewReader(csv), metric.Binary,
		evidence.Columns{ID: "id", Label: "label", Score: "score", Slices: []string{"port", "sex"}})
	if err != nil {
		e.Problems = append(e.Problems, Problem{Subject: "predictions", Reason: err.Error()})
		return e
	}
	e.Candidate.Predictions = p
	return e
}

// rows makes a file of n examples that a model gets right, with the slice columns port and sex.
func rows(n int, port func(i int) string) string {
	var b strings.Builder
	b.WriteString("id,label,score,port,sex\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,%d,0.%d,%s,%s\n", i, i%2, 1+8*(i%2), port(i), []string{"f", "m"}[i/2%2])
	}
	return b.String()
}

func always(s string) func(int) string { return func(int) string { return s } }

// TestHostilePredictions hands the gate files that no sound job writes. None passes, and each says what is wrong with it.
func TestHostilePredictions(t *testing.T) {
	good := rows(40, always("S"))
	edit := func(line int, text string) string {
		lines := strings.Split(good, "\n")
		lines[line] = text
		return strings.Join(lines, "\n")
	}
	accuracy := rules.Requirement{Metric: "accuracy", Min: f(0.5)}
	for _, c := range []struct {
		name, csv string
		req       rules.Requirement
		want      string
	}{
		{"id twice", edit(3, "0,0,0.1,S,f"), accuracy, `the example with id "0" is in the predictions more than once`},
		{"NaN score", edit(3, "2,0,NaN,S,f"), accuracy, `line 4, column 5: score "NaN" is not a finite number`},
		{"infinite score", edit(3, "2,0,+Inf,S,f"), accuracy, `line 4, column 5: score "+Inf" is not a finite number`},
		{"score too large for a number", edit(3, "2,0,1e999,S,f"), accuracy, `score "1e999" is not a finite number`},
		{"score -0.1", edit(3, "2,0,-0.1,S,f"), accuracy, "score -0.1 is outside 0..1"},
		{"label 2", edit(3, "2,2,0.1,S,f"), accuracy, `line 4, column 3: label "2" is neither 0 nor 1`},
		{"label -1", edit(3, "2,-1,0.1,S,f"), accuracy, `label "-1" is neither 0 nor 1`},
		{"label 0.5", edit(3, "2,0.5,0.1,S,f"), accuracy, `label "0.5" is neither 0 nor 1`},
		{"label true", edit(3, "2,true,0.1,S,f"), accuracy, `label "true" is not a finite number`},
		{"empty label", edit(3, "2,,0.1,S,f"), accuracy, `label "" is not a finite number`},
		{"padded label", edit(3, "2, 1,0.1,S,f"), accuracy, `label " 1" is not a finite number`},
		{"huge label", edit(3, "2,"+strings.Repeat("9", 100_000)+",0.1,S,f"), accuracy, `label "9999999999999999999999999999999999999999..." is not a finite number`},
		{"long way to 2", edit(3, "2,2."+strings.Repeat("0", 100_000)+",0.1,S,f"), accuracy, `label "2.00000000000000000000000000000000000000..." is neither 0 nor 1`},
		{"huge id", edit(3, strings.Repeat("7", 100_000)+",0,0.1,S,f"), accuracy, "line 4, column 1: the id is not UTF-8 text of at most 4096 bytes"},
		{"huge slice value", edit(3, "2,0,0.1,"+strings.Repeat("S", 100_000)+",f"), accuracy, "the value is not UTF-8 text of at most 4096 bytes"},
		{"slice value that is no text", edit(3, "2,0,0.1,\xff,f"), accuracy, "line 4, column 9: the value is not UTF-8 text"},
		{"field too many", edit(3, "2,0,0.1,S,f,1"), accuracy, "line 4: wrong number of fields"},
		{"field too few", edit(3, "2,0,0.1,S"), accuracy, "line 4: wrong number of fields"},
		{"quote that does not end", edit(3, `2,0,0.1,"S,f`), accuracy, `predictions: record on line 4; parse error on line 41, column 14: extraneous or missing " in quoted-field`},
		{"UTF-16", "\xff\xfei\x00d\x00,\x00l\x00a\x00b\x00e\x00l\x00", accuracy, "not UTF-8 text"},
		{"header only", "id,label,score,port,sex\n", accuracy, "no examples"},
		{"one example", "id,label,score,port,sex\n1,1,0.9,S,f\n", rules.Requirement{Metric: "auc", Min: f(0.5)}, "undefined on these 1 examples: none has label 0"},
		{"one example, with confidence", "id,label,score,port,sex\n1,1,0.9,S,f\n", rules.Requirement{Metric: "accuracy", Min: f(0.5), Confidence: f(0.95)}, "lower bound at 95% 0.05 < 0.5"},
		{"one label only", strings.ReplaceAll(rows(40, always("S")), ",1,0.9", ",0,0.1"), rules.Requirement{Metric: "recall", Min: f(0.1)}, "undefined on these 40 examples: none has label 1"},
		{"missing slice column", good, rules.Requirement{Metric: "accuracy", Min: f(0.5), EachSlice: "pclass"}, `the predictions have no column "pclass"; they have id, label, score, port, sex`},
		{"gap over a missing column", good, rules.Requirement{Metric: "accuracy", MaxGap: f(1), EachSlice: "pclass"}, `the predictions have no column "pclass"`},
		{"gap over one slice", good, rules.Requirement{Metric: "accuracy", MaxGap: f(1), EachSlice: "port"}, `column "port" has one value only (S), a gap needs two slices`},
		{"slice of nobody", good, rules.Requirement{Metric: "accuracy", Min: f(0.5), Slice: &rules.Slice{Column: "port", Value: ""}}, `no example has port=""; the values are S`},
		{"case matters", good, rules.Requirement{Metric: "accuracy", Min: f(0.5), Slice: &rules.Slice{Column: "port", Value: "s"}}, "no example has port=s; the values are S"},
		{"NaN bound", good, rules.Requirement{Metric: "accuracy", Min: f(math.NaN())}, "is NaN; a finite number is expected"},
		{"no bound", good, rules.Requirement{Metric: "accuracy"}, "has no bound"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decide([]rules.Requirement{c.req}, rules.Evidence{}, fromFile(c.csv), Settings{Replicates: 200})
			table := Table(d.Checks)
			if d.Outcome != Rejected {
				t.Fatalf("%s:\n%s", d.Outcome, table)
			}
			found := false
			for _, check := range d.Checks {
				found = found || strings.Contains(check.Reason, c.want)
				if len(check.Reason) > 500 {
					t.Errorf("a reason of %d bytes: %.200s...", len(check.Reason), check.Reason)
				}
			}
			if !found {
				t.Errorf("no reason has %q:\n%s", c.want, table)
			}
		})
	}
}

// TestOddPredictionsThatAreSound reads files that look odd and mean what a plain file means.
func TestOddPredictionsThatAreSound(t *testing.T) {
	plain := rows(40, always("S"))
	want := Decide([]rules.Requirement{{Metric: "accuracy", Min: f(0.5), EachSlice: "port"}}, rules.Evidence{}, fromFile(plain), Settings{Replicates: 200})
	if want.Outcome != Approved {
		t.Fatal(Table(want.Checks))
	}
	quoted := strings.ReplaceAll(strings.ReplaceAll(plain, "id,label,score,port,sex", `"id","label","score","port","sex"`), ",S,", `,"S",`)
	wide := strings.ReplaceAll(strings.ReplaceAll(plain, "sex\n", "sex,extra\n"), "f\n", "f,x\n")
	wide = strings.ReplaceAll(wide, "m\n", "m,\"a\nb\"\n")
	for name, csv := range map[string]string{
		"byte order mark":             "\ufeff" + plain,
		"byte order mark and quotes":  "\ufeff" + quoted,
		"CRLF":                        strings.ReplaceAll(plain, "\n", "\r\n"),
		"no newline at the end":       strings.TrimSuffix(plain, "\n"),
		"empty lines":                 strings.ReplaceAll(plain, "\n", "\n\n"),
		"more columns than are asked": wide,
		"numbers in other spellings":  strings.ReplaceAll(strings.ReplaceAll(plain, ",0.9", ",9E-1"), ",1,", ",1.0,"),
	} {
		e := fromFile(csv)
		got := Decide([]rules.Requirement{{Metric: "accuracy", Min: f(0.5), EachSlice: "port"}}, rules.Evidence{}, e, Settings{Replicates: 200})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%s", name, Table(got.Checks))
		}
	}
}

// TestOddSliceValues slices by values that hold separators, quotes, nothing, or what would move a cursor.
func TestOddSliceValues(t *testing.T) {
	values := []string{`"a,b"`, `"say ""x"""`, "", "a=b", "\"two\nlines\"", "\x1b[31mred", "nan", "10", "9", "NaN", "inf"}
	csv := rows(44*len(values), func(i int) string { return values[i/4%len(values)] })
	all := func() Decision {
		return Decide([]rules.Requirement{{Metric: "accuracy", Min: f(0.5), EachSlice: "port"}}, rules.Evidence{}, fromFile(csv), Settings{Replicates: 200})
	}
	d := all()
	if d.Outcome != Approved || len(d.Checks) != len(values)+1 {
		t.Fatalf("%s of %d checks:\n%s", d.Outcome, len(d.Checks), Table(d.Checks))
	}
	var names []string
	for _, c := range d.Checks[:len(values)] {
		names = append(names, c.Slice)
	}
	want := []string{"port=9", "port=10", "port=inf", "port=\x1b[31mred", `port=""`, "port=NaN", "port=a,b", "port=a=b", "port=nan", `port=say "x"`, "port=two\nlines"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("slices are %q, want %q", names, want)
	}
	table := Table(d.Checks)
	if lines := strings.Count(table, "\n"); lines != len(d.Checks)+1 || strings.Contains(table, "\x1b") {
		t.Errorf("%d lines for %d checks, or an escape sequence:\n%q", lines, len(d.Checks), table)
	}
	// "nan" compares with nothing: sorted as a number it would come out elsewhere every time.
	for range 20 {
		if again := all(); !reflect.DeepEqual(again, d) {
			t.Fatalf("another decision on the same file:\n%s\n%s", table, Table(again.Checks))
		}
	}
	for i, value := range []string{"a,b", `say "x"`, "", "two\nlines"} {
		one := Decide([]rules.Requirement{{Metric: "accuracy", Min: f(0.5), Slice: &rules.Slice{Column: "port", Value: value}}}, rules.Evidence{}, fromFile(csv), Settings{Replicates: 200})
		if one.Outcome != Approved || one.Checks[0].Examples != 44 {
			t.Errorf("%d, slice %q:\n%s", i, value, Table(one.Checks))
		}
	}
}

// TestHostilePairs compares candidate and champion on files that do not hold the same examples.
func TestHostilePairs(t *testing.T) {
	good := rows(40, always("S"))
	versus := rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(1)}}
	for _, c := range []struct {
		name, candidate, champion string
		want                      string
	}{
		{"other id", good, strings.Replace(good, "\n7,", "\nx7,", 1), `example "7" was scored by the candidate and not by the champion`},
		{"champion has an id twice", good, strings.Replace(good, "\n7,1,", "\n5,1,", 1), `example "7" was scored by the candidate and not by the champion`},
		{"candidate has an id twice", strings.Replace(good, "\n7,1,", "\n5,1,", 1), good, `the example with id "5" is in the predictions more than once`},
		{"both have an id twice", strings.Replace(good, "\n7,1,", "\n5,1,", 1), strings.Replace(good, "\n7,1,", "\n5,1,", 1), `the example with id "5" is in the predictions more than once`},
		{"one more", good, good + "40,0,0.1,S,f\n", "the candidate has 40 predictions and the champion 41"},
		{"other truth", good, strings.Replace(good, "\n7,1,", "\n7,0,", 1), "example 8 has another label in the champion's predictions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := fromFile(c.candidate)
			base := fromFile(c.champion)
			e.Champion = &Champion{ModelPackageARN: firstARN}
			e.Baseline = &Baseline{ModelPackageARN: firstARN, ModelEvidence: base.Candidate}
			d := Decide([]rules.Requirement{versus}, rules.Evidence{}, e, Settings{Replicates: 200})
			if d.Outcome != Rejected || !strings.Contains(fmt.Sprint(d.Checks), c.want) {
				t.Errorf("%s, want %q:\n%s", d.Outcome, c.want, Table(d.Checks))
			}
		})
	}
}

// TestReportsThatCannotBe asks for metrics of which a report holds values that they cannot have.
func TestReportsThatCannotBe(t *testing.T) {
	report := func(v float64) *evidence.Report {
		return &evidence.Report{Problem: metric.Binary, Metrics: map[string]evidence.Value{"accuracy": {Number: v}, "log_loss": {Number: v}}}
	}
	for _, c := range []struct {
		value float64
		req   rules.Requirement
		want  string
	}{
		{1.5, rules.Requirement{Metric: "accuracy", Min: f(0.5)}, "the report says 1.5, which accuracy cannot be"},
		{-3, rules.Requirement{Metric: "log_loss", Max: f(0.5)}, "the report says -3, which log_loss cannot be"},
		{math.NaN(), rules.Requirement{Metric: "accuracy", Min: f(0.5)}, "the report says NaN, a finite number is expected"},
		{math.Inf(1), rules.Requirement{Metric: "accuracy", Min: f(0.5)}, "the report says +Inf, a finite number is expected"},
		{0.9, rules.Requirement{Metric: "accuracy", Min: f(0.5), Confidence: f(0.9)}, "a confidence bound needs predictions"},
		{0.9, rules.Requirement{Metric: "accuracy", Min: f(0.5), EachSlice: "sex"}, "a slice needs predictions"},
		{0.9, rules.Requirement{Metric: "accuracy", MaxGap: f(0.5), EachSlice: "sex"}, "a slice needs predictions"},
		{0.9, rules.Requirement{Metric: "accuracy", Min: f(0.5), MinExamples: n(1)}, "a number of examples needs predictions"},
		{0.9, rules.Requirement{Metric: "accuracy", Min: f(0.5), DecisionThreshold: f(0.4)}, "a decision threshold needs predictions"},
	} {
		e := Evidence{Now: noon, CandidateARN: secondARN, Candidate: ModelEvidence{Report: report(c.value)}}
		d := decideOne(e, c.req)
		if d.Outcome != Rejected || !strings.Contains(d.Checks[0].Reason, c.want) {
			t.Errorf("%v: %s, want %q:\n%s", c.value, d.Outcome, c.want, Table(d.Checks))
		}
		// The champion's report is believed no more.
		if c.req.Metric == "accuracy" && c.value > 1 {
			e.Candidate.Report, e.Champion = report(0.9), &Champion{ModelPackageARN: firstARN}
			e.Baseline = &Baseline{ModelPackageARN: firstARN, ModelEvidence: ModelEvidence{Report: report(c.value)}}
			d := decideOne(e, rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: f(1)}})
			if d.Outcome != Rejected {
				t.Errorf("the champion's %v: %s\n%s", c.value, d.Outcome, Table(d.Checks))
			}
		}
	}
}

// TestFirstPromotionStillMeasures has no champion to compare with: what would be compared has to be there all the same.
func TestFirstPromotionStillMeasures(t *testing.T) {
	drop := func(r rules.Requirement) rules.Requirement {
		r.VersusChampion = &rules.VersusChampion{MaxDrop: f(0.01)}
		return r
	}
	good := fromFile(rows(40, always("S")))
	for _, c := range []struct {
		name string
		req  rules.Requirement
		want string
	}{
		{"misspelt metric", rules.Requirement{Metric: "acuracy"}, "is accuracy meant?"},
		{"missing column", rules.Requirement{Metric: "accuracy", EachSlice: "pclass"}, `no column "pclass"`},
		{"missing slice", rules.Requirement{Metric: "accuracy", Slice: &rules.Slice{Column: "sex", Value: "x"}}, "no example has sex=x"},
		{"too few examples", rules.Requirement{Metric: "accuracy", EachSlice: "sex", MinExamples: n(30)}, "20 examples, at least 30 are required"},
	} {
		d := decideOne(good, drop(c.req))
		if d.Outcome != Rejected || !strings.Contains(d.Checks[0].Reason, c.want) {
			t.Errorf("%s: %s, want %q\n%s", c.name, d.Outcome, c.want, Table(d.Checks))
		}
	}
	d := decideOne(good, drop(rules.Requirement{Metric: "accuracy", EachSlice: "sex"}))
	if got := verdicts(d)[:2]; d.Outcome != Approved || !reflect.DeepEqual(got, []string{"sex=f first_promotion", "sex=m first_promotion"}) || *d.Checks[0].Candidate != 1 {
		t.Errorf("%s %v\n%s", d.Outcome, got, Table(d.Checks))
	}
	var unknown Evidence
	if d := decideOne(unknown, drop(rules.Requirement{Metric: "accuracy"})); d.Outcome != Rejected {
		t.Errorf("no evidence at all: %s\n%s", d.Outcome, Table(d.Checks))
	}
}
