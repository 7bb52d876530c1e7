package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/rollout"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

const endpointAddress = "titanicml_endpoint.e"

// promoted and served are what the whole chain needs of an endpoint, up to a decision and up to containers that answer.
var (
	promoted = []need{needObjects, needJobs, needVersions, needApproval, needEndpoints}
	served   = append(slices.Clone(promoted), needUpdates, needContainers)
)

// servedConfig is the whole chain from data to an endpoint; hyperparameters and more (of the endpoint) are HCL.
func servedConfig(hyperparameters, more string) string {
	return trainingConfig(hyperparameters, "") + fmt.Sprintf(`
resource "titanicml_dataset" "h" {
  name   = "holdout"
  source = "${dir}/holdout.csv"
}

resource "titanicml_evaluation" "v" {
  name         = "tiny-holdout"
  image        = "tiny"
  model_uri    = titanicml_training_run.t.artifact_uri
  model_sha256 = titanicml_training_run.t.artifact_sha256
  dataset      = titanicml_dataset.h.uri
}

resource "titanicml_model_version" "m" {
  model_package_group = "tiny"
  image               = "tiny"
  artifact_uri        = titanicml_training_run.t.artifact_uri
  artifact_sha256     = titanicml_training_run.t.artifact_sha256
  evaluation          = titanicml_evaluation.v.id
}

resource "titanicml_promotion" "p" {
  model_package_group = "tiny"
  candidate           = titanicml_model_version.m.arn
  evaluation          = titanicml_evaluation.v.id
  requirements        = [{ metric = "accuracy", min = 0.7 }]
  on_rejection        = "hold"
}

resource "titanicml_endpoint" "e" {
  name     = "tiny"
  serving  = titanicml_promotion.p.serving
  instance = { type = "ml.t2.medium", count = 1 }
  %s
}
`, more)
}

// objects lists the endpoint configurations and models there are.
func (h *harness) objects() (configs, models []string) {
	h.t.Helper()
	c := h.client()
	cs, err := c.SageMaker.ListEndpointConfigs(h.t.Context(), &sdk.ListEndpointConfigsInput{MaxResults: aws.Int32(100)})
	if err != nil {
		h.t.Fatal(err)
	}
	ms, err := c.SageMaker.ListModels(h.t.Context(), &sdk.ListModelsInput{MaxResults: aws.Int32(100)})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range cs.EndpointConfigs {
		configs = append(configs, aws.ToString(x.EndpointConfigName))
	}
	for _, x := range ms.Models {
		models = append(models, aws.ToString(x.ModelName))
	}
	return configs, models
}

// onlyWhatServes fails unless exactly the configuration and the model in service exist.
func (h *harness) onlyWhatServes() {
	h.t.Helper()
	e, err := rollout.Find(h.t.Context(), h.client(), "tiny")
	if err != nil || e == nil {
		h.t.Fatalf("looking for the endpoint: %v, %v", e, err)
	}
	configs, models := h.objects()
	if !slices.Equal(configs, []string{e.Config}) || !slices.Equal(models, []string{e.Model}) {
		h.t.Errorf("endpoint serves %s with %s, but there are configurations %v and models %v", e.Config, e.Model, configs, models)
	}
}

const answers = `smoke_test = { payload = "{}", content_type = "application/json", json_path = "predictions[0].score", min = %s, max = 1 }`

func smoke(least string) string { return fmt.Sprintf(answers, least) }

