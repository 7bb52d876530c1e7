package rules

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/secrets"
	"github.com/titanicml/terraform-provider-titanicml/linter/workflow"
)

// HardcodedSecret finds secrets written into sources. It never shows one.
var HardcodedSecret = &linter.Rule{
	Name:     "hardcoded_secret",
	Title:    "secrets must not be written into sources",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerModule | linter.PerResource | linter.PerTree,
	Text: `A secret in a repository is read by everybody who can clone it, for as long as the history exists. Found are, in sources, comments,
heredocs, base64 user data, variable files and GitHub workflows:

- tokens by their form: AWS, GitHub, GitLab, Slack, Stripe, SendGrid, npm, PyPI, Google, Vault, OpenAI, Anthropic, Hugging Face, Azure storage and some
  thirty other services' keys, JSON web tokens, private keys, passwords in URLs, tokens in Authorization headers;
- literals given to names that speak of a password, secret, token or key: arguments at any depth, object keys, ` + "`name` and `value`" + ` pairs, variable
  defaults, locals, module inputs, ` + "`export`" + ` lines and documents in heredocs, the value of a SecureString parameter;
- the same when the literal stands elsewhere and reaches the argument through locals, files or functions.

Placeholders (` + "`changeme`, `<token>`, `your-key`" + `), references, ARNs, paths and names of stored secrets, request identifiers and booleans pass. The
documented example keys of AWS pass in comments; as an access key of a provider or an environment they count. For names other than passwords the text must
look random: at least ` + "`entropy`" + ` bits for each character, and not made of words. Client secrets and what a provider block is given only must not be
words. The finding never shows the text. Move the value to Secrets
Manager or SSM and read it from there, and revoke it: what was committed is known.`,
	Options: []linter.Option{
		{Name: "entropy", Default: 3.0, Text: "least Shannon entropy, in bits for each character, of a literal given to a token or key"},
		{Name: "min_length", Default: 8, Text: "shortest literal that counts as a token or key; passwords count from 4"},
		{Name: "allow", Default: []string{}, Text: "patterns of texts that are no secrets", Check: arePatterns},
	},
	Run: hardcodedSecret,
}

func arePatterns(v any) error {
	for _, s := range v.([]string) {
		if _, err := regexp.Compile(s); err != nil {
			return err
		}
	}
	return nil
}

func hardcodedSecret(p *linter.Pass) {
	s := secrets.Settings{Entropy: p.Float("entropy"), MinLength: p.Int("min_length")}
	for _, a := range p.Strings("allow") {
		s.Allow = append(s.Allow, match.Regexp(a))
	}
	switch {
	case p.Resource != nil:
		secretArguments(p, &s)
		return
	case p.Root == nil:
		secretWorkflows(p, &s)
		return
	}
	for _, f := range p.Module.Source.Files {
		reportHits(p, f, secretsOf(p, &s, f))
	}
	if p.Module.Parent != nil {
		return
	}
	entries, err := p.Tree.ReadDir(p.Module.Source.Dir)
	if err != nil {
		return // reported when the module was read
	}
	for _, e := range entries {
		if name := path.Join(p.Module.Source.Dir, e.Name()); strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json") {
			if text, err := p.Tree.ReadFile(name); err == nil {
				f, _ := module.ParseVars(name, text)
				reportHits(p, f, s.File(f))
			}
		}
	}
}

// secretWorkflows looks at the texts of workflows, where expressions such as ${{ secrets.TOKEN }} are no literals.
func secretWorkflows(p *linter.Pass, s *secrets.Settings) {
	for _, repo := range workflow.Find(p.Tree, p.Tree.Start) {
		for _, f := range repo.Files {
			text, err := p.Tree.ReadFile(f.Path)
			if err != nil {
				continue // reported when it was read
			}
			for _, h := range s.Document(text) {
				where := f.Path
				if h.Name != "" {
					where += " (" + h.Name + ")"
				}
				secretAt(p, value.At(rangeIn(f.Path, text, h.From, h.To)), where, "", h.Kind, "a secret of the repository or its environment")
			}
		}
	}
}

