//go:build unix

package docs_test

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repositoryPages are run in this order in one copy of the repository, as a reader would: README first.
var repositoryPages = []string{
	"README.md", "docs/guides/first-hour.md", "docs/guides/from-the-engine-to-aws.md",
	"docs/01-data-ingestion.md", "docs/03-sagemaker-pipeline.md", "docs/05-cicd-github-actions.md", "docs/iterations/ITER-20261128-01.md", "examples/titanic/README.md",
}

// clone is a copy of the repository, as a stranger's: at a path with spaces in it, with a home directory that cannot be
// written, without TMPDIR.
type clone struct {
	dir string
	env []string
	// prelude holds the cd and export commands so far: every command has a shell of its own.
	prelude []string
	// port stands for the one that the pages write.
	port string
}

const writtenPort = "4599"

// newClone copies the files that git knows or would add, and commits them.
func newClone(t *testing.T) *clone {
	t.Helper()
	cli, err := exec.LookPath(terraform())
	if err != nil {
		t.Skipf("the pages need %s: %v", terraform(), err)
	}
	listed, err := exec.Command("git", "-C", "..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skipf("the copy needs a git checkout: %v", err)
	}
	parent, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &clone{dir: filepath.Join(parent, "a clone with spaces")}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(listed), "\x00"), "\x00") {
		source := filepath.Join("..", name)
		info, err := os.Lstat(source)
		if os.IsNotExist(err) || err == nil && !info.Mode().IsRegular() {
			continue // deleted and not committed yet, or a link of the tests' data
		}
		if name == "terraform/project.tfvars" {
			source = "testdata/project.tfvars" // the pages show the accounts of this repository, whatever a fork has filled in
		}
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, content, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	// The pages say terraform, whichever CLI runs them.
	tools := filepath.Join(parent, "cli")
	if err := os.Mkdir(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(cli, filepath.Join(tools, "terraform")); err != nil {
		t.Fatal(err)
	}
	c.env = []string{
		"PATH=" + tools + ":" + os.Getenv("PATH"), "HOME=/dev/null/home", "LANG=C.UTF-8", "TZ=UTC", "CHECKPOINT_DISABLE=1",
		"TF_CLI_CONFIG_FILE=/dev/null/.terraformrc", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	settings, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN", "GONOSUMDB").Output()
	if err != nil {
		t.Fatal(err)
	}
	var variables map[string]string
	if err := json.Unmarshal(settings, &variables); err != nil {
		t.Fatal(err)
	}
	for name, value := range variables {
		c.env = append(c.env, name+"="+value)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, c.port, _ = net.SplitHostPort(free.Addr().String())
	_ = free.Close() // it is to be free
	if output, err := c.run("git init -q && git add -A && git commit -q -m copy"); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Cleanup(func() {
		c.prelude = nil
		for _, directory := range []string{".tools/rehearsal", "examples/quickstart/.titanicml"} {
			if _, err := os.Stat(filepath.Join(c.dir, directory)); err != nil {
				continue
			}
			if output, err := c.run("bin/titanicml-local stop --data-dir " + directory); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		}
	})
	return c
}

// run gives a command to a shell at the clone's root and returns what it printed, both streams in one.
func (c *clone) run(command string) (string, error) {
	script := "set -eo pipefail\n" + strings.Join(append(slices.Clone(c.prelude), command), "\n")
	cmd := exec.Command("bash", "-c", strings.ReplaceAll(script, writtenPort, c.port))
	cmd.Dir, cmd.Env = c.dir, c.env
	output, err := cmd.CombinedOutput()
	text := colours.ReplaceAllString(string(output), "")
	text = strings.NewReplacer(c.dir, "/home/ada/titanicml", ":"+c.port, ":"+writtenPort).Replace(text)
	return text, err
}

// follow runs the console blocks of a page. In a block's attributes, from and to cut what its last command printed;
// fails="yes" says that this command has to fail; quiet and except name a command whose output the page does not show here,
// and one that is not run. A text block with of="COMMAND" shows what that command printed before.
func (c *clone) follow(t *testing.T, name string) {
	t.Helper()
	p := readPage(t, filepath.Join("..", name))
	edits, printed := map[int]string{}, map[string]string{}
	for _, b := range p.blocks {
		switch {
		case b.attributes["not run"] != "", b.attributes["by"] != "":
		case b.attributes["title"] != "":
			target := filepath.Join(c.dir, b.attributes["title"])
			if err := os.WriteFile(target, []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
		case b.language == "console":
			p.compare(t, b, c.session(t, p, b, printed), edits)
		case b.language == "text":
			output, ok := printed[b.attributes["of"]]
			if !ok {
				t.Fatalf("%s:%d: no command before it is %q", name, b.line, b.attributes["of"])
			}
			p.compare(t, b, excerpt(output, b.attributes), edits)
		}
	}
	p.write(t, edits)
}

func (c *clone) session(t *testing.T, p *page, b block, printed map[string]string) string {
	t.Helper()
	var out strings.Builder
	commands := commandsOf(b.text)
	for i, line := range commands {
		command, _, _ := strings.Cut(line, "  #")
		command = strings.TrimSpace(command)
		out.WriteString("$ " + line + "\n")
		if command == b.attributes["except"] {
			if b.attributes["reason"] == "" {
				t.Errorf("%s:%d: no reason is given for leaving out %q", p.path, b.line, command)
			}
			continue
		}
		last := i == len(commands)-1
		output, err := c.run(command)
		if wanted := b.attributes["fails"] != "" && last; (err != nil) != wanted {
			t.Fatalf("%s:%d: %s: %v (a failure is wanted: %t)\n%s", p.path, b.line, command, err, wanted, output)
		}
		if strings.HasPrefix(command, "cd ") || strings.HasPrefix(command, "export ") {
			c.prelude = append(c.prelude, command)
		}
		printed[command] = output
		if command == b.attributes["quiet"] {
			continue
		}
		cut := b.attributes
		if !last && !strings.HasPrefix(command, "terraform") {
			cut = nil
		}
		out.WriteString(excerpt(output, cut))
	}
	return out.String()
}

// TestRepository follows the pages whose commands run at the root of a clone.
func TestRepository(t *testing.T) {
	t.Parallel()
	c := newClone(t)
	for _, name := range repositoryPages {
		if !ran(name, "console") {
			t.Errorf("%s is not in the list of pages that are run", name)
		}
		c.prelude = nil
		c.follow(t, name)
		if t.Failed() {
			return
		}
	}
	if left, err := c.run("git status --porcelain"); err != nil || left != "" {
		t.Errorf("the pages leave changes behind: %v\n%s", err, left)
	}
}

// TestFirstCommand says what the first command of a stranger prints when something that it needs is not there, and that it is quiet
// otherwise.
func TestFirstCommand(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, command, want string
		env                 []string
	}{
		{"nothing is set", "make -n help | grep -v awk", "", nil},
		{"no Go", "make build", "go is not on PATH: this builds with Go 1.26 or newer (https://go.dev/doc/install)\n", nil},
		{"no such CLI", "tools/terraform.sh", "TITANICML_TERRAFORM=/nowhere: want terraform or tofu >= 1.8, got no version\n",
			[]string{"TITANICML_TERRAFORM=/nowhere"}},
	}
	for _, tt := range tests {
		if _, err := os.Stat("/usr/bin/go"); tt.name == "no Go" && err == nil {
			continue // it is where the shell and make are
		}
		cmd := exec.Command("bash", "-c", tt.command)
		cmd.Dir, cmd.Env = "..", append([]string{"PATH=/usr/bin:/bin"}, tt.env...)
		output, _ := cmd.CombinedOutput() // the message is what counts
		if got, _, _ := strings.Cut(string(output), "make: ***"); got != tt.want {
			t.Errorf("%s: %s prints\n%s\nwant\n%s", tt.name, tt.command, got, tt.want)
		}
	}
}

var tookSeconds = regexp.MustCompile(`, [0-9.]+ s\n?$`)

// TestRehearsal compares what the pages show of the rehearsal of the seven stages with the output of one, which takes too long
// for a test: make stages | tee FILE; go test ./docs -run TestRehearsal -rehearsal FILE.
func TestRehearsal(t *testing.T) {
	if *rehearsed == "" {
		t.Skip("no -rehearsal FILE with the output of make stages is given; .ci/run gives it")
	}
	content, err := os.ReadFile(*rehearsed)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		// The pages leave out how long each stage took.
		said[steady(tookSeconds.ReplaceAllString(line, ""))] = true
	}
	compared := 0
	for _, name := range documents(t) {
		p := readPage(t, filepath.Join("..", name))
		for _, b := range p.blocks {
			if b.attributes["by"] != rehearsal {
				continue
			}
			for line := range strings.Lines(b.text) {
				if compared++; !said[steady(line)] {
					t.Errorf("%s:%d: the rehearsal does not say %q", name, b.line, strings.TrimSpace(line))
				}
			}
		}
	}
	if compared < 14 {
		t.Errorf("compared %d lines, expected one for each stage and environment", compared)
	}
}
