// Package source finds the root modules below directories, and gives an evaluation what it reads: modules, files, variables. In go directories
// and a module.Files that confines reading, out come roots and values.
package source

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"golang.org/x/sync/errgroup"
)

// maxHeld bounds the source text that discovery keeps for the parser; beyond it files are read a second time.
const maxHeld = 128 << 20

// Discovery finds root modules. It is a module.Files itself: what it has read to tell roots from called modules it hands out once, so that
// the parser does not read it again.
type Discovery struct {
	ctx    context.Context
	files  module.Files
	failed func(error)

	mu   sync.Mutex
	dirs map[string]*dirText // those with sources
}

// dirText is what was read of a directory, kept until the directory is parsed.
type dirText struct {
	entries []fs.DirEntry
	texts   map[string][]byte
}

// NewDiscovery reads through files; failed hears of what cannot be read, from any goroutine.
func NewDiscovery(ctx context.Context, files module.Files, failed func(error)) *Discovery {
	return &Discovery{ctx: ctx, files: files, failed: failed, dirs: map[string]*dirText{}}
}

// Roots lists the root modules below the directories, sorted: those that no other calls, as far as the texts tell without parsing.
func (d *Discovery) Roots(below []string, workers int) []string {
	var dirs []string
	for _, dir := range below {
		d.walk(path.Clean(dir), 0, &dirs)
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	called := d.scan(dirs, workers)
	return slices.DeleteFunc(dirs, func(dir string) bool { return called[dir] })
}

// Others lists the directories that looked called but were not seen: the call stood in a comment, or its callers call each other in a
// circle.
func (d *Discovery) Others(seen func(dir string) bool) []string {
	var out []string
	for dir := range d.dirs {
		if !seen(dir) {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out
}

// skipDir names the directories that hold no configuration of the project itself.
func skipDir(name string) bool { return strings.HasPrefix(name, ".") || name == "node_modules" }

func (d *Discovery) walk(dir string, depth int, dirs *[]string) {
	entries, err := d.files.ReadDir(dir)
	if err != nil {
		d.failed(err)
		return
	}
	if depth > 128 {
		d.failed(fmt.Errorf("directories nest deeper than 128 levels at %s", dir))
		return
	}
	holds := false
	for _, e := range entries {
		if e.IsDir() {
			if !skipDir(e.Name()) && d.ctx.Err() == nil {
				d.walk(path.Join(dir, e.Name()), depth+1, dirs)
			}
			continue
		}
		source, _ := module.SourceName(e.Name())
		holds = holds || source
	}
	if holds {
		*dirs = append(*dirs, dir)
		d.dirs[dir] = &dirText{entries: entries, texts: map[string][]byte{}}
	}
}

// scan reads the sources of all directories and collects which directories they may call.
func (d *Discovery) scan(dirs []string, workers int) map[string]bool {
	called := map[string]bool{}
	var mu sync.Mutex
	held := 0
	var group errgroup.Group
	group.SetLimit(workers)
	scanDir := func(dir string) {
		found := d.dirs[dir]
		var local []string
		size := 0
		var names []string
		for _, e := range found.entries {
			if ok, _ := module.SourceName(e.Name()); ok && !e.IsDir() {
				names = append(names, e.Name())
			}
		}
		take := func(name string, text []byte, err error) {
			if err != nil {
				return // the parser meets it again and reports it
			}
			local = append(local, localSources(text)...)
			found.texts[name] = text
			size += len(text)
		}
		if all, ok := d.files.(*module.Disk); ok && d.ctx.Err() == nil {
			if err := all.ReadAll(dir, names, module.MaxSource, take); err != nil {
				d.failed(err)
			}
		} else {
			for _, n := range names {
				text, err := d.files.ReadFile(path.Join(dir, n), module.MaxSource)
				take(n, text, err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if held += size; held > maxHeld {
			clear(found.texts)
		}
		for _, s := range local {
			if target := path.Join(dir, s); target != dir {
				called[target] = true
			}
		}
	}
	for _, dir := range dirs {
		group.Go(func() error { scanDir(dir); return nil })
	}
	_ = group.Wait() // no directory gives an error
	return called
}

// ReadFile reads a source file.
func (d *Discovery) ReadFile(name string, limit int64) ([]byte, error) {
	d.mu.Lock()
	if in := d.dirs[path.Dir(name)]; in != nil {
		if t, ok := in.texts[path.Base(name)]; ok {
			delete(in.texts, path.Base(name))
			d.mu.Unlock()
			return t, nil
		}
	}
	d.mu.Unlock()
	return d.files.ReadFile(name, limit)
}

// ReadDir lists a directory.
func (d *Discovery) ReadDir(name string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	in := d.dirs[name]
	d.mu.Unlock()
	if in != nil {
		return in.entries, nil
	}
	return d.files.ReadDir(name)
}

// Absent reports that discovery has listed the directory and not seen the file.
func (d *Discovery) Absent(name string) bool {
	d.mu.Lock()
	in := d.dirs[path.Dir(name)]
	d.mu.Unlock()
	return in != nil && !slices.ContainsFunc(in.entries, func(e fs.DirEntry) bool { return e.Name() == path.Base(name) })
}

// Abs gives the absolute form of a shown path.
func (d *Discovery) Abs(name string) string { return d.files.Abs(name) }

// localSources finds what may be the local sources of module blocks, without parsing: discovery needs to know which
// directories are called before it can tell which are roots. What it finds too much is linted at the end.
func localSources(text []byte) []string {
	var out []string
	for {
		i := bytes.Index(text, []byte("source"))
		if i < 0 {
			return out
		}
		text = text[i+len("source"):]
		rest := bytes.TrimLeft(text, "\" \t")
		if len(rest) == 0 || rest[0] != '=' && rest[0] != ':' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t")
		if len(rest) < 4 || rest[0] != '"' || rest[1] != '.' {
			continue
		}
		if end := bytes.IndexByte(rest[1:], '"'); end > 0 {
			s := string(rest[1 : end+1])
			if (&module.Call{Source: s}).Local() {
				out = append(out, s)
			}
		}
	}
}
