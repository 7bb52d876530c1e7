package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/report/chart"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var pageStyle string

// page is what the template shows; it holds data, and markup only from canvas.
type page struct {
	Style     template.CSS
	Title     string
	Headline  string
	Class     string
	Sign      string
	Verdict   string
	DryRun    bool
	Failures  []failure
	More      int
	Facts     []fact
	Notices   []string
	Metrics   []row
	Evidence  []row
	Intervals bool
	HasModels bool
	// HasChampion says whether charts compare two models.
	HasChampion       bool
	Candidate, Versus string
	Quality           []quality
	Charts            []drawing
	Slices            []drawing
	Confusions        []confusion
	Lineage           []step
}

type failure struct{ Requirement, Slice, Reason string }

type fact struct{ Name, Value string }

// row is one check.
type row struct {
	Word, Class, Sign            string
	Requirement, Slice, Reason   string
	Examples, Observed, Interval string
	Bound                        string
	Strip                        template.HTML
}

// quality is one metric of both models.
type quality struct{ Name, Candidate, Champion, Change, Class string }

type drawing struct {
	Title, Caption string
	Markup         template.HTML
}

// confusion is one model's matrix.
type confusion struct {
	Model   string
	Classes []string
	Rows    []confusionRow
}

type confusionRow struct {
	Label string
	Cells []confusionCell
}

type confusionCell struct {
	Count, Share string
	// Weight is the share of the row as a percentage, for the cell's shade.
	Weight int
	Right  bool
}

// step of the lineage.
type step struct {
	Name, Title string
	Items       []item
}

type item struct {
	Name, Value, SHA256 string
	// Link to the AWS console, "" for none.
	Link string
}

