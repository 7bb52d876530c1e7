package secrets

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Settings are the thresholds of what counts as a secret.
type Settings struct {
	// Entropy is the least Shannon entropy, in bits for each character, of a text given to a token or key.
	Entropy float64
	// MinLength is the least length of such a text. Passwords count from four characters.
	MinLength int
	// Allow are patterns of texts that are no secrets.
	Allow []*regexp.Regexp
}

// lazy compiles a pattern when it is first needed: most runs meet no secret at all.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// class says how much a name tells of the text given to it.
type class uint8

const (
	plain class = iota
	// key names speak of a token, key or secret: the text must look random.
	key
	// password names speak of what people make up themselves: any text counts.
	password
)

var (
	// harmless names end or begin in what describes a secret without being one. They are in snake case.
	harmless = lazy(`_(?:name|names|id|ids|arn|arns|path|paths|policy|policies|type|types|versions?|length|ttl|enabled|lifetime|validity|expiration|expiry|expires|rotation|urls?|uri|endpoint|files?|refs?|key_usage|description|prefix|suffix|count|days|hours|minutes|seconds|format|parameters?|bucket|requirements?|providers?|scopes?|issuer|audience|algorithm|mode|size|spec|usage|alias|lambda|source|header|field|column|wo_version|hash|sha|sha1|sha256|sha512|md5|digest|checksum|fingerprint|thumbprint|hint|label|kind|env|selector|location|store|manager|options?|in)$` +
		`|(?:^|_)(?:validity|tokens|hop_limit)$|^(?:manage|require|allow|use|enable|disable|minimum|max|min|http|has|is|create|force|reset|rotate|generate|validate|ignore|skip|kms|public|sort|range|hash|partition|primary|foreign|key)_` +
		`|^(?:creation|client|client_request|request|next|continuation|idempotency|pagination|execution)_token$`)
	// credentials are the names of the access keys of AWS. They are written where AWS is really called, so that a documented example counts
	// there as well.
	credentials = []string{"access_key", "secret_key", "aws_access_key", "aws_access_key_id", "aws_secret_key", "aws_secret_access_key", "secret_access_key", "aws_session_token"}
	placeholder = lazy(`(?i)^(?:change[_-]?(?:me|it|this)?|replace.*|todo.*|fixme|dummy.*|example|sample|tests?|testing|mock.*|fake.*|local|localstack|minio(?:admin)?|none|null|nil|true|false|yes|no|required|optional|enabled|disabled|default|string|unknown|redacted|hidden|masked|ignored?|initial|tbd|temp(?:orary)?|to[_-]be[_-].*|set[_-](?:me|by|in|via|manually|later).*|managed[_-]by.*|placeholder.*|your[_-]?.*|an?(?:accesskey|secretkey)|my[_-](?:secret|password|token)|foo|bar|baz|x{3,}|\*{3,}|\.{3,}|-+|0+|1234?|n/a|<.*>|\{\{.*\}\}|\[.*\]|%.*%|not[_-]?(?:set|used|needed|a[_-]?secret).*)$|(?i:changeme|change-me|change_me|placeholder)`)
	example     = lazy(`EXAMPLE`)
	lookup      = lazy(`^(?:arn:|/|\./|\.\./|~|s3://|https?://[^@]*$|ssm:|secretsmanager:|vault:|op://|projects/|alias/|file:|env:|data\.|var\.|local\.|module\.|each\.|self\.|aws_|random_|tls_|path\.|sha256:|\{\{resolve:|\$\{?)|^[a-z0-9.-]+(?:/[A-Za-z0-9_.-]+)+$`)
	uuid        = lazy(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	// words is a text that a person reads: words of letters, and short numbers.
	words = lazy(`^(?:[A-Z]?[a-z]{1,14}(?:[A-Z][a-z]{1,14})*|[A-Z]{1,14}|[0-9]{1,4})(?:[-_.:/@]+(?:[A-Z]?[a-z]{1,14}(?:[A-Z][a-z]{1,14})*|[A-Z]{1,14}|v?[0-9]{1,4}))*$`)
)

// normal splits a name at case and separators and writes it in snake case: DB_PASSWORD, dbPassword and db-password are the same. Of a name
// in a namespace, such as token.actions.githubusercontent.com:sub or spring.datasource.password, the last part counts.
func normal(name string) string {
	name = strings.TrimRight(name, "./:")
	name = name[strings.LastIndexAny(name, "./:")+1:]
	var b strings.Builder
	before := rune('_')
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = '_'
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)):
			b.WriteByte('_')
		}
		if r != '_' || before != '_' {
			b.WriteRune(unicode.ToLower(r))
		}
		before = r
	}
	return strings.Trim(b.String(), "_")
}

