package rules

import (
	"fmt"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// stage is a numbered folder: terraform/3_data.
type stage struct {
	number int
	// folder is the folder's name, dir its shown path.
	folder, dir string
	// empty folders hold no Terraform files.
	empty bool
}

// stageFolder takes up to three digits: a longer number is a date, not a place in a sequence.
var stageFolder = regexp.MustCompile(`^([0-9]{1,3})_([A-Za-z0-9][A-Za-z0-9_-]*)$`)

func parseStage(folder string) (stage, bool) {
	m := stageFolder.FindStringSubmatch(folder)
	if m == nil {
		return stage{}, false
	}
	n, err := strconv.Atoi(m[1])
	return stage{number: n, folder: folder}, err == nil
}

// stageOf reads a root module's directory as a stage.
func stageOf(t *linter.Tree, dir string) (stage, bool) {
	s, ok := parseStage(path.Base(t.Abs(dir)))
	s.dir = dir
	return s, ok
}

// above is the shown directory that holds a shown directory.
func above(dir string) string {
	if dir == "." || dir == ".." || strings.HasSuffix(dir, "/..") {
		return path.Join(dir, "..")
	}
	return path.Dir(dir)
}

// stagesIn lists the stages of a stages root by number, then name; none when it cannot be read.
func stagesIn(t *linter.Tree, root string) []stage {
	entries, err := t.ReadDir(root)
	if err != nil {
		return nil
	}
	var out []stage
	for _, e := range entries {
		s, ok := parseStage(e.Name())
		if !ok || !e.IsDir() {
			continue
		}
		s.dir, s.empty = path.Join(root, e.Name()), true
		files, err := t.ReadDir(s.dir)
		for _, f := range files {
			if source, _ := module.SourceName(f.Name()); source && !f.IsDir() {
				s.empty = false
			}
		}
		if err == nil {
			out = append(out, s)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].number < out[j].number })
	return out
}

// stagesRoots lists the directories that hold stages among the linted root modules, sorted.
func stagesRoots(t *linter.Tree) []string {
	seen := map[string]bool{}
	for _, dir := range t.Roots {
		if _, ok := stageOf(t, dir); ok {
			seen[above(dir)] = true
		}
	}
	return sorted(seen)
}

// stagePlace is where findings about a stage stand.
func stagePlace(t *linter.Tree, s stage) value.Locator {
	m, err := t.Module(s.dir)
	if err != nil {
		return value.At(hcl.Range{Filename: s.dir, Start: hcl.InitialPos, End: hcl.InitialPos})
	}
	return value.At(m.Place())
}

// stageRecord is the root module's titanicml_stage, nil when it has none.
func stageRecord(root *eval.Root) *eval.Resource {
	for _, r := range root.OfType("titanicml_stage") {
		return r
	}
	return nil
}

// listed writes at most four items and how many more there are.
func listed(items []string) string {
	const most = 4
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// docsDir finds the documents of a stages root: the nearest folder of that name beside the stages or above them, else where it
// should be, which is beside the stages root as far as that may be read.
func docsDir(t *linter.Tree, stages, name string) string {
	missing := path.Join(above(stages), name)
	if _, err := t.ReadDir(above(stages)); err != nil {
		missing = path.Join(stages, name)
	}
	for dir := stages; ; dir = above(dir) {
		if _, err := t.ReadDir(dir); err != nil {
			return missing
		}
		if _, err := t.ReadDir(path.Join(dir, name)); err == nil {
			return path.Join(dir, name)
		}
		if t.Abs(dir) == t.Abs(above(dir)) {
			return missing
		}
	}
}
