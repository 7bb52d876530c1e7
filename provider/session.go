package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

const (
	engineLocal     = "local"
	engineSageMaker = "sagemaker"
	localRegion     = "eu-west-1"
	localStore      = "s3://titanicml-local/titanicml"
	localRole       = "arn:aws:iam::000000000000:role/titanicml-local"
)

var defaultRequiredTags = []string{"project", "env", "owner", "managed_by", "cost_center"}

// session is what Configure hands to every resource and data source: the settings they share, and a client made on first use,
// so that a plan that needs no remote state starts no engine.
type session struct {
	version     string
	environment string
	// local reports whether the local engine is used.
	local bool
	clock func() time.Time
	// defaultTags holds the provider's default_tags; unknown while the map as a whole is unknown.
	defaultTags  types.Map
	requiredTags []string
	// store is the root of the store, and storeKnown false while the provider's store is unknown at plan.
	store      sagemaker.Location
	storeKnown bool
	// progressDir is where progress files lie; empty while the provider's settings are unknown at plan.
	progressDir string

	connect func(context.Context) (*sagemaker.Client, error)
}

// client connects on first use. An attempt that fails is repeated by the next caller, because the first may have been cancelled.
func (s *session) client(ctx context.Context) (*sagemaker.Client, error) { return s.connect(ctx) }

// sessionFrom takes the session out of a Configure request; nil before the provider is configured, as during validation.
func sessionFrom(data any, diags *diag.Diagnostics) *session {
	if data == nil {
		return nil
	}
	s, ok := data.(*session)
	if !ok {
		diags.AddError("Provider data of an unexpected type", fmt.Sprintf("Expected *session, got %T. This is a bug in the provider; please report it.", data))
	}
	return s
}

func (m providerModel) engine() string {
	if v := m.Engine.ValueString(); v != "" {
		return v
	}
	if v := os.Getenv("TITANICML_ENGINE"); v != "" {
		return v
	}
	return engineLocal
}

type localModel struct {
	DataDir types.String `tfsdk:"data_dir"`
	Images  types.Map    `tfsdk:"images"`
}

type assumeRoleModel struct {
	RoleARN           types.String      `tfsdk:"role_arn"`
	SessionName       types.String      `tfsdk:"session_name"`
	ExternalID        types.String      `tfsdk:"external_id"`
	Policy            types.String      `tfsdk:"policy"`
	PolicyARNs        []string          `tfsdk:"policy_arns"`
	SourceIdentity    types.String      `tfsdk:"source_identity"`
	Duration          types.String      `tfsdk:"duration"`
	Tags              map[string]string `tfsdk:"tags"`
	TransitiveTagKeys []string          `tfsdk:"transitive_tag_keys"`
}

type webIdentityModel struct {
	RoleARN     types.String `tfsdk:"role_arn"`
	SessionName types.String `tfsdk:"session_name"`
	Policy      types.String `tfsdk:"policy"`
	PolicyARNs  []string     `tfsdk:"policy_arns"`
	Duration    types.String `tfsdk:"duration"`
	Token       types.String `tfsdk:"web_identity_token"`
	TokenFile   types.String `tfsdk:"web_identity_token_file"`
}

type endpointsModel struct {
	SageMaker types.String `tfsdk:"sagemaker"`
	Runtime   types.String `tfsdk:"sagemaker_runtime"`
	S3        types.String `tfsdk:"s3"`
	STS       types.String `tfsdk:"sts"`
}

