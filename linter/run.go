package linter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/sync/errgroup"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/ignore"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/plan"
	"github.com/titanicml/terraform-provider-titanicml/linter/revision"
	"github.com/titanicml/terraform-provider-titanicml/linter/source"
)

// run is the state of one Run. Fields below mu are shared by the workers.
type run struct {
	ctx      context.Context
	o        Options
	files    module.Files
	found    *source.Discovery // files, and what was read of them already
	cache    *module.Cache
	loader   *source.Loader
	settings source.Settings
	configs  *configs
	tree     *Tree
	started  time.Time

	mu                  sync.Mutex
	outputs             []rootOutput
	findings            []*Finding
	failures            []Failure
	seen                map[string]bool // failures
	roots               map[string]bool
	ignores             map[string]*ignore.File // by file
	linted              map[string]bool         // files whose ignores must match something
	timing              map[string]*ruleTime
	discovery           time.Duration
	loading, evaluating atomic.Int64 // nanoseconds, summed over the workers
}

// rootOutput is what linting one root module yields; outputs are combined in the order of the roots.
type rootOutput struct {
	findings []*Finding
	facts    map[*Rule][]Fact
	ignores  []*ignore.File
	problems []Failure
}

type ruleTime struct {
	calls atomic.Int64
	nanos atomic.Int64
}

func newRun(ctx context.Context, o Options) (*run, error) {
	r := &run{ctx: ctx, o: o, files: o.Files, started: time.Now(), seen: map[string]bool{},
		roots: map[string]bool{}, ignores: map[string]*ignore.File{}, linted: map[string]bool{}, timing: map[string]*ruleTime{}}
	for _, rule := range o.Rules {
		r.timing[rule.Name] = &ruleTime{}
	}
	r.found = source.NewDiscovery(ctx, o.Files, func(err error) { r.fail(err.Error(), hcl.Range{}) })
	r.cache = module.NewCache(r.found)
	r.loader = source.NewLoader(o.Files, r.cache)
	r.settings = source.Settings{Vars: o.Vars, VarFiles: o.VarFiles, Workspace: o.Workspace}
	r.configs = &configs{files: o.Files, rules: o.Rules, top: o.Top, explicit: o.Config, flags: o.Flags, byDir: map[string]*ruleset{},
		failed: func(d hcl.Diagnostics) { r.failDiags(d) }, absent: r.found.Absent}
	r.tree = &Tree{Start: o.Dirs, files: r.found, modules: r.cache}
	if o.DiffBase != "" {
		git, err := revision.Open(ctx, o.Files.Root(), o.DiffBase, o.Files.Abs)
		if err != nil {
			return nil, fmt.Errorf("open base revision: %w", err)
		}
		r.tree.base = &Base{Name: o.DiffBase, files: git, run: r}
	}
	return r, nil
}

func (r *run) close() {
	if b := r.tree.base; b != nil {
		if err := b.files.Close(); err != nil && r.ctx.Err() == nil {
			r.fail("end git: "+err.Error(), hcl.Range{})
		}
	}
}

func (r *run) fail(msg string, at hcl.Range) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := at.String() + msg; !r.seen[k] {
		r.seen[k] = true
		r.failures = append(r.failures, Failure{Message: msg, Range: at})
	}
}

func (r *run) failDiags(diags hcl.Diagnostics) {
	for _, d := range diags {
		f := failureOf(d)
		r.fail(f.Message, f.Range)
	}
}

func failureOf(d *hcl.Diagnostic) Failure {
	msg := strings.TrimSuffix(d.Summary, ".")
	if d.Detail != "" {
		msg += ": " + strings.TrimSuffix(strings.Join(strings.Fields(d.Detail), " "), ".")
	}
	if d.Subject == nil {
		return Failure{Message: msg}
	}
	return Failure{Message: msg, Range: *d.Subject}
}

func (r *run) sortedFailures() []Failure {
	slices.SortStableFunc(r.failures, func(a, b Failure) int {
		return cmp.Or(compareRange(a.Range, b.Range), strings.Compare(a.Message, b.Message))
	})
	return r.failures
}

// discover lists the root modules, sorted. Directories that others call are linted through their callers.
func (r *run) discover() []string {
	start := time.Now()
	defer func() { r.discovery = time.Since(start) }()
	if !r.o.Recursive {
		return slices.Clone(r.o.Dirs)
	}
	return r.found.Roots(r.o.Dirs, workers(r.o.Workers))
}

