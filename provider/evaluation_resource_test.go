package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

const (
	evaluationAddress = "titanicml_evaluation.e"
	versionAddress    = "titanicml_model_version.v"
)

// evaluationConfig is a training run and an evaluation of it with further arguments.
func evaluationConfig(quality int, more string) string {
	return trainingConfig(fmt.Sprintf(`quality = "%d"`, quality), "") + fmt.Sprintf(`
resource "titanicml_dataset" "holdout" {
  name   = "holdout"
  source = "${dir}/holdout.csv"
}

resource "titanicml_evaluation" "e" {
  name         = "tiny"
  image        = "tiny"
  model_uri    = titanicml_training_run.t.artifact_uri
  model_sha256 = titanicml_training_run.t.artifact_sha256
  dataset      = titanicml_dataset.holdout.uri
  id_column    = "passenger_id"
  %s
}
`, more)
}

func versionConfig(quality int, more string) string {
	return evaluationConfig(quality, "") + fmt.Sprintf(`
resource "titanicml_model_version" "v" {
  model_package_group = "tiny"
  image               = "tiny"
  artifact_uri        = titanicml_training_run.t.artifact_uri
  training_run        = titanicml_training_run.t.id
  evaluation          = titanicml_evaluation.e.id
  %s
}
`, more)
}

// evidence reads the manifest that the evaluation in state names.
func (h *harness) evidence(s *terraform.State) (manifest.Evidence, error) {
	obj, err := h.client().Get(h.t.Context(), s.RootModule().Resources[evaluationAddress].Primary.Attributes["evidence_uri"])
	if err != nil {
		return manifest.Evidence{}, err
	}
	return manifest.Decode(obj.Body)
}

// crown makes an artifact the champion of group "tiny", with a decision.
func (h *harness) crown(version int, artifact, sha256 string) error {
	ctx, c := h.t.Context(), h.client()
	before, err := decision.ReadChampion(ctx, c, "tiny")
	if err != nil {
		return err
	}
	r, err := decision.Write(ctx, c, &decision.Record{Schema: 1, Kind: decision.KindPromotion, Outcome: gate.Approved, ModelPackageGroup: "tiny",
		ModelPackageARN: fmt.Sprintf("arn:x/%d", version), Version: version, ArtifactURI: artifact, ArtifactSHA256: sha256})
	if err != nil {
		return err
	}
	return decision.Point(ctx, c, before, r)
}

