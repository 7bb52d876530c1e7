package secrets

import (
	"bytes"
	"regexp"
	"strings"
)

// token is a kind of secret that its form betrays: a prefix that stands at the beginning of a word, and an expression for the whole.
type token struct {
	kind, prefix string
	re           func() *regexp.Regexp
}

var tokens = []token{
	{"an AWS access key id", "AKIA", lazy(`^AKIA[A-Z0-9]{16}\b`)},
	{"a temporary AWS access key id", "ASIA", lazy(`^ASIA[A-Z0-9]{16}\b`)},
	{"an AWS bearer token", "ABIA", lazy(`^ABIA[A-Z0-9]{16}\b`)},
	{"an AWS context credential", "ACCA", lazy(`^ACCA[A-Z0-9]{16}\b`)},
	{"an Amazon MWS token", "amzn.mws.", lazy(`^amzn\.mws\.[0-9a-f]{8}-[0-9a-f-]{27}`)},
	{"a GitHub token", "gh", lazy(`^gh[pousr]_[A-Za-z0-9]{36,255}\b`)},
	{"a GitHub token", "github_pat_", lazy(`^github_pat_[A-Za-z0-9_]{22,255}\b`)},
	{"a GitLab token", "gl", lazy(`^gl(?:pat|ptt|dt|rt|soat|cbt|ft|agent)-[A-Za-z0-9_-]{20,}`)},
	{"a Slack token", "xox", lazy(`^xox[abeoprs]-[A-Za-z0-9-]{10,}`)},
	{"a Slack token", "xapp-", lazy(`^xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]{20,}`)},
	{"a Slack webhook", "hooks.slack.com", lazy(`^hooks\.slack\.com/(?:services|workflows)/T[A-Za-z0-9_]+/[AB][A-Za-z0-9_]+/[A-Za-z0-9_/]{16,}`)},
	{"a Discord webhook", "discord", lazy(`^discord(?:app)?\.com/api/webhooks/[0-9]{16,20}/[A-Za-z0-9_-]{50,}`)},
	{"a Stripe key", "sk_", lazy(`^sk_(?:live|test)_[A-Za-z0-9]{16,}`)},
	{"a Stripe key", "rk_", lazy(`^rk_(?:live|test)_[A-Za-z0-9]{16,}`)},
	{"a Stripe webhook secret", "whsec_", lazy(`^whsec_[A-Za-z0-9+/]{24,}`)},
	{"a SendGrid key", "SG.", lazy(`^SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`)},
	{"an npm token", "npm_", lazy(`^npm_[A-Za-z0-9]{36}\b`)},
	{"a PyPI token", "pypi-", lazy(`^pypi-AgE[A-Za-z0-9_-]{40,}`)},
	{"a Google API key", "AIza", lazy(`^AIza[A-Za-z0-9_-]{35}`)},
	{"a Google OAuth token", "ya29.", lazy(`^ya29\.[A-Za-z0-9_-]{20,}`)},
	{"a Google OAuth client secret", "GOCSPX-", lazy(`^GOCSPX-[A-Za-z0-9_-]{20,}`)},
	{"a Vault token", "hv", lazy(`^hv[sbr]\.[A-Za-z0-9_-]{24,}`)},
	{"a Hugging Face token", "hf_", lazy(`^hf_[A-Za-z]{34}\b`)},
	{"an Anthropic key", "sk-ant-", lazy(`^sk-ant-[A-Za-z0-9_-]{40,}`)},
	{"an OpenAI key", "sk-", lazy(`^sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{40,}`)},
	{"a DigitalOcean token", "do", lazy(`^do[opr]_v1_[a-f0-9]{64}\b`)},
	{"a Shopify token", "shp", lazy(`^shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b`)},
	{"a Docker Hub token", "dckr_", lazy(`^dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}`)},
	{"a New Relic key", "NR", lazy(`^NR(?:AK|JS|AA|II|RA)-[A-Za-z0-9]{20,}`)},
	{"a Linear key", "lin_api_", lazy(`^lin_api_[A-Za-z0-9]{40}`)},
	{"a Pulumi token", "pul-", lazy(`^pul-[a-f0-9]{40}\b`)},
	{"a Grafana token", "glsa_", lazy(`^glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}`)},
	{"a Grafana token", "glc_", lazy(`^glc_[A-Za-z0-9+/]{32,}`)},
	{"a Databricks token", "dapi", lazy(`^dapi[a-f0-9]{32}\b`)},
	{"an Atlassian token", "ATATT3", lazy(`^ATATT3[A-Za-z0-9_=-]{50,}`)},
	{"a Sentry token", "sntry", lazy(`^sntry[su]_[A-Za-z0-9+/=_]{40,}`)},
	{"a Square token", "sq0", lazy(`^sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}`)},
	{"a Facebook token", "EAA", lazy(`^EAACEdEose0cBA[A-Za-z0-9]+`)},
	{"a Mailgun key", "key-", lazy(`^key-[0-9a-zA-Z]{32}\b`)},
	{"a Twilio key", "SK", lazy(`^SK[0-9a-f]{32}\b`)},
	{"an age key", "AGE-SECRET-KEY-1", lazy(`^AGE-SECRET-KEY-1[0-9A-Z]{50,}`)},
	{"a Postman key", "PMAK-", lazy(`^PMAK-[a-f0-9]{24}-[a-f0-9]{34}`)},
	{"a Doppler token", "dp.", lazy(`^dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9.]{40,}`)},
	{"a Terraform Cloud token", "", lazy(`[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9=_-]{60,}`)},
	{"an Azure storage key", "", lazy(`AccountKey=[A-Za-z0-9+/]{80,}={0,2}`)},
	{"a Mailchimp key", "", lazy(`\b[0-9a-f]{32}-us[0-9]{1,2}\b`)},
	{"a JSON web token", "eyJ", lazy(`^eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
}

// inner are the texts that betray the tokens without a prefix.
var inner = map[string]string{"a Terraform Cloud token": ".atlasv1.", "an Azure storage key": "AccountKey=", "a Mailchimp key": "-us"}

// byFirst finds the tokens that a first byte may begin.
var byFirst = func() (out [256][]*token) {
	for i := range tokens {
		if t := &tokens[i]; t.prefix != "" {
			out[t.prefix[0]] = append(out[t.prefix[0]], t)
		}
	}
	return out
}()

// run tells the bytes that tokens are made of.
var run = func() (out [256]bool) {
	for c := range out {
		out[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_-.=/+:", byte(c)) >= 0
	}
	return out
}()

func word(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// shortest is the length of the shortest token: shorter runs of letters are not looked at.
const shortest = 20

// Tokens finds secrets by their form, wherever they stand.
func (s *Settings) Tokens(text []byte) []Hit {
	var out []Hit
	for from := 0; from < len(text); {
		if !run[text[from]] {
			from++
			continue
		}
		to := from
		for to < len(text) && run[text[to]] {
			to++
		}
		if to-from >= shortest {
			out = s.tokensIn(out, text, from, to)
		}
		from = to
	}
	out = s.urls(out, text)
	return privateKeys(out, text)
}

func (s *Settings) tokensIn(out []Hit, text []byte, from, to int) []Hit {
	add := func(t *token, at int) bool {
		m := t.re().FindIndex(text[at:to])
		if m == nil {
			return false
		}
		found := string(text[at+m[0] : at+m[1]])
		if varied(found[min(len(t.prefix), len(found)):]) && !example().MatchString(found) && !s.accepted(found) {
			out = append(out, Hit{From: at + m[0], To: at + m[1], Kind: t.kind})
		}
		return true
	}
	before := len(out)
	for at := from; at < to; at++ {
		if at > from && word(text[at-1]) {
			continue
		}
		for _, t := range byFirst[text[at]] {
			if bytes.HasPrefix(text[at:to], []byte(t.prefix)) && add(t, at) {
				break
			}
		}
	}
	if len(out) == before && to-from > 32 {
		for i := range tokens {
			if t := &tokens[i]; t.prefix == "" && bytes.Contains(text[from:to], []byte(inner[t.kind])) {
				add(t, from)
			}
		}
	}
	return out
}

// varied tells a token from a row of the same letters, which stands for one in documentation.
func varied(s string) bool {
	seen := map[byte]bool{}
	for i := range len(s) {
		seen[s[i]] = true
	}
	return len(seen) > 5
}

var (
	urlPassword = lazy(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@"'$<>{}\\]*:([^\s:/@"'$<>{}*\\]{3,})@[A-Za-z0-9\[]`)
	bearer      = lazy(`(?i)authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+([A-Za-z0-9_.=+/-]{20,})`)
)

// urls finds passwords in URLs and in headers.
func (s *Settings) urls(out []Hit, text []byte) []Hit {
	add := func(re func() *regexp.Regexp, mark, kind string) {
		for from := 0; ; {
			i := bytes.Index(text[from:], []byte(mark))
			if i < 0 {
				return
			}
			start, end := LineStart(text, from+i), LineEnd(text, from+i)
			for _, m := range re().FindAllSubmatchIndex(text[start:end], -1) {
				if value := string(text[start+m[2] : start+m[3]]); !s.allowed(value) {
					out = append(out, Hit{From: start + m[0], To: start + m[3], Kind: kind})
				}
			}
			from = end
		}
	}
	add(urlPassword, "://", "a password in a URL")
	add(bearer, "uthorization", "a token in a header")
	return out
}

var (
	keyHeader = lazy(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)
	keyBody   = lazy(`^(?:\s|\\n|\\r|"|Proc-Type:|DEK-Info:|Version:|Comment:|[,A-Za-z0-9:. -]{1,60}(?:\n|\\n))*[A-Za-z0-9+/=]{12,}`)
)

// privateKeys finds keys with something behind their header: the header alone is what a pattern or a message says.
func privateKeys(out []Hit, text []byte) []Hit {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("PRIVATE KEY"))
		if i < 0 {
			break
		}
		start := LineStart(text, from+i)
		from += i + len("PRIVATE KEY")
		m := keyHeader().FindIndex(text[start:min(len(text), from+20)])
		if m != nil && keyBody().Match(text[start+m[1]:min(len(text), start+m[1]+400)]) {
			out = append(out, Hit{From: start + m[0], To: start + m[1], Kind: "a private key"})
		}
	}
	if i := bytes.Index(text, []byte("PuTTY-User-Key-File-")); i >= 0 && bytes.Contains(text[i:], []byte("Private-Lines")) {
		out = append(out, Hit{From: i, To: LineEnd(text, i), Kind: "a private key"})
	}
	return out
}

// LineStart is where the line of position i begins.
func LineStart(text []byte, i int) int { return bytes.LastIndexByte(text[:i], '\n') + 1 }

// LineEnd is where the line of position i ends, before its line break.
func LineEnd(text []byte, i int) int {
	if j := bytes.IndexByte(text[i:], '\n'); j >= 0 {
		return i + j
	}
	return len(text)
}
