// Package datadir holds what the engine keeps at the top of its data directory and every
// process that meets there must agree on: the lock file that names the one living engine,
// and images.json, the mapping from image names to local commands.
//
// In goes a data directory's path; out come locks, the holder's identity, and image mappings.
// It imports nothing else of the engine, so that both the engine and its launcher can use it.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Names of the files and folders at the top of a data directory.
const (
	LockFile   = "engine.lock"
	DBFile     = "engine.db"
	LogFile    = "engine.log"
	ImagesFile = "images.json"
	S3Dir      = "s3"
	JobsDir    = "jobs"
	Endpoints  = "endpoints"
)

// Prepare returns dir as an absolute path with its symbolic links resolved, after making the
// directory. Two spellings of one directory thereby meet at one lock. The directory is private
// to its user, because jobs' data and logs lie in it.
func Prepare(dir string) (string, error) {
	if dir == "" {
		return "", fmt.Errorf("data directory: got an empty path")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", dir, err)
	}
	return real, nil
}

// Resolve is Prepare without making anything: a path that does not exist yet is only made
// absolute.
func Resolve(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", dir, err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	return abs, nil
}

// Explain says what to do about a data directory that cannot be used; other errors pass unchanged.
func Explain(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the engine needs to write in its data directory %s; make it writable or choose another data_dir: %w", dir, err)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("the engine's data directory %s is a file, or lies below one; choose another data_dir: %w", dir, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk that holds the engine's data directory %s is full; free some space: %w", dir, err)
	}
	return err
}

// writeAtomic replaces path by data so that a reader or a crash sees the old content or the
// new one, never a part.
func writeAtomic(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails harmlessly once renamed
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
