package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet/serving"
)

// TestMain lets the test binary play the serving containers: "serve NAME BEHAVIOUR".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "container" {
		serve(os.Args[2], os.Args[3])
		return
	}
	os.Exit(m.Run())
}

func serve(name, behaviour string) {
	model, _ := os.ReadFile(filepath.Join(os.Getenv("SAGEMAKER_BASE_DIR"), "model", "name"))
	mux := http.NewServeMux()
	var sick atomic.Bool
	var resets atomic.Int64
	if behaviour == "deaf" {
		signal.Ignore(syscall.SIGTERM)
	}
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) {
		if behaviour == "unhealthy" || sick.Load() {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /invocations", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch behaviour {
		case "500":
			http.Error(w, "out of memory", http.StatusInternalServerError)
			return
		case "400":
			http.Error(w, "row 3, column age: want a number", http.StatusBadRequest)
			return
		case "slow":
			time.Sleep(50 * time.Millisecond)
		case "huge":
			w.Write(make([]byte, MaxBody+1))
			return
		case "hang":
			<-r.Context().Done()
			return
		}
		switch string(body) {
		case "die":
			os.Exit(7)
		case "reset":
			resets.Add(1)
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0) // the client sees a reset, no end
				conn.Close()
			}
			return
		case "resets":
			fmt.Fprint(w, resets.Load())
			return
		case "sicken", "heal":
			sick.Store(string(body) == "sicken")
		}
		w.Header().Set("Content-Type", r.Header.Get("Accept"))
		w.Header().Set("X-Amzn-SageMaker-Custom-Attributes", r.Header.Get("X-Amzn-SageMaker-Custom-Attributes"))
		fmt.Fprintf(w, "%s%s:%s", name, model, body)
	})
	if behaviour == "exit" {
		fmt.Println("the model file is broken")
		os.Exit(1)
	}
	http.ListenAndServe("127.0.0.1:"+os.Getenv("SAGEMAKER_BIND_TO_PORT"), mux)
}

func variant(name, behaviour string, weight float64) Variant {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Variant{Name: name, Argv: []string{self, "container", name, behaviour}, Weight: weight, Count: 1}
}

func config(name, behaviour string) Config {
	v := variant("main", behaviour, 1)
	v.Argv[2] = name // the answer tells the configuration
	return Config{Name: name, Variants: []Variant{v}}
}

// manualClock hands its timers to the test; those of pings fire when the test ticks.
type manualClock struct {
	timers chan manualTimer
	ticks  chan time.Time
	waits  atomic.Int64 // how often a process began to wait for a tick
}

type manualTimer struct {
	d    time.Duration
	fire chan time.Time
}

func (c *manualClock) After(d time.Duration) <-chan time.Time {
	t := manualTimer{d, make(chan time.Time, 1)}
	switch {
	case d == serving.PingInterval:
		c.waits.Add(1)
		return c.ticks
	case d == serving.FirstBackoff:
		t.fire <- time.Time{}
	default:
		c.timers <- t
	}
	return t.fire
}

var key = Key{"eu-west-1", "titanic"}

func newFleet(t *testing.T) (*Fleet, *manualClock) {
	t.Helper()
	clock := &manualClock{timers: make(chan manualTimer, 16), ticks: make(chan time.Time)}
	f, err := New(Options{Dir: t.TempDir(), After: clock.After, Grace: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if n, err := container.KillLeftovers(f.o.Dir); n != 0 || err != nil {
			t.Errorf("%d processes outlived the fleet, %v", n, err)
		}
	})
	return f, clock
}

func invoke(f *Fleet, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/endpoints/titanic/invocations", strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.Invoke(w, r, key)
	return w
}

func deploy(t *testing.T, f *Fleet, cfg Config) {
	t.Helper()
	if err := f.Deploy(t.Context(), key, cfg, Rollout{Strategy: AllAtOnce}, nil); err != nil {
		t.Fatal(err)
	}
}

