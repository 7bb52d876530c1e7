//go:build linux || darwin

// Package schedule draws what happens to a system under test: applies, kills, faults, actions of a person, jumps of the clock. In goes a seed, out
// come steps.
package schedule

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
)

// Action is something that a person does in the console, or with the AWS CLI, past Terraform.
type Action string

// The actions. Each does nothing where there is nothing to do it to.
const (
	RejectChampion  Action = "approval of the champion withdrawn"
	ApproveRejected Action = "rejected version approved"
	ApproveNewest   Action = "newest version approved"
	SwapEndpoint    Action = "endpoint updated to a model nobody approved"
	SwapToApproved  Action = "endpoint updated to an earlier approved model"
	DeleteEndpoint  Action = "endpoint deleted"
	StopJobs        Action = "running jobs stopped"
	DeleteRecord    Action = "decision record of the champion deleted"
	EditRecord      Action = "decision record of the champion edited"
	DeletePointer   Action = "champion pointer deleted"
	SpoilPointer    Action = "champion pointer overwritten with rubbish"
	MovePointer     Action = "champion pointer moved to an earlier approved version"
	PointAtRejected Action = "champion pointer moved to a rejected version"
)

// Actions are all of them.
var Actions = []Action{RejectChampion, ApproveRejected, ApproveNewest, SwapEndpoint, SwapToApproved, DeleteEndpoint, StopJobs,
	DeleteRecord, EditRecord, DeletePointer, SpoilPointer, MovePointer, PointAtRejected}

// Schedule is what happens in one run, all of it drawn from a seed before it begins.
type Schedule struct {
	Seed  uint64
	Base  driver.Spec
	CLI   bool // the Terraform CLI applies
	Steps []Step
}

// Step is one thing after another: one apply, two at once, or something between applies.
type Step struct {
	Applies []Apply
	Between between
	Act     Action
	State   string
	Jump    time.Duration
	Pick    int
}

// between is what happens while nobody applies.
type between string

const (
	nothing  between = ""
	Kills    between = "kill engine"
	Restarts between = "restart engine"
	Acts     between = "console"
	Jumps    between = "clock"
)

// Change is what somebody edits before they apply.
type Change string

const (
	Again      Change = "the same again"
	Good       Change = "a good candidate"
	Bad        Change = "a candidate below the minimum"
	Rollback   Change = "an earlier version"
	Retrain    Change = "-replace of the training run"
	Reevaluate Change = "-replace of the evaluation"
	Tighten    Change = "another minimum"
	Hold       Change = "another on_rejection"
	Destroy    Change = "destroy"
)

// Apply is one terraform apply with what goes wrong meanwhile.
type Apply struct {
	State                  string
	Change                 Change
	Pick                   int
	Throttle, Drop, Repeat int
	Seed                   uint64
	Kill                   Kill
	Act                    Action // at request actAt
	ActAt                  int
	Interrupt              int // at this request; 0: not
	Jump                   time.Duration
	JumpAt                 int
}

// Kill is a SIGKILL.
type Kill struct {
	Engine bool // else the provider
	// One of these says when.
	Request int  // while the request of this number waits
	Served  bool // the service has acted on that request
	After   time.Duration
	Point   string // a named point of the provider
}

// None says that nothing is killed.
func (k Kill) None() bool { return k.Request == 0 && k.After == 0 && k.Point == "" }

// String says what is killed and when, for the log.
func (k Kill) String() string {
	victim := "provider"
	if k.Engine {
		victim = "engine"
	}
	switch {
	case k.Point != "":
		return fmt.Sprintf("kill -9 of the %s at point %s", victim, k.Point)
	case k.After > 0:
		return fmt.Sprintf("kill -9 of the %s after %s", victim, k.After)
	case k.Served:
		return fmt.Sprintf("kill -9 of the %s after request %d was served", victim, k.Request)
	}
	return fmt.Sprintf("kill -9 of the %s before request %d is served", victim, k.Request)
}

