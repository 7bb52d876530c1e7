// Package report renders a decision of the gate for people: one self-contained
// HTML page for a review board, or Markdown for the summary of a CI job.
//
// In: a decision record, the evidence document it names, and the predictions of
// candidate and champion, every one checked against its digest (Load). Out: the
// same bytes for the same Source, without a script, a font or an image from
// elsewhere.
package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/report/chart"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Source is everything a report shows. Only Record is always there.
type Source struct {
	Record   *decision.StoredRecord
	Document *manifest.Evidence
	// Candidate and Champion are nil where there are no predictions that could
	// be believed; Notices then says why.
	Candidate, Champion *evidence.Predictions
	// Threshold is the score from which class 1 is predicted.
	Threshold float64
	// Run is the training job of the version, as the registry names it.
	Run Run
	// Standing says what the version is today: the champion, or what it is instead.
	Standing string
	// Endpoints that serve the version today.
	Endpoints []string
	// Notices are defects of the evidence found while reading it.
	Notices []string
}

// Run names a training job.
type Run struct{ Name, ARN string }

// tally counts the checks of a record by verdict.
type tally struct{ pass, fail, warn, other int }

func count(checks []gate.Check) tally {
	var t tally
	for _, c := range checks {
		switch c.Verdict {
		case gate.Pass:
			t.pass++
		case gate.Fail:
			t.fail++
		case gate.Warning:
			t.warn++
		default:
			t.other++
		}
	}
	return t
}

// headline is the outcome in one word.
func headline(r *decision.StoredRecord) string {
	switch r.Outcome {
	case gate.Approved:
		return "Approved"
	case gate.Rejected:
		return "Rejected"
	case gate.Pending:
		return "Pending"
	}
	return "Unknown outcome"
}

// verdict puts a decision in words, in one to three sentences.
func verdict(r *decision.StoredRecord) string {
	t := count(r.Checks)
	var s string
	switch r.Outcome {
	case gate.Approved:
		s = fmt.Sprintf("Version %d of %s passed its gate: %s.", r.Version, r.ModelPackageGroup, t.sentence())
	case gate.Rejected:
		s = fmt.Sprintf("Version %d of %s did not pass its gate: %s.", r.Version, r.ModelPackageGroup, t.sentence())
	default:
		s = fmt.Sprintf("Version %d of %s passed its requirements and waits: %s.", r.Version, r.ModelPackageGroup, strings.TrimSuffix(r.Approval.Reason, "."))
	}
	if r.DryRun {
		return s + " This was a dry run: it is recorded and changed nothing."
	}
	return s + consequence(r)
}

// consequence says what a decision meant for the champion.
func consequence(r *decision.StoredRecord) string {
	before := championBefore(r)
	itself := before == strconv.Itoa(r.Version)
	switch {
	case r.Outcome == gate.Approved && r.Kind == decision.KindRollback && !itself:
		return " It was approved before and is taken back as the champion."
	case r.Outcome == gate.Approved && itself:
		return " It was the champion already."
	case r.Outcome == gate.Approved && before == "":
		return " It is the group's first champion."
	case r.Outcome == gate.Approved:
		return " It takes the place of version " + before + " as the champion."
	case r.Outcome == gate.Rejected && itself:
		return " It was the champion already, and goes on serving until another version is promoted."
	case r.Outcome == gate.Rejected && before == "":
		return " The group has no champion."
	case r.Outcome == gate.Rejected:
		return " Version " + before + " stays the champion."
	}
	return ""
}

func (t tally) sentence() string {
	all := t.pass + t.fail + t.warn + t.other
	if t.fail > 0 {
		s := fmt.Sprintf("%d of %s failed", t.fail, plural(all, "check"))
		if t.warn > 0 {
			s += ", and " + plural(t.warn, "warning")
		}
		return s
	}
	parts := []string{fmt.Sprintf("%d of %s passed", t.pass, plural(all, "check"))}
	if t.warn > 0 {
		parts = append(parts, plural(t.warn, "warning"))
	}
	if t.other > 0 {
		parts = append(parts, fmt.Sprintf("%d did not apply", t.other))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// championBefore is the version that was the champion when the decision was
// made, by the decision the pointer named; "" for none.
func championBefore(r *decision.StoredRecord) string {
	parts := strings.Split(r.Replaces, "/")
	if len(parts) < 3 {
		return ""
	}
	return parts[len(parts)-2]
}

// versionOf is the number at the end of a version's ARN, or the text itself
// where it is no such ARN.
func versionOf(arn string) string {
	if _, v, err := sagemaker.ParsePackageARN(arn); err == nil {
		return strconv.Itoa(v)
	}
	return arn
}

// verdictWord says what a check came to, and the class of its colours.
func verdictWord(v gate.Verdict) (word, class, sign string) {
	switch v {
	case gate.Pass:
		return "pass", "pass", "✓"
	case gate.Fail:
		return "fail", "fail", "✗"
	case gate.Warning:
		return "warning", "warn", "!"
	case gate.FirstPromotion:
		return "first promotion", "skip", "–"
	case gate.Skipped:
		return "skipped", "skip", "–"
	case gate.Waiting:
		return "waiting", "warn", "…"
	}
	return string(v), "skip", "?"
}

// limit is the number a check's value has to meet and whether as a lower end.
func limit(r *decision.StoredRecord, c gate.Check) (bound float64, atLeast, ok bool) {
	if c.Kind != "metric" || c.Index < 0 || c.Index >= len(r.Requirements) {
		return 0, false, false
	}
	q := r.Requirements[c.Index]
	v := q.VersusChampion
	switch {
	case q.Min != nil:
		return *q.Min, true, true
	case q.Max != nil:
		return *q.Max, false, true
	case q.MaxGap != nil:
		return *q.MaxGap, false, true
	case v != nil && v.MinGain != nil:
		return *v.MinGain, true, true
	case v != nil && v.MaxDrop != nil && strings.HasPrefix(c.Bound, ">="):
		// Records of the first versions hold a drop as a negative gain.
		return -*v.MaxDrop, true, true
	case v != nil && v.MaxDrop != nil:
		return *v.MaxDrop, false, true
	}
	return 0, false, false
}

// asked says whether the check's interval decided, rather than its value.
func asked(r *decision.StoredRecord, c gate.Check) bool {
	if c.Index < 0 || c.Index >= len(r.Requirements) {
		return false
	}
	q := r.Requirements[c.Index]
	if q.VersusChampion != nil {
		return q.VersusChampion.Confidence != nil
	}
	return q.Confidence != nil
}

// split separates checks on metrics from those on evidence and approval.
func split(checks []gate.Check) (metrics, others []gate.Check) {
	for _, c := range checks {
		if c.Kind == "metric" {
			metrics = append(metrics, c)
		} else {
			others = append(others, c)
		}
	}
	return metrics, others
}

// failing lists the checks that reject, in order.
func failing(checks []gate.Check) []gate.Check {
	return slices.DeleteFunc(slices.Clone(checks), func(c gate.Check) bool { return c.Verdict != gate.Fail })
}

func optional(v *float64) string {
	if v == nil {
		return "–"
	}
	return chart.Decimal(*v)
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'f', -1, 64) + "%" }

// interval prints a check's one-sided bounds, "–" without any.
func interval(c gate.Check) string {
	if c.Lower == nil && c.Upper == nil {
		return "–"
	}
	return optional(c.Lower) + " to " + optional(c.Upper)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2 January 2006, 15:04:05 UTC")
}
