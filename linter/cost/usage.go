package cost

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
)

// Usage are assumptions about what is used in a month, by resource type and by address.
type Usage struct {
	types     map[string]map[string]float64
	addresses []addressUsage // in the order of the file; the last that fits wins
}

type addressUsage struct {
	pattern string
	values  map[string]float64
}

var usageBody = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "resource", LabelNames: []string{"address"}},
	{Type: "resource_type", LabelNames: []string{"type"}},
}}

// ParseUsage reads a usage file: blocks `resource_type "TYPE" { PARAMETER = NUMBER }` and, for single resources,
// `resource "ADDRESS" { ... }`, where * in the address stands for any text. A name ending in .json is read as JSON.
func ParseUsage(name string, text []byte) (*Usage, error) {
	body, err := price.ParseFile(name, text)
	if err != nil {
		return nil, err
	}
	content, diags := body.Content(usageBody)
	if diags.HasErrors() {
		return nil, diags
	}
	u := &Usage{types: map[string]map[string]float64{}}
	for _, block := range content.Blocks {
		label := block.Labels[0]
		kind := label
		if block.Type == "resource" {
			if kind = typeOf(label); kind == "" {
				return nil, fmt.Errorf("%s: %q is no address of a resource; write it as in the report, * stands for any text", block.LabelRanges[0], label)
			}
		}
		values, err := parameters(block, kind)
		if err != nil {
			return nil, err
		}
		if block.Type == "resource" {
			u.addresses = append(u.addresses, addressUsage{label, values})
			continue
		}
		if u.types[kind] != nil {
			return nil, fmt.Errorf("%s: %q has a block already in this file; leave one", block.LabelRanges[0], kind)
		}
		u.types[kind] = values
	}
	return u, nil
}

// parameters reads the numbers of a block, each of which its type has to know.
func parameters(block *hcl.Block, kind string) (map[string]float64, error) {
	k, ok := kindOf(kind)
	if !ok || len(k.Usage) == 0 {
		return nil, fmt.Errorf("%s: the estimate of %q takes no assumptions%s; `titanicml-lint cost usage` lists those that do", block.LabelRanges[0], kind,
			match.DidYouMean(kind, typesWithUsage()))
	}
	attributes, diags := block.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	values := map[string]float64{}
	for name, a := range attributes {
		if !k.takes(name) {
			return nil, fmt.Errorf("%s: %q takes no %q%s; expected %s", a.NameRange, kind, name, match.DidYouMean(name, k.parameterNames()),
				strings.Join(k.parameterNames(), ", "))
		}
		v, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			return nil, diags
		}
		n, err := price.Number(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", a.Expr.Range(), name, err)
		}
		values[name] = n
	}
	return values, nil
}

// Find returns the assumption for a resource: the last block whose address fits, else that of its type.
func (u *Usage) Find(kind, address, parameter string) (float64, bool) {
	if u == nil {
		return 0, false
	}
	for i := len(u.addresses) - 1; i >= 0; i-- {
		a := u.addresses[i]
		if n, ok := a.values[parameter]; ok && matches(a.pattern, address) {
			return n, true
		}
	}
	n, ok := u.types[kind][parameter]
	return n, ok
}

// typeOf is the resource type in an address such as module.a["x"].aws_s3_bucket.this[0].
func typeOf(address string) string {
	rest := address
	for strings.HasPrefix(rest, "module.") {
		rest = rest[len("module."):]
		depth, end := 0, -1
		for i, c := range rest {
			if c == '[' {
				depth++
			}
			if c == ']' {
				depth--
			}
			if c == '.' && depth == 0 {
				end = i
				break
			}
		}
		if end < 0 {
			return ""
		}
		rest = rest[end+1:]
	}
	kind, name, ok := strings.Cut(rest, ".")
	if !ok || kind == "" || name == "" {
		return ""
	}
	return kind
}

// matches compares an address with a pattern in which * stands for any text, dots and brackets included.
func matches(pattern, address string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == address
	}
	if !strings.HasPrefix(address, parts[0]) {
		return false
	}
	address = address[len(parts[0]):]
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(address, part)
		if i < 0 {
			return false
		}
		address = address[i+len(part):]
	}
	return len(address) >= len(parts[last]) && strings.HasSuffix(address, parts[last])
}
