package linter_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter"
)

var updateConsole = flag.Bool("update-console", false, "write what the CLI that TERRAFORM names answers into testdata/console/expressions.txt")

const consoleDir = "testdata/console"

// asked is an expression and what `terraform console` answers: JSON, or the word error.
type asked struct {
	expr, want string
	// unknown says why the linter does not know the answer, empty where it does.
	unknown string
}

const unknownMark = "\t# unknown here: "

// askedExpressions reads expressions.txt: lines of an expression, each followed by a line of a tab and the answer. Lines that begin with #
// are headings.
func askedExpressions(t *testing.T) []asked {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(consoleDir, "expressions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out []asked
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		answer, isAnswer := strings.CutPrefix(line, "\t")
		switch {
		case isAnswer && len(out) > 0:
			last := &out[len(out)-1]
			last.want, last.unknown, _ = strings.Cut(answer, unknownMark)
		case isAnswer || line == "":
			t.Fatalf("expressions.txt:%d: an answer stands behind its expression, got %q", i+1, line)
		case !strings.HasPrefix(line, "#"):
			out = append(out, asked{expr: line})
		}
	}
	return out
}

// TestConsoleAnswers: every expression has the value that Terraform gives it, or fails where Terraform fails.
func TestConsoleAnswers(t *testing.T) {
	t.Parallel()
	cases := askedExpressions(t)
	answered := 0
	rule := &linter.Rule{Name: "asks", Severity: linter.Error, Scope: linter.PerModule, Run: func(p *linter.Pass) {
		for _, c := range cases {
			expr, diags := hclsyntax.ParseExpression([]byte(fmt.Sprintf(`try(jsonencode(%s), "error")`, c.expr)), "main.tf", hcl.InitialPos)
			if diags.HasErrors() {
				t.Errorf("%s: %s", c.expr, diags)
				continue
			}
			answered++
			v := p.Module.Eval(expr)
			switch got, ok := v.Str(); {
			case c.unknown != "" && ok:
				t.Errorf("%s = %s, want unknown because %s", c.expr, got, c.unknown)
			case c.unknown == "" && !ok:
				t.Errorf("%s is %s, want %s", c.expr, v.Text(), c.want)
			case c.unknown == "" && got != c.want:
				t.Errorf("%s = %s, want %s", c.expr, got, c.want)
			}
		}
	}}
	result := lint(t, consoleDir, linter.Options{Rules: []*linter.Rule{rule}})
	if answered != len(cases) || answered < 900 {
		t.Errorf("%d of %d expressions were evaluated; %v", answered, len(cases), result.Failures)
	}
}

// TestConsole asks a Terraform that TERRAFORM names the same, so that what the answers are held against is what Terraform says.
func TestConsole(t *testing.T) {
	t.Parallel()
	cli := os.Getenv("TERRAFORM")
	if cli == "" {
		t.Skip("TERRAFORM names no CLI")
	}
	if version, err := exec.Command(cli, "version").Output(); err != nil {
		t.Fatalf("%s version: %s", cli, err)
	} else if !bytes.HasPrefix(version, []byte("Terraform v")) {
		t.Skip("the answers are Terraform's; OpenTofu has its own in corners")
	}
	cases := askedExpressions(t)
	answers := consoleAnswers(t, cli, cases)
	var text strings.Builder
	for i, c := range cases {
		if answers[i] != c.want && !*updateConsole {
			t.Errorf("%s = %s, recorded is %s", c.expr, answers[i], c.want)
		}
		mark := ""
		if c.unknown != "" {
			mark = unknownMark + c.unknown
		}
		fmt.Fprintf(&text, "%s\n\t%s%s\n", c.expr, answers[i], mark)
	}
	if *updateConsole {
		if err := os.WriteFile(filepath.Join(consoleDir, "expressions.txt"), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	everyFunction(t, cli, cases)
}

// consoleAnswers asks for all expressions at once: a console that reads from a pipe shows the last result alone.
func consoleAnswers(t *testing.T, cli string, cases []asked) []string {
	t.Helper()
	tries := make([]string, len(cases))
	for i, c := range cases {
		tries[i] = fmt.Sprintf(`try(nonsensitive(jsonencode(%s)), "error")`, c.expr)
	}
	out := terraform(t, cli, "base64encode(jsonencode(["+strings.Join(tries, ", ")+"]))\n", "console")
	text, err := base64.StdEncoding.DecodeString(strings.Trim(string(out), "\"\n"))
	var answers []string
	if err == nil {
		err = json.Unmarshal(text, &answers)
	}
	if err != nil || len(answers) != len(cases) {
		t.Fatalf("terraform console answered %d of %d expressions: %v", len(answers), len(cases), err)
	}
	return answers
}

func terraform(t *testing.T, cli, input string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(cli, args...)
	cmd.Dir = consoleDir
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_DATA_DIR="+t.TempDir(), "TF_CLI_CONFIG_FILE="+os.DevNull)
	cmd.Stdin = strings.NewReader(input)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("terraform %s: %s\n%s", strings.Join(args, " "), err, failure.Bytes())
	}
	return out
}

// unasked are functions whose result is another one each time, or that exist in the console alone.
var unasked = map[string]bool{"timestamp": true, "plantimestamp": true, "uuid": true, "type": true}

// everyFunction holds the expressions against the functions that Terraform says it has.
func everyFunction(t *testing.T, cli string, cases []asked) {
	t.Helper()
	out := terraform(t, cli, "", "metadata", "functions", "-json")
	var m struct {
		Signatures map[string]any `json:"function_signatures"`
	}
	if err := json.Unmarshal(out, &m); err != nil || len(m.Signatures) < 100 {
		t.Fatalf("terraform metadata functions: %d functions, %v", len(m.Signatures), err)
	}
	for name := range m.Signatures {
		found := unasked[strings.TrimPrefix(name, "core::")]
		for _, c := range cases {
			found = found || strings.Contains(c.expr, strings.TrimPrefix(name, "core::")+"(")
		}
		if !found {
			t.Errorf("no expression calls %s", name)
		}
	}
}