// load invokes without pause until stopped, and returns how many answers came by configuration; an
// answer that is not 200 fails the test.
func load(t *testing.T, f *Fleet) (stop func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]int{}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				w := invoke(f, "x")
				name, _, _ := strings.Cut(w.Body.String(), ":")
				mu.Lock()
				if w.Code != http.StatusOK {
					t.Errorf("status %d under load: %s", w.Code, w.Body)
				}
				seen[name]++
				mu.Unlock()
			}
		})
	}
	return func() map[string]int {
		close(done)
		wg.Wait()
		return seen
	}
}

func TestSwitchLosesNoRequest(t *testing.T) {
	f, _ := newFleet(t)
	deploy(t, f, config("v0", "slow"))
	stop := load(t, f)
	for i := 1; i <= 4; i++ {
		behaviour := "slow"
		if i%2 == 0 {
			behaviour = "fine"
		}
		deploy(t, f, config(fmt.Sprint("v", i), behaviour))
		if w := invoke(f, "x"); w.Body.String() != fmt.Sprintf("v%d:x", i) {
			t.Errorf("after the switch to v%d: %s", i, w.Body)
		}
	}
	seen := stop()
	if len(seen) != 5 {
		t.Errorf("answers by %v, want every configuration", seen)
	}
	if name, v, ok := f.Status(key); name != "v4" || !ok || len(v) != 1 || v[0].Healthy != 1 {
		t.Errorf("status %s %+v", name, v)
	}
}

func TestRollouts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		roll  Rollout
		want  string // phases and percentages
		bakes int
	}{
		{"all at once", Rollout{Strategy: AllAtOnce}, "Starting0 Baking100 Switched100 Terminating100 Done100", 0},
		{"canary", Rollout{Strategy: Canary, StepPercent: 10, WaitInterval: time.Minute}, "Starting0 Baking10 Baking100 Switched100 Terminating100 Done100", 2},
		{"linear", Rollout{Strategy: Linear, StepPercent: 40, WaitInterval: time.Minute, TerminationWait: time.Hour}, "Starting0 Baking40 Baking80 Baking100 Switched100 Terminating100 Done100", 4},
	} {
		f, clock := newFleet(t)
		deploy(t, f, config("old", "fine"))
		stop := load(t, f)
		var got []string
		result := make(chan error, 1)
		go func() {
			result <- f.Deploy(t.Context(), key, config("new", "fine"), tt.roll, func(p Progress) {
				got = append(got, fmt.Sprint(p.Phase, p.Percent))
			})
		}()
		for range tt.bakes {
			(<-clock.timers).fire <- time.Time{}
		}
		if err := <-result; err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, got, tt.want)
		}
		stop()
	}
}

