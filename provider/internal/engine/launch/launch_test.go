//go:build linux || darwin

package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

// TestMain lets the test binary be the engine, and a process that wants one: "ensure DIR".
func TestMain(m *testing.M) {
	if handled, code := RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	if len(os.Args) == 3 && os.Args[1] == "ensure" {
		i, err := Ensure(context.Background(), os.Args[2], nil)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i.PID, i.URL)
		return
	}
	os.Exit(m.Run())
}

// newDir is a data directory whose engine, if any, ends with the test.
func newDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	t.Cleanup(func() {
		if err := Stop(context.Background(), dir); err != nil && !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
	})
	return dir
}

func ensure(t *testing.T, dir string) Instance {
	t.Helper()
	i, err := Ensure(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestDataDirMovedOrRemoved does to a data directory what people do to folders. The engine that ran on it must not stay behind, and
// the next one must not be led to it.
func TestDataDirMovedOrRemoved(t *testing.T) {
	dir := newDir(t)
	first := ensure(t, dir)
	moved := newDir(t)
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	second := ensure(t, moved)
	if second.PID == first.PID || second.DataDir == first.DataDir {
		t.Errorf("the engine of %s is asked for %s", first.DataDir, moved)
	}
	if err := os.RemoveAll(moved); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{first.PID, second.PID} {
		deadline := time.Now().Add(20 * time.Second)
		for unix.Kill(pid, 0) == nil {
			if time.Now().After(deadline) {
				t.Fatalf("engine %d lives on without its data directory", pid)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if third := ensure(t, moved); third.PID == second.PID {
		t.Error("the engine of a removed directory is given out again")
	}
}

func TestOneEngineForManyProcesses(t *testing.T) {
	dir := newDir(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	answers := make([]string, 6)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			out, err := exec.Command(self, "ensure", dir).CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			answers[i] = strings.TrimSpace(string(out))
		})
	}
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] {
			t.Errorf("two engines: %q", answers)
			break
		}
	}
	// The processes that wanted it are gone, the engine is not.
	i, ok, err := Find(dir)
	if err != nil || !ok || fmt.Sprint(i.PID, " ", i.URL) != answers[0] {
		t.Errorf("find: %+v %v %v, want %s", i, ok, err, answers[0])
	}
	resp, err := http.Get(i.URL + "/_titanicml/health")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the engine does not answer: %v", err)
	}
	resp.Body.Close()
	if session, err := unix.Getsid(i.PID); err != nil || session != i.PID {
		t.Errorf("the engine, pid %d, is in session %d (%v), not its own", i.PID, session, err)
	}
}

func TestStopAndStartAgain(t *testing.T) {
	dir := newDir(t)
	if err := Stop(t.Context(), dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("stop without an engine: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("asking for an engine made its directory")
	}
	first := ensure(t, dir)
	if again := ensure(t, dir); again != first {
		t.Errorf("a second Ensure gave %+v, not %+v", again, first)
	}
	if err := Stop(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := Find(dir); ok || err != nil {
		t.Errorf("after the stop: %v %v", ok, err)
	}
	if second := ensure(t, dir); second.PID == first.PID {
		t.Error("the stopped engine still runs")
	}
}

func TestStaleLockOfAKilledEngine(t *testing.T) {
	dir := newDir(t)
	first := ensure(t, dir)
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	second := ensure(t, dir)
	if second.PID == first.PID {
		t.Error("a dead engine was found")
	}
	// Another process may have got the dead engine's id: the lock decides, not the id.
	lock := filepath.Join(t.TempDir(), datadir.LockFile)
	if err := os.WriteFile(lock, fmt.Appendf(nil, `{"pid":%d,"url":"http://127.0.0.1:1","started_at":"2026-01-01T00:00:00Z"}`, os.Getpid()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := Find(filepath.Dir(lock)); ok || err != nil {
		t.Errorf("a lock file with a living pid and no lock was taken for an engine: %v %v", ok, err)
	}
	if err := Stop(t.Context(), filepath.Dir(lock)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("stop would have signalled a stranger: %v", err)
	}
}

func TestFailureToStartIsReported(t *testing.T) {
	dir := newDir(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, datadir.DBFile), bytes.Repeat([]byte("not a database"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := Ensure(t.Context(), dir, nil)
	if err == nil || !strings.Contains(err.Error(), datadir.DBFile) {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s to say so", took)
	}
	if _, ok, _ := Find(dir); ok {
		t.Error("an engine holds the directory")
	}
}

func TestChildEnvironmentHasNoCredentials(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("TF_VAR_password", "secret")
	if env := strings.Join(childEnv(), "\n"); strings.Contains(env, "secret") {
		t.Error(env)
	}
}

// BenchmarkEnsure measures a start from nothing to the first answer.
func BenchmarkEnsure(b *testing.B) {
	for b.Loop() {
		dir := filepath.Join(b.TempDir(), "data")
		if _, err := Ensure(b.Context(), dir, nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := Stop(b.Context(), dir); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
