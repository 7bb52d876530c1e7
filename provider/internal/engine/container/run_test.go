package container

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary play the containers.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "container" {
		contain(os.Args[2:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func contain(args []string) {
	base := os.Getenv("SAGEMAKER_BASE_DIR")
	switch args[0] {
	case "env":
		fmt.Println(strings.Join(os.Environ(), "\n"))
	case "metrics":
		fmt.Print("loss=1.5; acc=0.5\nloss=0.25; acc=0.75;\nloss=nan\r\nauc=oops\n", strings.Repeat("x", 1<<20), "\nlast=7")
	case "fail":
		os.WriteFile(filepath.Join(base, "output", "failure"), []byte(strings.Join(args[1:], " ")), 0o644)
		os.Exit(3)
	case "exit":
		fmt.Fprintln(os.Stderr, "something went wrong")
		n, _ := strconv.Atoi(args[1])
		os.Exit(n)
	case "flood":
		line := []byte(strings.Repeat("y", 1023) + "\n")
		fmt.Println("first line")
		for range 64 << 10 { // 64 MiB
			os.Stdout.Write(line)
		}
		fmt.Println("metric=42")
	case "hang":
		fmt.Println("hanging")
		time.Sleep(time.Hour) // not select: the runtime ends a program that can never go on
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		time.Sleep(time.Hour) // not select: the runtime ends a program that can never go on
	case "polite":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("polite")
		<-c
		os.Exit(0)
	case "orphans": // one child stays in the group, one leaves for a session of its own
		self, _ := os.Executable()
		for _, attr := range []*syscall.SysProcAttr{nil, {Setsid: true}} {
			cmd := exec.Command(self, "container", "deaf")
			cmd.SysProcAttr, cmd.Stdout = attr, os.Stdout
			if err := cmd.Start(); err != nil {
				panic(err)
			}
			fmt.Printf("child=%d\n", cmd.Process.Pid)
		}
	case "suicide":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// container returns options that run the test binary in the given role.
func options(t *testing.T, role ...string) Options {
	t.Helper()
	l, err := PrepareTraining(t.TempDir(), Training{JobName: "j-1", JobARN: "arn:aws:sagemaker:eu-west-1:000000000000:training-job/j-1", Region: "eu-west-1",
		HyperParameters: map[string]string{"l2": "0.1"}, Channels: []Channel{{Name: "train"}}, Hosts: Hosts(nil, "ml.m5.large", 1, ""), Environment: map[string]string{"MINE": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Layout: l, Argv: append([]string{self, "container"}, role...)}
}

func run(t *testing.T, o Options) Result {
	t.Helper()
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p.Wait()
}

func TestEnvironmentAndConfig(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hidden")
	t.Setenv("TITANICML_TOKEN", "hidden")
	o := options(t, "env")
	r := run(t, o)
	if r.Outcome != Completed || r.ExitCode != 0 {
		t.Fatalf("%+v", r)
	}
	log, err := os.ReadFile(o.Layout.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"SAGEMAKER_BASE_DIR=" + o.Layout.ML(), "TRAINING_JOB_NAME=j-1", "MINE=1", "SM_HP_L2=0.1",
		"SM_CHANNEL_TRAIN=" + o.Layout.ChannelDir("train"), "AWS_REGION=eu-west-1"} {
		if !slices.Contains(strings.Split(string(log), "\n"), want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	if bytes.Contains(log, []byte("hidden")) {
		t.Error("a secret of the engine's user reached the container")
	}
	var params map[string]string
	raw, err := os.ReadFile(filepath.Join(o.Layout.ML(), "input/config/hyperparameters.json"))
	if err != nil || json.Unmarshal(raw, &params) != nil || params["l2"] != "0.1" {
		t.Errorf("hyperparameters %s %v", raw, err)
	}
}

func TestMetrics(t *testing.T) {
	o := options(t, "metrics")
	o.Metrics = []MetricDefinition{{"loss", `loss=([^;\s]+)`}, {"acc", `acc=([0-9.]+)`}, {"auc", `auc=(\w+)`}, {"never", `never=(.*)`}, {"last", `last=([0-9]+)`}}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o.Now = func() time.Time { return at }
	var seen []string
	o.OnMetric = func(m Metric) { seen = append(seen, fmt.Sprint(m.Name, "=", m.Value)) }
	r := run(t, o)
	if len(r.Metrics) != 3 || !math.IsNaN(r.Metrics[0].Value) || r.Metrics[1].Value != 0.75 || r.Metrics[2].Value != 7 || !r.Metrics[0].Time.Equal(at) {
		t.Errorf("metrics %+v", r.Metrics)
	}
	if got := strings.Join(seen, " "); got != "loss=1.5 acc=0.5 loss=0.25 acc=0.75 loss=NaN last=7" {
		t.Errorf("seen %s", got)
	}
	o.Metrics = []MetricDefinition{{"bad", `(?=x)`}}
	if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "bad") {
		t.Errorf("an unsupported expression gave %v", err)
	}
}

func TestOutcomes(t *testing.T) {
	for _, tt := range []struct {
		role    []string
		outcome Outcome
		code    int
		reason  string
	}{
		{[]string{"env"}, Completed, 0, ""},
		{[]string{"fail", "bad", "row", "3"}, Failed, 3, "AlgorithmError: bad row 3, exit code: 3"},
		{[]string{"fail", strings.Repeat("ß", 3000)}, Failed, 3, ""},
		{[]string{"exit", "1"}, Failed, 1, "AlgorithmError: something went wrong, exit code: 1"},
		{[]string{"suicide"}, Failed, -1, "AlgorithmError: (ended by SIGKILL), exit code: 137"},
	} {
		r := run(t, options(t, tt.role...))
		if r.Outcome != tt.outcome || r.ExitCode != tt.code || tt.reason != "" && r.FailureReason != tt.reason {
			t.Errorf("%v: %+v", tt.role[0], r)
		}
		if n := len([]rune(r.FailureReason)); n > 1024 || r.Outcome == Failed && !strings.Contains(r.FailureReason, "exit code: ") {
			t.Errorf("%v: reason of %d characters: %.80s", tt.role[0], n, r.FailureReason)
		}
	}
	o := options(t)
	o.Argv = []string{"/nowhere/titanic", "train"}
	if r := run(t, o); r.Outcome != Failed || !strings.Contains(r.FailureReason, "/nowhere/titanic") || !strings.Contains(r.FailureReason, "local.images") {
		t.Errorf("missing program: %+v", r)
	}
	o.Argv = []string{o.Layout.JobDir, "train"}
	if r := run(t, o); r.Outcome != Failed || !strings.HasPrefix(r.FailureReason, "ClientError: ") {
		t.Errorf("a directory as program: %+v", r)
	}
}

func TestFloodIsBounded(t *testing.T) {
	o := options(t, "flood")
	o.LogLimit = 64 << 10
	o.Metrics = []MetricDefinition{{"metric", `metric=(\d+)`}}
	r := run(t, o)
	info, err := os.Stat(o.Layout.LogFile())
	if err != nil || info.Size() > o.LogLimit+200 {
		t.Fatalf("log of %d bytes, %v", info.Size(), err)
	}
	log, _ := os.ReadFile(o.Layout.LogFile())
	if !bytes.HasPrefix(log, []byte("first line\n")) || !bytes.HasSuffix(log, []byte("metric=42\n")) || !bytes.Contains(log, []byte("bytes of log left out here")) {
		t.Error("the log lacks its head, tail or marker")
	}
	if len(r.Metrics) != 1 || r.Metrics[0].Value != 42 || len(r.LogTail) > 4<<10 {
		t.Errorf("%+v", r.Metrics)
	}
}

// waitLog returns when the container has said word.
func waitLog(t *testing.T, p *Process, word string) {
	t.Helper()
	for range 2000 {
		if strings.Contains(p.LogTail(), word) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("the container never said %q: %s", word, p.LogTail())
}

func TestStopAndLimits(t *testing.T) {
	never := make(chan time.Time)
	for _, tt := range []struct {
		role    string
		max     bool // its time is up
		cancel  bool
		deaf    bool // it takes the grace to end
		outcome Outcome
	}{
		{"hang", false, false, false, Stopped},
		{"polite", false, false, false, Stopped},
		{"deaf", false, false, true, Stopped},
		{"hang", true, false, false, MaxRuntime},
		{"hang", false, true, false, Interrupted},
		{"deaf", false, true, true, Interrupted},
	} {
		o := options(t, tt.role)
		o.MaxRuntime, o.Grace = time.Hour, time.Minute
		limit, grace := make(chan time.Time, 1), make(chan time.Time, 1)
		o.After = func(d time.Duration) <-chan time.Time {
			if d == time.Hour {
				return limit
			}
			if tt.deaf {
				return grace
			}
			return never
		}
		ctx, cancel := context.WithCancel(t.Context())
		p, err := Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		waitLog(t, p, tt.role)
		switch {
		case tt.max:
			limit <- time.Time{}
		case tt.cancel:
			cancel()
		default:
			p.Stop()
			p.Stop()
		}
		grace <- time.Time{}
		if r := p.Wait(); r.Outcome != tt.outcome || r.FailureReason != "" {
			t.Errorf("%+v: %+v", tt, r)
		}
		cancel()
	}
}

func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

func TestNothingOutlivesAContainer(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc: processes that left their group cannot be found on this system")
	}
	r := run(t, options(t, "orphans"))
	if r.Outcome != Completed {
		t.Fatalf("%+v", r)
	}
	n := 0
	for line := range strings.SplitSeq(r.LogTail, "\n") {
		if v, ok := strings.CutPrefix(line, "child="); ok {
			n++
			pid, _ := strconv.Atoi(v)
			// What is killed is gone from sight before the kernel is done with it, on a busy machine for a while.
			for deadline := time.Now().Add(5 * time.Second); alive(pid) && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			if alive(pid) {
				t.Errorf("child %d is alive", pid)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d children were started: %s", n, r.LogTail)
	}
}

func TestKillLeftovers(t *testing.T) {
	o := options(t, "deaf")
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	waitLog(t, p, "deaf")
	if n, err := KillLeftovers(o.Layout.ML() + "x"); n != 0 || err != nil {
		t.Errorf("a directory of a similar name: %d %v", n, err)
	}
	if n, err := KillLeftovers(o.Layout.JobDir); n != 1 || err != nil {
		t.Errorf("killed %d, %v", n, err)
	}
	if r := p.Wait(); r.Signal != "SIGKILL" {
		t.Errorf("%+v", r)
	}
}

func TestCommand(t *testing.T) {
	for _, tt := range []struct{ mapped, entrypoint, arguments, fallback, want string }{
		{"/bin/titanic", "", "", "train", "/bin/titanic train"},
		{"/bin/titanic", "/titanic evaluate", "", "", "/bin/titanic evaluate"},
		{"/bin/titanic", "/titanic", "evaluate --x", "", "/bin/titanic evaluate --x"},
		{"/bin/titanic", "python3 a.py", "", "train", "/bin/titanic python3 a.py"},
		{"/bin/titanic", "", "fit", "train", "/bin/titanic fit"},
		{"/bin/titanic -v", "titanic", "", "train", "/bin/titanic -v train"},
	} {
		got := strings.Join(Command(strings.Fields(tt.mapped), strings.Fields(tt.entrypoint), strings.Fields(tt.arguments), tt.fallback), " ")
		if got != tt.want {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}

func TestPath(t *testing.T) {
	l := Layout{JobDir: "/j"}
	for in, want := range map[string]string{"/opt/ml/processing/input/model": "/j/ml/processing/input/model", "/opt/ml": "/j/ml",
		"/opt/ml/../../etc": "", "/etc": "", "/opt/mlx": "", "opt/ml": "", "": ""} {
		got, err := l.Path(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	if _, err := PrepareTraining(t.TempDir(), Training{Channels: []Channel{{Name: "../x"}}}); err == nil {
		t.Error("a channel name with .. was accepted")
	}
}

// TestOutputOfAContainer reads what containers leave about their end: a link could lead anywhere, a pipe would never end.
func TestOutputOfAContainer(t *testing.T) {
	l := Layout{JobDir: t.TempDir()}
	dir := filepath.Join(l.ML(), "output")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	for path, text := range map[string]string{secret: "hidden", filepath.Join(dir, "plain"): " row 3 is bad\xff\n", filepath.Join(dir, "huge"): strings.Repeat("ä", 1<<20)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"plain": "row 3 is bad\uFFFD", "link": "", "pipe": "", "none": "", "huge": strings.Repeat("ä", 1024)} {
		if got := l.Output(name); got != want {
			t.Errorf("%s: got %.100q, want %.100q", name, got, want)
		}
	}
}
