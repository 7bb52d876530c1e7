//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/schedule"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/world"
)

// The engine, its containers and the processes that apply are the test program, run again.
func TestMain(m *testing.M) {
	if handled, code := driver.RunAs(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// TestSchedules runs a few fixed schedules, so that the harness cannot rot, one of them with the Terraform CLI where it is at hand.
func TestSchedules(t *testing.T) {
	t.Parallel()
	s := settings{seed: 9, schedules: 4, parallel: 2, time: time.Minute, out: io.Discard, terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")}
	r, err := run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if r.finished != s.schedules {
		t.Errorf("%d schedules finished, want %d", r.finished, s.schedules)
	}
	for _, v := range r.violations {
		t.Errorf("schedule %d violates:\n  %s\nsteps:\n  %s", v.seed, strings.Join(v.what, "\n  "), strings.Join(v.log, "\n  "))
	}
	var page strings.Builder
	r.print(&page)
	t.Log(page.String())
	counts := r.tally.All()
	for _, what := range []string{"applies", "provider killed (SIGKILL)", "requests throttled", "answers of an endpoint", "second applies held against an empty plan"} {
		if counts[what] == 0 {
			t.Errorf("nothing was counted as %q", what)
		}
	}
}

// TestBrokenInvariantsAreFound breaks one invariant each, behind the back of the harness, and expects to be told.
func TestBrokenInvariantsAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sabotage func(context.Context, *execution) error
		want     string
	}{
		"a model that nobody approved serves": {func(ctx context.Context, x *execution) error {
			// The console's own action, of which the history is not told.
			if err := x.console.CarryOut(ctx, must(x.w.Console(ctx)), schedule.SwapEndpoint, x.w.States["a"], 0); err != nil {
				return err
			}
			x.h.Mu.Lock()
			clear(x.h.Rogues)
			x.h.Mu.Unlock()
			return until(ctx, func() bool { return len(x.w.Violations()) > 0 })
		}, "no approved decision names"},
		"a record disappears": {func(ctx context.Context, x *execution) error {
			c := must(x.w.Console(ctx))
			champion, err := x.console.Champion(ctx, c)
			if err != nil {
				return err
			}
			if err := c.Remove(ctx, champion.DecisionURI); err != nil {
				return err
			}
			return x.kept(ctx)
		}, "is lost"},
		"a record is edited": {func(ctx context.Context, x *execution) error {
			c := must(x.w.Console(ctx))
			champion, err := x.console.Champion(ctx, c)
			if err != nil {
				return err
			}
			o, err := c.Get(ctx, champion.DecisionURI)
			if err != nil {
				return err
			}
			if _, err := c.Put(ctx, champion.DecisionURI, "", bytes.Replace(o.Body, []byte("approved"), []byte("Approved"), 1)); err != nil {
				return err
			}
			return x.kept(ctx)
		}, "was changed"},
		"a version is registered twice": {func(ctx context.Context, x *execution) error {
			c := must(x.w.Console(ctx))
			versions, err := c.ListPackages(ctx, driver.Group)
			if err != nil {
				return err
			}
			p, err := c.DescribePackage(ctx, aws.ToString(versions[0].ModelPackageArn))
			if err != nil {
				return err
			}
			if _, err := c.SageMaker.CreateModelPackage(ctx, &sdk.CreateModelPackageInput{ModelPackageGroupName: aws.String(driver.Group),
				CustomerMetadataProperties: p.Metadata, ModelApprovalStatus: types.ModelApprovalStatusPendingManualApproval,
				InferenceSpecification: p.Raw.InferenceSpecification}); err != nil {
				return err
			}
			return x.noneTwice(ctx, c)
		}, "there are two of: model version"},
		"a job is run twice": {func(ctx context.Context, x *execution) error {
			c := must(x.w.Console(ctx))
			jobs, err := x.jobs(ctx)
			if err != nil {
				return err
			}
			for _, j := range jobs {
				old, err := c.SageMaker.DescribeTrainingJob(ctx, &sdk.DescribeTrainingJobInput{TrainingJobName: aws.String(j.name)})
				if err != nil {
					continue // a processing job
				}
				if _, err := c.SageMaker.CreateTrainingJob(ctx, &sdk.CreateTrainingJobInput{TrainingJobName: aws.String(j.name[:len(j.name)-1] + "2"), RoleArn: old.RoleArn,
					AlgorithmSpecification: old.AlgorithmSpecification, HyperParameters: old.HyperParameters, InputDataConfig: old.InputDataConfig, OutputDataConfig: old.OutputDataConfig,
					ResourceConfig: old.ResourceConfig, StoppingCondition: old.StoppingCondition, Tags: []types.Tag{{Key: aws.String("titanicml:input-hash"), Value: aws.String(j.hash)}}}); err != nil {
					return err
				}
				if err := x.idle(ctx); err != nil {
					return err
				}
				return x.noneTwice(ctx, c)
			}
			return errors.New("there is no training job")
		}, "there are two of: completed job"},
		"a configuration is left": {func(ctx context.Context, x *execution) error {
			c := must(x.w.Console(ctx))
			endpoint := x.w.States["a"].Spec.Endpoint()
			out, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &endpoint})
			if err != nil {
				return err
			}
			config, err := c.SageMaker.DescribeEndpointConfig(ctx, &sdk.DescribeEndpointConfigInput{EndpointConfigName: out.EndpointConfigName})
			if err != nil {
				return err
			}
			_, err = c.SageMaker.CreateEndpointConfig(ctx, &sdk.CreateEndpointConfigInput{EndpointConfigName: aws.String("left"), ProductionVariants: config.ProductionVariants,
				Tags: []types.Tag{{Key: aws.String("titanicml:endpoint"), Value: &endpoint}}})
			return err // the checks at the end find it
		}, "configuration left of it is left"},
		"a plan is not empty": {func(ctx context.Context, x *execution) error {
			s := x.w.States["a"]
			s.Spec.Quality += 2
			return x.empty(ctx, s)
		}, "is not empty: replace titanicml_training_run.t"},
		"a rejection moves the champion": {func(ctx context.Context, x *execution) error {
			x.settled["a"] = true
			real := x.w.States["a"].Spec
			a := schedule.Apply{State: "a", Change: schedule.Bad}
			// A gate that asks for nothing: what a broken one would do.
			x.w.States["a"].Bad = real.Quality + 8
			return x.do(ctx, schedule.Step{Applies: []schedule.Apply{a}})
		}, "a rejected candidate changed the champion"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := func(ctx context.Context, x *execution) error {
				if err := x.w.Ensure(ctx); err != nil {
					return err
				}
				return c.sabotage(ctx, x)
			}
			r, err := run(t.Context(), settings{seed: 77, schedules: 1, parallel: 1, time: time.Minute, out: io.Discard, draw: calm, sabotage: broken})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.violations) != 1 || !strings.Contains(strings.Join(r.violations[0].what, "\n"), c.want) {
				t.Fatalf("got %+v, want a violation that says %q", r.violations, c.want)
			}
			var page strings.Builder
			r.print(&page)
			if again := "make chaos SEED=77 SCHEDULES=1"; !strings.Contains(page.String(), again) {
				t.Errorf("the report does not say %q:\n%s", again, &page)
			}
		})
	}
}