// String says what is applied and under which faults, for the log.
func (a Apply) String() string {
	parts := []string{"apply " + a.State + ": " + string(a.Change)}
	if a.Throttle+a.Drop+a.Repeat > 0 {
		parts = append(parts, fmt.Sprintf("%d %% throttled, %d %% dropped, %d %% delivered twice", a.Throttle, a.Drop, a.Repeat))
	}
	if !a.Kill.None() {
		parts = append(parts, a.Kill.String())
	}
	if a.Act != "" {
		parts = append(parts, fmt.Sprintf("console at request %d: %s", a.ActAt, a.Act))
	}
	if a.Interrupt > 0 {
		parts = append(parts, fmt.Sprintf("Ctrl-C at request %d", a.Interrupt))
	}
	if a.Jump != 0 {
		parts = append(parts, fmt.Sprintf("clock %+v at request %d", a.Jump, a.JumpAt))
	}
	return strings.Join(parts, "; ")
}

// cliShare is how many schedules come on one that runs the Terraform CLI.
const cliShare = 12

var points = []string{killpoint.DatasetUploaded, killpoint.TrainingCreated, killpoint.TrainingWaiting, killpoint.EvaluationCreated, killpoint.EvaluationEvidence,
	killpoint.PackageCreated, killpoint.DecisionRecorded, killpoint.ApprovalSet, killpoint.PointerMoved, killpoint.ConfigCreated, killpoint.EndpointCreated,
	killpoint.EndpointUpdating, killpoint.EndpointUpdated}

// Draw makes the schedule of a seed.
func Draw(seed uint64) Schedule {
	r := rand.New(rand.NewPCG(seed, 0x717461))
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	s := Schedule{Seed: seed, CLI: seed%cliShare == 0}
	s.Base = driver.Spec{AWS: oneIn(3), Quality: 650, Milliseconds: []int{0, 20, 150, 400}[r.IntN(4)],
		Hold: oneIn(3), Approval: oneIn(4), Versus: oneIn(3), MaxAge: oneIn(4), Smoke: oneIn(3)}
	two := oneIn(2)
	pick := func() string {
		if two && oneIn(2) {
			return "b"
		}
		return "a"
	}
	for i := range 3 + r.IntN(5) {
		var st Step
		switch n := r.IntN(20); {
		case i == 0: // before it there is nothing to disturb
			st.Applies = []Apply{drawApply(r, "a", s.CLI)}
		case n < 11:
			st.Applies = []Apply{drawApply(r, pick(), s.CLI)}
		case n < 14 && two:
			st.Applies = []Apply{drawApply(r, "a", s.CLI), drawApply(r, "b", s.CLI)}
		case n < 17:
			st = Step{Between: Acts, Act: Actions[r.IntN(len(Actions))], State: pick(), Pick: r.IntN(8)}
		case n < 18:
			st.Between = Kills
		case n < 19:
			st.Between = Restarts
		default:
			st.Between, st.Jump = Jumps, drawJump(r)
		}
		s.Steps = append(s.Steps, st)
	}
	return s
}

func drawJump(r *rand.Rand) time.Duration {
	return []time.Duration{-48 * time.Hour, -90 * time.Second, -time.Second, time.Second, 10 * time.Minute, 25 * time.Hour, 400 * 24 * time.Hour}[r.IntN(7)]
}

func drawApply(r *rand.Rand, state string, cli bool) Apply {
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	a := Apply{State: state, Pick: r.IntN(8), Seed: r.Uint64()}
	a.Change = []Change{Again, Again, Good, Good, Good, Good, Bad, Bad, Rollback, Retrain, Reevaluate, Tighten, Hold, Destroy}[r.IntN(14)]
	if oneIn(2) {
		a.Throttle, a.Drop, a.Repeat = r.IntN(31), r.IntN(6), r.IntN(6)
	}
	request := func() int { return 1 + r.IntN(110) }
	if r.IntN(3) > 0 {
		a.Kill.Engine = oneIn(3)
		switch r.IntN(4) {
		case 0:
			limit := 900
			if cli {
				limit = 3000
			}
			a.Kill.After = time.Duration(5+r.IntN(limit)) * time.Millisecond
		case 1:
			if killpoint.Enabled {
				a.Kill.Point = points[r.IntN(len(points))]
				break
			}
			fallthrough
		default:
			a.Kill.Request, a.Kill.Served = request(), oneIn(2)
		}
	} else if oneIn(6) {
		a.Interrupt = request()
	}
	if oneIn(4) {
		a.Act, a.ActAt = Actions[r.IntN(len(Actions))], request()
	}
	if oneIn(10) {
		a.Jump, a.JumpAt = drawJump(r), request()
	}
	return a
}
