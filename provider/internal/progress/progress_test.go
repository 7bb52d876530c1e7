package progress

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSee(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "progress", "training-titanic.txt")
	f := New(path, func() time.Time { return now })
	reads := 0
	look := Look{What: "training job titanic-1", Status: "InProgress", Detail: "Training", Until: now.Add(time.Hour),
		Lines: [][2]string{{"log", "/somewhere"}, {"stop", ""}},
		Tail:  func() (string, error) { reads++; return "epoch 1\nepoch 2", nil }}
	f.See(look)
	now = now.Add(Every / 2)
	f.See(look) // too soon
	if reads != 1 {
		t.Errorf("the log was read %d times within %s, expected once", reads, Every)
	}
	now = now.Add(time.Minute)
	f.See(look)
	const want = `training job titanic-1
  status   InProgress, Training, for 1m1s
  seen     2026-01-02T03:05:05Z
  wait     until 2026-01-02T04:04:05Z at most
  log      /somewhere

The end of the log:
epoch 1
epoch 2
`
	if got := read(t, path); got != want {
		t.Errorf("got\n%s\nexpected\n%s", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v (%v), expected 0600", info.Mode(), err)
	}
	// Another status is written at once, and a final look too.
	look.Status, look.Detail, look.Tail = "Stopping", "", func() (string, error) { return "", errors.New("denied") }
	f.See(look)
	if got := read(t, path); !strings.Contains(got, "status   Stopping, for 0s\n") || !strings.Contains(got, "not readable: denied") {
		t.Errorf("got\n%s", got)
	}
	look.Final, look.Status = true, "Stopped"
	f.See(look)
	if got := read(t, path); !strings.Contains(got, "status   Stopped\n") || strings.Contains(got, "wait") {
		t.Errorf("got\n%s", got)
	}
	if err := f.Err(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%v beside the file (%v)", left, err)
	}
}

func TestNotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := New(filepath.Join(file, "x.txt"), time.Now)
	f.See(Look{What: "job", Status: "InProgress"})
	if err := f.Err(); err == nil || !strings.Contains(err.Error(), "directory of the progress file") {
		t.Errorf("got %v", err)
	}
}

// TestReadersSeeWholeLooks reads while looks are written.
func TestReadersSeeWholeLooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.txt")
	tail := strings.Repeat("line\n", 500) + "last"
	f := New(path, time.Now)
	f.See(Look{What: "job", Status: "x", Final: true, Tail: func() (string, error) { return tail, nil }})
	done := make(chan struct{})
	var writers sync.WaitGroup
	writers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				f.See(Look{What: "job", Status: "x", Final: true, Tail: func() (string, error) { return tail, nil }})
			}
		}
	})
	for range 500 {
		if got := read(t, path); !strings.HasPrefix(got, "job\n") || !strings.HasSuffix(got, "last\n") {
			t.Errorf("a part of %d bytes was read", len(got))
			break
		}
	}
	close(done)
	writers.Wait()
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