func TestCanaryShare(t *testing.T) {
	f, clock := newFleet(t)
	deploy(t, f, config("old", "fine"))
	result := make(chan error, 1)
	go func() {
		result <- f.Deploy(t.Context(), key, config("new", "fine"), Rollout{Strategy: Canary, StepPercent: 25, WaitInterval: time.Minute}, nil)
	}()
	bake := <-clock.timers
	seen := map[string]int{}
	for range 800 {
		seen[invoke(f, "").Body.String()]++
	}
	if n := seen["new:"]; n < 120 || n > 280 {
		t.Errorf("%d of 800 invocations went to a canary of 25%%: %v", n, seen)
	}
	bake.fire <- time.Time{}
	(<-clock.timers).fire <- time.Time{}
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestRollbacks(t *testing.T) {
	for _, tt := range []struct {
		name, behaviour string
		change          func(*Config, *Rollout)
		want            string
	}{
		{"5xx alarm", "500", func(_ *Config, r *Rollout) { r.Alarms = Alarms{Max5xxRate: 0.1, MinRequests: 5} }, "Alarm 5xx"},
		{"latency alarm", "slow", func(_ *Config, r *Rollout) { r.Alarms = Alarms{MaxP95Latency: 20 * time.Millisecond, MinRequests: 5} }, "Alarm latency"},
		{"never healthy", "unhealthy", func(c *Config, _ *Rollout) { c.Variants[0].StartupTimeout = 300 * time.Millisecond }, "did not pass the ping health check"},
		{"ends at once", "exit", nil, "the model file is broken"},
		{"no command", "fine", func(c *Config, _ *Rollout) { c.Variants[0].Argv, c.Variants[0].Unmapped = nil, "image x is not mapped" }, "image x is not mapped"},
		{"missing program", "fine", func(c *Config, _ *Rollout) { c.Variants[0].Argv = []string{"/nowhere/serve"} }, "/nowhere/serve"},
		{"broken model", "fine", func(c *Config, _ *Rollout) {
			c.Variants[0].Stage = func(context.Context, string) error { return errors.New("the archive is corrupt") }
		}, "the archive is corrupt"},
		{"crash while baking", "fine", nil, "lost a container"},
	} {
		f, clock := newFleet(t)
		deploy(t, f, config("old", "fine"))
		cfg, roll := config("new", tt.behaviour), Rollout{Strategy: Canary, StepPercent: 50, WaitInterval: time.Minute}
		if tt.change != nil {
			tt.change(&cfg, &roll)
		}
		var phases []Phase
		result := make(chan error, 1)
		go func() {
			result <- f.Deploy(t.Context(), key, cfg, roll, func(p Progress) { phases = append(phases, p.Phase) })
		}()
		var err error
		late := time.After(time.Minute)
		for ended := false; !ended; {
			select {
			case <-late:
				t.Fatalf("%s: the deployment goes on", tt.name)
			case err = <-result:
				ended = true
			case <-clock.timers: // the bake never ends by itself
			case <-time.After(time.Millisecond):
				if next := f.endpoint(key, false).route.Load().next; tt.name == "crash while baking" && next != nil {
					if resp, err := http.Post(next.instances()[0].URL()+"/invocations", "", strings.NewReader("die")); err == nil {
						resp.Body.Close()
					}
				}
				invoke(f, "x")
			}
		}
		var back *RollbackError
		if !errors.As(err, &back) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want a rollback with %q", tt.name, err, tt.want)
		}
		onlyOldServes(t, f, tt.name)
	}
}

// onlyOldServes invokes so often that a share of the traffic that stayed on a new configuration would be noticed.
func onlyOldServes(t *testing.T, f *Fleet, after string) {
	t.Helper()
	for range 100 {
		if w := invoke(f, "x"); w.Body.String() != "old:x" {
			t.Fatalf("%s: %d %s, want the old configuration", after, w.Code, w.Body)
		}
	}
	if name, _, _ := f.Status(key); name != "old" {
		t.Errorf("%s: serves %s", after, name)
	}
}

func TestTooLongADeploymentIsRolledBack(t *testing.T) {
	for _, behaviour := range []string{"fine", "unhealthy"} { // too long a bake, too long a start
		f, clock := newFleet(t)
		deploy(t, f, config("old", "fine"))
		result := make(chan error, 1)
		go func() {
			result <- f.Deploy(t.Context(), key, config("new", behaviour), Rollout{Strategy: Canary, StepPercent: 50, WaitInterval: time.Minute, MaxExecution: time.Hour}, nil)
		}()
		limit := <-clock.timers
		if behaviour == "fine" {
			<-clock.timers // the bake has begun
		}
		limit.fire <- time.Time{}
		var back *RollbackError
		if err := <-result; limit.d != time.Hour || !errors.As(err, &back) || !strings.Contains(back.Reason, "MaximumExecutionTimeoutInSeconds of 3600") {
			t.Errorf("%s: %v", behaviour, err)
		}
		onlyOldServes(t, f, "too long, "+behaviour)
	}
}

func TestFirstDeploymentHasNothingToGoBackTo(t *testing.T) {
	f, _ := newFleet(t)
	err := f.Deploy(t.Context(), key, config("only", "exit"), Rollout{}, nil)
	var back *RollbackError
	if err == nil || errors.As(err, &back) {
		t.Errorf("got %v", err)
	}
	if _, _, ok := f.Status(key); ok {
		t.Error("something serves")
	}
	deploy(t, f, config("second", "fine"))
}

func TestCancelledDeploymentLeavesTheOldOne(t *testing.T) {
	f, clock := newFleet(t)
	deploy(t, f, config("old", "fine"))
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		result <- f.Deploy(ctx, key, config("new", "fine"), Rollout{Strategy: Linear, StepPercent: 10, WaitInterval: time.Minute}, nil)
	}()
	<-clock.timers
	if err := f.Deploy(t.Context(), key, config("third", "fine"), Rollout{}, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("a second deployment at once: %v", err)
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	onlyOldServes(t, f, "cancelled")
}