// telling are the words of which every name of a secret has one.
var telling = tableOf("|pass", "|pwd", "|psw", "contr|asena", "|secret", "|token", "|cred", "api|key", "|key", "s|tring")

// classOf reads a name in snake case.
func classOf(name string) class {
	if slices.Contains(credentials, name) {
		return password
	}
	if !in(telling, name) || harmless().MatchString(name) {
		return plain
	}
	parts := strings.Split(name, "_")
	found := plain
	for i, w := range parts {
		switch {
		case strings.HasSuffix(w, "password"), strings.HasSuffix(w, "passwd"), strings.HasSuffix(w, "passphrase"), w == "pwd", w == "psw", w == "contrasena",
			i == len(parts)-1 && (w == "pass" || w == "dbpass" || w == "userpass" || w == "pgpass"):
			return password
		case strings.HasSuffix(w, "secret"), w == "secrets", strings.HasSuffix(w, "token"), w == "credential", w == "credentials", w == "creds",
			strings.HasSuffix(w, "apikey"), w == "accesskey", w == "privatekey", w == "secretkey":
			found = key
		case w == "key" && i > 0 && slices.Contains([]string{"api", "access", "private", "secret", "signing", "encryption", "account", "auth", "app", "application",
			"shared", "master", "storage", "client", "deploy", "webhook", "hmac", "admin", "licence", "license"}, parts[i-1]):
			found = key
		case w == "string" && i > 0 && (parts[i-1] == "secret" || parts[i-1] == "connection"):
			if parts[i-1] == "secret" {
				return password
			}
		}
	}
	return found
}

// Speaks reports whether a name says that what is given to it is a secret.
func Speaks(name string) bool { return classOf(normal(name)) != plain }

// Suspicious decides whether a literal given to a name is a secret.
func (s *Settings) Suspicious(name, value string) bool {
	return s.suspicious(normal(name), value, false)
}

// suspicious decides for a name in snake case. Of a credential it is known that the text opens a door, such as a provider's token: it need
// not look random, but for words.
func (s *Settings) suspicious(name, value string, credential bool) bool {
	c := classOf(name)
	if c == plain || s.allowed(value) || !slices.Contains(credentials, name) && example().MatchString(value) {
		return false
	}
	if c == password {
		return len(value) >= 4 && !strings.HasPrefix(value, "{") // a document is judged by its own names
	}
	if credential = credential || strings.HasSuffix(name, "client_secret"); credential {
		return len(value) >= s.MinLength && !strings.ContainsAny(value, " \t\n") && !words().MatchString(value)
	}
	if uuid().MatchString(value) && !strings.Contains(name, "key") && !strings.Contains(name, "secret") {
		return false // names a request rather than opens a door
	}
	return len(value) >= s.MinLength && !strings.ContainsAny(value, " \t\n") && entropy(value) >= s.Entropy && !words().MatchString(value)
}

// allowed reports texts that are no secrets under any name.
func (s *Settings) allowed(value string) bool {
	if value == "" || strings.Contains(value, "${") || strings.Contains(value, "$(") || strings.HasPrefix(value, "$") || placeholder().MatchString(value) ||
		lookup().MatchString(value) && !random(value) {
		return true
	}
	return s.accepted(value)
}

// accepted reports texts that the settings allow.
func (s *Settings) accepted(value string) bool {
	for _, a := range s.Allow {
		if a.MatchString(value) {
			return true
		}
	}
	return false
}

// random reports a text such as an AWS secret key, in which a stroke does not make a path.
func random(value string) bool {
	return len(value) >= 30 && strings.ContainsAny(value, "0123456789") && strings.ToLower(value) != value && strings.Count(value, "/") <= 3 &&
		!strings.ContainsAny(value, ":.-_") && entropy(value) > 4.3
}

// entropy is the Shannon entropy of the characters, in bits.
func entropy(s string) float64 {
	runes := []rune(s)
	slices.Sort(runes)
	total, sum := float64(len(runes)), 0.0
	for i := 0; i < len(runes); {
		j := i
		for j < len(runes) && runes[j] == runes[i] {
			j++
		}
		share := float64(j-i) / total
		sum -= share * math.Log2(share)
		i = j
	}
	return sum
}
