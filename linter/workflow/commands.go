package workflow

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

const (
	maxDepth = 5
	maxBytes = 1 << 20
)

// makefile holds the rules of a repository's Makefile, by target: prerequisites and recipe, as text; and its variables.
type makefile struct {
	targets, vars map[string]string
	needs         map[string][]string
}

var (
	makeRule   = regexp.MustCompile(`^([\w./ %-]+?)\s*:([^=].*|)$`)
	makeVar    = regexp.MustCompile(`^(?:export\s+)?(\w+)\s*(?::{1,3}|\?)?=\s*(.*)$`)
	makeUse    = regexp.MustCompile(`\$[({](\w+)[)}]`)
	goRun      = regexp.MustCompile(`\bgo run (\./[\w./-]+)([^\n;|&)]*)`)
	makeCall   = regexp.MustCompile(`(?:^|[\s;&|(@-])(?:make|\$\(MAKE\)|\$\{MAKE\})((?:[ \t]+[^\s;&|)]+)+)`)
	scriptName = regexp.MustCompile(`(?:^|[\s;&|("'=@])((?:\./)?[\w./-]+\.(?:sh|bash))\b`)
	actionRuns = regexp.MustCompile(`(?m)^\s*(?:-\s+)?(?:run|uses):`)
)

func (r *Repository) makefileOf() *makefile {
	if r.read {
		return r.makefile
	}
	r.read = true
	for _, name := range []string{"GNUmakefile", "makefile", "Makefile"} {
		src, err := r.tree.ReadFile(path.Join(r.Dir, name))
		if err == nil {
			r.makefile = &makefile{targets: map[string]string{}, vars: map[string]string{}, needs: map[string][]string{}}
			r.makefile.parse(string(src), r, 0)
			return r.makefile
		}
	}
	return nil
}

func (m *makefile) parse(src string, r *Repository, depth int) {
	var current []string
	src = strings.ReplaceAll(src, "\\\n", " ")
	for line := range strings.Lines(src) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "\t"):
			for _, t := range current {
				m.targets[t] += line[1:] + "\n"
			}
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "include ") || strings.HasPrefix(line, "-include "):
			for _, name := range strings.Fields(line)[1:] {
				if src, err := r.tree.ReadFile(path.Join(r.Dir, name)); err == nil && depth < maxDepth {
					m.parse(string(src), r, depth+1)
				}
			}
		case makeVar.MatchString(line):
			v := makeVar.FindStringSubmatch(line)
			m.vars[v[1]] = v[2]
		default:
			current = nil
			if rule := makeRule.FindStringSubmatch(line); rule != nil {
				prerequisites, _, _ := strings.Cut(rule[2], "#")
				prerequisites, recipe, _ := strings.Cut(prerequisites, ";")
				for _, t := range strings.Fields(rule[1]) {
					if strings.HasPrefix(t, ".") {
						continue
					}
					current = append(current, t)
					m.targets[t] += recipe + "\n"
					m.needs[t] = append(m.needs[t], strings.Fields(prerequisites)...)
				}
			}
		}
	}
}

// expand puts the values of variables in, as far as they are written in the Makefile.
func (m *makefile) expand(text string) string {
	for range maxDepth {
		next := makeUse.ReplaceAllStringFunc(text, func(use string) string {
			if v, ok := m.vars[use[2:len(use)-1]]; ok {
				return v
			}
			return use
		})
		if next == text || len(next) > maxBytes {
			break
		}
		text = next
	}
	return text
}

// Commands returns everything that a job runs and uses, as far as the repository tells: its steps, the recipes of make targets and the
// shell scripts that these name, local actions and called workflows. It is text for looking up words, not a program. A Go program of the
// repository that speaks of Terraform counts as a call of Terraform with the program's arguments.
func (j *Job) Commands() string {
	if !j.expanded {
		e := expansion{repo: j.File.repo, seen: map[string]bool{}}
		e.job(j, 0)
		j.commands, j.expanded = e.out.String(), true
	}
	return j.commands
}

type expansion struct {
	repo *Repository
	seen map[string]bool
	out  strings.Builder
}

