package eval

import (
	"regexp/syntax"
	"strings"
)

// The work in steps of what configurations multiply: a resource instance is looked at by every rule, a module instance brings resources.
const (
	stepsPerInstance = 16
	stepsPerModule   = 64
	stepsPerBody     = 16
)

// maxMatching bounds the work of one regular expression: the instructions of its program times the bytes of the text. At the bound it
// takes some two seconds.
const maxMatching = 100_000_000

// matchable pays for matching pattern with text; false when it costs more than any configuration needs, or is not affordable any more.
// A malformed pattern costs nothing, since the call fails.
func (s *scope) matchable(pattern, text string) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return true
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return true
	}
	work := len(prog.Inst) * (len(text) + 1)
	return work <= maxMatching && s.step(work/64)
}

// expression tells a pattern from a literal, as replace does.
func expression(text string) (pattern string, ok bool) {
	if len(text) > 1 && text[0] == '/' && text[len(text)-1] == '/' {
		return text[1 : len(text)-1], true
	}
	return "", false
}

// replaceable bounds the result of replace. In an expression's replacement every reference may stand for the whole text.
func (s *scope) replaceable(text, old, with string) bool {
	pattern, ok := expression(old)
	if !ok {
		return (len(text)/max(len(old), 1)+1)*len(with) <= maxString
	}
	return s.matchable(pattern, text) && (strings.Count(with, "$")+1)*len(text)+(len(text)+1)*len(with) <= 4*maxString
}