func newSession(ctx context.Context, version string, o Options, m providerModel, diags *diag.Diagnostics) *session {
	s := &session{version: version, environment: "dev", clock: o.Clock, defaultTags: m.DefaultTags, requiredTags: defaultRequiredTags}
	if v := m.Environment.ValueString(); v != "" {
		s.environment = v
	}
	if m.DefaultTags.IsNull() {
		s.defaultTags = types.MapValueMust(types.StringType, map[string]attr.Value{})
	}
	if !m.RequiredTags.IsNull() && !m.RequiredTags.IsUnknown() {
		diags.Append(m.RequiredTags.ElementsAs(ctx, &s.requiredTags, false)...)
	}
	engine := m.engine()
	if engine != engineLocal && engine != engineSageMaker {
		diags.AddError("Unknown engine", fmt.Sprintf("TITANICML_ENGINE is %q; expected %q or %q.", engine, engineLocal, engineSageMaker))
		return nil
	}
	if unknown := m.firstUnknown(); unknown != "" {
		// Terraform plans with a provider block that depends on things not yet created; nothing can be reached until it is known.
		s.local = engine == engineLocal
		s.connect = func(context.Context) (*sagemaker.Client, error) {
			return nil, fmt.Errorf("the provider's %q is not known yet: apply what it depends on first (terraform apply -target), or give it as a literal", unknown)
		}
		return s
	}
	settings := m.settings(ctx, version, diags)
	settings.Clock, settings.Sleep = o.Clock, o.Sleep
	if engine == engineSageMaker {
		if settings.Store == "" {
			diags.AddAttributeError(path.Root("store"), "Missing store", "engine = \"sagemaker\" needs store = \"s3://bucket/prefix\". Got none. Name a bucket that exists.")
			return nil
		}
		s.setStore(settings.Store, diags)
		s.progressDir = filepath.Join(o.TerraformDataDir, "titanicml", "progress")
		s.connect = memo(func(ctx context.Context) (*sagemaker.Client, error) { return sagemaker.New(ctx, settings) })
		return s
	}
	s.local = true
	if s.environment == "prod" {
		diags.AddAttributeError(path.Root("environment"), "Local engine refused for prod", prodOnLocal)
	}
	if o.OS == "windows" {
		diags.AddError("Local engine on Windows", "engine = \"local\" runs on Linux and macOS; this is Windows. Run Terraform inside WSL, or set engine = \"sagemaker\".")
	}
	shownDir, dataDir, images := m.localEngine(ctx, diags)
	s.progressDir = filepath.Join(shownDir, "progress")
	if settings.Region == "" {
		settings.Region = localRegion
	}
	if settings.Store == "" {
		settings.Store = localStore
	}
	s.setStore(settings.Store, diags)
	if diags.HasError() {
		return nil
	}
	diags.AddWarning("Local engine", fmt.Sprintf("titanicml runs on this machine, in the engine on %s; nothing here reaches AWS. Set engine = \"sagemaker\" to use an account.", dataDir))
	s.connect = memo(func(ctx context.Context) (*sagemaker.Client, error) {
		url, err := o.StartEngine(ctx, dataDir, images)
		if err != nil {
			return nil, fmt.Errorf("starting the local engine on %s: %w", dataDir, err)
		}
		settings := settings
		settings.LocalURL, settings.DataDir = url, dataDir
		return sagemaker.New(ctx, settings)
	})
	return s
}

func (s *session) setStore(uri string, diags *diag.Diagnostics) {
	loc, err := sagemaker.ParseLocation(uri)
	if err != nil {
		diags.AddAttributeError(path.Root("store"), "Invalid store", err.Error())
		return
	}
	s.store, s.storeKnown = loc, true
}

// memo keeps the first success of connect.
func memo(connect func(context.Context) (*sagemaker.Client, error)) func(context.Context) (*sagemaker.Client, error) {
	var mu sync.Mutex
	var made *sagemaker.Client
	return func(ctx context.Context) (*sagemaker.Client, error) {
		mu.Lock()
		defer mu.Unlock()
		if made != nil {
			return made, nil
		}
		c, err := connect(ctx)
		if err == nil {
			made = c
		}
		return c, err
	}
}

func (m providerModel) firstUnknown() string {
	for _, v := range []struct {
		name  string
		value attr.Value
	}{
		{"engine", m.Engine}, {"environment", m.Environment}, {"local", m.Local}, {"region", m.Region}, {"profile", m.Profile},
		{"access_key", m.AccessKey}, {"secret_key", m.SecretKey}, {"token", m.Token}, {"assume_role", m.AssumeRole},
		{"assume_role_with_web_identity", m.AssumeRoleWithWebIdentity}, {"shared_config_files", m.SharedConfigFiles},
		{"shared_credentials_files", m.SharedCredentialsFiles}, {"endpoints", m.Endpoints}, {"store", m.Store},
	} {
		if hasUnknown(v.value) {
			return v.name
		}
	}
	return ""
}

// hasUnknown reports whether v or anything inside it is unknown.
func hasUnknown(v attr.Value) bool {
	if v.IsUnknown() {
		return true
	}
	switch v := v.(type) {
	case basetypes.ObjectValue:
		for _, e := range v.Attributes() {
			if hasUnknown(e) {
				return true
			}
		}
	case basetypes.MapValue:
		for _, e := range v.Elements() {
			if hasUnknown(e) {
				return true
			}
		}
	case basetypes.ListValue:
		for _, e := range v.Elements() {
			if hasUnknown(e) {
				return true
			}
		}
	}
	return false
}

