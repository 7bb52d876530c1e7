package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/float64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var (
	_ resource.ResourceWithConfigure   = (*evaluationResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*evaluationResource)(nil)
	_ resource.ResourceWithImportState = (*evaluationResource)(nil)
	_ resource.ResourceWithIdentity    = (*evaluationResource)(nil)
)

func newEvaluationResource() resource.Resource { return &evaluationResource{} }

type evaluationResource struct{ session *session }

func (r *evaluationResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *evaluationResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "titanicml_evaluation"
}

func (r *evaluationResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityBy("job_name", "Name of the processing job.")
}

func (r *evaluationResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{replaceString()}
	column := func(name, text string) schema.Attribute {
		return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(name), PlanModifiers: replace, MarkdownDescription: text + " Default `" + name + "`."}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A processing job that scores a model artifact on a held-out dataset. It writes `evaluation.json` (metrics) and `predictions.csv` (an id, the label, the score and slice columns per example); " +
			"the provider adds `evidence.json` with the digests of everything. With `baseline_group` the group's champion is scored in the same job on the same data, and which champion that was is frozen.",
		Attributes: map[string]schema.Attribute{
			"id":               computedString("The same as `job_name`."),
			"name":             runNameAttribute("First part of the job's name. A change applies to the next job."),
			"image":            schema.StringAttribute{Required: true, PlanModifiers: replace, MarkdownDescription: "Container image. It reads `/opt/ml/processing/input/{model,data,baseline}` and writes to `/opt/ml/processing/output`. " + replaceWhy},
			"role_arn":         roleAttribute(),
			"model_uri":        schema.StringAttribute{Required: true, PlanModifiers: replace, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "Artifact to score, such as `titanicml_training_run.x.artifact_uri`. " + replaceWhy},
			"model_sha256":     schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{stringvalidator.RegexMatches(sha256Hex, "must be 64 lower-case hex digits")}, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown(), replaceString()}, MarkdownDescription: "Digest the artifact must have; another one is refused. Computed from the content when not given. " + replaceWhy},
			"dataset":          schema.StringAttribute{Required: true, PlanModifiers: replace, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "S3 URI of the held-out data. " + replaceWhy},
			"training_dataset": schema.StringAttribute{Optional: true, PlanModifiers: replace, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "S3 URI of the data the model was trained on; with it the gate can tell leakage. " + replaceWhy},
			"baseline_group":   schema.StringAttribute{Optional: true, PlanModifiers: replace, MarkdownDescription: "Model package group whose champion is scored, too. " + replaceWhy},
			"entrypoint":       schema.ListAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.List{replaceList()}, MarkdownDescription: "Entry point instead of the image's own. " + replaceWhy},
			"arguments": schema.ListAttribute{Optional: true, Computed: true, ElementType: types.StringType, PlanModifiers: []planmodifier.List{replaceList()},
				Default: listdefault.StaticValue(types.ListValueMust(types.StringType, []attr.Value{types.StringValue("evaluate")})), MarkdownDescription: "Arguments. Default `[\"evaluate\"]`. " + replaceWhy},
			"id_column":    schema.StringAttribute{Optional: true, PlanModifiers: replace, MarkdownDescription: "Column of `predictions.csv` that identifies an example; with it candidate and champion are paired."},
			"label_column": column("label", "Column of `predictions.csv` with the truth."),
			"score_column": column("score", "Column of `predictions.csv` with the score."),
			"environment":  schema.MapAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{replaceMap()}, MarkdownDescription: "Environment of the container. " + replaceWhy},
			"resources":    jobResourcesAttribute(),
			"max_runtime":  durationAttribute("How long the job may run before it is stopped. Default `1h`.", "1h"),
			"triggers":     schema.MapAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{replaceTriggers()}, MarkdownDescription: "Any values whose change means: evaluate again."},
			"on_destroy":   onDestroyAttribute(onDestroyDelete, onDestroyStop),
			"tags":         tagsAttribute(),
			"tags_all":     tagsAllAttribute(),
			"timeouts":     timeouts.Attributes(ctx, timeouts.Opts{Create: true, Delete: true, CreateDescription: "How long to wait for the job. Default: `max_runtime` and 30 minutes.", DeleteDescription: "How long to wait for a stop. Default `20m`."}),

			"job_name":           computedString("Name of the job."),
			"arn":                computedString("ARN of the job."),
			"status":             computedString("`Completed`, `Failed`, `Stopped` or `InProgress`."),
			"input_hash":         computedString("SHA-256 over everything that decides the result, with the digests of model, data and champion."),
			"attempt":            schema.Int64Attribute{Computed: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}, MarkdownDescription: "Which attempt at these inputs this is."},
			"metrics":            computedMetrics("Metrics the report claims. The gate computes its own from the predictions."),
			"examples":           schema.Int64Attribute{Computed: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}, MarkdownDescription: "Examples scored."},
			"p95_latency_ms":     schema.Float64Attribute{Computed: true, PlanModifiers: []planmodifier.Float64{float64planmodifier.UseStateForUnknown()}, MarkdownDescription: "95th percentile of the time per example, in milliseconds, as the job measured it."},
			"report_uri":         computedString("`evaluation.json`."),
			"report_sha256":      computedString("Its SHA-256."),
			"predictions_uri":    computedString("`predictions.csv`; null when the job wrote none."),
			"predictions_sha256": computedString("Its SHA-256."),
			"evidence_uri":       computedString("`evidence.json`, which names all of this with digests."),
			"progress_file":      computedString(progressText),
			"baseline": schema.SingleNestedAttribute{Computed: true, PlanModifiers: []planmodifier.Object{objectplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "The champion that was scored, too; null without `baseline_group` and while the group has no champion.",
				Attributes: map[string]schema.Attribute{
					"model_package_arn": schema.StringAttribute{Computed: true, MarkdownDescription: "Its version."},
					"artifact_sha256":   schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of its artifact."},
					"decision_uri":      schema.StringAttribute{Computed: true, MarkdownDescription: "The decision that made it champion."},
				}},
		},
	}
	addJobSecurity(resp.Schema.Attributes)
}

