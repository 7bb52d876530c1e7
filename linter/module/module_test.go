package module_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

type memory struct{ fstest.MapFS }

func (m memory) ReadFile(name string, _ int64) ([]byte, error) {
	return fs.ReadFile(m.MapFS, path.Clean(name))
}
func (m memory) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(m.MapFS, path.Clean(name))
}
func (m memory) Abs(name string) string { return "/" + name }

func load(t *testing.T, texts map[string]string) *module.Module {
	t.Helper()
	m := memory{fstest.MapFS{}}
	for n, text := range texts {
		m.MapFS[n] = &fstest.MapFile{Data: []byte(text)}
	}
	out, err := module.NewCache(m).Module(".")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTooDeep separates what a recursive parser survives from what would exhaust the stack.
func TestTooDeep(t *testing.T) {
	t.Parallel()
	repeat := strings.Repeat
	for _, c := range []struct {
		name, text string
		syntax     module.Syntax
		deep       bool
	}{
		{"brackets", "a = " + repeat("[", 1000) + repeat("]", 1000), module.Native, true},
		{"brackets in a string", `a = "` + repeat("[", 1000) + `"`, module.Native, false},
		{"unclosed", "a = " + repeat("(", 1000), module.Native, true},
		{"interpolations", "a = " + repeat(`"${`, 400) + "1" + repeat(`}"`, 400), module.Native, true},
		{"unary", "a = " + repeat("!", 1000) + "true", module.Native, true},
		{"unary with comments", "a = " + repeat("-/**/", 5000) + "1", module.Native, true},
		{"rulers", repeat("# "+repeat("-", 120)+"\n", 200), module.Native, false},
		{"conditionals", "a = " + repeat("b ? 1 : ", 20000) + "2", module.Native, true},
		{"conditionals apart", repeat("a = b ? 1 : 2\n", 20000), module.Native, false},
		{"JSON", repeat(`{"a":`, 1000) + "1" + repeat("}", 1000), module.JSON, true},
		{"JSON string", `{"a":"` + repeat("[", 1000) + `"}`, module.JSON, false},
		{"directives", repeat("%{if true}", 20000), module.Template, true},
		{"ordinary", "a = [for x in y : { b = x ? -1 : 1 }]\n", module.Native, false},
	} {
		if got := module.TooDeep([]byte(c.text), c.syntax); got != c.deep {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestTooLong separates the longest text that somebody may have written from what the parser would not end with.
func TestTooLong(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat("0123456789abcdef\n", 20_000)
	for _, c := range []struct {
		name, text string
		syntax     module.Syntax
		long       bool
	}{
		{"attributes", strings.Repeat("a = 1\n", 100_000), module.Native, false},
		{"a heredoc", "a = <<EOT\n" + lines + "EOT\n", module.Native, true},
		{"many heredocs", strings.Repeat("a = <<EOT\n"+lines[:17*1000]+"EOT\n", 20), module.Native, false},
		{"interpolations between", "a = <<EOT\n" + strings.Repeat(lines[:17*1000]+"${b}\n", 20) + "EOT\n", module.Native, false},
		{"a template", lines, module.Template, true},
		{"half a template", lines[:len(lines)/2], module.Template, false},
		{"JSON", lines, module.JSON, false},
	} {
		if got := module.TooLong([]byte(c.text), c.syntax); got != c.long {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestFiles picks and orders source files as Terraform and OpenTofu do.
func TestFiles(t *testing.T) {
	t.Parallel()
	m := load(t, map[string]string{"b.tf": "", "a.tf": "", "a.tofu": "", "x_override.tf": "", "override.tf.json": "{}", ".hidden.tf": "", "c.tf~": "", "readme.md": "",
		"d.tf.json": "{}"})
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Path)
	}
	if got := strings.Join(names, " "); got != "a.tofu b.tf d.tf.json override.tf.json x_override.tf" {
		t.Errorf("files %s", got)
	}
}

// TestDiagnostics: what is wrong has its place, and the rest is there.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	m := load(t, map[string]string{"a.tf": "variable \"x\" {}\nvariable \"x\" {}\nresource \"one\" {}\nlocals {\n  ok = 1\n}\noutput \"o\" { value = }\n",
		"b.tf": "\xff\xfe", "c.tf": "\xef\xbb\xbflocals { bom = 1 }\n", "d.tf": "locals {\r\n  crlf = 1\r\n}\r\n", "e.tf": "locals {\n  z = [" + strings.Repeat("1,", 700_000) + "]\n}\n"})
	var all []string
	for _, d := range m.Diags {
		all = append(all, d.Subject.String()+" "+d.Summary)
	}
	got := strings.Join(all, "\n")
	for _, want := range []string{"a.tf:2,1-13 variable x is declared twice, first at a.tf:1", "a.tf:3,1-15 a resource block takes 2 labels", "a.tf:7,",
		"b.tf:1,1-1 the file is not valid UTF-8", "e.tf:1,1-1 . has too many tokens"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, l := range []string{"ok", "bom", "crlf"} {
		if m.Locals[l] == nil {
			t.Errorf("local %s is lost", l)
		}
	}
}

// TestSettings reads the terraform block.
func TestSettings(t *testing.T) {
	t.Parallel()
	m := load(t, map[string]string{"main.tf": `terraform {
  required_version = ">= 1.8"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
    old = "~> 1.0"
  }
  backend "s3" {}
}
provider "aws" { alias = "us" }
module "m" {
  source  = "a/b/c"
  version = "1.0"
}
`, "override.tf": "terraform {\n  backend \"local\" {}\n}\n"})
	aws, old := m.RequiredProviders["aws"], m.RequiredProviders["old"]
	if aws == nil || aws.Source != "hashicorp/aws" || aws.Version != "~> 6.0" || old == nil || old.Version != "~> 1.0" {
		t.Errorf("providers %+v %+v", aws, old)
	}
	if m.Backend == nil || m.Backend.Labels[0] != "local" || m.RequiredVersion == nil || m.Providers[0].Key() != "aws.us" {
		t.Errorf("settings %+v", m.Backend)
	}
	if c := m.Call("m"); c == nil || c.Source != "a/b/c" || c.Version != "1.0" || c.Local() {
		t.Errorf("call %+v", c)
	}
}

// TestRestBehindMistakes reads the blocks behind a mistake that makes the parser give up.
func TestRestBehindMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nested block on one line", "terraform { required_providers { x = 1 } }\nlocals {}\noutput \"o\" {}\n", "terraform locals output"},
		{"unclosed object", "locals {\n  a = {\n\noutput \"o\" {}\n\nvariable \"v\" {}\n", "locals variable"},
		{"two mistakes", "locals {\n  a = [1,,]\n}\nlocals {\n  b = 1 2\n}\noutput \"o\" {}\n", "locals locals output"},
		{"action", "locals {\n  a = [1,,]\n}\naction \"a_b\" \"c\" {}\n", "locals action"},
		{"unclosed block", "locals {\n  a = 1\n\noutput \"o\" {}\n", "locals output"},
	} {
		f, diags := module.Parse("main.tf", []byte(c.text))
		var got []string
		for _, b := range f.Body.Blocks {
			got = append(got, b.Type)
			if at := b.TypeRange.Start; !strings.HasPrefix(c.text[at.Byte:], b.Type) || strings.Count(c.text[:at.Byte], "\n")+1 != at.Line {
				t.Errorf("%s: %s is said to stand at %v", c.name, b.Type, at)
			}
		}
		if s := strings.Join(got, " "); s != c.want || !diags.HasErrors() {
			t.Errorf("%s: %s, want %s; %v", c.name, s, c.want, diags)
		}
	}
}
