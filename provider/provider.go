// Package provider is the titanicml Terraform provider: the configuration, and one file per resource, data source and function.
//
// In come Terraform configurations; out go calls through internal/sagemaker, to AWS or to the local engine.
package provider

import (
	"context"
	"runtime"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

var (
	_ provider.Provider                   = (*titanicmlProvider)(nil)
	_ provider.ProviderWithFunctions      = (*titanicmlProvider)(nil)
	_ provider.ProviderWithListResources  = (*titanicmlProvider)(nil)
	_ provider.ProviderWithActions        = (*titanicmlProvider)(nil)
	_ provider.ProviderWithValidateConfig = (*titanicmlProvider)(nil)
)

// Options replaces what a provider takes from its surroundings; zero values mean the real thing.
type Options struct {
	// Clock tells the time.
	Clock func() time.Time
	// StartEngine finds or starts the local engine on an absolute data directory and returns its URL.
	StartEngine func(ctx context.Context, dataDir string, images map[string][]string) (url string, err error)
	// Sleep waits between two looks at a running job or endpoint.
	Sleep func(context.Context, time.Duration) error
	// TerraformDataDir is Terraform's own data directory, relative to where it runs.
	TerraformDataDir string
	// OS is the operating system the provider believes to run on.
	OS string
}

// New returns the constructor that providerserver wants.
func New(version string, o Options) func() provider.Provider {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.StartEngine == nil {
		o.StartEngine = func(ctx context.Context, dataDir string, images map[string][]string) (string, error) {
			in, err := launch.Ensure(ctx, dataDir, images)
			return in.URL, err
		}
	}
	if o.TerraformDataDir == "" {
		o.TerraformDataDir = terraformDataDir()
	}
	if o.OS == "" {
		o.OS = runtime.GOOS
	}
	return func() provider.Provider { return &titanicmlProvider{version: version, options: o} }
}

// RunEngine serves the local engine when args are those with which the provider starts its own binary again, detached; main
// calls it first and exits with code when handled.
func RunEngine(args []string) (handled bool, code int) { return launch.RunChild(args) }

type titanicmlProvider struct {
	version string
	options Options
}

func (p *titanicmlProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newDatasetResource,
		newTrainingRunResource,
		newEvaluationResource,
		newModelVersionResource,
		newEndpointResource,
		newPromotionResource,
		newStageResource,
	}
}

// ListResources are for Terraform 1.14 and later, as Actions are; earlier ones and OpenTofu never ask.
func (p *titanicmlProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		newDatasetListResource,
		newTrainingRunListResource,
		newEvaluationListResource,
		newModelVersionListResource,
		newEndpointListResource,
		newPromotionListResource,
		newStageListResource,
	}
}

func (p *titanicmlProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newRollbackAction}
}

func (p *titanicmlProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newChampionDataSource,
		newModelVersionsDataSource,
		newEvaluationReportDataSource,
		newStageDataSource,
		newIAMPolicyCheckDataSource,
	}
}

func (p *titanicmlProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		newGateFunction,
		newRequiredTagsFunction,
		newPolicyFindingsFunction,
	}
}

func (p *titanicmlProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "titanicml", p.version
}

