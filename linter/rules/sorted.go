package rules

import (
	"slices"
	"sort"
)

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// sorted lists a map's keys in order, since findings must not depend on Go's.
func sorted[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
