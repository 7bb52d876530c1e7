// Package stage keeps the ledger of numbered Terraform stages: what was applied,
// from which sources, with which evidence.
//
// In: a stage's directory and document on this machine, and the ledger in S3.
// Out: a digest of the sources that decides whether a recorded entry is current,
// and the entries themselves.
package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// lockFile pins the providers of a stage, and so belongs to its sources.
const lockFile = ".terraform.lock.hcl"

// Bounds on what is read: a stage is configuration, not data.
const (
	maxFiles     = 5_000
	maxFileBytes = 8 << 20
)

// Sources are the files that make a stage what it is.
type Sources struct {
	// SHA256 over names and contents, lower-case hex.
	SHA256 string
	// Files relative to the stage's directory, sorted, with slashes.
	Files []string
}

// Digest reads the sources of a stage: its .tf and .tf.json files, templates,
// lock file, and the same of every local module it calls, directly or not.
// Variable values, state and documents are not sources: the same stage is
// applied to several environments.
func Digest(dir string) (Sources, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return Sources{}, fmt.Errorf("reading stage %s: %w", dir, err)
	}
	c := collector{root: root, files: map[string]string{}, modules: map[string]bool{}}
	if err := c.module(root); err != nil {
		return Sources{}, fmt.Errorf("reading stage %s: %w", dir, err)
	}
	if err := c.add(filepath.Join(root, lockFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Sources{}, fmt.Errorf("reading stage %s: %w", dir, err)
	}
	if c.configurations == 0 {
		return Sources{}, fmt.Errorf("reading stage %s: there is no .tf file in it", dir)
	}
	s := Sources{}
	for name := range c.files {
		s.Files = append(s.Files, name)
	}
	slices.Sort(s.Files)
	h := sha256.New()
	for _, name := range s.Files {
		fmt.Fprintf(h, "%s %s\n", c.files[name], name)
	}
	s.SHA256 = hex.EncodeToString(h.Sum(nil))
	return s, nil
}

type collector struct {
	root           string
	files          map[string]string // name to content digest
	modules        map[string]bool
	configurations int
}

// module adds one directory's configuration and templates, then its local modules.
func (c *collector) module(dir string) error {
	if c.modules[dir] {
		return nil
	}
	c.modules[dir] = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	parser := hclparse.NewParser()
	for _, e := range entries {
		file := filepath.Join(dir, e.Name())
		if e.IsDir() || !isConfiguration(e.Name()) {
			continue
		}
		c.configurations++
		if err := c.add(file); err != nil {
			return err
		}
		for _, called := range localModules(parser, file) {
			if err := c.module(filepath.Join(dir, called)); err != nil {
				return fmt.Errorf("module %q called in %s: %w", called, c.name(file), err)
			}
		}
	}
	return c.templates(dir)
}

func isConfiguration(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json")
}

func isTemplate(name string) bool {
	switch filepath.Ext(name) {
	case ".tftpl", ".tpl", ".tmpl":
		return true
	}
	return false
}

// templates adds the templates below a module, but not those of hidden folders
// such as .terraform.
func (c *collector) templates(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != dir && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case e.IsDir() || !isTemplate(e.Name()):
			return nil
		}
		return c.add(path)
	})
}

func (c *collector) name(file string) string {
	rel, err := filepath.Rel(c.root, file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}

func (c *collector) add(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return err
	}
	if n > maxFileBytes {
		return fmt.Errorf("%s is larger than %d MiB", c.name(file), maxFileBytes>>20)
	}
	if c.files[c.name(file)] = hex.EncodeToString(h.Sum(nil)); len(c.files) > maxFiles {
		return fmt.Errorf("more than %d source files", maxFiles)
	}
	return nil
}

// localModules are the sources of module calls that name a directory. A file that
// does not parse calls none; Terraform itself refuses it.
func localModules(parser *hclparse.Parser, file string) []string {
	parse := parser.ParseHCLFile
	if strings.HasSuffix(file, ".json") {
		parse = parser.ParseJSONFile
	}
	parsed, _ := parse(file)
	if parsed == nil {
		return nil
	}
	content, _, _ := parsed.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "module", LabelNames: []string{"name"}}}})
	var called []string
	for _, block := range content.Blocks {
		inner, _, _ := block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}})
		source, ok := inner.Attributes["source"]
		if !ok {
			continue
		}
		v, diags := source.Expr.Value(nil)
		if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type().FriendlyName() != "string" {
			continue
		}
		if s := v.AsString(); strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") {
			called = append(called, filepath.FromSlash(s))
		}
	}
	return called
}

// Neighbour finds the directory of another stage beside this one: `../<number>_*`.
// It is "" when there is none.
func Neighbour(dir string, number int64) (string, error) {
	parent, err := filepath.Abs(filepath.Join(dir, ".."))
	if err != nil {
		return "", fmt.Errorf("looking for stage %d beside %s: %w", number, dir, err)
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return "", fmt.Errorf("looking for stage %d beside %s: %w", number, dir, err)
	}
	var found []string
	for _, e := range entries {
		head, _, ok := strings.Cut(e.Name(), "_")
		n, err := strconv.ParseInt(head, 10, 64)
		if ok && err == nil && n == number && e.IsDir() {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return filepath.Join(parent, found[0]), nil
	}
	return "", fmt.Errorf("stage %d is ambiguous: %s are beside %s; a number names one stage", number, strings.Join(found, " and "), dir)
}
