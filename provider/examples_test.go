package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/stage"
)

// TestResourceExamples applies the examples of the reference pages, from data to a registered version, as one configuration.
func TestResourceExamples(t *testing.T) {
	h := newHarness(t)
	put(t, h.client(), "s3://titanicml-local/incoming/holdout.csv", "passenger_id,survived\n2,1\n")
	h.write("train.csv", "passenger_id,survived,pclass,sex,age\n1,0,3,male,22\n3,1,1,female,\n")
	var chain strings.Builder
	for _, name := range []string{"dataset", "training_run", "evaluation", "model_version"} {
		body, err := os.ReadFile(filepath.Join("..", "examples", "resources", "titanicml_"+name, "resource.tf"))
		if err != nil {
			t.Fatal(err)
		}
		chain.Write(body)
	}
	provider := strings.Replace(h.providerBlock(""), "tiny =", "titanic =", 1)
	h.run(resource.TestStep{Config: provider + strings.ReplaceAll(chain.String(), "${path.module}/data", h.dir)})
}

// example reads one of the files that the reference embeds.
func example(t *testing.T, kind, name, file string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "examples", kind, name, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestExamplesArePlanned plans the whole chain of the reference pages, down to the endpoint, with the data sources beside it and the
// functions in the validation of variables. What it decides on is known only after apply.
func TestExamplesArePlanned(t *testing.T) {
	h := newHarness(t)
	put(t, h.client(), "s3://titanicml-local/incoming/holdout.csv", "passenger_id,survived\n2,1\n")
	h.write("train.csv", "passenger_id,survived,pclass,sex,age\n1,0,3,male,22\n")
	var all strings.Builder
	for _, name := range []string{"dataset", "training_run", "evaluation", "model_version", "promotion", "endpoint"} {
		all.WriteString(example(t, "resources", "titanicml_"+name, "resource.tf"))
	}
	for _, name := range []string{"champion", "evaluation_report", "model_versions"} {
		all.WriteString(example(t, "data-sources", "titanicml_"+name, "data-source.tf"))
	}
	for _, name := range []string{"gate", "policy_findings", "required_tags"} {
		all.WriteString(example(t, "functions", name, "function.tf"))
	}
	// hashicorp/aws is not at hand: the document is written out.
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::titanic-data/*"}]}`
	check := example(t, "data-sources", "titanicml_iam_policy_check", "data-source.tf")
	_, check, _ = strings.Cut(check, "\n# Fails the plan")
	check, _, _ = strings.Cut("# Fails the plan"+check, "\nresource ")
	all.WriteString(strings.Replace(check, "data.aws_iam_policy_document.training.json", fmt.Sprintf("%q", policy), 1))
	provider := strings.Replace(h.providerBlock(""), "tiny =", "titanic =", 1)
	whole := provider + strings.ReplaceAll(all.String(), "${path.module}/data", h.dir)
	with := func(policy, tags config.Variable) config.Variables {
		return config.Variables{"policy": policy, "tags": tags}
	}
	tags := config.MapVariable(map[string]config.Variable{"project": config.StringVariable("p"), "env": config.StringVariable("dev")})
	h.run(
		resource.TestStep{Config: whole, ConfigVariables: with(config.StringVariable(policy), tags), PlanOnly: true, ExpectNonEmptyPlan: true},
		resource.TestStep{Config: whole, ConfigVariables: with(config.StringVariable(strings.ReplaceAll(policy, "s3:GetObject", "s3:*")), tags), PlanOnly: true, ExpectError: says("iam_wildcard_action")},
		resource.TestStep{Config: whole, ConfigVariables: with(config.StringVariable(policy), config.MapVariable(map[string]config.Variable{"env": config.StringVariable("dev")})), PlanOnly: true, ExpectError: says("Missing tags: project.")},
	)
}

// TestStageExamples applies the stage of the reference after the one before it, and reads it.
func TestStageExamples(t *testing.T) {
	h := newHarness(t, needObjects)
	checkout(h)
	for _, name := range []string{"3_data", "5_serving"} {
		if err := os.MkdirAll(filepath.Join(h.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		h.write(name+"/main.tf", "locals {}")
	}
	c := h.client()
	sources, err := stage.Digest(filepath.Join(h.dir, "2_networking"))
	if err == nil {
		_, err = stage.Ledger{Client: c, At: stage.DefaultLedger(c.Store, "dev")}.Write(t.Context(), stage.Entry{Number: 2, Name: "networking", Environment: "dev", SourceSHA256: sources.SHA256})
	}
	if err != nil {
		t.Fatal(err)
	}
	written := strings.NewReplacer("${path.module}/../../docs/01-data-ingestion.md", h.dir+"/docs/00.md", "= path.module", fmt.Sprintf("= %q", h.dir+"/3_data")).
		Replace(example(t, "resources", "titanicml_stage", "resource.tf"))
	read := strings.Replace(example(t, "data-sources", "titanicml_stage", "data-source.tf"), "${path.module}/../", h.dir+"/", 1)
	body := strings.ReplaceAll(datasetConfig, `"titanicml_dataset" "d"`, `"titanicml_dataset" "train"`) + written
	h.run(
		resource.TestStep{Config: h.config(body)},
		resource.TestStep{Config: h.config(body + read), Check: resource.TestCheckResourceAttr("data.titanicml_stage.data", "current", "true")},
	)
}

// TestProviderExample plans with the provider block of the reference's first page.
func TestProviderExample(t *testing.T) {
	h := newHarness(t)
	body, err := os.ReadFile(filepath.Join("..", "examples", "provider", "provider.tf"))
	if err != nil {
		t.Fatal(err)
	}
	// The test framework says itself where the provider comes from.
	_, blocks, _ := strings.Cut(string(body), "\n}\n")
	h.run(resource.TestStep{Config: strings.Replace(blocks, `".titanicml"`, `"`+h.data+`"`, 1) + strings.ReplaceAll(datasetConfig, "${dir}", h.dir)})
}
