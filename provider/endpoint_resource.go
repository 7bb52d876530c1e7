package provider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/rollout"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var (
	_ resource.ResourceWithConfigure        = (*endpointResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*endpointResource)(nil)
	_ resource.ResourceWithImportState      = (*endpointResource)(nil)
	_ resource.ResourceWithIdentity         = (*endpointResource)(nil)
	_ resource.ResourceWithConfigValidators = (*endpointResource)(nil)
	_ resource.ResourceWithValidateConfig   = (*endpointResource)(nil)
)

const (
	// awaitingPromotion is the status of an endpoint whose group has no champion yet; no AWS object exists.
	awaitingPromotion = "AwaitingPromotion"
	inService         = "InService"
)

// endpointName is SageMaker's pattern for endpoints.
var endpointName = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)

func newEndpointResource() resource.Resource { return &endpointResource{} }

type endpointResource struct{ session *session }

func (r *endpointResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *endpointResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "titanicml_endpoint"
}

func (r *endpointResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityBy("name", "Name of the endpoint.")
}

func (r *endpointResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Version: 1, // see UpgradeState
		MarkdownDescription: "An endpoint that serves what a promotion decided, and only that. What served before goes on serving until the new version does; " +
			"an update that SageMaker rolls back, or that fails its smoke test, fails the apply. Capacity of a running endpoint is left to autoscaling.\n\n" +
			"Destroy deletes the endpoint with the configurations and models made for it, and nothing else.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}, MarkdownDescription: "The same as `name`."},
			"name": schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:          []validator.String{stringvalidator.RegexMatches(endpointName, "must be 1 to 63 letters, digits and hyphens between them")},
				MarkdownDescription: "Name of the endpoint. An endpoint of that name that this configuration did not make is refused; import it to take it over."},
			"serving":    servingAttribute(),
			"role_arn":   schema.StringAttribute{Optional: true, MarkdownDescription: "Role the container runs with. Required on AWS."},
			"instance":   endpointInstanceAttribute(),
			"serverless": endpointServerlessAttribute(),
			"environment": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Environment variables of the container. Another value is a new deployment."},
			"vpc_config":               vpcConfigAttribute("Network of the container, as `aws_sagemaker_model` has it. Another one is a new deployment."),
			"enable_network_isolation": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the container gets no network at all. Default `false`. Another value is a new deployment."},
			"kms_key_arn":              schema.StringAttribute{Optional: true, MarkdownDescription: "KMS key of the instances' volumes, as `aws_sagemaker_endpoint_configuration` has it. Another one is a new deployment. Serverless endpoints have none."},
			"rollout":                  endpointRolloutAttribute(),
			"smoke_test":               endpointSmokeTestAttribute(),
			"tags":                     tagsAttribute(),
			"tags_all":                 tagsAllAttribute(),
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Update: true, Delete: true,
				CreateDescription: "How long to wait for the endpoint. Default `30m`.",
				UpdateDescription: "How long to wait for an update. Default: the rollout's `max_execution`, its `termination_wait` and 15 minutes.",
				DeleteDescription: "How long to wait for the end. Default `20m`."}),
			"arn":                  schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the endpoint; null while it awaits a promotion."},
			"status":               schema.StringAttribute{Computed: true, MarkdownDescription: "`InService`, or `AwaitingPromotion` while there is no champion and no AWS object; otherwise as SageMaker says."},
			"endpoint_config_name": schema.StringAttribute{Computed: true, MarkdownDescription: "The configuration in service, named by its content: a plan knows it, and a change made outside shows."},
			"model_name":           schema.StringAttribute{Computed: true, MarkdownDescription: "The SageMaker model in service, named by its content."},
			"model_package_arn":    schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the version in service."},
			"version":              schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the version in service."},
			"progress_file":        computedString(progressText),
		},
	}
}

func (r *endpointResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{resourcevalidator.ExactlyOneOf(path.MatchRoot("instance"), path.MatchRoot("serverless"))}
}

func (r *endpointResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m endpointModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if !resp.Diagnostics.HasError() {
		m.validate(ctx, &resp.Diagnostics)
	}
}

