//go:build unix

// Package docs_test holds the guides to what the provider does. A guide's files are written to an empty
// directory, its console blocks are run there in order, and what they print is compared with the page;
// -update writes what they printed into the page instead.
package docs_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	update = flag.Bool("update", false, "write what the commands printed into the pages")
	binDir = flag.String("bin", "", "directory with built programs, instead of building them")

	rehearsed = flag.String("rehearsal", "", "file with the output of make stages")
)

// block is one fenced code block of a page.
type block struct {
	language   string
	attributes map[string]string
	text       string
	// heading is the last one before the block, line the block's first.
	heading string
	line    int
	// from and to are the lines between the fences.
	from, to int
}

var (
	fence     = regexp.MustCompile("^(```+)([a-z]*)(.*)$")
	attribute = regexp.MustCompile(`([a-z]+)="([^"]*)"`)
	comment   = regexp.MustCompile(`^<!-- (run|not run): (.*) -->$`)
)

// page is a Markdown file.
type page struct {
	path   string
	lines  []string
	blocks []block
}

// readPage finds the blocks of a page. A comment `<!-- run: name="value" -->` before a block adds to its attributes, and
// `<!-- not run: reason -->` says why no test runs the block.
func readPage(t *testing.T, path string) *page {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{path: path, lines: strings.Split(string(content), "\n")}
	heading, marked := "", []string(nil)
	for i := 0; i < len(p.lines); i++ {
		line := p.lines[i]
		if strings.HasPrefix(line, "#") {
			heading = strings.TrimLeft(line, "# ")
		}
		if m := comment.FindStringSubmatch(line); m != nil {
			marked = m
			continue
		}
		m := fence.FindStringSubmatch(line)
		if m == nil {
			if marked != nil && strings.TrimSpace(line) != "" {
				t.Fatalf("%s:%d: expected a code block after the comment %q", path, i+1, marked[0])
			}
			continue
		}
		b := block{language: m[2], attributes: map[string]string{}, heading: heading, line: i + 1, from: i + 1}
		attributes := m[3]
		if marked != nil && marked[1] == "run" {
			attributes += " " + marked[2]
		}
		for _, a := range attribute.FindAllStringSubmatch(attributes, -1) {
			b.attributes[a[1]] = a[2]
		}
		if marked != nil && marked[1] == "not run" {
			b.attributes["not run"] = marked[2]
		}
		marked = nil
		for i++; i < len(p.lines) && p.lines[i] != m[1]; i++ {
		}
		if i == len(p.lines) {
			t.Fatalf("%s:%d: the code block is not closed", path, b.line)
		}
		b.to = i
		b.text = strings.Join(p.lines[b.from:b.to], "\n") + "\n"
		p.blocks = append(p.blocks, b)
	}
	return p
}

// compare holds what a command printed against a block of the page, or, with -update, collects it as the block's new text.
// What differs from run to run (digests, times, durations, ports) does not count.
func (p *page) compare(t *testing.T, b block, got string, edits map[int]string) {
	t.Helper()
	if strings.Contains(got, noMatch) {
		t.Errorf("%s:%d: the block asks for a line that its command does not print\n%s", p.path, b.line, got)
		return
	}
	if steady(got) == steady(b.text) {
		return
	}
	if *update {
		edits[b.from] = got
		return
	}
	t.Errorf("%s:%d: the page shows other output than the commands give (go test ./docs -update writes it)\n--- page\n%s--- got\n%s", p.path, b.line, b.text, got)
}

