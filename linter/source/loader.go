package source

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Loader is what an evaluation reads through.
type Loader struct {
	files module.Files
	cache *module.Cache

	mu        sync.Mutex
	installed map[string]map[string]string
}

// NewLoader reads files, and modules through the cache.
func NewLoader(files module.Files, cache *module.Cache) *Loader {
	return &Loader{files: files, cache: cache}
}

// Module parses a directory that a module calls.
func (l *Loader) Module(dir string) (*module.Module, error) { return l.cache.Module(dir) }

// Abs gives the absolute form of a shown path.
func (l *Loader) Abs(name string) string { return l.files.Abs(name) }

// ReadFile reads a file for file() and its kin.
func (l *Loader) ReadFile(name string) ([]byte, error) { return l.files.ReadFile(name, module.MaxText) }

// maxGlob bounds the entries that fileset looks at.
const maxGlob = 50_000

// Glob lists the files below dir that match, as Terraform's fileset does. Symbolic links to directories are not followed.
func (l *Loader) Glob(dir, pattern string) ([]string, error) {
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
			case !e.IsDir() && match.Path(pattern, name):
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
func (l *Loader) Installed(root string, call []string) (string, bool) {
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
