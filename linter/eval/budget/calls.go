package budget

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// Affordable refuses calls whose result would be far larger than any configuration needs.
func (b *Budget) Affordable(name string, args []value.Value) bool {
	switch name {
	case "setproduct":
		n := 1
		for _, a := range args {
			n *= max(a.Len(), 1)
			if n > MaxElems {
				return false
			}
		}
	case "format", "formatlist":
		if len(args) > 0 {
			f, _ := args[0].Pattern("")
			return boundedVerbs(f)
		}
	case "indent":
		if len(args) > 0 {
			if n, ok := args[0].Int(); ok && n > 1000 {
				return false
			}
		}
	case "replace":
		if len(args) == 3 {
			text, _ := args[0].Pattern("")
			old, _ := args[1].Pattern("")
			with, _ := args[2].Pattern("")
			return b.replaceable(text, old, with)
		}
	case "regex", "regexall":
		if len(args) == 2 {
			pattern, _ := args[0].Pattern("")
			text, _ := args[1].Pattern("")
			// Every byte may be a match by itself.
			return b.matchable(pattern, text) && (name == "regex" || len(text) <= MaxElems)
		}
	case "join":
		if len(args) > 1 {
			sep, _ := args[0].Pattern("")
			n := 0
			for _, a := range args[1:] {
				for _, e := range a.Elems() {
					t, _ := e.Pattern("")
					n += len(t) + len(sep)
				}
			}
			return n <= value.MaxString
		}
	case "yamldecode":
		if len(args) == 1 { // aliases expand exponentially
			t, _ := args[0].Str()
			return strings.Count(t, "*") < 64 || !strings.Contains(t, "&")
		}
	}
	return true
}

// maxMatching bounds the work of one regular expression: the instructions of its program times the bytes of the text. At the bound it
// takes some two seconds.
const maxMatching = 100_000_000

// matchable pays for matching pattern with text; false when it costs more than any configuration needs, or is not affordable any more.
// A malformed pattern costs nothing, since the call fails.
func (b *Budget) matchable(pattern, text string) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return true
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return true
	}
	work := len(prog.Inst) * (len(text) + 1)
	return work <= maxMatching && b.Spend(work/64)
}

// Expression tells a pattern from a literal, as replace does.
func Expression(text string) (pattern string, ok bool) {
	if len(text) > 1 && text[0] == '/' && text[len(text)-1] == '/' {
		return text[1 : len(text)-1], true
	}
	return "", false
}

// replaceable bounds the result of replace. In an expression's replacement every reference may stand for the whole text.
func (b *Budget) replaceable(text, old, with string) bool {
	pattern, ok := Expression(old)
	if !ok {
		return (len(text)/max(len(old), 1)+1)*len(with) <= value.MaxString
	}
	return b.matchable(pattern, text) && (strings.Count(with, "$")+1)*len(text)+(len(text)+1)*len(with) <= 4*value.MaxString
}

// boundedVerbs reports a format whose verbs pad to less than 10,000 characters. What stands between verbs may be any text: an ARN, a star.
func boundedVerbs(format string) bool {
	for {
		_, verb, ok := strings.Cut(format, "%")
		if !ok {
			return true
		}
		digits := 0
		end := strings.IndexFunc(verb, func(r rune) bool {
			switch {
			case '0' <= r && r <= '9':
				digits++
			case r == '*':
				digits = 5
			case strings.ContainsRune("+-# .[]", r):
				digits = 0
			default:
				return true
			}
			return digits > 4
		})
		if digits > 4 {
			return false
		}
		if end < 0 {
			return true
		}
		_, n := utf8.DecodeRuneInString(verb[end:])
		format = verb[end+n:]
	}
}
