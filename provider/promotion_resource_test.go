package provider

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

const (
	theGate     = "titanicml_promotion.survival"
	atLeast78   = `{ metric = "accuracy", min = 0.78 }`
	notWorse    = `{ metric = "accuracy", versus_champion = { max_drop = 0.01 } }`
	bothBounds  = atLeast78 + ", " + notWorse
	firstChecks = `{ metric = "recall", min = 0.5, each_slice = "sex", confidence = 0.95 }`
)

func gateShows(name, value string) resource.TestCheckFunc {
	return resource.TestCheckResourceAttr(theGate, name, value)
}

func emptyPlan() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

// between runs something after the plan and before the apply.
type between func()

func (f between) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	f()
}

func beforeApply(f func()) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{between(f)}}
}

func TestPromotionOfTwoVersions(t *testing.T) {
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	champion := `
data "titanicml_champion" "now" {
  model_package_group = titanicml_promotion.survival.model_package_group
  depends_on          = [titanicml_promotion.survival]
}`
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", bothBounds+", "+firstChecks, ""), Check: resource.ComposeAggregateTestCheckFunc(
			gateShows("decision", "approved"), gateShows("status", "current"), gateShows("serving.version", "1"), gateShows("id", survival),
			gateShows("checks.#", "5"), gateShows("checks.0.verdict", "pass"), gateShows("checks.1.verdict", "first_promotion"),
			gateShows("checks.2.slice", "sex=female"), gateShows("serving.artifact_sha256", v1.sha256), gateShows("replaces", ""))},
		resource.TestStep{PreConfig: func() { r.evaluate("eval-2", v2, 0.9, r.against(v1, 0.85)) },
			Config: r.promotion(v2, "eval-2", bothBounds, "") + champion,
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("serving.version", "2"), gateShows("checks.1.verdict", "pass"),
				resource.TestCheckResourceAttr("data.titanicml_champion.now", "version", "2"),
				resource.TestCheckResourceAttr("data.titanicml_champion.now", "exists", "true"),
				resource.TestCheckResourceAttrPair("data.titanicml_champion.now", "serving.decision_sha256", theGate, "record_sha256"))},
	)
	r.serves(v2)
	if a, b := r.approval(v1), r.approval(v2); a != "Approved" || b != "Approved" {
		t.Errorf("approval of the versions: %s, %s", a, b)
	}
	c := r.champion()
	if c.Pointer.Previous == nil || c.Pointer.Previous.ModelPackageARN != v1.arn || c.Record.Replaces == "" {
		t.Errorf("the record forgets the champion before: %+v", c.Pointer)
	}
	if !strings.Contains(c.Record.DecidedBy, ":user/titanicml") {
		t.Errorf("decided by %q", c.Record.DecidedBy)
	}
}

func TestPromotionRejectedAtPlan(t *testing.T) {
	r := newRegistry(t)
	v1, weak := r.register(survival, "one"), r.register(survival, "weak")
	r.evaluate("eval-1", v1, 0.85)
	refused := func(words string) resource.TestStep {
		return resource.TestStep{PlanOnly: true, Config: r.promotion(weak, "eval-weak", bothBounds, ""), ExpectError: says(words)}
	}
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", bothBounds, "")},
		resource.TestStep{PreConfig: func() { r.evaluate("eval-weak", weak, 0.7, r.against(v1, 0.85)) },
			Config: r.promotion(weak, "eval-weak", bothBounds, ""), PlanOnly: true, ExpectError: says("Promotion rejected by its gate")},
		refused("FAIL accuracy all 0.7167 [0.6709, 0.7581] >= 0.78"),
		refused("FAIL accuracy drop all 0.1167"),
		refused("2 of 3 checks fail"),
		refused("Nothing was changed: champion and endpoint are as before."),
	)
	r.serves(v1)
	if got := r.approval(weak); got != "PendingManualApproval" {
		t.Errorf("the refused version is %s", got)
	}
	if got := r.records(weak); len(got) != 0 {
		t.Errorf("a plan recorded %v", got)
	}
}

