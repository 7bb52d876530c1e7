package eval

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"path"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// read reads the file that a function's first argument names, as Terraform resolves it: from the root module's directory.
func (s *scope) read(a []Value) ([]byte, string, bool) {
	p, ok := pathArg(a)
	if !ok || p == "" {
		return nil, "", false
	}
	if !path.IsAbs(p) {
		p = path.Join(s.m.root.Dir, p)
	}
	b, err := s.m.root.loader.ReadFile(p)
	if err != nil || len(b) > maxString {
		return nil, p, false
	}
	s.step(len(b) / 64)
	return b, p, true
}

func fileText(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	b, _, ok := s.read(a)
	if !ok || !utf8.Valid(b) {
		return unreadable(s, a)
	}
	return StringValue(string(b))
}

// unreadable: a file that does not exist may be made by a build step, so its content is unknown; try still sees a failure.
func unreadable(s *scope, a []Value) Value {
	if _, ok := pathArg(a); !ok {
		return unknownOrFail(s, a)
	}
	return s.fail()
}

func fileExists(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	if _, ok := pathArg(a); !ok {
		return unknownOrFail(s, a)
	}
	_, _, ok := s.read(a)
	if !ok {
		return UnknownValue() // it may be outside the root
	}
	return BoolValue(true)
}

func fileSet(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
	dir, ok := pathArg(a)
	if !ok || len(a) != 2 {
		return unknownOrFail(s, a)
	}
	pattern, ok := a[1].Str()
	if !ok {
		return UnknownValue(a[1].Refs()...)
	}
	if !path.IsAbs(dir) {
		dir = path.Join(s.m.root.Dir, dir)
	}
	names, err := s.m.root.loader.Glob(dir, pattern)
	if err != nil {
		return s.fail()
	}
	elems := make([]Value, len(names))
	for i, n := range names {
		elems[i] = StringValue(n)
	}
	s.step(len(names))
	return toSet(ListValue(elems))
}

func fileDigest(kind string) native {
	return func(s *scope, _ *hclsyntax.FunctionCallExpr, a []Value) Value {
		b, _, ok := s.read(a)
		if !ok {
			return unreadable(s, a)
		}
		switch kind {
		case "base64":
			return StringValue(base64.StdEncoding.EncodeToString(b))
		case "md5":
			d := md5.Sum(b)
			return StringValue(hex.EncodeToString(d[:]))
		case "sha1":
			d := sha1.Sum(b)
			return StringValue(hex.EncodeToString(d[:]))
		case "sha256", "base64sha256":
			d := sha256.Sum256(b)
			if kind == "sha256" {
				return StringValue(hex.EncodeToString(d[:]))
			}
			return StringValue(base64.StdEncoding.EncodeToString(d[:]))
		}
		d := sha512.Sum512(b)
		if kind == "sha512" {
			return StringValue(hex.EncodeToString(d[:]))
		}
		return StringValue(base64.StdEncoding.EncodeToString(d[:]))
	}
}

func templateFile(s *scope, e *hclsyntax.FunctionCallExpr, a []Value) Value {
	b, name, ok := s.read(a)
	if !ok || len(a) != 2 || !utf8.Valid(b) {
		return unreadable(s, a)
	}
	return s.render(e, name, b, a[1])
}

func templateString(s *scope, e *hclsyntax.FunctionCallExpr, a []Value) Value {
	if len(a) != 2 {
		return s.fail()
	}
	t, ok := a[0].Str()
	if !ok {
		return UnknownValue(argRefs(a)...)
	}
	return s.render(e, "<templatestring>", []byte(t), a[1])
}

// render evaluates a template with nothing in scope but its variables.
func (s *scope) render(e *hclsyntax.FunctionCallExpr, name string, text []byte, vars Value) Value {
	r := s.m.root
	if r.inFile > 0 {
		return s.fail() // Terraform forbids templates that render templates
	}
	expr, ok := r.templates[name]
	if !ok || name[0] == '<' {
		if module.TooDeep(text, module.Template) {
			r.problem(e.Range(), "template "+name+" nests too deeply; its value is unknown")
			return s.fail()
		}
		x, diags := hclsyntax.ParseTemplate(text, name, hcl.InitialPos)
		if diags.HasErrors() {
			r.problem(e.Range(), "template "+name+": "+diags[0].Summary+"; its value is unknown")
			return s.fail()
		}
		if r.templates == nil {
			r.templates = map[string]hclsyntax.Expression{}
		}
		expr = x
		r.templates[name] = x
	}
	inner := &scope{m: &Module{root: r, Path: s.m.Path}}
	vars.Each(func(k string, v Value) { inner = inner.bind(k, v) })
	if vars.kind == Unknown || vars.Partial() {
		inner.opaque = true
	}
	r.inFile++
	v := inner.eval(expr)
	r.inFile--
	return v
}
