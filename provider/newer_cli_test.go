package provider

import (
	"fmt"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// What only newer CLIs have is tried with them where they are at hand, beside the tests that speak the protocol themselves.

// runFrom runs the steps with a CLI of at least the given version.
func (h *harness) runFrom(since tfversion.TerraformVersionCheck, steps ...resource.TestStep) {
	h.t.Helper()
	t, ok := h.t.(*testing.T)
	if !ok {
		h.t.Fatal("acceptance steps need a *testing.T")
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: h.providers(), TerraformVersionChecks: []tfversion.TerraformVersionCheck{since}, Steps: steps})
}

// TestImportByIdentity needs Terraform 1.12 or OpenTofu 1.12.
func TestImportByIdentity(t *testing.T) {
	h := newHarness(t)
	checkout(h)
	config := h.config(servedConfig(`quality = "800"`, "") + `
resource "titanicml_stage" "this" {
  number     = 1
  name       = "foundation"
  source_dir = "${dir}/1_foundation"
}
`)
	steps := []resource.TestStep{{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}}}
	for _, r := range []struct{ address, attribute string }{
		{"titanicml_dataset.h", "uri"},
		{"titanicml_training_run.t", "job_name"},
		{"titanicml_evaluation.v", "job_name"},
		{"titanicml_model_version.m", "arn"},
		{"titanicml_promotion.p", "model_package_group"},
		{"titanicml_endpoint.e", "name"},
		{"titanicml_stage.this", "id"},
	} {
		steps[0].ConfigStateChecks = append(steps[0].ConfigStateChecks,
			statecheck.ExpectIdentityValueMatchesState(r.address, tfjsonpath.New(r.attribute)))
	}
	// A version is registered as it is configured, so that its import changes nothing; the others have arguments that only a
	// configuration knows. TestIdentityOfEveryResource imports them all.
	steps = append(steps, resource.TestStep{Config: config, ResourceName: "titanicml_model_version.m", ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity})
	h.runFrom(tfversion.SkipBelow(tfversion.Version1_12_0), steps...)
}

func onOpenTofu() bool { return os.Getenv("TF_ACC_PROVIDER_HOST") == "registry.opentofu.org" }

// needsTerraform skips with OpenTofu, which has neither lists nor actions.
func needsTerraform(t *testing.T) {
	t.Helper()
	if onOpenTofu() {
		t.Skip("OpenTofu has no list blocks and no actions")
	}
}

// TestQuery needs Terraform 1.14.
func TestQuery(t *testing.T) {
	needsTerraform(t)
	h := newHarness(t)
	h.runFrom(tfversion.SkipBelow(tfversion.Version1_14_0),
		resource.TestStep{Config: h.config(servedConfig(`quality = "800"`, ""))},
		// The query is read beside the configuration of the step before it, which has the provider block.
		resource.TestStep{Query: true, Config: `
list "titanicml_training_run" "all" {
  provider = titanicml
  config {
    status = "Completed"
  }
}
`, QueryResultChecks: []querycheck.QueryResultCheck{
			querycheck.ExpectLength("titanicml_training_run.all", 1),
			querycheck.ExpectIdentity("titanicml_training_run.all", map[string]knownvalue.Check{"job_name": knownvalue.NotNull()}),
		}},
	)
}

// TestRollbackTriggered needs Terraform 1.14.
func TestRollbackTriggered(t *testing.T) {
	needsTerraform(t)
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	newer := r.promotion(v2, "eval-2", atLeast78, "")
	r.runFrom(tfversion.SkipBelow(tfversion.Version1_14_0),
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")},
		resource.TestStep{Config: newer},
		resource.TestStep{Config: newer + fmt.Sprintf(`
action "titanicml_rollback" "back" {
  config {
    model_package_group = %q
    reason              = "incident 42"
  }
}

resource "terraform_data" "incident" {
  input = 42
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.titanicml_rollback.back]
    }
  }
}
`, survival), Check: func(*terraform.State) error { r.serves(v1); return nil }},
	)
}
