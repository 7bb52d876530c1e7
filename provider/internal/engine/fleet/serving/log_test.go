package serving

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServingLogIsBounded writes three times what a log may hold.
func TestServingLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "a.log")
	l, err := openServingLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	line := []byte(strings.Repeat("x", 1023) + "\n")
	for range 3 * maxServingLog / len(line) {
		if n, err := l.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := l.Write([]byte("the end\n")); err != nil || l.lastLine() != "the end" {
		t.Errorf("it ends with %q, %v", l.lastLine(), err)
	}
	for _, name := range []string{path, path + ".1"} {
		if info, err := os.Stat(name); err != nil || info.Size() > maxServingLog {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}