func TestPromotionHeld(t *testing.T) {
	r := newRegistry(t)
	v1, weak := r.register(survival, "one"), r.register(survival, "weak")
	r.evaluate("eval-1", v1, 0.85)
	hold := `on_rejection = "hold"`
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", bothBounds, hold)},
		resource.TestStep{PreConfig: func() { r.evaluate("eval-weak", weak, 0.7, r.against(v1, 0.85)) },
			Config: r.promotion(weak, "eval-weak", bothBounds, hold),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("decision", "rejected"), gateShows("status", "held"),
				gateShows("serving.version", "1"), gateShows("checks.0.verdict", "fail"))},
		// What was held must fail once it is to fail.
		resource.TestStep{Config: r.promotion(weak, "eval-weak", bothBounds, ""), PlanOnly: true, ExpectError: says("Promotion rejected by its gate")},
		resource.TestStep{Config: r.promotion(weak, "eval-weak", bothBounds, hold)},
	)
	r.serves(v1)
	if got := r.records(weak); got["rejected"] != 1 {
		t.Errorf("records %v, want one rejection", got)
	}
	if got := r.approval(weak); got != "Rejected" {
		t.Errorf("the refused version is %s", got)
	}
}

// A decision does not go stale: max_age counts when deciding.
func TestPromotionTomorrow(t *testing.T) {
	r := &registry{harness: newHarness(t)}
	start := time.Now()
	var later atomic.Int64 // the engine reads the clock from other goroutines
	r.now = func() time.Time { return start.Add(time.Duration(later.Load())) }
	r.c = r.client()
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	fresh := `evidence = { max_age = "24h", min_examples = 300 }`
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, fresh), Check: gateShows("decision", "approved")},
		resource.TestStep{PreConfig: func() { later.Store(int64(48 * time.Hour)) }, Config: r.promotion(v1, "eval-1", atLeast78, fresh), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: r.promotion(v2, "eval-2", atLeast78, fresh), PlanOnly: true, ExpectError: says("48h")},
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, fresh)},
	)
}

func TestPromotionTightened(t *testing.T) {
	r := newRegistry(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	strict := `{ metric = "accuracy", min = 0.99 }`
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")},
		resource.TestStep{Config: r.promotion(v1, "eval-1", strict, ""), PlanOnly: true, ExpectError: says("FAIL accuracy all 0.8333")},
		resource.TestStep{Config: r.promotion(v1, "eval-1", strict, `on_rejection = "hold"`),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("decision", "rejected"), gateShows("serving.version", "1"))},
		// A stricter bound that the champion meets makes a new record of the same champion.
		resource.TestStep{Config: r.promotion(v1, "eval-1", `{ metric = "accuracy", min = 0.8 }`, ""),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("decision", "approved"), gateShows("status", "current"))},
	)
	r.serves(v1)
	if got := r.approval(v1); got != "Approved" {
		t.Errorf("the champion is %s", got)
	}
	if c := r.champion(); c.Pointer.Previous != nil {
		t.Errorf("the champion became its own predecessor: %+v", c.Pointer.Previous)
	}
}

func TestPromotionDrift(t *testing.T) {
	r := newRegistry(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	config := r.promotion(v1, "eval-1", atLeast78, "")
	drift := func(spoil func(*decision.Champion)) resource.TestStep {
		return resource.TestStep{PreConfig: func() { spoil(r.champion()) }, Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectNonEmptyPlan()}},
			Check:            resource.ComposeAggregateTestCheckFunc(gateShows("status", "current"), gateShows("serving.version", "1"))}
	}
	pointer := decision.PointerURI(r.c.Store, survival)
	r.run(
		resource.TestStep{Config: config},
		drift(func(*decision.Champion) { r.must(r.c.Remove(t.Context(), pointer)) }),
		drift(func(*decision.Champion) {
			_, err := r.c.Put(t.Context(), pointer, "application/json", []byte("{}"))
			r.must(err)
		}),
		drift(func(c *decision.Champion) { r.must(r.c.Remove(t.Context(), c.Pointer.DecisionURI)) }),
		drift(func(*decision.Champion) { r.approveAs("anna", v1, sdktypes.ModelApprovalStatusRejected) }),
		resource.TestStep{PreConfig: func() {
			_, err := r.c.Put(t.Context(), r.champion().Pointer.DecisionURI, "application/json", []byte(`{"schema":1}`))
			r.must(err)
		}, Config: config, ExpectError: says("Decision record tampered with")},
		resource.TestStep{PreConfig: func() {
			infos, err := r.c.List(t.Context(), r.c.Store.Join("decisions"))
			r.must(err)
			r.must(r.c.Remove(t.Context(), infos[0].URI))
		}, Config: config},
	)
	r.serves(v1)
	if got := r.records(v1); got["approved"] != 1 {
		t.Errorf("records %v, want the one restored", got)
	}
}

