package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// identityBy is the identity of a resource that one attribute of its state tells from all others in the provider's account, region
// and store. The identity's attribute has the same name.
func identityBy(attribute, description string) identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		attribute: identityschema.StringAttribute{RequiredForImport: true, Description: description},
	}}
}

// identify copies the identity out of the last of the states that holds one. A Read gives the state before it, too: the framework wants
// the identity even of a resource that turns out to be gone.
func identify(ctx context.Context, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics, states ...*tfsdk.State) {
	if identity == nil {
		return
	}
	for _, state := range slices.Backward(states) {
		if state.Raw.IsNull() {
			continue
		}
		for name := range identity.Schema.GetAttributes() {
			var value types.String
			diags.Append(state.GetAttribute(ctx, path.Root(name), &value)...)
			if value.IsNull() || value.IsUnknown() {
				continue
			}
			diags.Append(identity.SetAttribute(ctx, path.Root(name), value)...)
			return
		}
	}
}

// importID is what an import names, by the ID of a command line or of an import block, or by identity; the identity is completed with it.
func importID(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) string {
	id := types.StringValue(req.ID)
	if resp.Identity == nil {
		return req.ID
	}
	for name := range resp.Identity.Schema.GetAttributes() {
		if req.ID == "" {
			resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root(name), &id)...)
		}
		resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(name), id)...)
	}
	return id.ValueString()
}

// importJob takes the name of a job for its ID and its identity. Read wants both: a job that is not there has nothing else to go by.
func importJob(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name := importID(ctx, req, resp)
	for _, attribute := range []string{"id", "job_name"} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attribute), name)...)
	}
}

// private is where a resource keeps what is not for its state. The framework's type cannot be named outside of it.
type private interface {
	comparable
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// keepPrivate writes to private state, where there is any: a list reads resources without one.
func keepPrivate[P private](ctx context.Context, to P, key string, value []byte, diags *diag.Diagnostics) {
	var none P
	if to != none {
		diags.Append(to.SetKey(ctx, key, value)...)
	}
}
