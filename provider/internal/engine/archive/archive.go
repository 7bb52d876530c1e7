// Package archive packs and unpacks the tar.gz files of models and outputs. In goes a directory or an archive from outside, out comes an archive
// whose bytes depend on content only, or a directory that nothing has left; what exceeds the limits is refused.
package archive

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Pack writes the files under dir as a tar.gz whose bytes depend only on names, modes and
// content: sorted, without times or owners. A symbolic link to a file inside dir becomes that file;
// a link that leaves dir, or leads to a directory, is refused. An empty directory gives a valid
// empty archive.
func Pack(ctx context.Context, dir string, w io.Writer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("pack %s: %w", dir, err)
	}
	defer root.Close()
	var names []string
	err = fs.WalkDir(root.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && name != "." {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("pack %s: %w", dir, err)
	}
	slices.Sort(names)
	gz := gzip.NewWriter(w)
	tw := tar.NewWriter(gz)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := packEntry(ctx, root, tw, name); err != nil {
			return fmt.Errorf("pack %s: %w", filepath.Join(dir, name), err)
		}
	}
	return errors.Join(tw.Close(), gz.Close())
}

func packEntry(ctx context.Context, root *os.Root, tw *tar.Writer, name string) error {
	link, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if link.IsDir() {
		return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
	}
	info, err := root.Stat(name) // through links, but not out of dir
	if err != nil {
		return fmt.Errorf("the link leaves the directory or leads nowhere: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is neither a file nor a directory (%s); only those can be kept", info.Mode().Type())
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	mode := int64(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: mode}); err != nil {
		return err
	}
	if _, err := io.Copy(tw, contextReader{ctx, io.LimitReader(f, info.Size())}); err != nil {
		return err
	}
	return nil
}

// Limits bounds what Unpack accepts. Zero fields take the defaults of DefaultLimits.
type Limits struct {
	Bytes   int64 // sum of file sizes
	Entries int
}

// Bounds of one entry's name, which archive/tar takes up to a megabyte long: what Linux takes as a path, and directories below
// each other, each of which is made by calls of its own.
const (
	maxName  = 4096
	maxDepth = 64
)

// DefaultLimits are 5 GiB and 100,000 entries.
var DefaultLimits = Limits{Bytes: 5 << 30, Entries: 100_000}

// Unpack extracts a tar.gz into dir (made when missing). An entry that is absolute, leads out with
// "..", is a link, a device or a pipe, exceeds the limits, or is a file where another entry needs a
// directory ends it with an error that names the entry; nothing is ever written outside dir.
func Unpack(ctx context.Context, r io.Reader, dir string, limits Limits) error {
	if limits.Bytes <= 0 {
		limits.Bytes = DefaultLimits.Bytes
	}
	if limits.Entries <= 0 {
		limits.Entries = DefaultLimits.Entries
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer root.Close()
	gz, err := gzip.NewReader(bufio.NewReader(contextReader{ctx, r}))
	if err != nil {
		return fmt.Errorf("unpack: the archive is not a gzip file: %w", readError(err))
	}
	tr := tar.NewReader(gz)
	u := unpacker{root: root, limits: limits}
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("unpack: after %d entries the archive is corrupt: %w", u.entries, readError(err))
		}
		if err := u.entry(h, tr); err != nil {
			return fmt.Errorf("unpack: entry %.200q: %w", h.Name, err)
		}
	}
	// The gzip checksum stands after the tar's end; a little padding before it is usual, more
	// would be a bomb.
	if n, err := io.CopyN(io.Discard, gz, 1<<20); err != io.EOF {
		if err == nil {
			return fmt.Errorf("unpack: more than %d bytes follow the end of the archive", n)
		}
		return fmt.Errorf("unpack: the archive is corrupt at its end: %w", readError(err))
	}
	return nil
}

// readError gives the readers' terse ends a meaning.
func readError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("it ends too early, as if the upload was cut")
	case errors.Is(err, gzip.ErrChecksum):
		return errors.New("its checksum does not match its content")
	}
	return err
}

type unpacker struct {
	root    *os.Root
	limits  Limits
	entries int
	bytes   int64
}

func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	if u.entries++; u.entries > u.limits.Entries {
		return fmt.Errorf("the archive has more than %d entries", u.limits.Entries)
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeSymlink, tar.TypeLink:
		return fmt.Errorf("it is a link to %q; links are refused, pack the files themselves", h.Linkname)
	default:
		return fmt.Errorf("its type %q is neither a file nor a directory", h.Typeflag)
	}
	if len(h.Name) > maxName || strings.Count(h.Name, "/") > maxDepth {
		return fmt.Errorf("its name has %d bytes in %d directories, at most %d in %d are unpacked", len(h.Name), strings.Count(h.Name, "/"), maxName, maxDepth)
	}
	if strings.ContainsAny(h.Name, "\x00\\") {
		return errors.New("its name has a character that no file name may have here")
	}
	if path.IsAbs(h.Name) {
		return errors.New("its name is absolute")
	}
	name := path.Clean(h.Name)
	if !filepath.IsLocal(name) || slices.Contains(strings.Split(h.Name, "/"), "..") {
		return errors.New("its name leads out of the directory")
	}
	if h.Typeflag == tar.TypeDir {
		return u.root.MkdirAll(name, 0o755)
	}
	if name == "." {
		return errors.New("a file needs a name")
	}
	if h.Size > u.limits.Bytes-u.bytes {
		return fmt.Errorf("the archive unpacks to more than %d bytes", u.limits.Bytes)
	}
	u.bytes += h.Size
	if err := u.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if h.Mode&0o111 != 0 {
		mode = 0o755
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return errors.Join(readError(err), f.Close())
	}
	return f.Close()
}

// contextReader ends a copy when its context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
