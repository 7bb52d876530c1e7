package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
)

func TestModelVersions(t *testing.T) {
	r := registryOn(newHarness(t, needObjects, needVersions, needIdentity))
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.approveAs("anna", v1, "Approved")
	const data = "data.titanicml_model_versions.x"
	r.run(
		resource.TestStep{Config: r.config(`data "titanicml_model_versions" "x" { model_package_group = "titanic-survival" }`), Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(data, "versions.#", "2"), resource.TestCheckResourceAttr(data, "latest_arn", v2.arn),
			resource.TestCheckResourceAttr(data, "versions.0.artifact_sha256", v2.sha256), resource.TestCheckResourceAttr(data, "versions.1.approval_status", "Approved"),
			resource.TestMatchResourceAttr(data, "versions.0.created_by", says("arn:aws:iam::000000000000:user/titanicml")))},
		resource.TestStep{Config: r.config(`data "titanicml_model_versions" "x" {
			model_package_group = "titanic-survival"
			approval_status     = "Approved"
			metadata            = { titanicml_artifact_sha256 = "` + v1.sha256 + `" }
		}`), Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(data, "versions.#", "1"), resource.TestCheckResourceAttr(data, "latest_arn", v1.arn))},
		resource.TestStep{Config: r.config(`data "titanicml_model_versions" "x" { model_package_group = "nobody" }`), Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(data, "versions.#", "0"), resource.TestCheckNoResourceAttr(data, "latest_arn"))},
	)
}

func TestEvaluationReport(t *testing.T) {
	r := registryOn(newHarness(t, needObjects, needVersions))
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	const data = "data.titanicml_evaluation_report.x"
	config := r.config(`data "titanicml_evaluation_report" "x" { evaluation = "eval-1" }`)
	report := r.c.Store.Join("evaluations", "eval-1", "output", "evaluation.json").URI()
	r.run(
		resource.TestStep{Config: config, Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(data, "metrics.accuracy", "0.833333"), resource.TestCheckResourceAttr(data, "examples", "300"),
			resource.TestCheckResourceAttr(data, "p95_latency_ms", "0.5"), resource.TestCheckResourceAttr(data, "uri", report))},
		resource.TestStep{Config: r.config(`data "titanicml_evaluation_report" "x" { evaluation = "eval-2" }`), ExpectError: says("has left no evidence")},
		resource.TestStep{Config: r.config(`data "titanicml_evaluation_report" "x" {
			uri    = "` + report + `"
			sha256 = "` + digest("else") + `"
		}`), ExpectError: says("Report changed")},
		resource.TestStep{PreConfig: func() { r.put("evaluations/eval-1/output/evaluation.json", "{}") }, Config: config, ExpectError: says("Report changed")},
		resource.TestStep{PreConfig: func() {
			r.evaluate("eval-1", v1, 0.85, func(e *manifest.Evidence) { e.Report = r.put("other.json", "[]") })
		}, Config: config, ExpectError: says("Report not readable")},
	)
}

func output(expression string) string { return "output \"x\" { value = " + expression + " }\n" }

func TestGateFunctions(t *testing.T) {
	h := newHarness(t)
	is := func(expression string, want knownvalue.Check) resource.TestStep {
		return resource.TestStep{Config: output(expression), ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("x", want)}}
	}
	fails := func(expression, words string) resource.TestStep {
		return resource.TestStep{Config: output(expression), PlanOnly: true, ExpectError: says(words)}
	}
	text := func(s string) knownvalue.Check { return knownvalue.StringExact(s) }
	const gate = "provider::titanicml::gate"
	h.run(
		is(`provider::titanicml::required_tags({ project = "p", env = "" }, ["project", "env", "owner"])`, knownvalue.ListExact([]knownvalue.Check{text("env"), text("owner")})),
		is(gate+`({ accuracy = 0.81 }, [{ metric = "accuracy", min = 0.78 }]).approved`, knownvalue.Bool(true)),
		is(gate+`({ accuracy = 0.7 }, [{ metric = "accuracy", min = 0.78 }, { metric = "auc", min = 0.8, severity = "warn" }]).checks[*].verdict`,
			knownvalue.ListExact([]knownvalue.Check{text("fail"), text("warn")})),
		// One requirement with every field, as a list(object) variable has them.
		is(gate+`({ accuracy = 0.81 }, [{ metric = "accuracy", min = 0.78, max = null, slice = null, versus_champion = null }]).decision`, text("approved")),
		is(gate+`({ accuracy = 0.81 }, [{ metric = "accuracy", min = 0.78, confidence = 0.95 }]).decision`, text("rejected")),
		is(gate+`({ accuracy = 0.81 }, [{ metric = "accuracy", versus_champion = { max_drop = 0.01 } }]).checks[0].verdict`, text("first_promotion")),
		fails(gate+`({}, [{ metric = "accuracy", min = 78 }])`, "requirements[0].min: is 78"),
		fails(gate+`({}, [{ metric = "accuracy", minimum = 0.78 }])`, "requirements[0].minimum: there is no such field"),
		fails(gate+`({}, [{ metric = "accuracy", min = "high" }])`, "requirements[0].min: a number is expected"),
		fails(gate+`({}, "accuracy")`, "a list of objects is expected"),
		fails(gate+`({}, [])`, "the list is empty"),
		resource.TestStep{Config: output(`provider::titanicml::required_tags({}, ["env"])`)},
	)
}

func TestRequiredTagsOfNoMap(t *testing.T) {
	if onOpenTofu() {
		t.Skip("OpenTofu 1.12 sends no bytes at all for an argument that is null, which no provider can decode; our page says to use coalesce")
	}
	h := newHarness(t)
	h.run(resource.TestStep{Config: output(`provider::titanicml::required_tags(null, ["env"])`),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("x", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("env")}))}})
}
