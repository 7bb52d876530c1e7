package provider

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestProviderRefusals(t *testing.T) {
	dataset := strings.ReplaceAll(datasetConfig, "${dir}", "/nowhere")
	for name, tc := range map[string]struct{ config, want string }{
		"prod on the local engine": {`provider "titanicml" { environment = "prod" }` + dataset, `environment = "prod" needs engine = "sagemaker"; got engine = "local"`},
		"unknown engine":           {`provider "titanicml" { engine = "azure" }` + dataset, "value must be one of"},
		"sagemaker without store":  {"provider \"titanicml\" {\n engine = \"sagemaker\"\n region = \"eu-west-1\"\n}\n" + dataset, `needs store = "s3://bucket/prefix"`},
		"store is no URI":          {`provider "titanicml" { store = "bucket/prefix" }` + dataset, "expected an S3 URI such as s3://bucket/prefix"},
		"image without command":    {`provider "titanicml" { local = { images = { titanic = [] } } }` + dataset, `Image "titanic" maps to an empty list`},
		"bad session length":       {"provider \"titanicml\" {\n assume_role = { role_arn = \"arn:aws:iam::1:role/x\", duration = \"long\" }\n}\n" + dataset, "expected a duration"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.run(resource.TestStep{Config: tc.config, ExpectError: says(tc.want)})
			if h.starts > 0 {
				t.Error("an engine was started")
			}
		})
	}
}

func TestLocalEngineOnWindows(t *testing.T) {
	h := newHarness(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"titanicml": providerserver.NewProtocol6WithError(New("test", Options{StartEngine: h.start, OS: "windows"})()),
		},
		Steps: []resource.TestStep{{Config: h.config(datasetConfig), ExpectError: says("Run Terraform inside WSL")}},
	})
}

func TestRequiredTags(t *testing.T) {
	withTags := func(provider, tags string) string {
		return "provider \"titanicml\" {\n" + provider + "\n}\n" + strings.TrimSuffix(datasetConfig, "}\n") + tags + "\n}\n"
	}
	for name, tc := range map[string]struct{ config, want string }{
		"none":               {withTags("", ""), "Missing: project, env, owner, managed_by, cost_center. Required: project, env, owner, managed_by, cost_center. Got: none."},
		"some, from both":    {withTags(`default_tags = { project = "p", env = "dev" }`, `tags = { owner = "me" }`), "Missing: managed_by, cost_center."},
		"empty value":        {withTags(`required_tags = ["owner"]`, `tags = { owner = "" }`), "Missing: owner."},
		"unknown at plan":    {"resource \"terraform_data\" \"x\" { input = { owner = \"me\" } }\n" + withTags(`required_tags = ["owner", "team"]`, `tags = terraform_data.x.output`), "Missing: team."},
		"unknown value only": {"resource \"terraform_data\" \"x\" { input = \"me\" }\n" + withTags(`required_tags = ["owner", "team"]`, `tags = { owner = terraform_data.x.output }`), "Missing: team."},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.run(resource.TestStep{Config: strings.ReplaceAll(strings.Replace(tc.config, "provider \"titanicml\" {", "provider \"titanicml\" {\n local = { data_dir = \"${dir}/data\" }", 1), "${dir}", h.dir), ExpectError: says(tc.want)})
		})
	}
	t.Run("none required", func(t *testing.T) {
		h := newHarness(t)
		h.run(resource.TestStep{Config: strings.ReplaceAll(strings.Replace(withTags(`required_tags = []`, ""), "provider \"titanicml\" {", "provider \"titanicml\" {\n local = { data_dir = \"${dir}/data\" }", 1), "${dir}", h.dir)})
	})
}

func TestEngineThatDoesNotStart(t *testing.T) {
	h := newHarness(t)
	start := func(context.Context, string, map[string][]string) (string, error) {
		return "", errors.New("/data/engine.db is not a database; move it away to start afresh")
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"titanicml": providerserver.NewProtocol6WithError(New("test", Options{StartEngine: start})()),
		},
		Steps: []resource.TestStep{{Config: h.config(datasetConfig), ExpectError: says("engine.db is not a database; move it away to start afresh")}},
	})
}

// TestSchemasAreDocumented keeps every text that the reference pages are generated from, as Terraform gets it.
func TestSchemasAreDocumented(t *testing.T) {
	_, all := bareServer(t)
	for _, d := range all.Diagnostics { // a schema that the framework finds wrong
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
	documented(t, "provider", all.Provider)
	for _, kind := range []map[string]*tfprotov6.Schema{all.ResourceSchemas, all.DataSourceSchemas, all.ListResourceSchemas} {
		for name, s := range kind {
			documented(t, name, s)
		}
	}
	for name, s := range all.ActionSchemas {
		documented(t, name, s.Schema)
	}
	for name, f := range all.Functions {
		if f.Summary == "" || f.Description == "" {
			t.Errorf("function %s has no summary or no description", name)
		}
		for _, p := range f.Parameters {
			if p.Description == "" {
				t.Errorf("function %s has no description of %s", name, p.Name)
			}
		}
	}
	if len(all.ResourceSchemas) == 0 || len(all.DataSourceSchemas) == 0 || len(all.ListResourceSchemas) == 0 || len(all.ActionSchemas) == 0 || len(all.Functions) == 0 {
		t.Error("a kind of objects is missing")
	}
}

func documented(t *testing.T, name string, s *tfprotov6.Schema) {
	t.Helper()
	if s.Block.Description == "" {
		t.Errorf("%s has no description", name)
	}
	attributesDocumented(t, name, s.Block.Attributes)
}

func attributesDocumented(t *testing.T, where string, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	for _, a := range attributes {
		if a.Name == "timeouts" {
			continue // the module that makes it describes it
		}
		if a.Description == "" {
			t.Errorf("%s.%s has no description", where, a.Name)
		}
		if a.NestedType != nil {
			attributesDocumented(t, where+"."+a.Name, a.NestedType.Attributes)
		}
	}
}
