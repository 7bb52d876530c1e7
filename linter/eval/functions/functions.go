// Package functions calls Terraform's functions. In go a name and values that may be partly unknown, out comes a value: from a native where
// an unknown part makes a difference or a file is read, else from a library's function over whole, known cty values.
package functions

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/hashicorp/go-cty-funcs/crypto"
	"github.com/hashicorp/go-cty-funcs/encoding"
	"github.com/hashicorp/go-cty-funcs/filesystem"
	"github.com/hashicorp/go-cty-funcs/uuid"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/budget"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	yaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"golang.org/x/text/encoding/ianaindex"
)

// library has the functions of whole, known values by name. It is built once per process, when it is asked for first.
var library = sync.OnceValue(func() map[string]function.Function {
	return map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc, "max": stdlib.MaxFunc,
		"min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc, "signum": signumFunc,
		"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc,
		"join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "upper": stdlib.UpperFunc, "title": stdlib.TitleFunc, "regex": stdlib.RegexFunc,
		"regexall": stdlib.RegexAllFunc, "replace": replaceFunc, "split": stdlib.SplitFunc, "strrev": stdlib.ReverseFunc,
		"substr": stdlib.SubstrFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
		"trimspace": stdlib.TrimSpaceFunc,
		"chunklist": stdlib.ChunklistFunc, "coalescelist": stdlib.CoalesceListFunc, "element": stdlib.ElementFunc,
		"range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc,
		"setproduct": stdlib.SetProductFunc, "setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc,
		"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "zipmap": stdlib.ZipmapFunc, "sum": sumFunc, "length": lengthFunc,
		"csvdecode": stdlib.CSVDecodeFunc, "yamldecode": yaml.YAMLDecodeFunc, "yamlencode": yaml.YAMLEncodeFunc,
		"formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc, "timecmp": timecmpFunc,
		"base64decode": onString(base64decode), "base64encode": encoding.Base64EncodeFunc, "urlencode": encoding.URLEncodeFunc,
		"urldecode": onString(url.QueryUnescape), "base64gzip": onString(base64gzip), "base64gunzip": onString(base64gunzip),
		"textencodebase64": textBase64(encodeText), "textdecodebase64": textBase64(decodeText),
		"base64sha256": onString(func(s string) (string, error) { return digest64(crypto.Sha256Func, s) }),
		"base64sha512": onString(func(s string) (string, error) { return digest64(crypto.Sha512Func, s) }),
		"md5":          crypto.Md5Func, "sha1": crypto.Sha1Func, "sha256": crypto.Sha256Func, "sha512": crypto.Sha512Func,
		"uuidv5":   uuid.V5Func,
		"basename": filesystem.BasenameFunc, "dirname": filesystem.DirnameFunc,
		"cidrhost": onPrefix(cidr.HostFunc), "cidrnetmask": onPrefix(netmaskFunc), "cidrsubnet": onPrefix(subnetFunc), "cidrsubnets": onPrefix(cidr.SubnetsFunc),
		"cidrcontains": cidrContainsFunc,
	}
})

// convertArgs converts arguments to the types of the parameters; ok is false when that cannot be done.
func convertArgs(f function.Function, vals []cty.Value) (converted []cty.Value, ok bool) {
	params, variadic := f.Params(), f.VarParam()
	for i := range vals {
		var p *function.Parameter
		switch {
		case i < len(params):
			p = &params[i]
		case variadic != nil:
			p = variadic
		default:
			return nil, false
		}
		v, err := convert.Convert(vals[i], p.Type)
		if err != nil {
			return nil, false
		}
		vals[i] = v
	}
	return vals, len(vals) >= len(params)
}

func onString(f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			return cty.StringVal(s), err
		},
	})
}

var signumFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "num", Type: cty.Number}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if f := args[0].AsBigFloat(); !f.IsInt() {
			return cty.NilVal, errors.New("a whole number is required")
		}
		return cty.NumberIntVal(int64(args[0].AsBigFloat().Sign())), nil
	},
})

// replaceFunc treats a pattern between slashes as a regular expression, as Terraform does and cty's own does not.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "substr", Type: cty.String}, {Name: "replace", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if p, ok := budget.Expression(args[1].AsString()); ok {
			return stdlib.RegexReplaceFunc.Call([]cty.Value{args[0], cty.StringVal(p), args[2]})
		}
		return cty.StringVal(strings.ReplaceAll(args[0].AsString(), args[1].AsString(), args[2].AsString())), nil
	},
})

var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].Type() == cty.String {
			return stdlib.StrlenFunc.Call(args)
		}
		return args[0].Length(), nil
	},
})

var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Number)}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].LengthInt() == 0 {
			return cty.NilVal, errors.New("cannot sum an empty list")
		}
		total := cty.Zero
		for it := args[0].ElementIterator(); it.Next(); {
			_, v := it.Element()
			switch {
			case v.IsNull():
				return cty.NilVal, errors.New("cannot sum a null value")
			case !v.IsKnown():
				return cty.UnknownVal(cty.Number), nil
			}
			total = total.Add(v)
		}
		return total, nil
	},
})

var timecmpFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "a", Type: cty.String}, {Name: "b", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		a, err := time.Parse(time.RFC3339, args[0].AsString())
		if err != nil {
			return cty.NilVal, err
		}
		b, err := time.Parse(time.RFC3339, args[1].AsString())
		if err != nil {
			return cty.NilVal, err
		}
		return cty.NumberIntVal(int64(a.Compare(b))), nil
	},
})

var cidrContainsFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "other", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		outer, err := netip.ParsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, err
		}
		if a, err := netip.ParseAddr(args[1].AsString()); err == nil {
			return cty.BoolVal(outer.Contains(a)), nil
		}
		inner, err := netip.ParsePrefix(args[1].AsString())
		if err != nil {
			return cty.NilVal, err
		}
		return cty.BoolVal(outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())), nil
	},
})

// base64decode is not go-cty-funcs' own, which writes what is not UTF-8 into the log.
func base64decode(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil && !utf8.Valid(b) {
		err = errors.New("what is decoded is not UTF-8")
	}
	return string(b), err
}

func base64gzip(s string) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil { // as Terraform does, which shows in the result
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func base64gunzip(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", err
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return "", err
	}
	out, err := io.ReadAll(io.LimitReader(r, value.MaxString+1))
	if err == nil && len(out) > value.MaxString {
		err = errors.New("decompressed text is too large")
	}
	return string(out), err
}

func digest64(f function.Function, s string) (string, error) {
	v, err := f.Call([]cty.Value{cty.StringVal(s)})
	if err != nil {
		return "", err
	}
	raw := make([]byte, len(v.AsString())/2)
	for i := range raw {
		raw[i] = unhex(v.AsString()[2*i])<<4 | unhex(v.AsString()[2*i+1])
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func textBase64(f func(text, charset string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "encoding", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString(), args[1].AsString())
			return cty.StringVal(s), err
		},
	})
}

func encodeText(text, charset string) (string, error) {
	enc, err := ianaindex.IANA.Encoding(charset)
	if err != nil || enc == nil {
		return "", errors.New("unknown character encoding")
	}
	b, err := enc.NewEncoder().Bytes([]byte(text))
	return base64.StdEncoding.EncodeToString(b), err
}

func decodeText(text, charset string) (string, error) {
	enc, err := ianaindex.IANA.Encoding(charset)
	if err != nil || enc == nil {
		return "", errors.New("unknown character encoding")
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", err
	}
	b, err = enc.NewDecoder().Bytes(b)
	return string(b), err
}