// Two states on one store: the pointer another valid decision moved is not moved back.
func TestPromotionSuperseded(t *testing.T) {
	r := newRegistry(t)
	v1, v2, v3 := r.register(survival, "one"), r.register(survival, "two"), r.register(survival, "three")
	r.evaluate("eval-1", v1, 0.85)
	mine := r.promotion(v1, "eval-1", atLeast78, "")
	r.run(
		resource.TestStep{Config: mine},
		resource.TestStep{PreConfig: func() {
			r.evaluate("eval-2", v2, 0.9, r.against(v1, 0.85))
			r.run(resource.TestStep{Config: r.promotion(v2, "eval-2", bothBounds, "")})
		}, RefreshState: true, Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "superseded"), gateShows("serving.version", "2"), gateShows("decision", "approved"))},
		resource.TestStep{Config: mine, ConfigPlanChecks: emptyPlan(), Check: gateShows("status", "superseded")},
		// Changed rules decide again and still do not take the pointer back.
		resource.TestStep{Config: r.promotion(v1, "eval-1", `{ metric = "accuracy", min = 0.8 }`, ""),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "superseded"), gateShows("serving.version", "2"))},
		// Another candidate does.
		resource.TestStep{PreConfig: func() { r.serves(v2); r.evaluate("eval-3", v3, 0.95, r.against(v2, 0.9)) },
			Config: r.promotion(v3, "eval-3", bothBounds, ""), Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "current"), gateShows("serving.version", "3"))},
	)
	r.serves(v3)
}

// Two promotions planned against the same champion cannot both win.
func TestPromotionRace(t *testing.T) {
	r := newRegistry(t)
	v1, v2, v3 := r.register(survival, "one"), r.register(survival, "two"), r.register(survival, "three")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	r.evaluate("eval-3", v3, 0.9)
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")},
		resource.TestStep{Config: r.promotion(v2, "eval-2", atLeast78, ""), ExpectError: says("Champion moved since the plan"),
			ConfigPlanChecks: beforeApply(func() { r.run(resource.TestStep{Config: r.promotion(v3, "eval-3", atLeast78, "")}) })},
	)
	r.serves(v3)
	if got := r.records(v2); len(got) != 0 {
		t.Errorf("the loser recorded %v", got)
	}
	// The conditional write decides when both got past the comparison.
	before := r.champion()
	record := func(v version) *decision.StoredRecord {
		in, err := decision.ReadInputs(t.Context(), r.c, decision.Request{Group: survival, Candidate: v.arn, Evaluation: map[string]string{v1.arn: "eval-1", v2.arn: "eval-2"}[v.arn]})
		r.must(err)
		rec, err := decision.Write(t.Context(), r.c, in.Record(&decision.Ruling{Outcome: "approved", Key: digest(v.arn)}, time.Now(), "test", "test"))
		r.must(err)
		return rec
	}
	one, two := record(v1), record(v2)
	r.must(decision.Point(t.Context(), r.c, before, one))
	if err := decision.Point(t.Context(), r.c, before, two); err == nil {
		t.Error("both promotions moved the pointer")
	}
	r.must(decision.Point(t.Context(), r.c, before, one))
	r.serves(v1)
}

