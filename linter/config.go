package linter

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/setting"
)

// ConfigName is the configuration file; every directory's settings cascade over those of the directories above it.
const ConfigName = ".titanicml-lint.hcl"

// Config is one parsed configuration file.
type Config struct {
	// Path is the file's path as shown.
	Path string
	// Rules holds the rule blocks by rule name.
	Rules map[string]*RuleConfig
	// MinimumFailureSeverity is zero when the file does not set it.
	MinimumFailureSeverity Severity
	// DisabledByDefault turns every rule off that no rule block enables.
	DisabledByDefault *bool
	// ExcludePaths are patterns of directories and files whose findings are dropped: "vendor/**", relative to the file.
	ExcludePaths []string
	// Workspace is the value of terraform.workspace when no flag gives it.
	Workspace string
}

// RuleConfig is one rule block. Nil and empty fields are not set there.
type RuleConfig struct {
	Enabled  *bool
	Severity Severity
	// Exclude lists resource types, addresses or path patterns that the rule leaves out. Paths are relative to the file or to the
	// working directory.
	Exclude []string
	Options map[string]any
}

// settings is what a rule runs with in one directory.
type settings struct {
	enabled  bool
	severity Severity
	exclude  []string
	from     string // directory of the file that says exclude, which its path patterns may be relative to
	options  map[string]any
}

func (s *settings) option(r *Rule, name string) any {
	if v, ok := s.options[name]; ok {
		return v
	}
	for _, o := range r.Options {
		if o.Name == name {
			return o.Default
		}
	}
	panic(fmt.Sprintf("rule %s has no option %q", r.Name, name))
}

// ParseConfig reads a configuration file. The diagnostics name the place of everything that is not understood; what is
// right is still returned.
func ParseConfig(name string, text []byte, rules []*Rule) (*Config, hcl.Diagnostics) {
	cfg := &Config{Path: name, Rules: map[string]*RuleConfig{}}
	f, diags := module.Parse(name, text)
	for _, a := range module.SortedAttributes(f.Body) {
		diags = append(diags, cfg.attribute(a)...)
	}
	byName := map[string]*Rule{}
	names := make([]string, len(rules))
	for i, r := range rules {
		byName[r.Name], names[i] = r, r.Name
	}
	for _, b := range f.Body.Blocks {
		switch {
		case b.Type != "rule" || len(b.Labels) != 1:
			diags = append(diags, at(module.HeaderRange(b), "a configuration has rule \"name\" blocks; %s is unknown", b.Type))
		case byName[b.Labels[0]] == nil:
			diags = append(diags, at(module.HeaderRange(b), "rule %q does not exist%s", b.Labels[0], match.DidYouMean(b.Labels[0], names)))
		case cfg.Rules[b.Labels[0]] != nil:
			diags = append(diags, at(module.HeaderRange(b), "rule %q is configured twice in this file", b.Labels[0]))
		default:
			rc, more := parseRule(byName[b.Labels[0]], b.Body)
			diags = append(diags, more...)
			cfg.Rules[b.Labels[0]] = rc
		}
	}
	return cfg, diags
}

func at(r hcl.Range, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf(format, args...), Subject: &r}
}

func (c *Config) attribute(a *hclsyntax.Attribute) hcl.Diagnostics {
	var err error
	switch a.Name {
	case "minimum_failure_severity":
		var s string
		if s, err = setting.Literal(a.Expr, ""); err == nil {
			c.MinimumFailureSeverity, err = ParseSeverity(s)
		}
	case "disabled_by_default":
		var b bool
		if b, err = setting.Literal(a.Expr, false); err == nil {
			c.DisabledByDefault = &b
		}
	case "exclude_paths":
		c.ExcludePaths, err = setting.Literal(a.Expr, []string(nil))
	case "workspace":
		c.Workspace, err = setting.Literal(a.Expr, "")
	default:
		err = fmt.Errorf("is unknown%s", match.DidYouMean(a.Name, []string{"minimum_failure_severity", "disabled_by_default", "exclude_paths", "workspace"}))
	}
	if err != nil {
		return hcl.Diagnostics{at(a.SrcRange, "%s: %v", a.Name, err)}
	}
	return nil
}

func parseRule(r *Rule, body *hclsyntax.Body) (*RuleConfig, hcl.Diagnostics) {
	rc := &RuleConfig{Options: map[string]any{}}
	var diags hcl.Diagnostics
	known := []string{"enabled", "severity", "exclude"}
	for _, o := range r.Options {
		known = append(known, o.Name)
	}
	for _, a := range module.SortedAttributes(body) {
		var err error
		switch a.Name {
		case "enabled":
			var b bool
			b, err = setting.Literal(a.Expr, false)
			rc.Enabled = &b
		case "severity":
			var s string
			if s, err = setting.Literal(a.Expr, ""); err == nil {
				rc.Severity, err = ParseSeverity(s)
			}
		case "exclude":
			rc.Exclude, err = setting.Literal(a.Expr, []string(nil))
		default:
			i := slices.IndexFunc(r.Options, func(o Option) bool { return o.Name == a.Name })
			if i < 0 {
				err = fmt.Errorf("rule %s has no such setting%s", r.Name, match.DidYouMean(a.Name, known))
				break
			}
			var v any
			if v, err = setting.Like(a.Expr, r.Options[i].Default); err == nil && r.Options[i].Check != nil {
				err = r.Options[i].Check(v)
			}
			if err == nil {
				rc.Options[a.Name] = v
			}
		}
		if err != nil {
			diags = append(diags, at(a.SrcRange, "%s: %v", a.Name, err))
		}
	}
	for _, b := range body.Blocks {
		diags = append(diags, at(module.HeaderRange(b), "a rule block has settings only, %s is a block", b.Type))
	}
	return rc, diags
}

