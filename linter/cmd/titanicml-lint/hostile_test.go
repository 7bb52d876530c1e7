package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const queue = "resource \"aws_sqs_queue\" \"q\" {\n"

// chain writes n locals of which each uses the one before it as often as the form says.
func chain(first, form string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "locals {\n  x0 = %s\n", first)
	for i := range n {
		fmt.Fprintf(&b, "  x%d = %s\n", i+1, strings.ReplaceAll(form, "@", fmt.Sprintf("local.x%d", i)))
	}
	fmt.Fprintf(&b, "}\n%s  tags = { a = local.x%d, b = jsonencode(local.x%d) }\n}\n", queue, n, n)
	return b.String()
}

func bomb(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 300 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestHostile lints what was written to exhaust a linter, each in a process of its own: it ends in bounded time and memory, reports what it
// gave up, and never panics.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes processor time")
	}
	repeat := strings.Repeat
	files := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]] = pairs[i+1]
		}
		return out
	}
	main := func(text string) map[string]string { return files("main.tf", text) }
	calls := func(n int) (out map[string]string) {
		out = map[string]string{fmt.Sprintf("d%d/main.tf", n): ""}
		for i := range n {
			out[fmt.Sprintf("d%d/main.tf", i)] = fmt.Sprintf("module \"m\" { source = \"../d%d\" }\n", i+1)
		}
		out["main.tf"] = "module \"m\" { source = \"./d0\" }\n"
		return out
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		args  string
		want  string // in what it prints
	}{
		{"range", main("locals {\n  a = range(100000000)\n  b = [for x in range(1000) : [for y in range(1000) : [for z in range(1000) : x * y * z]]]\n}\n" + queue + "  name = local.a\n  tags = { a = length(local.b) }\n}\n"), "",
			"stopped after"},
		{"for_each of a million", main("locals { k = { for x in setproduct(range(1000), range(1000)) : \"${x[0]}-${x[1]}\" => x } }\n" + queue + "  for_each = local.k\n}\n" +
			"resource \"aws_sqs_queue\" \"c\" {\n  count = 1000000\n}\n"), "", "count = 1000000; the first 1024 instances were linted"},
		{"modules times modules", files("main.tf", "module \"m\" {\n  count = 100000\n  source = \"./a\"\n  n = count.index\n}\n", "a/main.tf", "variable \"n\" {}\nmodule \"x\" {\n  count = 1000\n  source = \"../b\"\n  n = var.n + count.index\n}\n",
			"b/main.tf", "variable \"n\" {}\n"+queue+"  count = 1000\n  name = var.n\n}\n"), "", "stopped after"},
		{"dynamic within dynamic", main("locals { r = range(1000) }\nresource \"aws_security_group\" \"s\" {\n" + repeat("dynamic \"ingress\" {\n for_each = local.r\n content {\n", 30) + repeat("}\n}\n", 30) + "}\n"), "",
			"stopped after"},
		{"template bomb", files("main.tf", queue+"  name = templatefile(\"t.tpl\", { x = range(1000) })\n}\n", "t.tpl", repeat("%{ for a in x }", 4)+"${a}0123456789abcdef"+repeat("%{ endfor }", 4)), "", "too large"},
		{"doubling strings", main(chain(`"aaaaaaaaaaaaaaaa"`, `"`+repeat("${@}", 10)+`"`, 40)), "", "too large"},
		{"doubling lists", main(chain("[1, 2, 3]", "concat("+repeat("@, ", 9)+"@)", 40)), "", ""},
		{"doubling maps", main(chain("{ a = 1 }", "{ a = @, b = @, c = @, d = @ }", 40)), "", ""},
		{"comparing doubled maps", main(func() string {
			one := chain("{ a = 1 }", "{ a = @, b = @, c = @ }", 40)
			two, _, _ := strings.Cut(strings.ReplaceAll(one, "x", "y"), "\n}\n")
			return one + two + "\n}\n" + `resource "aws_sns_topic" "c" {
  tags = {
    a = local.x40 == local.y40
    b = contains([local.x40], local.y40)
    c = length(distinct([local.x40, local.y40]))
    d = index([local.x40], local.y40)
  }
}
`
		}()), "", ""},
		{"doubling conditionals", main("variable \"v\" {}\n" + chain("{ a = 1 }", "var.v == \"x\" ? merge(@, { a = @ }) : { a = @, b = @ }", 60)), "", ""},
		{"regular expressions", main("locals { s = \"" + repeat("a", 50000) + "\" }\n" + queue + "  tags = {\n    a = regex(\"(a|a|a?){1000}b\", local.s)\n    b = join(\"\", regexall(\"a?\", local.s))\n    c = replace(local.s, \"/(a*)(a*)(a*)/\", \"" +
			repeat("$1", 500) + "\")\n  }\n}\n"), "", "result of regex is too large"},
		{"YAML aliases", main("locals {\n  y = yamldecode(<<EOT\na: &a [x, x, x, x, x, x, x, x, x]\n" + func() (out string) {
			for i := 'b'; i < 'k'; i++ {
				out += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.TrimSuffix(repeat(fmt.Sprintf("*%c,", i-1), 9), ","))
			}
			return out
		}() + "EOT\n)\n}\n" + queue + "  tags = local.y\n}\n"), "", "too large"},
		{"compressed bomb", main(queue + "  name = base64gunzip(\"" + bomb(t) + "\")\n}\n"), "", ""},
		{"numbers", main(queue + "  name = 1e999999999\n  tags = { a = pow(10, 1000000000), b = tostring(1e100000), c = format(\"%99999999d\", 1), d = indent(100000000, \"a\\nb\"), e = range(1e18), f = substr(\"a\", 0, 1e18) }\n}\n"), "", ""},
		{"cycles", files("main.tf", "locals {\n  a = local.b\n  b = local.a\n}\n"+queue+"  name = local.a\n}\nmodule \"self\" { source = \"./\" }\nmodule \"up\" { source = \"./up\" }\n", "up/main.tf", "module \"back\" { source = \"../\" }\n"), "",
			"calls itself through"},
		{"modules within modules", calls(200), "", "modules nest deeper than"},
		{"long chains", main("locals {\n  o = " + repeat("1+", 100000) + "1\n  i = a" + repeat("[0]", 50000) + "\n  s = a" + repeat("[*]", 2000) + "\n}\n" + queue + "  tags = { a = local.o, b = local.i, c = local.s }\n}\n"), "", "nests deeper than"},
		{"lines of a heredoc", main("locals {\n  a = <<EOT\n" + repeat("x\n", 500000) + "EOT\n}\n" + queue + "}\n"), "", "a heredoc has too many lines"},
		{"lines of a template", files("main.tf", queue+"  name = templatefile(\"t.tpl\", {})\n}\n", "t.tpl", repeat("x\n", 500000)), "", "template t.tpl has too many lines"},
		{"lines of a JSON string", files("main.tf.json", `{"locals": {"a": "`+repeat(`x\n`, 500000)+`"}}`), "", "has too many lines"},
		{"a hundred megabytes", files("main.tf", queue+"}\n", "big.tf", "#"+repeat("x", 100<<20)), "", "the limit is"},
		{"bytes that are no text", files("main.tf", queue+"}\n", "a.tf", "\xff\xfer\x00e\x00", "b.tf", "# \xc3\x28\n", "c.tf", repeat("\x00", 1000)), "", "not valid UTF-8"},
		{"a configuration of absurd values", files("main.tf", queue+"}\n", ".titanicml-lint.hcl", "rule \"required_tags\" {\n  tags = ["+repeat("\"t\",", 100000)+"]\n}\nrule \"resource_naming\" {\n  label = \"("+repeat("a?", 500)+"){1000}{1000}\"\n}\nexclude_paths = [\""+repeat("{a,**/}", 100)+"[\"]\n"), "",
			"has 100000 elements, the limit is 1000"},
		{"a deep plan", files("plan.json", `{"format_version":"1.2","planned_values":{"root_module":`+repeat(`{"child_modules":[`, 200000)+repeat("]}", 200000)+"}}"), "plan.json", "max depth"},
		{"deep values in a plan", files("plan.json", `{"format_version":"1.2","planned_values":{"root_module":{"resources":[{"address":"aws_sqs_queue.q","mode":"managed","type":"aws_sqs_queue","name":"q","values":{"name":`+repeat("[", 9000)+repeat("]", 9000)+`}}]}}}`), "plan.json", ""},
		{"a large plan", files("plan.json", `{"format_version":"1.2","planned_values":{"root_module":{"resources":[`+strings.TrimSuffix(repeat(`{"address":"aws_sqs_queue.q","mode":"managed","type":"aws_sqs_queue","name":"q","values":{"name":"`+repeat("x", 300)+`"}},`, 50000), ",")+`]}}}`), "plan.json", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				name = filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			arg := c.args
			if arg == "" {
				arg = "."
			}
			cmd := exec.Command("titanicml-lint", "--root", dir, "--format", "json", arg)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			if status := cmd.ProcessState.ExitCode(); status < 0 || status > 2 || bytes.Contains(out, []byte("panic")) || bytes.Contains(out, []byte("goroutine ")) {
				t.Errorf("exit status %d: %.2000s", status, out)
			}
			if !bytes.Contains(out, []byte(c.want)) {
				t.Errorf("does not say %q: %.2000s", c.want, out)
			}
			most, took := 30*time.Second, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
			if raced {
				most *= 10
			}
			if took > most {
				t.Errorf("took %s of processor time, more than %s", took, most)
			}
			if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && !raced && usage.Maxrss > 1<<20 {
				t.Errorf("took %d MiB of memory", usage.Maxrss>>10)
			}
			t.Logf("%s, %d bytes", took, len(out))
		})
	}
}

