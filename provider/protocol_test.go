//go:build linux || darwin

package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// protocol is a configured provider that a test talks to as Terraform does. It stands for the versions of Terraform that a test has not
// at hand.
type protocol struct {
	*harness
	// t is the test or subtest that uses it.
	t          testing.TB
	server     tfprotov6.ProviderServer
	schemas    *tfprotov6.GetProviderSchemaResponse
	identities map[string]*tfprotov6.ResourceIdentitySchema
}

func newProtocol(h *harness) *protocol {
	h.t.Helper()
	p := &protocol{harness: h, t: h.t}
	var err error
	if p.server, err = h.providers()["titanicml"](); err != nil {
		h.t.Fatal(err)
	}
	if p.schemas, err = p.server.GetProviderSchema(h.t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		h.t.Fatal(err)
	}
	p.clean(p.schemas.Diagnostics)
	identities, err := p.server.GetResourceIdentitySchemas(h.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		h.t.Fatal(err)
	}
	p.clean(identities.Diagnostics)
	p.identities = identities.IdentitySchemas
	config := p.object(p.schemas.Provider, map[string]any{
		"local":        map[string]any{"data_dir": h.data, "images": tinyImages()},
		"default_tags": map[string]any{"project": "titanic", "env": "dev", "owner": "team", "managed_by": "terraform", "cost_center": "ml"},
	})
	resp, err := p.server.ConfigureProvider(h.t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
	if err != nil {
		h.t.Fatal(err)
	}
	p.clean(resp.Diagnostics)
	return p
}

// in is the same provider in a subtest.
func (p *protocol) in(t *testing.T) *protocol {
	sub := *p
	sub.t = t
	return &sub
}

// bareServer is the provider as Terraform talks to it, not configured, with all its schemas.
func bareServer(t *testing.T) (tfprotov6.ProviderServer, *tfprotov6.GetProviderSchemaResponse) {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(New("test", Options{})())()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return server, schemas
}

// object is a configuration: values by attribute, all others null.
func (p *protocol) object(schema *tfprotov6.Schema, values map[string]any) *tfprotov6.DynamicValue {
	p.t.Helper()
	return p.dynamic(schema.ValueType(), values)
}

// dynamic fills what values leaves out of an object with null, at every depth.
func (p *protocol) dynamic(as tftypes.Type, values map[string]any) *tfprotov6.DynamicValue {
	p.t.Helper()
	var fill func(as tftypes.Type, v any) any
	fill = func(as tftypes.Type, v any) any {
		object, ok := as.(tftypes.Object)
		given, isMap := v.(map[string]any)
		if !ok || !isMap {
			return v
		}
		full := map[string]any{}
		for name, t := range object.AttributeTypes {
			full[name] = fill(t, given[name])
		}
		return full
	}
	body, err := json.Marshal(fill(as, values))
	if err != nil {
		p.t.Fatal(err)
	}
	value, err := (&tfprotov6.RawState{JSON: body}).Unmarshal(as)
	if err != nil {
		p.t.Fatal(err)
	}
	dynamic, err := tfprotov6.NewDynamicValue(as, value)
	if err != nil {
		p.t.Fatal(err)
	}
	return &dynamic
}

// clean fails the test on an error; warnings may be.
func (p *protocol) clean(diags []*tfprotov6.Diagnostic) {
	p.t.Helper()
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			p.t.Fatalf("%s: %s", d.Summary, d.Detail)
		}
	}
}

// refused fails the test unless one error says all of the words.
func (p *protocol) refused(diags []*tfprotov6.Diagnostic, words ...string) {
	p.t.Helper()
	var all []string
	for _, d := range diags {
		text := strings.Join(strings.Fields(d.Summary+": "+d.Detail), " ") // tables break lines
		all = append(all, text)
		found := d.Severity == tfprotov6.DiagnosticSeverityError
		for _, w := range words {
			found = found && strings.Contains(text, w)
		}
		if found {
			return
		}
	}
	p.t.Errorf("no error says %q; got %q", words, all)
}

// texts are the string attributes of a value.
func (p *protocol) texts(v *tfprotov6.DynamicValue, as tftypes.Type) map[string]string {
	p.t.Helper()
	value, err := v.Unmarshal(as)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.textsOf(value)
}