func TestPromotionRollback(t *testing.T) {
	r := newRegistry(t)
	v1, v2, never := r.register(survival, "one"), r.register(survival, "two"), r.register(survival, "never")
	r.evaluate("eval-1", v1, 0.85)
	old := `evidence = { max_age = "1s" }`
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", bothBounds, "")},
		resource.TestStep{PreConfig: func() { r.evaluate("eval-2", v2, 0.9, r.against(v1, 0.85)) }, Config: r.promotion(v2, "eval-2", bothBounds, "")},
		resource.TestStep{Config: r.promotion(never, "", bothBounds, `reason = "complaints"`), PlanOnly: true, ExpectError: says("has no decision record")},
		resource.TestStep{Config: r.promotion(v1, "", bothBounds, ""), PlanOnly: true, ExpectError: says("Got neither evaluation nor reason")},
		resource.TestStep{Config: r.promotion(v1, "", bothBounds, `reason = "complaints"`+"\n"+old), Check: resource.ComposeAggregateTestCheckFunc(
			gateShows("serving.version", "1"), gateShows("decision", "approved"), gateShows("checks.1.verdict", "skipped"))},
	)
	r.serves(v1)
	if c := r.champion(); c.Record.Kind != "rollback" || c.Record.Reason != "complaints" || c.Pointer.Previous.ModelPackageARN != v2.arn {
		t.Errorf("got %+v", c.Record.Record)
	}
}

func TestPromotionRollbackToTamperedEvidence(t *testing.T) {
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")},
		resource.TestStep{Config: r.promotion(v2, "eval-2", atLeast78, "")},
		resource.TestStep{PreConfig: func() { r.evaluate("eval-1", v1, 0.99) }, Config: r.promotion(v1, "", atLeast78, `reason = "x"`),
			PlanOnly: true, ExpectError: says("was changed since version 1 was approved")},
	)
	r.serves(v2)
}

// rewritten leaves an evaluation whose predictions hold other text, with digests that match.
func rewritten(old, text string) func(*registry, version) {
	return func(r *registry, v version) {
		r.t.Helper()
		r.evaluate("eval-1", v, 0.85, func(e *manifest.Evidence) {
			whole, err := r.c.Get(r.t.Context(), e.Predictions.URI)
			r.must(err)
			if !strings.Contains(string(whole.Body), old) {
				r.t.Fatalf("no %q in the predictions", old)
			}
			f := r.put("other.csv", strings.Replace(string(whole.Body), old, text, 1))
			e.Predictions = &f
		})
	}
}

func TestPromotionRefusesContradictions(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(r *registry, v version)
		want  string
	}{
		{"predictions", func(r *registry, _ version) {
			good, _ := scored(0.95)
			r.put("evaluations/eval-1/output/predictions.csv", good)
		}, "predictions.csv was changed: it has sha256"},
		{"report", func(r *registry, _ version) { r.put("evaluations/eval-1/output/evaluation.json", "{}") }, "evaluation.json was changed: it has sha256"},
		{"artifact", func(r *registry, _ version) { r.put("runs/one/output/model.tar.gz", "evil") }, "has sha256 " + digest("evil")},
		{"another model's evaluation", func(r *registry, v version) {
			r.evaluate("eval-1", v, 0.85, func(e *manifest.Evidence) { e.Model.SHA256 = digest("other") })
		}, "are not the same model"},
		{"no evaluation", func(r *registry, _ version) {
			r.must(r.c.Remove(t.Context(), manifest.Location(r.c.Store, "eval-1").URI()))
		}, "has left no evidence"},
		{"lying report", func(r *registry, v version) {
			r.evaluate("eval-1", v, 0.85, func(e *manifest.Evidence) {
				e.Report = r.put("lies.json", `{"binary_classification_metrics":{"accuracy":{"value":0.99}}}`)
			})
		}, "the report contradicts the predictions: accuracy says 0.99"},
		{"an example twice", rewritten("\n2,", "\n1,"), `the example with id "1" is in the predictions more than once`},
		{"score that is no number", rewritten(",0.80,", ",NaN,"), `score "NaN" is not a finite number`},
		{"label of another problem", rewritten(",1,0.80,", ",2,0.80,"), "is neither 0 nor 1"},
		{"no score column", rewritten("score", "probability"), `no score column "score"`},
		{"one example of many", func(r *registry, v version) {
			r.evaluate("eval-1", v, 0.85, func(e *manifest.Evidence) {
				f := r.put("other.csv", "passenger_id,label,score,pclass,sex\n1,1,0.9,1,male\n")
				e.Predictions = &f
			})
		}, "the report contradicts the predictions: accuracy says 0.833333, computed 1"},
		{"leak", func(r *registry, v version) {
			r.evaluate("eval-1", v, 0.85, func(e *manifest.Evidence) {
				f := r.put("data/train.csv", "passenger_id\n2\n9\n")
				e.TrainingDataset = &f
			})
		}, "1 of the held-out examples were trained on, by passenger_id: 2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := unpromoted(t)
			v := r.register(survival, "one")
			r.evaluate("eval-1", v, 0.85)
			c.spoil(r, v)
			r.run(resource.TestStep{Config: r.promotion(v, "eval-1", atLeast78, ""), ExpectError: says(c.want)})
			if r.champion().Valid() {
				t.Error("it was promoted")
			}
		})
	}
}

