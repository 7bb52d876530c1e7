package linter

import (
	"io/fs"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/revision"
)

// Tree is the whole run: the directories that were linted and the files beside them. Paths are those shown in findings:
// relative to the working directory, with slashes. Reading is confined to the root directory.
type Tree struct {
	// Facts are what the rule kept of each root module, by directory; set in PerTree only.
	Facts []Fact
	// Roots are the root modules' directories, sorted. Start are the directories the run was asked for.
	Roots, Start []string

	files   module.Files
	modules *module.Cache
	base    *Base
}

// ReadFile reads a file of at most 4 MiB.
func (t *Tree) ReadFile(name string) ([]byte, error) { return t.files.ReadFile(name, module.MaxText) }

// ReadDir lists a directory, sorted by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) { return t.files.ReadDir(name) }

// Abs gives the absolute form of a shown path: the name of a directory that is shown as "." is not in it.
func (t *Tree) Abs(name string) string { return t.files.Abs(name) }

// Module parses a directory, as it is called by a module or read by a stage.
func (t *Tree) Module(dir string) (*module.Module, error) { return t.modules.Module(dir) }

// Base is the revision of --diff-base, nil without the flag: rules that need it do nothing then.
func (t *Tree) Base() *Base { return t.base }

// Files is what a run reads through: one directory and nothing outside it.
type Files interface {
	module.Files
	// Root is the absolute directory that confines reading.
	Root() string
}

// Base is the earlier revision that a change is compared with.
type Base struct {
	// Name is the revision as given.
	Name  string
	files *revision.Files
	run   *run
}

// ReadFile reads a file as it was; fs.ErrNotExist when it was not there.
func (b *Base) ReadFile(name string) ([]byte, error) { return b.files.ReadFile(name, module.MaxText) }

// ReadDir lists a directory as it was.
func (b *Base) ReadDir(name string) ([]fs.DirEntry, error) { return b.files.ReadDir(name) }

// Changed reports whether a file differs from the revision, or exists only on one side.
func (b *Base) Changed(name string) (bool, error) { return b.files.Changed(name, b.run.files) }

// Root evaluates a root module as it was, with the variables of its own files and the same flags; nil when the directory held
// none.
func (b *Base) Root(dir string) (*eval.Root, error) {
	return b.run.settings.Root(b.run.ctx, b.files, dir)
}

// With evaluates a root module as it was and as it is, each with its own version of further variable files; what a file does
// not have on one side is not set there. A side is nil when the directory held no module.
func (b *Base) With(dir string, varFiles ...string) (then, now *eval.Root, err error) {
	s := b.run.settings
	s.VarFiles = slices.Concat(s.VarFiles, varFiles)
	if then, err = s.Root(b.run.ctx, b.files, dir); err != nil {
		return nil, nil, err
	}
	now, err = s.Root(b.run.ctx, b.run.found, dir)
	return then, now, err
}
