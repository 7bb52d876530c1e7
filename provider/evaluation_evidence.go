package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// tagBaseline names, on an evaluation's job, the champion that was scored with the candidate.
const tagBaseline = sagemaker.TagPrefix + "baseline"

var baselineTypes = map[string]attr.Type{"model_package_arn": types.StringType, "artifact_sha256": types.StringType, "decision_uri": types.StringType}

// evaluationInputs is what an evaluation scores, with digests of the content found.
type evaluationInputs struct {
	model, dataset manifest.File
	training       *manifest.File
	champion       *decision.Pointer
}

// observe digests the inputs and freezes the champion. A model or champion whose content is not what was promised is refused.
func (m *evaluationModel) observe(ctx context.Context, c *sagemaker.Client, diags *diag.Diagnostics) evaluationInputs {
	var in evaluationInputs
	in.model = digestInput(ctx, c, "model_uri", m.ModelURI.ValueString(), diags)
	in.dataset = digestInput(ctx, c, "dataset", m.Dataset.ValueString(), diags)
	if !m.TrainingDataset.IsNull() {
		f := digestInput(ctx, c, "training_dataset", m.TrainingDataset.ValueString(), diags)
		in.training = &f
	}
	if want := m.ModelSHA256.ValueString(); want != "" && in.model.SHA256 != "" && want != in.model.SHA256 {
		diags.AddAttributeError(path.Root("model_sha256"), "Artifact is not the one to evaluate",
			fmt.Sprintf("%s has sha256 %s, expected %s. It was overwritten after training, or model_sha256 belongs to another model. Train again, or correct model_sha256.", in.model.URI, in.model.SHA256, want))
	}
	if group := m.BaselineGroup.ValueString(); group != "" {
		in.champion = readChampion(ctx, c, group, diags)
	}
	return in
}

func digestInput(ctx context.Context, c *sagemaker.Client, attribute, uri string, diags *diag.Diagnostics) manifest.File {
	sum, _, err := c.Digest(ctx, uri)
	if err != nil {
		text := sagemaker.Explain(err)
		if sagemaker.IsNotFound(err) {
			text = fmt.Sprintf("There is no object %s. Expected the URI of an object that exists.", uri)
		}
		diags.AddAttributeError(path.Root(attribute), "Evaluation input not readable", text)
	}
	return manifest.File{URI: uri, SHA256: sum}
}

// readChampion returns nil while the group has no champion.
func readChampion(ctx context.Context, c *sagemaker.Client, group string, diags *diag.Diagnostics) *decision.Pointer {
	at := path.Root("baseline_group")
	champion, err := decision.ReadChampion(ctx, c, group)
	if err != nil {
		diags.AddAttributeError(at, "Champion not readable", sagemaker.Explain(err))
		return nil
	}
	if champion.Defect != "" {
		diags.AddAttributeError(at, "Champion not valid",
			champion.Defect+". A comparison with it would mean nothing. "+pointerRemedy(c, group)+" Then evaluate again.")
		return nil
	}
	if !champion.Valid() {
		return nil
	}
	p := champion.Pointer
	got := digestInput(ctx, c, "baseline_group", p.ArtifactURI, diags)
	if got.SHA256 != "" && got.SHA256 != p.ArtifactSHA256 {
		diags.AddAttributeError(at, "Champion's artifact changed",
			fmt.Sprintf("%s has sha256 %s, but was promoted with %s. A comparison with it would mean nothing. Restore the object, or promote another version.", p.ArtifactURI, got.SHA256, p.ArtifactSHA256))
	}
	return p
}

// hash covers what decides the result, by content where content can change under a name.
func (m *evaluationModel) hash(ctx context.Context, in evaluationInputs, diags *diag.Diagnostics) (string, error) {
	res := jobResources(ctx, m.Resources, diags)
	var baseline []string
	if p := in.champion; p != nil {
		baseline = []string{p.ModelPackageARN, p.ArtifactURI, p.ArtifactSHA256, p.DecisionURI}
	}
	inputs := map[string]any{
		"kind": "evaluation", "image": m.Image.ValueString(), "model": in.model, "dataset": in.dataset, "training": in.training,
		"columns":     []string{m.IDColumn.ValueString(), m.LabelColumn.ValueString(), m.ScoreColumn.ValueString()},
		"environment": stringMap(ctx, m.Environment, diags), "triggers": stringMap(ctx, m.Triggers, diags),
		"resources": []any{res.InstanceType.ValueString(), res.InstanceCount.ValueInt64(), res.VolumeSizeGB.ValueInt64()},
		"command":   [][]string{stringList(ctx, m.Entrypoint, diags), stringList(ctx, m.Arguments, diags)},
		"baseline":  baseline,
	}
	if set := m.jobSecurity.hash(ctx, diags); len(set) > 0 {
		inputs["security"] = set
	}
	return sagemaker.InputHash(inputs)
}

