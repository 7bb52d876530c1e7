package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// VersionPinned wants every version that a run depends on bounded from above.
var VersionPinned = &linter.Rule{
	Name:     "version_pinned",
	Title:    "core, providers and modules must have version constraints",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerModule,
	Text: `Without constraints the same commit plans different things on different days: ` + "`terraform init`" + ` takes the newest
provider or module that exists. A root module sets ` + "`required_version`" + ` and a constraint with an upper bound for every provider that it
or its resources use. Modules from a registry take a ` + "`version`" + `; modules from git a ` + "`ref`" + ` that is a tag or a commit, those from Mercurial a ` + "`rev`" + `.

A constraint has an upper bound when it uses ` + "`=`, `~>`, `<` or `<=`" + ` or names one version. ` + "`>= 6.0`" + ` alone has none.`,
	Options: []linter.Option{
		{Name: "upper_bound", Default: true, Text: "root modules need an upper bound for providers, not only a lower one"},
	},
	Run: versionPinned,
}

func versionPinned(p *linter.Pass) {
	src := p.Module.Source
	if p.Module.Parent == nil && len(src.Files) > 0 {
		rootVersions(p, src)
	}
	for _, c := range src.Calls {
		at := value.At(module.HeaderRange(c.Block))
		if a := c.Block.Body.Attributes["source"]; a != nil {
			at = value.At(a.SrcRange)
		}
		switch {
		case c.Source == "" || c.Local():
		case gitSource(c.Source):
			if !pinnedBy(c.Source, "ref=") {
				p.Report(at, "module %q follows the default branch of %s; add ?ref= with a tag or commit", c.Name, c.Source)
			} else if b := branchRef().FindStringSubmatch(c.Source); b != nil {
				p.Report(at, "module %q follows the branch %s; use a tag or commit as ref", c.Name, b[1])
			}
		case strings.HasPrefix(c.Source, "hg::"):
			if b := branchRev().FindStringSubmatch(c.Source); b != nil {
				p.Report(at, "module %q follows the branch %s; use a tag or changeset as rev", c.Name, b[1])
			} else if !pinnedBy(c.Source, "rev=") {
				p.Report(at, "module %q follows the default branch of %s; add ?rev= with a tag or changeset", c.Name, c.Source)
			}
		case strings.Contains(c.Source, "://") || strings.Contains(c.Source, "::"):
		case c.Version == "" && c.Block.Body.Attributes["version"] == nil:
			p.Report(at, "module %q takes the newest version of %s; add version = \"~> ...\"", c.Name, c.Source)
		case c.Version != "" && !bounded(c.Version):
			p.Report(value.At(c.Block.Body.Attributes["version"].SrcRange), "module %q version %q has no upper bound; use ~> or an exact version", c.Name, c.Version)
		}
	}
}

var (
	branchRef = match.Lazy(`[?&]ref=(main|master|default|develop|development|dev|trunk|HEAD)(?:&|$)`)
	branchRev = match.Lazy(`[?&]rev=(default|tip)(?:&|$)`)
)

// pinnedBy reports whether the source has the parameter, with a value.
func pinnedBy(source, parameter string) bool {
	_, query, _ := strings.Cut(source, "?")
	for _, p := range strings.Split(query, "&") {
		if v, ok := strings.CutPrefix(p, parameter); ok && v != "" {
			return true
		}
	}
	return false
}

func gitSource(s string) bool {
	return strings.HasPrefix(s, "git::") || strings.HasPrefix(s, "git@") || strings.HasPrefix(s, "github.com/") ||
		strings.HasPrefix(s, "bitbucket.org/") || strings.Contains(s, ".git?") || strings.HasSuffix(s, ".git")
}

func rootVersions(p *linter.Pass, src *module.Module) {
	first := value.At(src.Place())
	if src.RequiredVersion == nil {
		p.Report(first, "root module %s sets no required_version; add terraform { required_version = \"~> 1.8\" }", src.Dir)
	} else if v, ok := module.Literal(src.RequiredVersion.Expr); ok && p.Bool("upper_bound") && !bounded(v) {
		p.Report(value.At(src.RequiredVersion.SrcRange), "required_version %q has no upper bound; add one, as in \">= 1.8, < 2.0\"", v)
	}
	used := map[string]value.Locator{}
	for _, r := range src.Resources {
		if name, _, _ := strings.Cut(r.Type, "_"); name != "terraform" && used[name] == nil {
			used[name] = value.At(module.HeaderRange(r.Block))
		}
	}
	for _, b := range src.Providers {
		used[b.Name] = value.At(module.HeaderRange(b.Block))
	}
	for name, rp := range src.RequiredProviders {
		used[name] = value.At(rp.Attr.SrcRange)
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		rp := src.RequiredProviders[name]
		switch {
		case rp == nil:
			if !localName(src, name) {
				p.Report(used[name], "provider %s has no entry in required_providers; add its source and version", name)
			}
		case rp.Version == "":
			p.Report(used[name], "provider %s has no version constraint; add version = \"~> ...\"", name)
		case p.Bool("upper_bound") && !bounded(rp.Version):
			p.Report(used[name], "provider %s version %q has no upper bound; use ~> or add an upper bound", name, rp.Version)
		}
	}
}

// localName reports that every resource of the type prefix names another provider explicitly, as google_* does with google-beta.
func localName(src *module.Module, name string) bool {
	for _, r := range src.Resources {
		if prefix, _, _ := strings.Cut(r.Type, "_"); prefix == name && r.Block.Body.Attributes["provider"] == nil {
			return false
		}
	}
	for _, b := range src.Providers {
		if b.Name == name {
			return false
		}
	}
	return true
}

// bounded reports whether a constraint excludes later major versions.
func bounded(constraint string) bool {
	for _, c := range strings.Split(constraint, ",") {
		c = strings.TrimSpace(c)
		if c != "" && c != "*" && !strings.HasPrefix(c, ">") && !strings.HasPrefix(c, "!=") {
			return true
		}
	}
	return false
}
