package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/references"
)

// Latest is the URI of a group's latest decision record. Without a group, the
// store must know exactly one.
func Latest(ctx context.Context, c *sagemaker.Client, group string) (string, error) {
	under := c.Store.Join("decisions")
	under.Key += "/"
	infos, err := c.List(ctx, under)
	if err != nil {
		return "", err
	}
	versions := map[string]map[int]bool{}
	for _, info := range infos {
		parts := strings.Split(strings.TrimPrefix(info.URI, under.URI()), "/")
		if len(parts) != 3 {
			continue
		}
		if v, err := strconv.Atoi(parts[1]); err == nil {
			if versions[parts[0]] == nil {
				versions[parts[0]] = map[int]bool{}
			}
			versions[parts[0]][v] = true
		}
	}
	groups := slices.Sorted(maps.Keys(versions))
	switch {
	case len(groups) == 0:
		return "", fmt.Errorf("there is no decision record under %s; apply a titanicml_promotion first (a rejection is recorded under on_rejection = \"hold\")", under.URI())
	case group == "" && len(groups) > 1:
		return "", fmt.Errorf("%s has decisions on several groups (%s); name one with --group", under.URI(), strings.Join(groups, ", "))
	case group == "":
		group = groups[0]
	case versions[group] == nil:
		return "", fmt.Errorf("there is no decision on group %q; there are decisions on %s", group, strings.Join(groups, ", "))
	}
	var latest *decision.StoredRecord
	for _, v := range slices.Sorted(maps.Keys(versions[group])) {
		records, err := decision.Records(ctx, c, group, v)
		if err != nil {
			return "", err
		}
		if n := len(records); n > 0 && (latest == nil || !records[n-1].DecidedAt.Before(latest.DecidedAt)) {
			latest = records[n-1]
		}
	}
	if latest == nil {
		return "", fmt.Errorf("no decision record on %s is what its name says it is; all of them were changed after they were written", group)
	}
	return latest.File.URI, nil
}

// Load reads a decision record and what it rests on. A record that is missing or
// was changed is an error; evidence that is, is a notice on the page, because
// the decision stands whatever became of its evidence.
func Load(ctx context.Context, c *sagemaker.Client, uri string) (*Source, error) {
	record, err := decision.Read(ctx, c, uri, "")
	if sagemaker.IsNotFound(err) {
		return nil, fmt.Errorf("there is no decision record %s", uri)
	}
	if err != nil {
		return nil, err
	}
	l := &loader{ctx: ctx, c: c, s: &Source{Record: record, Threshold: rules.DefaultThreshold}}
	for _, step := range []func() error{l.evidence, l.registry, l.standing, l.endpoints} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return l.s, nil
}

type loader struct {
	ctx context.Context
	c   *sagemaker.Client
	s   *Source
}

func (l *loader) notice(format string, args ...any) {
	l.s.Notices = append(l.s.Notices, fmt.Sprintf(format, args...))
}

// read returns the bytes a file names, nil with a notice when they are not there.
func (l *loader) read(what string, f manifest.File) ([]byte, error) {
	o, err := l.c.Get(l.ctx, f.URI)
	switch {
	case sagemaker.IsNotFound(err):
		l.notice("%s, the %s, does not exist any more.", f.URI, what)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the %s: %w", what, err)
	case !strings.EqualFold(o.SHA256, f.SHA256):
		l.notice("%s, the %s, was changed after the decision: it has sha256 %s, expected %s. Nothing is shown from it.", f.URI, what, o.SHA256, f.SHA256)
		return nil, nil
	}
	return o.Body, nil
}

func (l *loader) evidence() error {
	e := l.s.Record.Evaluation
	if e == nil {
		l.notice("The decision names no evaluation, so there are no curves to draw.")
		return nil
	}
	body, err := l.read("evidence document", e.Manifest)
	if err != nil || body == nil {
		return err
	}
	m, err := manifest.Decode(body)
	if err != nil {
		l.notice("The evidence document %s cannot be read: %v", e.Manifest.URI, err)
		return nil
	}
	l.s.Document = &m
	if l.s.Candidate, err = l.model("candidate's", m.Report, m.Predictions, true); err != nil {
		return err
	}
	if b := m.Baseline; b != nil {
		l.s.Champion, err = l.model("champion's", b.Report, b.Predictions, false)
	}
	return err
}

