package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestSchemasAreAdded(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"titanicml"}, strings.NewReader(`{"format_version":"1.0","provider_schemas":{"titanicml":{"resource_schemas":{"x":1}}}}`), &out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Format  string `json:"format_version"`
		Schemas map[string]struct {
			Resources map[string]int `json:"resource_schemas"`
			Lists     map[string]struct {
				Block block `json:"block"`
			} `json:"list_resource_schemas"`
			Actions map[string]struct {
				Block block `json:"block"`
			} `json:"action_schemas"`
			Identities map[string]block `json:"resource_identity_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	s := got.Schemas["titanicml"]
	if got.Format != "1.0" || s.Resources["x"] != 1 {
		t.Errorf("the CLI's own answer was lost: %s", out.String())
	}
	if a := s.Lists["titanicml_training_run"].Block.Attributes["tags"]; string(a.Type) != `["map","string"]` || !a.Optional || a.DescriptionKind != "markdown" {
		t.Errorf("list_resource_schemas: %+v", a)
	}
	if a := s.Actions["titanicml_rollback"].Block.Attributes["reason"]; string(a.Type) != `"string"` || !a.Required {
		t.Errorf("action_schemas: %+v", a)
	}
	if a := s.Identities["titanicml_endpoint"].Attributes["name"]; string(a.Type) != `"string"` || !a.RequiredForImport {
		t.Errorf("resource_identity_schemas: %+v", a)
	}
}

func TestRefusals(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "reading the CLI's schemas",
		`{"provider_schemas":{}}`: `have no provider "titanicml"`,
	} {
		if err := run(t.Context(), []string{"titanicml"}, strings.NewReader(in), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", in, err, want)
		}
	}
	if err := run(t.Context(), nil, strings.NewReader(""), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "usage") {
		t.Errorf("without an address: %v", err)
	}
}
