// Package match compares names and texts: path patterns, regular expressions that are compiled once, and the nearest of known names for a
// message.
package match

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/agext/levenshtein"
	"github.com/bmatcuk/doublestar/v4"
)

// Path matches a pattern with * and ** against a slash path; a malformed pattern matches nothing.
func Path(pattern, name string) bool {
	ok, err := doublestar.Match(pattern, name)
	return err == nil && ok
}

// DidYouMean suggests the nearest of the known names, as the end of a message; empty when none is near.
func DidYouMean(name string, known []string) string {
	best, distance := "", 4
	for _, k := range known {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(k), nil); d < distance {
			best, distance = k, d
		}
	}
	if best == "" || distance > len(name)/2+1 {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

var patterns sync.Map // string to *regexp.Regexp

// Lazy is a pattern that is compiled when it is first used: a process that lints one directory in milliseconds cannot afford to
// compile the patterns of every rule.
func Lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// Regexp compiles a pattern once per process. The pattern must have passed an Option.Check or be a literal.
func Regexp(pattern string) *regexp.Regexp {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(pattern)
	patterns.Store(pattern, re)
	return re
}