// HTML writes the page.
func HTML(w io.Writer, s *Source) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("parsing the report's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newPage(s)); err != nil {
		return fmt.Errorf("rendering the report on %s: %w", s.Record.File.URI, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// worstFailures is how many failures the head of the page names.
const worstFailures = 6

func newPage(s *Source) *page {
	r := s.Record
	p := &page{Style: template.CSS(pageStyle), Headline: headline(r), Verdict: verdict(r), DryRun: r.DryRun, Notices: s.Notices} //nolint:gosec // our own file
	p.Title = fmt.Sprintf("%s: %s version %d", p.Headline, r.ModelPackageGroup, r.Version)
	switch r.Outcome {
	case gate.Approved:
		p.Class, p.Sign = "pass", "✓"
	case gate.Rejected:
		p.Class, p.Sign = "fail", "✗"
	default:
		p.Class, p.Sign = "warn", "…"
	}
	for _, c := range failing(r.Checks) {
		p.Failures = append(p.Failures, failure{c.Requirement, sliceName(c), c.Reason})
	}
	if n := len(p.Failures); n > worstFailures {
		p.Failures, p.More = p.Failures[:worstFailures], n-worstFailures
	}
	p.facts(s)
	p.checks(s)
	p.models(s)
	p.lineage(s)
	return p
}

func (p *page) facts(s *Source) {
	r := s.Record
	add := func(name, value string) {
		if value != "" {
			p.Facts = append(p.Facts, fact{name, value})
		}
	}
	add("Decided", when(r.DecidedAt))
	add("By", r.DecidedBy)
	if r.Approval.Approver != nil {
		add("Approved by", r.Approval.Approver.ARN)
	} else if r.ApprovalRules.Required {
		add("Approval", r.Approval.Reason)
	}
	if v := championBefore(r); v != "" {
		add("Champion before", "version "+v)
	}
	add("Today", s.Standing)
	add("Reason given", r.Reason)
}

func (p *page) checks(s *Source) {
	r := s.Record
	metrics, others := split(r.Checks)
	domains := scales(r)
	for i, c := range metrics {
		x := newRow(c)
		x.Strip = strip(fmt.Sprintf("check-%d", i), r, c, domains)
		p.Intervals = p.Intervals || c.Lower != nil || c.Upper != nil
		p.Metrics = append(p.Metrics, x)
	}
	for _, c := range others {
		p.Evidence = append(p.Evidence, newRow(c))
	}
}

func newRow(c gate.Check) row {
	x := row{Requirement: c.Requirement, Slice: sliceName(c), Reason: c.Reason, Observed: optional(c.Observed), Bound: c.Bound}
	if c.Lower != nil || c.Upper != nil {
		x.Interval = interval(c)
	}
	if c.Kind != "metric" && c.Observed != nil && *c.Observed == math.Trunc(*c.Observed) {
		x.Observed = chart.Thousands(int64(*c.Observed)) // a count
	}
	x.Word, x.Class, x.Sign = verdictWord(c.Verdict)
	if c.Examples > 0 {
		x.Examples = chart.Thousands(c.Examples)
	}
	return x
}

func (p *page) models(s *Source) {
	if s.Candidate == nil {
		return
	}
	candidate, champion := chart.NewModel(s.Candidate, s.Threshold), chart.NewModel(s.Champion, s.Threshold)
	if champion != nil && champion.P.Problem != candidate.P.Problem {
		p.Notices = append(p.Notices, "The champion's predictions are of another kind than the candidate's and are not shown.")
		champion = nil
	}
	p.HasModels, p.HasChampion = true, champion != nil
	p.Candidate = fmt.Sprintf("version %d, the candidate", s.Record.Version)
	if champion != nil {
		p.Versus = "version " + versionOf(s.Document.Baseline.ModelPackageARN) + ", the champion at the time"
	}
	for _, name := range metric.Names(candidate.P.Problem) {
		p.Quality = append(p.Quality, compareModels(name, candidate, champion))
	}
	switch candidate.P.Problem {
	case metric.Binary:
		p.binary(candidate, champion)
	case metric.Multiclass:
		p.Confusions = append(p.Confusions, newConfusion("Candidate", candidate))
		if champion != nil {
			p.Confusions = append(p.Confusions, newConfusion("Champion", champion))
		}
	case metric.Regression:
		p.Charts = append(p.Charts, drawing{"Prediction and target", "Mean target over mean prediction in tenths of the examples. On the dashed line both are equal.", chart.Regression(candidate, champion)})
	}
	p.slices(s, candidate, champion)
}

func compareModels(name string, candidate, champion *chart.Model) quality {
	q := quality{Name: name, Class: "same"}
	own := candidate.Value(name)
	q.Candidate = chart.Fixed(own, 4)
	if champion == nil {
		return q
	}
	theirs := champion.Value(name)
	q.Champion = chart.Fixed(theirs, 4)
	change := own - theirs
	if math.IsNaN(change) {
		return q
	}
	q.Change = fmt.Sprintf("%+.4f", change)
	info, _ := metric.Lookup(name)
	switch {
	case math.Abs(change) < 5e-5:
		q.Change = "equal"
	case info.Neutral:
	case change > 0 != info.LowerIsBetter:
		q.Class, q.Change = "better", q.Change+", better"
	default:
		q.Class, q.Change = "worse", q.Change+", worse"
	}
	return q
}

func (p *page) binary(candidate, champion *chart.Model) {
	if pos, neg := chart.Labels(candidate.Counts); pos > 0 && neg > 0 {
		p.Charts = append(p.Charts,
			drawing{"ROC", "Each mark is where the decision threshold puts the model; the dashed line is guessing.", chart.ROC(candidate, champion)},
			drawing{"Precision and recall", "The dashed line is the precision of calling everything positive.", chart.PrecisionRecall(candidate, champion)})
	}
	p.Charts = append(p.Charts, drawing{"Calibration", "On the dashed line a score is the probability it claims to be. Whiskers are 95% intervals.", chart.Calibration(candidate, champion)})
	top := chart.Tallest(candidate, champion)
	p.Charts = append(p.Charts, drawing{"Scores of the candidate", "A good model puts label 1 on the right and label 0 on the left.", chart.Histogram("scores-candidate", "candidate", candidate, top)})
	p.Confusions = append(p.Confusions, newConfusion("Candidate", candidate))
	if champion != nil {
		p.Charts = append(p.Charts, drawing{"Scores of the champion", "On the same scale as the candidate's.", chart.Histogram("scores-champion", "champion", champion, top)})
		p.Confusions = append(p.Confusions, newConfusion("Champion", champion))
	}
}

// mostClasses is how many classes a confusion matrix shows.
const mostClasses = 12

// newConfusion counts labels against predictions. With too many classes it is empty.
func newConfusion(name string, m *chart.Model) confusion {
	out := confusion{Model: name}
	all := func(int) bool { return true }
	var counts [][]int64
	if m.P.Problem == metric.Binary {
		c := m.Counts.ConfusionAt(m.Bins.Cut(m.Threshold))
		out.Classes = []string{"0", "1"}
		counts = [][]int64{{int64(c.TN), int64(c.FP)}, {int64(c.FN), int64(c.TP)}}
	} else if k := len(m.P.Classes); k <= mostClasses {
		out.Classes = m.P.Classes
		matrix := m.Matrix(all)
		for l := range k {
			line := make([]int64, k)
			for q := range k {
				line[q] = int64(matrix[l*k+q])
			}
			counts = append(counts, line)
		}
	}
	for l, line := range counts {
		total := int64(0)
		for _, n := range line {
			total += n
		}
		x := confusionRow{Label: out.Classes[l]}
		for q, n := range line {
			share := 0.0
			if total > 0 {
				share = float64(n) / float64(total)
			}
			x.Cells = append(x.Cells, confusionCell{chart.Thousands(n), chart.Fixed(share*100, 1) + "%", int(math.Round(share * 100)), l == q})
		}
		out.Rows = append(out.Rows, x)
	}
	return out
}

// mostSlices is how many values of one column are drawn.
const mostSlices = 24

func (p *page) slices(s *Source, candidate, champion *chart.Model) {
	fallback := "accuracy"
	if candidate.P.Problem == metric.Regression {
		fallback = "rmse"
	}
	var columns []string
	for _, c := range slicedBy(s.Record.Requirements) {
		if _, ok := candidate.P.Slices[c]; ok {
			columns = append(columns, c)
		}
	}
	for _, c := range candidate.P.Header {
		if _, ok := candidate.P.Slices[c]; ok && !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
	}
	for _, column := range columns {
		names, bounds := slicedMetrics(s.Record.Requirements, column, candidate.P.Problem)
		if len(names) == 0 {
			names = []string{fallback}
		}
		for _, name := range names {
			rows := chart.BySlice(candidate, champion, column, name)
			caption := "Bars to scale."
			if len(bounds[name]) > 0 {
				caption = "Bars to scale; the vertical line is what a requirement asks of each."
			}
			if n := len(rows); n > mostSlices {
				slices.SortStableFunc(rows, func(a, b chart.SliceValue) int { return int(b.Examples - a.Examples) })
				rows = rows[:mostSlices]
				caption += fmt.Sprintf(" The %d largest of %d slices.", mostSlices, n)
			}
			info, _ := metric.Lookup(name)
			id := fmt.Sprintf("slice-%d", len(p.Slices))
			p.Slices = append(p.Slices, drawing{name + " by " + column, caption, chart.Slices(id, column, name, rows, bounds[name], champion != nil, info.Bounded)})
		}
	}
}

// slicedMetrics lists the metrics that requirements look at on a column, and
// the bounds that hold for every slice of it.
func slicedMetrics(requirements []rules.Requirement, column string, problem metric.Problem) (names []string, bounds map[string][]chart.Bound) {
	bounds = map[string][]chart.Bound{}
	for _, r := range requirements {
		info, ok := metric.Lookup(r.Metric)
		on := r.EachSlice == column || r.Slice != nil && r.Slice.Column == column
		if !on || !ok || !info.Computes(problem) {
			continue
		}
		if !slices.Contains(names, r.Metric) {
			names = append(names, r.Metric)
		}
		if r.EachSlice == column && r.Min != nil {
			bounds[r.Metric] = append(bounds[r.Metric], chart.Bound{Value: *r.Min, AtLeast: true})
		}
		if r.EachSlice == column && r.Max != nil {
			bounds[r.Metric] = append(bounds[r.Metric], chart.Bound{Value: *r.Max})
		}
	}
	return names, bounds
}

func (p *page) lineage(s *Source) {
	r := s.Record
	at := console(r.ModelPackageARN)
	add := func(name, title string, items ...item) {
		items = slices.DeleteFunc(items, func(i item) bool { return i.Value == "" })
		for k := range items {
			items[k].Link = at.link(items[k].Value)
		}
		p.Lineage = append(p.Lineage, step{name, title, items})
	}
	e := r.Evaluation
	if e != nil {
		data := []item{{Name: "held out", Value: e.Dataset.URI, SHA256: e.Dataset.SHA256}}
		if t := e.TrainingDataset; t != nil {
			data = append([]item{{Name: "trained on", Value: t.URI, SHA256: t.SHA256}}, data...)
		}
		title := "held-out data"
		if m := s.Document; m != nil {
			title = chart.Thousands(m.Examples) + " held-out examples"
		}
		add("Dataset", title, data...)
	}
	run := []item{{Name: "job", Value: s.Run.ARN}, {Name: "artifact", Value: r.ArtifactURI, SHA256: r.ArtifactSHA256}}
	for _, t := range r.Approval.Trainers {
		run = append(run, item{Name: "trained or registered by", Value: t.ARN})
	}
	add("Training run", or(s.Run.Name, "not recorded"), run...)
	if e != nil {
		items := []item{{Name: "evidence", Value: e.Manifest.URI, SHA256: e.Manifest.SHA256}, {Name: "report", Value: e.Report.URI, SHA256: e.Report.SHA256}}
		if e.Predictions != nil {
			items = append(items, item{Name: "predictions", Value: e.Predictions.URI, SHA256: e.Predictions.SHA256})
		}
		if b := e.Baseline; b != nil {
			items = append(items, item{Name: "compared with", Value: b.ModelPackageARN, SHA256: b.ArtifactSHA256})
			if b.Predictions != nil {
				items = append(items, item{Name: "champion's predictions", Value: b.Predictions.URI, SHA256: b.Predictions.SHA256})
			}
		}
		add("Evaluation", e.Name, items...)
	}
	add("Version", fmt.Sprintf("%s version %d", r.ModelPackageGroup, r.Version), item{Name: "package", Value: r.ModelPackageARN}, item{Name: "image", Value: r.Image})
	add("Decision", strings.ToLower(headline(r)), item{Name: "record", Value: r.File.URI, SHA256: r.File.SHA256}, item{Name: "key", Value: r.Key},
		item{Name: "replaces", Value: r.Replaces}, item{Name: "provider", Value: r.ProviderVersion})
	var served []item
	for _, name := range s.Endpoints {
		served = append(served, item{Name: "endpoint", Value: name})
	}
	title := plural(len(served), "endpoint")
	if len(served) == 0 {
		title = "served by none today"
	}
	add("Endpoint", title, served...)
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// aws is the console that shows an account's objects; the zero value is for an
// engine, which has none.
type aws struct{ region string }

// localAccount is the account of the local engine.
const localAccount = "000000000000"

func console(packageARN string) aws {
	parts := strings.Split(packageARN, ":")
	if _, _, err := sagemaker.ParsePackageARN(packageARN); err != nil || len(parts) < 6 || parts[1] != "aws" || parts[4] == localAccount {
		return aws{}
	}
	return aws{region: parts[3]}
}

// link to an S3 object, "" for anything else.
func (a aws) link(uri string) string {
	if a.region == "" {
		return ""
	}
	loc, err := sagemaker.ParseLocation(uri)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("https://%s.console.aws.amazon.com/s3/object/%s?region=%s&prefix=%s", a.region, url.PathEscape(loc.Bucket), a.region, url.QueryEscape(loc.Key))
}