func TestPromotionConfigErrors(t *testing.T) {
	r := unpromoted(t)
	v, other := r.register(survival, "one"), r.register("other", "two")
	for _, c := range []struct{ config, want string }{
		{r.promotion(other, "e", atLeast78, ""), `belongs to group "other"`},
		{r.promotion(version{arn: "arn:x"}, "e", atLeast78, ""), "is not the ARN of a model package version"},
		{r.promotion(version{arn: v.arn + "9"}, "e", atLeast78, ""), "Candidate does not exist"},
		{r.promotion(v, "e", `{ metric = "accuracy", min = 78 }`, ""), "requirements[0].min: is 78"},
		{r.promotion(v, "e", atLeast78+`, { metric = "auc" }`, ""), "requirements[1]: has no bound"},
		{r.promotion(v, "e", "", ""), "must contain at least 1 elements"},
		{r.promotion(v, "e", atLeast78, `approval = { distinct_from_trainer = true }`), "approval.distinct_from_trainer: has no effect"},
		{r.promotion(v, "e", atLeast78, `evidence = { dataset_sha256 = "abc" }`), "64 hexadecimal digits"},
	} {
		r.run(resource.TestStep{Config: c.config, PlanOnly: true, ExpectError: says(c.want)})
	}
}

func TestPromotionApproval(t *testing.T) {
	r := newRegistry(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	four := `approval = { required = true, distinct_from_trainer = true }`
	config := r.promotion(v1, "eval-1", bothBounds, four)
	pending := resource.ComposeAggregateTestCheckFunc(gateShows("decision", "pending"), gateShows("status", "held"), resource.TestCheckNoResourceAttr(theGate, "serving.version"))
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", bothBounds, four+"\n"+`on_pending = "fail"`), ExpectError: says("Promotion waits for approval")},
		resource.TestStep{Config: config, Check: pending},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan(), Check: pending},
		resource.TestStep{PreConfig: func() { r.approveAs("titanicml", v1, sdktypes.ModelApprovalStatusApproved) }, Config: config,
			Check: resource.ComposeAggregateTestCheckFunc(pending, resource.TestMatchResourceAttr(theGate, "checks.3.reason", says("somebody else has to approve")))},
		resource.TestStep{PreConfig: func() {
			r.approveAs("titanicml", v1, sdktypes.ModelApprovalStatusPendingManualApproval)
			r.approveAs("anna", v1, sdktypes.ModelApprovalStatusApproved)
		}, Config: config, Check: resource.ComposeAggregateTestCheckFunc(gateShows("decision", "approved"), gateShows("status", "current"), gateShows("serving.version", "1"))},
		// Taking the approval back is shown and not overruled.
		resource.TestStep{PreConfig: func() { r.approveAs("anna", v1, sdktypes.ModelApprovalStatusRejected) }, Config: config, ConfigPlanChecks: emptyPlan(),
			Check: gateShows("status", "approval_withdrawn")},
	)
	r.serves(v1)
	rec := r.champion().Record
	if rec.Approval.Approver == nil || !strings.HasSuffix(rec.Approval.Approver.ARN, "user/anna") || len(rec.Approval.Trainers) == 0 {
		t.Errorf("approval in the record: %+v", rec.Approval)
	}
	if got := r.approval(v1); got != "Rejected" {
		t.Errorf("the provider overruled a person: %s", got)
	}
}

