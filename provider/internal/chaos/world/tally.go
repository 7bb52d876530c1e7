//go:build linux || darwin

package world

import (
	"maps"
	"sync"
)

// Tally counts what was done, over all schedules.
type Tally struct {
	mu     sync.Mutex
	counts map[string]int
}

// Add counts one.
func (t *Tally) Add(what string) { t.AddN(what, 1) }

// AddN counts n.
func (t *Tally) AddN(what string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[what] += n
}

// All returns the counts so far.
func (t *Tally) All() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}
