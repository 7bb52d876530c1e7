package provider

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/tabular"
)

var (
	_ resource.ResourceWithConfigure        = (*datasetResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*datasetResource)(nil)
	_ resource.ResourceWithImportState      = (*datasetResource)(nil)
	_ resource.ResourceWithIdentity         = (*datasetResource)(nil)
	_ resource.ResourceWithConfigValidators = (*datasetResource)(nil)
)

func newDatasetResource() resource.Resource { return &datasetResource{} }

type datasetResource struct{ session *session }

func (r *datasetResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *datasetResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "titanicml_dataset"
}

func (r *datasetResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityBy("uri", "Where the content lies, `<store>/data/sha256/<digest>/<file name>`.")
}

func (r *datasetResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	keep := stringplanmodifier.UseStateForUnknown()
	resp.Schema = schema.Schema{
		MarkdownDescription: "A data file in the store, under a key that holds its SHA-256: whoever names the URI names the content. " +
			"The file is read at plan, so its digest, size, rows and columns are known before anything is uploaded, and a file that breaks a declared rule fails the plan.",
		Attributes: map[string]schema.Attribute{
			"id":         schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{keep}, MarkdownDescription: "The same as `uri`."},
			"name":       schema.StringAttribute{Required: true, MarkdownDescription: "What people call this dataset; shown in messages."},
			"source":     schema.StringAttribute{Optional: true, MarkdownDescription: "Local file to upload. Exactly one of `source` and `source_uri` is given. A file that changes between plan and apply fails the apply: Terraform then reports an inconsistent final plan, nothing is uploaded, and the next plan shows the new content."},
			"source_uri": schema.StringAttribute{Optional: true, Validators: []validator.String{s3Location{needsKey: true}}, MarkdownDescription: "S3 object to adopt. It is copied to the content-addressed key, so that a later change of the original changes nothing here."},
			"columns": schema.MapNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Rules by column name; the file must be CSV with a header. Columns not named here are not checked.",
				Validators:          []validator.Map{mapvalidator.SizeAtLeast(1)},
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"type":     schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.OneOf("string", "integer", "number", "boolean")}, MarkdownDescription: "`string`, `integer`, `number` or `boolean`."},
					"nullable": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true), MarkdownDescription: "Whether a cell may be empty. Default `true`."},
					"allowed":  schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "The values a cell may have."},
				}},
			},
			"id_column":    schema.StringAttribute{Optional: true, MarkdownDescription: "Column whose values identify rows: each must be given and differ from all others."},
			"tags":         tagsAttribute(),
			"tags_all":     tagsAllAttribute(),
			"on_destroy":   onDestroyAttribute("delete"),
			"uri":          schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{keep, stringplanmodifier.RequiresReplace()}, MarkdownDescription: "Where the content lies: `<store>/data/sha256/<digest>/<file name>`."},
			"sha256":       schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{keep}, MarkdownDescription: "SHA-256 of the content, in hex."},
			"bytes":        schema.Int64Attribute{Computed: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}, MarkdownDescription: "Size."},
			"row_count":    schema.Int64Attribute{Computed: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}, MarkdownDescription: "Rows below the header; null unless the file is CSV."},
			"column_names": schema.ListAttribute{Computed: true, ElementType: types.StringType, PlanModifiers: []planmodifier.List{listplanmodifier.UseStateForUnknown()}, MarkdownDescription: "The header; null unless the file is CSV."},
		},
	}
}

func (r *datasetResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{resourcevalidator.ExactlyOneOf(path.MatchRoot("source"), path.MatchRoot("source_uri"))}
}