func (p *protocol) textsOf(value tftypes.Value) map[string]string {
	p.t.Helper()
	var attributes map[string]tftypes.Value
	if err := value.As(&attributes); err != nil {
		p.t.Fatal(err)
	}
	texts := map[string]string{}
	for name, v := range attributes {
		var text *string
		if v.Type().Is(tftypes.String) && v.IsKnown() {
			if err := v.As(&text); err != nil {
				p.t.Fatal(err)
			}
		}
		if text != nil {
			texts[name] = *text
		}
	}
	return texts
}

// identity of a resource as Terraform gives it to an import.
func (p *protocol) identity(resource, value string) *tfprotov6.ResourceIdentityData {
	p.t.Helper()
	schema := p.identities[resource]
	return &tfprotov6.ResourceIdentityData{IdentityData: p.dynamic(schema.ValueType(), map[string]any{schema.IdentityAttributes[0].Name: value})}
}

// identifies returns the one attribute of an identity.
func (p *protocol) identifies(resource string, data *tfprotov6.ResourceIdentityData) string {
	p.t.Helper()
	if data == nil || data.IdentityData == nil {
		p.t.Fatalf("%s has no identity", resource)
	}
	schema := p.identities[resource]
	return p.texts(data.IdentityData, schema.ValueType())[schema.IdentityAttributes[0].Name]
}

// recorded opens the engine on what version 0.1.0 left, so that there is one of everything.
func recorded(t *testing.T) (*protocol, *recordedState) {
	h := newProtocolHarness(t)
	from := filepath.Join(recordedStates, "0.1.0")
	if err := unpack(filepath.Join(from, archiveFile), h.data); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join(from, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	var state recordedState
	if err := json.Unmarshal(body, &state); err != nil {
		t.Fatal(err)
	}
	return newProtocol(h), &state
}

// TestIdentityOfEveryResource imports every recorded object by ID and by identity, and gives an old state, which has no identity, one by
// reading it.
func TestIdentityOfEveryResource(t *testing.T) {
	p, state := recorded(t)
	if len(p.identities) != len(p.schemas.ResourceSchemas) {
		t.Errorf("%d of %d resources have an identity", len(p.identities), len(p.schemas.ResourceSchemas))
	}
	for _, r := range state.Resources {
		t.Run(r.Type+"."+r.Name, func(t *testing.T) {
			p := p.in(t)
			schema, known := p.schemas.ResourceSchemas[r.Type], map[string]any{}
			if err := json.Unmarshal(r.Instances[0].Attributes, &known); err != nil {
				t.Fatal(err)
			}
			attribute := p.identities[r.Type].IdentityAttributes[0]
			if !attribute.RequiredForImport {
				t.Errorf("%s is not required for import", attribute.Name)
			}
			want, _ := known[attribute.Name].(string)

			upgraded, err := p.server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: r.Type, RawState: &tfprotov6.RawState{JSON: r.Instances[0].Attributes}})
			if err != nil {
				t.Fatal(err)
			}
			p.clean(upgraded.Diagnostics)
			read := p.read(r.Type, &tfprotov6.ReadResourceRequest{CurrentState: upgraded.UpgradedState})
			if got := p.identifies(r.Type, read.NewIdentity); got != want {
				t.Errorf("reading an old state gives identity %q, want %q", got, want)
			}

			var states []tftypes.Value
			for name, req := range map[string]*tfprotov6.ImportResourceStateRequest{
				"id":       {TypeName: r.Type, ID: want},
				"identity": {TypeName: r.Type, Identity: p.identity(r.Type, want)},
			} {
				imported, err := p.server.ImportResourceState(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				p.clean(imported.Diagnostics)
				one := imported.ImportedResources[0]
				read := p.read(r.Type, &tfprotov6.ReadResourceRequest{CurrentState: one.State, CurrentIdentity: one.Identity, Private: one.Private})
				if got := p.identifies(r.Type, read.NewIdentity); got != want {
					t.Errorf("an import by %s gives identity %q, want %q", name, got, want)
				}
				value, err := read.NewState.Unmarshal(schema.ValueType())
				if err != nil {
					t.Fatal(err)
				}
				if value.IsNull() {
					t.Errorf("an import by %s finds nothing", name)
				}
				states = append(states, value)
			}
			if !states[0].Equal(states[1]) {
				t.Errorf("imports by ID and by identity differ:\n%s\n%s", states[0], states[1])
			}
		})
	}
}

