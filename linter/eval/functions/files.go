package functions

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// ReadArgument reads the file that a function's first argument names, as Terraform resolves it: from the root module's directory.
func (c *Caller) ReadArgument(a []value.Value) ([]byte, string, bool) {
	p, ok := pathArg(a)
	if !ok || p == "" {
		return nil, "", false
	}
	if !path.IsAbs(p) {
		p = path.Join(c.Dir, p)
	}
	b, err := c.Files.ReadFile(p)
	if err != nil || len(b) > value.MaxString {
		return nil, p, false
	}
	c.Spend(len(b) / 64)
	return b, p, true
}

func fileText(c *Caller, a []value.Value) value.Value {
	b, _, ok := c.ReadArgument(a)
	if !ok || !utf8.Valid(b) {
		return c.Unreadable(a)
	}
	return value.StringValue(string(b))
}

// Unreadable is the result for a file that cannot be read: a file that does not exist may be made by a build step, so its content is unknown; try still sees a failure.
func (c *Caller) Unreadable(a []value.Value) value.Value {
	if _, ok := pathArg(a); !ok {
		return unknownOrFail(c, a)
	}
	return c.Fail()
}

func fileExists(c *Caller, a []value.Value) value.Value {
	if _, ok := pathArg(a); !ok {
		return unknownOrFail(c, a)
	}
	_, _, ok := c.ReadArgument(a)
	if !ok {
		return value.UnknownValue() // it may be outside the root
	}
	return value.BoolValue(true)
}

func fileSet(c *Caller, a []value.Value) value.Value {
	dir, ok := pathArg(a)
	if !ok || len(a) != 2 {
		return unknownOrFail(c, a)
	}
	pattern, ok := a[1].Str()
	if !ok {
		return value.UnknownValue(a[1].Refs()...)
	}
	if !path.IsAbs(dir) {
		dir = path.Join(c.Dir, dir)
	}
	names, err := c.Files.Glob(dir, pattern)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return value.UnknownValue() // a build step may make it
	case err != nil:
		return c.Fail()
	}
	elems := make([]value.Value, len(names))
	for i, n := range names {
		elems[i] = value.StringValue(n)
	}
	c.Spend(len(names))
	return convert.Set(value.ListValue(elems))
}

func fileDigest(kind string) native {
	return func(c *Caller, a []value.Value) value.Value {
		b, _, ok := c.ReadArgument(a)
		if !ok {
			return c.Unreadable(a)
		}
		switch kind {
		case "base64":
			return value.StringValue(base64.StdEncoding.EncodeToString(b))
		case "md5":
			d := md5.Sum(b)
			return value.StringValue(hex.EncodeToString(d[:]))
		case "sha1":
			d := sha1.Sum(b)
			return value.StringValue(hex.EncodeToString(d[:]))
		case "sha256", "base64sha256":
			d := sha256.Sum256(b)
			if kind == "sha256" {
				return value.StringValue(hex.EncodeToString(d[:]))
			}
			return value.StringValue(base64.StdEncoding.EncodeToString(d[:]))
		}
		d := sha512.Sum512(b)
		if kind == "sha512" {
			return value.StringValue(hex.EncodeToString(d[:]))
		}
		return value.StringValue(base64.StdEncoding.EncodeToString(d[:]))
	}
}
