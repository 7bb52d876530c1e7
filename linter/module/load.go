package module

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// ErrNoModule says that a directory holds no Terraform files.
var ErrNoModule = errors.New("no Terraform files")

// SourceName reports whether a file name is one that Terraform or OpenTofu reads, and whether it is JSON.
func SourceName(name string) (source, json bool) {
	if name == "" || name[0] == '.' || strings.HasSuffix(name, "~") || name[0] == '#' && strings.HasSuffix(name, "#") {
		return false, false
	}
	switch {
	case strings.HasSuffix(name, ".tf"), strings.HasSuffix(name, ".tofu"):
		return true, false
	case strings.HasSuffix(name, ".tf.json"), strings.HasSuffix(name, ".tofu.json"):
		return true, true
	}
	return false, false
}

func stem(name string) string {
	for _, ext := range []string{".tf", ".tofu", ".tf.json", ".tofu.json"} {
		if s, ok := strings.CutSuffix(name, ext); ok && !strings.HasSuffix(s, ".tf") && !strings.HasSuffix(s, ".tofu") {
			return s
		}
	}
	return name
}

// sources picks the source files of a listing: a .tofu file stands in for the .tf file of the same name, overrides come last.
func sources(entries []fs.DirEntry) []string {
	tofu := map[string]bool{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tofu") || strings.HasSuffix(e.Name(), ".tofu.json") {
			tofu[strings.Replace(e.Name(), ".tofu", ".tf", 1)] = true
		}
	}
	var names, overrides []string
	for _, e := range entries {
		if ok, _ := SourceName(e.Name()); !ok || e.IsDir() || tofu[e.Name()] {
			continue
		}
		if s := stem(e.Name()); s == "override" || strings.HasSuffix(s, "_override") {
			overrides = append(overrides, e.Name())
		} else {
			names = append(names, e.Name())
		}
	}
	return append(names, overrides...)
}

// Cache parses each directory once, however many modules call it. It is safe for concurrent use.
type Cache struct {
	files Files
	mu    sync.Mutex
	dirs  map[string]*entry
	stats Stats
}

// Stats counts the work done.
type Stats struct{ Modules, Files, Bytes, Lines int }

type entry struct {
	once sync.Once
	mod  *Module
	err  error
}

// NewCache reads modules from files.
func NewCache(files Files) *Cache { return &Cache{files: files, dirs: map[string]*entry{}} }

// Module parses a directory, or returns what was parsed before. Syntax errors are in Module.Diags; the error is for a
// directory that cannot be read or holds no sources.
func (c *Cache) Module(dir string) (*Module, error) {
	dir = path.Clean(dir)
	c.mu.Lock()
	e := c.dirs[dir]
	if e == nil {
		e = &entry{}
		c.dirs[dir] = e
	}
	c.mu.Unlock()
	e.once.Do(func() {
		e.err = fmt.Errorf("%s could not be parsed", dir) // for the others who wait, should it panic
		e.mod, e.err = c.Load(dir)
	})
	return e.mod, e.err
}

// Load parses a directory without keeping it.
func (c *Cache) Load(dir string) (*Module, error) {
	entries, err := c.files.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := sources(entries)
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoModule)
	}
	b := newBuilder(dir)
	for _, name := range names {
		p := path.Join(dir, name)
		text, err := c.files.ReadFile(p, MaxSource)
		if err != nil {
			b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: err.Error(),
				Subject: &hcl.Range{Filename: p, Start: hcl.InitialPos, End: hcl.InitialPos}})
			continue
		}
		n := marks(text)
		if b.marks+n > maxMarks {
			b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf("%s has too many tokens to be linted", dir),
				Subject: &hcl.Range{Filename: p, Start: hcl.InitialPos, End: hcl.InitialPos}})
			continue
		}
		b.marks += n
		b.file(Parse(p, text))
		c.count(text)
	}
	m := b.finish()
	c.mu.Lock()
	c.stats.Modules++
	c.mu.Unlock()
	return m, nil
}

func (c *Cache) count(text []byte) {
	c.mu.Lock()
	c.stats.Files++
	c.stats.Bytes += len(text)
	c.stats.Lines += bytes.Count(text, []byte("\n"))
	c.mu.Unlock()
}

// Has reports whether Module was asked for the directory.
func (c *Cache) Has(dir string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dirs[path.Clean(dir)] != nil
}

// Stats returns the work done so far.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}