func (m providerModel) settings(ctx context.Context, version string, diags *diag.Diagnostics) awsconfig.Settings {
	s := awsconfig.Settings{
		Region: m.Region.ValueString(), Profile: m.Profile.ValueString(),
		AccessKey: m.AccessKey.ValueString(), SecretKey: m.SecretKey.ValueString(), Token: m.Token.ValueString(),
		Store: m.Store.ValueString(), MaxRetries: int(m.MaxRetries.ValueInt64()),
		UseFIPS: m.UseFIPSEndpoint.ValueBool(), UseDualStack: m.UseDualstackEndpoint.ValueBool(), PathStyle: m.S3UsePathStyle.ValueBool(),
		UserAgentProduct: "terraform-provider-titanicml", UserAgentVersion: version,
	}
	diags.Append(m.SharedConfigFiles.ElementsAs(ctx, &s.SharedConfigFiles, false)...)
	diags.Append(m.SharedCredentialsFiles.ElementsAs(ctx, &s.SharedCredentialsFiles, false)...)
	if !m.AssumeRole.IsNull() {
		var r assumeRoleModel
		diags.Append(m.AssumeRole.As(ctx, &r, basetypes.ObjectAsOptions{})...)
		s.AssumeRole = []awsconfig.AssumeRole{{
			RoleARN: r.RoleARN.ValueString(), SessionName: r.SessionName.ValueString(), ExternalID: r.ExternalID.ValueString(),
			Policy: r.Policy.ValueString(), PolicyARNs: r.PolicyARNs, SourceIdentity: r.SourceIdentity.ValueString(),
			Duration: durationOr(r.Duration, 0), Tags: r.Tags, TransitiveTagKeys: r.TransitiveTagKeys,
		}}
	}
	if !m.AssumeRoleWithWebIdentity.IsNull() {
		var w webIdentityModel
		diags.Append(m.AssumeRoleWithWebIdentity.As(ctx, &w, basetypes.ObjectAsOptions{})...)
		s.WebIdentity = &awsconfig.WebIdentity{
			RoleARN: w.RoleARN.ValueString(), SessionName: w.SessionName.ValueString(), Policy: w.Policy.ValueString(),
			PolicyARNs: w.PolicyARNs, Duration: durationOr(w.Duration, 0), Token: w.Token.ValueString(), TokenFile: w.TokenFile.ValueString(),
		}
	}
	if !m.Endpoints.IsNull() {
		var e endpointsModel
		diags.Append(m.Endpoints.As(ctx, &e, basetypes.ObjectAsOptions{})...)
		s.Endpoints = awsconfig.Endpoints{SageMaker: e.SageMaker.ValueString(), Runtime: e.Runtime.ValueString(), S3: e.S3.ValueString(), STS: e.STS.ValueString()}
	}
	return s
}

// localEngine resolves the data directory and the image commands against the directory Terraform runs in; dir is the data directory as
// it was given.
func (m providerModel) localEngine(ctx context.Context, diags *diag.Diagnostics) (dir, abs string, images map[string][]string) {
	l := localModel{DataDir: types.StringNull(), Images: types.MapNull(types.ListType{ElemType: types.StringType})}
	if !m.Local.IsNull() {
		diags.Append(m.Local.As(ctx, &l, basetypes.ObjectAsOptions{})...)
	}
	dir = l.DataDir.ValueString()
	if dir == "" {
		dir = ".titanicml"
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		diags.AddAttributeError(path.Root("local").AtName("data_dir"), "Data directory not resolved", fmt.Sprintf("Resolving %q against the working directory: %s.", dir, err))
		return "", "", nil
	}
	images = map[string][]string{}
	if !l.Images.IsNull() {
		diags.Append(l.Images.ElementsAs(ctx, &images, false)...)
	}
	for name, command := range images {
		if len(command) == 0 || command[0] == "" {
			diags.AddAttributeError(path.Root("local").AtName("images").AtMapKey(name), "Image without a command",
				fmt.Sprintf("Image %q maps to an empty list; expected a program and its arguments, such as [\"./bin/titanic\"].", name))
			continue
		}
		if filepath.Base(command[0]) != command[0] && !filepath.IsAbs(command[0]) {
			full, err := filepath.Abs(command[0])
			if err != nil {
				diags.Append(diag.NewErrorDiagnostic("Image command not resolved", err.Error()))
				continue
			}
			images[name] = append([]string{full}, command[1:]...)
		}
	}
	return dir, abs, images
}

// addError reports err under a summary that names the operation. Cancellation is said in words a person who pressed Ctrl-C understands.
func addError(diags *diag.Diagnostics, summary string, err error) {
	if errors.Is(err, context.Canceled) {
		diags.AddError(summary, "Interrupted before it was finished. Run the same command again to go on.")
		return
	}
	diags.AddError(summary, sagemaker.Explain(err))
}