// TestEnds: the program ends by its timeout although its input never does.
func TestEnds(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	cmd := exec.Command("titanicml-lint", "--timeout", "100ms", "-")
	cmd.Stdin = r
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != failing || !bytes.Contains(out, []byte("--timeout of 100ms is over")) {
		t.Errorf("%v: %s", err, out)
	}
	closed := exec.Command("titanicml-lint", "-")
	if out, err := closed.CombinedOutput(); closed.ProcessState == nil || closed.ProcessState.ExitCode() != failing || !bytes.Contains(out, []byte("plan -")) {
		t.Errorf("empty standard input: %v: %s", err, out)
	}
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "plan.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	pipe := exec.Command("titanicml-lint", filepath.Join(dir, "plan.json"))
	if out, err := pipe.CombinedOutput(); pipe.ProcessState == nil || pipe.ProcessState.ExitCode() != failing || !bytes.Contains(out, []byte("not a regular file")) {
		t.Errorf("a pipe: %v: %s", err, out)
	}
}

// TestPanic: a bug outside of a rule is a failed run, and no finding.
func TestPanic(t *testing.T) {
	t.Parallel()
	status, err := within(t.Context(), func() (int, error) { panic("boom") })
	if status != failing || err == nil || !strings.Contains(err.Error(), "panic: boom") {
		t.Errorf("%d %v", status, err)
	}
}
