package decision

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Gather reads the evidence itself, checks every digest on the way, and returns
// what the gate decides on. Defects become Problems; an error means that
// something could not be read at all, such as for a missing permission.
func (in *Inputs) Gather(ctx context.Context, c *sagemaker.Client, now time.Time) (gate.Evidence, error) {
	g := &gatherer{in: in, c: c, e: gate.Evidence{Now: now, CandidateARN: in.Request.Candidate, Rollback: in.Request.Rollback()}}
	g.e.Problems = append(g.e.Problems, in.Problems...)
	g.champion()
	if err := g.artifact(ctx); err != nil {
		return g.e, err
	}
	if in.Document == nil {
		return g.e, nil
	}
	if err := g.models(ctx); err != nil {
		return g.e, err
	}
	if err := g.leakage(ctx); err != nil {
		return g.e, err
	}
	if in.Request.Evidence.MaxTrainingCostUSD != nil {
		t, err := in.training(ctx, c)
		if err != nil {
			return g.e, err
		}
		g.e.Training = t
	}
	return g.e, nil
}

type gatherer struct {
	in *Inputs
	c  *sagemaker.Client
	e  gate.Evidence
}

func (g *gatherer) problem(subject, format string, args ...any) {
	g.e.Problems = append(g.e.Problems, gate.Problem{Subject: subject, Reason: fmt.Sprintf(format, args...)})
}

func (g *gatherer) champion() {
	now := g.in.Champion
	switch {
	case now.Valid():
		g.e.Champion = &gate.Champion{ModelPackageARN: now.Pointer.ModelPackageARN}
		if p := now.Pointer.Previous; p != nil {
			g.e.Champion.PreviousARN = p.ModelPackageARN
		}
	case now.Defect != "":
		// Not a missing champion: somebody who breaks the pointer must not
		// thereby skip the comparison with the champion.
		g.e.Champion = &gate.Champion{Defect: now.Defect}
	}
}

// artifact compares the candidate's artifact with every digest recorded for it.
func (g *gatherer) artifact(ctx context.Context) error {
	p := g.in.Package
	got, _, err := g.c.Digest(ctx, p.ArtifactURI)
	switch {
	case sagemaker.IsNotFound(err):
		g.problem("artifact", "the candidate's artifact %s does not exist", p.ArtifactURI)
		return nil
	case err != nil:
		return fmt.Errorf("checking the candidate's artifact: %w", err)
	}
	claims := []struct{ who, digest string }{{"its registration", g.in.ArtifactSHA256()}}
	if m := g.in.Document; m != nil {
		claims = append(claims, struct{ who, digest string }{"evaluation " + m.Evaluation, strings.ToLower(m.Model.SHA256)})
	}
	if r := g.in.Approved; r != nil {
		claims = append(claims, struct{ who, digest string }{"decision " + r.File.URI, r.ArtifactSHA256})
	}
	for i, claim := range claims {
		switch {
		case claim.digest == got:
		case claim.digest == "" && i == 0:
			// Versions registered by a pipeline carry no digest of ours; the
			// evaluation's still has to match.
			if g.in.Document == nil {
				g.problem("artifact", "neither the registration nor an evaluation says which sha256 the artifact has")
			}
		case claim.digest == "":
			g.problem("artifact", "%s does not say which artifact it is about", claim.who)
		default:
			g.problem("artifact", "%s has sha256 %s, but %s is about %s; the candidate and what vouches for it are not the same model", p.ArtifactURI, got, claim.who, claim.digest)
		}
	}
	return nil
}

// models reads report and predictions of the candidate and of the baseline.
func (g *gatherer) models(ctx context.Context) error {
	m := g.in.Document
	g.e.CreatedAt, g.e.DatasetSHA256, g.e.P95LatencyMS = createdAt(m), m.Dataset.SHA256, nil
	g.registered(m)
	var err error
	if g.e.Candidate, err = g.model(ctx, "", m.Report, m.Predictions); err != nil {
		return err
	}
	if r := g.e.Candidate.Report; r != nil {
		if v, ok := r.Performance["p95_latency_ms"]; ok {
			g.e.P95LatencyMS = &v.Number
		}
	}
	if b := m.Baseline; b != nil {
		g.e.Baseline = &gate.Baseline{ModelPackageARN: b.ModelPackageARN}
		if g.e.Baseline.ModelEvidence, err = g.model(ctx, "champion's ", b.Report, b.Predictions); err != nil {
			return err
		}
		if now := g.in.Champion; now.Valid() && now.Pointer.ModelPackageARN == b.ModelPackageARN && now.Pointer.ArtifactSHA256 != b.ArtifactSHA256 {
			g.problem("champion", "the evaluation scored an artifact with sha256 %s as %s, but the champion's is %s", b.ArtifactSHA256, b.ModelPackageARN, now.Pointer.ArtifactSHA256)
		}
	}
	return nil
}

