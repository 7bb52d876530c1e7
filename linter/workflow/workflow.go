// Package workflow reads the GitHub workflows of a repository into facts for rules: what triggers them, which jobs apply Terraform
// and where to, which environment and permissions a job declares, and which actions it uses. Input: the files below
// .github/workflows, and for what their commands mean, Makefiles and shell scripts beside them. Output: File values with
// positions. Nothing is executed; expressions stay text.
package workflow

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/rhysd/actionlint"
)

// Tree reads the repository's files by paths with slashes.
type Tree interface {
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
}

// Repository is what the workflows of one .github directory say.
type Repository struct {
	// Dir is the directory that holds .github.
	Dir   string
	Files []*File
	// Broken are the files in .github/workflows that are no YAML, which GitHub does not run.
	Broken []Broken

	tree     Tree
	makefile *makefile
	read     bool
	programs map[string]bool // by directory: whether a Go program speaks of Terraform
}

// Broken is a workflow that cannot be read.
type Broken struct {
	At hcl.Range
	// Problem is what the YAML parser says.
	Problem string
}

// File is one workflow.
type File struct {
	// Path as shown in findings; Base its last element.
	Path, Base string
	// Events are the names of the triggers.
	Events []string
	// On is where the triggers stand.
	On hcl.Range
	// Permissions of the workflow, nil when it declares none.
	Permissions *Permissions
	// Env are the workflow's environment variables.
	Env []Setting
	// Jobs in the order of the file.
	Jobs []*Job

	repo  *Repository
	lines []int // byte offset of each line
}

// Job is one job.
type Job struct {
	File *File
	ID   string
	At   hcl.Range
	// Needs are the jobs that come before, as written.
	Needs []string
	// Environment is the environment's name or expression; HasEnvironment whether one is declared.
	Environment    string
	HasEnvironment bool
	// Conditional: the job has an if.
	Conditional bool
	Permissions *Permissions
	Env         []Setting
	// Calls is the reusable workflow that the job calls, with its inputs.
	Calls  Use
	Inputs []Setting
	Steps  []Step
	// Images are those of the job's container and services, as docker:// names.
	Images []Use

	name, commands string
	matrix         []string
	expanded       bool
}

// Step is one step: a command or an action.
type Step struct {
	Run    string
	RunAt  hcl.Range
	Uses   Use
	Inputs []Setting
	Env    []Setting
	// Directory is the working directory.
	Directory string
}

// Use names an action or a workflow: owner/repo/path@ref, ./path or docker://image.
type Use struct {
	Name string
	At   hcl.Range
}

// Setting is a key with its value: an environment variable or an input.
type Setting struct {
	Key, Value string
	At         hcl.Range
}

// Permissions are what the job's token may do. All is "read-all", "write-all" or empty; then Scopes says.
type Permissions struct {
	All    string
	Scopes map[string]string
	At     hcl.Range
}

// Allows reports whether the token may write (or, by the name of the level, read) a scope.
func (p *Permissions) Allows(scope, level string) bool {
	return p != nil && (p.All == level+"-all" || p.All == "write-all" || p.Scopes[scope] == level || p.Scopes[scope] == "write")
}

// Load reads the workflows of dir/.github/workflows; nil when there are none. What is no workflow although it is YAML
// is left to actionlint.
func Load(tree Tree, dir string) *Repository {
	folder := path.Join(dir, ".github/workflows")
	entries, err := tree.ReadDir(folder)
	if err != nil {
		return nil
	}
	r := &Repository{Dir: dir, tree: tree, programs: map[string]bool{}}
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.IsDir() || ext != ".yml" && ext != ".yaml" {
			continue
		}
		name := path.Join(folder, e.Name())
		src, err := tree.ReadFile(name)
		if err != nil {
			continue
		}
		w, problems := actionlint.Parse(src)
		switch {
		case w != nil:
			r.Files = append(r.Files, newFile(r, name, src, w))
		case len(problems) > 0:
			pos := hcl.Pos{Line: max(problems[0].Line, 1), Column: max(problems[0].Column, 1)}
			r.Broken = append(r.Broken, Broken{hcl.Range{Filename: name, Start: pos, End: pos}, problems[0].Message})
		}
	}
	if len(r.Files)+len(r.Broken) == 0 {
		return nil
	}
	return r
}

