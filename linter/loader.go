package linter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// loader is what an evaluation reads through.
type loader struct {
	files module.Files
	cache *module.Cache

	mu        sync.Mutex
	installed map[string]map[string]string
}

// Module parses a directory that a module calls.
func (l *loader) Module(dir string) (*module.Module, error) { return l.cache.Module(dir) }

// Abs gives the absolute form of a shown path.
func (l *loader) Abs(name string) string { return l.files.Abs(name) }

// ReadFile reads a file for file() and its kin.
func (l *loader) ReadFile(name string) ([]byte, error) { return l.files.ReadFile(name, module.MaxText) }

// maxGlob bounds the entries that fileset looks at.
const maxGlob = 50_000

// Glob lists the files below dir that match, as Terraform's fileset does. Symbolic links to directories are not followed.
func (l *loader) Glob(dir, pattern string) ([]string, error) {
	if !doublestar.ValidatePattern(pattern) {
		return nil, fmt.Errorf("pattern %q is malformed", pattern)
	}
	var out []string
	seen := 0
	var walk func(rel string, depth int) error
	walk = func(rel string, depth int) error {
		entries, err := l.files.ReadDir(path.Join(dir, rel))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if seen++; seen > maxGlob {
				return fmt.Errorf("more than %d files below %s", maxGlob, dir)
			}
			name := path.Join(rel, e.Name())
			switch {
			case e.IsDir() && depth < 64:
				if err := walk(name, depth+1); err != nil {
					return err
				}
			case !e.IsDir() && matchPath(pattern, name):
				out = append(out, name)
			}
		}
		return nil
	}
	err := walk("", 0)
	slices.Sort(out)
	return out, err
}

// Installed reads the manifest that terraform init leaves in the root module's directory.
func (l *loader) Installed(root string, call []string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.installed == nil {
		l.installed = map[string]map[string]string{}
	}
	dirs, ok := l.installed[root]
	if !ok {
		dirs = map[string]string{}
		if text, err := l.files.ReadFile(path.Join(root, ".terraform/modules/modules.json"), module.MaxText); err == nil {
			var manifest struct {
				Modules []struct{ Key, Dir string }
			}
			if json.Unmarshal(text, &manifest) == nil {
				for _, m := range manifest.Modules {
					dirs[m.Key] = m.Dir
				}
			}
		}
		l.installed[root] = dirs
	}
	dir, ok := dirs[strings.Join(call, ".")]
	return path.Join(root, dir), ok
}

// dirText is what discovery read of a directory, kept until the directory is parsed.
type dirText struct {
	entries []fs.DirEntry
	texts   map[string][]byte
}

// The run itself is the module.Files of its cache: it hands out what discovery has read, once.

// ReadFile reads a source file.
func (r *run) ReadFile(name string, limit int64) ([]byte, error) {
	r.mu.Lock()
	if d := r.texts[path.Dir(name)]; d != nil {
		if t, ok := d.texts[path.Base(name)]; ok {
			delete(d.texts, path.Base(name))
			r.mu.Unlock()
			return t, nil
		}
	}
	r.mu.Unlock()
	return r.files.ReadFile(name, limit)
}

// ReadDir lists a directory.
func (r *run) ReadDir(name string) ([]fs.DirEntry, error) {
	r.mu.Lock()
	d := r.texts[name]
	r.mu.Unlock()
	if d != nil {
		return d.entries, nil
	}
	return r.files.ReadDir(name)
}

// absent reports that discovery has listed the directory and not seen the file.
func (r *run) absent(name string) bool {
	r.mu.Lock()
	d := r.texts[path.Dir(name)]
	r.mu.Unlock()
	return d != nil && !slices.ContainsFunc(d.entries, func(e fs.DirEntry) bool { return e.Name() == path.Base(name) })
}

// Abs gives the absolute form of a shown path.
func (r *run) Abs(name string) string { return r.files.Abs(name) }

// loadRoot parses a root module without keeping it, unless others call it.
func (r *run) loadRoot(dir string) (*module.Module, error) {
	return r.cache.Load(dir)
}

// variables gathers a root module's settings in Terraform's order: later ones win.
func (r *run) variables(src *module.Module) (map[string]value.Value, []Failure) {
	return r.variablesFrom(r, src, r.o.VarFiles)
}

func (r *run) variablesFrom(files module.Files, src *module.Module, varFiles []string) (map[string]value.Value, []Failure) {
	vars := map[string]value.Value{}
	var failures []Failure
	entries, err := files.ReadDir(src.Dir)
	if err != nil {
		return vars, []Failure{{Message: err.Error()}}
	}
	var first, auto []string
	for _, e := range entries {
		switch n := e.Name(); {
		case n == "terraform.tfvars" || n == "terraform.tfvars.json":
			first = append(first, path.Join(src.Dir, n))
		case strings.HasSuffix(n, ".auto.tfvars") || strings.HasSuffix(n, ".auto.tfvars.json"):
			auto = append(auto, path.Join(src.Dir, n))
		}
	}
	for i, name := range slices.Concat(first, auto, varFiles) {
		text, err := files.ReadFile(name, module.MaxSource)
		if err != nil {
			failures = append(failures, Failure{Message: err.Error()})
			continue
		}
		values, diags := eval.VarsFile(name, text)
		for _, d := range diags {
			failures = append(failures, failureOf(d))
		}
		for k, v := range values {
			if i >= len(first)+len(auto) && src.Variables[k] == nil {
				continue
			}
			vars[k] = v
		}
	}
	for _, s := range r.o.Vars {
		name, text, _ := strings.Cut(s, "=")
		decl := src.Variables[name]
		if decl == nil {
			continue
		}
		v, err := eval.VarFlag(decl, text)
		if err != nil {
			failures = append(failures, Failure{Message: fmt.Sprintf("--var %s: %v", name, err)})
			continue
		}
		vars[name] = v
	}
	return vars, failures
}

// rootWith evaluates a root module from files with the variable files of the same side.
func (r *run) rootWith(files module.Files, dir string, varFiles []string) (*eval.Root, error) {
	cache := module.NewCache(files)
	src, err := cache.Load(dir)
	if errors.Is(err, module.ErrNoModule) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	vars, _ := r.variablesFrom(files, src, varFiles) // what is wrong with the files of today is reported when they are linted
	return eval.New(r.ctx, src, &loader{files: files, cache: cache}, eval.Options{Variables: vars, Workspace: r.o.Workspace}), nil
}

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

// snippet is the source lines of a range, at most three.
func snippet(text []byte, at hcl.Range) []string {
	var out []string
	last := min(at.End.Line, at.Start.Line+2)
	if at.End.Column == 1 && last == at.End.Line && last > at.Start.Line {
		last--
	}
	line := 1
	if b := at.Start.Byte; b > 0 && b <= len(text) {
		if from := bytes.LastIndexByte(text[:b], '\n') + 1; at.Start.Column > 1 || from == b {
			text, line = text[from:], at.Start.Line
		}
	}
	for ; line <= last && len(text) > 0; line++ {
		row, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		if line >= at.Start.Line {
			if len(row) > 400 {
				row = row[:400]
			}
			out = append(out, strings.ToValidUTF8(strings.TrimSuffix(string(row), "\r"), "\uFFFD"))
		}
	}
	return out
}
