//go:build linux || darwin

package provider

import (
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// rollbacks is a registry whose champions are made by decisions, and the action that goes back.
type rollbacks struct {
	*registry
	p *protocol
}

func newRollbacks(t *testing.T) *rollbacks {
	h := newProtocolHarness(t)
	return &rollbacks{registryOn(h), newProtocol(h)}
}

// accuracy is a requirement of at least min.
func accuracy(min float64) []rules.Requirement {
	return []rules.Requirement{{Metric: "accuracy", Min: &min}}
}

// promote decides on a version as an apply does.
func (r *rollbacks) promote(v version, evaluation string, change ...func(*decision.Request)) *decision.StoredRecord {
	r.t.Helper()
	ctx := r.t.Context()
	request := decision.Request{Group: survival, Candidate: v.arn, Evaluation: evaluation, Requirements: accuracy(0.78)}
	for _, f := range change {
		f(&request)
	}
	in, err := decision.ReadInputs(ctx, r.c, request)
	r.must(err)
	now := time.Now()
	if r.now != nil {
		now = r.now()
	}
	ruling, err := in.Rule(ctx, r.c, now)
	r.must(err)
	rec, err := in.Commit(ctx, r.c, in.Record(ruling, now, "arn:aws:iam::000000000000:user/titanicml", "test"))
	r.must(err)
	r.must(in.Effect(ctx, r.c, rec, false))
	return rec
}

// two registers two versions and promotes one after the other.
func (r *rollbacks) two(change ...func(*decision.Request)) (v1, v2 version) {
	r.t.Helper()
	v1, v2 = r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	r.promote(v1, "eval-1", change...)
	r.promote(v2, "eval-2", change...)
	r.serves(v2)
	return v1, v2
}

func (r *rollbacks) config(values map[string]any) *tfprotov6.DynamicValue {
	r.t.Helper()
	all := map[string]any{"model_package_group": survival, "reason": "error rate up, incident 42"}
	maps.Copy(all, values)
	return r.p.object(r.p.schemas.ActionSchemas["titanicml_rollback"].Schema, all)
}

func (r *rollbacks) plan(values map[string]any) []*tfprotov6.Diagnostic {
	r.t.Helper()
	resp, err := r.p.server.(tfprotov6.ActionServer).PlanAction(r.t.Context(), &tfprotov6.PlanActionRequest{ActionType: "titanicml_rollback", Config: r.config(values)})
	r.must(err)
	return resp.Diagnostics
}

// invoke returns what the action reported on its way and in the end.
func (r *rollbacks) invoke(values map[string]any) (progress []string, diags []*tfprotov6.Diagnostic) {
	r.t.Helper()
	stream, err := r.p.server.(tfprotov6.ActionServer).InvokeAction(r.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: "titanicml_rollback", Config: r.config(values)})
	r.must(err)
	completed := false
	for event := range stream.Events {
		switch e := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, e.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			completed, diags = true, e.Diagnostics
		}
	}
	if !completed {
		r.t.Error("the action did not complete")
	}
	return progress, diags
}

// stored lists every object of the store with its digest, and the approvals.
func (r *rollbacks) stored(versions ...version) map[string]string {
	r.t.Helper()
	all := map[string]string{}
	for _, under := range []string{"decisions", "champions"} {
		objects, err := r.c.List(r.t.Context(), r.c.Store.Join(under))
		r.must(err)
		for _, o := range objects {
			sum, _, err := r.c.Digest(r.t.Context(), o.URI)
			r.must(err)
			all[o.URI] = sum
		}
	}
	for _, v := range versions {
		all[v.arn] = r.approval(v)
	}
	return all
}

// refuses plans and invokes; both have to say the words, and nothing may change.
func (r *rollbacks) refuses(values map[string]any, versions []version, words ...string) {
	r.t.Helper()
	before := r.stored(versions...)
	r.p.refused(r.plan(values), words...)
	_, diags := r.invoke(values)
	r.p.refused(diags, words...)
	if after := r.stored(versions...); !maps.Equal(before, after) {
		r.t.Errorf("a refused rollback changed the store:\n%v\nwas\n%v", after, before)
	}
}

