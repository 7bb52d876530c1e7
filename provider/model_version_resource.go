package provider

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var (
	_ resource.ResourceWithConfigure   = (*modelVersionResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*modelVersionResource)(nil)
	_ resource.ResourceWithImportState = (*modelVersionResource)(nil)
	_ resource.ResourceWithIdentity    = (*modelVersionResource)(nil)
)

func newModelVersionResource() resource.Resource { return &modelVersionResource{} }

type modelVersionResource struct{ session *session }

func (r *modelVersionResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *modelVersionResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "titanicml_model_version"
}

func (r *modelVersionResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityBy("arn", "ARN of the version.")
}

var groupName = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)

func (r *modelVersionResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{replaceString()}
	list := func(text string, fallback ...string) schema.Attribute {
		return schema.ListAttribute{Optional: true, Computed: true, ElementType: types.StringType, PlanModifiers: []planmodifier.List{replaceList()},
			Default: listdefault.StaticValue(optionalList(fallback)), Validators: []validator.List{listvalidator.SizeAtLeast(1)}, MarkdownDescription: text}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A version in a model package group, registered as `PendingManualApproval`, with the digests of its artifact, evaluation and data. A missing group is created, with tags, and never deleted. " +
			"Registering the same content again finds the version that is there. Only `titanicml_promotion` (or a person) approves it.",
		Attributes: map[string]schema.Attribute{
			"id":                  computedString("The same as `arn`."),
			"model_package_group": schema.StringAttribute{Required: true, PlanModifiers: replace, Validators: []validator.String{stringvalidator.RegexMatches(groupName, "must be 1 to 63 letters, digits and hyphens")}, MarkdownDescription: "Group of the version."},
			"group_description":   schema.StringAttribute{Optional: true, MarkdownDescription: "Description of the group, used when this resource creates it."},
			"image":               schema.StringAttribute{Required: true, PlanModifiers: replace, MarkdownDescription: "Container image that serves the model."},
			"artifact_uri":        schema.StringAttribute{Required: true, PlanModifiers: replace, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "The model artifact, `model.tar.gz`."},
			"artifact_sha256": schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{stringvalidator.RegexMatches(sha256Hex, "must be 64 lower-case hex digits")},
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown(), replaceString()}, MarkdownDescription: "Digest the artifact must have; another one is refused. Computed from the content when not given."},
			"training_run":   schema.StringAttribute{Optional: true, PlanModifiers: replace, MarkdownDescription: "Name of the training job that made the artifact (`titanicml_training_run.x.id`); recorded as lineage and checked."},
			"evaluation":     schema.StringAttribute{Optional: true, PlanModifiers: replace, MarkdownDescription: "Evaluation of this artifact (`titanicml_evaluation.x.id`); recorded as model metrics. One of another artifact is refused."},
			"content_types":  list("MIME types the model takes. Default `text/csv`, `application/json`.", "text/csv", "application/json"),
			"response_types": list("MIME types the model answers with. Default `text/csv`, `application/json`.", "text/csv", "application/json"),
			"instance_types": list("Instance types the model may be served on. Default `ml.m5.large`, `ml.t2.medium`.", "ml.m5.large", "ml.t2.medium"),
			"description":    schema.StringAttribute{Optional: true, PlanModifiers: replace, Validators: []validator.String{stringvalidator.LengthAtMost(1024)}, MarkdownDescription: "Description of the version."},
			"metadata": schema.MapAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Map{mapvalidator.SizeAtMost(40),
				mapvalidator.KeysAre(stringvalidator.LengthBetween(1, 128), notPrefixed("titanicml_")),
				mapvalidator.ValueStringsAre(stringvalidator.LengthBetween(1, 256))},
				MarkdownDescription: "Further customer metadata; updated in place. Keys starting with `titanicml_` are the provider's."},
			"on_destroy": onDestroyAttribute(onDestroyDelete),
			"tags": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Tags of the group: versions take none. Together with `default_tags` and the tags the group has, they must hold every key of `required_tags`."},
			"tags_all":        tagsAllAttribute(),
			"arn":             computedString("ARN of the version."),
			"version":         schema.Int64Attribute{Computed: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}, MarkdownDescription: "Number of the version in its group."},
			"approval_status": computedString("`PendingManualApproval`, `Approved` or `Rejected`, as last read."),
			"group_arn":       computedString("ARN of the group."),
		},
	}
}

