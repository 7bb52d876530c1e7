package eval_test

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// memory is a module.Files and eval.Loader over texts.
type memory struct {
	fstest.MapFS
	cache *module.Cache
}

func newMemory(texts map[string]string) *memory {
	m := &memory{MapFS: fstest.MapFS{}}
	for n, t := range texts {
		m.MapFS[n] = &fstest.MapFile{Data: []byte(t)}
	}
	m.cache = module.NewCache(files{m})
	return m
}

func (m *memory) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(m.MapFS, path.Clean(name))
}
func (m *memory) Abs(name string) string                     { return path.Join("/repo", name) }
func (m *memory) Module(dir string) (*module.Module, error)  { return m.cache.Module(dir) }
func (m *memory) Installed(string, []string) (string, bool)  { return "", false }
func (m *memory) Glob(dir, pattern string) ([]string, error) { return fs.Glob(m.MapFS, pattern) }
func (m *memory) read(name string) ([]byte, error) {
	return fs.ReadFile(m.MapFS, strings.TrimPrefix(path.Clean(name), "/repo/"))
}

type loader struct{ *memory }

func (l loader) ReadFile(name string) ([]byte, error) { return l.read(name) }

type files struct{ *memory }

func (f files) ReadFile(name string, _ int64) ([]byte, error) { return f.read(name) }

func load(t testing.TB, texts map[string]string, opts eval.Options) *eval.Root {
	t.Helper()
	m := newMemory(texts)
	src, err := m.cache.Module(".")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return eval.New(ctx, src, loader{m}, opts)
}

func flat(v value.Value) string { return strings.Join(strings.Fields(v.Text()), " ") }

