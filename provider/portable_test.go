package provider

import (
	"fmt"
	"strings"
	"testing"

	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/rollout"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// The tests of this file ask little of an endpoint: no containers, no approval. Elsewhere in this package the same resources are tested
// with all that the embedded engine can do.

// TestJobsOnAnyEndpoint trains, evaluates, changes tags, trains anew and takes both jobs over by import.
func TestJobsOnAnyEndpoint(t *testing.T) {
	h := newHarness(t, needObjects, needJobs)
	config := func(quality int, more string) string { return h.config(evaluationConfig(quality, more)) }
	first := ""
	h.run(
		resource.TestStep{
			Config: config(800, ""),
			Check: resource.ComposeAggregateTestCheckFunc(attribute(trainingAddress, "status", "Completed"), attribute(trainingAddress, "attempt", "1"),
				attribute(evaluationAddress, "metrics.accuracy", "0.8"), attribute(evaluationAddress, "examples", "1000"), func(s *terraform.State) error {
					first = s.RootModule().Resources[trainingAddress].Primary.Attributes["artifact_sha256"]
					doc, err := h.evidence(s)
					if err == nil && doc.Model.SHA256 != first {
						err = fmt.Errorf("evidence is about artifact %s, trained was %s", doc.Model.SHA256, first)
					}
					return err
				}),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			Config: config(800, `tags = { owner = "me" }`), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, evaluationAddress),
			Check: resource.ComposeAggregateTestCheckFunc(attribute(evaluationAddress, "attempt", "1"), attribute(evaluationAddress, "tags_all.owner", "me"), attribute(evaluationAddress, "tags_all.env", "dev")),
		},
		resource.TestStep{
			Config: config(900, ""), ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, trainingAddress),
			Check: resource.ComposeAggregateTestCheckFunc(attribute(trainingAddress, "attempt", "1"), attribute(evaluationAddress, "metrics.accuracy", "0.9")),
		},
		// The first job was released by the replacement: it is not taken for an answer.
		resource.TestStep{Config: config(800, ""), Check: resource.ComposeAggregateTestCheckFunc(attribute(trainingAddress, "attempt", "2"), attribute(evaluationAddress, "metrics.accuracy", "0.8"))},
		resource.TestStep{ResourceName: evaluationAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{
			// Not every endpoint describes the instances of a processing job.
			"timeouts", "resources.%", "resources.instance_count", "resources.instance_type", "resources.volume_size_gb"}},
		resource.TestStep{Config: config(800, "")},
	)
}

