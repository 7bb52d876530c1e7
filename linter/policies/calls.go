package policies

import (
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
)

// Given is a policy that a module call hands to a module whose sources are not at hand, so that no resource shows what becomes of it.
type Given struct {
	Policy
	// Address is that of the argument, such as module.bucket.policy.
	Address string
}

// GivenBy returns the policies among the arguments of a module's calls to what cannot be read: texts in JSON with statements, alone or in
// lists and maps. What they are for is guessed from their text.
func GivenBy(m *eval.Module) []Given {
	var out []Given
	for _, a := range argumentsOf(m) {
		out = append(out, a.policies...)
	}
	return out
}

// argument is one of a call to what cannot be read, with the policies in it and what it refers to.
type argument struct {
	policies []Given
	refs     []value.Ref
}

func argumentsOf(m *eval.Module) []argument {
	if m.Source == nil {
		return nil
	}
	type key struct{ m *eval.Module }
	return m.Root().Memo(key{m}, func() any {
		var out []argument
		for _, call := range m.Source.Calls {
			if call.Local() || !m.Unread(call.Name) {
				continue
			}
			body := m.Block(call.Block)
			for _, name := range body.AttrNames() {
				address := "module." + call.Name + "." + name
				if m.Path != "" {
					address = m.Path + "." + address
				}
				if found := policiesIn(m, body.Attr(name), address, body.AttrRange(name), 0); len(found) > 0 {
					out = append(out, argument{found, body.Refs(name)})
				}
			}
		}
		return out
	}).([]argument)
}

func policiesIn(m *eval.Module, v value.Value, address string, at value.Locator, depth int) (out []Given) {
	switch v.Kind() {
	case value.String:
		if text, ok := v.Pattern(""); !ok || !strings.Contains(text, `"Statement"`) {
			return nil
		}
		parsed, err := convert.ParseJSON(v)
		if err != nil || parsed.Kind() != value.Map {
			return nil
		}
		doc := iam.Build(policyNode(m, parsed, at, 0))
		kind := doc.Guess()
		return []Given{{Policy{kind, doc, checkCases(m, kind, doc, v, at)}, address}}
	case value.List:
		for i, e := range v.Elems() {
			if depth < maxNesting {
				out = append(out, policiesIn(m, e, address+"["+strconv.Itoa(i)+"]", at, depth+1)...)
			}
		}
	case value.Map:
		for _, k := range v.Keys() {
			if depth < maxNesting {
				out = append(out, policiesIn(m, v.Get(k), address+"."+k, at, depth+1)...)
			}
		}
	}
	return out
}

// maxNesting is how deep in an argument a policy is looked for: modules take maps of objects with a list of them.
const maxNesting = 3
