package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
)

// TestPromotionRollbackInAnotherState takes version 1 back from one state while another holds the promotion of version 2.
func TestPromotionRollbackInAnotherState(t *testing.T) {
	r := newRegistry(t)
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	mine := r.promotion(v2, "eval-2", bothBounds, "")
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", bothBounds, "")},
		resource.TestStep{PreConfig: func() { r.evaluate("eval-2", v2, 0.9, r.against(v1, 0.85)) }, Config: mine, Check: gateShows("status", "current")},
		resource.TestStep{
			PreConfig: func() { r.run(resource.TestStep{Config: r.promotion(v1, "", bothBounds, `reason = "complaints"`)}) },
			Config:    mine, ConfigPlanChecks: emptyPlan(),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "superseded"), gateShows("serving.version", "1"), gateShows("decision", "approved")),
		},
		resource.TestStep{PreConfig: func() { r.serves(v1) }, Config: mine, ConfigPlanChecks: emptyPlan()},
	)
	r.serves(v1)
}

// TestPromotionDriftOfTwoStates breaks what two states know: the one whose decision was superseded must not use the gap to take the
// pointer back; the other repairs it.
func TestPromotionDriftOfTwoStates(t *testing.T) {
	r := newRegistry(t)
	v1, v2, v3 := r.register(survival, "one"), r.register(survival, "two"), r.register(survival, "three")
	r.evaluate("eval-1", v1, 0.85)
	old := r.promotion(v1, "eval-1", atLeast78, "")
	theirs := r.promotion(v2, "eval-2", bothBounds, "")
	pointer := decision.PointerURI(r.c.Store, survival)
	r.run(
		resource.TestStep{Config: old},
		resource.TestStep{
			PreConfig: func() {
				r.evaluate("eval-2", v2, 0.9, r.against(v1, 0.85))
				r.run(
					resource.TestStep{Config: theirs},
					resource.TestStep{
						PreConfig: func() {
							r.must(r.c.Remove(t.Context(), pointer))
						},
						Config: theirs, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectNonEmptyPlan()}},
						Check: gateShows("status", "current"),
					},
				)
			},
			Config: old, ConfigPlanChecks: emptyPlan(), Check: gateShows("status", "superseded"),
		},
		resource.TestStep{
			PreConfig: func() { r.serves(v2); r.must(r.c.Remove(t.Context(), pointer)) },
			Config:    old, ConfigPlanChecks: emptyPlan(), Check: gateShows("status", "superseded"),
		},
		resource.TestStep{ // another candidate is another matter
			PreConfig: func() {
				if c := r.champion(); c.Valid() {
					t.Errorf("a superseded promotion took the pointer back: %+v", c.Pointer)
				}
				r.evaluate("eval-3", v3, 0.95)
			},
			Config: r.promotion(v3, "eval-3", atLeast78, ""), Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "current"), gateShows("serving.version", "3")),
		},
	)
	r.serves(v3)
}

// TestPromotionReplacedByGroupOnly changes every argument in place, but for the group.
func TestPromotionReplacedByGroupOnly(t *testing.T) {
	r := newRegistry(t)
	v1, v2, other := r.register(survival, "one"), r.register(survival, "two"), r.register("other", "three")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	r.evaluate("eval-3", other, 0.9)
	in := func(config string) resource.TestStep {
		return resource.TestStep{Config: config, ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, theGate)}
	}
	moved := strings.Replace(r.promotion(other, "eval-3", atLeast78, ""), fmt.Sprintf("%q", survival), `"other"`, 1)
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")},
		in(r.promotion(v1, "eval-1", `{ metric = "accuracy", min = 0.7 }`, "")),
		in(r.promotion(v1, "eval-1", `{ metric = "accuracy", min = 0.7 }`, "seed = 7\nevidence = { min_examples = 10 }\non_rejection = \"hold\"\non_pending = \"fail\"")),
		in(r.promotion(v2, "eval-2", atLeast78, "")),
		in(r.promotion(v1, "", atLeast78, `reason = "complaints"`)),
		resource.TestStep{Config: moved, ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate, theGate)},
	)
	r.serves(v1)
}