func TestEndpointLifecycle(t *testing.T) {
	h := newHarness(t, served...)
	var first string
	h.run(
		resource.TestStep{ // nothing is promoted, so nothing is served
			Config: h.config(servedConfig(`quality = "600"`, "")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(endpointAddress, tfjsonpath.New("status"), knownvalue.StringExact("AwaitingPromotion")),
				statecheck.ExpectKnownValue(endpointAddress, tfjsonpath.New("arn"), knownvalue.Null()),
			},
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{ // a champion appears
			PreConfig: func() {
				if configs, models := h.objects(); len(configs)+len(models) > 0 {
					t.Errorf("an endpoint that awaits its promotion made %v and %v", configs, models)
				}
			},
			Config:           h.config(servedConfig(`quality = "800"`, smoke("0.8"))),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, endpointAddress),
			Check: resource.ComposeTestCheckFunc(attribute(endpointAddress, "status", "InService"), attribute(endpointAddress, "version", "2"),
				attribute(endpointAddress, "tags_all.env", "dev")),
		},
		resource.TestStep{ // tags alone deploy nothing
			PreConfig: func() {
				h.onlyWhatServes()
				e, err := rollout.Find(t.Context(), h.client(), "tiny")
				if err != nil {
					t.Fatal(err)
				}
				first = e.Config
			},
			Config: h.config(servedConfig(`quality = "800"`, `tags = { owner = "me" }`)),
			Check: resource.ComposeTestCheckFunc(attribute(endpointAddress, "tags_all.owner", "me"),
				resource.TestCheckResourceAttrWith(endpointAddress, "endpoint_config_name", func(got string) error {
					if got != first {
						return fmt.Errorf("configuration is %s, was %s", got, first)
					}
					return nil
				})),
		},
		resource.TestStep{ // a better version replaces it
			Config: h.config(servedConfig(`quality = "900"`, smoke("0.9"))),
			Check:  resource.ComposeTestCheckFunc(attribute(endpointAddress, "version", "3"), attribute(endpointAddress, "status", "InService")),
		},
		resource.TestStep{ // a refused candidate leaves it alone
			PreConfig: h.onlyWhatServes,
			Config:    h.config(servedConfig(`quality = "500"`, smoke("0.9"))),
			Check:     attribute(endpointAddress, "version", "3"),
		},
		resource.TestStep{ // deleted outside
			PreConfig: func() {
				if err := rollout.Delete(t.Context(), h.client(), "tiny"); err != nil {
					t.Fatal(err)
				}
			},
			Config:           h.config(servedConfig(`quality = "500"`, smoke("0.9"))),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate, endpointAddress),
			Check:            attribute(endpointAddress, "version", "3"),
		},
		resource.TestStep{
			ResourceName: endpointAddress, ImportState: true, ImportStateVerify: true, ImportStateId: "tiny",
			ImportStateVerifyIgnore: []string{"serving", "smoke_test", "timeouts"},
		},
		resource.TestStep{Config: h.config(servedConfig(`quality = "500"`, smoke("0.9")))},
	)
	if configs, models := h.objects(); len(configs)+len(models) > 0 {
		t.Errorf("destroy left configurations %v and models %v", configs, models)
	}
}

// TestEndpointChangedOutside lets somebody update the endpoint in the console.
func TestEndpointChangedOutside(t *testing.T) {
	h := newHarness(t, served...)
	config := h.config(servedConfig(`quality = "800"`, ""))
	h.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				c, ctx := h.client(), t.Context()
				e, err := rollout.Find(ctx, c, "tiny")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.SageMaker.CreateEndpointConfig(ctx, &sdk.CreateEndpointConfigInput{EndpointConfigName: aws.String("by-hand"),
					ProductionVariants: []sdktypes.ProductionVariant{{VariantName: aws.String("champion"), ModelName: &e.Model,
						InstanceType: sdktypes.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1)}}}); err != nil {
					t.Fatal(err)
				}
				if err := rollout.PutBack(ctx, c, rollout.Spec{Endpoint: "tiny"}, "by-hand"); err != nil {
					t.Fatal(err)
				}
			},
			Config:           config,
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, endpointAddress),
			Check: func(*terraform.State) error {
				configs, _ := h.objects()
				if !slices.Contains(configs, "by-hand") || len(configs) != 2 {
					return fmt.Errorf("configurations are %v; expected ours and the one that somebody made by hand", configs)
				}
				return nil
			},
		},
	)
}

// TestEndpointSmokeTestFails expects the old version back in service, and nothing left of the new one.
func TestEndpointSmokeTestFails(t *testing.T) {
	h := newHarness(t, served...)
	h.run(
		resource.TestStep{Config: h.config(servedConfig(`quality = "800"`, smoke("0.8")))},
		resource.TestStep{
			Config:      h.config(servedConfig(`quality = "900"`, smoke("0.95"))),
			ExpectError: says("got 0.9 at predictions[0].score, expected a number from 0.95 to 1."),
		},
		resource.TestStep{
			PreConfig:    h.onlyWhatServes,
			RefreshState: true, ExpectNonEmptyPlan: true,
			Check: attribute(endpointAddress, "version", "1"),
		},
		resource.TestStep{ // an answer of 500 is a failure too
			Config:      h.config(servedConfig(`quality = "901", serve = "error500"`, smoke("0"))),
			ExpectError: says("status 500"),
		},
		resource.TestStep{
			PreConfig: h.onlyWhatServes,
			Config:    h.config(servedConfig(`quality = "900"`, smoke("0.9"))),
			Check:     attribute(endpointAddress, "status", "InService"),
		},
	)
}

func TestEndpointFirstSmokeTestFails(t *testing.T) {
	h := newHarness(t, served...)
	h.run(
		resource.TestStep{
			Config:      h.config(servedConfig(`quality = "800"`, smoke("0.99"))),
			ExpectError: says("Nothing served before, so the endpoint was deleted again."),
		},
		resource.TestStep{
			PreConfig: func() {
				if configs, models := h.objects(); len(configs)+len(models) > 0 {
					t.Errorf("the refused endpoint left configurations %v and models %v", configs, models)
				}
			},
			Config: h.config(servedConfig(`quality = "800"`, smoke("0.8"))),
			Check:  attribute(endpointAddress, "status", "InService"),
		},
	)
}