// configs finds and combines configuration files.
type configs struct {
	files    module.Files
	rules    []*Rule
	top      string // shown path of the highest directory that is searched
	explicit string // --config: the only file
	flags    Flags
	failed   func(hcl.Diagnostics)
	// absent reports a file that is known not to exist, from a listing made before.
	absent func(name string) bool

	mu    sync.Mutex
	byDir map[string]*ruleset
	base  *ruleset
}

// Flags are the rule selections of the command line; they win over configuration files.
type Flags struct{ Only, Enable, Disable []string }

// ruleset is the combined configuration of a directory.
type ruleset struct {
	rules     map[string]*settings
	exclude   []excluded
	minimum   Severity
	workspace string
}

type excluded struct{ dir, pattern string }

func (c *configs) defaults() *ruleset {
	rs := &ruleset{rules: map[string]*settings{}}
	for _, r := range c.rules {
		rs.rules[r.Name] = &settings{enabled: !r.Disabled, severity: r.Severity}
	}
	return rs
}

// of returns the settings of a directory.
func (c *configs) of(dir string) *ruleset {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(path.Clean(dir), 0)
}

func (c *configs) find(dir string, depth int) *ruleset {
	if rs := c.byDir[dir]; rs != nil {
		return rs
	}
	var rs *ruleset
	if c.explicit != "" || dir == c.top || depth > 200 || !strings.HasPrefix(dir+"/", c.top+"/") && c.top != "." && !strings.HasPrefix(c.top, "..") {
		if c.base == nil {
			c.base = c.defaults()
			name := c.explicit
			if name == "" {
				name = path.Join(c.top, ConfigName)
			}
			c.base = c.overlay(c.base, name, c.explicit != "")
		}
		rs = c.base
	} else {
		rs = c.overlay(c.find(parent(dir), depth+1), path.Join(dir, ConfigName), false)
	}
	c.byDir[dir] = rs
	return rs
}

// parent is the directory above a shown path, which may start with "..".
func parent(dir string) string {
	if dir == "." || strings.HasSuffix(dir, "..") {
		return path.Join(dir, "..")
	}
	return path.Dir(dir)
}

func (c *configs) overlay(rs *ruleset, name string, must bool) *ruleset {
	if !must && c.absent(name) {
		return rs
	}
	text, err := c.files.ReadFile(name, module.MaxText)
	if errors.Is(err, fs.ErrNotExist) && !must || errors.Is(err, module.ErrOutside) && !must {
		return rs
	}
	if err != nil {
		c.failed(hcl.Diagnostics{at(hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}, "%v", err)})
		return rs
	}
	cfg, diags := ParseConfig(name, text, c.rules)
	if len(diags) > 0 {
		c.failed(diags)
	}
	return cfg.over(rs)
}

// over applies the file to the settings of the directory above.
func (c *Config) over(rs *ruleset) *ruleset {
	out := &ruleset{rules: make(map[string]*settings, len(rs.rules)), minimum: rs.minimum, workspace: rs.workspace, exclude: rs.exclude}
	if c.MinimumFailureSeverity != 0 {
		out.minimum = c.MinimumFailureSeverity
	}
	if c.Workspace != "" {
		out.workspace = c.Workspace
	}
	for _, p := range c.ExcludePaths {
		out.exclude = append(out.exclude[:len(out.exclude):len(out.exclude)], excluded{dir: path.Dir(c.Path), pattern: p})
	}
	for name, s := range rs.rules {
		n := *s
		if c.DisabledByDefault != nil {
			n.enabled = n.enabled && !*c.DisabledByDefault
		}
		if rc := c.Rules[name]; rc != nil {
			if rc.Enabled != nil {
				n.enabled = *rc.Enabled
			} else if c.DisabledByDefault != nil {
				n.enabled = true
			}
			if rc.Severity != 0 {
				n.severity = rc.Severity
			}
			if rc.Exclude != nil {
				n.exclude, n.from = rc.Exclude, path.Dir(c.Path)
			}
			n.options = map[string]any{}
			maps.Copy(n.options, s.options)
			maps.Copy(n.options, rc.Options)
		}
		out.rules[name] = &n
	}
	return out
}

// runs reports whether a rule runs with these settings, flags considered.
func (c *configs) runs(r *Rule, s *settings) bool {
	switch {
	case len(c.flags.Only) > 0:
		return slices.Contains(c.flags.Only, r.Name)
	case slices.Contains(c.flags.Disable, r.Name):
		return false
	case slices.Contains(c.flags.Enable, r.Name):
		return true
	}
	return s.enabled
}

// excludes reports whether the rule's exclude list names a resource type, an address or a path pattern.
func (s *settings) excludes(typ, address, file string) bool {
	for _, x := range s.exclude {
		if x == typ || x == address || typ != "" && match.Path(x, typ) || match.Path(x, file) || match.Path(path.Join(s.from, x), file) {
			return true
		}
	}
	return false
}