func (r *modelVersionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.session == nil || req.Plan.Raw.IsNull() {
		return
	}
	var own types.Map
	var group types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("tags"), &own)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("model_package_group"), &group)...)
	if resp.Diagnostics.HasError() {
		return
	}
	all := r.session.mergeTags(own)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("tags_all"), all)...)
	if all.IsUnknown() || group.IsUnknown() || len(r.session.missingTags(all)) == 0 {
		return
	}
	r.session.checkTags(r.withGroupTags(ctx, group.ValueString(), all), &resp.Diagnostics)
}

// withGroupTags adds the tags an existing group has; a group that cannot be read adds none.
func (r *modelVersionResource) withGroupTags(ctx context.Context, group string, all types.Map) types.Map {
	c, err := r.session.client(ctx)
	if err != nil {
		return all
	}
	out, err := c.SageMaker.DescribeModelPackageGroup(ctx, &sdk.DescribeModelPackageGroupInput{ModelPackageGroupName: &group})
	if err != nil {
		return all
	}
	has, err := c.ListTags(ctx, aws.ToString(out.ModelPackageGroupArn))
	if err != nil {
		return all
	}
	merged := stringMapValue(has).Elements()
	maps.Copy(merged, all.Elements())
	return types.MapValueMust(types.StringType, merged)
}

