package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"
)

// Outcome says how a container ended.
type Outcome string

// The outcomes.
const (
	Completed   Outcome = "Completed"   // exit code 0
	Failed      Outcome = "Failed"      // a non-zero exit, a signal that nobody asked for, or it never started
	Stopped     Outcome = "Stopped"     // Stop was called
	MaxRuntime  Outcome = "MaxRuntime"  // its time was up
	Interrupted Outcome = "Interrupted" // the context ended: the engine goes down, the job is to run again
)

// Defaults of Options.
const (
	DefaultGrace    = 30 * time.Second
	DefaultLogLimit = 8 << 20
)

// interruptGrace bounds the grace when the engine itself goes down.
const interruptGrace = 3 * time.Second

// maxReason is the length of SageMaker's FailureReason, in characters.
const maxReason = 1024

// Options of one container run.
type Options struct {
	Layout     Layout
	Argv       []string // from Command; Argv[0] absolute or found in PATH
	Metrics    []MetricDefinition
	MaxRuntime time.Duration // 0: no limit
	Grace      time.Duration // between SIGTERM and SIGKILL; 0: DefaultGrace. SageMaker gives 120s
	LogLimit   int64         // bytes of log kept on disk, half head, half tail; 0: DefaultLogLimit

	Now      func() time.Time                     // nil: time.Now
	After    func(time.Duration) <-chan time.Time // nil: time.After
	Log      *slog.Logger                         // nil: discard
	OnMetric func(Metric)                         // nil: none; called in the order of the log
}

// Result of a container run.
type Result struct {
	Outcome       Outcome
	ExitCode      int    // -1 when a signal ended it or it never started
	Signal        string // its name, "" without one
	FailureReason string // "" unless Failed; as SageMaker words it, with output/failure or the log's end; <= 1024 characters
	ExitMessage   string // output/message of a processing container, <= 1024 characters
	Metrics       []Metric
	LogTail       string // the last lines, at most 4 KiB
	StartedAt     time.Time
	EndedAt       time.Time
}

// Process is a running container.
type Process struct {
	o       Options
	g       *Group // nil: never started
	log     *boundedLog
	metrics *metricScanner
	stop    chan struct{}
	once    sync.Once
	done    chan struct{}
	result  Result
}

// Start runs a container as a process group of its own. Errors are for what the caller did
// wrong (a regular expression that does not compile) or a directory that cannot be written; a
// program that does not exist is a Process that ended Failed, as an image that cannot be pulled is
// a failed job.
func Start(ctx context.Context, o Options) (*Process, error) {
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.LogLimit <= 0 {
		o.LogLimit = DefaultLogLimit
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Process{o: o, stop: make(chan struct{}), done: make(chan struct{})}
	var err error
	if p.metrics, err = newMetricScanner(o.Metrics, o.Now, o.OnMetric); err != nil {
		return nil, err
	}
	if p.log, err = newBoundedLog(o.Layout.LogFile(), o.LogLimit); err != nil {
		return nil, err
	}
	p.result.StartedAt = o.Now()
	p.g, err = StartGroup(o.Argv, o.Layout.JobDir, o.Layout.ML(), o.Layout.Env, io.MultiWriter(p.log, p.metrics))
	if err != nil {
		fmt.Fprintf(p.log, "titanicml: %v\n", err)
		p.result.Outcome, p.result.ExitCode, p.result.FailureReason = Failed, -1, startReason(o.Argv, err)
		p.finish()
		return p, nil
	}
	go p.run(ctx)
	return p, nil
}

func startReason(argv []string, err error) string {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return clip(fmt.Sprintf("ClientError: the command %q that stands for the image does not exist; map the image to a program that does, with local.images in the provider or: titanicml-local serve --image NAME=COMMAND", argv[0]))
	}
	name := ""
	if len(argv) > 0 {
		name = argv[0]
	}
	return clip(fmt.Sprintf("ClientError: the command %q that stands for the image cannot be started: %v", name, err))
}

// PID is the process group's id, 0 when the program never started.
func (p *Process) PID() int {
	if p.g == nil {
		return 0
	}
	return p.g.PID()
}

// Stop asks the container to end: SIGTERM to the group, SIGKILL after the grace. It returns at once.
func (p *Process) Stop() { p.once.Do(func() { close(p.stop) }) }

// Done is closed when Wait would return at once.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait blocks until the container has ended and nothing of its group lives.
func (p *Process) Wait() Result {
	<-p.done
	return p.result
}

// LogTail is the end of the log so far, at most 4 KiB.
func (p *Process) LogTail() string { return p.log.summary() }

func (p *Process) run(ctx context.Context) {
	var limit, kill <-chan time.Time
	if p.o.MaxRuntime > 0 {
		limit = p.o.After(p.o.MaxRuntime)
	}
	stop, interrupted := p.stop, ctx.Done()
	var asked Outcome // why it was asked to end, "" when it ended by itself
	end := func(why Outcome, grace time.Duration) {
		if asked == "" {
			asked = why
		}
		p.g.Terminate()
		kill = p.o.After(grace)
		stop, limit = nil, nil
	}
	for running := true; running; {
		select {
		case <-p.g.Done():
			running = false
		case <-stop:
			end(Stopped, p.o.Grace)
		case <-limit:
			end(MaxRuntime, p.o.Grace)
		case <-interrupted:
			interrupted = nil
			end(Interrupted, min(p.o.Grace, interruptGrace))
		case <-kill:
			p.g.Kill()
		}
	}
	p.conclude(asked)
	p.finish()
}

func (p *Process) conclude(asked Outcome) {
	r, state := &p.result, p.g.State()
	r.ExitCode = state.ExitCode()
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		r.Signal = signalName(ws.Signal())
	}
	r.ExitMessage = p.o.Layout.Output("message")
	switch {
	case asked != "":
		r.Outcome = asked
	case r.ExitCode == 0:
		r.Outcome = Completed
	default:
		r.Outcome = Failed
		text := p.o.Layout.Output("failure")
		if text == "" {
			text = lastLines(p.log.summary())
		}
		if r.Signal != "" {
			text = strings.TrimSpace(text + " (ended by " + r.Signal + ")")
		}
		suffix := fmt.Sprintf(", exit code: %d", exitCode(state))
		head := "AlgorithmError: " + text
		r.FailureReason = clipTo(head, maxReason-len(suffix)) + suffix
	}
}

func (p *Process) finish() {
	p.result.EndedAt = p.o.Now()
	p.result.Metrics = p.metrics.metrics()
	p.result.LogTail = p.log.summary()
	if err := p.log.Close(); err != nil {
		p.o.Log.Warn("job log is incomplete", "file", p.o.Layout.LogFile(), "error", err)
	}
	close(p.done)
}

// exitCode counts a signal as a shell does.
func exitCode(s *os.ProcessState) int {
	if ws, ok := s.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return s.ExitCode()
}

func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGKILL:
		return "SIGKILL"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGSEGV:
		return "SIGSEGV"
	case syscall.SIGABRT:
		return "SIGABRT"
	}
	return s.String()
}

// lastLines is what of a log is worth repeating in a reason.
func lastLines(tail string) string {
	lines := strings.Split(strings.TrimSpace(tail), "\n")
	return strings.TrimSpace(strings.Join(lines[max(len(lines)-5, 0):], "\n"))
}

func clip(s string) string { return clipTo(s, maxReason) }

// clipTo cuts s to n characters, keeping its beginning.
func clipTo(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