func (r *run) minimum() Severity {
	if len(r.o.Dirs) == 0 {
		return r.configs.of(".").minimum
	}
	return r.configs.of(r.o.Dirs[0]).minimum
}

// lintAll lints root modules in parallel and combines what they yield in their order.
func (r *run) lintAll(dirs []string) {
	outputs := make([]rootOutput, len(dirs))
	done := 0
	var group errgroup.Group
	group.SetLimit(workers(r.o.Workers))
	for i, dir := range dirs {
		group.Go(func() error {
			if r.ctx.Err() != nil {
				return nil
			}
			outputs[i] = r.lintDir(dir)
			if r.o.Progress != nil {
				r.mu.Lock()
				done++
				r.o.Progress(done, len(dirs))
				r.mu.Unlock()
			}
			return nil
		})
	}
	_ = group.Wait() // what fails is in the outputs
	for _, d := range dirs {
		r.roots[d] = true
		r.tree.Roots = append(r.tree.Roots, d)
	}
	slices.Sort(r.tree.Roots)
	r.combine(outputs)
}

func (r *run) combine(outputs []rootOutput) {
	for _, o := range outputs {
		r.outputs = append(r.outputs, rootOutput{facts: o.facts})
		r.findings = append(r.findings, o.findings...)
		for _, p := range o.problems {
			r.fail(p.Message, p.Range)
		}
		for _, ig := range o.ignores {
			if r.ignores[ig.Path] == nil {
				r.ignores[ig.Path] = ig
			}
		}
	}
}

func (r *run) lintDir(dir string) (out rootOutput) {
	defer func() { // of parsing and evaluation; apply recovers the panics of rules
		if v := recover(); v != nil {
			out.problems = append(out.problems, Failure{Message: fmt.Sprintf("linting %s panicked: %v%s; this is a bug of titanicml-lint", dir, v, panicPlace(debug.Stack())),
				Range: hcl.Range{Filename: dir, Start: hcl.InitialPos, End: hcl.InitialPos}})
		}
	}()
	start := time.Now()
	src, err := r.cache.Load(dir)
	loaded := time.Now()
	r.loading.Add(int64(loaded.Sub(start)))
	defer func() { r.evaluating.Add(int64(time.Since(loaded))) }()
	if errors.Is(err, module.ErrNoModule) {
		err = fmt.Errorf("%w; --recursive looks for modules below", err)
	}
	if err != nil {
		out.problems = append(out.problems, Failure{Message: err.Error()})
		return out
	}
	rs := r.configs.of(dir)
	vars, diags := r.settings.Variables(r.found, src)
	for _, d := range diags {
		out.problems = append(out.problems, failureOf(d))
	}
	ws := r.o.Workspace
	if ws == "" {
		ws = rs.workspace
	}
	root := eval.New(r.ctx, src, r.loader, eval.Options{Variables: vars, Workspace: ws})
	r.lintRoot(root, rs, &out)
	return out
}

// lintRoot runs every rule on one evaluated root module.
func (r *run) lintRoot(root *eval.Root, rs *ruleset, out *rootOutput) {
	pass := &Pass{Root: root, Tree: r.tree}
	var facts []Fact
	pass.findings, pass.facts = &out.findings, &facts
	sources := map[string]*module.File{}
	problems := map[*module.Module]bool{}
	for _, m := range root.Modules() {
		if m.Source == nil || problems[m.Source] {
			continue
		}
		problems[m.Source] = true
		for _, d := range m.Source.Diags {
			out.problems = append(out.problems, failureOf(d))
		}
		for _, f := range m.Source.Files {
			sources[f.Path] = f
			if ig := ignore.In(f); ig != nil {
				out.ignores = append(out.ignores, ig)
			}
		}
	}
	byType := map[string][]*Rule{}
	for _, res := range root.Resources() {
		if res.Module.Duplicate() {
			continue
		}
		key := res.Type
		if res.Mode != module.Managed {
			key = strings.TrimSuffix(res.LocalAddress(), "."+res.Name)
		}
		rules, ok := byType[key]
		if !ok {
			rules = r.rulesFor(key, rs)
			byType[key] = rules
		}
		pass.Resource, pass.Module = res, res.Module
		for _, rule := range rules {
			if s := rs.rules[rule.Name]; len(s.exclude) == 0 || !s.excludes(res.Type, res.Address(), res.Range().Filename) {
				r.apply(rule, s, pass, out)
			}
		}
	}
	pass.Resource = nil
	for _, rule := range r.o.Rules {
		s := rs.rules[rule.Name]
		if rule.Run == nil || !r.configs.runs(rule, s) || s.excludes("", "", root.Dir) {
			continue
		}
		if rule.Scope&PerModule != 0 {
			for _, m := range root.Modules() {
				if !m.Duplicate() {
					pass.Module = m
					r.apply(rule, s, pass, out)
				}
			}
		}
		if rule.Scope&PerRoot != 0 {
			pass.Module = nil
			facts = nil
			r.apply(rule, s, pass, out)
			if len(facts) > 0 {
				if out.facts == nil {
					out.facts = map[*Rule][]Fact{}
				}
				out.facts[rule] = facts
			}
		}
	}
	for _, p := range root.Problems() {
		out.problems = append(out.problems, Failure{Message: p.Message, Range: p.Range})
	}
	for _, f := range out.findings {
		if src := sources[f.Range.Filename]; src != nil {
			f.Snippet = source.Snippet(src.Bytes, f.Range)
		}
	}
}