// A person's approval does not help a candidate that fails.
func TestPromotionApprovalNeverOverrides(t *testing.T) {
	r := newRegistry(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.7)
	r.approveAs("anna", v1, sdktypes.ModelApprovalStatusApproved)
	config := r.promotion(v1, "eval-1", atLeast78, `approval = { required = true }`)
	r.run(resource.TestStep{Config: config, ExpectError: says("FAIL accuracy all 0.7167")})
	if r.champion().Valid() {
		t.Error("it was promoted")
	}
}

func TestPromotionDryRun(t *testing.T) {
	r := unpromoted(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", `{ metric = "accuracy", min = 0.99 }`, "dry_run = true"),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("decision", "rejected"), gateShows("status", "dry_run"))},
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "dry_run = true"),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("decision", "approved"), gateShows("status", "dry_run"))},
	)
	if got := r.approval(v1); got != "PendingManualApproval" || r.champion().Valid() {
		t.Errorf("a dry run changed something: %s, %+v", got, r.champion().Pointer)
	}
}

// Inputs that are known only after apply never fail the plan; the apply does.
func TestPromotionUnknownInputs(t *testing.T) {
	r := newRegistry(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-good", v1, 0.85)
	r.evaluate("eval-weak", v1, 0.6)
	config := func(evaluation string) string {
		return `resource "terraform_data" "job" { input = "` + evaluation + `" }` +
			strings.Replace(r.promotion(v1, "eval", atLeast78, ""), `"eval"`, "terraform_data.job.output", 1)
	}
	r.run(
		resource.TestStep{Config: config("eval-weak"), ExpectError: says("FAIL accuracy all 0.6100")},
		resource.TestStep{Config: config("eval-good"), Check: gateShows("decision", "approved"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectNonEmptyPlan()}}},
	)
	r.serves(v1)
}

func TestPromotionImport(t *testing.T) {
	r := newRegistry(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	config := r.promotion(v1, "eval-1", bothBounds+", "+firstChecks+`, { metric = "accuracy", min = 0.5, slice = { column = "sex", value = "male" } }`,
		"evidence = { max_age = \"24h\", min_examples = 300 }\nseed = 7")
	r.run(
		resource.TestStep{Config: config},
		resource.TestStep{Config: config, ResourceName: theGate, ImportState: true, ImportStateId: survival, ImportStateVerify: true},
		resource.TestStep{Config: config, ResourceName: theGate, ImportState: true, ImportStateId: "none", ExpectError: says("Group none has no champion to import")},
	)
}

// An imported promotion brings a deleted record back as it was, like one that made it.
func TestPromotionImportKeepsTheRecord(t *testing.T) {
	r := newRegistry(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	config := r.promotion(v1, "eval-1", atLeast78, "")
	r.run(resource.TestStep{Config: config}) // and destroyed, which leaves the champion
	made := r.champion().Record
	config += "\nimport {\n  to = " + theGate + "\n  id = \"" + survival + "\"\n}\n"
	r.run(
		resource.TestStep{Config: config},
		resource.TestStep{PreConfig: func() { r.must(r.c.Remove(t.Context(), made.File.URI)) }, Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectNonEmptyPlan()}}},
	)
	if got := r.champion().Record; got == nil || !bytes.Equal(got.Body, made.Body) {
		t.Errorf("the record is %+v, want it as it was made", got)
	}
}

// What an apply left when it was killed after the record, after the approval, or after the pointer moved, is used and not made again.
func TestPromotionAfterKill(t *testing.T) {
	for _, point := range []string{"record", "approval", "pointer"} {
		t.Run(point, func(t *testing.T) {
			r := newRegistry(t)
			v1 := r.register(survival, "one")
			r.evaluate("eval-1", v1, 0.85)
			config := r.promotion(v1, "eval-1", atLeast78, "")
			r.run(resource.TestStep{Config: config})
			rec := r.champion().Record
			// Take back what a killed apply would not have done; destroying left everything.
			pointer := decision.PointerURI(r.c.Store, survival)
			if point != "pointer" {
				r.must(r.c.Remove(t.Context(), pointer))
			}
			if point == "record" {
				r.must(r.c.SetApproval(t.Context(), v1.arn, sdktypes.ModelApprovalStatusPendingManualApproval, ""))
			}
			r.run(resource.TestStep{Config: config, Check: resource.ComposeAggregateTestCheckFunc(gateShows("record", rec.File.URI), gateShows("status", "current"))})
			r.serves(v1)
			if got := r.records(v1); got["approved"] != 1 || r.approval(v1) != "Approved" {
				t.Errorf("records %v, version %s", got, r.approval(v1))
			}
		})
	}
}

