package rules

import (
	"bytes"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// HardcodedSecret finds secrets written into sources. It never shows one.
var HardcodedSecret = &linter.Rule{
	Name:     "hardcoded_secret",
	Title:    "secrets must not be written into sources",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerModule | linter.PerResource,
	Text: `A secret in a repository is read by everybody who can clone it, for as long as the history exists. Found are, in sources, comments,
heredocs and variable files:

- tokens by their form: AWS access keys, GitHub, GitLab, Slack, Stripe, SendGrid, npm, Google, HashiCorp Vault, JSON web tokens, private keys,
  passwords in URLs;
- literals given to names that speak of a password, secret, token or key: arguments, object keys, variable defaults, ` + "`export`" + ` lines in user data.

Placeholders (` + "`changeme`, `<token>`, `EXAMPLE`" + `), references, ARNs, paths and names of stored secrets, hashes and booleans pass. For names other than
passwords the text must look random: at least ` + "`entropy`" + ` bits for each character. The finding never shows the text. Move the value to Secrets
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

// token is a kind of secret that its form betrays. The prefix is looked for first: it is much faster than the expression.
type token struct {
	name, prefix string
	re           func() *regexp.Regexp
}

var tokens = []token{
	{"an AWS access key id", "AKIA", linter.Lazy(`\bAKIA[A-Z2-7]{16}\b`)},
	{"a temporary AWS access key id", "ASIA", linter.Lazy(`\bASIA[A-Z2-7]{16}\b`)},
	{"a GitHub token", "gh", linter.Lazy(`\bgh[pousr]_[A-Za-z0-9]{36,255}\b`)},
	{"a GitHub token", "github_pat_", linter.Lazy(`\bgithub_pat_[A-Za-z0-9_]{22,255}\b`)},
	{"a GitLab token", "glpat-", linter.Lazy(`\bglpat-[A-Za-z0-9_-]{20,}`)},
	{"a Slack token", "xox", linter.Lazy(`\bxox[abeprs]-[A-Za-z0-9-]{10,}`)},
	{"a Slack webhook", "hooks.slack.com", linter.Lazy(`hooks\.slack\.com/services/T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]{16,}`)},
	{"a Stripe key", "k_live_", linter.Lazy(`\b[rs]k_live_[A-Za-z0-9]{16,}`)},
	{"a SendGrid key", "SG.", linter.Lazy(`\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`)},
	{"an npm token", "npm_", linter.Lazy(`\bnpm_[A-Za-z0-9]{36}\b`)},
	{"a Google API key", "AIza", linter.Lazy(`\bAIza[A-Za-z0-9_-]{35}`)},
	{"a Vault token", "hvs.", linter.Lazy(`\bhvs\.[A-Za-z0-9_-]{24,}`)},
	{"a JSON web token", "eyJ", linter.Lazy(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
	{"a private key", "PRIVATE KEY", linter.Lazy(`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----`)},
	{"a password in a URL", "://", linter.Lazy(`[a-z][a-z0-9+]*://[^\s:/@"'$<>{}]+:([^\s:/@"'$<>{}*]{3,})@[A-Za-z0-9]`)},
}

// assignment is NAME = "literal", NAME: "literal" or NAME=literal, where NAME speaks of a secret.
var assignment = linter.Lazy(`(?i)([A-Za-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credential)[A-Za-z0-9_]*)"?[ \t]*(?:=|:)[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|([^\s"'#;,&|)\]}]+))`)

