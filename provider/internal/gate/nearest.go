package gate

import "github.com/agext/levenshtein"

// nearest finds the name a misspelling was probably meant for, "" when none is
// close.
func nearest(name string, names []string) string {
	best, distance := "", len(name)/3+1
	for _, n := range names {
		if d := levenshtein.Distance(name, n, nil); d < distance {
			best, distance = n, d
		}
	}
	return best
}