func (e *expansion) job(j *Job, depth int) {
	if depth > maxDepth {
		return
	}
	if f := j.Called(); f != nil && !e.seen[f.Path] {
		e.seen[f.Path] = true
		for _, inner := range f.Jobs {
			e.job(inner, depth+1)
		}
	}
	e.use(j.Calls.Name, depth)
	for _, s := range j.Steps {
		e.use(s.Uses.Name, depth)
		e.text(s.Run, depth)
	}
}

func (e *expansion) use(name string, depth int) {
	if name == "" {
		return
	}
	e.out.WriteString("uses: " + name + "\n")
	dir, ok := strings.CutPrefix(name, "./")
	if !ok || e.seen[dir] {
		return
	}
	e.seen[dir] = true
	for _, file := range []string{"action.yml", "action.yaml"} {
		if src, err := e.repo.tree.ReadFile(path.Join(e.repo.Dir, dir, file)); err == nil && actionRuns.Match(src) {
			e.text(string(src), depth+1)
		}
	}
}

func (e *expansion) text(text string, depth int) {
	if depth > maxDepth || e.out.Len() > maxBytes || text == "" {
		return
	}
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			e.out.WriteString(strings.TrimRight(line, "\n") + "\n")
		}
	}
	for line := range strings.Lines(text) {
		e.line(line, depth)
	}
}

// line follows what one line calls. The expressions are slow, so they only see lines that have the word.
func (e *expansion) line(line string, depth int) {
	if strings.Contains(line, "make") || strings.Contains(line, "MAKE") {
		for _, call := range makeCall.FindAllStringSubmatch(line, -1) {
			for _, word := range strings.Fields(call[1]) {
				e.target(strings.Trim(word, `"'`), depth+1)
			}
		}
	}
	if strings.Contains(line, "go run ./") {
		for _, run := range goRun.FindAllStringSubmatch(line, -1) {
			if e.program(path.Join(e.repo.Dir, run[1])) {
				e.out.WriteString("terraform" + run[2] + "\n")
			}
		}
	}
	if strings.Contains(line, ".sh") || strings.Contains(line, ".bash") {
		for _, s := range scriptName.FindAllStringSubmatch(line, -1) {
			name := path.Join(e.repo.Dir, s[1])
			if e.seen[name] {
				continue
			}
			e.seen[name] = true
			if src, err := e.repo.tree.ReadFile(name); err == nil {
				e.text(string(src), depth+1)
			}
		}
	}
}

func (e *expansion) target(name string, depth int) {
	m := e.repo.makefileOf()
	if m == nil || depth > maxDepth || e.seen["make "+name] {
		return
	}
	recipe, ok := m.targets[name]
	if !ok {
		return
	}
	e.seen["make "+name] = true
	for _, n := range m.needs[name] {
		e.target(n, depth+1)
	}
	e.text(m.expand(recipe), depth)
}

// program reports whether the Go sources of a directory speak of Terraform.
func (e *expansion) program(dir string) bool {
	known, ok := e.repo.programs[dir]
	if !ok {
		known = e.readProgram(dir)
		e.repo.programs[dir] = known
	}
	return known
}

func (e *expansion) readProgram(dir string) bool {
	entries, err := e.repo.tree.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, f := range entries {
		if path.Ext(f.Name()) == ".go" {
			if src, err := e.repo.tree.ReadFile(path.Join(dir, f.Name())); err == nil && (bytes.Contains(src, []byte("terraform")) || bytes.Contains(src, []byte("tofu"))) {
				return true
			}
		}
	}
	return false
}

var terraformLine = regexp.MustCompile(`(?i)terraform|tofu|terragrunt|\bTF\b|\$[({"]*(cli|tf)\b`)

// Runs reports whether some line of the commands calls Terraform, OpenTofu or Terragrunt with the subcommand.
func Runs(commands, subcommand string) bool {
	for line := range strings.Lines(commands) {
		if i := strings.Index(line, subcommand); i >= 0 && word(line, i, len(subcommand)) && terraformLine.MatchString(line) {
			return true
		}
	}
	return false
}

func word(line string, at, n int) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(line) && (line[i] == '_' || line[i] == '-' || line[i] >= 'a' && line[i] <= 'z' || line[i] >= 'A' && line[i] <= 'Z' || line[i] >= '0' && line[i] <= '9')
	}
	return !letter(at-1) && !letter(at+n)
}
