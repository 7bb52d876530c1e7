package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Holder is what engine.lock says of the engine that holds it.
type Holder struct {
	PID       int       `json:"pid"`
	URL       string    `json:"url,omitempty"` // empty until the engine listens
	StartedAt time.Time `json:"started_at"`
}

// HeldError says that another living engine has the data directory.
type HeldError struct {
	Dir    string
	Holder Holder
}

func (e *HeldError) Error() string {
	at := e.Holder.URL
	if at == "" {
		at = "an address it has not published yet"
	}
	return fmt.Sprintf("data directory %s is in use by the engine with pid %d at %s; use that one, or end it with: titanicml-local stop --data-dir %s",
		e.Dir, e.Holder.PID, at, e.Dir)
}

// ErrUnsupported is returned on systems without the file locks and process groups the engine
// needs.
var ErrUnsupported = errors.New("the local engine runs on Linux and macOS only; on this system set engine = \"sagemaker\", or run Terraform in WSL or a container")

// Lock is the exclusive right to one data directory. The kernel drops it when the process
// dies, however it dies, so a lock file that is left behind never blocks anybody.
type Lock struct {
	f      *os.File
	dir    string
	holder Holder
}

// Acquire takes the lock of dir (made by Prepare) for this process, or returns *HeldError.
func Acquire(dir string, now time.Time) (*Lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, LockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	var ok bool
	// A probe by Find holds the lock for a moment; only a lock that stays taken is an engine's.
	for range 20 {
		if ok, err = tryLock(f); err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if ok {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !ok {
		h, _ := readHolder(f)
		f.Close()
		return nil, &HeldError{Dir: dir, Holder: h}
	}
	l := &Lock{f: f, dir: dir, holder: Holder{PID: os.Getpid(), StartedAt: now.UTC()}}
	if err := l.write(); err != nil {
		l.Release()
		return nil, err
	}
	return l, nil
}

// Publish writes the address at which the engine answers into the lock file. Whoever waits for
// the engine reads it there.
func (l *Lock) Publish(url string) error {
	l.holder.URL = url
	return l.write()
}

// Release gives the lock up. The file stays, emptied: removing it would let two later engines
// lock two different files of the same name.
func (l *Lock) Release() error {
	err := l.f.Truncate(0)
	return errors.Join(err, l.f.Close())
}

// Lost tells whether the lock file is no longer where it was taken: the data directory was removed or moved, or another is in its
// place. Its holder has nothing to serve from any more.
func (l *Lock) Lost() bool {
	held, err := l.f.Stat()
	if err != nil {
		return false // released
	}
	there, err := os.Stat(filepath.Join(l.dir, LockFile))
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
	}
	return !os.SameFile(held, there)
}

func (l *Lock) write() error {
	b, err := json.Marshal(l.holder)
	if err != nil {
		return err
	}
	// One write at offset 0 of a longer text, then the cut: a reader sees JSON followed by
	// at most the end of the former text, which its decoder ignores.
	if _, err := l.f.WriteAt(append(b, '\n'), 0); err != nil {
		return fmt.Errorf("write %s: %w", l.f.Name(), err)
	}
	if err := l.f.Truncate(int64(len(b) + 1)); err != nil {
		return fmt.Errorf("write %s: %w", l.f.Name(), err)
	}
	return nil
}

// Find returns the engine that lives on dir. It asks the kernel, never the recorded pid: a
// lock file whose lock is free is stale, whatever process has that pid today.
func Find(dir string) (Holder, bool, error) {
	f, err := os.OpenFile(filepath.Join(dir, LockFile), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return Holder{}, false, nil
	}
	if err != nil {
		return Holder{}, false, fmt.Errorf("open the lock file: %w", err)
	}
	defer f.Close()
	held, err := lockedByOther(f)
	if err != nil {
		return Holder{}, false, fmt.Errorf("probe %s: %w", f.Name(), err)
	}
	if !held {
		return Holder{}, false, nil
	}
	h, err := readHolder(f)
	if err != nil {
		// Held, but not written yet: the holder is between its lock and its first write.
		return Holder{}, true, nil
	}
	return h, true, nil
}

func readHolder(f *os.File) (Holder, error) {
	var h Holder
	err := json.NewDecoder(io.NewSectionReader(f, 0, 1<<16)).Decode(&h)
	return h, err
}