func (r *endpointResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.session == nil {
		return
	}
	r.session.planTags(ctx, req, resp)
	var plan endpointModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	var state *endpointModel
	if !req.State.Raw.IsNull() {
		state = &endpointModel{}
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.session.local && plan.RoleARN.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("role_arn"), "Missing role",
			"engine = \"sagemaker\" needs role_arn, the role that the container runs with. Got none.")
		return
	}
	if plan.ProgressFile.IsUnknown() && !plan.Name.IsUnknown() && r.session.progressDir != "" {
		plan.ProgressFile = types.StringValue(r.session.progressFile(progressEndpoint, plan.Name.ValueString()))
	}
	r.plan(ctx, &plan, state, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// plan says what the endpoint will be, as far as it is known, and refuses a version that no approved decision names.
func (r *endpointResource) plan(ctx context.Context, plan, state *endpointModel, diags *diag.Diagnostics) {
	plan.ID = plan.Name
	exists := state != nil && !state.ARN.IsNull() && state.Name.Equal(plan.Name)
	switch {
	case plan.Serving.IsNull() && exists:
		plan.keep(state)
		diags.AddAttributeWarning(path.Root("serving"), "Endpoint without a promotion",
			fmt.Sprintf("serving is null, and endpoint %s goes on serving version %d. Destroy the endpoint to take it out of service.", plan.Name.ValueString(), state.Version.ValueInt64()))
	case plan.Serving.IsNull():
		plan.await()
		diags.AddAttributeWarning(path.Root("serving"), "Endpoint awaits a promotion",
			fmt.Sprintf("No version of the group is promoted yet, so endpoint %s is not created. An apply after the promotion creates it.", plan.Name.ValueString()))
	case plan.unknownInputs():
		plan.forget(state)
	default:
		spec := r.spec(ctx, plan, nil, diags)
		if diags.HasError() {
			return
		}
		if exists && state.ConfigName.ValueString() == spec.ConfigName() && state.Status.ValueString() == inService {
			plan.keep(state)
			return
		}
		arn := types.StringUnknown()
		if exists {
			arn = state.ARN
		}
		plan.serve(spec, arn)
		if c, err := r.session.client(ctx); err != nil {
			addError(diags, "Decision not checked", err)
		} else if err := rollout.CheckDecision(ctx, c, spec.Serving); err != nil {
			refusePlannedServing(diags, err)
		}
	}
}

func (r *endpointResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan endpointModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	tagsAll, tags := r.session.applyTags(ctx, plan.Tags, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.TagsAll, plan.ID = tagsAll, plan.Name
	if plan.ProgressFile.IsUnknown() {
		plan.ProgressFile = types.StringValue(r.session.progressFile(progressEndpoint, plan.Name.ValueString()))
	}
	if plan.Serving.IsNull() {
		plan.await()
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		return
	}
	limit, d := plan.Timeouts.Create(ctx, 30*time.Minute)
	resp.Diagnostics.Append(d...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	e := r.deploy(ctx, &plan, nil, tags, &resp.Diagnostics)
	if e == nil {
		return
	}
	// After an error the endpoint is kept in state, tainted, so that destroy finds it.
	plan.take(e)
	resp.Diagnostics.Append(resp.State.Set(context.WithoutCancel(ctx), &plan)...)
}

func (r *endpointResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &req.State, &resp.State)
	var state endpointModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Endpoint not read", err)
		return
	}
	e, err := rollout.Find(ctx, c, state.Name.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "Endpoint not read", err)
		return
	}
	if e == nil {
		if state.Status.ValueString() != awaitingPromotion {
			resp.State.RemoveResource(ctx)
		}
		return
	}
	if state.Status.ValueString() == awaitingPromotion {
		// Somebody made an endpoint of our name; the next apply says so, here it is none of ours.
		return
	}
	if state.Instance.IsNull() && state.Serverless.IsNull() {
		state.adopt(ctx, e, &resp.Diagnostics)
		state.ProgressFile = types.StringValue(r.session.progressFile(progressEndpoint, e.Name))
	}
	state.take(e)
	state.Tags, state.TagsAll = r.session.readTags(sagemaker.UserTags(e.Tags), state.Tags)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *endpointResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan, state endpointModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	tagsAll, tags := r.session.applyTags(ctx, plan.Tags, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.TagsAll = tagsAll
	if plan.ProgressFile.IsUnknown() {
		plan.ProgressFile = types.StringValue(r.session.progressFile(progressEndpoint, plan.Name.ValueString()))
	}
	if plan.Serving.IsNull() {
		r.updateUnpromoted(ctx, &plan, &state, tags, &resp.Diagnostics)
	} else {
		limit, d := plan.Timeouts.Update(ctx, plan.policy(ctx, &resp.Diagnostics).DefaultTimeout())
		resp.Diagnostics.Append(d...)
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		if e := r.deploy(ctx, &plan, &state, tags, &resp.Diagnostics); e != nil {
			plan.take(e)
		}
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// updateUnpromoted brings tags up to date where there is an endpoint, and leaves what it serves.
func (r *endpointResource) updateUnpromoted(ctx context.Context, plan, state *endpointModel, tags map[string]string, diags *diag.Diagnostics) {
	if state.ARN.IsNull() {
		plan.await()
		return
	}
	plan.keep(state)
	c, err := r.session.client(ctx)
	if err == nil {
		err = c.SyncTags(ctx, state.ARN.ValueString(), tags)
	}
	if err != nil {
		addError(diags, "Endpoint not tagged", err)
	}
}

func (r *endpointResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state endpointModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.Status.ValueString() == awaitingPromotion {
		return
	}
	limit, d := state.Timeouts.Delete(ctx, 20*time.Minute)
	resp.Diagnostics.Append(d...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := r.session.client(ctx)
	if err == nil {
		err = rollout.Delete(ctx, c, state.Name.ValueString())
	}
	if err != nil {
		addError(&resp.Diagnostics, "Endpoint not deleted", err)
	}
}

func (r *endpointResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name := importID(ctx, req, resp)
	if !endpointName.MatchString(name) {
		resp.Diagnostics.AddError("Endpoint not imported", fmt.Sprintf("Got %q; expected the endpoint's name.", name))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), name)...)
}

// deploy brings the endpoint to what the plan says and tries it. On an error it has been reported, what served before serves
// again, and the endpoint is returned where it exists all the same.
func (r *endpointResource) deploy(ctx context.Context, plan, state *endpointModel, tags map[string]string, diags *diag.Diagnostics) *rollout.Endpoint {
	const summary = "Endpoint not deployed"
	c, err := r.session.client(ctx)
	if err != nil {
		addError(diags, summary, err)
		return nil
	}
	spec := r.spec(ctx, plan, tags, diags)
	test := plan.smokeTest(ctx, diags)
	if diags.HasError() {
		return nil
	}
	before, err := rollout.Find(ctx, c, spec.Endpoint)
	if err != nil {
		addError(diags, summary, err)
		return nil
	}
	if state == nil || before == nil || before.Config != spec.ConfigName() {
		if err := rollout.Check(ctx, c, spec.Serving); err != nil {
			refuseServing(diags, err)
			return nil
		}
	}
	watch := r.session.watchFor(ctx, progressEndpoint, spec.Endpoint, &plan.ProgressFile)
	defer watch.end(diags)
	spec.Watch = watch.endpoint
	var e *rollout.Endpoint
	deployed := true
	if state == nil || state.ARN.IsNull() {
		before = nil
		e, err = rollout.Create(ctx, c, spec)
	} else {
		e, deployed, err = rollout.Update(ctx, c, spec, plan.changesCount(ctx, state, diags))
	}
	if err != nil {
		r.explain(ctx, c, spec, err, diags)
		return e
	}
	if test != nil {
		if err := test.Run(ctx, c, spec.Endpoint); err != nil {
			return r.failSmokeTest(ctx, c, spec, e, before, deployed, err, diags)
		}
	}
	if err := rollout.CleanUp(ctx, c, spec.Endpoint); err != nil {
		diags.AddWarning("Old configurations not deleted", fmt.Sprintf("Endpoint %s serves version %d, but what it no longer uses is still there: %s. The next deployment tries again.",
			spec.Endpoint, spec.Serving.Version, sagemaker.Explain(err)))
	}
	return e
}

// failSmokeTest reports a failed test and undoes the deployment: the old configuration serves again, or, where there was none,
// the endpoint is deleted.
func (r *endpointResource) failSmokeTest(ctx context.Context, c *sagemaker.Client, spec rollout.Spec, e, before *rollout.Endpoint, deployed bool, cause error, diags *diag.Diagnostics) *rollout.Endpoint {
	// Undoing goes on when the wait was interrupted or timed out: a version that fails must not stay in service.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Minute)
	defer cancel()
	outcome := "What served before was not touched."
	var err error
	switch {
	case before == nil:
		if err = rollout.Delete(ctx, c, spec.Endpoint); err == nil {
			outcome, e = "Nothing served before, so the endpoint was deleted again.", nil
		}
	case deployed && before.Config != spec.ConfigName():
		if err = rollout.PutBack(ctx, c, spec, before.Config); err == nil {
			outcome = fmt.Sprintf("Configuration %s was put back in service.", before.Config)
			err = rollout.CleanUp(ctx, c, spec.Endpoint)
		}
	}
	if err != nil {
		outcome = "Undoing the deployment did not succeed: " + sagemaker.Explain(err)
	}
	diags.AddAttributeError(path.Root("smoke_test"), "Endpoint failed its smoke test",
		fmt.Sprintf("Version %d on endpoint %s: %s.\n%s\nTry it by hand, promote another version, or correct the test.", spec.Serving.Version, spec.Endpoint, sagemaker.Explain(cause), outcome))
	return e
}

// explain reports an error of a deployment with what to do about it.
func (r *endpointResource) explain(ctx context.Context, c *sagemaker.Client, spec rollout.Spec, err error, diags *diag.Diagnostics) {
	var taken *rollout.NotOursError
	var back *rollout.RolledBackError
	var failed *rollout.FailedError
	switch {
	case errors.As(err, &taken):
		diags.AddAttributeError(path.Root("name"), "Endpoint exists already",
			fmt.Sprintf("%s, and this configuration did not make it, or made it from other inputs. It was not touched. To take it over:\n\n  terraform import ADDRESS %s\n\nor choose another name.", err, spec.Endpoint))
	case errors.As(err, &back):
		detail := fmt.Sprintf("%s.\nNothing else changed. Correct the cause (the container's log names it), and apply again.", err)
		if err := rollout.CleanUp(ctx, c, spec.Endpoint); err != nil {
			detail += "\nThe refused configuration was not deleted: " + sagemaker.Explain(err)
		}
		diags.AddError("Endpoint update rolled back", detail)
	case errors.As(err, &failed) && failed.Status == string(sdktypes.EndpointStatusUpdateRollbackFailed):
		diags.AddError("Endpoint failed", fmt.Sprintf("%s.\nIt still answers, with a mix of its old and its new configuration, so -replace would take it out of service. "+
			"Bring it back to InService as https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-rolling.html says, then apply again. "+
			"Where a gap in service can be borne: terraform apply -replace=ADDRESS.", err))
	case errors.As(err, &failed):
		diags.AddError("Endpoint failed", fmt.Sprintf("%s.\nSageMaker cannot update an endpoint in this status. Correct the cause, then make it anew:\n\n  terraform apply -replace=ADDRESS\n\nADDRESS is this resource's, such as titanicml_endpoint.NAME.", err))
	case errors.Is(err, context.DeadlineExceeded):
		diags.AddError("Endpoint not in service in time",
			fmt.Sprintf("Endpoint %s was still being deployed when the wait ended. It goes on; apply again to wait for it, or give timeouts a longer time.", spec.Endpoint))
	case errors.Is(err, context.Canceled):
		diags.AddError("Endpoint not waited for",
			fmt.Sprintf("Interrupted while endpoint %s was being deployed. SageMaker goes on with it; apply again to wait for it.", spec.Endpoint))
	default:
		addError(diags, "Endpoint not deployed", err)
	}
}

// refusePlannedServing refuses at plan what no apply could make right. A record that was deleted is brought back by the promotion
// that this same plan repairs, so apply, which checks again before it deploys, has the last word.
func refusePlannedServing(diags *diag.Diagnostics, err error) {
	var missing *rollout.MissingRecordError
	if !errors.As(err, &missing) {
		refuseServing(diags, err)
		return
	}
	diags.AddAttributeWarning(path.Root("serving"), "Decision checked at apply",
		fmt.Sprintf("%s now. If its promotion does not restore it in this apply, the endpoint is not deployed and serves what it served before.", err))
}

func refuseServing(diags *diag.Diagnostics, err error) {
	if sagemaker.IsUnanswered(err) { // of the decision nothing is known
		addError(diags, "Decision not checked", err)
		return
	}
	next := ""
	var tampered *decision.TamperedError
	if errors.As(err, &tampered) {
		next = fmt.Sprintf("Find out who wrote %s, delete the object, and apply again: the promotion restores the record from its state.\n", tampered.URI)
	}
	diags.AddAttributeError(path.Root("serving"), "Version not approved for serving",
		sagemaker.Explain(err)+"\n"+next+"Only what an approved decision names is served. Set serving = titanicml_promotion.NAME.serving; where an artifact or evaluation was changed, put it back, or evaluate and promote again.")
}

// spec is the endpoint that the model describes; tags may be nil where only names are asked for.
func (r *endpointResource) spec(ctx context.Context, m *endpointModel, tags map[string]string, diags *diag.Diagnostics) rollout.Spec {
	serving := servingFrom(ctx, m.Serving, diags)
	s := rollout.Spec{
		Endpoint: m.Name.ValueString(), RoleARN: m.RoleARN.ValueString(), Tags: tags,
		Environment: stringMap(ctx, m.Environment, diags), NetworkIsolation: m.NetworkIsolation.ValueBool(), KMSKeyARN: m.KMSKeyARN.ValueString(),
		Policy: m.policy(ctx, diags),
	}
	if s.RoleARN == "" {
		s.RoleARN = localRole
	}
	if serving != nil {
		s.Serving = rollout.Serving{
			Group: serving.ModelPackageGroup.ValueString(), PackageARN: serving.ModelPackageARN.ValueString(), Version: serving.Version.ValueInt64(),
			Image: serving.Image.ValueString(), ArtifactURI: serving.ArtifactURI.ValueString(), ArtifactSHA256: serving.ArtifactSHA256.ValueString(),
			DecisionURI: serving.DecisionURI.ValueString(), DecisionSHA256: serving.DecisionSHA256.ValueString(),
		}
	}
	m.capacity(ctx, &s, diags)
	return s
}

// take fills in what SageMaker says of the endpoint.
func (m *endpointModel) take(e *rollout.Endpoint) {
	m.ID, m.ARN, m.Status = types.StringValue(e.Name), types.StringValue(e.ARN), types.StringValue(e.Status)
	m.ConfigName, m.ModelName = types.StringValue(e.Config), types.StringValue(e.Model)
	m.PackageARN, m.Version = types.StringNull(), types.Int64Null()
	if e.Version != 0 {
		m.PackageARN, m.Version = types.StringValue(e.PackageARN), types.Int64Value(e.Version)
	}
}

// adopt fills in, after an import, the arguments that can be read back.
func (m *endpointModel) adopt(ctx context.Context, e *rollout.Endpoint, diags *diag.Diagnostics) {
	m.setCapacity(ctx, e.Variant, diags)
	if e.RoleARN != "" && e.RoleARN != localRole {
		m.RoleARN = types.StringValue(e.RoleARN)
	}
	if e.Container != nil && len(e.Container.Environment) > 0 {
		m.Environment = stringMapValue(e.Container.Environment)
	}
	m.VPCConfig, m.NetworkIsolation, m.KMSKeyARN = vpcValue(ctx, e.VPC, diags), readFlag(m.NetworkIsolation, &e.Isolation), optionalString(e.KMSKeyARN)
	if e.Variant != nil {
		m.Name = types.StringValue(aws.ToString(&e.Name))
	}
}