// collect reads what the job wrote, checks that it can be used, and writes the evidence.
func (m *evaluationModel) collect(ctx context.Context, c *sagemaker.Client, job *sagemaker.Job, in evaluationInputs, diags *diag.Diagnostics) {
	out := c.Store.Join("evaluations", job.Name, "output")
	doc := manifest.Evidence{
		Evaluation: job.Name, JobARN: job.ARN, CreatedAt: timeValue(job.Ended).ValueString(), Image: m.Image.ValueString(),
		Model: in.model, Dataset: in.dataset, TrainingDataset: in.training,
		IDColumn: m.IDColumn.ValueString(), LabelColumn: m.LabelColumn.ValueString(), ScoreColumn: m.ScoreColumn.ValueString(),
	}
	reports, err := m.results(ctx, c, out)
	if err != nil {
		m.unusable(c, job, err, diags)
		return
	}
	doc.Report, doc.Predictions, doc.Examples, doc.P95LatencyMS = reports.report, reports.predictions, reports.examples, reports.latency
	if in.champion != nil {
		theirs, err := m.results(ctx, c, out.Join("baseline"))
		if err != nil {
			m.unusable(c, job, fmt.Errorf("the champion's results: %w", err), diags)
			return
		}
		doc.Baseline = &manifest.Baseline{ModelPackageARN: in.champion.ModelPackageARN, ModelPackageGroup: m.BaselineGroup.ValueString(),
			ArtifactSHA256: in.champion.ArtifactSHA256, DecisionURI: in.champion.DecisionURI, Report: theirs.report, Predictions: theirs.predictions}
	}
	body, err := doc.Encode()
	if err == nil {
		_, _, err = c.PutNew(ctx, manifest.Location(c.Store, job.Name).URI(), "application/json", body)
	}
	var conflict *sagemaker.ConflictError
	if errors.As(err, &conflict) {
		err = fmt.Errorf("%w: results of this job were changed after its evidence was written. Evaluate again with -replace", err)
	}
	if err != nil {
		addError(diags, "Evidence not written", err)
		return
	}
	m.fill(doc, c, metricsValue(reports.metrics, "Evaluation "+job.Name, diags))
}

func (m *evaluationModel) unusable(c *sagemaker.Client, job *sagemaker.Job, err error, diags *diag.Diagnostics) {
	if sagemaker.IsUnanswered(err) { // of the results nothing is known
		addError(diags, "Evaluation results not read", fmt.Errorf("reading what job %s wrote: %w", job.Name, err))
		return
	}
	diags.AddError("Evaluation without usable results",
		fmt.Sprintf("Job %s completed, but %s.\nLog: %s\nThe next apply evaluates again.", job.Name, err, c.LogPlace(job.Kind, job.Name)))
}

// fill copies the evidence into state.
func (m *evaluationModel) fill(doc manifest.Evidence, c *sagemaker.Client, metrics types.Map) {
	m.EvidenceURI = types.StringValue(manifest.Location(c.Store, doc.Evaluation).URI())
	m.Metrics, m.Examples, m.P95LatencyMS = metrics, types.Int64Value(doc.Examples), types.Float64PointerValue(doc.P95LatencyMS)
	m.ReportURI, m.ReportSHA256 = types.StringValue(doc.Report.URI), types.StringValue(doc.Report.SHA256)
	if p := doc.Predictions; p != nil {
		m.PredictionsURI, m.PredictionsSHA256 = types.StringValue(p.URI), types.StringValue(p.SHA256)
	}
	if b := doc.Baseline; b != nil {
		m.Baseline = types.ObjectValueMust(baselineTypes, map[string]attr.Value{"model_package_arn": types.StringValue(b.ModelPackageARN),
			"artifact_sha256": types.StringValue(b.ArtifactSHA256), "decision_uri": types.StringValue(b.DecisionURI)})
	}
}

type evaluationResults struct {
	report      manifest.File
	predictions *manifest.File
	metrics     map[string]float64
	examples    int64
	latency     *float64
}