func (p *titanicmlProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Trains, evaluates, registers, gates, promotes and serves models on Amazon SageMaker. " +
			"By default everything runs on this machine, in an embedded SageMaker-compatible engine, without an AWS account.",
		Attributes: map[string]schema.Attribute{
			"engine": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "`local` (default) runs everything on this machine; `sagemaker` uses AWS. Environment variable: `TITANICML_ENGINE`.",
				Validators:          []validator.String{stringvalidator.OneOf(engineLocal, engineSageMaker)},
			},
			"environment": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "`dev` (default) or `prod`. The local engine refuses `prod`.",
				Validators:          []validator.String{stringvalidator.OneOf("dev", "prod")},
			},
			"local": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Settings of the local engine.",
				Attributes: map[string]schema.Attribute{
					"data_dir": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "Directory of the engine's database, objects and logs; relative to the directory Terraform runs in. Default `.titanicml`. " +
							"One engine process serves each directory.",
					},
					"images": schema.MapAttribute{
						Optional: true, ElementType: types.ListType{ElemType: types.StringType},
						MarkdownDescription: "The local command that stands for each container image, as a list of program and arguments. " +
							"A program with a slash is relative to the directory Terraform runs in.",
					},
				},
			},
			"region":     schema.StringAttribute{Optional: true, MarkdownDescription: "AWS region. Default on the local engine `eu-west-1`; on AWS as in the AWS CLI."},
			"profile":    schema.StringAttribute{Optional: true, MarkdownDescription: "Profile of the shared configuration and credentials files."},
			"access_key": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "AWS access key. On the local engine the access key is the identity; default `titanicml`."},
			"secret_key": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "AWS secret key."},
			"token":      schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "AWS session token."},
			"assume_role": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Role to assume with the base credentials.",
				Attributes: map[string]schema.Attribute{
					"role_arn":            schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the role."},
					"session_name":        schema.StringAttribute{Optional: true, MarkdownDescription: "Session name."},
					"external_id":         schema.StringAttribute{Optional: true, MarkdownDescription: "External ID."},
					"policy":              schema.StringAttribute{Optional: true, MarkdownDescription: "Session policy (JSON) that narrows the role."},
					"policy_arns":         schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Managed session policies that narrow the role."},
					"source_identity":     schema.StringAttribute{Optional: true, MarkdownDescription: "Source identity; the gate's four-eyes rule compares people by it."},
					"duration":            schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{}}, MarkdownDescription: "Session length, such as `1h`."},
					"tags":                schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Session tags."},
					"transitive_tag_keys": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Session tags that later sessions inherit."},
				},
			},
			"assume_role_with_web_identity": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Role to assume with an OIDC token, as in CI.",
				Attributes: map[string]schema.Attribute{
					"role_arn":                schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the role."},
					"session_name":            schema.StringAttribute{Optional: true, MarkdownDescription: "Session name."},
					"policy":                  schema.StringAttribute{Optional: true, MarkdownDescription: "Session policy (JSON) that narrows the role."},
					"policy_arns":             schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Managed session policies that narrow the role."},
					"duration":                schema.StringAttribute{Optional: true, Validators: []validator.String{durationText{}}, MarkdownDescription: "Session length, such as `1h`."},
					"web_identity_token":      schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "The token itself."},
					"web_identity_token_file": schema.StringAttribute{Optional: true, MarkdownDescription: "File that holds the token."},
				},
			},
			"shared_config_files":      schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Shared configuration files."},
			"shared_credentials_files": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Shared credentials files."},
			"endpoints": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Addresses to use instead of AWS's own, with `engine = \"sagemaker\"`.",
				Attributes: map[string]schema.Attribute{
					"sagemaker":         schema.StringAttribute{Optional: true, MarkdownDescription: "SageMaker API."},
					"sagemaker_runtime": schema.StringAttribute{Optional: true, MarkdownDescription: "SageMaker runtime (invocations)."},
					"s3":                schema.StringAttribute{Optional: true, MarkdownDescription: "S3."},
					"sts":               schema.StringAttribute{Optional: true, MarkdownDescription: "STS."},
				},
			},
			"default_tags": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Tags of every resource that takes tags; a resource's own `tags` win.",
			},
			"required_tags": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Tag keys without which a resource fails at plan. Default `project`, `env`, `owner`, `managed_by`, `cost_center`; `[]` asks for none.",
			},
			"store": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "`s3://bucket/prefix` for data, evidence, decision records, pointers and the stage ledger. Required on AWS; " +
					"on the local engine default `" + localStore + "`.",
				Validators: []validator.String{s3Location{}},
			},
			"max_retries":            schema.Int64Attribute{Optional: true, MarkdownDescription: "How often one request is tried. Default 25 on AWS."},
			"use_fips_endpoint":      schema.BoolAttribute{Optional: true, MarkdownDescription: "Use FIPS endpoints."},
			"use_dualstack_endpoint": schema.BoolAttribute{Optional: true, MarkdownDescription: "Use dual-stack (IPv6) endpoints."},
			"s3_use_path_style":      schema.BoolAttribute{Optional: true, MarkdownDescription: "Address buckets in the path instead of the host name."},
		},
	}
}

func (p *titanicmlProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var m providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.Engine.IsUnknown() || m.Environment.IsUnknown() {
		return
	}
	if m.engine() == engineLocal && m.Environment.ValueString() == "prod" {
		resp.Diagnostics.AddAttributeError(path.Root("environment"), "Local engine refused for prod", prodOnLocal)
	}
	if m.engine() == engineSageMaker && m.Store.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("store"), "Missing store",
			"engine = \"sagemaker\" needs store = \"s3://bucket/prefix\": the place of data, evidence, decision records and pointers. Got none. "+
				"Name a bucket that exists and that this role may read and write.")
	}
}

const prodOnLocal = "environment = \"prod\" needs engine = \"sagemaker\"; got engine = \"local\", which runs everything on this machine and serves nobody else. " +
	"Set engine = \"sagemaker\" (or TITANICML_ENGINE=sagemaker), or environment = \"dev\"."

func (p *titanicmlProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var m providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s := newSession(ctx, p.version, p.options, m, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData, resp.ActionData = s, s, s, s
}

type providerModel struct {
	Engine                    types.String `tfsdk:"engine"`
	Environment               types.String `tfsdk:"environment"`
	Local                     types.Object `tfsdk:"local"`
	Region                    types.String `tfsdk:"region"`
	Profile                   types.String `tfsdk:"profile"`
	AccessKey                 types.String `tfsdk:"access_key"`
	SecretKey                 types.String `tfsdk:"secret_key"`
	Token                     types.String `tfsdk:"token"`
	AssumeRole                types.Object `tfsdk:"assume_role"`
	AssumeRoleWithWebIdentity types.Object `tfsdk:"assume_role_with_web_identity"`
	SharedConfigFiles         types.List   `tfsdk:"shared_config_files"`
	SharedCredentialsFiles    types.List   `tfsdk:"shared_credentials_files"`
	Endpoints                 types.Object `tfsdk:"endpoints"`
	DefaultTags               types.Map    `tfsdk:"default_tags"`
	RequiredTags              types.List   `tfsdk:"required_tags"`
	Store                     types.String `tfsdk:"store"`
	MaxRetries                types.Int64  `tfsdk:"max_retries"`
	UseFIPSEndpoint           types.Bool   `tfsdk:"use_fips_endpoint"`
	UseDualstackEndpoint      types.Bool   `tfsdk:"use_dualstack_endpoint"`
	S3UsePathStyle            types.Bool   `tfsdk:"s3_use_path_style"`
}
