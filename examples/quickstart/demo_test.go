//go:build unix

// Package quickstart_test runs the demo as a stranger would: from a clean checkout, twice, and again after
// it was interrupted and killed.
package quickstart_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// repository is the root of the module.
const repository = "../.."

// checkout is a copy of what the demo needs, built, in a directory of its own.
type checkout struct {
	root, terraform, cliConfig string
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &checkout{root: root, terraform: terraform(t)}
	sources := []string{"VERSION", "tools/mirror.sh", "examples/titanic/data/titanic.csv", "examples/quickstart/demo.sh"}
	stages, err := filepath.Glob("[1-9]_*/*.tf")
	if err != nil || len(stages) < 12 {
		t.Fatalf("found the stage files %v, %v", stages, err)
	}
	for _, file := range stages {
		sources = append(sources, "examples/quickstart/"+file)
	}
	for _, name := range sources {
		content, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(c.root, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, source := range map[string]string{
		"terraform-provider-titanicml": ".", "titanicml-local": "./provider/cmd/titanicml-local", "titanic": "./examples/titanic",
	} {
		build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(c.root, "bin", name), source)
		build.Dir = repository
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, output)
		}
	}
	version, err := os.ReadFile(filepath.Join(c.root, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	mirror := exec.Command(filepath.Join(c.root, "tools", "mirror.sh"), strings.TrimSpace(string(version)))
	mirror.Stderr = os.Stderr
	printed, err := mirror.Output()
	if err != nil {
		t.Fatalf("lay out the mirror: %v", err)
	}
	c.cliConfig = strings.TrimSpace(string(printed))
	t.Cleanup(func() { c.end(t) })
	return c
}

// terraform returns the CLI that make test chose, else one from PATH.
func terraform(t *testing.T) string {
	t.Helper()
	if cli := os.Getenv("TERRAFORM"); cli != "" {
		return cli
	}
	for _, name := range []string{"terraform", "tofu"} {
		if cli, err := exec.LookPath(name); err == nil {
			return cli
		}
	}
	t.Skip("neither TERRAFORM is set nor terraform or tofu on PATH; make test builds one")
	return ""
}

// end stops the engine and fails the test when anything that ran here goes on running.
func (c *checkout) end(t *testing.T) {
	stop := exec.Command(filepath.Join(c.root, "bin", "titanicml-local"), "stop", "--data-dir", c.path(".titanicml"))
	if output, err := stop.CombinedOutput(); err != nil {
		t.Errorf("stop the engine: %v\n%s", err, output)
	}
	for range 50 { // what was told to end may need a moment
		if len(c.processes(t)) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	for pid, command := range c.processes(t) {
		t.Errorf("process %s goes on running: %s", pid, command)
	}
}

// processes returns the commands that name a path of the checkout, by process id.
func (c *checkout) processes(t *testing.T) map[string]string {
	t.Helper()
	listed, err := exec.Command("ps", "-axo", "pid=,command=").Output()
	if err != nil {
		t.Fatalf("list the processes: %v", err)
	}
	running := map[string]string{}
	for line := range strings.Lines(string(listed)) {
		pid, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(command, c.root) {
			running[pid] = command
		}
	}
	return running
}

func (c *checkout) path(name string) string {
	return filepath.Join(c.root, "examples", "quickstart", name)
}

// run runs the demo and returns what it printed. When a line contains the given text, the demo gets the
// signal.
func (c *checkout) run(t *testing.T, at string, signal syscall.Signal) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	demo := exec.CommandContext(ctx, c.path("demo.sh"))
	demo.Dir = c.root
	demo.Env = append(os.Environ(), "TERRAFORM="+c.terraform, "TF_CLI_CONFIG_FILE="+c.cliConfig)
	demo.Stderr = os.Stderr
	printed, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	lines := bufio.NewScanner(io.TeeReader(printed, &screen))
	for lines.Scan() {
		if at != "" && strings.Contains(lines.Text(), at) {
			if err := demo.Process.Signal(signal); err != nil {
				t.Errorf("signal the demo: %v", err)
			}
		}
	}
	err = demo.Wait()
	t.Logf("the demo took %.1f s", time.Since(started).Seconds())
	return screen.String(), err
}

// byHand runs the commands of the README, which must end with one prediction.
func (c *checkout) byHand(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, commands, found := strings.Cut(string(readme), "```sh\n")
	commands, _, closed := strings.Cut(commands, "```")
	if !found || !closed {
		t.Fatal("README.md has no block of commands")
	}
	// The checkout is built and has no make; terraform may be a tofu of another name.
	commands = "set -euo pipefail\nterraform() { " + c.terraform + ` "$@" >>"$TMPDIR/terraform.log"; }` + "\n" +
		strings.Replace(commands, "make build\n", "", 1)
	shell := exec.Command("bash", "-c", commands)
	shell.Dir = c.root
	shell.Env = append(os.Environ(), "TMPDIR="+c.root)
	shell.Stderr = os.Stderr
	printed, err := shell.Output()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(c.root, "terraform.log")) // empty when it never ran
		t.Fatalf("%v\n%s\n%s", err, printed, log)
	}
	lines := strings.Split(strings.TrimSpace(string(printed)), "\n")
	if last := lines[len(lines)-1]; !regexp.MustCompile(`^0\.\d+,0$`).MatchString(last) {
		t.Errorf("the last line is %q, expected a prediction", last)
	}
}