// secretsOf finds the secrets of a source file, once for all instances of its module and all root modules that call it.
func secretsOf(p *linter.Pass, s *secrets.Settings, f *module.File) []secrets.Hit {
	type key struct {
		entropy float64
		length  int
		allow   string
	}
	k := key{s.Entropy, s.MinLength, strings.Join(p.Strings("allow"), "\x00")}
	return f.Memo(k, func(f *module.File) any { return s.File(f) }).([]secrets.Hit)
}

func reportHits(p *linter.Pass, f *module.File, hits []secrets.Hit) {
	prefix := ""
	if p.Module.Path != "" {
		prefix = p.Module.Path + "."
	}
	for _, h := range hits {
		where, address := holderOf(f, h)
		if address != "" {
			where, address = prefix+where, prefix+address
		}
		secretAt(p, value.At(rangeIn(f.Path, f.Bytes, h.From, h.To)), where, address, h.Kind, fromAWS)
	}
}

// holderOf names what a secret stands in: the argument, else the block, else the file; and the resource's address, if it is one.
func holderOf(f *module.File, h secrets.Hit) (where, address string) {
	where = h.Name
	if f.Body != nil {
		for _, b := range f.Body.Blocks {
			if r := hcl.RangeBetween(b.TypeRange, b.CloseBraceRange); h.From < r.Start.Byte || r.End.Byte <= h.From {
				continue
			}
			if len(b.Labels) == 2 && (b.Type == "resource" || b.Type == "data" || b.Type == "ephemeral") {
				address = (&module.Resource{Mode: modeOf(b), Type: b.Labels[0], Name: b.Labels[1]}).Address()
			}
			break
		}
		if path := secrets.Path(f.Body, h.From); where == "" {
			where = path
		} else if path != "" && !strings.HasPrefix(where, path) && !strings.Contains(where, ".") {
			where = path + " (" + where + ")"
		}
	}
	if where == "" {
		where = f.Path
	}
	return where, address
}

func modeOf(b *hclsyntax.Block) module.Mode {
	switch b.Type {
	case "data":
		return module.Data
	case "ephemeral":
		return module.Ephemeral
	}
	return module.Managed
}

// fromAWS is where a configuration reads its secrets.
const fromAWS = "Secrets Manager or SSM"

func secretAt(p *linter.Pass, at value.Locator, where, address, kind, instead string) {
	if kind == "" {
		kind = "what looks like a secret"
	}
	f := p.Report(at, "%s holds %s in plain text; read it from %s and revoke this one", where, kind, instead)
	f.Secret, f.Evidence, f.Address = true, where+" "+kind, address
}

func rangeIn(name string, text []byte, from, to int) hcl.Range {
	line := strings.Count(string(text[:from]), "\n") + 1
	start := secrets.LineStart(text, from)
	pos := func(i int) hcl.Pos { return hcl.Pos{Line: line, Column: i - start + 1, Byte: i} }
	return hcl.Range{Filename: name, Start: pos(from), End: pos(min(to, secrets.LineEnd(text, from)))}
}

// secretArguments follows arguments to literals that stand elsewhere: under another name, in a file, behind a function.
func secretArguments(p *linter.Pass, s *secrets.Settings) {
	r := p.Resource
	if r.Syntax() == nil {
		plannedSecrets(p, s, r.Value(), r.Address(), 0)
		return
	}
	if r.Mode == module.Managed {
		secretBody(p, s, &r.Body, r.Address(), 0)
	}
}

// scripts are arguments whose text is a script or a document.
var scripts = []string{"user_data", "user_data_base64", "custom_data", "container_definitions", "buildspec", "startup_script", "metadata_startup_script"}