// Find loads the workflows of every directory and its parents, down to the working directory.
func Find(tree Tree, dirs []string) []*Repository {
	seen := map[string]bool{}
	var out []*Repository
	for _, d := range append([]string{"."}, dirs...) {
		for d = path.Clean(d); !seen[d]; d = path.Dir(d) {
			seen[d] = true
			if r := Load(tree, d); r != nil {
				out = append(out, r)
			}
			if strings.HasSuffix(d, "..") {
				break
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Dir < out[j].Dir })
	return out
}

func newFile(r *Repository, name string, src []byte, w *actionlint.Workflow) *File {
	f := &File{Path: name, Base: path.Base(name), repo: r, lines: []int{0}}
	for i, c := range src {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	f.lines = append(f.lines, len(src)+1)
	f.On = f.at(&actionlint.Pos{Line: 1, Col: 1})
	for i, e := range w.On {
		f.Events = append(f.Events, e.EventName())
		if pos := eventPos(e); pos != nil && i == 0 {
			f.On = f.at(pos)
		}
	}
	f.Permissions = f.permissions(w.Permissions)
	f.Env = f.env(w.Env)
	for _, j := range w.Jobs {
		f.Jobs = append(f.Jobs, f.job(j))
	}
	sort.Slice(f.Jobs, func(i, j int) bool { return f.Jobs[i].At.Start.Line < f.Jobs[j].At.Start.Line })
	return f
}

func eventPos(e actionlint.Event) *actionlint.Pos {
	switch e := e.(type) {
	case *actionlint.WebhookEvent:
		return e.Pos
	case *actionlint.ScheduledEvent:
		return e.Pos
	case *actionlint.WorkflowDispatchEvent:
		return e.Pos
	case *actionlint.RepositoryDispatchEvent:
		return e.Pos
	case *actionlint.WorkflowCallEvent:
		return e.Pos
	}
	return nil
}

var actionUse = regexp.MustCompile(`^\s*(?:-\s+)?uses:\s*["']?([^\s"'#]+)`)

// ActionUses lists what a local action, named ./path, uses in its steps.
func (r *Repository) ActionUses(name string) []Use {
	dir, ok := strings.CutPrefix(name, "./")
	if !ok {
		return nil
	}
	var out []Use
	for _, base := range []string{"action.yml", "action.yaml"} {
		file := path.Join(r.Dir, dir, base)
		src, err := r.tree.ReadFile(file)
		if err != nil {
			continue
		}
		offset, n := 0, 0
		for line := range strings.Lines(string(src)) {
			n++
			if m := actionUse.FindStringSubmatchIndex(line); m != nil {
				pos := func(i int) hcl.Pos { return hcl.Pos{Line: n, Column: i + 1, Byte: offset + i} }
				out = append(out, Use{line[m[2]:m[3]], hcl.Range{Filename: file, Start: pos(m[2]), End: pos(m[3])}})
			}
			offset += len(line)
		}
	}
	return out
}

// at is the range from a position to the end of its line.
func (f *File) at(pos *actionlint.Pos) hcl.Range {
	if pos == nil || pos.Line < 1 || pos.Line >= len(f.lines) {
		return hcl.Range{Filename: f.Path, Start: hcl.InitialPos, End: hcl.InitialPos}
	}
	begin, end := f.lines[pos.Line-1], f.lines[pos.Line]-1
	start := hcl.Pos{Line: pos.Line, Column: pos.Col, Byte: min(begin+pos.Col-1, end)}
	return hcl.Range{Filename: f.Path, Start: start, End: hcl.Pos{Line: pos.Line, Column: end - begin + 1, Byte: end}}
}

func (f *File) job(j *actionlint.Job) *Job {
	out := &Job{File: f, ID: j.ID.Value, At: f.at(j.ID.Pos), Permissions: f.permissions(j.Permissions), Env: f.env(j.Env), Conditional: j.If != nil}
	if j.Name != nil {
		out.name = j.Name.Value
	}
	for _, n := range j.Needs {
		out.Needs = append(out.Needs, n.Value)
	}
	if j.Environment != nil && j.Environment.Name != nil {
		out.Environment, out.HasEnvironment = j.Environment.Name.Value, true
	}
	if c := j.WorkflowCall; c != nil && c.Uses != nil {
		out.Calls = Use{c.Uses.Value, f.at(c.Uses.Pos)}
		for name, in := range c.Inputs {
			if in.Value != nil {
				out.Inputs = append(out.Inputs, Setting{name, in.Value.Value, f.at(in.Value.Pos)})
			}
		}
		byKey(out.Inputs)
	}
	if c := j.Container; c != nil {
		out.image(f, c.Image)
	}
	if j.Services != nil {
		for _, s := range j.Services.Value {
			if s.Container != nil {
				out.image(f, s.Container.Image)
			}
		}
		sort.Slice(out.Images, func(a, b int) bool { return out.Images[a].At.Start.Line < out.Images[b].At.Start.Line })
	}
	for _, s := range j.Steps {
		out.Steps = append(out.Steps, f.step(s))
	}
	if j.Strategy != nil && j.Strategy.Matrix != nil {
		for _, row := range j.Strategy.Matrix.Rows {
			for _, v := range row.Values {
				out.matrix = append(out.matrix, strings.Trim(v.String(), `"'`))
			}
		}
	}
	return out
}

func (j *Job) image(f *File, image *actionlint.String) {
	if image != nil && image.Value != "" {
		j.Images = append(j.Images, Use{"docker://" + strings.TrimPrefix(image.Value, "docker://"), f.at(image.Pos)})
	}
}

func (f *File) step(s *actionlint.Step) Step {
	out := Step{Env: f.env(s.Env)}
	switch e := s.Exec.(type) {
	case *actionlint.ExecRun:
		if e.Run != nil {
			out.Run, out.RunAt = e.Run.Value, f.at(e.Run.Pos)
		}
		if e.WorkingDirectory != nil {
			out.Directory = e.WorkingDirectory.Value
		}
	case *actionlint.ExecAction:
		if e.Uses != nil {
			out.Uses = Use{e.Uses.Value, f.at(e.Uses.Pos)}
		}
		for name, in := range e.Inputs {
			if in.Value != nil {
				out.Inputs = append(out.Inputs, Setting{name, in.Value.Value, f.at(in.Value.Pos)})
			}
		}
		byKey(out.Inputs)
	}
	return out
}

func (f *File) env(e *actionlint.Env) []Setting {
	if e == nil {
		return nil
	}
	var out []Setting
	for _, v := range e.Vars {
		if v.Name != nil && v.Value != nil {
			out = append(out, Setting{v.Name.Value, v.Value.Value, f.at(v.Name.Pos)})
		}
	}
	byKey(out)
	return out
}

func byKey(s []Setting) { sort.Slice(s, func(i, j int) bool { return s[i].Key < s[j].Key }) }

func (f *File) permissions(p *actionlint.Permissions) *Permissions {
	if p == nil {
		return nil
	}
	out := &Permissions{Scopes: map[string]string{}, At: f.at(p.Pos)}
	if p.All != nil {
		out.All = p.All.Value
	}
	for name, s := range p.Scopes {
		if s.Value != nil {
			out.Scopes[name] = s.Value.Value
		}
	}
	return out
}

// TriggeredBy reports whether the workflow is triggered by one of the events.
func (f *File) TriggeredBy(events ...string) bool {
	return slices.ContainsFunc(events, func(e string) bool { return slices.Contains(f.Events, e) })
}

var (
	prodWord = regexp.MustCompile(`(?i)(^|[^a-z0-9])(prod|prd|production)([^a-z0-9]|$)`)
	devWord  = regexp.MustCompile(`(?i)(^|[^a-z0-9])(dev|development|stage|staging|nonprod|sandbox|test)([^a-z0-9]|$)`)
)

// Prod reports whether the job is about production, by its name, environment, inputs, variables or commands.
func (j *Job) Prod() bool { return j.about(prodWord) }

// Dev reports whether the job is about an environment before production.
func (j *Job) Dev() bool { return j.about(devWord) && !j.about(prodWord) }

func (j *Job) about(word *regexp.Regexp) bool {
	texts := append([]string{j.ID, j.name, j.Environment}, j.matrix...)
	settings := func(list []Setting) {
		for _, s := range list {
			texts = append(texts, s.Value)
		}
	}
	settings(j.Env)
	settings(j.Inputs)
	for _, s := range j.Steps {
		settings(s.Env)
		settings(s.Inputs)
		texts = append(texts, s.Directory)
		for line := range strings.Lines(s.Run) {
			// What a script says to people is not what it does.
			if t := strings.TrimSpace(line); !strings.HasPrefix(t, "#") && !strings.HasPrefix(t, "echo ") {
				texts = append(texts, t)
			}
		}
	}
	return slices.ContainsFunc(texts, word.MatchString)
}

// Called returns the reusable workflow of this repository that the job calls, or nil.
func (j *Job) Called() *File {
	name, ok := strings.CutPrefix(j.Calls.Name, "./")
	if !ok {
		return nil
	}
	name = path.Join(j.File.repo.Dir, name)
	for _, f := range j.File.repo.Files {
		if f.Path == name {
			return f
		}
	}
	return nil
}

// After reports whether the job comes after another one of its workflow, directly or through others.
func (j *Job) After(is func(*Job) bool) bool {
	seen := map[string]bool{j.ID: true}
	queue := slices.Clone(j.Needs)
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if seen[strings.ToLower(id)] {
			continue
		}
		seen[strings.ToLower(id)] = true
		for _, other := range j.File.Jobs {
			if strings.EqualFold(other.ID, id) {
				if is(other) {
					return true
				}
				queue = append(queue, other.Needs...)
			}
		}
	}
	return false
}