func (p *protocol) read(resource string, req *tfprotov6.ReadResourceRequest) *tfprotov6.ReadResourceResponse {
	p.t.Helper()
	req.TypeName = resource
	resp, err := p.server.ReadResource(p.t.Context(), req)
	if err != nil {
		p.t.Fatal(err)
	}
	p.clean(resp.Diagnostics)
	return resp
}

// TestIdentityOfWhatIsGone removes the objects behind old states: reading them has to say that they are gone, and no more.
func TestIdentityOfWhatIsGone(t *testing.T) {
	p, state := recorded(t)
	p.stop()
	if err := os.RemoveAll(p.data); err != nil {
		t.Fatal(err)
	}
	p = newProtocol(p.harness)
	for _, r := range state.Resources {
		upgraded, err := p.server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: r.Type, RawState: &tfprotov6.RawState{JSON: r.Instances[0].Attributes}})
		if err != nil {
			t.Fatal(err)
		}
		read := p.read(r.Type, &tfprotov6.ReadResourceRequest{CurrentState: upgraded.UpgradedState})
		value, err := read.NewState.Unmarshal(p.schemas.ResourceSchemas[r.Type].ValueType())
		if err != nil {
			t.Fatal(err)
		}
		// A promotion is drifted then, and the next apply repairs it.
		if r.Type != "titanicml_promotion" && !value.IsNull() {
			t.Errorf("%s.%s is still there", r.Type, r.Name)
		}
	}
}

// list returns identities with the display names and the whole resources.
func (p *protocol) list(resource string, limit int64, config map[string]any) (names map[string]string, resources []map[string]string, warnings []string) {
	p.t.Helper()
	lister := p.server.(tfprotov6.ListResourceServer)
	stream, err := lister.ListResource(p.t.Context(), &tfprotov6.ListResourceRequest{TypeName: resource, Config: p.object(p.schemas.ListResourceSchemas[resource], config),
		IncludeResource: true, Limit: limit})
	if err != nil {
		p.t.Fatal(err)
	}
	names = map[string]string{}
	for result := range stream.Results {
		p.clean(result.Diagnostics)
		for _, d := range result.Diagnostics {
			warnings = append(warnings, d.Summary+": "+d.Detail)
		}
		if result.Identity == nil {
			continue
		}
		names[p.identifies(resource, result.Identity)] = result.DisplayName
		resources = append(resources, p.texts(result.Resource, p.schemas.ResourceSchemas[resource].ValueType()))
	}
	return names, resources, warnings
}

// TestListsOfEveryResource lists what version 0.1.0 left and expects just the recorded objects, each as an import reads it.
func TestListsOfEveryResource(t *testing.T) {
	p, state := recorded(t)
	if len(p.schemas.ListResourceSchemas) != len(p.schemas.ResourceSchemas) {
		t.Errorf("%d of %d resources can be listed", len(p.schemas.ListResourceSchemas), len(p.schemas.ResourceSchemas))
	}
	configs := map[string]map[string]any{"titanicml_model_version": {"model_package_group": "survival"}}
	want := map[string]map[string]bool{}
	for _, r := range state.Resources {
		known := map[string]any{}
		if err := json.Unmarshal(r.Instances[0].Attributes, &known); err != nil {
			t.Fatal(err)
		}
		id, _ := known[p.identities[r.Type].IdentityAttributes[0].Name].(string)
		if want[r.Type] == nil {
			want[r.Type] = map[string]bool{}
		}
		want[r.Type][id] = true
	}
	for resource, ids := range want {
		names, resources, _ := p.list(resource, 0, configs[resource])
		if len(names) != len(ids) {
			t.Errorf("%s: listed %v, want %v", resource, names, ids)
		}
		for i, r := range resources {
			attribute := p.identities[resource].IdentityAttributes[0].Name
			id := r[attribute]
			if !ids[id] || names[id] == "" {
				t.Errorf("%s: listed %q as %q", resource, id, names[id])
			}
			imported, err := p.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: resource, ID: id})
			if err != nil {
				t.Fatal(err)
			}
			one := imported.ImportedResources[0]
			read := p.read(resource, &tfprotov6.ReadResourceRequest{CurrentState: one.State, CurrentIdentity: one.Identity, Private: one.Private})
			if got := p.texts(read.NewState, p.schemas.ResourceSchemas[resource].ValueType()); !sameTexts(got, resources[i]) {
				t.Errorf("%s: listed as\n%v\nimported as\n%v", resource, resources[i], got)
			}
			// What terraform query writes from it is a configuration that plans, which names where the data is.
			if resource == "titanicml_dataset" && r["source_uri"] != id {
				t.Errorf("dataset %s: source_uri is %q", id, r["source_uri"])
			}
		}
	}
	if names, _, _ := p.list("titanicml_dataset", 1, nil); len(names) != 1 {
		t.Errorf("a limit of 1 gives %v", names)
	}
}