func secretBody(p *linter.Pass, s *secrets.Settings, b *lang.Body, where string, depth int) {
	if depth > 20 || b.Syntax() == nil {
		return
	}
	for _, name := range b.AttrNames() {
		e := b.Syntax().Attributes[name].Expr
		if _, literal := module.Literal(e); literal { // the file scan reports it
			continue
		}
		switch {
		case slices.Contains(scripts, name):
			if readsFile(p.Module.Source, e, 0) {
				secretScript(p, s, b.Attr(name), where+"."+name, b.AttrRange(name))
			}
		case secrets.Speaks(name), name == "variables", name == "environment", name == "environment_variables":
			secretValue(p, s, b.Attr(name), name, where+"."+name, b.AttrRange(name), 0)
		}
	}
	for _, name := range b.BlockNames() {
		for _, inner := range b.Blocks(name) {
			secretBody(p, s, inner, where+"."+name, depth+1)
		}
	}
}

// readsFile reports an expression that reads a file, itself or through locals.
func readsFile(m *module.Module, e hclsyntax.Expression, depth int) bool {
	found := false
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if c, ok := n.(*hclsyntax.FunctionCallExpr); ok {
			found = found || c.Name == "templatefile" || strings.HasPrefix(c.Name, "file")
		}
		return nil
	})
	for _, t := range e.Variables() {
		if name, ok := traversed(t); ok && t.RootName() == "local" && m.Locals[name] != nil && !found && depth < 10 {
			found = readsFile(m, m.Locals[name].Expr, depth+1)
		}
	}
	return found
}

// traversed is the first name behind the root of a reference.
func traversed(t hcl.Traversal) (name string, ok bool) {
	if len(t) < 2 {
		return "", false
	}
	a, ok := t[1].(hcl.TraverseAttr)
	return a.Name, ok
}

func secretScript(p *linter.Pass, s *secrets.Settings, v value.Value, where string, at value.Locator) {
	text, ok := v.Pattern("${}")
	if !ok || v.Sensitive() {
		return
	}
	if h, ok := s.Script(text); ok {
		if h.Name != "" {
			where += " (" + h.Name + ")"
		}
		secretAt(p, at, where, p.Resource.Address(), h.Kind, fromAWS)
	}
}

func secretValue(p *linter.Pass, s *secrets.Settings, v value.Value, name, where string, at value.Locator, depth int) {
	if v.Sensitive() || depth > 10 {
		return
	}
	if v.Kind() == value.Map {
		v.Each(func(k string, e value.Value) { secretValue(p, s, e, k, where+"."+k, at, depth+1) })
		return
	}
	if text, ok := v.Str(); ok && v.Kind() == value.String && s.Suspicious(name, text) && !secretReported(p, s, v.Range()) {
		secretAt(p, p.Within(v, at), where, p.Resource.Address(), "", fromAWS)
	}
}

// secretReported tells that the file scan has a finding where a literal stands.
func secretReported(p *linter.Pass, s *secrets.Settings, at hcl.Range) bool {
	for _, m := range p.Root.Modules() {
		if m.Source == nil {
			continue
		}
		if f := m.Source.File(at.Filename); f != nil {
			return slices.ContainsFunc(secretsOf(p, s, f), func(h secrets.Hit) bool {
				return secrets.LineStart(f.Bytes, h.From) == secrets.LineStart(f.Bytes, min(at.Start.Byte, len(f.Bytes)))
			})
		}
	}
	return strings.HasSuffix(at.Filename, ".tfvars") || strings.HasSuffix(at.Filename, ".tfvars.json")
}

// plannedSecrets examines a plan, where literals and generated values look alike: only tokens count.
func plannedSecrets(p *linter.Pass, s *secrets.Settings, v value.Value, where string, depth int) {
	if v.Sensitive() || depth > 20 {
		return
	}
	if text, ok := v.Str(); ok && v.Kind() == value.String {
		if hits := s.Tokens([]byte(text)); len(hits) > 0 {
			secretAt(p, p.Resource, where, p.Resource.Address(), hits[0].Kind, fromAWS)
		}
		return
	}
	v.Each(func(name string, e value.Value) {
		inner := where
		if name != "" {
			inner += "." + name
		}
		plannedSecrets(p, s, e, inner, depth+1)
	})
}