func TestRollbackToTheChampionBefore(t *testing.T) {
	r := newRollbacks(t)
	v1, v2 := r.two()
	before := r.stored(v1, v2)
	r.p.clean(r.plan(nil))
	if after := r.stored(v1, v2); !maps.Equal(before, after) {
		t.Errorf("a plan changed the store:\n%v\nwas\n%v", after, before)
	}
	progress, diags := r.invoke(nil)
	r.p.clean(diags)
	if len(progress) != 2 || !strings.Contains(progress[0], "version 1 of titanic-survival meets the rules in force") ||
		!strings.Contains(progress[1], "version 1 replaces version 2 as the champion of titanic-survival: s3://") {
		t.Errorf("progress: %q", progress)
	}
	r.serves(v1)
	c := r.champion()
	if rec := c.Record; rec.Kind != decision.KindRollback || rec.Reason != "error rate up, incident 42" || !rec.Allows() || rec.Replaces == "" ||
		rec.PreviousChampion.ModelPackageARN != v2.arn || !strings.Contains(rec.DecidedBy, ":user/titanicml") || rec.Evaluation.Name != "eval-1" {
		t.Errorf("the record of the rollback: %+v", rec.Record)
	}

	// Once more would lead forward again.
	r.refuses(nil, []version{v1, v2}, "version 1 is the champion of titanic-survival by a rollback", "incident 42", "Give version to go further back")

	// With a number it may be repeated, and goes either way.
	here := map[string]any{"version": 1}
	r.p.clean(r.plan(here))
	progress, diags = r.invoke(here)
	r.p.clean(diags)
	if len(progress) != 1 || !strings.Contains(progress[0], "is the champion already") {
		t.Errorf("progress: %q", progress)
	}
	if got := r.records(v1); got["approved"] != 2 {
		t.Errorf("records of version 1: %v, want its promotion and one rollback", got)
	}
	_, diags = r.invoke(map[string]any{"version": 2})
	r.p.clean(diags)
	r.serves(v2)
}

// TestRollbackIsJudgedByTheGate breaks, one after another, what a rollback stands on.
func TestRollbackIsJudgedByTheGate(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(r *rollbacks, v1, v2 version)
		to    map[string]any
		want  []string
	}{
		"another artifact": {func(r *rollbacks, v1, _ version) { r.overwrite(v1.artifact, "another model") }, nil,
			[]string{"refused under the rules in force", "artifact", digest("another model")}},
		"artifact gone": {func(r *rollbacks, v1, _ version) { r.must(r.c.Remove(r.t.Context(), v1.artifact)) }, nil,
			[]string{"artifact", "does not exist"}},
		"another report": {func(r *rollbacks, _, _ version) {
			r.overwrite(r.c.Store.Join("evaluations/eval-1/output/evaluation.json").URI(), `{"binary_classification_metrics":{"accuracy":{"value":1}}}`)
		}, nil, []string{"report", "was changed"}},
		"another evaluation": {func(r *rollbacks, v1, _ version) { r.evaluate("eval-1", v1, 0.99) }, nil, []string{"was changed since version 1 was approved"}},
		"evidence gone": {func(r *rollbacks, _, _ version) {
			r.must(r.c.Remove(r.t.Context(), r.c.Store.Join("evaluations/eval-1/evidence.json").URI()))
		}, nil, []string{"has left no evidence"}},
		"decision gone": {func(r *rollbacks, _, _ version) {
			r.must(r.c.Remove(r.t.Context(), r.champion().Pointer.Previous.DecisionURI))
		}, nil, []string{"has no decision record"}},
		"rejected since": {func(r *rollbacks, v1, _ version) {
			r.promote(v1, "eval-1", func(q *decision.Request) { q.Requirements = accuracy(0.99) })
		}, nil, []string{"the latest decision on", "is rejected"}},
		"stricter rules in force": {func(r *rollbacks, _, v2 version) {
			r.promote(v2, "eval-2", func(q *decision.Request) { q.Requirements = accuracy(0.86) })
		}, nil, []string{"refused under the rules in force", "FAIL", ">= 0.86"}},
		"approval in force": {func(r *rollbacks, _, v2 version) {
			r.approveAs("anna", v2, sdktypes.ModelApprovalStatusApproved)
			r.promote(v2, "eval-2", func(q *decision.Request) { q.Approval = gate.ApprovalRules{Required: true} })
			r.approveAs("anna", version{arn: r.champion().Pointer.Previous.ModelPackageARN}, sdktypes.ModelApprovalStatusPendingManualApproval)
		}, nil, []string{"waits for approval", "titanicml-local approve"}},
		"pointer broken": {func(r *rollbacks, _, _ version) { r.overwrite(decision.PointerURI(r.c.Store, survival), "{}") }, nil,
			[]string{"the rules in force are not known", "is not a champion pointer"}},
		"champion's decision tampered with": {func(r *rollbacks, _, _ version) { r.overwrite(r.champion().Pointer.DecisionURI, `{"schema":1}`) }, nil,
			[]string{"the rules in force are not known", "was changed"}},
		"never decided on": {func(r *rollbacks, _, _ version) { r.register(survival, "three") }, map[string]any{"version": 3}, []string{"has no decision record"}},
		"no such version":  {func(*rollbacks, version, version) {}, map[string]any{"version": 9}, []string{"there is no model package", "/9 any more"}},
		"no champion":      {func(*rollbacks, version, version) {}, map[string]any{"model_package_group": "other"}, []string{"group other has no champion to go back from"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRollbacks(t)
			v1, v2 := r.two()
			tc.spoil(r, v1, v2)
			r.refuses(tc.to, []version{v1, v2}, append([]string{rollbackRefused}, tc.want...)...)
		})
	}
}

