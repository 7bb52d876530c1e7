package rules

import (
	"fmt"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// What a titanicml_promotion requires, as the rules about promotions compare it.

// bounds are the ways to bound a metric; path leads to the number within a requirement.
var bounds = []struct {
	name string
	path []string
	// lower: a lower number asks for less.
	lower bool
}{
	{"min", []string{"min"}, true},
	{"max", []string{"max"}, false},
	{"max_gap", []string{"max_gap"}, false},
	{"versus_champion.max_drop", []string{"versus_champion", "max_drop"}, false},
	{"versus_champion.min_gain", []string{"versus_champion", "min_gain"}, true},
}

// requirement is one element of requirements.
type requirement struct {
	elem, bound value.Value
	metric      string
	// kind is an index into bounds; -1 when no bound is written or it cannot be told which.
	kind int
	// population tells what it is measured on: all, a slice, or each slice.
	population string
}

// requirementsOf reads the requirements; open is set when there may be others than those returned.
func requirementsOf(v value.Value) (list []requirement, open bool) {
	if v.Kind() == value.Unknown {
		return nil, true
	}
	open = v.Partial()
	for _, e := range v.Elems() {
		metric, ok := e.Get("metric").Str()
		if e.Kind() != value.Map || !ok {
			open = true
			continue
		}
		q := requirement{elem: e, metric: metric, kind: -1}
		for i, b := range bounds {
			v := e
			for _, name := range b.path {
				v = v.Get(name)
			}
			if v.IsSet() {
				q.kind, q.bound = i, v
				break
			}
		}
		if q.kind < 0 && e.Partial() {
			open = true
			continue
		}
		q.population = population(e)
		list = append(list, q)
	}
	return list, open
}

func population(e value.Value) string {
	if each, ok := e.Get("each_slice").Pattern("..."); ok && e.Get("each_slice").IsSet() {
		return " for each " + each
	}
	if s := e.Get("slice"); s.IsSet() {
		column, _ := s.Get("column").Pattern("...")
		value, _ := s.Get("value").Pattern("...")
		return fmt.Sprintf(" where %s is %s", column, value)
	}
	return ""
}

// blocking reports whether a failure rejects; ok is false when that is unknown.
func (q requirement) blocking() (blocks, ok bool) {
	v := q.elem.Get("severity")
	if !v.IsSet() {
		return v.Kind() != value.Unknown, v.Kind() != value.Unknown
	}
	s, ok := v.Str()
	return s != "warn", ok
}

// name says what is required without the number: "recall min for each sex".
func (q requirement) name() string {
	if q.kind < 0 {
		return q.metric + q.population
	}
	return q.metric + " " + bounds[q.kind].name + q.population
}

// text says it with the number.
func (q requirement) text() string {
	if q.kind < 0 {
		return q.name()
	}
	return q.metric + " " + bounds[q.kind].name + " " + shownValue(q.bound) + q.population
}

// same reports whether two requirements bound the same thing in the same way.
func (q requirement) same(o requirement) bool {
	a, _ := q.elem.Get("versus_champion").Get("relative").Bool()
	b, _ := o.elem.Get("versus_champion").Get("relative").Bool()
	return q.metric == o.metric && q.kind == o.kind && q.population == o.population && a == b
}

// confidence of a requirement, wherever it is written.
func (q requirement) confidence() value.Value {
	if q.kind >= 0 && strings.HasPrefix(bounds[q.kind].name, "versus_champion") {
		return q.elem.Get("versus_champion").Get("confidence")
	}
	return q.elem.Get("confidence")
}

// shownValue writes a value for messages.
func shownValue(v value.Value) string {
	switch v.Kind() {
	case value.Absent, value.Null:
		return "none"
	}
	if s, ok := v.Str(); ok {
		return s
	}
	return "..."
}
