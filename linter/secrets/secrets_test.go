package secrets

import (
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

var defaults = Settings{Entropy: 3, MinLength: 8}

// letters makes the random part of a token, so that no scanner of this repository takes the tests for leaks.
func letters(n int) string { return strings.Repeat("aB3dE6gH9jK2", 1+n/12)[:n] }

func hex(n int) string { return strings.Repeat("0a9b4c7d", 1+n/8)[:n] }

func TestTokens(t *testing.T) {
	for _, c := range []struct{ text, kind string }{
		{"AKIA" + "Q3EGP7XZ4WLMN2TR", "an AWS access key id"},
		{"ASIA" + "Q3EGP7XZ4WLMN2TR", "a temporary AWS access key id"},
		{"AKIA" + "IOSFODNN7EXAMPLE", ""},
		{"AKIA" + strings.Repeat("X", 16), ""},
		{"XAKIA" + "Q3EGP7XZ4WLMN2TR", ""},
		{"token=ghp_" + letters(36), "a GitHub token"},
		{"github_pat_" + letters(40), "a GitHub token"},
		{"glpat-" + letters(20), "a GitLab token"},
		{"xoxb-" + "123456789012-" + letters(20), "a Slack token"},
		{"https://hooks.slack.com/services/" + "T0A1B2C3D/B0A1B2C3D/" + letters(24), "a Slack webhook"},
		{"sk_" + "live_" + letters(24), "a Stripe key"},
		{"SG." + letters(22) + "." + letters(43), "a SendGrid key"},
		{"npm_" + letters(36), "an npm token"},
		{"sk-ant-" + "api03-" + letters(80), "an Anthropic key"},
		{"sk-" + "proj-" + letters(48), "an OpenAI key"},
		{"hvs." + letters(30), "a Vault token"},
		{letters(14) + ".atlasv1." + letters(64), "a Terraform Cloud token"},
		{"AccountKey=" + letters(86) + "==", "an Azure storage key"},
		{"mongodb+srv://app:" + "k7Hq2Vb9" + "@db.example.org", "a password in a URL"},
		{"redis://:" + "k7Hq2Vb9" + "@cache:6379", "a password in a URL"},
		{"https://example.org:8443/a@b", ""},
		{"https://app:${var.p}@db", ""},
		{"Authorization: Bearer " + hex(32), "a token in a header"},
		{"-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkq", "a private key"},
		{"-----BEGIN " + "PRIVATE KEY-----\"\n", ""},
		{"arn:aws:iam::123456789012:role/titanic-training-execution", ""},
		{"aws_sagemaker_endpoint_configuration.main.production_variants", ""},
	} {
		got := ""
		if hits := defaults.Tokens([]byte(c.text)); len(hits) > 0 {
			got = hits[0].Kind
		}
		if got != c.kind {
			t.Errorf("%s: %q, want %q", c.text, got, c.kind)
		}
	}
}

func TestSuspicious(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"password", "hunter2", true},
		{"DB_PASS", "hunter2", true},
		{"adminPassword", "hunter2", true},
		{"MYSQL_PWD", "hunter2", true},
		{"password_length", "hunter2", false},
		{"password", "changeme", false},
		{"password", "${var.password}", false},
		{"password", "/prod/db/password", false},
		{"password", `{"user":"app"}`, false},
		{"compass", "hunter2", false},
		{"spring.datasource.password", "hunter2", true},
		{"token.actions.githubusercontent.com:sub", "repo:acme/titanic:environment:pr0d", false},
		{"api_key", hex(32), true},
		{"api_key_name", hex(32), false},
		{"secret", "titanic-db-credentials", false},
		{"secret", "MyApplicationSecret", false},
		{"client_secret", "j2323232324", true},
		{"oauth.clientSecret", "titanic-client-secret", false},
		{"token", "abab1212abab1212", false},
		{"client_secret", "550e8400-e29b-41d4-a716-446655440000", true},
		{"token", "550e8400-e29b-41d4-a716-446655440000", false},
		{"creation_token", "titanic-2026a1b2c3", false},
		{"tokenizer", "bert-base-9f8e7d6c", false},
		{"max_tokens", "9f8e7d6c5b4a", false},
		{"auth_token", "aaaaaaaa1", false},
		{"secret_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYz9q0V1b2c3", true},
		{"access_key", "AKIA" + "IOSFODNN7EXAMPLE", true},
		{"token", letters(17) + "EXAMPLE", false},
	} {
		if got := defaults.Suspicious(c.name, c.value); got != c.want {
			t.Errorf("%s = %s: %v", c.name, c.value, got)
		}
	}
}

// TestPlaces says where secrets stand in a file and what they are called there.
func TestPlaces(t *testing.T) {
	f, diags := module.Parse("main.tf", []byte(`# password = "hunter2-in-a-comment"
resource "x" "y" {
  environment = merge(var.more, { DB_PASSWORD = "hunter2" })
  script      = <<-EOT
    password: hunter2
    PASSWORD=hunter3 # password: words that explain
    password: $${HIDDEN}
  EOT
  dynamic "env" {
    for_each = var.e
    content {
      name  = "TOKEN"
      value = "k7Hq2-Vb9xZ1"
    }
  }
}
variable "db" {
  default = { password = "hunter2" }
}
provider "github" {
  owner = "acme"
  token = "abab1212abab1212"
}
`))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	for _, h := range defaults.File(f) {
		got = append(got, h.Name)
	}
	want := "x.y.environment.DB_PASSWORD|x.y.script (password)|x.y.script (PASSWORD)|x.y.env.content.value|var.db.default.password|provider.github.token|password"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	if at := strings.Index(string(f.Bytes), `"hunter2" })`); Path(f.Body, at) != "x.y.environment.DB_PASSWORD" {
		t.Errorf("path: %s", Path(f.Body, at))
	}
}

// TestEscapedQuotes: in a heredoc the quotes of a script or a JSON document may stand behind a backslash.
func TestEscapedQuotes(t *testing.T) {
	for _, c := range []struct{ text, name string }{
		{`export DATABASE_PASSWORD=\"` + "Some" + `SortOfPassword\"`, "DATABASE_PASSWORD"},
		{`echo '{\"db_password\": \"` + "k7Hq" + `2Vb9\"}' > /etc/app.json`, "db_password"},
		{`export DATABASE_PASSWORD=\"$(aws ssm get-parameter --name /db)\"`, ""},
		{`export DATABASE_PASSWORD=\"\"`, ""},
	} {
		hits := defaults.Document([]byte(c.text))
		switch {
		case c.name == "" && len(hits) > 0:
			t.Errorf("%s: found %q", c.text, hits[0].Name)
		case c.name != "" && (len(hits) != 1 || hits[0].Name != c.name):
			t.Errorf("%s: %v, want %s", c.text, hits, c.name)
		}
	}
}