// registered compares the evidence with the digests the version was registered
// with, where it names this evaluation.
func (g *gatherer) registered(m *manifest.Evidence) {
	meta := g.in.Package.Metadata
	if meta[sagemaker.MetaEvaluation] != m.Evaluation {
		return
	}
	if want := meta[sagemaker.MetaEvaluationSHA256]; want != "" && !strings.EqualFold(want, m.Report.SHA256) {
		g.problem("report", "the evidence names a report with sha256 %s, the version was registered with %s", m.Report.SHA256, want)
	}
	if want := meta[sagemaker.MetaPredictionsSHA256]; want != "" {
		got := "none"
		if m.Predictions != nil {
			got = m.Predictions.SHA256
		}
		if !strings.EqualFold(want, got) {
			g.problem("predictions", "the evidence names predictions with sha256 %s, the version was registered with %s", got, want)
		}
	}
}

func (g *gatherer) model(ctx context.Context, whose string, report manifest.File, predictions *manifest.File) (gate.ModelEvidence, error) {
	var e gate.ModelEvidence
	body, err := g.read(ctx, whose+"report", report)
	if err != nil {
		return e, err
	}
	if body != nil {
		if e.Report, err = evidence.ParseReport(body); err != nil {
			g.problem(whose+"report", "%s: %v", report.URI, err)
		}
	}
	if predictions == nil {
		return e, nil
	}
	if body, err = g.read(ctx, whose+"predictions", *predictions); err != nil || body == nil {
		return e, err
	}
	if e.Report == nil {
		g.problem(whose+"predictions", "without a readable report it is not known what kind of predictions these are")
		return e, nil
	}
	m := g.in.Document
	columns := evidence.Columns{ID: m.IDColumn, Label: m.LabelColumn, Score: m.ScoreColumn}
	for _, r := range g.in.Request.Requirements {
		if r.Slice != nil {
			columns.Slices = append(columns.Slices, r.Slice.Column)
		}
		if r.EachSlice != "" {
			columns.Slices = append(columns.Slices, r.EachSlice)
		}
	}
	if e.Predictions, err = evidence.ParsePredictions(bytes.NewReader(body), e.Report.Problem, columns); err != nil {
		g.problem(whose+"predictions", "%s: %v", predictions.URI, err)
	}
	return e, nil
}

// read returns an object's bytes if they are those the evidence names, nil with
// a problem otherwise.
func (g *gatherer) read(ctx context.Context, what string, f manifest.File) ([]byte, error) {
	if f.URI == "" {
		g.problem(what, "the evidence names no %s", what)
		return nil, nil
	}
	o, err := g.c.Get(ctx, f.URI)
	switch {
	case sagemaker.IsNotFound(err):
		g.problem(what, "%s does not exist", f.URI)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the %s: %w", what, err)
	case !strings.EqualFold(o.SHA256, f.SHA256):
		g.problem(what, "%s was changed: it has sha256 %s, expected %s", f.URI, o.SHA256, f.SHA256)
		return nil, nil
	}
	return o.Body, nil
}

// leakedExamples is how many shared ids are named.
const leakedExamples = 5

// leakage compares training and held-out data by digest, and by id where the
// evaluation names an id column.
func (g *gatherer) leakage(ctx context.Context) error {
	m, asked := g.in.Document, g.in.Request.Evidence.Leakage
	if m.TrainingDataset == nil || asked != nil && !*asked {
		return nil
	}
	l := gate.Leakage{TrainingSHA256: m.TrainingDataset.SHA256, HeldOutSHA256: m.Dataset.SHA256}
	defer func() { g.e.Leakage = l }()
	if m.IDColumn == "" || strings.EqualFold(l.TrainingSHA256, l.HeldOutSHA256) {
		return nil
	}
	trained, err := g.ids(ctx, "training data", *m.TrainingDataset)
	if err != nil || trained == nil {
		return err
	}
	held, err := g.ids(ctx, "held-out data", m.Dataset)
	if err != nil || held == nil {
		return err
	}
	l.IDColumn = m.IDColumn
	seen := make(map[string]struct{}, len(trained))
	for _, id := range trained {
		seen[id] = struct{}{}
	}
	for _, id := range held {
		if _, ok := seen[id]; ok {
			l.SharedIDs++
			if len(l.Examples) < leakedExamples {
				l.Examples = append(l.Examples, id)
			}
		}
	}
	return nil
}

// ids reads the id column of a data file; nil with a problem when it cannot be
// compared.
func (g *gatherer) ids(ctx context.Context, what string, f manifest.File) ([]string, error) {
	body, err := g.read(ctx, what, f)
	if err != nil || body == nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(body))
	r.ReuseRecord = true
	column := -1
	var ids []string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			g.problem(what, "%s is not a CSV file: %v", f.URI, err)
			return nil, nil
		}
		if column < 0 {
			for i, name := range record {
				if strings.TrimPrefix(name, "\ufeff") == g.in.Document.IDColumn {
					column = i
				}
			}
			if column < 0 {
				g.problem(what, "%s has no id column %q, so that leakage cannot be checked; set evidence.leakage_check = false to do without", f.URI, g.in.Document.IDColumn)
				return nil, nil
			}
			continue
		}
		ids = append(ids, strings.Clone(record[column]))
	}
	if ids == nil {
		ids = []string{}
	}
	return ids, nil
}
