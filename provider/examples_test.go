package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestResourceExamples applies the examples of the reference pages, from data to a registered version, as one configuration.
func TestResourceExamples(t *testing.T) {
	h := newHarness(t)
	put(t, h.client(), "s3://titanicml-local/incoming/holdout.csv", "passenger_id,survived\n2,1\n")
	h.write("train.csv", "passenger_id,survived,pclass,sex,age\n1,0,3,male,22\n3,1,1,female,\n")
	var config strings.Builder
	for _, name := range []string{"dataset", "training_run", "evaluation", "model_version"} {
		body, err := os.ReadFile(filepath.Join("..", "examples", "resources", "titanicml_"+name, "resource.tf"))
		if err != nil {
			t.Fatal(err)
		}
		config.Write(body)
	}
	provider := strings.Replace(h.providerBlock(""), "tiny =", "titanic =", 1)
	h.run(resource.TestStep{Config: provider + strings.ReplaceAll(config.String(), "${path.module}/data", h.dir)})
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