func TestEvaluationLifecycle(t *testing.T) {
	h := newHarness(t, needObjects, needJobs, needDescriptions)
	other := h.client().Store.Join("other.tar.gz").URI()
	baseline := `baseline_group = "tiny"`
	train := `training_dataset = titanicml_dataset.d.uri` + "\n"
	h.run(
		resource.TestStep{ // no champion yet
			Config: h.config(evaluationConfig(800, train+baseline)),
			ConfigStateChecks: []statecheck.StateCheck{
				// "odd" is NaN in the report and cannot be in state.
				statecheck.ExpectKnownValue(evaluationAddress, tfjsonpath.New("metrics"), knownvalue.MapExact(map[string]knownvalue.Check{"accuracy": knownvalue.Float64Exact(0.8)})),
				statecheck.ExpectKnownValue(evaluationAddress, tfjsonpath.New("examples"), knownvalue.Int64Exact(1000)),
				statecheck.ExpectKnownValue(evaluationAddress, tfjsonpath.New("baseline"), knownvalue.Null()),
			},
			Check: func(s *terraform.State) error {
				doc, err := h.evidence(s)
				if err != nil {
					return err
				}
				attrs := s.RootModule().Resources[trainingAddress].Primary.Attributes
				if doc.Model.SHA256 != attrs["artifact_sha256"] || doc.TrainingDataset == nil || doc.Baseline != nil || doc.Predictions == nil {
					t.Errorf("evidence %+v", doc)
				}
				// What was scored here becomes the champion.
				return h.crown(1, attrs["artifact_uri"], attrs["artifact_sha256"])
			},
		},
		resource.TestStep{ // a new champion alone changes nothing: the evaluation is frozen
			Config:           h.config(evaluationConfig(800, train+baseline)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{ // the next candidate is compared with it, in one job
			Config:           h.config(evaluationConfig(900, train+baseline)),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, evaluationAddress),
			Check: func(s *terraform.State) error {
				doc, err := h.evidence(s)
				if err != nil {
					return err
				}
				if doc.Baseline == nil || doc.Baseline.ModelPackageARN != "arn:x/1" || doc.Baseline.Predictions == nil || doc.Baseline.Report.SHA256 == doc.Report.SHA256 {
					t.Errorf("evidence %+v", doc)
				}
				return nil
			},
		},
		resource.TestStep{ResourceName: evaluationAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeouts"}},
		resource.TestStep{ResourceName: evaluationAddress, ImportState: true, ImportStateId: "not-there", ExpectError: says("Cannot import non-existent remote object")},
		resource.TestStep{ // without its evidence it proves nothing
			PreConfig: func() {
				c := h.client()
				objects, err := c.List(t.Context(), c.Store.Join("evaluations"))
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range objects {
					if strings.HasSuffix(o.URI, "evidence.json") {
						if err := c.Remove(t.Context(), o.URI); err != nil {
							t.Fatal(err)
						}
					}
				}
			},
			Config:           h.config(evaluationConfig(900, train+baseline)),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate, evaluationAddress),
			Check:            attribute(evaluationAddress, "attempt", "1"), // the job itself is adopted
		},
		resource.TestStep{ // a champion whose artifact changed is no baseline
			PreConfig: func() {
				put(t, h.client(), other, "tampered")
				if err := h.crown(2, other, "00"); err != nil {
					t.Fatal(err)
				}
			},
			Config:      h.config(evaluationConfig(850, train+baseline)),
			ExpectError: says("but was promoted with 00. A comparison with it would mean nothing."),
		},
		resource.TestStep{ // nor is one without its decision
			PreConfig: func() {
				c := h.client()
				champion, err := decision.ReadChampion(t.Context(), c, "tiny")
				if err == nil {
					err = c.Remove(t.Context(), champion.Pointer.DecisionURI)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			Config:      h.config(evaluationConfig(850, train+baseline)),
			ExpectError: saysAll("Champion not valid", "which does not exist. A comparison with it would mean nothing. Apply the promotion that decided on the champion", "/champions/tiny.json: the group has no champion then"),
		},
		resource.TestStep{ // which the message's last way out ends
			PreConfig: func() {
				c := h.client()
				if err := c.Remove(t.Context(), decision.PointerURI(c.Store, "tiny")); err != nil {
					t.Fatal(err)
				}
			},
			Config: h.config(evaluationConfig(850, train+baseline)),
		},
	)
}

func TestEvaluationRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"container fails": {evaluationConfig(800, `environment = { CONTAINER_BEHAVIOUR = "exit1" }`), "evaluate: giving up"},
		"no report":       {evaluationConfig(800, `environment = { CONTAINER_BEHAVIOUR = "no-report" }`), "it wrote no evaluation.json"},
		"bare NaN":        {evaluationConfig(800, `environment = { CONTAINER_BEHAVIOUR = "bare-nan" }`), "is not a usable report"},
		"no label column": {evaluationConfig(800, `environment = { CONTAINER_BEHAVIOUR = "no-label" }`), "predictions.csv is not usable"},
		"other model":     {strings.Replace(evaluationConfig(800, ""), "titanicml_training_run.t.artifact_sha256", `"`+strings.Repeat("0", 64)+`"`, 1), "Artifact is not the one to evaluate"},
		"no such data":    {strings.Replace(evaluationConfig(800, ""), "titanicml_dataset.holdout.uri", `"s3://titanicml-local/gone.csv"`, 1), "There is no object s3://titanicml-local/gone.csv."},
	} {
		t.Run(name, func(t *testing.T) {
			needs := []need{needObjects, needJobs}
			if name == "container fails" {
				needs = append(needs, needContainers)
			}
			h := newHarness(t, needs...)
			store := "s3://" + h.client().Store.Bucket + "/"
			config, want := strings.ReplaceAll(tc.config, "s3://titanicml-local/", store), strings.ReplaceAll(tc.want, "s3://titanicml-local/", store)
			h.run(resource.TestStep{Config: h.config(config), ExpectError: says(want)})
		})
	}
}

func TestModelVersionLifecycle(t *testing.T) {
	h := newHarness(t, needObjects, needJobs, needVersions, needApproval, needDeletion)
	record := h.client().Store.Join("decisions/tiny/2/x.json").URI()
	packages := func(want int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			found, err := h.client().ListPackages(t.Context(), "tiny")
			if err == nil && len(found) != want {
				err = fmt.Errorf("group has %d versions, want %d", len(found), want)
			}
			return err
		}
	}
	arn := ""
	h.run(
		resource.TestStep{
			Config: h.config(versionConfig(800, "")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(versionAddress, tfjsonpath.New("approval_status"), knownvalue.StringExact("PendingManualApproval")),
				statecheck.ExpectKnownValue(versionAddress, tfjsonpath.New("version"), knownvalue.Int64Exact(1)),
			},
			Check: resource.ComposeTestCheckFunc(packages(1), func(s *terraform.State) error {
				attrs := s.RootModule().Resources[versionAddress].Primary.Attributes
				arn = attrs["arn"]
				p, err := h.client().DescribePackage(t.Context(), arn)
				if err != nil {
					return err
				}
				report := s.RootModule().Resources[evaluationAddress].Primary.Attributes["report_sha256"]
				statistics := p.Raw.ModelMetrics.ModelQuality.Statistics
				if *statistics.ContentDigest != "sha256:"+report || p.Metadata[sagemaker.MetaEvaluationSHA256] != report {
					t.Errorf("report digest %s, registered %s and %s", report, *statistics.ContentDigest, p.Metadata[sagemaker.MetaEvaluationSHA256])
				}
				for _, key := range []string{sagemaker.MetaRun, sagemaker.MetaRunARN, sagemaker.MetaDatasetSHA256, sagemaker.MetaPredictionsSHA256, sagemaker.MetaArtifactSHA256} {
					if p.Metadata[key] == "" {
						t.Errorf("metadata lacks %s: %v", key, p.Metadata)
					}
				}
				return nil
			}),
		},
		resource.TestStep{
			Config:           h.config(versionConfig(800, `metadata = { ticket = "ML-7" }`)),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, versionAddress),
			Check:            packages(1),
		},
		resource.TestStep{Config: h.config(versionConfig(800, `metadata = { ticket = "ML-8" }`)), Check: packages(1)},
		resource.TestStep{ResourceName: versionAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"group_description"}},
		resource.TestStep{ // the same content again is the same version
			Taint: []string{versionAddress}, Config: h.config(versionConfig(800, "")), Check: resource.ComposeTestCheckFunc(packages(1), attribute(versionAddress, "version", "1")),
		},
		resource.TestStep{Config: h.config(versionConfig(900, "")), Check: resource.ComposeTestCheckFunc(packages(2), attribute(versionAddress, "version", "2"))},
		resource.TestStep{ // referenced by a decision: delete is refused
			PreConfig: func() {
				put(t, h.client(), record, fmt.Sprintf(`{"candidate":{"arn":%q}}`, strings.TrimSuffix(arn, "1")+"2"))
			},
			Config: h.config(versionConfig(900, `on_destroy = "delete"`)),
		},
		resource.TestStep{Config: h.config(evaluationConfig(900, "")), ExpectError: says("decision record " + record)},
		resource.TestStep{
			PreConfig: func() {
				if err := h.client().Remove(t.Context(), record); err != nil {
					t.Fatal(err)
				}
			},
			Config: h.config(evaluationConfig(900, "")), Check: packages(1),
		},
		// The service remembers the token of the deleted version; registering again makes a third, not the ghost of the second.
		resource.TestStep{Config: h.config(versionConfig(900, "")), Check: resource.ComposeTestCheckFunc(packages(2), attribute(versionAddress, "version", "3"))},
	)
}

