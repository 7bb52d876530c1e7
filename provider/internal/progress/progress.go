// Package progress keeps one small text file per thing that an apply waits for: Terraform prints only "Still creating", and a person
// wants to see more.
//
// In go looks at a job or an endpoint; out comes a file that holds its status, how long it has had it, and the end of its log. A reader
// sees the whole of one look or of the next, never a part. Nothing here knows Terraform or SageMaker.
package progress

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Every is how often a file is written at most while the status stays the same.
const Every = time.Second

// File is the progress file of one wait. It is safe for concurrent use.
type File struct {
	path  string
	clock func() time.Time

	mu      sync.Mutex
	status  string
	since   time.Time
	written time.Time
	err     error
}

// Look is what is known at one moment.
type Look struct {
	// What is waited for, such as "training job titanic-3f2a91c0de-1".
	What string
	// Status in SageMaker's words, and Detail, which may change without being another status.
	Status, Detail string
	// Since is when the status began, if that is known; else the first look counts.
	Since time.Time
	// Until is when the wait ends, zero after it has.
	Until time.Time
	// Lines are further facts, "name  value", such as the place of the log.
	Lines [][2]string
	// Tail reads the end of the log, nil where there is none. It is only called when the file is written.
	Tail func() (string, error)
	// Final looks are written always.
	Final bool
}

// New is the progress file at path; nothing is written before the first look.
func New(path string, clock func() time.Time) *File { return &File{path: path, clock: clock} }

// Path is where the file lies.
func (f *File) Path() string { return f.path }

// Err is why the last look could not be written, nil when it was.
func (f *File) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// See writes a look, unless the file is young and the status the same. A file that cannot be written is no reason to stop waiting; Err
// keeps the error.
func (f *File) See(l Look) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock()
	if l.Status != f.status {
		f.status, f.since = l.Status, now
	} else if !l.Final && now.Sub(f.written) < Every {
		return
	}
	if l.Since.IsZero() {
		l.Since = f.since
	}
	f.written = now
	f.err = replace(f.path, l.text(now))
}

func (l Look) text(now time.Time) string {
	var b strings.Builder
	fmt.Fprintln(&b, l.What)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-8s %s\n", name, value)
		}
	}
	status := l.Status
	if l.Detail != "" {
		status += ", " + l.Detail
	}
	if !l.Final {
		status += ", for " + max(0, now.Sub(l.Since)).Round(time.Second).String()
	}
	line("status", status)
	line("seen", stamp(now))
	if !l.Final && !l.Until.IsZero() {
		line("wait", "until "+stamp(l.Until)+" at most")
	}
	for _, x := range l.Lines {
		line(x[0], x[1])
	}
	if l.Tail != nil {
		tail, err := l.Tail()
		switch {
		case err != nil:
			fmt.Fprintf(&b, "\nThe log is not readable: %v\n", err)
		case tail == "":
			fmt.Fprint(&b, "\nThe log is empty so far.\n")
		default:
			fmt.Fprintf(&b, "\nThe end of the log:\n%s\n", tail)
		}
	}
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// replace writes the file beside its place and renames it, readable by its user only: a log may say more than its author knows.
func replace(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the directory of the progress file: %w", err)
	}
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing the progress file: %w", err)
	}
	defer os.Remove(t.Name()) // fails harmlessly once renamed
	_, err = t.WriteString(text)
	if closed := t.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the progress file %s: %w", path, err)
	}
	return nil
}
