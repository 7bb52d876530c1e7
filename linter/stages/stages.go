// Package stages knows numbered stages: which folders they are, what they read of each other, and the shapes of what they offer. In go the tree
// of a run and evaluated modules, out come stages, reads and offers; what is wrong with them is for the rules to say.
package stages

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Stage is a numbered folder: terraform/3_data.
type Stage struct {
	Number int
	// folder is the folder's name, dir its shown path.
	Folder, Dir string
	// empty folders hold no Terraform files.
	Empty bool
}

// stageFolder takes up to three digits: a longer number is a date, not a place in a sequence.
var stageFolder = regexp.MustCompile(`^([0-9]{1,3})_([A-Za-z0-9][A-Za-z0-9_-]*)$`)

func parseStage(folder string) (Stage, bool) {
	m := stageFolder.FindStringSubmatch(folder)
	if m == nil {
		return Stage{}, false
	}
	n, err := strconv.Atoi(m[1])
	return Stage{Number: n, Folder: folder}, err == nil
}

// Of reads a root module's directory as a stage.
func Of(t *linter.Tree, dir string) (Stage, bool) {
	s, ok := parseStage(path.Base(t.Abs(dir)))
	s.Dir = dir
	return s, ok
}

// Above is the shown directory that holds a shown directory.
func Above(dir string) string {
	if dir == "." || dir == ".." || strings.HasSuffix(dir, "/..") {
		return path.Join(dir, "..")
	}
	return path.Dir(dir)
}

// In lists the stages of a stages root by number, then name; none when it cannot be read.
func In(t *linter.Tree, root string) []Stage {
	entries, err := t.ReadDir(root)
	if err != nil {
		return nil
	}
	var out []Stage
	for _, e := range entries {
		s, ok := parseStage(e.Name())
		if !ok || !e.IsDir() {
			continue
		}
		s.Dir, s.Empty = path.Join(root, e.Name()), true
		files, err := t.ReadDir(s.Dir)
		for _, f := range files {
			if source, _ := module.SourceName(f.Name()); source && !f.IsDir() {
				s.Empty = false
			}
		}
		if err == nil {
			out = append(out, s)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Number < out[j].Number })
	return out
}

// Roots lists the directories that hold stages among the linted root modules, sorted.
func Roots(t *linter.Tree) []string {
	seen := map[string]bool{}
	for _, dir := range t.Roots {
		if _, ok := Of(t, dir); ok {
			seen[Above(dir)] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Place is where findings about a stage stand.
func Place(t *linter.Tree, s Stage) value.Locator {
	m, err := t.Module(s.Dir)
	if err != nil {
		return value.At(hcl.Range{Filename: s.Dir, Start: hcl.InitialPos, End: hcl.InitialPos})
	}
	return value.At(m.Place())
}

// Record is the root module's titanicml_stage, nil when it has none.
func Record(root *eval.Root) *eval.Resource {
	for _, r := range root.OfType("titanicml_stage") {
		return r
	}
	return nil
}

// DocsDir finds the documents of a stages root: the nearest folder of that name beside the stages or above them, else where it
// should be, which is beside the stages root as far as that may be read.
func DocsDir(t *linter.Tree, stages, name string) string {
	missing := path.Join(Above(stages), name)
	if _, err := t.ReadDir(Above(stages)); err != nil {
		missing = path.Join(stages, name)
	}
	for dir := stages; ; dir = Above(dir) {
		if _, err := t.ReadDir(dir); err != nil {
			return missing
		}
		if _, err := t.ReadDir(path.Join(dir, name)); err == nil {
			return path.Join(dir, name)
		}
		if t.Abs(dir) == t.Abs(Above(dir)) {
			return missing
		}
	}
}
