// Command schemas adds what only newer CLIs print to the answer of `terraform providers schema -json`: the schemas of identities, list
// resources and actions. With it the reference comes out the same with every CLI.
//
// Usage: terraform providers schema -json | schemas ADDRESS
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/titanicml/terraform-provider-titanicml/provider"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "schemas: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: terraform providers schema -json | schemas ADDRESS")
	}
	var document struct {
		FormatVersion string                                `json:"format_version"`
		Schemas       map[string]map[string]json.RawMessage `json:"provider_schemas"`
	}
	if err := json.NewDecoder(in).Decode(&document); err != nil {
		return fmt.Errorf("reading the CLI's schemas: %w", err)
	}
	schemas := document.Schemas[args[0]]
	if schemas == nil {
		return fmt.Errorf("the CLI's schemas have no provider %q", args[0])
	}
	server, err := providerserver.NewProtocol6WithError(provider.New("schemas", provider.Options{})())()
	if err != nil {
		return fmt.Errorf("starting the provider: %w", err)
	}
	added, err := newer(ctx, server)
	if err != nil {
		return err
	}
	for name, part := range added {
		if schemas[name], err = json.Marshal(part); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return json.NewEncoder(out).Encode(document)
}

type block struct {
	Attributes      map[string]attribute `json:"attributes"`
	Description     string               `json:"description,omitempty"`
	DescriptionKind string               `json:"description_kind,omitempty"`
}

type attribute struct {
	Type              json.RawMessage `json:"type"`
	Description       string          `json:"description,omitempty"`
	DescriptionKind   string          `json:"description_kind,omitempty"`
	Required          bool            `json:"required,omitempty"`
	Optional          bool            `json:"optional,omitempty"`
	RequiredForImport bool            `json:"required_for_import,omitempty"`
	OptionalForImport bool            `json:"optional_for_import,omitempty"`
}

// newer asks the provider for the parts, by their names in the CLI's answer.
func newer(ctx context.Context, server tfprotov6.ProviderServer) (map[string]any, error) {
	all, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("asking for the schemas: %w", err)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("asking for the identities: %w", err)
	}
	for _, d := range append(all.Diagnostics, identities.Diagnostics...) {
		return nil, fmt.Errorf("asking for the schemas: %s: %s", d.Summary, d.Detail)
	}
	lists, actions, ids := map[string]any{}, map[string]any{}, map[string]any{}
	for name, s := range all.ListResourceSchemas {
		b, err := flat(name, s.Block)
		if err != nil {
			return nil, err
		}
		lists[name] = map[string]any{"version": s.Version, "block": b}
	}
	for name, s := range all.ActionSchemas {
		b, err := flat(name, s.Schema.Block)
		if err != nil {
			return nil, err
		}
		actions[name] = map[string]any{"block": b}
	}
	for name, s := range identities.IdentitySchemas {
		attributes := map[string]attribute{}
		for _, a := range s.IdentityAttributes {
			kind, err := json.Marshal(a.Type)
			if err != nil {
				return nil, fmt.Errorf("writing the type of %s.%s: %w", name, a.Name, err)
			}
			attributes[a.Name] = attribute{Type: kind, Description: a.Description, RequiredForImport: a.RequiredForImport, OptionalForImport: a.OptionalForImport}
		}
		ids[name] = map[string]any{"version": s.Version, "attributes": attributes}
	}
	return map[string]any{"list_resource_schemas": lists, "action_schemas": actions, "resource_identity_schemas": ids}, nil
}

// flat converts a block of plain attributes, all that list resources and actions have here.
func flat(name string, from *tfprotov6.SchemaBlock) (block, error) {
	b := block{Attributes: map[string]attribute{}, Description: from.Description, DescriptionKind: kind(from.DescriptionKind)}
	for _, a := range from.Attributes {
		if a.NestedType != nil {
			return b, fmt.Errorf("%s.%s has nested attributes, which this command does not write yet", name, a.Name)
		}
		typed, err := json.Marshal(a.Type)
		if err != nil {
			return b, fmt.Errorf("writing the type of %s.%s: %w", name, a.Name, err)
		}
		b.Attributes[a.Name] = attribute{Type: typed, Description: a.Description, DescriptionKind: kind(a.DescriptionKind), Required: a.Required, Optional: a.Optional}
	}
	if len(from.BlockTypes) > 0 {
		return b, fmt.Errorf("%s has blocks, which this command does not write", name)
	}
	return b, nil
}

func kind(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}
