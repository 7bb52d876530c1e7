package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/references"
)

const (
	onDestroyRetain = "retain"
	onDestroyDelete = "delete"
	onDestroyStop   = "stop"
)

// onDestroyAttribute says what destroy and replace do beyond leaving state; others are the values allowed beside "retain".
func onDestroyAttribute(others ...string) schema.Attribute {
	text := "What destroy and replace do to the remote objects. `retain` (default) leaves them, because a retrain must never take the champion with it"
	for _, o := range others {
		switch o {
		case onDestroyDelete:
			text += "; `delete` deletes them, and is refused while a champion, an endpoint or a decision record references them"
		case onDestroyStop:
			text += "; `stop` stops a job that is still running"
		}
	}
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(onDestroyRetain),
		MarkdownDescription: text + ".",
		Validators:          []validator.String{stringvalidator.OneOf(append([]string{onDestroyRetain}, others...)...)},
	}
}

// refuseReferenced reports an error and true when something that is promoted, recorded or served needs one of names.
func refuseReferenced(ctx context.Context, c *sagemaker.Client, diags *diag.Diagnostics, what string, names ...string) bool {
	refs, err := references.To(ctx, c, names...)
	if err != nil {
		addError(diags, what+" not deleted", fmt.Errorf("looking for what references it: %w", err))
		return true
	}
	if len(refs) == 0 {
		return false
	}
	diags.AddError(what+" still referenced",
		fmt.Sprintf("on_destroy = \"delete\" is refused, because these need %s:\n  %s\nNothing was deleted. Set on_destroy = \"retain\" and apply to drop only the state, or promote another version first.",
			names[0], strings.Join(refs, "\n  ")))
	return true
}

// privateText and fromPrivate keep one string in a resource's private state, which takes JSON only.
func privateText(s string) []byte {
	b, _ := json.Marshal(s) // a string always marshals
	return b
}

func fromPrivate(b []byte) string {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return ""
	}
	return s
}
