package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/terraform-linters/tflint-plugin-sdk/logger"
	"github.com/terraform-linters/tflint-plugin-sdk/tflint"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

// runner lints the module of a tflint runner once, however many rules ask.
type runner struct {
	tflint.Runner
	enabled []string

	done  bool
	found []*linter.Finding
	err   error
	// files are the root module's sources by the path that tflint shows.
	files map[string][]byte
}

func (l *runner) findings() ([]*linter.Finding, error) {
	if !l.done {
		l.done = true
		l.found, l.err = l.lint()
	}
	return l.found, l.err
}

// lint runs the linter on the working directory, which is the module's: tflint changes into it, and shows paths as seen from
// the directory that it was started in.
func (l *runner) lint() ([]*linter.Finding, error) {
	start, err := l.GetOriginalwd()
	if err != nil {
		return nil, fmt.Errorf("ask tflint for its working directory: %w", err)
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the module's directory: %w", err)
	}
	if start, err = filepath.EvalSymlinks(start); err == nil {
		here, err = filepath.EvalSymlinks(here)
	}
	if err != nil {
		return nil, fmt.Errorf("find the module's directory: %w", err)
	}
	dir, err := filepath.Rel(start, here)
	if err != nil {
		return nil, fmt.Errorf("find the module's directory: %w", err)
	}
	sources, err := l.GetFiles()
	if err != nil {
		return nil, fmt.Errorf("ask tflint for the module's files: %w", err)
	}
	l.files = map[string][]byte{}
	for name, f := range sources {
		l.files[path.Clean(filepath.ToSlash(name))] = f.Bytes
	}
	root := repository(here)
	disk, err := module.OpenDisk(root, start)
	if err != nil {
		return nil, err
	}
	defer func() { _ = disk.Close() }() // read only: nothing can be lost
	top, err := filepath.Rel(start, root)
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	result, err := linter.Run(context.Background(), linter.Options{
		Rules: rules.All(),
		Files: &overlay{Disk: disk, dir: filepath.ToSlash(dir), files: l.files},
		Dirs:  []string{filepath.ToSlash(dir)},
		Top:   filepath.ToSlash(top),
		Flags: linter.Flags{Only: l.enabled},
		Now:   time.Now(),
	})
	if err != nil {
		return nil, err
	}
	for _, f := range result.Failures {
		logger.Warn(fmt.Sprintf("%s: %s", f.Range, f.Message))
	}
	return result.Findings, nil
}

// repository is the nearest directory with .git, which confines reading; the directory itself without one.
func repository(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}

// overlay shows the module's sources as tflint has them, which differ from the disk while it fixes, and all else from the disk.
type overlay struct {
	*module.Disk
	dir   string
	files map[string][]byte
}

// ReadFile reads a file.
func (o *overlay) ReadFile(name string, limit int64) ([]byte, error) {
	if text, ok := o.files[path.Clean(name)]; ok && int64(len(text)) <= limit {
		return text, nil
	}
	return o.Disk.ReadFile(name, limit)
}

// ReadDir lists a directory.
func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := o.Disk.ReadDir(name)
	if path.Clean(name) != o.dir || err != nil {
		return entries, err
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		source, _ := module.SourceName(e.Name())
		return source && !e.IsDir()
	})
	for file := range o.files {
		if path.Dir(file) == o.dir {
			entries = append(entries, sourceEntry(path.Base(file)))
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// sourceEntry is a file of the overlay in a listing.
type sourceEntry string

// Name is the file's base name.
func (e sourceEntry) Name() string { return string(e) }

// IsDir is false: the overlay holds files only.
func (e sourceEntry) IsDir() bool { return false }

// Type is that of a regular file.
func (e sourceEntry) Type() fs.FileMode { return 0 }

// Info fails: the content is tflint's, not a file's.
func (e sourceEntry) Info() (fs.FileInfo, error) {
	return nil, fmt.Errorf("%s is not on disk: %w", string(e), fs.ErrNotExist)
}