func (r *datasetResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.session == nil {
		return
	}
	r.session.planTags(ctx, req, resp)
	var plan datasetModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state datasetModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	switch {
	case !plan.Source.IsNull() && !plan.Source.IsUnknown() && !hasUnknown(plan.Columns) && !plan.IDColumn.IsUnknown():
		summary := plan.scanFile(ctx, &resp.Diagnostics)
		if summary == nil {
			return
		}
		plan.take(ctx, summary, &resp.Diagnostics)
		plan.URI = types.StringUnknown()
		if r.session.storeKnown {
			plan.URI = types.StringValue(datasetURI(r.session.store, summary.SHA256, plan.Source.ValueString()))
		}
	case !state.URI.IsNull() && plan.SourceURI.Equal(state.SourceURI) && plan.Columns.Equal(state.Columns) && plan.IDColumn.Equal(state.IDColumn) &&
		strings.Contains(state.URI.ValueString(), state.SHA256.ValueString()):
		return // an adopted object is frozen under its digest; Read has checked that copy
	default:
		plan.URI, plan.SHA256, plan.Bytes, plan.RowCount = types.StringUnknown(), types.StringUnknown(), types.Int64Unknown(), types.Int64Unknown()
		plan.ColumnNames = types.ListUnknown(types.StringType)
	}
	plan.ID = plan.URI
	if !state.URI.IsNull() && !plan.URI.Equal(state.URI) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("uri"))
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *datasetResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan datasetModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	tagsAll, tags := r.session.applyTags(ctx, plan.Tags, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.TagsAll = tagsAll
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Dataset not stored", err)
		return
	}
	var etag string
	if plan.Source.IsNull() {
		etag = plan.adopt(ctx, c, &resp.Diagnostics)
	} else {
		etag = plan.upload(ctx, c, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	killpoint.Here(killpoint.DatasetUploaded)
	plan.ID = plan.URI
	keepPrivate(ctx, resp.Private, "etag", privateText(etag), &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	if err := c.SetObjectTags(ctx, plan.URI.ValueString(), tags); err != nil {
		addError(&resp.Diagnostics, "Dataset stored but not tagged", err)
	}
}

// upload stores the local file, after checking that it is still what the plan showed.
func (m *datasetModel) upload(ctx context.Context, c *sagemaker.Client, diags *diag.Diagnostics) string {
	summary := m.scanFile(ctx, diags)
	if summary == nil {
		return ""
	}
	if !m.SHA256.IsUnknown() && m.SHA256.ValueString() != summary.SHA256 {
		diags.AddAttributeError(path.Root("source"), "Dataset changed between plan and apply",
			fmt.Sprintf("%s had sha256 %s when planned and has %s now. Nothing was uploaded. Run the plan again to see what the new content changes.",
				m.Source.ValueString(), m.SHA256.ValueString(), summary.SHA256))
		return ""
	}
	m.take(ctx, summary, diags)
	uri := datasetURI(c.Store, summary.SHA256, m.Source.ValueString())
	m.URI = types.StringValue(uri)
	if etag, ok := presentAs(ctx, c, uri, summary.SHA256); ok {
		return etag
	}
	f, err := os.Open(m.Source.ValueString())
	if err != nil {
		addError(diags, "Dataset not readable", err)
		return ""
	}
	defer f.Close()
	etag, err := c.Upload(ctx, uri, contentType(summary.CSV), f)
	if err != nil {
		addError(diags, "Dataset not stored", err)
		return ""
	}
	// The file may have been written to while it was uploaded.
	if got, _, err := c.Digest(ctx, uri); err != nil || got != summary.SHA256 {
		if err == nil {
			err = fmt.Errorf("%s had sha256 %s when the upload began and the stored object has %s: the file changes while it is read", m.Source.ValueString(), summary.SHA256, got)
		}
		addError(diags, "Dataset not stored intact", err)
	}
	return etag
}

// adopt copies an S3 object to its content-addressed key.
func (m *datasetModel) adopt(ctx context.Context, c *sagemaker.Client, diags *diag.Diagnostics) string {
	from := m.SourceURI.ValueString()
	body, info, err := c.Open(ctx, from)
	if err != nil {
		diags.AddAttributeError(path.Root("source_uri"), "Dataset not readable", sagemaker.Explain(err))
		return ""
	}
	defer body.Close()
	summary, err := tabular.Scan(body, from, m.rules(ctx, diags))
	if err != nil {
		addError(diags, "Dataset not readable", fmt.Errorf("reading %s: %w", from, err))
		return ""
	}
	if err := summary.Err(); err != nil {
		diags.AddAttributeError(path.Root("source_uri"), "Dataset breaks its declared rules", fmt.Sprintf("%s:\n%s", from, err))
		return ""
	}
	m.take(ctx, summary, diags)
	uri := datasetURI(c.Store, summary.SHA256, from)
	m.URI = types.StringValue(uri)
	if etag, ok := presentAs(ctx, c, uri, summary.SHA256); ok {
		return etag
	}
	if err := c.Copy(ctx, from, info.ETag, uri); err != nil {
		addError(diags, "Dataset not stored", err)
		return ""
	}
	copied, err := c.Head(ctx, uri)
	if err != nil {
		addError(diags, "Dataset not stored", err)
	}
	return copied.ETag
}

// presentAs reports whether an object with the given content is there already, and its ETag.
func presentAs(ctx context.Context, c *sagemaker.Client, uri, sha256 string) (string, bool) {
	got, info, err := c.Digest(ctx, uri)
	return info.ETag, err == nil && got == sha256
}

func (r *datasetResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &req.State, &resp.State)
	var state datasetModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Dataset not read", err)
		return
	}
	uri := state.ID.ValueString()
	info, err := c.Head(ctx, uri)
	if sagemaker.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Dataset not read", err)
		return
	}
	known, d := req.Private.GetKey(ctx, "etag")
	resp.Diagnostics.Append(d...)
	if state.SHA256.IsNull() || fromPrivate(known) != info.ETag {
		body, _, err := c.Open(ctx, uri)
		if err != nil {
			addError(&resp.Diagnostics, "Dataset not read", err)
			return
		}
		defer body.Close()
		summary, err := tabular.Scan(body, uri, tabular.Rules{})
		if err != nil {
			addError(&resp.Diagnostics, "Dataset not read", fmt.Errorf("reading %s: %w", uri, err))
			return
		}
		if planned := state.SHA256.ValueString(); planned != "" && planned != summary.SHA256 {
			resp.Diagnostics.AddWarning("Dataset changed outside Terraform",
				fmt.Sprintf("%s had sha256 %s and now has %s. A content-addressed object must never change; the next apply stores the right content again.", uri, planned, summary.SHA256))
		}
		state.take(ctx, summary, &resp.Diagnostics)
		state.URI = types.StringValue(uri)
		keepPrivate(ctx, resp.Private, "etag", privateText(info.ETag), &resp.Diagnostics)
	}
	tags, err := c.ObjectTags(ctx, uri)
	if err != nil {
		addError(&resp.Diagnostics, "Dataset tags not read", err)
		return
	}
	state.Tags, state.TagsAll = r.session.readTags(tags, state.Tags)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *datasetResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer identify(ctx, resp.Identity, &resp.Diagnostics, &resp.State)
	var plan datasetModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	tagsAll, tags := r.session.applyTags(ctx, plan.Tags, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.TagsAll = tagsAll
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Dataset not updated", err)
		return
	}
	if !plan.Source.IsNull() {
		// Same digest in the plan; this repairs an object that was changed outside.
		etag := plan.upload(ctx, c, &resp.Diagnostics)
		keepPrivate(ctx, resp.Private, "etag", privateText(etag), &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if err := c.SetObjectTags(ctx, plan.URI.ValueString(), tags); err != nil {
		addError(&resp.Diagnostics, "Dataset not tagged", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *datasetResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state datasetModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.OnDestroy.ValueString() != "delete" {
		return
	}
	c, err := r.session.client(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Dataset not deleted", err)
		return
	}
	if refuseReferenced(ctx, c, &resp.Diagnostics, "Dataset", state.URI.ValueString(), state.SHA256.ValueString()) {
		return
	}
	if err := c.Remove(ctx, state.URI.ValueString()); err != nil {
		addError(&resp.Diagnostics, "Dataset not deleted", err)
	}
}

func (r *datasetResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	uri := importID(ctx, req, resp)
	loc, err := sagemaker.ParseLocation(uri)
	if err != nil || loc.Key == "" {
		resp.Diagnostics.AddError("Dataset not imported", fmt.Sprintf("Got %q; expected the URI of the stored object, s3://bucket/prefix/data/sha256/<digest>/<file name>.", uri))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), uri)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("uri"), uri)...)
	// Where it came from is not recorded. As its own original it is what a configuration can say, and what terraform query writes.
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("source_uri"), uri)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), filepath.Base(loc.Key))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_destroy"), onDestroyRetain)...)
}

type datasetModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Source      types.String `tfsdk:"source"`
	SourceURI   types.String `tfsdk:"source_uri"`
	Columns     types.Map    `tfsdk:"columns"`
	IDColumn    types.String `tfsdk:"id_column"`
	Tags        types.Map    `tfsdk:"tags"`
	TagsAll     types.Map    `tfsdk:"tags_all"`
	OnDestroy   types.String `tfsdk:"on_destroy"`
	URI         types.String `tfsdk:"uri"`
	SHA256      types.String `tfsdk:"sha256"`
	Bytes       types.Int64  `tfsdk:"bytes"`
	RowCount    types.Int64  `tfsdk:"row_count"`
	ColumnNames types.List   `tfsdk:"column_names"`
}

type datasetColumnModel struct {
	Type     types.String `tfsdk:"type"`
	Nullable types.Bool   `tfsdk:"nullable"`
	Allowed  []string     `tfsdk:"allowed"`
}

func (m *datasetModel) rules(ctx context.Context, diags *diag.Diagnostics) tabular.Rules {
	rules := tabular.Rules{IDColumn: m.IDColumn.ValueString(), Columns: map[string]tabular.Column{}}
	columns := map[string]datasetColumnModel{}
	if !m.Columns.IsNull() {
		diags.Append(m.Columns.ElementsAs(ctx, &columns, false)...)
	}
	for name, c := range columns {
		rules.Columns[name] = tabular.Column{Type: c.Type.ValueString(), Nullable: c.Nullable.IsNull() || c.Nullable.ValueBool(), Allowed: c.Allowed}
	}
	return rules
}