// model reads one model's predictions; the report says what kind they are.
func (l *loader) model(whose string, at manifest.File, predictions *manifest.File, candidate bool) (*evidence.Predictions, error) {
	body, err := l.read(whose+" report", at)
	if err != nil || body == nil {
		return nil, err
	}
	report, err := evidence.ParseReport(body)
	if err != nil {
		l.notice("The %s report %s cannot be read: %v", whose, at.URI, err)
		return nil, nil
	}
	if t, ok := report.Metrics["decision_threshold"]; ok && candidate && t.Number >= 0 && t.Number <= 1 {
		l.s.Threshold = t.Number
	}
	if predictions == nil {
		l.notice("The evaluation left no predictions of the %s model, only its report.", whose)
		return nil, nil
	}
	if body, err = l.read(whose+" predictions", *predictions); err != nil || body == nil {
		return nil, err
	}
	m := l.s.Document
	columns := evidence.Columns{Label: m.LabelColumn, Score: m.ScoreColumn}
	required := slicedBy(l.s.Record.Requirements)
	columns.Slices = append(slices.Clone(required), categories(body, m)...)
	p, err := evidence.ParsePredictions(bytes.NewReader(body), report.Problem, columns)
	if err != nil {
		// A column that looked like categories may turn out not to be further down.
		columns.Slices = required
		p, err = evidence.ParsePredictions(bytes.NewReader(body), report.Problem, columns)
	}
	if err != nil {
		l.notice("The %s predictions, %s, cannot be read: %v", whose, predictions.URI, err)
		return nil, nil
	}
	return p, nil
}

// slicedBy lists the columns that requirements slice by, in order.
func slicedBy(requirements []rules.Requirement) []string {
	var columns []string
	for _, r := range requirements {
		column := r.EachSlice
		if r.Slice != nil {
			column = r.Slice.Column
		}
		if column != "" && !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
	}
	return columns
}

// sampledRows is how many rows show whether a column holds categories, and
// fewCategories how many different values such a column has at most.
const (
	sampledRows   = 2_000
	fewCategories = 12
)

// categories finds the further columns of a predictions file worth slicing by.
func categories(body []byte, m *manifest.Evidence) []string {
	r := csv.NewReader(bytes.NewReader(body))
	header, err := r.Read()
	if err != nil {
		return nil
	}
	values := make([]map[string]bool, len(header))
	for i := range values {
		values[i] = map[string]bool{}
	}
	for range sampledRows {
		row, err := r.Read()
		if err != nil {
			break
		}
		for i, v := range row {
			if len(values[i]) <= fewCategories {
				values[i][v] = true
			}
		}
	}
	var found []string
	for i, name := range header {
		own := name == m.IDColumn || name == m.LabelColumn || name == m.ScoreColumn || strings.HasPrefix(name, m.ScoreColumn+"_")
		if !own && len(values[i]) > 1 && len(values[i]) <= fewCategories {
			found = append(found, name)
		}
	}
	return found
}

// registry reads which training job the version came from.
func (l *loader) registry() error {
	p, err := l.c.DescribePackage(l.ctx, l.s.Record.ModelPackageARN)
	if sagemaker.IsNotFound(err) {
		l.notice("The model version %s does not exist any more.", l.s.Record.ModelPackageARN)
		return nil
	}
	if err != nil {
		return err
	}
	l.s.Run = Run{Name: p.Metadata[sagemaker.MetaRun], ARN: p.Metadata[sagemaker.MetaRunARN]}
	return nil
}

// standing says what the version is today.
func (l *loader) standing() error {
	r := l.s.Record
	now, err := decision.ReadChampion(l.ctx, l.c, r.ModelPackageGroup)
	if err != nil {
		return err
	}
	switch {
	case now.Defect != "":
		l.notice("The champion of %s is not known: %s", r.ModelPackageGroup, now.Defect)
		l.s.Standing = "unknown"
	case !now.Valid():
		l.s.Standing = "the group has no champion yet"
	case now.Pointer.DecisionSHA256 == r.File.SHA256:
		l.s.Standing = "the champion, by this decision"
	case now.Pointer.ModelPackageARN == r.ModelPackageARN:
		l.s.Standing = "the champion, by another decision"
	default:
		l.s.Standing = fmt.Sprintf("not the champion; that is version %d", now.Pointer.Version)
	}
	return nil
}

func (l *loader) endpoints() error {
	r := l.s.Record
	names, err := references.EndpointsServing(l.ctx, l.c, r.ModelPackageARN, r.ArtifactURI)
	if sagemaker.IsAccessDenied(err) {
		l.notice("The credentials may not list endpoints, so that it is not known which ones serve the version.")
		return nil
	}
	l.s.Endpoints = names
	return err
}
