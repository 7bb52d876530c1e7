package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// held is a run of half an hour with a sample every two seconds, in which an engine holds what grow says.
func held(grow func(second int) sample) []sample {
	var samples []sample
	for second := 2; second < 1800; second += 2 {
		s := grow(second)
		s.at = time.Duration(second) * time.Second
		samples = append(samples, s)
	}
	return samples
}

// TestFiguresNoticeWhatLeaks takes a flat run apart, one defect at a time.
func TestFiguresNoticeWhatLeaks(t *testing.T) {
	flat := func(second int) sample {
		return sample{rss: 40*mib + float64(second%7)*mib/4, descriptors: float64(50 + second%5), children: float64(1 + second%2)}
	}
	for name, c := range map[string]struct {
		grow          func(int) sample
		failed, wrong int64
		updates       int64
		missed        string // the figure that must miss its bound
	}{
		"flat":                    {grow: flat, updates: 590},
		"a failed request":        {grow: flat, updates: 590, failed: 1, missed: "requests failed"},
		"a stale answer":          {grow: flat, updates: 590, wrong: 1, missed: "answers by a model not in service"},
		"updates that hang":       {grow: flat, updates: 20, missed: "endpoint updates"},
		"10 KiB an update":        {grow: func(s int) sample { m := flat(s); m.rss += float64(s/3) * 10240; return m }, updates: 590, missed: "resident memory, rise"},
		"a descriptor in a while": {grow: func(s int) sample { m := flat(s); m.descriptors += float64(s / 300); return m }, updates: 590, missed: "file descriptors, rise"},
		"a process in a while":    {grow: func(s int) sample { m := flat(s); m.children += float64(s / 600); return m }, updates: 590, missed: "processes, rise"},
		"a start that costs more": {grow: func(s int) sample { m := flat(s); m.rss += math.Max(0, float64(250-s)) * mib / 10; return m }, updates: 590},
	} {
		t.Run(name, func(t *testing.T) {
			l := &load{}
			l.answered.Store(700_000)
			l.failed.Store(c.failed)
			l.wrong.Store(c.wrong)
			e := &endpoint{}
			e.updates.Store(c.updates)
			found := c.missed == ""
			for _, f := range figures(settings{length: 30 * time.Minute, every: 3 * time.Second}, l, e, held(c.grow)) {
				missed := c.missed != "" && strings.HasPrefix(f.Name, c.missed)
				if found = found || missed; f.OK == missed {
					t.Errorf("%s: %s (bound %s) is ok: %v", f.Name, f.Value, f.Bound, f.OK)
				}
			}
			if !found {
				t.Errorf("no figure is called %q", c.missed)
			}
		})
	}
}

// TestSoakOfSeconds runs the whole thing for as long as it takes to update a few times.
func TestSoakOfSeconds(t *testing.T) {
	needsProc(t)
	out := filepath.Join(t.TempDir(), "soak.json")
	if err := run(t.Context(), settings{length: 10 * time.Second, every: time.Second, rate: 50, output: out}); err != nil {
		t.Error(err)
	}
}

func TestInterruptedSoakReportsNothing(t *testing.T) {
	needsProc(t)
	ctx, cancel := context.WithCancel(t.Context())
	var stopped atomic.Bool
	time.AfterFunc(2*time.Second, func() { stopped.Store(true); cancel() })
	err := run(ctx, settings{length: time.Hour, every: time.Second, rate: 10})
	if !stopped.Load() || err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
}

func needsProc(t *testing.T) {
	t.Helper()
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skipf("memory and descriptors are read from /proc: %v", err)
	}
}
