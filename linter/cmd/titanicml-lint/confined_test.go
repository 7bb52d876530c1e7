package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// escapes are expressions that would read the file outside/secret.txt beside the root, by every way out that the language has.
var escapes = []string{
	`file("../outside/secret.txt")`,
	`file("%[1]s/outside/secret.txt")`,
	`file("link/secret.txt")`,
	`file("secret-link.txt")`,
	`file("inner/../../outside/secret.txt")`,
	`file(abspath("../outside/secret.txt"))`,
	`file("${path.root}/../outside/secret.txt")`,
	`filebase64("../outside/secret.txt")`,
	`filesha256("../outside/secret.txt")`,
	`templatefile("../outside/secret.txt", {})`,
	`templatefile("include.tpl", { x = file("secret-link.txt") })`,
	`templatestring(file("secret-link.txt"), {})`,
	`join(",", fileset("..", "**"))`,
	`join(",", fileset("%[1]s/outside", "*"))`,
	`join(",", fileset("link", "*"))`,
	`join(",", fileset(".", "../outside/*"))`,
	`fileexists("../outside/secret.txt") ? "yes" : "no"`,
	`file(pathexpand("~/secret.txt"))`,
	`file("/proc/self/environ")`,
	`module.up.value`,
	`module.abs.value`,
	`module.link.value`,
	`var.linked`,
}

// tellsNothing matches the answers that tell nothing of what is outside: unknown, either of two, or no file.
var tellsNothing = regexp.MustCompile(`= (?:\(unknown|\(when a condition holds|""\n)`)

// confined writes a root with all ways out, and what must not be read beside it.
func confined(t *testing.T) (top, root string) {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root = filepath.Join(top, "root")
	var b strings.Builder
	b.WriteString("variable \"linked\" { default = \"\" }\nmodule \"up\" { source = \"../outside\" }\nmodule \"abs\" { source = \"" + top + "/outside\" }\nmodule \"link\" { source = \"./link\" }\nlocals {\n")
	for i, e := range escapes {
		if strings.Contains(e, "%") {
			e = fmt.Sprintf(e, top)
		}
		fmt.Fprintf(&b, "  x%d = %s\n", i, e)
	}
	b.WriteString("}\nresource \"aws_sqs_queue\" \"q\" {\n  tags = {\n")
	for i := range escapes {
		fmt.Fprintf(&b, "    t%d = local.x%d\n", i, i)
	}
	b.WriteString("  }\n}\n")
	for name, text := range map[string]string{"root/main.tf": b.String(), "root/inner/keep.txt": "", "root/include.tpl": "${x}", "home/secret.txt": "outside-marker",
		"outside/secret.txt": "outside-marker", "outside/main.tf": "output \"value\" { value = \"outside-marker\" }\n", "outside/x.tfvars": "linked = \"outside-marker\"\n"} {
		name = filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"link": "../outside", "secret-link.txt": "../outside/secret.txt", "linked.tf": "../outside/main.tf",
		"linked.auto.tfvars": "../outside/x.tfvars", ".titanicml-lint.hcl": "../outside/secret.txt"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	return top, root
}

// TestConfined: no expression, link, module, variables file or configuration brings anything from outside the root into a value or a message.
func TestConfined(t *testing.T) {
	t.Parallel()
	top, root := confined(t)
	run := func(args ...string) []byte {
		cmd := exec.Command("titanicml-lint", append([]string{"--root", root, "--chdir", root}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+filepath.Join(top, "home"))
		out, _ := cmd.CombinedOutput() // findings are expected
		return out
	}
	for _, args := range [][]string{{"--format", "json", "--recursive"}, {"--format", "text"}, {"--format", "json", "--var-file", "../outside/x.tfvars"}} {
		if out := run(args...); bytes.Contains(out, []byte("outside-marker")) || !bytes.Contains(out, []byte("aws_sqs_queue.q")) {
			t.Errorf("%v: %s", args, out)
		}
	}
	for i := range escapes {
		out := run("explain", fmt.Sprintf("main.tf:%d", 6+i))
		if bytes.Contains(out, []byte("marker")) || bytes.Contains(out, []byte("secret.txt\"")) || !tellsNothing.Match(out) {
			t.Errorf("%s: %s", escapes[i], out)
		}
	}
}

// opened is a file that strace says was opened, with its path behind the descriptor.
var opened = regexp.MustCompile(`(?m)open(?:at|at2)?\(.* = \d+<([^>]*)>`)

// TestNothingOutside watches the system calls: nothing outside the root is opened, nothing is executed, no socket is made.
func TestNothingOutside(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	top, root := confined(t)
	program, err := exec.LookPath("titanicml-lint")
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(top, "calls")
	cmd := exec.Command(strace, "-f", "-y", "-e", "trace=open,openat,openat2,execve,socket,connect", "-o", log, program, "--root", root, "--recursive", "--format", "json", root)
	out, err := cmd.CombinedOutput()
	text, readErr := os.ReadFile(log)
	if readErr != nil || len(text) == 0 {
		t.Skipf("strace cannot trace here: %v %s", err, out)
	}
	inside := 0
	for _, m := range opened.FindAllStringSubmatch(string(text), -1) {
		name := m[1]
		switch {
		case name == root || strings.HasPrefix(name, root+"/"):
			inside++
		case strings.HasPrefix(name, "/proc/"), strings.HasPrefix(name, "/sys/"), strings.HasPrefix(name, "/dev/"), strings.HasPrefix(name, "/lib"), strings.HasPrefix(name, "/usr/lib"),
			name == "/etc/ld.so.cache", name == "/etc/localtime", strings.HasPrefix(name, "/usr/share/zoneinfo"): // the runtime's own
		default:
			t.Errorf("opened %s", name)
		}
	}
	if inside < 3 {
		t.Errorf("%d files of the root in the log, which proves nothing:\n%.2000s", inside, text)
	}
	if n := bytes.Count(text, []byte("execve(")); n != 1 {
		t.Errorf("%d programs executed:\n%.2000s", n, text)
	}
	if bytes.Contains(text, []byte("socket(")) || bytes.Contains(text, []byte("connect(")) {
		t.Errorf("a socket:\n%.2000s", text)
	}
}