func (r *modelVersionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	const summary = "Model version not registered"
	var m modelVersionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	m.TagsAll = r.session.mergeTags(m.Tags)
	lineage := m.lineage(ctx, c, &resp.Diagnostics)
	r.session.checkTags(r.withGroupTags(ctx, m.Group.ValueString(), m.TagsAll), &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	tags := stringMap(ctx, m.TagsAll, &resp.Diagnostics)
	groupARN, created, err := c.EnsureGroup(ctx, m.Group.ValueString(), m.GroupDescription.ValueString(), tags)
	if err == nil && !created {
		err = c.AddTags(ctx, groupARN, tags)
	}
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	hash := lineage.metadata[sagemaker.MetaInputHash]
	found, err := c.FindPackage(ctx, m.Group.ValueString(), sagemaker.MetaInputHash, hash)
	if err == nil && found != nil {
		err = syncMetadata(ctx, c, found.ARN, userMetadata(found.Metadata), stringMap(ctx, m.Metadata, &resp.Diagnostics))
	} else if err == nil {
		found, err = c.CreatePackage(ctx, m.input(ctx, lineage, &resp.Diagnostics), hash)
		killpoint.Here(killpoint.PackageCreated)
	}
	if err != nil {
		addError(&resp.Diagnostics, summary, err)
		return
	}
	m.GroupARN, m.ArtifactSHA256 = types.StringValue(groupARN), types.StringValue(lineage.metadata[sagemaker.MetaArtifactSHA256])
	m.take(found)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *modelVersionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &req.State, &resp.State)
	var m modelVersionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Model version not read", err)
		return
	}
	p, err := c.DescribePackage(ctx, m.ID.ValueString())
	if sagemaker.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Model version not read", err)
		return
	}
	if m.Group.IsNull() {
		m.Group, m.OnDestroy = types.StringValue(p.Group), types.StringValue(onDestroyRetain)
		m.GroupARN = types.StringValue(groupARN(p.ARN, p.Group))
	}
	m.take(p)
	m.takeContent(p)
	has, err := c.ListTags(ctx, m.GroupARN.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Model version not read", err)
		return
	}
	m.readGroupTags(r.session, has)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *modelVersionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var m, state modelVersionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Model version not updated", err)
		return
	}
	m.TagsAll = r.session.mergeTags(m.Tags)
	r.session.checkTags(r.withGroupTags(ctx, m.Group.ValueString(), m.TagsAll), &resp.Diagnostics)
	want, have := stringMap(ctx, m.Metadata, &resp.Diagnostics), stringMap(ctx, state.Metadata, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	err = c.AddTags(ctx, m.GroupARN.ValueString(), stringMap(ctx, m.TagsAll, &resp.Diagnostics))
	if err == nil {
		err = syncMetadata(ctx, c, m.ARN.ValueString(), have, want)
	}
	if err != nil {
		addError(&resp.Diagnostics, "Model version not updated", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *modelVersionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m modelVersionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.OnDestroy.ValueString() != onDestroyDelete {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Model version not deleted", err)
		return
	}
	if refuseReferenced(ctx, c, &resp.Diagnostics, "Model version", m.ARN.ValueString()) {
		return
	}
	_, err = c.SageMaker.DeleteModelPackage(ctx, &sdk.DeleteModelPackageInput{ModelPackageName: aws.String(m.ARN.ValueString())})
	if err != nil && !sagemaker.IsNotFound(err) {
		addError(&resp.Diagnostics, "Model version not deleted", fmt.Errorf("deleting %s: %w", m.ARN.ValueString(), err))
	}
}

func (r *modelVersionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	arn := importID(ctx, req, resp)
	if _, _, err := sagemaker.ParsePackageARN(arn); err != nil {
		resp.Diagnostics.AddError("Model version not imported", err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), arn)...)
}

type modelVersionModel struct {
	ID               types.String `tfsdk:"id"`
	Group            types.String `tfsdk:"model_package_group"`
	GroupDescription types.String `tfsdk:"group_description"`
	Image            types.String `tfsdk:"image"`
	ArtifactURI      types.String `tfsdk:"artifact_uri"`
	ArtifactSHA256   types.String `tfsdk:"artifact_sha256"`
	TrainingRun      types.String `tfsdk:"training_run"`
	Evaluation       types.String `tfsdk:"evaluation"`
	ContentTypes     types.List   `tfsdk:"content_types"`
	ResponseTypes    types.List   `tfsdk:"response_types"`
	InstanceTypes    types.List   `tfsdk:"instance_types"`
	Description      types.String `tfsdk:"description"`
	Metadata         types.Map    `tfsdk:"metadata"`
	OnDestroy        types.String `tfsdk:"on_destroy"`
	Tags             types.Map    `tfsdk:"tags"`
	TagsAll          types.Map    `tfsdk:"tags_all"`
	ARN              types.String `tfsdk:"arn"`
	Version          types.Int64  `tfsdk:"version"`
	ApprovalStatus   types.String `tfsdk:"approval_status"`
	GroupARN         types.String `tfsdk:"group_arn"`
}

// versionLineage is where a version comes from, as it goes into the registry.
type versionLineage struct {
	metadata map[string]string
	report   *manifest.File
}

var datasetDigest = regexp.MustCompile(`/data/sha256/([0-9a-f]{64})/`)

// lineage checks that artifact, run and evaluation belong together and collects their digests.
func (m *modelVersionModel) lineage(ctx context.Context, c *sagemaker.Client, diags *diag.Diagnostics) versionLineage {
	l := versionLineage{metadata: map[string]string{}}
	uri := m.ArtifactURI.ValueString()
	sum, _, err := c.Digest(ctx, uri)
	if err != nil {
		text := sagemaker.Explain(err)
		if sagemaker.IsNotFound(err) {
			text = fmt.Sprintf("There is no object %s. Expected the artifact of a completed training run.", uri)
		}
		diags.AddAttributeError(path.Root("artifact_uri"), "Artifact not readable", text)
		return l
	}
	if want := m.ArtifactSHA256.ValueString(); want != "" && want != sum {
		diags.AddAttributeError(path.Root("artifact_sha256"), "Artifact is not the one to register",
			fmt.Sprintf("%s has sha256 %s, expected %s. It was overwritten after training, or artifact_sha256 belongs to another artifact.", uri, sum, want))
	}
	l.metadata[sagemaker.MetaArtifactSHA256] = sum
	if run := m.TrainingRun.ValueString(); run != "" {
		job, err := c.DescribeJob(ctx, sagemaker.Training, run)
		if err != nil {
			diags.AddAttributeError(path.Root("training_run"), "Training run not readable", sagemaker.Explain(err))
			return l
		}
		made := ""
		if job.Training.ModelArtifacts != nil {
			made = aws.ToString(job.Training.ModelArtifacts.S3ModelArtifacts)
		}
		if job.Status != sagemaker.JobCompleted || made != uri {
			diags.AddAttributeError(path.Root("training_run"), "Training run of another artifact",
				fmt.Sprintf("Job %s is %s and its artifact is %q, but artifact_uri is %q. Name the run that made this artifact.", run, job.Status, made, uri))
		}
		l.metadata[sagemaker.MetaRun], l.metadata[sagemaker.MetaRunARN] = run, job.ARN
		for _, ch := range job.Training.InputDataConfig {
			if ch.DataSource == nil || ch.DataSource.S3DataSource == nil {
				continue
			}
			if d := datasetDigest.FindStringSubmatch(aws.ToString(ch.DataSource.S3DataSource.S3Uri)); d != nil && (len(job.Training.InputDataConfig) == 1 || aws.ToString(ch.ChannelName) == "train") {
				l.metadata[sagemaker.MetaDatasetSHA256] = d[1]
			}
		}
	}
	if id := m.Evaluation.ValueString(); id != "" {
		m.evaluationLineage(ctx, c, id, sum, &l, diags)
	}
	hash, err := sagemaker.InputHash(map[string]any{
		"kind": "model_version", "group": m.Group.ValueString(), "image": m.Image.ValueString(), "artifact": uri, "description": m.Description.ValueString(),
		"lineage": maps.Clone(l.metadata),
		"types":   [][]string{stringList(ctx, m.ContentTypes, diags), stringList(ctx, m.ResponseTypes, diags), stringList(ctx, m.InstanceTypes, diags)},
	})
	if err != nil {
		addError(diags, "Model version not registered", err)
	}
	l.metadata[sagemaker.MetaInputHash] = hash
	return l
}

func (m *modelVersionModel) evaluationLineage(ctx context.Context, c *sagemaker.Client, id, artifact string, l *versionLineage, diags *diag.Diagnostics) {
	at := path.Root("evaluation")
	doc, file, err := decision.ReadEvidence(ctx, c, id)
	if err != nil {
		why := strings.TrimSuffix(sagemaker.Explain(err), ".")
		if sagemaker.IsNotFound(err) {
			why = fmt.Sprintf("Evaluation %q has no evidence at %s", id, file.URI)
		}
		diags.AddAttributeError(at, "Evaluation not readable", why+". Expected the id of a titanicml_evaluation in the same store.")
		return
	}
	if doc.Model.SHA256 != artifact {
		diags.AddAttributeError(at, "Evaluation of another model",
			fmt.Sprintf("Evaluation %s scored an artifact with sha256 %s, this one has %s. Evaluate this artifact and name that evaluation.", id, doc.Model.SHA256, artifact))
		return
	}
	if got, _, err := c.Digest(ctx, doc.Report.URI); err != nil || got != doc.Report.SHA256 {
		if err == nil {
			err = fmt.Errorf("%s has sha256 %s, its evidence says %s: it was changed after the evaluation. Evaluate again with -replace", doc.Report.URI, got, doc.Report.SHA256)
		}
		diags.AddAttributeError(at, "Evaluation report not as evaluated", sagemaker.Explain(err)+".")
		return
	}
	l.report = &doc.Report
	l.metadata[sagemaker.MetaEvaluation], l.metadata[sagemaker.MetaEvaluationSHA256] = id, doc.Report.SHA256
	if doc.Predictions != nil {
		l.metadata[sagemaker.MetaPredictionsSHA256] = doc.Predictions.SHA256
	}
}

func (m *modelVersionModel) input(ctx context.Context, l versionLineage, diags *diag.Diagnostics) *sdk.CreateModelPackageInput {
	metadata := stringMap(ctx, m.Metadata, diags)
	maps.Copy(metadata, l.metadata)
	in := &sdk.CreateModelPackageInput{
		ModelPackageGroupName: aws.String(m.Group.ValueString()), ModelApprovalStatus: sdktypes.ModelApprovalStatusPendingManualApproval,
		CustomerMetadataProperties: metadata,
		InferenceSpecification: &sdktypes.InferenceSpecification{
			Containers:            []sdktypes.ModelPackageContainerDefinition{{Image: aws.String(m.Image.ValueString()), ModelDataUrl: aws.String(m.ArtifactURI.ValueString())}},
			SupportedContentTypes: stringList(ctx, m.ContentTypes, diags), SupportedResponseMIMETypes: stringList(ctx, m.ResponseTypes, diags),
		},
	}
	if d := m.Description.ValueString(); d != "" {
		in.ModelPackageDescription = &d
	}
	for _, t := range stringList(ctx, m.InstanceTypes, diags) {
		in.InferenceSpecification.SupportedRealtimeInferenceInstanceTypes = append(in.InferenceSpecification.SupportedRealtimeInferenceInstanceTypes, sdktypes.ProductionVariantInstanceType(t))
	}
	if l.report != nil {
		in.ModelMetrics = &sdktypes.ModelMetrics{ModelQuality: &sdktypes.ModelQuality{Statistics: &sdktypes.MetricsSource{
			ContentType: aws.String("application/json"), S3Uri: aws.String(l.report.URI), ContentDigest: aws.String(sagemaker.SHA256Digest(l.report.SHA256))}}}
	}
	return in
}

func (m *modelVersionModel) take(p *sagemaker.Package) {
	m.ID, m.ARN, m.Version = types.StringValue(p.ARN), types.StringValue(p.ARN), types.Int64Value(int64(p.Version))
	m.ApprovalStatus = types.StringValue(string(p.Approval))
}

// takeContent reads the registered content back; versions are immutable, so this matters for import and for edited metadata.
func (m *modelVersionModel) takeContent(p *sagemaker.Package) {
	m.Image, m.ArtifactURI = types.StringValue(p.Image), types.StringValue(p.ArtifactURI)
	m.Description = optionalString(aws.ToString(p.Raw.ModelPackageDescription))
	if s := p.Raw.InferenceSpecification; s != nil {
		var instances []string
		for _, t := range s.SupportedRealtimeInferenceInstanceTypes {
			instances = append(instances, string(t))
		}
		m.ContentTypes, m.ResponseTypes, m.InstanceTypes = optionalList(s.SupportedContentTypes), optionalList(s.SupportedResponseMIMETypes), optionalList(instances)
	}
	m.ArtifactSHA256 = optionalString(p.Metadata[sagemaker.MetaArtifactSHA256])
	m.TrainingRun, m.Evaluation = optionalString(p.Metadata[sagemaker.MetaRun]), optionalString(p.Metadata[sagemaker.MetaEvaluation])
	mine := userMetadata(p.Metadata)
	if len(mine) > 0 || !m.Metadata.IsNull() {
		m.Metadata = stringMapValue(mine)
	}
}

// userMetadata drops the keys that the provider writes.
func userMetadata(all map[string]string) map[string]string {
	mine := map[string]string{}
	for k, v := range all {
		if !strings.HasPrefix(k, "titanicml_") {
			mine[k] = v
		}
	}
	return mine
}

// syncMetadata makes a version's user metadata equal to want.
func syncMetadata(ctx context.Context, c *sagemaker.Client, arn string, have, want map[string]string) error {
	set, gone := sagemaker.DiffTags(have, want)
	if len(set) == 0 && len(gone) == 0 {
		return nil
	}
	in := &sdk.UpdateModelPackageInput{ModelPackageArn: &arn, CustomerMetadataPropertiesToRemove: gone}
	if len(set) > 0 {
		in.CustomerMetadataProperties = set
	}
	if _, err := c.SageMaker.UpdateModelPackage(ctx, in); err != nil {
		return fmt.Errorf("updating the metadata of %s: %w", arn, err)
	}
	return nil
}

// readGroupTags compares only the tags this resource set: the group belongs to others, too.
func (m *modelVersionModel) readGroupTags(s *session, has map[string]string) {
	keep := func(want types.Map) types.Map {
		elems := map[string]attr.Value{}
		for k := range want.Elements() {
			if v, ok := has[k]; ok {
				elems[k] = types.StringValue(v)
			}
		}
		return types.MapValueMust(types.StringType, elems)
	}
	if !m.Tags.IsNull() {
		m.Tags = keep(m.Tags)
	}
	if m.TagsAll.IsNull() {
		m.TagsAll = s.mergeTags(m.Tags)
	}
	m.TagsAll = keep(m.TagsAll)
}

func groupARN(versionARN, group string) string {
	prefix, _, _ := strings.Cut(versionARN, ":model-package/")
	return prefix + ":model-package-group/" + group
}