// calm is a schedule of one apply that nothing disturbs.
func calm(seed uint64) schedule.Schedule {
	return schedule.Schedule{Seed: seed, Base: driver.Spec{Quality: 650}, Steps: []schedule.Step{{Applies: []schedule.Apply{{State: "a", Change: schedule.Good}}}}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func until(ctx context.Context, done func() bool) error {
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// A schedule is drawn from its seed alone, and hundreds of them contain everything.
func TestDraw(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(400) {
		one, two := fmt.Sprintf("%+v", schedule.Draw(seed)), fmt.Sprintf("%+v", schedule.Draw(seed))
		if one != two {
			t.Fatalf("seed %d: drawn differently the second time:\n%s\n%s", seed, one, two)
		}
		for _, st := range schedule.Draw(seed).Steps {
			seen["between: "+string(st.Between)] = true
			seen["action: "+string(st.Act)] = true
			seen[fmt.Sprintf("applies at once: %d", len(st.Applies))] = true
			for _, a := range st.Applies {
				seen["change: "+string(a.Change)], seen["action: "+string(a.Act)] = true, true
				seen[fmt.Sprintf("kill: engine %v, served %v, after %v", a.Kill.Engine, a.Kill.Served, a.Kill.After > 0)] = true
			}
		}
	}
	wanted := []string{"between: kill engine", "between: restart engine", "between: clock", "applies at once: 2", "kill: engine true, served false, after true",
		"kill: engine false, served true, after false", "kill: engine true, served true, after false"}
	for _, a := range schedule.Actions {
		wanted = append(wanted, "action: "+string(a))
	}
	for _, c := range []schedule.Change{schedule.Again, schedule.Good, schedule.Bad, schedule.Rollback, schedule.Retrain, schedule.Reevaluate, schedule.Tighten, schedule.Hold, schedule.Destroy} {
		wanted = append(wanted, "change: "+string(c))
	}
	for _, w := range wanted {
		if !seen[w] {
			t.Errorf("400 schedules contain no %s", w)
		}
	}
}

// TestInterruptLeavesNothing is Ctrl-C in the middle.
func TestInterruptLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(3*time.Second, cancel)
	r, err := run(ctx, settings{seed: 1, schedules: 1000, parallel: 2, time: time.Hour, out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "interrupted") || strings.Contains(err.Error(), "outlive") {
		t.Errorf("got %v", err)
	}
	if r == nil || r.took > 40*time.Second {
		t.Errorf("ended after %+v", r)
	}
}

// The errors that the checks reject are rejected.
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d            minicore.Diagnostic
		calm, killed bool
		violates     bool
	}{
		"a refusal":                 {minicore.Diagnostic{Error: true, Summary: "Promotion rejected by its gate", Detail: "accuracy"}, true, false, false},
		"no detail":                 {minicore.Diagnostic{Error: true, Summary: "Something"}, true, false, true},
		"a panic":                   {minicore.Diagnostic{Error: true, Summary: "Plan", Detail: "panic: runtime error"}, false, false, true},
		"a lost plugin":             {minicore.Diagnostic{Error: true, Summary: "Plugin did not respond", Detail: "it crashed"}, true, false, true},
		"a killed plugin":           {minicore.Diagnostic{Error: true, Summary: "Plugin did not respond", Detail: "it crashed"}, false, true, false},
		"two plans":                 {minicore.Diagnostic{Error: true, Summary: minicore.InconsistentPlan, Detail: "x"}, true, false, true},
		"two plans, others at work": {minicore.Diagnostic{Error: true, Summary: minicore.InconsistentPlan, Detail: "x"}, false, false, false},
	} {
		w := &world.World{Tally: &world.Tally{}, States: map[string]*world.State{}, Begin: time.Now()}
		x := &execution{w: w}
		x.judge(&world.State{}, &driver.Result{Outcome: minicore.Outcome{Diagnostics: []minicore.Diagnostic{c.d}}}, c.calm, c.killed)
		if got := len(w.Violations()) > 0; got != c.violates {
			t.Errorf("%s: violations %v", name, w.Violations())
		}
	}
}

// TestSpoiledPointerOfAHeldPromotion runs the schedule that showed a champion pointer to a rejected version pass without a word,
// while what was configured was held.
func TestSpoiledPointerOfAHeldPromotion(t *testing.T) {
	t.Parallel()
	r, err := run(t.Context(), settings{seed: 285, schedules: 1, parallel: 1, time: time.Minute, out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.violations {
		t.Errorf("%s\nsteps:\n  %s", strings.Join(v.what, "\n"), strings.Join(v.log, "\n  "))
	}
	if n := r.tally.All()["console: "+string(schedule.PointAtRejected)]; n != 1 {
		t.Errorf("the pointer was moved %d times", n)
	}
}