func TestModelVersionRefusals(t *testing.T) {
	second := `
resource "titanicml_training_run" "other" {
  name            = "other"
  image           = "tiny"
  inputs          = { train = titanicml_dataset.d.uri }
  hyperparameters = { quality = "700" }
}
`
	for name, tc := range map[string]struct{ config, want string }{
		"evaluation of another model": {second + strings.NewReplacer("artifact_uri        = titanicml_training_run.t", "artifact_uri        = titanicml_training_run.other",
			"training_run        = titanicml_training_run.t", "training_run        = titanicml_training_run.other").Replace(versionConfig(800, "")), "Evaluation of another model"},
		"run of another artifact": {second + strings.Replace(versionConfig(800, ""), "training_run        = titanicml_training_run.t", "training_run        = titanicml_training_run.other", 1), "Training run of another artifact"},
		"wrong digest":            {versionConfig(800, `artifact_sha256 = "`+strings.Repeat("0", 64)+`"`), "Artifact is not the one to register"},
		"no such evaluation":      {strings.Replace(versionConfig(800, ""), "titanicml_evaluation.e.id", `"nothing"`, 1), `Evaluation "nothing" has no evidence`},
		"reserved metadata":       {versionConfig(800, `metadata = { titanicml_run = "x" }`), "Reserved key"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, needObjects, needJobs, needVersions)
			h.run(resource.TestStep{Config: h.config(tc.config), ExpectError: says(tc.want)})
		})
	}
}