// write puts collected texts into the page.
func (p *page) write(t *testing.T, edits map[int]string) {
	t.Helper()
	if len(edits) == 0 {
		return
	}
	var out []string
	next := 0
	for _, b := range p.blocks {
		text, ok := edits[b.from]
		if !ok {
			continue
		}
		out = append(out, p.lines[next:b.from]...)
		out = append(out, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
		next = b.to
	}
	out = append(out, p.lines[next:]...)
	if err := os.WriteFile(p.path, []byte(strings.Join(out, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

var unsteady = []struct {
	pattern *regexp.Regexp
	word    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`), "<time>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`), "<time>"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<sha256>"},
	{regexp.MustCompile(`\b[0-9a-f]{10,12}\b`), "<digest>"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "<address>"},
	{regexp.MustCompile(`\bpid \d+`), "pid <pid>"},
	{regexp.MustCompile(`\b(\d+h)?(\d+m)?[0-9.]+(s|ms|µs)\b`), "<duration>"},
	{regexp.MustCompile(`\b[0-9.]+ (s|seconds)\b`), "<duration>"},
	{regexp.MustCompile(`[0-9.e-]+ ms per example`), "<n> ms per example"},
	{regexp.MustCompile(`[0-9.]+ billable seconds`), "<n> billable seconds"},
	{regexp.MustCompile(`(max_p95_latency_ms|max_training_cost_usd) +all +[0-9.e-]+`), "$1 <n>"},
	{regexp.MustCompile(`ended +[0-9a-z]+ ago`), "ended ago"},
	{regexp.MustCompile(`(\d\.\d{6})\d+`), "$1"}, // the last digits are the processor's
	{regexp.MustCompile(`OpenTofu`), "Terraform"},
	{regexp.MustCompile(`registry\.opentofu\.org`), "registry.terraform.io"},
	{regexp.MustCompile(`\s+`), " "},
}

// steady leaves only what is the same in every run.
func steady(text string) string {
	for _, u := range unsteady {
		text = u.pattern.ReplaceAllString(text, u.word)
	}
	return strings.TrimSpace(text)
}

// programs is a directory with the provider, titanicml-local and the Titanic workload, and a CLI configuration that makes
// terraform install that provider.
type programs struct{ bin, cliConfig, path string }

// terraform is the CLI that make test chose, else the one on PATH.
func terraform() string {
	if cli := os.Getenv("TERRAFORM"); cli != "" {
		return cli
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		return "tofu"
	}
	return "terraform"
}

// scratch holds what build made.
var scratch string

var build = sync.OnceValues(func() (programs, error) {
	dir, err := os.MkdirTemp("", "titanicml-docs")
	if err != nil {
		return programs{}, err
	}
	scratch = dir
	p := programs{bin: filepath.Join(dir, "bin"), cliConfig: filepath.Join(dir, "cli.tfrc")}
	if *binDir != "" {
		p.bin = *binDir
	} else {
		for name, source := range map[string]string{"terraform-provider-titanicml": ".", "titanicml-local": "./provider/cmd/titanicml-local", "titanic": "./examples/titanic"} {
			cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(p.bin, name), source)
			cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
			if output, err := cmd.CombinedOutput(); err != nil {
				return p, fmt.Errorf("building %s: %w\n%s", name, err, output)
			}
		}
	}
	// The pages say terraform, whichever CLI runs them.
	cli, err := exec.LookPath(terraform())
	if err != nil {
		return p, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "cli"), 0o755); err != nil {
		return p, err
	}
	if err := os.Symlink(cli, filepath.Join(dir, "cli", "terraform")); err != nil {
		return p, err
	}
	var hosts []string
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		target := filepath.Join(dir, "mirror", host, "titanicml/titanicml/0.1.0", runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return p, err
		}
		if err := os.Symlink(filepath.Join(p.bin, "terraform-provider-titanicml"), filepath.Join(target, "terraform-provider-titanicml_v0.1.0")); err != nil {
			return p, err
		}
		hosts = append(hosts, fmt.Sprintf("%q", host+"/titanicml/titanicml"))
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path    = %q\n    include = [%s]\n  }\n}\n", filepath.Join(dir, "mirror"), strings.Join(hosts, ", "))
	p.path = strings.Join([]string{filepath.Join(dir, "cli"), p.bin, os.Getenv("PATH")}, ":")
	return p, os.WriteFile(p.cliConfig, []byte(config), 0o644)
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if scratch != "" {
		_ = os.RemoveAll(scratch)
	}
	os.Exit(code)
}

// workspace is a directory in which a guide's commands run.
type workspace struct {
	dir      string
	programs programs
	// within is the directory in dir that commands run in.
	within string
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	t.Parallel()
	for _, name := range []string{terraform(), "python3", "bash"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the guides need %s: %v", name, err)
		}
	}
	p, err := build()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{dir: dir, programs: p}
	t.Cleanup(func() { _, _ = w.run("titanicml-local stop --data-dir " + filepath.Join(w.dir, ".titanicml")) })
	return w
}