// TestExpressions evaluates local.x. var.u is a variable without a value; aws_s3_bucket.b has only its name configured.
func TestExpressions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{`1 + 2 * 3`, `7`},
		{`7 % 4`, `3`},
		{`"a${1 + 1}b"`, `"a2b"`},
		{`"a${var.u}b"`, `"a(unknown)b"`},
		{`"${var.u}"`, `(unknown: var.u)`},
		{`var.u.a.b`, `(unknown: var.u.a.b)`},
		{`true && var.u`, `(unknown: var.u)`},
		{`false && var.u`, `false`},
		{`var.u || true`, `true`},
		{`1 == "1"`, `false`},
		{`var.u == 1 ? "x" : "x"`, `"x"`},
		{`var.u ? {a = 1, b = 2} : {a = 1}`, `{ a = 1 (possibly more) }`},
		{`merge(var.u, { project = "x" })`, `{ project = "x" (possibly more) }`},
		{`merge({ a = 1 }, null, { a = 2, b = 3 })`, `{ a = 2 b = 3 }`},
		{`merge(var.u, { a = 1 })["a"]`, `1`},
		{`merge(var.u, { a = 1 })["b"]`, `(unknown: var.u.b)`},
		{`lookup({ a = 1 }, "b", "d")`, `"d"`},
		{`lookup(merge(var.u, {}), "b", "d")`, `(unknown: var.u.b)`},
		{`keys(merge(var.u, { a = 1 }))`, `[ "a", (possibly more) ]`},
		{`concat(["a"], var.u)`, `[ "a", (possibly more) ]`},
		{`length([1, 2])`, `2`},
		{`length("abc")`, `3`},
		{`length(concat(["a"], var.u))`, `(unknown: var.u)`},
		{`contains(concat(["a"], var.u), "a")`, `true`},
		{`contains(["a"], "b")`, `false`},
		{`[for s in ["a", "b"] : upper(s) if s != "a"]`, `[ "B", ]`},
		{`{ for k, v in { a = 1, b = 2 } : k => v * 2 }`, `{ a = 2 b = 4 }`},
		{`{ for v in ["x", "y", "x"] : v => 1... }`, `{ x = [ 1, 1, ] y = [ 1, ] }`},
		{`[for b in var.u : "arn:aws:s3:::${b}/*"]`, `[ "arn:aws:s3:::(unknown)/*", (possibly more) ]`},
		{`[{ a = 1 }, { a = 2 }][*].a`, `[ 1, 2, ]`},
		{`try(local.none.x, "d")`, `"d"`},
		{`try(var.u.x, "d")`, `(unknown: var.u.x)`},
		{`can(tonumber("x"))`, `false`},
		{`tonumber("12")`, `12`},
		{`coalesce(null, "", "c")`, `"c"`},
		{`join(",", ["a", var.u, "c"])`, `"a,(unknown),c"`},
		{`format("%s-%d", "a", 3)`, `"a-3"`},
		{`format("%s-%s", "a", var.u)`, `"a-(unknown)"`},
		{`format("arn:aws:iam::123456789012:role/%s/*", "a")`, `"arn:aws:iam::123456789012:role/a/*"`},
		{`format("%99999d", 1)`, `(unknown)`},
		{`replace("a-b", "-", "_")`, `"a_b"`},
		{`replace("abc", "/[ac]/", "x")`, `"xbx"`},
		{`split(",", "a,b")`, `[ "a", "b", ]`},
		{`jsondecode(jsonencode({ a = [1, "x"] })).a[1]`, `"x"`},
		{`jsondecode("{\"a\": \"${var.u}-x\", \"b\": 1}")`, `{ a = "(unknown)-x" b = 1 }`},
		{`jsonencode({ a = var.u, b = "<" })`, `"{\"a\":(unknown),\"b\":\"\\u003c\"}"`},
		{`yamldecode("a: [1, b]")`, `{ a = [ 1, "b", ] }`},
		{`toset(["b", "a", "b"])`, `[ "a", "b", ]`},
		{`flatten([["a"], [["b"]], var.u])`, `[ "a", "b", (unknown: var.u), (possibly more) ]`},
		{`cidrsubnet("10.0.0.0/16", 8, 2)`, `"10.0.2.0/24"`},
		{`base64encode("x")`, `"eA=="`},
		{`sha256("x")`, `"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"`},
		{`setproduct(["a"], ["b", "c"])`, `[ [ "a", "b", ], [ "a", "c", ], ]`},
		{`zipmap(["a"], [1])`, `{ a = 1 }`},
		{`element(["a", "b"], 3)`, `"b"`},
		{`regex("[0-9]+", "a12")`, `"12"`},
		{`startswith("arn:${var.u}", "arn:")`, `true`},
		{`startswith("s3:${var.u}", "arn:")`, `false`},
		{`sum([1, 2])`, `3`},
		{`alltrue([true, var.u])`, `(unknown: var.u)`},
		{`anytrue([true, var.u])`, `true`},
		{`one(["a"])`, `"a"`},
		{`transpose({ a = ["x"] })`, `{ x = [ "a", ] }`},
		{`sensitive("x")`, `(sensitive)`},
		{`nonsensitive(sensitive("x"))`, `"x"`},
		{`core::upper("x")`, `"X"`},
		{`provider::aws::arn_parse(var.u)`, `(unknown: var.u)`},
		{`timestamp()`, `(unknown)`},
		{`terraform.workspace`, `"default"`},
		{`path.module`, `"."`},
		{`file("note.txt")`, `"hello"`},
		{`try(file("none.txt"), "no")`, `"no"`},
		{`templatefile("t.tftpl", { n = ["a", "b"], who = var.u })`, `"a b for (unknown)"`},
		{`templatestring(local.tpl, { y = 1 })`, `"x-1"`},
		{`filebase64("note.txt")`, `"aGVsbG8="`},
		{`aws_s3_bucket.b.bucket`, `"data"`},
		{`aws_s3_bucket.b.arn`, `(unknown: aws_s3_bucket.b.arn)`},
		{`"${aws_s3_bucket.b.arn}/*"`, `"(unknown)/*"`},
		{`aws_sqs_queue.q["x"].name`, `"q-x"`},
		{`[for q in aws_sqs_queue.q : q.name]`, `[ "q-x", "q-y", ]`},
		{`values(aws_sqs_queue.q)[*].name`, `[ "q-x", "q-y", ]`},
		{`aws_sqs_queue.n[*].name`, `[ "n0", "n1", ]`},
		{`aws_sqs_queue.n[1].name`, `"n1"`},
		{`local.loop`, `(unknown)`},
		{`1e999999999`, `(number out of bounds)`},
		{`"x${1e999999999}"`, `"x(unknown)"`},
		{`<<-EOT
		  a
		    ${var.u}
		EOT
		`, `"a\n (unknown)\n"`},
		{`"%{if true}yes%{else}no%{endif}"`, `"yes"`},
		{`"%{for x in ["a", "b"]}<${x}>%{endfor}"`, `"<a><b>"`},
		{`{ (var.u) = 1, b = 2 }`, `{ b = 2 (possibly more) }`},
		{`!var.u`, `(unknown: var.u)`},
		{`-"5"`, `-5`},
	} {
		t.Run(c.expr, func(t *testing.T) {
			t.Parallel()
			r := load(t, map[string]string{"note.txt": "hello", "t.tftpl": `${join(" ", n)} for ${who}`, "main.tf": `
variable "u" {}
locals {
  loop = local.loop
  tpl  = "x-$${y}"
  x = ` + c.expr + `
}
resource "aws_s3_bucket" "b" {
  bucket = "data"
}
resource "aws_sqs_queue" "q" {
  for_each = toset(["x", "y"])
  name     = "q-${each.key}"
}
resource "aws_sqs_queue" "n" {
  count = 2
  name  = "n${count.index}"
}
`}, eval.Options{})
			if got := flat(r.Module.Local("x")); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func addresses(r *eval.Root) []string {
	var out []string
	for _, res := range r.Resources() {
		out = append(out, res.Address())
	}
	return out
}

// TestInstances lists what a configuration declares.
func TestInstances(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, main, want string }{
		{"count zero", `resource "a_b" "c" { count = 0 }`, ``},
		{"count", `resource "a_b" "c" { count = 2 }`, `a_b.c[0] a_b.c[1]`},
		{"count unknown", `resource "a_b" "c" { count = var.u }`, `a_b.c[*]`},
		{"count conditional", `resource "a_b" "c" { count = var.d == "x" ? 1 : 0 }`, `a_b.c[0]`},
		{"for_each map", `resource "a_b" "c" { for_each = { y = 1, x = 2 } }`, `a_b.c["x"] a_b.c["y"]`},
		{"for_each unknown", `resource "a_b" "c" { for_each = var.u }`, `a_b.c[*]`},
		{"for_each partial", `resource "a_b" "c" { for_each = merge(var.u, { k = 1 }) }`, `a_b.c["k"] a_b.c[*]`},
		{"module", `module "m" { source = "./m" }`, `module.m.a_b.inner`},
		{"module for_each", `module "m" {
			source   = "./m"
			for_each = toset(["p", "q"])
		}`, `module.m["p"].a_b.inner module.m["q"].a_b.inner`},
		{"module unknown", `module "m" { source = "registry.example.com/x/y/z" }`, ``},
		{"data and check", `data "a_b" "d" {}
			check "x" {
				data "a_b" "e" {}
			}`, `data.a_b.d data.a_b.e`},
		{"new blocks", `moved {
			from = a_b.x
			to   = a_b.y
		}
		import {
			to = a_b.y
			id = "1"
		}
		removed { from = a_b.z }
		ephemeral "a_b" "e" {}
		action "a_b" "run" { config { x = 1 } }`, `ephemeral.a_b.e action.a_b.run`},
		{"self cycle", `resource "a_b" "c" { for_each = a_b.c }`, `a_b.c[*]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := load(t, map[string]string{"main.tf": "variable \"u\" {}\nvariable \"d\" { default = \"x\" }\n" + c.main, "m/main.tf": `resource "a_b" "inner" {}`}, eval.Options{})
			if got := strings.Join(addresses(r), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestModules passes values and providers through calls.
func TestModules(t *testing.T) {
	t.Parallel()
	r := load(t, map[string]string{
		"main.tf": `
provider "aws" { region = "eu-west-1" }
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
module "one" {
  source    = "./child"
  name      = "one"
  providers = { aws = aws.us }
}
module "two" {
  source = "./child"
  name   = "two"
}
module "same" {
  source = "./child"
  name   = "two"
}
output "all" { value = "${module.one.label} ${module.two.label}" }
`,
		"child/main.tf": `
variable "name" { type = string }
variable "size" {
  type    = number
  default = "3"
}
module "deep" {
  source = "../deep"
  name   = "${var.name}-deep"
}
resource "aws_x" "y" { n = var.size }
output "label" { value = module.deep.label }
`,
		"deep/main.tf": `
variable "name" {}
resource "aws_x" "z" { name = var.name }
output "label" { value = upper(var.name) }
`}, eval.Options{})
	if got := flat(r.Module.Output("all")); got != `"ONE-DEEP TWO-DEEP"` {
		t.Errorf("output %s", got)
	}
	regions := map[string]string{}
	duplicates := 0
	for _, m := range r.Modules() {
		if m.Duplicate() {
			duplicates++
		}
	}
	for _, res := range r.Resources() {
		regions[res.Address()] = flat(res.Provider().Attr("region"))
		if res.Type == "aws_x" && res.Name == "y" && flat(res.Attr("n")) != "3" {
			t.Errorf("%s.n is %s", res.Address(), flat(res.Attr("n")))
		}
	}
	for addr, want := range map[string]string{"module.one.module.deep.aws_x.z": `"us-east-1"`, "module.two.aws_x.y": `"eu-west-1"`} {
		if regions[addr] != want {
			t.Errorf("%s uses region %s, want %s", addr, regions[addr], want)
		}
	}
	if duplicates != 1 {
		t.Errorf("%d duplicate instances, want module.same, and what it calls not listed again", duplicates)
	}
	for _, ref := range []value.Ref{{Module: "module.same.module.deep", Address: "aws_x.z"}, {Module: "module.two", Address: "aws_x.y"}} {
		if found := r.Module.Target(ref); len(found) != 1 || found[0].Address() != ref.Module+"."+ref.Address {
			t.Errorf("target of %v: %v", ref, found)
		}
	}
	if found := r.Module.Target(value.Ref{Module: "module.none", Address: "aws_x.z"}); found != nil {
		t.Errorf("target in a module that is not called: %v", found)
	}
	for _, res := range r.Resources() {
		if res.Address() == "module.one.module.deep.aws_x.z" && len(res.Module.Callers()) != 2 {
			t.Errorf("callers %v", res.Module.Callers())
		}
	}
}

// TestPolicyDocument resolves source and override documents with the provider's Sid semantics.
func TestPolicyDocument(t *testing.T) {
	t.Parallel()
	r := load(t, map[string]string{"main.tf": `
variable "extra" {}
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "A"
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
  statement {
    sid       = "B"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::b/&{aws:username}"]
  }
}
data "aws_iam_policy_document" "top" {
  source_policy_documents   = [data.aws_iam_policy_document.base.json]
  override_policy_documents = [jsonencode({ Statement = { Sid = "A", Effect = "Deny", Action = "s3:*", Resource = "*" } })]
  statement {
    sid     = "B"
    actions = ["sqs:*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["1"]
    }
  }
  dynamic "statement" {
    for_each = var.extra
    content {
      actions   = statement.value
      resources = ["*"]
    }
  }
}
`}, eval.Options{})
	doc := r.Module.Resources()[1]
	got, err := r.Module.Eval(doc.Expr("source_policy_documents")), error(nil)
	if got.Len() != 1 || err != nil {
		t.Fatal(got.Text())
	}
	refs := doc.Refs("source_policy_documents")
	if len(refs) != 1 || refs[0].String() != "data.aws_iam_policy_document.base.json" {
		t.Errorf("refs %v", refs)
	}
	v, err := docJSON(r, "top")
	if err != nil {
		t.Fatal(err)
	}
	want := `{ Statement = [ { Action = "s3:*" Effect = "Deny" Resource = "*" Sid = "A" }, ` +
		`{ Action = [ "sqs:*", ] Condition = { StringEquals = { aws:SourceAccount = [ "1", ] } } Effect = "Allow" Principal = { AWS = [ "*", ] } Sid = "B" }, ` +
		`{ Action = (unknown: var.extra) Effect = "Allow" Resource = [ "*", ] }, (possibly more) ] Version = "2012-10-17" }`
	if flat(v) != want {
		t.Errorf("got  %s\nwant %s", flat(v), want)
	}
}

func docJSON(r *eval.Root, name string) (value.Value, error) {
	for _, res := range r.Module.Resources() {
		if res.Name == name {
			return convert.ParseJSON(res.Module.PolicyDocument(res))
		}
	}
	return value.Value{}, fmt.Errorf("no document %s", name)
}

// TestPositions: the parts of a heredoc, of jsonencode and of a JSON string have the places that their text has in the file.
func TestPositions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, text, want string }{
		{"heredoc", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<EOT\n{\n  \"é\": 1, \"Action\": \"x:*\"\n}\nEOT\n}\n", "4:22-25 x:*"},
		{"first line", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<EOT\n{ \"Action\": \"x:*\" }\nEOT\n}\n", "3:14-17 x:*"},
		{"indented heredoc", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n    {\n\n      \"Action\": \"x:*\", \"Resource\": \"${aws_x.y.arn}\"\n    }\n  EOT\n}\n", "5:18-21 x:*"},
		{"behind an interpolation", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n    {\n      \"Resource\": \"${aws_x.y.arn}\", \"Action\": \"x:*\"\n    }\n  EOT\n}\n", "4:1-1 "},
		{"below an interpolation", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n    {\n      \"Resource\": \"${aws_x.y.arn}\",\n      \"Action\": \"x:*\"\n    }\n  EOT\n}\n", "5:18-21 x:*"},
		{"escapes", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<EOT\n{\n  \"A\": \"$${b} %%{c}\",\n  \"B\": \"$${b}\", \"Action\": \"x:*\"\n}\nEOT\n}\n", "5:28-31 x:*"},
		{"before a directive", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n    {\n      \"Action\": \"x:*\",\n      %{ for a in [\"b\", \"c\"] ~}\n      \"${a}\": 1,\n      %{ endfor ~}\n      \"d\": 2\n    }\n  EOT\n}\n", "4:18-21 x:*"},
		{"behind a directive", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n    {\n      %{ for a in [\"b\", \"c\"] ~}\n      \"${a}\": 1,\n      %{ endfor ~}\n      \"d\": 2,\n      \"Action\": \"x:*\"\n    }\n  EOT\n}\n", "3:5-5 "},
		{"behind a conditional", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n    {\n      \"a\": \"${true ? \"b\" : \"c\"}\",\n      \"Action\": \"x:*\"\n    }\n  EOT\n}\n", "5:18-21 x:*"},
		{"within a directive", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n    {\n      %{ if true ~}\n      \"Action\": \"x:*\"\n      %{ endif ~}\n    }\n  EOT\n}\n", "3:5-5 "},
		{"blank at first", "main.tf", "resource \"a_b\" \"x\" {\n  policy = <<-EOT\n\n    {\n      \"Action\": \"x:*\"\n    }\n  EOT\n}\n", "5:1-1 "},
		{"CRLF", "main.tf", "resource \"a_b\" \"x\" {\r\n  policy = <<EOT\r\n{\r\n  \"Action\": \"x:*\"\r\n}\r\nEOT\r\n}\r\n", "4:14-17 x:*"},
		{"quoted", "main.tf", "resource \"a_b\" \"x\" {\n  policy = \"{\\n\\\"Action\\\": \\\"x:*\\\"}\"\n}\n", `2:12-37 "{\n\"Action\": \"x:*\"}"`},
		{"jsonencode", "main.tf", "resource \"a_b\" \"x\" {\n  policy = jsonencode({\n    Action = \"x:*\"\n  })\n}\n", `3:14-19 "x:*"`},
		{"JSON", "main.tf.json", `{"resource": {"a_b": {"x": {` + "\n" + `  "policy": "{\n  \"Action\": \"x:*\"\n}"}}}}`, `2:14-41 {\n  \"Action\": \"x:*\"\n}`},
		{"jsonencode in JSON", "main.tf.json", `{"resource": {"a_b": {"x": {` + "\n" + `  "policy": "\u00e9${jsonencode(\n{\"\ud83d\ude00\" = 1, Action = \"x:*\"})}"}}}}`, ""},
		{"a letter by its number in JSON", "main.tf.json", `{"resource": {"a_b": {"x": {` + "\n" + `  "policy": "${jsonencode({\"\u00e9ü\" = 1, Action = \"x:*\"})}"}}}}`, `2:54-61 \"x:*\"`},
		{"all of it jsonencode in JSON", "main.tf.json", `{"resource": {"a_b": {"x": {` + "\n" + `  "policy": "${jsonencode(\n{\"\ud83d\ude00\" = 1, Action = \"x:*\"})}"}}}}`, `2:61-68 \"x:*\"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := load(t, map[string]string{c.file: c.text}, eval.Options{})
			v, err := convert.ParseJSON(r.Module.Resources()[0].Attr("policy"))
			if c.want == "" {
				if err == nil {
					t.Errorf("read a text that is no JSON: %s", flat(v))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			action := v.Get("Action")
			at := action.Range()
			if s, _ := action.Str(); s != "x:*" || at.Start.Line != at.End.Line {
				t.Fatalf("action %q at %v", s, at)
			}
			got := fmt.Sprintf("%d:%d-%d %s", at.Start.Line, at.Start.Column, at.End.Column, c.text[at.Start.Byte:at.End.Byte])
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	r := load(t, map[string]string{"main.tf": "resource \"a_b\" \"x\" {\n  policy = <<EOT\n{ \"Resource\": \"${aws_x.y.arn}\" }\nEOT\n}\n"}, eval.Options{})
	v, err := convert.ParseJSON(r.Module.Resources()[0].Attr("policy"))
	if err != nil {
		t.Fatal(err)
	}
	if refs := v.Get("Resource").Refs(); len(refs) != 1 || refs[0].String() != "aws_x.y.arn" {
		t.Errorf("refs %v", refs)
	}
}

// TestHostile: what would hang or exhaust memory ends in problems instead.
func TestHostile(t *testing.T) {
	t.Parallel()
	chain := "locals {\n  a0 = \"xxxxxxxxxxxxxxxx\"\n"
	for i := 1; i < 60; i++ {
		chain += fmt.Sprintf("  a%d = \"${local.a%d}${local.a%d}\"\n", i, i-1, i-1)
	}
	for _, c := range []struct{ name, main, problem string }{
		{"cycle", `locals {
			a = local.b
			b = local.a
		}
		resource "a_b" "c" { x = local.a }`, "refers to itself"},
		{"cycle of locals that nothing needs", `locals {
			a = 1
			b = [for x in [local.c] : x]
			c = { d = "${local.b}" }
		}`, "refers to itself"},
		{"output cycle", `module "m" {
			source = "./m"
			x      = module.m.y
		}
		resource "a_b" "c" { x = module.m.y }`, "refers to itself"},
		{"module cycle", `module "m" { source = "./loop" }`, "calls itself"},
		{"doubling", chain + "}\nresource \"a_b\" \"c\" { x = local.a59 }", "too large"},
		{"million", `resource "a_b" "c" { for_each = toset([for p in setproduct(range(1000), range(1000)) : join("-", p)]) }`, "too large"},
		{"count", `resource "a_b" "c" { count = 1000000 }`, "the first 1024 instances"},
		{"nested for", `resource "a_b" "c" { x = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]] }`, "stopped after"},
		{"template", `resource "a_b" "c" { x = templatefile("t.tftpl", {}) }`, "large"},
		{"missing module", `module "m" { source = "./none" }`, "module \"m\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := load(t, map[string]string{"main.tf": c.main, "loop/main.tf": `module "back" { source = "../loop" }`,
				"m/main.tf": "variable \"x\" {}\noutput \"y\" { value = var.x }",
				"t.tftpl":   `%{for a in range(1000)}%{for b in range(1000)}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx%{endfor}%{endfor}`}, eval.Options{Steps: 2_000_000})
			for _, res := range r.Resources() {
				res.Value()
			}
			var all []string
			for _, p := range r.Problems() {
				all = append(all, p.Message)
			}
			if !slices.ContainsFunc(all, func(m string) bool { return strings.Contains(m, c.problem) }) {
				t.Errorf("problems %q, want one with %q", all, c.problem)
			}
		})
	}
}

// TestSyntaxes reads JSON, overrides and OpenTofu files like native ones.
func TestSyntaxes(t *testing.T) {
	t.Parallel()
	r := load(t, map[string]string{
		"a.tf.json": `{"variable": {"n": {"default": "v"}},
			"locals": {"l": "${var.n}-x"},
			"resource": {"aws_x": {"j": {"name": "${local.l}", "tags": {"a": "b"}, "rule": [{"port": 1}, {"port": 2}],
				"dynamic": {"rule": {"for_each": [3], "iterator": "it", "content": {"port": "${it.value}"}}}, "depends_on": ["aws_x.k"]}}}}`,
		"b.tf": `resource "aws_x" "k" {
  name = "k"
  size = 1
  rule { port = 1 }
  lifecycle { prevent_destroy = true }
}`,
		"override.tf": `resource "aws_x" "k" {
  name = "over"
  rule { port = 3 }
  lifecycle { create_before_destroy = true }
}`,
		"c.tf":   `resource "aws_x" "hidden" {}`,
		"c.tofu": `resource "aws_x" "tofu" {}`,
	}, eval.Options{})
	if got := strings.Join(addresses(r), " "); got != "aws_x.j aws_x.k aws_x.tofu" {
		t.Fatalf("addresses %s", got)
	}
	j, k := r.Resources()[0], r.Resources()[1]
	if got := flat(j.Attr("name")); got != `"v-x"` {
		t.Errorf("name %s", got)
	}
	if b := j.Blocks("rule"); len(b) != 3 || flat(b[1].Attr("port")) != "2" || flat(b[2].Attr("port")) != "3" {
		t.Errorf("blocks %d", len(b))
	}
	if got := flat(j.Value().Get("rule")); got != "[ { port = 1 }, { port = 2 }, { port = 3 }, ]" {
		t.Errorf("value of the blocks %s", got)
	}
	if d := j.DependsOn(); len(d) != 1 || d[0] != "aws_x.k" {
		t.Errorf("depends_on %v", d)
	}
	if flat(k.Attr("name")) != `"over"` || flat(k.Attr("size")) != "1" || len(k.Blocks("rule")) != 1 || flat(k.Block("rule").Attr("port")) != "3" {
		t.Errorf("override: %s", flat(k.Value()))
	}
	if l := k.Blocks("lifecycle"); len(l) != 1 || flat(l[0].Value()) != "{ create_before_destroy = true prevent_destroy = true }" {
		t.Errorf("lifecycle after the override: %s", flat(k.Value()))
	}
}

// TestJSON reads what only the JSON syntax allows: a list of objects for the whole, for blocks and for alternatives of one label, comments,
// and dynamic blocks beside and within blocks that are written as arguments.
func TestJSON(t *testing.T) {
	t.Parallel()
	r := load(t, map[string]string{"main.tf.json": `
[
  {"//": "a comment", "locals": [{"x": 1}, {"y": "${local.x + 1}"}]},
  {"resource": [{"a_b": {"one": [{"n": "${local.y}"}]}}, {"a_b": {"two": {"//": "a comment",
    "rule": [{"port": 80, "dynamic": {"inner": [{"for_each": [1, 2], "content": {"v": "${inner.value}"}}, {"for_each": [3], "content": {"v": 3}}]}}, {"port": 443}],
    "settings": {"dynamic": "x", "deep": {"dynamic": {"for_each": 1, "other": 2}}}}}}]}
]`}, eval.Options{})
	if got := strings.Join(addresses(r), " "); got != "a_b.one a_b.two" || len(r.Module.Source.Diags) > 0 {
		t.Fatalf("addresses %s, %v", got, r.Module.Source.Diags)
	}
	if got := flat(r.Resources()[0].Attr("n")); got != "2" {
		t.Errorf("n is %s", got)
	}
	want := `{ rule = [ { inner = [ { v = 1 }, { v = 2 }, { v = 3 }, ] port = 80 }, { port = 443 }, ] settings = { deep = { dynamic = { for_each = 1 other = 2 } } dynamic = "x" } }`
	if got := flat(r.Resources()[1].Value()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for text, want := range map[string]string{`[1]`: "main.tf.json:1,2-3", `[{"locals": 1}]`: "main.tf.json:1,13-14", `[{]`: "main.tf.json:1,3-4"} {
		r := load(t, map[string]string{"main.tf.json": text}, eval.Options{})
		if d := r.Module.Source.Diags; len(d) == 0 || !strings.HasPrefix(d[0].Subject.String(), want) {
			t.Errorf("%s: %v, want one at %s", text, d, want)
		}
	}
}

// TestDynamic expands dynamic blocks.
func TestDynamic(t *testing.T) {
	t.Parallel()
	r := load(t, map[string]string{"main.tf": `
variable "u" {}
resource "a_b" "c" {
  dynamic "rule" {
    for_each = [80, 443]
    iterator = it
    content {
      port = it.value
      dynamic "inner" {
        for_each = { x = it.key }
        content { y = inner.value }
      }
    }
  }
  dynamic "maybe" {
    for_each = var.u
    content { z = "known" }
  }
}`}, eval.Options{})
	res := r.Resources()[0]
	want := `{ maybe = [ { z = "known" }, (possibly more) ] rule = [ { inner = [ { y = 0 }, ] port = 80 }, { inner = [ { y = 1 }, ] port = 443 }, ] }`
	if got := flat(res.Value()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !res.Block("maybe").Maybe() || res.Block("rule").Maybe() {
		t.Error("a dynamic block over unknown may not exist")
	}
}
