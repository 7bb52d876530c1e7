//go:build linux || darwin

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
)

// schedule is what happens in one run, all of it drawn from a seed before it begins.
type schedule struct {
	seed  uint64
	base  spec
	cli   bool // the Terraform CLI applies
	steps []step
}

// step is one thing after another: one apply, two at once, or something between applies.
type step struct {
	applies []apply
	between between
	act     action
	state   string
	jump    time.Duration
	pick    int
}

// between is what happens while nobody applies.
type between string

const (
	nothing  between = ""
	kills    between = "kill engine"
	restarts between = "restart engine"
	acts     between = "console"
	jumps    between = "clock"
)

// change is what somebody edits before they apply.
type change string

const (
	again      change = "the same again"
	good       change = "a good candidate"
	bad        change = "a candidate below the minimum"
	rollback   change = "an earlier version"
	retrain    change = "-replace of the training run"
	reevaluate change = "-replace of the evaluation"
	tighten    change = "another minimum"
	hold       change = "another on_rejection"
	destroy    change = "destroy"
)

// apply is one terraform apply with what goes wrong meanwhile.
type apply struct {
	state                  string
	change                 change
	pick                   int
	throttle, drop, repeat int
	seed                   uint64
	kill                   kill
	act                    action // at request actAt
	actAt                  int
	interrupt              int // at this request; 0: not
	jump                   time.Duration
	jumpAt                 int
}

// kill is a SIGKILL.
type kill struct {
	engine bool // else the provider
	// One of these says when.
	request int  // while the request of this number waits
	served  bool // the service has acted on that request
	after   time.Duration
	point   string // a named point of the provider
}

func (k kill) none() bool { return k.request == 0 && k.after == 0 && k.point == "" }

func (k kill) String() string {
	victim := "provider"
	if k.engine {
		victim = "engine"
	}
	switch {
	case k.point != "":
		return fmt.Sprintf("kill -9 of the %s at point %s", victim, k.point)
	case k.after > 0:
		return fmt.Sprintf("kill -9 of the %s after %s", victim, k.after)
	case k.served:
		return fmt.Sprintf("kill -9 of the %s after request %d was served", victim, k.request)
	}
	return fmt.Sprintf("kill -9 of the %s before request %d is served", victim, k.request)
}

func (a apply) String() string {
	parts := []string{"apply " + a.state + ": " + string(a.change)}
	if a.throttle+a.drop+a.repeat > 0 {
		parts = append(parts, fmt.Sprintf("%d %% throttled, %d %% dropped, %d %% delivered twice", a.throttle, a.drop, a.repeat))
	}
	if !a.kill.none() {
		parts = append(parts, a.kill.String())
	}
	if a.act != "" {
		parts = append(parts, fmt.Sprintf("console at request %d: %s", a.actAt, a.act))
	}
	if a.interrupt > 0 {
		parts = append(parts, fmt.Sprintf("Ctrl-C at request %d", a.interrupt))
	}
	if a.jump != 0 {
		parts = append(parts, fmt.Sprintf("clock %+v at request %d", a.jump, a.jumpAt))
	}
	return strings.Join(parts, "; ")
}

// cliShare is how many schedules come on one that runs the Terraform CLI.
const cliShare = 12

var points = []string{killpoint.DatasetUploaded, killpoint.TrainingCreated, killpoint.TrainingWaiting, killpoint.EvaluationCreated, killpoint.EvaluationEvidence,
	killpoint.PackageCreated, killpoint.DecisionRecorded, killpoint.ApprovalSet, killpoint.PointerMoved, killpoint.ConfigCreated, killpoint.EndpointCreated,
	killpoint.EndpointUpdating, killpoint.EndpointUpdated}

// draw makes the schedule of a seed.
func draw(seed uint64) schedule {
	r := rand.New(rand.NewPCG(seed, 0x717461))
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	s := schedule{seed: seed, cli: seed%cliShare == 0}
	s.base = spec{AWS: oneIn(3), Quality: 650, Milliseconds: []int{0, 20, 150, 400}[r.IntN(4)],
		Hold: oneIn(3), Approval: oneIn(4), Versus: oneIn(3), MaxAge: oneIn(4), Smoke: oneIn(3)}
	two := oneIn(2)
	pick := func() string {
		if two && oneIn(2) {
			return "b"
		}
		return "a"
	}
	for i := range 3 + r.IntN(5) {
		var st step
		switch n := r.IntN(20); {
		case i == 0: // before it there is nothing to disturb
			st.applies = []apply{drawApply(r, "a", s.cli)}
		case n < 11:
			st.applies = []apply{drawApply(r, pick(), s.cli)}
		case n < 14 && two:
			st.applies = []apply{drawApply(r, "a", s.cli), drawApply(r, "b", s.cli)}
		case n < 17:
			st = step{between: acts, act: actions[r.IntN(len(actions))], state: pick(), pick: r.IntN(8)}
		case n < 18:
			st.between = kills
		case n < 19:
			st.between = restarts
		default:
			st.between, st.jump = jumps, drawJump(r)
		}
		s.steps = append(s.steps, st)
	}
	return s
}

func drawJump(r *rand.Rand) time.Duration {
	return []time.Duration{-48 * time.Hour, -90 * time.Second, -time.Second, time.Second, 10 * time.Minute, 25 * time.Hour, 400 * 24 * time.Hour}[r.IntN(7)]
}

func drawApply(r *rand.Rand, state string, cli bool) apply {
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	a := apply{state: state, pick: r.IntN(8), seed: r.Uint64()}
	a.change = []change{again, again, good, good, good, good, bad, bad, rollback, retrain, reevaluate, tighten, hold, destroy}[r.IntN(14)]
	if oneIn(2) {
		a.throttle, a.drop, a.repeat = r.IntN(31), r.IntN(6), r.IntN(6)
	}
	request := func() int { return 1 + r.IntN(110) }
	if r.IntN(3) > 0 {
		a.kill.engine = oneIn(3)
		switch r.IntN(4) {
		case 0:
			limit := 900
			if cli {
				limit = 3000
			}
			a.kill.after = time.Duration(5+r.IntN(limit)) * time.Millisecond
		case 1:
			if killpoint.Enabled {
				a.kill.point = points[r.IntN(len(points))]
				break
			}
			fallthrough
		default:
			a.kill.request, a.kill.served = request(), oneIn(2)
		}
	} else if oneIn(6) {
		a.interrupt = request()
	}
	if oneIn(4) {
		a.act, a.actAt = actions[r.IntN(len(actions))], request()
	}
	if oneIn(10) {
		a.jump, a.jumpAt = drawJump(r), request()
	}
	return a
}