func (w *workspace) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	mode := os.FileMode(0o644)
	if strings.HasPrefix(content, "#!") {
		mode = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// run gives a command to a shell and returns what it printed, both streams in one.
func (w *workspace) run(command string) (string, error) {
	cmd := exec.Command("bash", "-c", command)
	cmd.Dir = filepath.Join(w.dir, w.within)
	cmd.Env = []string{"PATH=" + w.programs.path, "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8", "TZ=UTC",
		"TF_CLI_CONFIG_FILE=" + w.programs.cliConfig, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1"}
	output, err := cmd.CombinedOutput()
	text := colours.ReplaceAllString(string(output), "")
	return strings.ReplaceAll(text, w.dir, "/home/ada/guide"), err
}

// session runs the commands of a console block and returns the block as it is now. The attributes from and to hold regular
// expressions: what is printed before the first line that matches from, and after the next one that matches to, is cut.
// fails="yes" says that the last command has to fail.
func (w *workspace) session(t *testing.T, p *page, b block) string {
	t.Helper()
	var out strings.Builder
	commands := commandsOf(b.text)
	for i, command := range commands {
		output, err := w.run(command)
		wanted := b.attributes["fails"] != "" && i == len(commands)-1
		if (err != nil) != wanted {
			t.Fatalf("%s:%d: %s: %v (a failure is wanted: %t)\n%s", p.path, b.line, command, err, wanted, output)
		}
		cut := b.attributes
		if !strings.HasPrefix(command, "terraform") {
			cut = nil
		}
		out.WriteString("$ " + command + "\n" + excerpt(output, cut))
	}
	return out.String()
}

func commandsOf(text string) []string {
	var commands []string
	open := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch command, ok := strings.CutPrefix(line, "$ "); {
		case ok:
			commands = append(commands, command)
		case open:
			commands[len(commands)-1] += "\n" + line
		default:
			continue
		}
		open = strings.HasSuffix(line, `\`)
	}
	return commands
}

// engineWarning stands in every plan on the engine; a page shows it once.
var engineWarning = regexp.MustCompile(`(?s)╷\n│ Warning: Local engine\n.*?╵\n`)

// stillWaiting is what Terraform prints every ten seconds; only a slow machine gets there.
var stillWaiting = regexp.MustCompile(`: Still (creating|modifying|destroying|reading)\.\.\. \[`)

// noMatch is in an excerpt whose first line was not printed; no page may show it.
const noMatch = "(no line matches "

// excerpt cuts output to what a page shows, and takes Terraform's frame off its errors and warnings.
func excerpt(output string, attributes map[string]string) string {
	if attributes["warnings"] == "" {
		output = engineWarning.ReplaceAllString(output, "")
	}
	var lines []string
	for _, line := range strings.Split(output, "\n") {
		if stillWaiting.MatchString(line) {
			continue
		}
		if line == "╷" || line == "╵" {
			line = ""
		}
		if framed, ok := strings.CutPrefix(line, "│"); ok {
			line = strings.TrimPrefix(framed, " ")
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	if from := attributes["from"]; from != "" {
		first := slices.IndexFunc(lines, regexp.MustCompile(from).MatchString)
		if first < 0 {
			return noMatch + from + ")\n" + output
		}
		lines = lines[first:]
	}
	if to := attributes["to"]; to != "" {
		if last := slices.IndexFunc(lines, regexp.MustCompile(to).MatchString); last >= 0 {
			lines = lines[:last+1]
		}
	}
	text := blankLines.ReplaceAllString(strings.Trim(strings.Join(lines, "\n"), "\n"), "\n\n")
	if text == "" {
		return ""
	}
	return text + "\n"
}

var blankLines = regexp.MustCompile(`\n{3,}`)

// TestZeroToEndpoint follows the first guide from an empty directory.
func TestZeroToEndpoint(t *testing.T) {
	follow(t, newWorkspace(t), "guides/from-zero-to-a-gated-endpoint.md")
}

// follow writes the files of a guide and runs its console blocks, in the order of the page.
func follow(t *testing.T, w *workspace, path string) {
	t.Helper()
	p := readPage(t, path)
	edits := map[int]string{}
	for _, b := range p.blocks {
		switch {
		case b.attributes["title"] != "":
			w.write(t, filepath.Join(w.within, b.attributes["title"]), b.text)
		case b.language == "console" && b.attributes["not run"] == "":
			p.compare(t, b, w.session(t, p, b), edits)
		}
	}
	p.write(t, edits)
}

// TestSnippets validates the blocks of the guides that are no files: whole blocks as they are, the inside of an endpoint in one.
func TestSnippets(t *testing.T) {
	w := newWorkspace(t)
	for _, path := range []string{"guides/from-zero-to-a-gated-endpoint.md", "guides/moving-from-aws-sagemaker-endpoint.md"} {
		checked := 0
		for _, b := range readPage(t, path).blocks {
			if b.language != "hcl" || b.attributes["title"] != "" || b.attributes["provider"] != "" {
				continue
			}
			text := b.text
			if strings.HasPrefix(text, "rollout") {
				text = "resource \"titanicml_endpoint\" \"x\" {\n  name = \"x\"\n  instance = { type = \"ml.m5.large\", count = 2 }\n" + text + "}\n"
			}
			w.within = fmt.Sprintf("snippet%d", b.line)
			w.write(t, filepath.Join(w.within, "main.tf"), "terraform {\n  required_providers {\n    titanicml = { source = \"titanicml/titanicml\" }\n  }\n}\n"+text)
			if output, err := w.run("terraform init && terraform validate"); err != nil {
				t.Errorf("%s:%d: %v\n%s", path, b.line, err, output)
			}
			checked++
		}
		if checked == 0 {
			t.Errorf("%s has no block to validate", path)
		}
	}
}
