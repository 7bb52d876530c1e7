package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/stage"
)

// checkout makes two stages, a module that the first calls, and a document.
func checkout(h *harness) {
	file := func(name, content string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(h.dir, name)), 0o755); err != nil {
			h.t.Fatal(err)
		}
		h.write(name, content)
	}
	file("1_foundation/main.tf", `module "m" { source = "../modules/m" }`)
	file("1_foundation/dev.tfvars", "a = 1")
	file("2_networking/main.tf", "")
	file("modules/m/main.tf", "locals { a = 1 }")
	var doc strings.Builder
	for i := range 7 {
		fmt.Fprintf(&doc, "## Section %d\n\nText.\n\n", i)
	}
	file("docs/00.md", doc.String())
}

func stageConfig(h *harness, number int, name, more string) string {
	return h.config(fmt.Sprintf(`
resource "titanicml_stage" "this" {
  number     = %d
  name       = %q
  source_dir = "${dir}/%d_%s"
  outputs    = { vpc = "vpc-1", zones = ["a", "b"], count = 2 }
  %s
}
`, number, name, number, name, more))
}

func TestStages(t *testing.T) {
	h := newHarness(t, needObjects)
	checkout(h)
	const at = "titanicml_stage.this"
	first, second := stageConfig(h, 1, "foundation", `evidence = "${dir}/docs/00.md"`), stageConfig(h, 2, "networking", "")
	entry := stage.DefaultLedger(h.client().Store, "dev").Join("1_foundation.json").URI()
	apply := func(config string, steps ...resource.TestStep) {
		h.run(append([]resource.TestStep{{Config: config}}, steps...)...)
	}
	h.run(resource.TestStep{Config: second, PlanOnly: true, ExpectError: says("Previous stage not applied")})

	// Stage 1 stays applied while the others are tried, in states of their own.
	h.run(
		resource.TestStep{Config: first, Check: resource.ComposeAggregateTestCheckFunc(resource.TestCheckResourceAttr(at, "id", entry), resource.TestCheckNoResourceAttr(at, "previous"))},
		resource.TestStep{Config: first, ResourceName: at, ImportState: true, ImportStateId: entry, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"source_dir", "evidence", "outputs", "outputs.%", "outputs.count", "outputs.vpc", "outputs.zones.#", "outputs.zones.0", "outputs.zones.1", "previous"}},
		resource.TestStep{PreConfig: func() {
			apply(second, resource.TestStep{Config: second + `
data "titanicml_stage" "one" {
  number     = 1
  source_dir = "` + h.dir + `/1_foundation"
}`, Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr("data.titanicml_stage.one", "current", "true"), resource.TestCheckResourceAttr("data.titanicml_stage.one", "outputs.vpc", "vpc-1"),
				resource.TestCheckResourceAttr("data.titanicml_stage.one", "outputs.zones.1", "b"), resource.TestCheckResourceAttr(at, "previous", entry))})
			// A variable value is no source, a called module is one.
			h.write("1_foundation/dev.tfvars", "a = 2")
		}, Config: first, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{PreConfig: func() {
			h.write("modules/m/main.tf", "locals { a = 2 }")
			h.run(resource.TestStep{Config: second, PlanOnly: true, ExpectError: says("Previous stage out of date")})
		}, Config: first, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(at, plancheck.ResourceActionUpdate)}}},
		resource.TestStep{PreConfig: func() { h.write("docs/00.md", "## One\n") }, Config: first, PlanOnly: true, ExpectError: says("has 1 sections")},
		resource.TestStep{PreConfig: func() { checkout(h); h.write("docs/00.md", strings.Repeat("## More\n\nEdited.\n", 7)) }, Config: first},
	)
	e, err := stage.Ledger{Client: h.client(), At: stage.DefaultLedger(h.client().Store, "dev")}.Find(t.Context(), 1)
	if err != nil || e == nil || !e.Tombstone {
		t.Errorf("a destroyed stage left %+v, %v; want a tombstone", e, err)
	}
	h.run(resource.TestStep{Config: second, PlanOnly: true, ExpectError: says("Previous stage destroyed")})
}