func TestDemo(t *testing.T) {
	c := newCheckout(t)
	whole := func(t *testing.T) {
		screen, err := c.run(t, "", 0)
		if err != nil {
			t.Fatalf("the demo ended with %v; it printed\n%s", err, screen)
		}
		for _, want := range []string{
			"940 passengers to learn from, 369 held out",
			"approved: version 1 is the champion",
			"titanic-survival is InService with version 1",
			"nothing to change in any of them",
			"Error: Promotion rejected by its gate",
			"FAIL",
			"champion and endpoint are as they were: version 1, the same answers",
			"approved: version 3 is the champion",
			"titanic-survival is InService with version 3",
			"woman, 29, first class, alone",
			"survives",
			"as a page: examples/quickstart/report.html",
			"stop --data-dir examples/quickstart/.titanicml",
		} {
			if !strings.Contains(screen, want) {
				t.Errorf("the demo does not say %q; it printed\n%s", want, screen)
			}
		}
		if strings.Contains(screen, "\033") {
			t.Error("the demo prints terminal codes into a pipe")
		}
		if page, err := os.ReadFile(c.path("report.html")); err != nil || !bytes.Contains(page, []byte("<title>Approved: titanic-survival version 3</title>")) {
			t.Errorf("report.html is not about version 3: %v, %.200s", err, page)
		}
		if entries, err := filepath.Glob(c.path(".titanicml/s3/titanicml-local/titanicml/decisions/titanic-survival/*/*.json")); err != nil || len(entries) != 2 {
			t.Errorf("the decision records are %v, %v, expected those of versions 1 and 3", entries, err)
		}
	}
	t.Run("README", c.byHand)
	t.Run("first time", whole)
	// A demo prints the line of a stage when it is done with it, so the next one is in the making.
	for _, stop := range []struct {
		at     string
		signal syscall.Signal
	}{
		{"Four stages, applied in order", syscall.SIGKILL},
		{"  1 data", syscall.SIGKILL},
		{"  2 training", syscall.SIGINT},
	} {
		t.Run("ended by "+stop.signal.String()+" after "+strings.TrimSpace(stop.at), func(t *testing.T) {
			if screen, err := c.run(t, stop.at, stop.signal); err == nil {
				t.Errorf("the demo went on to its end:\n%s", screen)
			}
		})
	}
	t.Run("once more", whole)
	t.Run("with a gate that refuses everything", func(t *testing.T) {
		gate := c.path("3_promotion/main.tf")
		content, err := os.ReadFile(gate)
		if err != nil {
			t.Fatal(err)
		}
		strict := bytes.ReplaceAll(content, []byte("min = var.least_accuracy"), []byte("min = 0.999"))
		if err := os.WriteFile(gate, strict, 0o600); err != nil {
			t.Fatal(err)
		}
		screen, err := c.run(t, "", 0)
		if err == nil || strings.Contains(screen, "4 serving") {
			t.Errorf("the demo went on: %v\n%s", err, screen)
		}
	})
}
