package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var (
	_ resource.ResourceWithConfigure      = (*trainingRunResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*trainingRunResource)(nil)
	_ resource.ResourceWithImportState    = (*trainingRunResource)(nil)
	_ resource.ResourceWithIdentity       = (*trainingRunResource)(nil)
	_ resource.ResourceWithValidateConfig = (*trainingRunResource)(nil)
)

func newTrainingRunResource() resource.Resource { return &trainingRunResource{} }

type trainingRunResource struct{ session *session }

func (r *trainingRunResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *trainingRunResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "titanicml_training_run"
}

func (r *trainingRunResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityBy("job_name", "Name of the training job.")
}

func (r *trainingRunResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	keepInt := []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A training job, run once for its inputs. The job is named after `name`, a hash of image, inputs, hyperparameters, resources and `triggers`, and the attempt; " +
			"an apply that was killed while it ran is picked up again by that name. `-replace` and taint train again; with `create_before_destroy` change `triggers` instead.",
		Attributes: map[string]schema.Attribute{
			"id":              computedString("The same as `job_name`."),
			"name":            runNameAttribute("First part of the job's name. A change applies to the next job."),
			"image":           schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{replaceString()}, MarkdownDescription: "Container image that honours the SageMaker training contract. On the local engine, a name that `local.images` of the provider maps to a command. " + replaceWhy},
			"role_arn":        roleAttribute(),
			"inputs":          schema.MapAttribute{Required: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{replaceMap()}, Validators: []validator.Map{mapvalidator.ValueStringsAre(s3Location{needsKey: true})}, MarkdownDescription: "S3 URI by channel, such as `{ train = titanicml_dataset.train.uri }`. " + replaceWhy},
			"hyperparameters": schema.MapAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{replaceMap()}, MarkdownDescription: "Hyperparameters, all strings. " + replaceWhy},
			"environment":     schema.MapAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{replaceMap()}, MarkdownDescription: "Environment of the container. " + replaceWhy},
			"metric_definitions": schema.ListNestedAttribute{
				Optional: true, PlanModifiers: []planmodifier.List{replaceList()}, Validators: []validator.List{listvalidator.SizeAtMost(40)},
				MarkdownDescription: "Metrics to read from what the container prints. " + replaceWhy,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name":  schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 255)}, MarkdownDescription: "Name of the metric."},
					"regex": schema.StringAttribute{Required: true, Validators: []validator.String{metricRegex{}}, MarkdownDescription: "Regular expression whose first group is the value, such as `cv_auc=([0-9.]+)`. The last match counts."},
				}},
			},
			"resources":   jobResourcesAttribute(),
			"use_spot":    schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()}, MarkdownDescription: "Use spot capacity; needs `max_wait`. " + replaceWhy},
			"max_runtime": durationAttribute("How long the job may run before it is stopped. Default `1h`.", "1h"),
			"max_wait":    schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{min: time.Second}}, MarkdownDescription: "How long the job may take with spot interruptions; at least `max_runtime`."},
			"triggers":    schema.MapAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{replaceTriggers()}, MarkdownDescription: "Any values whose change means: train again."},
			"entrypoint":  schema.ListAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.List{replaceList()}, MarkdownDescription: "Entry point instead of the image's own. " + replaceWhy},
			"arguments":   schema.ListAttribute{Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.List{replaceList()}, MarkdownDescription: "Arguments of the entry point. " + replaceWhy},
			"on_destroy":  onDestroyAttribute(onDestroyDelete, onDestroyStop),
			"tags":        tagsAttribute(),
			"tags_all":    tagsAllAttribute(),
			"timeouts":    timeouts.Attributes(ctx, timeouts.Opts{Create: true, Delete: true, CreateDescription: "How long to wait for the job. Default: `max_wait` or `max_runtime`, and 30 minutes.", DeleteDescription: "How long to wait for a stop. Default `20m`."}),

			"job_name":         computedString("Name of the job."),
			"arn":              computedString("ARN of the job."),
			"status":           computedString("`Completed`, `Failed`, `Stopped` or `InProgress`."),
			"secondary_status": computedString("SageMaker's finer status."),
			"input_hash":       computedString("SHA-256 over everything that decides the result."),
			"attempt":          schema.Int64Attribute{Computed: true, PlanModifiers: keepInt, MarkdownDescription: "Which attempt at these inputs this is; null for imported jobs that were named by others."},
			"metrics":          computedMetrics("Last value of each metric."),
			"artifact_uri":     computedString("The trained model, `model.tar.gz`; null until the job is Completed."),
			"artifact_sha256":  computedString("SHA-256 of the artifact, computed from its content."),
			"training_seconds": schema.Int64Attribute{Computed: true, PlanModifiers: keepInt, MarkdownDescription: "Seconds the job ran."},
			"billable_seconds": schema.Int64Attribute{Computed: true, PlanModifiers: keepInt, MarkdownDescription: "Seconds AWS bills."},
			"started_at":       computedString("When training started."),
			"ended_at":         computedString("When training ended; null when the wait for it was interrupted."),
			"log_tail":         computedString("The last lines of the log."),
			"log_file":         computedString("Where the whole log is: a file, or a CloudWatch log group and stream."),
			"progress_file":    computedString(progressText),
		},
	}
	addJobSecurity(resp.Schema.Attributes)
}