func TestStageDestroyIsRefusedBeforeTheNext(t *testing.T) {
	h := newHarness(t, needObjects)
	checkout(h)
	h.write("2_networking/main.tf", "locals {}")
	first := stageConfig(h, 1, "foundation", "")
	next := stage.Entry{Number: 2, Name: "networking", Environment: "dev", SourceSHA256: digest("x")}
	ledger := stage.Ledger{Client: h.client(), At: stage.DefaultLedger(h.client().Store, "dev")}
	record := func(tombstone bool) {
		next.Tombstone = tombstone
		if _, err := ledger.Write(t.Context(), next); err != nil {
			t.Fatal(err)
		}
	}
	h.run(
		resource.TestStep{Config: first},
		resource.TestStep{PreConfig: func() { record(false) }, Config: first, Destroy: true, ExpectError: says("Stage 2_networking stands on this one")},
		resource.TestStep{PreConfig: func() { record(true) }, Config: first},
	)
}

func TestStageConfigErrors(t *testing.T) {
	h := newHarness(t, needObjects)
	checkout(h)
	for _, c := range []struct{ config, want string }{
		{stageConfig(h, 3, "data", ""), "Stage sources not readable"},
		{h.config(`resource "titanicml_stage" "x" {
  number     = 4
  name       = "ml"
  source_dir = "${dir}/2_networking"
}`), "There is no folder 3_* beside"},
		{stageConfig(h, 1, "foundation", `evidence = "${dir}/none.md"`), "Stage evidence incomplete"},
		{stageConfig(h, 1, "Foundation", ""), "must be lower-case"},
	} {
		h.run(resource.TestStep{Config: c.config, PlanOnly: true, ExpectError: says(c.want)})
	}
}

// Who recorded an entry, and from what, is written with it and is no difference afterwards.
func TestStageRecordsItsRun(t *testing.T) {
	h := newRunHarness(t)
	checkout(h)
	const at = "titanicml_stage.this"
	config := stageConfig(h, 1, "foundation", "")
	run := func(commit, id string) {
		for name, value := range map[string]string{"GITHUB_SHA": commit, "GITHUB_ACTOR": "ada", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r",
			"GITHUB_RUN_ID": id, "TITANICML_PLAN_SHA256": digest("plan " + id)} {
			t.Setenv(name, value)
		}
	}
	run("c0ffee", "7")
	shows := resource.ComposeAggregateTestCheckFunc(resource.TestCheckResourceAttr(at, "commit", "c0ffee"), resource.TestCheckResourceAttr(at, "actor", "ada"),
		resource.TestCheckResourceAttr(at, "run_url", "https://github.com/o/r/actions/runs/7"), resource.TestCheckResourceAttr(at, "plan_sha256", digest("plan 7")))
	h.run(
		resource.TestStep{Config: config, Check: shows},
		resource.TestStep{PreConfig: func() { run("decade", "8") }, Config: config, ConfigPlanChecks: emptyPlan(), Check: shows},
		resource.TestStep{PreConfig: func() { h.write("1_foundation/main.tf", "locals {}") }, Config: config, Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(at, "commit", "decade"), resource.TestCheckResourceAttr(at, "plan_sha256", digest("plan 8")))},
	)
}

// Prod needs the same sources in dev.
func TestStageInProdFollowsDev(t *testing.T) {
	h := newHarness(t, needObjects)
	checkout(h)
	c := h.client()
	sources, err := stage.Digest(filepath.Join(h.dir, "1_foundation"))
	if err != nil {
		t.Fatal(err)
	}
	dev := stage.Ledger{Client: c, At: stage.DefaultLedger(c.Store, "dev")}
	r := &stageResource{session: &session{environment: "prod"}}
	check := func(devLedger types.String) diag.Diagnostics {
		var diags diag.Diagnostics
		m := stageModel{Number: types.Int64Value(1), Name: types.StringValue("foundation"), SourceDir: types.StringValue(filepath.Join(h.dir, "1_foundation")),
			SourceSHA256: types.StringValue(sources.SHA256), Ledger: types.StringValue(stage.DefaultLedger(c.Store, "prod").URI()), DevLedger: devLedger}
		if err := r.checkLedgers(t.Context(), c, &m, &diags); err != nil {
			t.Fatal(err)
		}
		return diags
	}
	at := types.StringValue(dev.At.URI())
	expect := func(got diag.Diagnostics, summary string) {
		t.Helper()
		if len(got) != 1 || got[0].Summary() != summary {
			t.Errorf("got %v, want %q", got, summary)
		}
	}
	expect(check(types.StringNull()), "Missing dev ledger")
	expect(check(at), "Stage not applied in dev")
	write := func(digest string) {
		if _, err := dev.Write(t.Context(), stage.Entry{Number: 1, Name: "foundation", SourceSHA256: digest}); err != nil {
			t.Fatal(err)
		}
	}
	write(digest("else"))
	expect(check(at), "Stage differs from dev")
	write(sources.SHA256)
	if got := check(at); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