var (
	secretWords = [][]byte{[]byte("passw"), []byte("passphrase"), []byte("secret"), []byte("token"), []byte("apikey"), []byte("api_key"),
		[]byte("access_key"), []byte("accesskey"), []byte("private_key"), []byte("privatekey"), []byte("credential")}
	passwords = linter.Lazy(`(?i)passw(or)?d|passphrase`)
	// harmless names end in what describes a secret without being one.
	harmless = linter.Lazy(`(?i)(_(?:name|names|id|ids|arn|arns|path|paths|policy|policies|type|types|version|length|ttl|enabled|lifetime|validity|expiration|rotation|url|uri|endpoint|file|ref|key_usage|description|prefix|suffix|count|days|hours|minutes|seconds|format|parameter|parameters|bucket|requirements?|provider|providers|scopes?|issuer|audience|algorithm|mode|size|spec|usage|alias|lambda|source|header|field|column|wo_version)|validity|tokens|hop_limit)$|^(?:manage|require|allow|use|enable|minimum|max|min|http|has|is|create)_|^(?:kms|public|sort|range|hash|partition|primary|foreign|key)_`)
	noSecret = linter.Lazy(`(?i)^(?:change[_-]?(?:me|it|this)?|replace.*|todo.*|fixme|dummy|example|sample|test|none|null|true|false|yes|no|required|optional|enabled|disabled|default|string|unknown|redacted|placeholder.*|your[_-].*|my[_-](?:secret|password|token)|x{3,}|\*{3,}|\.{3,}|-+|0+|1234?|n/a|<.*>|\{\{.*\}\}|\[.*\]|%.*%|not[_-]?(?:set|used|a[_-]?secret).*)$|EXAMPLE|(?i:changeme|placeholder)`)
	lookup   = linter.Lazy(`^(?:arn:|/|\./|\.\./|~|s3://|https?://[^@]*$|ssm:|secretsmanager:|vault:|projects/|alias/|file:|env:|data\.|var\.|local\.|module\.|each\.|aws_|random_|path\.|sha256:|\{\{resolve:)|^[a-z0-9-]+(?:/[A-Za-z0-9_.-]+)+$`)
	hash     = linter.Lazy(`^[0-9a-f]{32}$|^[0-9a-f]{40}$|^[0-9a-f]{64}$|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

func hardcodedSecret(p *linter.Pass) {
	if p.Resource != nil {
		secretArguments(p)
		return
	}
	src := p.Module.Source
	for _, f := range src.Files {
		scanSecrets(p, f.Path, f.Bytes)
	}
	if p.Module.Parent == nil {
		entries, err := p.Tree.ReadDir(src.Dir)
		if err != nil {
			return
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".tfvars") || strings.HasSuffix(e.Name(), ".tfvars.json") {
				if text, err := p.Tree.ReadFile(path.Join(src.Dir, e.Name())); err == nil {
					scanSecrets(p, path.Join(src.Dir, e.Name()), text)
				}
			}
		}
	}
	for _, n := range sorted(src.Variables) {
		b := src.Variables[n].Block
		if a := b.Body.Attributes["default"]; a != nil {
			if s, ok := module.Literal(a.Expr); ok && suspicious(p, n, s) {
				secretAt(p, eval.At(a.Expr.Range()), "variable "+n, "default")
			}
		}
	}
}

func secretAt(p *linter.Pass, at eval.Locator, where, kind string) {
	f := p.Report(at, "%s holds %s in plain text; read it from Secrets Manager or SSM and revoke this one", where, describe(kind))
	f.Secret = true
	f.Evidence = where + " " + kind
}

func describe(kind string) string {
	if kind == "default" || kind == "" {
		return "what looks like a secret"
	}
	return kind
}

// scanSecrets looks at the text itself, so that comments, heredocs and files that do not parse are seen too.
func scanSecrets(p *linter.Pass, name string, text []byte) {
	lines := map[int]bool{}
	add := func(from, to int, where, kind string) {
		at := rangeIn(name, text, from, to)
		if !lines[at.Start.Line] {
			lines[at.Start.Line] = true
			secretAt(p, eval.At(at), where, kind)
		}
	}
	for _, t := range tokens {
		prefix := []byte(t.prefix)
		for from := 0; ; {
			i := bytes.Index(text[from:], prefix)
			if i < 0 {
				break
			}
			i += from
			from = i + len(prefix)
			start := lineStart(text, i)
			end := lineEnd(text, i)
			for _, m := range t.re().FindAllIndex(text[start:end], -1) {
				if m[0] <= i-start && i-start < m[1] && !allowed(p, string(text[start+m[0]:start+m[1]])) {
					add(start+m[0], start+m[1], name, t.name)
				}
			}
		}
	}
	lower := lowered(text)
	if !speaksOfSecrets(lower) {
		return
	}
	for start := 0; start < len(text); {
		end := lineEnd(text, start)
		line := text[start:end]
		if speaksOfSecrets(lower[start:end]) {
			for _, m := range assignment().FindAllSubmatchIndex(line, 4) {
				key := string(line[m[2]:m[3]])
				group := 4
				quoted := m[4] >= 0
				if !quoted {
					group = 6
				}
				value := string(line[m[group]:m[group+1]])
				if !quoted && !shellAssignment(line, m) {
					continue
				}
				if suspicious(p, key, value) {
					add(start+m[group], start+m[group+1], key, "")
				}
			}
		}
		start = end + 1
	}
}

// lowered changes ASCII only, so that offsets stay.
func lowered(text []byte) []byte {
	out := make([]byte, len(text))
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return out
}

// shellAssignment reports an unquoted literal in NAME=value form, as in user data: HCL itself has none.
func shellAssignment(line []byte, m []int) bool {
	return m[6] > 0 && line[m[6]-1] == '=' && (m[2] == 0 || line[m[2]-1] != '.') && bytes.ToUpper(line[m[2]:m[3]])[0] == line[m[2]]
}

// speaksOfSecrets takes lower case.
func speaksOfSecrets(text []byte) bool {
	for _, w := range secretWords {
		if bytes.Contains(text, w) {
			return true
		}
	}
	return false
}

func lineStart(text []byte, i int) int { return bytes.LastIndexByte(text[:i], '\n') + 1 }

func lineEnd(text []byte, i int) int {
	if j := bytes.IndexByte(text[i:], '\n'); j >= 0 {
		return i + j
	}
	return len(text)
}

func rangeIn(name string, text []byte, from, to int) hcl.Range {
	line := bytes.Count(text[:from], []byte("\n")) + 1
	start := lineStart(text, from)
	pos := func(i int) hcl.Pos { return hcl.Pos{Line: line, Column: i - start + 1, Byte: i} }
	return hcl.Range{Filename: name, Start: pos(from), End: pos(to)}
}

// suspicious decides whether a literal given to a name is a secret.
func suspicious(p *linter.Pass, name, value string) bool {
	if !speaksOfSecrets(lowered([]byte(name))) || harmless().MatchString(name) || allowed(p, value) {
		return false
	}
	if passwords().MatchString(name) {
		return len(value) >= 4
	}
	return len(value) >= p.Int("min_length") && !strings.ContainsAny(value, " \t") && entropy(value) >= p.Float("entropy") && strings.ContainsAny(value, "0123456789")
}

func allowed(p *linter.Pass, value string) bool {
	if value == "" || strings.Contains(value, "${") || strings.Contains(value, "$(") || strings.HasPrefix(value, "$") || noSecret().MatchString(value) ||
		lookup().MatchString(value) || hash().MatchString(value) {
		return true
	}
	for _, a := range p.Strings("allow") {
		if linter.Regexp(a).MatchString(value) {
			return true
		}
	}
	return false
}

// entropy is the Shannon entropy of the characters, in bits.
func entropy(s string) float64 {
	count := map[rune]float64{}
	for _, r := range s {
		count[r]++
	}
	total, sum := float64(len([]rune(s))), 0.0
	for _, r := range sortedRunes(count) {
		sum -= count[r] / total * math.Log2(count[r]/total)
	}
	return sum
}

func sortedRunes(m map[rune]float64) []rune {
	keys := map[string]bool{}
	for r := range m {
		keys[string(r)] = true
	}
	out := make([]rune, 0, len(m))
	for _, k := range sorted(keys) {
		out = append(out, []rune(k)[0])
	}
	return out
}

// secretArguments follows arguments to literals that stand elsewhere under another name.
func secretArguments(p *linter.Pass) {
	r := p.Resource
	body := r.Syntax()
	if body == nil {
		plannedSecrets(p)
		return
	}
	if r.Mode != module.Managed {
		return
	}
	var names []string
	for n := range body.Attributes {
		if speaksOfSecrets([]byte(n)) && !harmless().MatchString(n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		a := body.Attributes[n]
		if _, literal := module.Literal(a.Expr); literal {
			continue // the text scan reports it
		}
		v := r.Attr(n)
		if s, ok := v.Str(); ok && v.Kind() == eval.String && suspicious(p, n, s) {
			secretAt(p, p.Within(v, eval.At(a.SrcRange)), fmt.Sprintf("%s.%s", r.Address(), n), "")
		}
	}
}

// plannedSecrets examines a plan, where literals and generated values look alike: only tokens count.
func plannedSecrets(p *linter.Pass) {
	p.Resource.Value().Each(func(name string, v eval.Value) {
		s, ok := v.Str()
		if !ok || v.Sensitive() {
			return
		}
		for _, t := range tokens {
			if strings.Contains(s, t.prefix) && t.re().MatchString(s) && !allowed(p, s) {
				secretAt(p, p.Resource, fmt.Sprintf("%s.%s", p.Resource.Address(), name), t.name)
				return
			}
		}
	})
}
