package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var _ resource.ResourceWithUpgradeState = (*endpointResource)(nil)

// UpgradeState reads what version 0 of the schema wrote, that of 0.1.0: two arguments have since taken the names that
// hashicorp/aws gives them.
func (r *endpointResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: renamedAttributes(map[string]string{
		"network_isolation": "enable_network_isolation",
		"vpc":               "vpc_config",
	})}}
}

// renamedAttributes upgrades a state by giving attributes new names, keeping their values.
func renamedAttributes(names map[string]string) func(context.Context, resource.UpgradeStateRequest, *resource.UpgradeStateResponse) {
	return func(ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
		value, err := rename(req.RawState.JSON, names, resp.State.Schema.Type().TerraformType(ctx))
		if err != nil {
			resp.Diagnostics.AddError("State not upgraded", fmt.Sprintf("Reading the state that an earlier version wrote: %s. Remove the resource from state and import it again.", err))
			return
		}
		resp.State = tfsdk.State{Schema: resp.State.Schema, Raw: value}
	}
}

func rename(body []byte, names map[string]string, to tftypes.Type) (tftypes.Value, error) {
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(body, &attributes); err != nil {
		return tftypes.Value{}, err
	}
	for old, now := range names {
		if value, ok := attributes[old]; ok {
			attributes[now] = value
			delete(attributes, old)
		}
	}
	body, err := json.Marshal(attributes)
	if err != nil {
		return tftypes.Value{}, err
	}
	return (&tfprotov6.RawState{JSON: body}).UnmarshalWithOpts(to, tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
}
