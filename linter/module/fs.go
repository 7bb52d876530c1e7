package module

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Limits on what is read. A configuration file beyond MaxSource is reported, not parsed.
const (
	MaxSource = 8 << 20
	MaxText   = 4 << 20
)

// Files is where modules are read from: the disk, or a revision in git. Paths are those shown in findings, with slashes,
// relative to the working directory; absolute ones are accepted too.
type Files interface {
	// ReadFile reads a regular file of at most limit bytes.
	ReadFile(name string, limit int64) ([]byte, error)
	// ReadDir lists a directory, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Abs gives the absolute form of a path.
	Abs(name string) string
}

// Disk reads below one directory and nowhere else; symbolic links that leave it are refused.
type Disk struct {
	root    *os.Root
	rootAbs string
	cwd     string
}

// OpenDisk confines reading to root; shown paths are relative to cwd. Both must be absolute and without symbolic links.
func OpenDisk(root, cwd string) (*Disk, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("open root: %w", err)
	}
	return &Disk{root: r, rootAbs: root, cwd: cwd}, nil
}

// Close releases the directory handle.
func (d *Disk) Close() error { return d.root.Close() }

// Root is the absolute directory that confines reading.
func (d *Disk) Root() string { return d.rootAbs }

// ErrOutside says that a path leaves the root.
var ErrOutside = errors.New("outside the root directory, which nothing is read from (see --root)")

// Abs gives the absolute form of a shown path.
func (d *Disk) Abs(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(filepath.ToSlash(d.cwd), name)
}

func (d *Disk) rel(name string) (string, error) {
	abs := d.Abs(name)
	root := filepath.ToSlash(d.rootAbs)
	if abs == root {
		return ".", nil
	}
	if root == "/" {
		return abs[1:], nil
	}
	if !strings.HasPrefix(abs, root+"/") {
		return "", fmt.Errorf("%s is %w", name, ErrOutside)
	}
	return abs[len(root)+1:], nil
}

// ReadFile reads a regular file; a device, pipe or socket is refused before it could block.
func (d *Disk) ReadFile(name string, limit int64) ([]byte, error) {
	rel, err := d.rel(name)
	if err != nil {
		return nil, err
	}
	return readIn(d.root, rel, name, limit)
}

// ReadAll reads several files of one directory, which is cheaper than one at a time, and hands each to f.
func (d *Disk) ReadAll(dir string, names []string, limit int64, f func(name string, text []byte, err error)) error {
	rel, err := d.rel(dir)
	if err != nil {
		return err
	}
	at, err := d.root.OpenRoot(rel)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, plain(err))
	}
	defer at.Close()
	for _, n := range names {
		text, err := readIn(at, n, path.Join(dir, n), limit)
		if err != nil && d.isLink(path.Join(rel, n)) {
			text, err = readIn(d.root, path.Join(rel, n), path.Join(dir, n), limit) // it may lead elsewhere below the root
		}
		f(n, text, err)
	}
	return nil
}

func (d *Disk) isLink(rel string) bool {
	info, err := d.root.Lstat(rel)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// readIn opens without blocking, so that a pipe without a writer does not stop the run before it is recognized.
func readIn(root *os.Root, rel, name string, limit int64) ([]byte, error) {
	f, err := root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, plain(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, plain(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: not a regular file", name)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("read %s: %d bytes, the limit is %d", name, info.Size(), limit)
	}
	b := make([]byte, info.Size())
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, plain(err))
	}
	return b[:n], nil
}

// ReadDir lists a directory, sorted by name.
func (d *Disk) ReadDir(name string) ([]fs.DirEntry, error) {
	rel, err := d.rel(name)
	if err != nil {
		return nil, err
	}
	f, err := d.root.Open(rel)
	if err != nil {
		return nil, fmt.Errorf("read directory %s: %w", name, plain(err))
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("read directory %s: %w", name, plain(err))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// plain drops the path that the operating system's error repeats.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