// rulesFor lists the rules that look at a resource type.
func (r *run) rulesFor(key string, rs *ruleset) []*Rule {
	var out []*Rule
	for _, rule := range r.o.Rules {
		if rule.Scope&PerResource == 0 || rule.Run == nil || !r.configs.runs(rule, rs.rules[rule.Name]) {
			continue
		}
		if len(rule.Types) == 0 && !strings.Contains(key, ".") || slices.ContainsFunc(rule.Types, func(t string) bool { return typeMatches(t, key) }) {
			out = append(out, rule)
		}
	}
	return out
}

func typeMatches(pattern, typ string) bool {
	if p, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(typ, p) && strings.Contains(p, ".") == strings.Contains(typ, ".")
	}
	return pattern == typ
}

// apply runs a rule once. A panic becomes a failure that names the rule and the file.
func (r *run) apply(rule *Rule, s *settings, pass *Pass, out *rootOutput) {
	pass.Rule, pass.settings = rule, s
	before := len(*pass.findings)
	defer func() {
		if v := recover(); v != nil {
			*pass.findings = (*pass.findings)[:before]
			f := Failure{Message: fmt.Sprintf("rule %s panicked: %v%s", rule.Name, v, panicPlace(debug.Stack()))}
			switch {
			case pass.Resource != nil:
				f.Range = pass.Resource.Range()
			case pass.Root != nil:
				f.Range = hcl.Range{Filename: pass.Root.Dir, Start: hcl.InitialPos, End: hcl.InitialPos}
			}
			out.problems = append(out.problems, f)
		}
	}()
	if !r.o.Timing {
		rule.Run(pass)
		return
	}
	start := time.Now()
	rule.Run(pass)
	t := r.timing[rule.Name]
	t.calls.Add(1)
	t.nanos.Add(int64(time.Since(start)))
}

// panicPlace finds the source line that panicked, for the bug report.
func panicPlace(stack []byte) string {
	after := false
	for _, line := range strings.Split(string(stack), "\n") {
		if strings.HasPrefix(line, "panic(") {
			after = true
		}
		if after && strings.HasPrefix(line, "\t") && !strings.Contains(line, "/runtime/") {
			place, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if i := strings.LastIndex(place, "/linter/"); i >= 0 {
				place = place[i+1:]
			}
			return " at " + place
		}
	}
	return ""
}

// lintPlan runs the rules on the planned values of a plan.
func (r *run) lintPlan(p *plan.Plan) {
	var out rootOutput
	root := eval.FromPlan(r.ctx, p, r.loader, eval.Options{Workspace: r.o.Workspace})
	r.lintRoot(root, r.configs.of(p.Dir), &out)
	r.combine([]rootOutput{out})
}

// lintTree runs the rules that look at the whole.
func (r *run) lintTree() {
	var out rootOutput
	dir := "."
	if len(r.o.Dirs) > 0 {
		dir = r.o.Dirs[0]
	}
	rs := r.configs.of(dir)
	for _, rule := range r.o.Rules {
		s := rs.rules[rule.Name]
		if rule.Scope&PerTree == 0 || rule.Run == nil || !r.configs.runs(rule, s) {
			continue
		}
		tree := *r.tree
		for _, o := range r.outputs {
			tree.Facts = append(tree.Facts, o.facts[rule]...)
		}
		slices.SortStableFunc(tree.Facts, func(a, b Fact) int { return strings.Compare(a.Root, b.Root) })
		r.apply(rule, s, &Pass{Tree: &tree, findings: &out.findings, facts: new([]Fact)}, &out)
	}
	r.combine([]rootOutput{out})
}