// TestEndpointSilentRollback is the case in which hashicorp/aws reports success: the new container does not come up, and SageMaker
// puts the old configuration back.
func TestEndpointSilentRollback(t *testing.T) {
	h := newHarness(t, served...)
	h.run(
		resource.TestStep{Config: h.config(servedConfig(`quality = "800"`, ""))},
		resource.TestStep{
			Config:      h.config(servedConfig(`quality = "900", serve = "exit1"`, "")),
			ExpectError: says("SageMaker rolled the update back"),
		},
		resource.TestStep{
			PreConfig:    h.onlyWhatServes,
			RefreshState: true, ExpectNonEmptyPlan: true,
			Check: resource.ComposeTestCheckFunc(attribute(endpointAddress, "version", "1"), attribute(endpointAddress, "status", "InService")),
		},
	)
}

// TestEndpointNeverStarts is a first deployment whose container does not come up: the failed endpoint is replaced by the next apply.
func TestEndpointNeverStarts(t *testing.T) {
	h := newHarness(t, served...)
	h.run(
		resource.TestStep{
			Config:      h.config(servedConfig(`quality = "800", serve = "exit1"`, "")),
			ExpectError: says("endpoint tiny is Failed"),
		},
		resource.TestStep{
			Config:           h.config(servedConfig(`quality = "810"`, "")),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, endpointAddress),
			Check:            attribute(endpointAddress, "status", "InService"),
		},
	)
}

func TestEndpointOfSomebodyElse(t *testing.T) {
	h := newHarness(t, promoted...)
	h.run(
		resource.TestStep{Config: h.config(servedConfig(`quality = "800"`, ""))},
		resource.TestStep{
			Config: h.config(servedConfig(`quality = "800"`, "") + `
resource "titanicml_endpoint" "twin" {
  name     = titanicml_endpoint.e.name
  serving  = titanicml_promotion.p.serving
  instance = { type = "ml.m5.large", count = 2 }
}
`),
			ExpectError: says("an endpoint named \"tiny\" exists already and serves version 1"),
		},
		resource.TestStep{Config: h.config(servedConfig(`quality = "800"`, ""))},
	)
}

// TestEndpointRefusesTampering changes, after the promotion, one after another of what it was decided on. What happens to the record
// itself is in TestEndpointMovesWhenItsRecordComesBack.
func TestEndpointRefusesTampering(t *testing.T) {
	h := newHarness(t, promoted...)
	decided, _, _ := strings.Cut(h.config(servedConfig(`quality = "800"`, "")), `resource "titanicml_endpoint"`)
	const somebody = `
data "titanicml_champion" "c" {
  model_package_group = "tiny"
}

resource "titanicml_endpoint" "e" {
  name     = "tiny"
  serving  = data.titanicml_champion.c.serving
  instance = { type = "ml.t2.medium", count = 1 }
}
`
	steps := []resource.TestStep{{Config: decided}}
	restore := func() {}
	for _, match := range []string{"model.tar.gz", "predictions.csv", "evaluation.json", "evidence.json"} {
		steps = append(steps, resource.TestStep{
			PreConfig: func() {
				restore()
				c := h.client()
				infos, err := c.List(t.Context(), c.Store)
				if err != nil {
					t.Fatal(err)
				}
				at := slices.IndexFunc(infos, func(o sagemaker.Info) bool { return strings.HasSuffix(o.URI, "/"+match) })
				if at < 0 {
					t.Fatalf("nothing in the store is called %s", match)
				}
				whole, err := c.Get(t.Context(), infos[at].URI)
				if err != nil {
					t.Fatal(err)
				}
				put(t, c, infos[at].URI, "something else")
				restore = func() { put(t, c, infos[at].URI, string(whole.Body)) }
			},
			Config:      h.config(somebody),
			ExpectError: saysAll(match+" was changed after its approval: got sha256 "+digest("something else")+", expected", "put it back, or evaluate and promote again"),
		})
	}
	h.run(append(steps, resource.TestStep{PreConfig: func() {
		if configs, models := h.objects(); len(configs)+len(models) > 0 {
			t.Errorf("refused deployments made %v and %v", configs, models)
		}
		restore()
	}, Config: h.config(somebody), Check: attribute(endpointAddress, "version", "1")})...)
}

