package linter

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/bmatcuk/doublestar/v4"
)

// matchPath matches a pattern with * and ** against a slash path; a malformed pattern matches nothing.
func matchPath(pattern, name string) bool {
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
