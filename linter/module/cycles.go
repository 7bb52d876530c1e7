package module

import (
	"bytes"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// CyclicLocals lists the locals that need their own value, directly or through others, and the locals that need such ones, by name.
func (m *Module) CyclicLocals() []string {
	m.cyclesOnce.Do(func() { m.cycles = m.findCycles() })
	return m.cycles
}

func (m *Module) findCycles() []string {
	needs := map[string][]string{}
	for name, a := range m.Locals {
		if f := m.File(a.SrcRange.Filename); f != nil && !f.JSON && !mentionsLocals(f.Bytes, a.Expr.Range()) {
			continue // most locals, whose syntax need not be searched
		}
		for _, t := range a.Expr.Variables() {
			if t.RootName() != "local" || len(t) < 2 {
				continue
			}
			if step, ok := t[1].(hcl.TraverseAttr); ok && m.Locals[step.Name] != nil {
				needs[name] = append(needs[name], step.Name)
			}
		}
	}
	// Taking away, again and again, what needs nothing more leaves the cycles and what needs them.
	neededBy, open := map[string][]string{}, map[string]int{}
	var done []string
	for name := range m.Locals {
		if open[name] = len(needs[name]); open[name] == 0 {
			done = append(done, name)
		}
		for _, n := range needs[name] {
			neededBy[n] = append(neededBy[n], name)
		}
	}
	for len(done) > 0 {
		name := done[len(done)-1]
		done = done[:len(done)-1]
		delete(open, name)
		for _, n := range neededBy[name] {
			if open[n]--; open[n] == 0 {
				done = append(done, n)
			}
		}
	}
	return slices.Sorted(maps.Keys(open))
}

func mentionsLocals(text []byte, r hcl.Range) bool {
	return r.Start.Byte < 0 || r.End.Byte > len(text) || r.Start.Byte > r.End.Byte || bytes.Contains(text[r.Start.Byte:r.End.Byte], []byte("local"))
}
