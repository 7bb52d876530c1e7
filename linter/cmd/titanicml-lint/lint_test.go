package main

import (
	"strings"
	"testing"
	"time"
)

// TestMeter: progress shows after a second, ten times a second at most, and leaves nothing behind.
func TestMeter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	var out strings.Builder
	say := meter(&out, func() time.Time { return now })
	for i, after := range []time.Duration{0, 900, 200, 50, 40, 100, 5} {
		now = now.Add(after * time.Millisecond)
		say(i+1, 7)
	}
	if got, want := out.String(), "\r3 of 7 modules\r6 of 7 modules\r7 of 7 modules\r\x1b[K"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	out.Reset()
	quick := meter(&out, func() time.Time { return now })
	quick(1, 2)
	quick(2, 2)
	if out.Len() > 0 {
		t.Errorf("a quick run says %q", out.String())
	}
}