func (r *evaluationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	r.session.planTags(ctx, req, resp)
	r.session.planRole(ctx, req, resp)
	r.session.planProgress(ctx, progressEvaluation, req, resp)
}

func (r *evaluationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	const summary = "Evaluation not completed"
	var m evaluationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	tagsAll, tags := r.session.applyTags(ctx, m.Tags, &resp.Diagnostics)
	timeout, d := m.Timeouts.Create(ctx, durationOr(m.MaxRuntime, time.Hour)+provisioning)
	resp.Diagnostics.Append(d...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.TagsAll = tagsAll
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	inputs := m.observe(ctx, c, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	hash, err := m.hash(ctx, inputs, &resp.Diagnostics)
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	m.InputHash, m.ModelSHA256 = types.StringValue(hash), types.StringValue(inputs.model.SHA256)
	if inputs.champion != nil {
		tags[tagBaseline] = inputs.champion.ModelPackageARN
	}
	job, adopted, err := c.StartJob(ctx, sagemaker.Run{Kind: sagemaker.Processing, Name: m.Name.ValueString(), Hash: hash, Tags: tags,
		Create: func(ctx context.Context, name string, tags []sdktypes.Tag) error {
			_, err := c.SageMaker.CreateProcessingJob(ctx, m.input(ctx, c, name, inputs, tags, &resp.Diagnostics))
			return err
		}})
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	killpoint.Here(killpoint.EvaluationCreated)
	if adopted {
		delete(tags, tagBaseline)
		if err := c.SyncTags(ctx, job.ARN, tags); err != nil {
			addError(&resp.Diagnostics, summary, err)
		}
	}
	watch := r.session.watchFor(ctx, progressEvaluation, m.Name.ValueString(), &m.ProgressFile)
	last, err := c.WaitJob(ctx, sagemaker.Processing, job.Name, func(now *sagemaker.Job) { watch.job(ctx, c, now) })
	if last != nil {
		job = last
	}
	watch.end(&resp.Diagnostics)
	m.take(job)
	if err != nil {
		interruptedWait(c, job, summary, m.ProgressFile.ValueString(), err, &resp.Diagnostics)
	} else if job.Status != sagemaker.JobCompleted {
		failedJob(ctx, c, job, summary, m.ProgressFile.ValueString(), &resp.Diagnostics)
	} else {
		m.collect(ctx, c, job, inputs, &resp.Diagnostics)
		killpoint.Here(killpoint.EvaluationEvidence)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *evaluationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &req.State, &resp.State)
	var m evaluationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Evaluation not read", err)
		return
	}
	job, err := c.DescribeJob(ctx, sagemaker.Processing, m.ID.ValueString())
	if sagemaker.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	var tags map[string]string
	if err == nil {
		tags, err = c.ListTags(ctx, job.ARN)
	}
	if err != nil {
		addError(&resp.Diagnostics, "Evaluation not read", err)
		return
	}
	m.takeSecurity(ctx, job, &resp.Diagnostics)
	if m.Image.IsNull() {
		m.takeInputs(job, tags)
		m.ProgressFile = types.StringValue(r.session.progressFile(progressEvaluation, m.Name.ValueString()))
		m.take(job)
		m.takeEvidence(ctx, c, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	if m.Status.ValueString() != sagemaker.JobInProgress {
		// An interrupted evaluation keeps its status: its delete must know that nobody has collected the results, so that
		// the create that follows adopts the job.
		m.Status = types.StringValue(job.Status)
	}
	m.Tags, m.TagsAll = r.session.readTags(sagemaker.UserTags(tags), m.Tags)
	if job.Status == sagemaker.JobCompleted && !m.EvidenceURI.IsNull() {
		// Without its evidence an evaluation proves nothing: it is made again.
		if _, err := c.Head(ctx, m.EvidenceURI.ValueString()); sagemaker.IsNotFound(err) {
			resp.Diagnostics.AddWarning("Evaluation evidence missing", fmt.Sprintf("%s was deleted; the evaluation is planned again.", m.EvidenceURI.ValueString()))
			resp.State.RemoveResource(ctx)
			return
		} else if err != nil {
			addError(&resp.Diagnostics, "Evaluation not read", err)
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *evaluationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var m evaluationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	m.TagsAll = r.session.updateJob(ctx, "Evaluation", m.ARN, m.Tags, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	keepPrivate(ctx, resp.Private, importedKey, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *evaluationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m evaluationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	r.session.deleteJob(ctx, m.Timeouts, jobDeletion{what: "Evaluation", kind: sagemaker.Processing, name: m.ID.ValueString(), onDestroy: m.OnDestroy.ValueString(),
		interrupted: m.Status.ValueString() == sagemaker.JobInProgress,
		names:       []string{m.ID.ValueString(), m.ARN.ValueString(), m.EvidenceURI.ValueString(), m.ReportURI.ValueString(), m.ReportSHA256.ValueString()},
		remove: func(ctx context.Context, c *sagemaker.Client) error {
			under := c.Store.Join("evaluations", m.ID.ValueString())
			under.Key += "/"
			objects, err := c.List(ctx, under)
			if err != nil {
				return err
			}
			for _, o := range objects {
				if err := c.Remove(ctx, o.URI); err != nil {
					return err
				}
			}
			return nil
		},
	}, &resp.Diagnostics)
}

func (r *evaluationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importJob(ctx, req, resp)
	keepPrivate(ctx, resp.Private, importedKey, []byte("true"), &resp.Diagnostics)
}

type evaluationModel struct {
	ID                types.String   `tfsdk:"id"`
	Name              types.String   `tfsdk:"name"`
	Image             types.String   `tfsdk:"image"`
	RoleARN           types.String   `tfsdk:"role_arn"`
	ModelURI          types.String   `tfsdk:"model_uri"`
	ModelSHA256       types.String   `tfsdk:"model_sha256"`
	Dataset           types.String   `tfsdk:"dataset"`
	TrainingDataset   types.String   `tfsdk:"training_dataset"`
	BaselineGroup     types.String   `tfsdk:"baseline_group"`
	Entrypoint        types.List     `tfsdk:"entrypoint"`
	Arguments         types.List     `tfsdk:"arguments"`
	IDColumn          types.String   `tfsdk:"id_column"`
	LabelColumn       types.String   `tfsdk:"label_column"`
	ScoreColumn       types.String   `tfsdk:"score_column"`
	Environment       types.Map      `tfsdk:"environment"`
	Resources         types.Object   `tfsdk:"resources"`
	MaxRuntime        types.String   `tfsdk:"max_runtime"`
	Triggers          types.Map      `tfsdk:"triggers"`
	OnDestroy         types.String   `tfsdk:"on_destroy"`
	Tags              types.Map      `tfsdk:"tags"`
	TagsAll           types.Map      `tfsdk:"tags_all"`
	Timeouts          timeouts.Value `tfsdk:"timeouts"`
	JobName           types.String   `tfsdk:"job_name"`
	ARN               types.String   `tfsdk:"arn"`
	Status            types.String   `tfsdk:"status"`
	InputHash         types.String   `tfsdk:"input_hash"`
	Attempt           types.Int64    `tfsdk:"attempt"`
	Metrics           types.Map      `tfsdk:"metrics"`
	Examples          types.Int64    `tfsdk:"examples"`
	P95LatencyMS      types.Float64  `tfsdk:"p95_latency_ms"`
	ReportURI         types.String   `tfsdk:"report_uri"`
	ReportSHA256      types.String   `tfsdk:"report_sha256"`
	PredictionsURI    types.String   `tfsdk:"predictions_uri"`
	PredictionsSHA256 types.String   `tfsdk:"predictions_sha256"`
	EvidenceURI       types.String   `tfsdk:"evidence_uri"`
	ProgressFile      types.String   `tfsdk:"progress_file"`

	jobSecurity
	Baseline types.Object `tfsdk:"baseline"`
}

// input is the processing job: model, data and champion in, one folder of results out.
func (m *evaluationModel) input(ctx context.Context, c *sagemaker.Client, name string, in evaluationInputs, tags []sdktypes.Tag, diags *diag.Diagnostics) *sdk.CreateProcessingJobInput {
	res := jobResources(ctx, m.Resources, diags)
	job := &sdk.CreateProcessingJobInput{
		ProcessingJobName: &name, RoleArn: aws.String(m.RoleARN.ValueString()), Tags: tags,
		AppSpecification: &sdktypes.AppSpecification{ImageUri: aws.String(m.Image.ValueString()),
			ContainerEntrypoint: stringList(ctx, m.Entrypoint, diags), ContainerArguments: stringList(ctx, m.Arguments, diags)},
		ProcessingResources: &sdktypes.ProcessingResources{ClusterConfig: &sdktypes.ProcessingClusterConfig{
			InstanceType: sdktypes.ProcessingInstanceType(res.InstanceType.ValueString()), InstanceCount: aws.Int32(int32(res.InstanceCount.ValueInt64())),
			VolumeSizeInGB: aws.Int32(int32(res.VolumeSizeGB.ValueInt64()))}},
		StoppingCondition: &sdktypes.ProcessingStoppingCondition{MaxRuntimeInSeconds: seconds(m.MaxRuntime, time.Hour)},
		ProcessingOutputConfig: &sdktypes.ProcessingOutputConfig{Outputs: []sdktypes.ProcessingOutput{{
			OutputName: aws.String("output"), S3Output: &sdktypes.ProcessingS3Output{
				S3Uri:     aws.String(c.Store.Join("evaluations", name, "output").URI()),
				LocalPath: aws.String("/opt/ml/processing/output"), S3UploadMode: sdktypes.ProcessingS3UploadModeEndOfJob}}}},
	}
	job.NetworkConfig = m.processing(ctx, diags)
	job.ProcessingResources.ClusterConfig.VolumeKmsKeyId = m.VolumeKMSKeyID.ValueStringPointer()
	job.ProcessingOutputConfig.KmsKeyId = m.KMSKeyID.ValueStringPointer()
	if env := stringMap(ctx, m.Environment, diags); len(env) > 0 {
		job.Environment = env
	}
	add := func(channel, uri string) {
		job.ProcessingInputs = append(job.ProcessingInputs, sdktypes.ProcessingInput{InputName: aws.String(channel), S3Input: &sdktypes.ProcessingS3Input{
			S3Uri: aws.String(uri), LocalPath: aws.String("/opt/ml/processing/input/" + channel), S3DataType: sdktypes.ProcessingS3DataTypeS3Prefix,
			S3InputMode: sdktypes.ProcessingS3InputModeFile, S3DataDistributionType: sdktypes.ProcessingS3DataDistributionTypeFullyreplicated}})
	}
	add("model", in.model.URI)
	add("data", in.dataset.URI)
	if in.champion != nil {
		add("baseline", in.champion.ArtifactURI)
	}
	return job
}

// takeSecurity reads the network and the keys of the job.
func (m *evaluationModel) takeSecurity(ctx context.Context, job *sagemaker.Job, diags *diag.Diagnostics) {
	out := job.Processing
	var network sdktypes.NetworkConfig
	if out.NetworkConfig != nil {
		network = *out.NetworkConfig
	}
	var key, volumeKey *string
	if o := out.ProcessingOutputConfig; o != nil {
		key = o.KmsKeyId
	}
	if r := out.ProcessingResources; r != nil && r.ClusterConfig != nil {
		volumeKey = r.ClusterConfig.VolumeKmsKeyId
	}
	m.jobSecurity.read(ctx, network.VpcConfig, network.EnableNetworkIsolation, network.EnableInterContainerTrafficEncryption, key, volumeKey, diags)
}

// take copies what a job reports; what it wrote is read by collect, and null until then.
func (m *evaluationModel) take(job *sagemaker.Job) {
	m.ID, m.JobName, m.ARN, m.Status = types.StringValue(job.Name), types.StringValue(job.Name), types.StringValue(job.ARN), types.StringValue(job.Status)
	m.Attempt = types.Int64Null()
	if _, n, ok := sagemaker.SplitJobName(job.Name); ok {
		m.Attempt = types.Int64Value(int64(n))
	}
	m.Metrics, m.Examples, m.P95LatencyMS = types.MapNull(types.Float64Type), types.Int64Null(), types.Float64Null()
	m.ReportURI, m.ReportSHA256, m.PredictionsURI, m.PredictionsSHA256 = types.StringNull(), types.StringNull(), types.StringNull(), types.StringNull()
	m.EvidenceURI, m.Baseline = types.StringNull(), types.ObjectNull(baselineTypes)
}