// results reads one model's report and predictions. A report must be there and readable; predictions may be missing, but not broken.
func (m *evaluationModel) results(ctx context.Context, c *sagemaker.Client, under sagemaker.Location) (evaluationResults, error) {
	var r evaluationResults
	obj, err := c.Get(ctx, under.Join("evaluation.json").URI())
	if sagemaker.IsNotFound(err) {
		return r, fmt.Errorf("it wrote no evaluation.json: expected it at %s, from /opt/ml/processing/output", under.Join("evaluation.json").URI())
	}
	if err != nil {
		return r, err
	}
	report, err := evidence.ParseReport(obj.Body)
	if err != nil {
		return r, fmt.Errorf("%s is not a usable report: %w", obj.URI, err)
	}
	r.report, r.metrics = manifest.File{URI: obj.URI, SHA256: obj.SHA256}, map[string]float64{}
	for name, v := range report.Metrics {
		r.metrics[name] = v.Number
	}
	if v, ok := report.Performance["p95_latency_ms"]; ok && v.Number-v.Number == 0 {
		r.latency = aws.Float64(v.Number)
	}
	if v, ok := report.Performance["examples"]; ok && v.Number-v.Number == 0 {
		r.examples = int64(v.Number)
	}
	obj, err = c.Get(ctx, under.Join("predictions.csv").URI())
	if sagemaker.IsNotFound(err) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	rows, err := evidence.ParsePredictions(bytes.NewReader(obj.Body), report.Problem,
		evidence.Columns{ID: m.IDColumn.ValueString(), Label: m.LabelColumn.ValueString(), Score: m.ScoreColumn.ValueString()})
	if err != nil {
		return r, fmt.Errorf("%s is not usable: %w", obj.URI, err)
	}
	r.predictions, r.examples = &manifest.File{URI: obj.URI, SHA256: obj.SHA256}, int64(rows.Len())
	return r, nil
}

// takeInputs fills the arguments of an imported job from what SageMaker kept of them.
func (m *evaluationModel) takeInputs(job *sagemaker.Job, tags map[string]string) {
	out := job.Processing
	name, _, _ := sagemaker.SplitJobName(job.Name)
	m.Name, m.RoleARN, m.OnDestroy = types.StringValue(name), optionalString(aws.ToString(out.RoleArn)), types.StringValue(onDestroyRetain)
	m.Image, m.Environment = types.StringNull(), optionalMap(out.Environment)
	if a := out.AppSpecification; a != nil {
		m.Image = types.StringValue(aws.ToString(a.ImageUri))
		m.Entrypoint, m.Arguments = optionalList(a.ContainerEntrypoint), optionalList(a.ContainerArguments)
	}
	for _, in := range out.ProcessingInputs {
		if in.S3Input == nil {
			continue
		}
		switch strings.TrimPrefix(aws.ToString(in.S3Input.LocalPath), "/opt/ml/processing/input/") {
		case "model":
			m.ModelURI = types.StringValue(aws.ToString(in.S3Input.S3Uri))
		case "data":
			m.Dataset = types.StringValue(aws.ToString(in.S3Input.S3Uri))
		}
	}
	if r := out.ProcessingResources; r != nil && r.ClusterConfig != nil {
		m.Resources = jobResourcesValue(string(r.ClusterConfig.InstanceType), int64(aws.ToInt32(r.ClusterConfig.InstanceCount)), int64(aws.ToInt32(r.ClusterConfig.VolumeSizeInGB)))
	}
	if s := out.StoppingCondition; s != nil {
		m.MaxRuntime = durationValue(aws.ToInt32(s.MaxRuntimeInSeconds))
	}
	m.InputHash = optionalString(tags[sagemaker.TagHash])
	m.LabelColumn, m.ScoreColumn = types.StringValue("label"), types.StringValue("score")
}

// takeEvidence completes an imported evaluation from its evidence, which only this provider writes.
func (m *evaluationModel) takeEvidence(ctx context.Context, c *sagemaker.Client, diags *diag.Diagnostics) {
	doc, at, err := decision.ReadEvidence(ctx, c, m.ID.ValueString())
	if err != nil {
		why := strings.TrimSuffix(sagemaker.Explain(err), ".")
		if sagemaker.IsNotFound(err) {
			why = "there is none"
		}
		diags.AddError("Evaluation not imported", fmt.Sprintf("Looked for the evidence of job %s at %s: %s. Only evaluations made by this provider, with the same store, can be imported; others are made again by creating the resource.",
			m.ID.ValueString(), at.URI, why))
		return
	}
	m.IDColumn, m.LabelColumn, m.ScoreColumn = optionalString(doc.IDColumn), types.StringValue(doc.LabelColumn), types.StringValue(doc.ScoreColumn)
	m.ModelSHA256 = types.StringValue(doc.Model.SHA256)
	if t := doc.TrainingDataset; t != nil {
		m.TrainingDataset = types.StringValue(t.URI)
	}
	if b := doc.Baseline; b != nil {
		m.BaselineGroup = types.StringValue(b.ModelPackageGroup)
	}
	loc, err := sagemaker.ParseLocation(doc.Report.URI)
	if err != nil {
		addError(diags, "Evaluation not imported", err)
		return
	}
	loc.Key = strings.TrimSuffix(loc.Key, "/evaluation.json")
	reports, err := m.results(ctx, c, loc)
	if err == nil && reports.report.SHA256 != doc.Report.SHA256 {
		err = fmt.Errorf("%s has sha256 %s, its evidence says %s", doc.Report.URI, reports.report.SHA256, doc.Report.SHA256)
	}
	if err != nil {
		addError(diags, "Evaluation not imported", err)
		return
	}
	m.fill(*doc, c, metricsValue(reports.metrics, "Evaluation "+doc.Evaluation, diags))
}