func TestEndpointBadInput(t *testing.T) {
	const serving = `{
    model_package_group = "tiny"
    model_package_arn   = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/tiny/1"
    version             = 1
    image               = "tiny"
    artifact_uri        = "s3://titanicml-local/titanicml/x"
    artifact_sha256     = "00"
    decision_uri        = "s3://%s/decisions/tiny/1/00.json"
    decision_sha256     = "00"
  }`
	h := newHarness(t)
	var steps []resource.TestStep
	for _, c := range map[string]struct{ body, want string }{
		"name":                {`name = "-x"` + "\n" + `instance = { type = "ml.t2.medium", count = 1 }`, "1 to 63 letters"},
		"no capacity":         {`name = "x"`, "Exactly one of these attributes must be configured: [instance,serverless]"},
		"both":                {`name = "x"` + "\n" + `instance = { type = "a", count = 1 }` + "\n" + `serverless = { memory_mb = 1024, max_concurrency = 1 }`, "Exactly one of these attributes must be configured: [instance,serverless]"},
		"memory":              {`name = "x"` + "\n" + `serverless = { memory_mb = 1000, max_concurrency = 1 }`, "value must be one of"},
		"serverless rollout":  {`name = "x"` + "\n" + `serverless = { memory_mb = 1024, max_concurrency = 1 }` + "\n" + `rollout = { strategy = "canary" }`, "SageMaker moves serverless endpoints all at once"},
		"serverless in a VPC": {`name = "x"` + "\n" + `serverless = { memory_mb = 1024, max_concurrency = 1 }` + "\n" + `vpc_config = { subnets = ["subnet-1"], security_group_ids = ["sg-1"] }`, "vpc_config is given with serverless"},
		"no subnet":           {`name = "x"` + "\n" + `instance = { type = "a", count = 1 }` + "\n" + `vpc_config = { subnets = [], security_group_ids = ["sg-1"] }`, "at least 1"},
		"bake":                {`name = "x"` + "\n" + `instance = { type = "a", count = 1 }` + "\n" + `rollout = { strategy = "canary", bake = "2h" }`, "bake is 2h0m0s; SageMaker takes at most 1h0m0s"},
		"linear step":         {`name = "x"` + "\n" + `instance = { type = "a", count = 1 }` + "\n" + `rollout = { strategy = "linear", size = 5 }`, "10 to 50 percent per step"},
		"json path":           {`name = "x"` + "\n" + `instance = { type = "a", count = 1 }` + "\n" + `smoke_test = { payload = "", content_type = "a", json_path = "a[" }`, "expected an index such as [0]"},
		"bound of nothing":    {`name = "x"` + "\n" + `instance = { type = "a", count = 1 }` + "\n" + `smoke_test = { payload = "", content_type = "a", min = 1 }`, "say which with json_path or csv_column"},
		"foreign decision":    {`name = "x"` + "\n" + `instance = { type = "a", count = 1 }` + "\n" + `serving = ` + fmt.Sprintf(serving, "somewhere-else"), "is not one of the store's"},
	} {
		steps = append(steps, resource.TestStep{Config: h.config("resource \"titanicml_endpoint\" \"e\" {\n" + c.body + "\n}\n"), PlanOnly: true, ExpectError: says(c.want)})
	}
	// A promotion could bring this record back while it is applied, so that apply refuses it.
	unmade := h.config("resource \"titanicml_endpoint\" \"e\" {\n" + `name = "x"` + "\n" + `instance = { type = "ml.t2.medium", count = 1 }` + "\nserving = " + fmt.Sprintf(serving, "titanicml-local/titanicml") + "\n}\n")
	steps = append(steps,
		resource.TestStep{Config: unmade, PlanOnly: true, ExpectNonEmptyPlan: true},
		resource.TestStep{Config: unmade, ExpectError: saysAll("Version not approved for serving", "does not exist")})
	h.run(steps...)
}

// TestEndpointMovesWhenItsRecordComesBack deletes the decision record, or edits it, while the endpoint has to be deployed anew. The
// promotion restores the record in the same apply, so the plan must not refuse what that apply makes right.
func TestEndpointMovesWhenItsRecordComesBack(t *testing.T) {
	h := newHarness(t, promoted...)
	record := func(change func(uri string) error) func() {
		return func() {
			champion, err := decision.ReadChampion(t.Context(), h.client(), "tiny")
			if err == nil {
				err = change(champion.Pointer.DecisionURI)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(uri string) error { return h.client().Remove(t.Context(), uri) }
	moved := func(value string) string {
		return h.config(servedConfig(`quality = "800"`, `environment = { VALUE = "`+value+`" }`))
	}
	h.run(
		resource.TestStep{Config: moved("first")},
		resource.TestStep{PreConfig: record(remove), Config: moved("second")},
		resource.TestStep{
			PreConfig: record(func(uri string) error {
				_, err := h.client().Put(t.Context(), uri, "", []byte("{}"))
				return err
			}),
			Config:      moved("third"),
			ExpectError: saysAll("Version not approved for serving", "delete the object, and apply again"),
		},
		resource.TestStep{PreConfig: record(remove), Config: moved("third")},
	)
}
