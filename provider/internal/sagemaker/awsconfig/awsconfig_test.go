package awsconfig

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
)

// tokens is an STS that hands out one key per role and keeps what it was asked, and by which key.
type tokens struct {
	mu    sync.Mutex
	asked []url.Values
	by    []string
}

var signedBy = regexp.MustCompile(`Credential=([^/]+)/`)

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	key := ""
	if m := signedBy.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		key = m[1]
	}
	s.mu.Lock()
	s.asked, s.by = append(s.asked, r.PostForm), append(s.by, key)
	s.mu.Unlock()
	action := r.PostForm.Get("Action")
	body := `<Arn>arn:aws:iam::111122223333:user/ada</Arn><UserId>A</UserId><Account>111122223333</Account>`
	if role := r.PostForm.Get("RoleArn"); role != "" {
		name := role[strings.LastIndexByte(role, '/')+1:]
		body = fmt.Sprintf(`<Credentials><AccessKeyId>ASIA%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials>`,
			strings.ToUpper(name), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>`, action, body)
}

// alone keeps the settings of whoever runs the tests out of them.
func alone(t *testing.T) (*tokens, Settings) {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	sts := &tokens{}
	server := httptest.NewServer(sts)
	t.Cleanup(server.Close)
	return sts, Settings{Region: "eu-west-1", Endpoints: Endpoints{SageMaker: server.URL, STS: server.URL}, MaxRetries: 2}
}

func key(t *testing.T, cfg aws.Config) string {
	t.Helper()
	c, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.AccessKeyID
}

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSharedFiles(t *testing.T) {
	_, s := alone(t)
	s.Region, s.Profile = "", "ml"
	s.SharedConfigFiles = []string{file(t, "[profile ml]\nregion = eu-central-1\n")}
	s.SharedCredentialsFiles = []string{file(t, "[ml]\naws_access_key_id = AKIAML\naws_secret_access_key = s\n")}
	cfg, err := AWS(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := key(t, cfg); got != "AKIAML" || cfg.Region != "eu-central-1" {
		t.Errorf("key %s in %s", got, cfg.Region)
	}
	s.Profile = "none"
	if _, err := AWS(t.Context(), s); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a profile that is not there: %v", err)
	}
}

// Roles are assumed one after the other, each with the credentials of the one before.
func TestAssumedRoles(t *testing.T) {
	sts, s := alone(t)
	s.AccessKey, s.SecretKey, s.SkipCredentialsValidation = "AKIABASE", "s", true
	s.AssumeRole = []AssumeRole{
		{RoleARN: "arn:aws:iam::111122223333:role/first", SessionName: "ci", ExternalID: "x-1", SourceIdentity: "ada", Duration: 20 * time.Minute},
		{RoleARN: "arn:aws:iam::444455556666:role/second", Tags: map[string]string{"team": "ml"}},
	}
	cfg, err := AWS(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := key(t, cfg); got != "ASIASECOND" {
		t.Errorf("requests are signed by %s", got)
	}
	var roles, by []string
	for i, q := range sts.asked {
		if q.Get("Action") == "AssumeRole" {
			roles, by = append(roles, q.Get("RoleArn")), append(by, sts.by[i])
			if len(roles) == 1 && (q.Get("ExternalId") != "x-1" || q.Get("SourceIdentity") != "ada" || q.Get("RoleSessionName") != "ci" || q.Get("DurationSeconds") != "1200") {
				t.Errorf("first role asked for with %v", q)
			}
		}
	}
	if len(roles) < 2 || roles[0] != s.AssumeRole[0].RoleARN || roles[len(roles)-1] != s.AssumeRole[1].RoleARN || by[0] != "AKIABASE" || by[len(by)-1] != "ASIAFIRST" {
		t.Errorf("assumed %v by %v", roles, by)
	}
}

func TestWebIdentity(t *testing.T) {
	sts, s := alone(t)
	s.WebIdentity = &WebIdentity{RoleARN: "arn:aws:iam::111122223333:role/oidc", SessionName: "run-7", TokenFile: file(t, "header.claims.signature")}
	cfg, err := AWS(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := key(t, cfg); got != "ASIAOIDC" {
		t.Errorf("requests are signed by %s", got)
	}
	if q := sts.asked[0]; q.Get("Action") != "AssumeRoleWithWebIdentity" || q.Get("WebIdentityToken") != "header.claims.signature" || sts.by[0] != "" {
		t.Errorf("asked %v, signed by %q", q, sts.by[0])
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

// The addresses are the SDK's own; what is checked is that the flags arrive there.
func TestEndpointVariants(t *testing.T) {
	for _, c := range []struct {
		fips, dual bool
		want       string
	}{
		{false, false, "api.sagemaker.us-east-1.amazonaws.com"}, {true, false, "fips"}, {false, true, ".api.aws"},
	} {
		_, s := alone(t)
		s.Region, s.AccessKey, s.SecretKey, s.SkipCredentialsValidation, s.UseFIPS, s.UseDualStack = "us-east-1", "AKIA", "s", true, c.fips, c.dual
		cfg, err := AWS(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		host := ""
		client := sdk.NewFromConfig(cfg, func(o *sdk.Options) {
			o.HTTPClient = transport(func(r *http.Request) (*http.Response, error) {
				host = r.URL.Host
				return nil, errors.New("not sent")
			})
		})
		if _, err := client.ListModels(t.Context(), nil); err == nil || !strings.Contains(host, c.want) {
			t.Errorf("FIPS %v, dual stack %v: sent to %q (%v), want %s", c.fips, c.dual, host, err, c.want)
		}
		if got := cfg.Retryer().MaxAttempts(); got != s.MaxRetries {
			t.Errorf("a request is tried %d times, want %d", got, s.MaxRetries)
		}
	}
}