func TestChampionRefusesTamperedPointer(t *testing.T) {
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	data := r.config(`data "titanicml_champion" "now" { model_package_group = "titanic-survival" }`)
	r.run(resource.TestStep{Config: data, Check: resource.TestCheckResourceAttr("data.titanicml_champion.now", "exists", "false")})
	r.run(resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")})
	o, err := r.c.Get(t.Context(), decision.PointerURI(r.c.Store, survival))
	r.must(err)
	_, err = r.c.Put(t.Context(), o.URI, "application/json", []byte(strings.ReplaceAll(string(o.Body), v1.arn, v2.arn)))
	r.must(err)
	r.run(resource.TestStep{Config: data, ExpectError: says("Champion not valid")})
	if _, err := r.c.DescribePackage(t.Context(), v2.arn); sagemaker.IsNotFound(err) {
		t.Fatal("the fixture lost its second version")
	}
}

// A champion that another state promoted after the candidate was evaluated is no race: the plan reads it, and bounds that do not compare
// with it decide.
func TestPromotionOverNewerChampion(t *testing.T) {
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9, func(e *manifest.Evidence) { e.CreatedAt = time.Now().Add(-time.Minute).UTC().Format(time.RFC3339) })
	r.run(resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")})
	r.run(resource.TestStep{Config: r.promotion(v2, "eval-2", bothBounds, ""), ExpectError: says("the evaluation has no baseline")},
		resource.TestStep{Config: r.promotion(v2, "eval-2", atLeast78, ""), Check: gateShows("status", "current")})
	r.serves(v2)
}

// Two first promotions planned before either was applied: the second fails, and its warning names the winner.
func TestPromotionRaceOfFirsts(t *testing.T) {
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	r.run(resource.TestStep{Config: r.promotion(v2, "eval-2", atLeast78, ""), ExpectError: says("inconsistent final plan"),
		ConfigPlanChecks: beforeApply(func() { r.run(resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")}) })})
	r.serves(v1)
	if got := r.records(v2); len(got) != 0 {
		t.Errorf("the loser recorded %v", got)
	}
}

// TestHeldPromotionSaysWhatIsWrongWithThePointer has somebody spoil the champion pointer while the configured candidate is held.
func TestHeldPromotionSaysWhatIsWrongWithThePointer(t *testing.T) {
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.5)
	held := r.promotion(v2, "eval-2", atLeast78, `on_rejection = "hold"`)
	r.run(resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")},
		resource.TestStep{Config: held, Check: gateShows("serving.version", "1")},
		resource.TestStep{PreConfig: func() {
			_, err := r.c.Put(t.Context(), decision.PointerURI(r.c.Store, survival), "application/json", []byte("{}"))
			r.must(err)
		}, Config: held, ConfigPlanChecks: emptyPlan(), Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "held"), resource.TestCheckNoResourceAttr(theGate, "serving.version"))},
	)
	infos, err := r.c.List(t.Context(), r.c.Store.Join("decisions", survival, "2"))
	r.must(err)
	rejected, err := decision.Read(t.Context(), r.c, infos[0].URI, "")
	r.must(err)
	champion, err := decision.ReadChampion(t.Context(), r.c, survival)
	r.must(err)
	state := promotionModel{Record: types.StringValue(rejected.File.URI), RecordSHA256: types.StringValue(rejected.File.SHA256)}
	status, why, err := (&promotionResource{}).observe(t.Context(), r.c, &state, champion)
	if err != nil || status != "held" || !strings.Contains(why, "is not a champion pointer of schema 1") {
		t.Errorf("status %s, %q, %v", status, why, err)
	}
}
