// Package revision reads the files of an earlier git revision. In goes a work tree and the name of a revision, out comes what
// module.Files gives for the work tree itself.
package revision

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Files are the files of a revision, read from git's object store through one `git cat-file` process. No shell, no hooks, no filters and
// no network take part: cat-file reads objects, and fetching missing ones is turned off.
type Files struct {
	top  string // absolute directory of the work tree
	abs  func(string) string
	tree map[string]string   // path from top to blob name
	dirs map[string][]string // directory to the names in it
	mu   sync.Mutex
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

func gitCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false", "-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	return cmd
}

func gitOutput(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := gitCommand(ctx, dir, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if msg := strings.TrimSpace(stderr.String()); msg != "" {
			return "", fmt.Errorf("git %s: %s", args[0], strings.SplitN(msg, "\n", 2)[0])
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(out), nil
}

// Open lists a revision of the repository that dir belongs to.
func Open(ctx context.Context, dir, rev string, abs func(string) string) (*Files, error) {
	if strings.HasPrefix(rev, "-") {
		return nil, fmt.Errorf("revision %q: must not start with a dash", rev)
	}
	top, err := gitOutput(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	commit, err := gitOutput(ctx, dir, "rev-parse", "--verify", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("revision %q: %w (a shallow clone may not have it)", rev, err)
	}
	list, err := gitOutput(ctx, dir, "ls-tree", "-r", "-z", "--full-tree", strings.TrimSpace(commit))
	if err != nil {
		return nil, err
	}
	g := &Files{top: filepath.ToSlash(strings.TrimSpace(top)), abs: abs, tree: map[string]string{}, dirs: map[string][]string{}}
	for _, line := range strings.Split(list, "\x00") {
		meta, name, ok := strings.Cut(line, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 3 || f[1] != "blob" || f[0] == "120000" {
			continue
		}
		g.tree[name] = f[2]
		for child := name; child != "."; child = path.Dir(child) {
			d := path.Dir(child)
			known := g.dirs[d]
			if slices.Contains(known, path.Base(child)) {
				break
			}
			g.dirs[d] = append(known, path.Base(child))
		}
	}
	for _, names := range g.dirs {
		slices.Sort(names)
	}
	g.cmd = gitCommand(ctx, dir, "cat-file", "--batch")
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	g.out = bufio.NewReader(out)
	g.cmd.WaitDelay = 5 * time.Second
	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	return g, nil
}

// Close ends the git process.
func (g *Files) Close() error {
	if err := g.in.Close(); err != nil {
		return err
	}
	return g.cmd.Wait()
}

func (g *Files) rel(name string) (string, bool) {
	abs := g.abs(name)
	if abs == g.top {
		return ".", true
	}
	return strings.TrimPrefix(abs, g.top+"/"), strings.HasPrefix(abs, g.top+"/")
}

// Abs gives the absolute form of a shown path.
func (g *Files) Abs(name string) string { return g.abs(name) }

// ReadFile reads a file as it was in the revision.
func (g *Files) ReadFile(name string, limit int64) ([]byte, error) {
	rel, ok := g.rel(name)
	blob := g.tree[rel]
	if !ok || blob == "" {
		return nil, fmt.Errorf("read %s in the base revision: %w", name, fs.ErrNotExist)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := io.WriteString(g.in, blob+"\n"); err != nil {
		return nil, fmt.Errorf("ask git for %s: %w", name, err)
	}
	head, err := g.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("read %s from git: %w", name, err)
	}
	f := strings.Fields(head)
	if len(f) != 3 {
		return nil, fmt.Errorf("read %s from git: %s", name, strings.TrimSpace(head))
	}
	n, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read %s from git: %w", name, err)
	}
	if n > limit {
		if _, err := io.CopyN(io.Discard, g.out, n+1); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("read %s in the base revision: %d bytes, the limit is %d", name, n, limit)
	}
	b := make([]byte, n+1) // a newline follows
	if _, err := io.ReadFull(g.out, b); err != nil {
		return nil, fmt.Errorf("read %s from git: %w", name, err)
	}
	return b[:n], nil
}

// ReadDir lists a directory as it was in the revision.
func (g *Files) ReadDir(name string) ([]fs.DirEntry, error) {
	rel, ok := g.rel(name)
	names, found := g.dirs[rel]
	if !ok || !found {
		return nil, fmt.Errorf("read directory %s in the base revision: %w", name, fs.ErrNotExist)
	}
	out := make([]fs.DirEntry, len(names))
	for i, n := range names {
		_, dir := g.dirs[path.Join(rel, n)]
		out[i] = gitEntry{name: n, dir: dir}
	}
	return out, nil
}

type gitEntry struct {
	name string
	dir  bool
}

func (e gitEntry) Name() string { return e.name }
func (e gitEntry) IsDir() bool  { return e.dir }
func (e gitEntry) Type() fs.FileMode {
	if e.dir {
		return fs.ModeDir
	}
	return 0
}
func (e gitEntry) Info() (fs.FileInfo, error) {
	return nil, errors.New("git entries have no file information")
}

// Changed compares a file of the work tree with the revision by its blob name, line ends aside.
func (g *Files) Changed(name string, now module.Files) (bool, error) {
	rel, ok := g.rel(name)
	if !ok {
		return false, fmt.Errorf("%s is not in the repository", name)
	}
	blob := g.tree[rel]
	text, err := now.ReadFile(name, module.MaxSource)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return blob != "", nil
	case err != nil:
		return false, err
	case blob == "":
		return true, nil
	}
	if blobName(text, len(blob)) == blob {
		return false, nil
	}
	return blobName(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), len(blob)) != blob, nil
}

func blobName(text []byte, hexDigits int) string {
	head := fmt.Sprintf("blob %d\x00", len(text))
	if hexDigits == 64 {
		sum := sha256.Sum256(append([]byte(head), text...))
		return hex.EncodeToString(sum[:])
	}
	sum := sha1.Sum(append([]byte(head), text...))
	return hex.EncodeToString(sum[:])
}