func TestCrashedProcessComesBack(t *testing.T) {
	f, _ := newFleet(t)
	health := make(chan string, 8)
	f.o.OnHealth = func(_ Key, v string, ok bool, _ string) { health <- fmt.Sprint(v, ok) }
	deploy(t, f, config("v", "fine"))
	w := invoke(f, "die")
	var e struct {
		OriginalStatusCode int
		LogStreamArn       string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusFailedDependency || e.OriginalStatusCode != 500 || e.LogStreamArn == "" {
		t.Errorf("the crash answered %d %s", w.Code, w.Body)
	}
	if got := <-health; got != "mainfalse" {
		t.Errorf("health report %s", got)
	}
	if w := invoke(f, "x"); w.Code != http.StatusOK { // it waits for the restart
		t.Errorf("after the crash: %d %s", w.Code, w.Body)
	}
	if got := <-health; got != "maintrue" {
		t.Errorf("health report %s", got)
	}
}

func TestWeightsTargetsAndCounts(t *testing.T) {
	f, _ := newFleet(t)
	deploy(t, f, Config{Name: "c", Variants: []Variant{variant("a", "fine", 3), variant("b", "fine", 1)}})
	seen := map[string]int{}
	for range 400 {
		seen[invoke(f, "").Header().Get(variantHeader)]++
	}
	if seen["a"] < 240 || seen["b"] < 50 {
		t.Errorf("weights 3 to 1 gave %v", seen)
	}
	if w := invoke(f, "x", targetHeader, "b"); w.Body.String() != "b:x" {
		t.Error(w.Body)
	}
	if w := invoke(f, "x", targetHeader, "c"); w.Code != http.StatusBadRequest || w.Header().Get("X-Amzn-Errortype") != "ValidationError" {
		t.Error(w.Code, w.Body)
	}
	zero, one, three := 0.0, 1.0, 3
	stop := load(t, f)
	if err := f.Update(t.Context(), key, map[string]Weights{"a": {Weight: &zero}, "b": {Weight: &one, Count: &three}}); err != nil {
		t.Fatal(err)
	}
	if _, v, _ := f.Status(key); v[1].Count != 3 || v[1].Healthy != 3 || v[0].Weight != 0 {
		t.Errorf("%+v", v)
	}
	for range 50 {
		if w := invoke(f, "x"); w.Header().Get(variantHeader) != "b" {
			t.Error("a variant of weight 0 was invoked")
		}
	}
	three = 1
	if err := f.Update(t.Context(), key, map[string]Weights{"b": {Count: &three}}); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := f.Update(t.Context(), key, map[string]Weights{"zz": {Count: &three}}); err == nil {
		t.Error("an unknown variant was accepted")
	}
}

func TestModelIsStagedAndRemoveEndsAll(t *testing.T) {
	f, _ := newFleet(t)
	cfg := config("v", "fine")
	cfg.Variants[0].Count = 2
	var staged atomic.Int32
	cfg.Variants[0].Stage = func(_ context.Context, dir string) error {
		staged.Add(1)
		return os.WriteFile(filepath.Join(dir, "name"), []byte("+model"), 0o644)
	}
	deploy(t, f, cfg)
	if w := invoke(f, "x"); w.Body.String() != "v+model:x" || staged.Load() != 2 {
		t.Error(w.Body, staged.Load())
	}
	if err := f.Remove(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if w := invoke(f, "x"); w.Code != 400 {
		t.Error(w.Code, w.Body)
	}
	if n, err := container.KillLeftovers(f.o.Dir); n != 0 || err != nil {
		t.Errorf("%d processes outlived their endpoint, %v", n, err)
	}
	if _, err := os.Stat(filepath.Join(f.o.Dir, key.Region, key.Endpoint)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the endpoint's directory is still there: %v", err)
	}
	if err := f.Remove(t.Context(), key); err != nil {
		t.Errorf("removing it again: %v", err)
	}
}

// TestSickProcessIsReplaced lets a process that lives answer 503 to its health checks.
func TestSickProcessIsReplaced(t *testing.T) {
	f, clock := newFleet(t)
	health := make(chan string, 8)
	f.o.OnHealth = func(_ Key, _ string, ok bool, reason string) { health <- fmt.Sprint(ok, " ", reason) }
	deploy(t, f, config("v", "fine"))
	ticks := int64(0)
	check := func(times int) {
		for range times {
			clock.ticks <- time.Now()
			// The check is over when the process, or the one in its place, waits for the next.
			for ticks++; clock.waits.Load() <= ticks; {
				time.Sleep(time.Millisecond)
			}
		}
	}
	invoke(f, "sicken")
	check(serving.PingFailures - 1)
	invoke(f, "heal")
	check(1)
	invoke(f, "sicken")
	check(serving.PingFailures - 1)
	invoke(f, "heal")
	check(2)
	if len(health) > 0 {
		t.Errorf("with a good check in between: %s", <-health)
	}
	invoke(f, "sicken")
	check(serving.PingFailures)
	for _, want := range []string{"false the container failed 3 health checks in a row", "true "} {
		select {
		case got := <-health:
			if got != want {
				t.Errorf("health report %q, want %q", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no health report, want %q", want)
		}
	}
	if w := invoke(f, "x"); w.Body.String() != "v:x" {
		t.Errorf("the new process answers %d %s", w.Code, w.Body)
	}
}

// TestDeafProcessIsKilled takes an endpoint away whose container ignores SIGTERM.
func TestDeafProcessIsKilled(t *testing.T) {
	f, _ := newFleet(t)
	f.o.Grace = 100 * time.Millisecond
	deploy(t, f, config("v", "deaf"))
	if err := f.Remove(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if n, err := container.KillLeftovers(f.o.Dir); n != 0 || err != nil {
		t.Errorf("%d processes outlived their endpoint, %v", n, err)
	}
}

// TestNoAlarm bakes fleets whose answers are nobody's fault, or too few to judge by.
func TestNoAlarm(t *testing.T) {
	for _, tt := range []struct {
		name, behaviour string
		patience        time.Duration // of the clients
		alarms          Alarms
	}{
		{"what the clients did wrong", "400", time.Minute, Alarms{Max5xxRate: 0.1, MinRequests: 5}},
		{"clients that leave", "hang", 5 * time.Millisecond, Alarms{Max5xxRate: 0.1, MinRequests: 5}},
		{"few requests", "500", time.Minute, Alarms{Max5xxRate: 0.1, MinRequests: 1000}},
	} {
		f, clock := newFleet(t)
		deploy(t, f, config("old", "fine"))
		result := make(chan error, 1)
		go func() {
			result <- f.Deploy(t.Context(), key, config("new", tt.behaviour), Rollout{Strategy: Canary, StepPercent: 50, WaitInterval: time.Minute, Alarms: tt.alarms}, nil)
		}()
		bake := <-clock.timers
		for range 40 {
			ctx, cancel := context.WithTimeout(t.Context(), tt.patience)
			f.Invoke(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")).WithContext(ctx), key)
			cancel()
		}
		bake.fire <- time.Time{}
		select {
		case last := <-clock.timers:
			last.fire <- time.Time{}
			if err := <-result; err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		case err := <-result:
			t.Errorf("%s: %v", tt.name, err)
		}
		if left, err := filepath.Glob(filepath.Join(f.o.Dir, "*", "*", fleetDir, "*")); err != nil || len(left) != 1 {
			t.Errorf("%s: the models of %v lie there, %v", tt.name, left, err)
		}
	}
}

// TestInvocationIsSentOnce breaks the connection of an invocation that the container has seen.
func TestInvocationIsSentOnce(t *testing.T) {
	f, _ := newFleet(t)
	deploy(t, f, config("v", "fine"))
	if w := invoke(f, "reset"); w.Code != http.StatusFailedDependency || !strings.Contains(w.Body.String(), "reset by peer") {
		t.Errorf("got %d %s, want a model error with the connection's", w.Code, w.Body)
	}
	if w := invoke(f, "resets"); w.Body.String() != "1" {
		t.Errorf("the container saw the invocation %s times", w.Body)
	}
}