func (r *trainingRunResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m trainingRunModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.UseSpot.IsUnknown() || m.MaxWait.IsUnknown() || m.MaxRuntime.IsUnknown() {
		return
	}
	wait, limit := durationOr(m.MaxWait, 0), durationOr(m.MaxRuntime, time.Hour)
	if m.UseSpot.ValueBool() && wait < limit {
		resp.Diagnostics.AddAttributeError(path.Root("max_wait"), "max_wait too short",
			fmt.Sprintf("With use_spot, max_wait covers waiting and running: expected at least max_runtime (%s), got %s.", limit, m.MaxWait))
	}
	if !m.UseSpot.ValueBool() && !m.MaxWait.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("max_wait"), "max_wait without use_spot", "max_wait only means something with use_spot = true. Remove it, or set use_spot.")
	}
}

func (r *trainingRunResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	r.session.planTags(ctx, req, resp)
	r.session.planRole(ctx, req, resp)
	r.session.planProgress(ctx, progressTraining, req, resp)
}

func (r *trainingRunResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var m trainingRunModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	tagsAll, tags := r.session.applyTags(ctx, m.Tags, &resp.Diagnostics)
	limit := max(durationOr(m.MaxWait, 0), durationOr(m.MaxRuntime, time.Hour))
	timeout, d := m.Timeouts.Create(ctx, limit+provisioning)
	resp.Diagnostics.Append(d...)
	in := m.input(ctx, &resp.Diagnostics)
	hash, err := m.hash(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	const summary = "Training run not completed"
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	m.TagsAll, m.InputHash = tagsAll, types.StringValue(hash)
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	in.OutputDataConfig = &sdktypes.OutputDataConfig{S3OutputPath: aws.String(c.Store.Join("runs").URI()), KmsKeyId: m.KMSKeyID.ValueStringPointer()}
	if err := c.EnsureBucket(ctx, c.Store.Bucket); err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	job, adopted, err := c.StartJob(ctx, sagemaker.Run{Kind: sagemaker.Training, Name: m.Name.ValueString(), Hash: hash, Tags: tags,
		Create: func(ctx context.Context, name string, tags []sdktypes.Tag) error {
			in.TrainingJobName, in.Tags = &name, tags
			_, err := c.SageMaker.CreateTrainingJob(ctx, in)
			return err
		}})
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	killpoint.Here(killpoint.TrainingCreated)
	if adopted {
		if err := c.SyncTags(ctx, job.ARN, tags); err != nil {
			addError(&resp.Diagnostics, summary, err)
		}
	}
	watch := r.session.watchFor(ctx, progressTraining, m.Name.ValueString(), &m.ProgressFile)
	last, err := c.WaitJob(ctx, sagemaker.Training, job.Name, func(now *sagemaker.Job) {
		watch.job(ctx, c, now)
		if now.Status == sagemaker.JobInProgress && !now.Started.IsZero() {
			killpoint.Here(killpoint.TrainingWaiting)
		}
	})
	if last != nil {
		job = last
	}
	watch.end(&resp.Diagnostics)
	m.take(ctx, c, job, &resp.Diagnostics)
	if err != nil {
		interruptedWait(c, job, summary, m.ProgressFile.ValueString(), err, &resp.Diagnostics)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	}
	if job.Status == sagemaker.JobCompleted {
		etag := m.takeArtifact(ctx, c, &resp.Diagnostics)
		keepPrivate(ctx, resp.Private, "etag", privateText(etag), &resp.Diagnostics)
		m.warnMissingMetrics(ctx, c, job, &resp.Diagnostics)
	} else {
		failedJob(ctx, c, job, summary, m.ProgressFile.ValueString(), &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *trainingRunResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &req.State, &resp.State)
	var m trainingRunModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Training run not read", err)
		return
	}
	job, err := c.DescribeJob(ctx, sagemaker.Training, m.ID.ValueString())
	if sagemaker.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Training run not read", err)
		return
	}
	tags, err := c.ListTags(ctx, job.ARN)
	if err != nil {
		addError(&resp.Diagnostics, "Training run not read", err)
		return
	}
	m.takeSecurity(ctx, job, &resp.Diagnostics)
	imported := m.Image.IsNull()
	if imported {
		m.takeInputs(ctx, job, tags, &resp.Diagnostics)
		m.ProgressFile = types.StringValue(r.session.progressFile(progressTraining, m.Name.ValueString()))
	}
	if m.Status.ValueString() != job.Status || imported {
		interrupted := m.Status.ValueString() == sagemaker.JobInProgress
		m.take(ctx, c, job, &resp.Diagnostics)
		if interrupted {
			m.EndedAt = types.StringNull()
		}
	}
	m.Tags, m.TagsAll = r.session.readTags(sagemaker.UserTags(tags), m.Tags)
	if job.Status == sagemaker.JobCompleted {
		r.readArtifact(ctx, c, &m, req, resp)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// interrupted reports whether the create of this run ended before its job did, so that nobody has seen its result. Private state cannot
// say so: Terraform gives none to the delete of a tainted resource.
func (m *trainingRunModel) interrupted() bool {
	return m.Status.ValueString() == sagemaker.JobInProgress || m.Status.ValueString() == sagemaker.JobCompleted && m.EndedAt.IsNull()
}

// readArtifact notices an artifact that was deleted or overwritten outside. Its digest goes into state as it is now, so that what
// depends on the digest shows a change and what compares digests refuses.
func (r *trainingRunResource) readArtifact(ctx context.Context, c *sagemaker.Client, m *trainingRunModel, req resource.ReadRequest, resp *resource.ReadResponse) {
	info, err := c.Head(ctx, m.ArtifactURI.ValueString())
	if sagemaker.IsNotFound(err) {
		resp.Diagnostics.AddWarning("Artifact missing", fmt.Sprintf("Job %s is Completed, but its artifact %s was deleted. Versions of it cannot be served. "+
			"Train again with -replace.", m.ID.ValueString(), m.ArtifactURI.ValueString()))
		m.ArtifactSHA256 = types.StringNull()
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Training run not read", err)
		return
	}
	known, d := req.Private.GetKey(ctx, "etag")
	resp.Diagnostics.Append(d...)
	if fromPrivate(known) == info.ETag && !m.ArtifactSHA256.IsNull() {
		return
	}
	before := m.ArtifactSHA256.ValueString()
	etag := m.takeArtifact(ctx, c, &resp.Diagnostics)
	keepPrivate(ctx, resp.Private, "etag", privateText(etag), &resp.Diagnostics)
	if now := m.ArtifactSHA256.ValueString(); before != "" && now != before {
		resp.Diagnostics.AddWarning("Artifact changed outside Terraform", fmt.Sprintf("%s had sha256 %s and now has %s.", m.ArtifactURI.ValueString(), before, now))
	}
}

func (r *trainingRunResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var m trainingRunModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	m.TagsAll = r.session.updateJob(ctx, "Training run", m.ARN, m.Tags, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	keepPrivate(ctx, resp.Private, importedKey, nil, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *trainingRunResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m trainingRunModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	r.session.deleteJob(ctx, m.Timeouts, jobDeletion{what: "Training run", kind: sagemaker.Training, name: m.ID.ValueString(), onDestroy: m.OnDestroy.ValueString(),
		interrupted: m.interrupted(),
		names:       []string{m.ArtifactURI.ValueString(), m.ArtifactSHA256.ValueString(), m.ARN.ValueString(), m.ID.ValueString()},
		remove: func(ctx context.Context, c *sagemaker.Client) error {
			if uri := m.ArtifactURI.ValueString(); uri != "" {
				if err := c.Remove(ctx, uri); err != nil {
					return err
				}
			}
			return c.DeleteTrainingJob(ctx, m.ID.ValueString())
		},
	}, &resp.Diagnostics)
}

func (r *trainingRunResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importJob(ctx, req, resp)
	keepPrivate(ctx, resp.Private, importedKey, []byte("true"), &resp.Diagnostics)
}

type trainingRunModel struct {
	ID                types.String   `tfsdk:"id"`
	Name              types.String   `tfsdk:"name"`
	Image             types.String   `tfsdk:"image"`
	RoleARN           types.String   `tfsdk:"role_arn"`
	Inputs            types.Map      `tfsdk:"inputs"`
	Hyperparameters   types.Map      `tfsdk:"hyperparameters"`
	Environment       types.Map      `tfsdk:"environment"`
	MetricDefinitions types.List     `tfsdk:"metric_definitions"`
	Resources         types.Object   `tfsdk:"resources"`
	UseSpot           types.Bool     `tfsdk:"use_spot"`
	MaxRuntime        types.String   `tfsdk:"max_runtime"`
	MaxWait           types.String   `tfsdk:"max_wait"`
	Triggers          types.Map      `tfsdk:"triggers"`
	Entrypoint        types.List     `tfsdk:"entrypoint"`
	Arguments         types.List     `tfsdk:"arguments"`
	OnDestroy         types.String   `tfsdk:"on_destroy"`
	Tags              types.Map      `tfsdk:"tags"`
	TagsAll           types.Map      `tfsdk:"tags_all"`
	Timeouts          timeouts.Value `tfsdk:"timeouts"`
	JobName           types.String   `tfsdk:"job_name"`
	ARN               types.String   `tfsdk:"arn"`
	Status            types.String   `tfsdk:"status"`
	SecondaryStatus   types.String   `tfsdk:"secondary_status"`
	InputHash         types.String   `tfsdk:"input_hash"`
	Attempt           types.Int64    `tfsdk:"attempt"`
	Metrics           types.Map      `tfsdk:"metrics"`
	ArtifactURI       types.String   `tfsdk:"artifact_uri"`
	ArtifactSHA256    types.String   `tfsdk:"artifact_sha256"`
	TrainingSeconds   types.Int64    `tfsdk:"training_seconds"`
	BillableSeconds   types.Int64    `tfsdk:"billable_seconds"`
	StartedAt         types.String   `tfsdk:"started_at"`
	EndedAt           types.String   `tfsdk:"ended_at"`
	LogTail           types.String   `tfsdk:"log_tail"`
	LogFile           types.String   `tfsdk:"log_file"`
	ProgressFile      types.String   `tfsdk:"progress_file"`

	jobSecurity
}