// TestVersionOnAnyEndpoint registers evidence that lies in S3 already, and reads it back through the data sources.
func TestVersionOnAnyEndpoint(t *testing.T) {
	h := newHarness(t, needObjects, needVersions)
	r := registryOn(h)
	model := r.put("runs/one/output/model.tar.gz", "model of one")
	v := version{artifact: model.URI, sha256: model.SHA256}
	r.evaluate("eval-1", v, 0.85)
	config := func(artifact string) string {
		return r.config(fmt.Sprintf(`
resource "titanicml_model_version" "v" {
  model_package_group = %q
  image               = "tiny"
  artifact_uri        = %q
  artifact_sha256     = %q
  evaluation          = "eval-1"
}

data "titanicml_model_versions" "all" {
  model_package_group = titanicml_model_version.v.model_package_group
}

data "titanicml_evaluation_report" "r" {
  evaluation = titanicml_model_version.v.evaluation
}
`, survival, v.artifact, artifact))
	}
	r.run(
		resource.TestStep{Config: config(digest("else")), ExpectError: says("Artifact is not the one to register")},
		resource.TestStep{
			Config: config(v.sha256),
			Check: resource.ComposeAggregateTestCheckFunc(attribute(versionAddress, "version", "1"), attribute(versionAddress, "approval_status", "PendingManualApproval"),
				attribute("data.titanicml_model_versions.all", "versions.#", "1"), attribute("data.titanicml_model_versions.all", "versions.0.artifact_sha256", v.sha256),
				attribute("data.titanicml_evaluation_report.r", "examples", "300"), attribute("data.titanicml_evaluation_report.r", "metrics.accuracy", "0.833333")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{ResourceName: versionAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"group_description"}},
		// The same content again is the same version.
		resource.TestStep{Taint: []string{versionAddress}, Config: config(v.sha256), Check: attribute(versionAddress, "version", "1")},
		resource.TestStep{Config: config(v.sha256)},
	)
	if found, err := r.c.ListPackages(t.Context(), survival); err != nil || len(found) != 1 {
		t.Errorf("destroy left %d versions (%v), want the one that was registered", len(found), err)
	}
}

// TestGateOnAnyEndpoint decides without touching the version: rejected at plan, waiting for a person, and as dry runs.
func TestGateOnAnyEndpoint(t *testing.T) {
	r := registryOn(newHarness(t, needObjects, needVersions))
	v := r.register(survival, "one")
	r.evaluate("eval-1", v, 0.85)
	const strict, loose = `{ metric = "accuracy", min = 0.95 }, { metric = "recall", min = 0.5, each_slice = "sex" }`, `{ metric = "accuracy", min = 0.7, confidence = 0.95 }`
	untouched := func(*terraform.State) error {
		if c := r.champion(); c.Valid() || c.Defect != "" {
			return fmt.Errorf("there is a champion: %+v", c)
		}
		if got := r.approval(v); got != string(sdktypes.ModelApprovalStatusPendingManualApproval) {
			return fmt.Errorf("the version is %s", got)
		}
		return nil
	}
	r.run(
		resource.TestStep{Config: r.promotion(v, "eval-1", strict, ""), PlanOnly: true, ExpectError: says("FAIL accuracy all 0.8333")},
		resource.TestStep{Config: r.promotion(v, "eval-1", strict, ""), ExpectError: says("Nothing was changed: champion and endpoint are as before.")},
		resource.TestStep{
			Config: r.promotion(v, "eval-1", strict, "on_rejection = \"hold\"\ndry_run = true"),
			Check: resource.ComposeAggregateTestCheckFunc(attribute(theGate, "decision", "rejected"), attribute(theGate, "checks.0.verdict", "fail"),
				attribute(theGate, "checks.2.slice", "sex=male"), resource.TestCheckNoResourceAttr(theGate, "serving.version"), untouched),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			Config:           r.promotion(v, "eval-1", loose, "dry_run = true"),
			Check:            resource.ComposeAggregateTestCheckFunc(attribute(theGate, "decision", "approved"), untouched),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{Config: r.promotion(v, "eval-1", loose, "approval = { required = true }\non_pending = \"fail\""), ExpectError: says("Promotion waits for approval")},
		resource.TestStep{
			Config: r.promotion(v, "eval-1", loose, "approval = { required = true }"),
			Check:  resource.ComposeAggregateTestCheckFunc(attribute(theGate, "decision", "pending"), untouched),
		},
		resource.TestStep{ // evidence that was changed is no evidence
			PreConfig: func() { r.put("evaluations/eval-1/output/predictions.csv", "passenger_id,label,score\n1,1,0.9\n") },
			Config:    r.promotion(v, "eval-1", loose, ""), PlanOnly: true, ExpectError: saysAll("was changed: it has sha256", "expected"),
		},
	)
	if got := r.records(v); got["approved"] != 1 || got["rejected"] != 1 {
		t.Errorf("records by outcome: %v, want the two dry runs", got)
	}
}

// placed writes a decision about a version as a promotion does, and moves the champion pointer to it.
func (r *registry) placed(v version) *decision.StoredRecord {
	r.t.Helper()
	before := r.champion()
	group, number, err := sagemaker.ParsePackageARN(v.arn)
	r.must(err)
	predictions := r.put("evaluations/eval-1/output/predictions.csv", "predictions")
	record, err := decision.Write(r.t.Context(), r.c, &decision.Record{Schema: 1, Kind: decision.KindPromotion, Outcome: gate.Approved, ModelPackageGroup: group,
		ModelPackageARN: v.arn, Version: number, Image: "tiny", ArtifactURI: v.artifact, ArtifactSHA256: v.sha256,
		Evaluation: &decision.RecordEvaluation{Name: "eval-1", Manifest: r.put("evaluations/eval-1/evidence.json", "evidence"),
			Report: r.put("evaluations/eval-1/output/evaluation.json", "report"), Predictions: &predictions}})
	r.must(err)
	r.must(decision.Point(r.t.Context(), r.c, before, record))
	return record
}

func archive(quality int) string {
	body, err := modelArchive(containerModel{Quality: quality})
	if err != nil {
		panic(err)
	}
	return string(body)
}

const servesChampion = `
data "titanicml_champion" "c" {
  model_package_group = "titanic-survival"
}

resource "titanicml_endpoint" "e" {
  name     = "tiny"
  serving  = data.titanicml_champion.c.serving
  instance = { type = "ml.t2.medium", count = 1 }
  %s
}
`

// onEndpoint has two versions and a decision about the first. The artifacts can be unpacked and the container answers, where one is run.
func onEndpoint(t *testing.T, needs ...need) (r *registry, v1, v2 version) {
	r = registryOn(newHarness(t, append([]need{needObjects, needVersions, needEndpoints}, needs...)...))
	v1, v2 = r.registerArtifact(survival, "one", archive(800)), r.registerArtifact(survival, "two", archive(900))
	r.placed(v1)
	return r, v1, v2
}

// TestEndpointOnAnyEndpoint creates, refuses, imports and destroys; nothing is asked of a container.
func TestEndpointOnAnyEndpoint(t *testing.T) {
	r, v1, v2 := onEndpoint(t)
	config := func(more string) string { return r.config(fmt.Sprintf(servesChampion, more)) }
	twin := strings.NewReplacer(`"titanicml_endpoint" "e"`, `"titanicml_endpoint" "twin"`, `"ml.t2.medium", count = 1`, `"ml.m5.large", count = 2`, `data "titanicml_champion" "c" {
  model_package_group = "titanic-survival"
}`, "").Replace(fmt.Sprintf(servesChampion, "depends_on = [titanicml_endpoint.e]"))
	tampered := r.c.Store.Join("runs/one/output/model.tar.gz").URI()
	r.run(
		resource.TestStep{
			Config: config(""),
			Check: resource.ComposeAggregateTestCheckFunc(attribute("data.titanicml_champion.c", "exists", "true"), attribute("data.titanicml_champion.c", "artifact_sha256", v1.sha256),
				attribute(endpointAddress, "status", "InService"), attribute(endpointAddress, "version", "1"), attribute(endpointAddress, "tags_all.env", "dev")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{PreConfig: r.onlyWhatServes, Config: config(`tags = { owner = "me" }`), Check: attribute(endpointAddress, "tags_all.owner", "me")},
		resource.TestStep{Config: config("") + r.foreignRoles(twin), ExpectError: says(`an endpoint named "tiny" exists already and serves version 1`)},
		resource.TestStep{
			ResourceName: endpointAddress, ImportState: true, ImportStateVerify: true, ImportStateId: "tiny",
			ImportStateVerifyIgnore: []string{"serving", "smoke_test", "timeouts", "tags", "tags_all"},
		},
		resource.TestStep{ // the next champion's artifact was changed after its decision
			PreConfig: func() {
				r.placed(v2)
				r.put("runs/two/output/model.tar.gz", "something else")
			},
			Config: config(""), ExpectError: says("model.tar.gz was changed after its approval: got sha256 " + digest("something else") + ", expected " + v2.sha256),
		},
		resource.TestStep{ // and now its evaluation
			PreConfig: func() {
				r.put("runs/two/output/model.tar.gz", archive(900))
				r.put("evaluations/eval-1/output/predictions.csv", "better predictions")
			},
			Config: config(""), ExpectError: says("predictions.csv was changed after its approval: got sha256 " + digest("better predictions")),
		},
		resource.TestStep{PreConfig: func() { r.onlyWhatServes(); r.placed(v1) }, Config: config(""), Check: attribute(endpointAddress, "version", "1")},
	)
	if configs, models := r.objects(); len(configs)+len(models) > 0 {
		t.Errorf("destroy left configurations %v and models %v", configs, models)
	}
	if e, err := rollout.Find(t.Context(), r.c, "tiny"); e != nil || err != nil {
		t.Errorf("destroy left endpoint %+v (%v)", e, err)
	}
	if _, err := r.c.Head(t.Context(), tampered); err != nil {
		t.Errorf("destroy took the artifact with it: %v", err)
	}
}

// TestEndpointUpdatesOnAnyEndpoint moves an endpoint to the next champion.
func TestEndpointUpdatesOnAnyEndpoint(t *testing.T) {
	r, _, v2 := onEndpoint(t, needUpdates)
	config := r.config(fmt.Sprintf(servesChampion, ""))
	r.run(
		resource.TestStep{Config: config, Check: attribute(endpointAddress, "version", "1")},
		resource.TestStep{PreConfig: func() { r.placed(v2) }, Config: config, ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, endpointAddress), Check: attribute(endpointAddress, "version", "2")},
		resource.TestStep{PreConfig: r.onlyWhatServes, Config: config},
	)
}

// TestNoChampionOnAnyEndpoint awaits a promotion, and refuses a champion that no intact record names.
func TestNoChampionOnAnyEndpoint(t *testing.T) {
	r := registryOn(newHarness(t, needObjects, needVersions, needEndpoints))
	v := r.register(survival, "one")
	config := r.config(fmt.Sprintf(servesChampion, ""))
	r.run(
		resource.TestStep{Config: config, Check: resource.ComposeAggregateTestCheckFunc(attribute("data.titanicml_champion.c", "exists", "false"), attribute(endpointAddress, "status", "AwaitingPromotion"))},
		resource.TestStep{PreConfig: func() {
			record := r.placed(v)
			_, err := r.c.Put(t.Context(), record.File.URI, "application/json", []byte("{}"))
			r.must(err)
		}, Config: config, ExpectError: says("Champion not valid")},
	)
}