func sameTexts(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

func TestListFilters(t *testing.T) {
	p, _ := recorded(t)
	for _, tc := range []struct {
		resource string
		config   map[string]any
		want     int
	}{
		{"titanicml_dataset", map[string]any{"file_name": "train.csv"}, 1},
		{"titanicml_dataset", map[string]any{"file_name": "other.csv"}, 0},
		{"titanicml_training_run", map[string]any{"name": "survival", "status": "Completed", "tags": map[string]any{"stage": "training"}}, 1},
		{"titanicml_training_run", map[string]any{"name": "surviv"}, 0},
		{"titanicml_training_run", map[string]any{"status": "Failed"}, 0},
		{"titanicml_training_run", map[string]any{"tags": map[string]any{"stage": "serving"}}, 0},
		{"titanicml_evaluation", map[string]any{"name": "survival-holdout"}, 1},
		{"titanicml_evaluation", map[string]any{"status": "Stopped"}, 0},
		{"titanicml_model_version", map[string]any{"model_package_group": "survival", "approval_status": "Approved"}, 1},
		{"titanicml_model_version", map[string]any{"model_package_group": "survival", "approval_status": "Rejected"}, 0},
		{"titanicml_model_version", map[string]any{"model_package_group": "nobody"}, 0},
		{"titanicml_endpoint", map[string]any{"name_contains": "viv"}, 1},
		{"titanicml_endpoint", map[string]any{"name_contains": "other"}, 0},
		{"titanicml_stage", map[string]any{"ledger": "s3://titanicml-local/titanicml/stages/dev"}, 1},
		{"titanicml_stage", map[string]any{"ledger": "s3://titanicml-local/titanicml/stages"}, 0},
	} {
		if names, _, _ := p.list(tc.resource, 0, tc.config); len(names) != tc.want {
			t.Errorf("%s %v: listed %v, want %d", tc.resource, tc.config, names, tc.want)
		}
	}
}

// TestListLeavesOutWhatIsNotOurs adds what others made, and a champion that is none.
func TestListLeavesOutWhatIsNotOurs(t *testing.T) {
	p, _ := recorded(t)
	c := p.client()
	put(t, c, c.Store.Join("champions", "broken.json").URI(), "{}")
	put(t, c, c.Store.Join("data", "sha256", "note.txt").URI(), "x")
	names, _, warnings := p.list("titanicml_promotion", 0, nil)
	if len(names) != 1 || names["survival"] != "survival, version 1" {
		t.Errorf("champions: %v", names)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "broken.json is not a champion pointer of schema 1") {
		t.Errorf("warnings: %q", warnings)
	}
	if names, _, _ := p.list("titanicml_dataset", 0, nil); len(names) != 2 {
		t.Errorf("datasets: %v", names)
	}
}

// TestListConfigErrors is about a list block that Terraform would refuse.
func TestListConfigErrors(t *testing.T) {
	p := &protocol{t: t}
	p.server, p.schemas = bareServer(t)
	for _, tc := range []struct {
		resource string
		config   map[string]any
		want     string
	}{
		{"titanicml_training_run", map[string]any{"status": "Done"}, "value must be one of"},
		{"titanicml_model_version", map[string]any{}, "model_package_group"},
		{"titanicml_model_version", map[string]any{"model_package_group": "a b"}, "must be the name of a model package group, 1 to 63 letters, digits and hyphens"},
		{"titanicml_stage", map[string]any{"ledger": "bucket/x"}, "expected an S3 URI"},
	} {
		resp, err := p.server.(tfprotov6.ListResourceServer).ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
			TypeName: tc.resource, Config: p.object(p.schemas.ListResourceSchemas[tc.resource], tc.config)})
		if err != nil {
			t.Fatal(err)
		}
		p.refused(resp.Diagnostics, tc.want)
	}
}
