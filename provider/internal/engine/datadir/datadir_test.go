//go:build linux || darwin

package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	dir := t.TempDir()
	if _, held, err := Find(dir); held || err != nil {
		t.Errorf("an empty directory: %v %v", held, err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l, err := Acquire(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if h, held, err := Find(dir); !held || err != nil || h.PID != os.Getpid() || h.URL != "" || !h.StartedAt.Equal(now) {
		t.Errorf("%+v %v %v", h, held, err)
	}
	if err := l.Publish("http://127.0.0.1:4599"); err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(dir, now)
	var held *HeldError
	if !errors.As(err, &held) || held.Holder.URL != "http://127.0.0.1:4599" ||
		!strings.Contains(err.Error(), "pid "+strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), "http://127.0.0.1:4599") {
		t.Errorf("a second lock: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if _, held, err := Find(dir); held || err != nil {
		t.Errorf("after the release: %v %v", held, err)
	}
	l, err = Acquire(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestProbesDoNotHinderALock(t *testing.T) {
	dir := t.TempDir()
	l, err := Acquire(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
					Find(dir)
				}
			}
		})
	}
	for range 20 {
		l, err := Acquire(dir, time.Now())
		if err != nil {
			t.Error(err)
			break
		}
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
}

func TestTwoSpellingsMeetAtOneLock(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	a, err := Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := Prepare(link); err != nil || a != b {
		t.Errorf("%q and %q, %v", a, b, err)
	}
	if _, err := Prepare(""); err == nil {
		t.Error("an empty path was accepted")
	}
}

func TestImages(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := MergeImages(dir, map[string][]string{"image" + strconv.Itoa(i): {"/bin/x", strconv.Itoa(i)}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := ReadImages(dir)
	if err != nil || len(all) != 8 || all["image3"][1] != "3" {
		t.Errorf("%v %v", all, err)
	}
	for _, bad := range []map[string][]string{{"": {"x"}}, {"a": nil}, {"a": {""}}} {
		if _, err := MergeImages(dir, bad); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ImagesFile), []byte(`["x"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadImages(dir); err == nil || !strings.Contains(err.Error(), ImagesFile) {
		t.Errorf("a broken file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ImagesFile), []byte(`{"x":["`+strings.Repeat("x", maxImages)+`"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadImages(dir); err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
		t.Errorf("a huge file: %v", err)
	}
}