// scanFile reads the local file and reports what keeps it from being a dataset; nil when something does.
func (m *datasetModel) scanFile(ctx context.Context, diags *diag.Diagnostics) *tabular.Summary {
	name := m.Source.ValueString()
	at := path.Root("source")
	// A pipe or a device would be waited for, or read for ever.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		kind := "no regular file"
		if info.IsDir() {
			kind = "a directory"
		}
		diags.AddAttributeError(at, "Dataset not readable", fmt.Sprintf("%q is %s; expected a file.", name, kind))
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		hint := "Check the path and that this user may read it."
		if errors.Is(err, fs.ErrNotExist) {
			hint = "Relative paths start at the directory Terraform runs in; \"${path.module}/file.csv\" starts at the module."
		}
		var where *fs.PathError
		if errors.As(err, &where) {
			err = where.Err // the path is named already
		}
		diags.AddAttributeError(at, "Dataset not readable", fmt.Sprintf("Opening %q: %s. %s", name, err, hint))
		return nil
	}
	defer f.Close()
	summary, err := tabular.Scan(f, name, m.rules(ctx, diags))
	if err != nil {
		diags.AddAttributeError(at, "Dataset not readable", fmt.Sprintf("Reading %q: %s.", name, err))
		return nil
	}
	if err := summary.Err(); err != nil {
		diags.AddAttributeError(at, "Dataset breaks its declared rules", fmt.Sprintf("%s:\n%s\nCorrect the file, or the rules in columns.", name, err))
		return nil
	}
	return summary
}

func (m *datasetModel) take(ctx context.Context, s *tabular.Summary, diags *diag.Diagnostics) {
	m.SHA256, m.Bytes = types.StringValue(s.SHA256), types.Int64Value(s.Bytes)
	m.RowCount, m.ColumnNames = types.Int64Null(), types.ListNull(types.StringType)
	if s.CSV {
		m.RowCount = types.Int64Value(s.Rows)
		list, d := types.ListValueFrom(ctx, types.StringType, s.Columns)
		diags.Append(d...)
		m.ColumnNames = list
	}
}

func datasetURI(store sagemaker.Location, sha256, file string) string {
	return store.Join("data", "sha256", sha256, filepath.Base(file)).URI()
}

func contentType(csv bool) string {
	if csv {
		return "text/csv"
	}
	return "application/octet-stream"
}