func (r *rollbacks) overwrite(uri, content string) {
	r.t.Helper()
	_, err := r.c.Put(r.t.Context(), uri, "text/plain", []byte(content))
	r.must(err)
}

func TestRollbackFromTheFirstChampion(t *testing.T) {
	r := newRollbacks(t)
	v1 := r.register(survival, "one")
	r.evaluate("eval-1", v1, 0.85)
	r.promote(v1, "eval-1")
	r.refuses(nil, []version{v1}, "version 1 is the first champion of titanic-survival")
}

// TestRollbackSkipsWhatCountsOnlyWhenDeciding goes back to a version whose evidence is old, in a group that compares with its champion.
func TestRollbackSkipsWhatCountsOnlyWhenDeciding(t *testing.T) {
	h := newProtocolHarness(t)
	start := time.Now()
	var later atomic.Int64 // the engine reads the clock from other goroutines
	h.now = func() time.Time { return start.Add(time.Duration(later.Load())) }
	r := &rollbacks{registryOn(h), newProtocol(h)}
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9, r.against(v1, 0.85))
	day, drop := 24*time.Hour, 0.01
	rules := func(q *decision.Request) {
		q.Evidence.MaxAge = &day
		q.Requirements = append(accuracy(0.78), rules.Requirement{Metric: "accuracy", VersusChampion: &rules.VersusChampion{MaxDrop: &drop}})
	}
	r.promote(v1, "eval-1", rules)
	r.promote(v2, "eval-2", rules)
	later.Store(int64(48 * time.Hour))
	_, diags := r.invoke(nil)
	r.p.clean(diags)
	r.serves(v1)
	verdicts := map[string]gate.Verdict{}
	for _, c := range r.champion().Record.Checks {
		verdicts[c.Requirement] = c.Verdict
	}
	skipped := 0
	for _, v := range verdicts {
		if v == gate.Skipped {
			skipped++
		}
	}
	if skipped != 2 {
		t.Errorf("checks of the rollback: %v, want two skipped", verdicts)
	}
}

// TestRollbackRace moves the champion between decision and effect.
func TestRollbackRace(t *testing.T) {
	r := newRollbacks(t)
	r.two()
	v3 := r.register(survival, "three")
	r.evaluate("eval-3", v3, 0.95)
	back, err := decision.DecideRollback(t.Context(), r.c, decision.RollbackRequest{Group: survival, Reason: "incident"}, time.Now())
	r.must(err)
	r.promote(v3, "eval-3")
	_, err = back.CarryOut(t.Context(), r.c, time.Now(), "test")
	var conflict *sagemaker.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("a rollback decided against another champion gives %v, want a conflict", err)
	}
	r.serves(v3)
}

func TestRollbackConfigErrors(t *testing.T) {
	r := newRollbacks(t)
	for _, tc := range []struct {
		values map[string]any
		want   string
	}{
		{map[string]any{"model_package_group": "a b"}, "must be the name of a model package group, 1 to 63 letters, digits and hyphens"},
		{map[string]any{"version": 0}, "at least 1"},
		{map[string]any{"reason": ""}, "string length must be at least 1"},
	} {
		resp, err := r.p.server.(tfprotov6.ActionServer).ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: "titanicml_rollback", Config: r.config(tc.values)})
		r.must(err)
		r.p.refused(resp.Diagnostics, tc.want)
	}
}

// TestPromotionAfterARollback plans with the configuration that promoted the version gone back from: its promotion is superseded, serves
// what the pointer names, and takes nothing back. The earlier version as candidate, with a reason, is decided already.
func TestPromotionAfterARollback(t *testing.T) {
	registry := newRegistry(t)
	r := &rollbacks{registry, newProtocol(registry.harness)}
	v1, v2 := r.register(survival, "one"), r.register(survival, "two")
	r.evaluate("eval-1", v1, 0.85)
	r.evaluate("eval-2", v2, 0.9)
	newer := r.promotion(v2, "eval-2", atLeast78, "")
	r.run(
		resource.TestStep{Config: r.promotion(v1, "eval-1", atLeast78, "")},
		resource.TestStep{Config: newer},
		resource.TestStep{PreConfig: func() { _, diags := r.invoke(nil); r.p.clean(diags) }, RefreshState: true,
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "superseded"), gateShows("serving.version", "1"))},
		resource.TestStep{Config: newer, ConfigPlanChecks: emptyPlan(), Check: gateShows("serving.version", "1")},
		resource.TestStep{Config: r.promotion(v1, "", atLeast78, `reason = "error rate up, incident 42"`),
			Check: resource.ComposeAggregateTestCheckFunc(gateShows("status", "current"), gateShows("serving.version", "1"))},
	)
	r.serves(v1)
	if got := r.records(v1); got["approved"] != 2 {
		t.Errorf("records of version 1: %v, want its promotion and the one rollback", got)
	}
}
