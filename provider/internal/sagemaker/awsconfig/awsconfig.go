// Package awsconfig resolves where the AWS SDK points and who it is. In go the settings of the provider block, out comes the SDK's configuration:
// that of a local engine, or AWS's with all its sources of credentials.
package awsconfig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	basediag "github.com/hashicorp/aws-sdk-go-base/v2/diag"
	baselog "github.com/hashicorp/aws-sdk-go-base/v2/logging"
)

// Endpoints overrides where each service is reached; an empty field means AWS's own address.
type Endpoints struct {
	SageMaker, Runtime, S3, STS string
}

// AssumeRole is one role to assume on top of the base credentials.
type AssumeRole struct {
	RoleARN, SessionName, ExternalID, Policy, SourceIdentity string
	Duration                                                 time.Duration
	PolicyARNs, TransitiveTagKeys                            []string
	Tags                                                     map[string]string
}

// WebIdentity is a role to assume with an OIDC token, as CI systems hand out.
type WebIdentity struct {
	RoleARN, SessionName, Policy, Token, TokenFile string
	Duration                                       time.Duration
	PolicyARNs                                     []string
}

// Settings says where a Client points and how it behaves.
type Settings struct {
	// LocalURL is the address of a local engine. When set, credentials and every AWS_* variable are ignored, so that
	// a half-configured laptop behaves like any other.
	LocalURL string
	// DataDir is the local engine's data directory; job logs are read from it. Empty on AWS.
	DataDir string

	Region                                    string
	Profile                                   string
	AccessKey, SecretKey, Token               string
	AssumeRole                                []AssumeRole
	WebIdentity                               *WebIdentity
	SharedConfigFiles, SharedCredentialsFiles []string
	Endpoints                                 Endpoints
	MaxRetries                                int
	UseFIPS, UseDualStack, PathStyle          bool
	SkipCredentialsValidation                 bool
	UserAgentProduct, UserAgentVersion        string

	// Store is the "s3://bucket/prefix" under which data, evidence, decisions and pointers live.
	Store string

	// Clock and Sleep are replaced by tests; nil means real time.
	Clock func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// LocalAccessKey and LocalSecretKey sign requests to a local engine, where the access key is the identity.
const (
	LocalAccessKey = "titanicml"
	LocalSecretKey = "local"
)

// DefaultMaxRetries is how often one request is tried before its error is final.
const DefaultMaxRetries = 25

// IsLoopback reports an address of this machine.
func IsLoopback(url string) bool {
	return strings.HasPrefix(url, "http://127.0.0.1:") || strings.HasPrefix(url, "http://localhost:") || strings.HasPrefix(url, "http://[::1]:")
}

// Local is the configuration for a local engine.
func Local(s Settings) aws.Config {
	key := s.AccessKey
	if key == "" {
		key = LocalAccessKey
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.Proxy = nil // a corporate proxy must never see loopback traffic
	tr.MaxIdleConnsPerHost = 64
	retries := s.MaxRetries
	if retries == 0 {
		retries = 6
	}
	return aws.Config{
		Region:      s.Region,
		Credentials: credentials.NewStaticCredentialsProvider(key, LocalSecretKey, ""),
		HTTPClient:  &http.Client{Transport: tr},
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = retries
				o.MaxBackoff = 300 * time.Millisecond
				o.RateLimiter = ratelimit.None
			})
		},
	}
}

// AWS is the configuration for AWS or another endpoint, with credentials from where aws-sdk-go-base looks for them.
func AWS(ctx context.Context, s Settings) (aws.Config, error) {
	retries := s.MaxRetries
	if retries == 0 {
		retries = DefaultMaxRetries
	}
	base := awsbase.Config{
		AccessKey: s.AccessKey, SecretKey: s.SecretKey, Token: s.Token,
		Profile: s.Profile, Region: s.Region,
		SharedConfigFiles: s.SharedConfigFiles, SharedCredentialsFiles: s.SharedCredentialsFiles,
		MaxRetries:                    retries,
		MaxBackoff:                    20 * time.Second,
		StsEndpoint:                   s.Endpoints.STS,
		UseFIPSEndpoint:               s.UseFIPS,
		UseDualStackEndpoint:          s.UseDualStack,
		SkipCredsValidation:           s.SkipCredentialsValidation,
		SkipRequestingAccountId:       true,
		EC2MetadataServiceEnableState: imds.ClientDefaultEnableState,
		CallerName:                    "titanicml provider",
		CallerDocumentationURL:        "https://registry.terraform.io/providers/titanicml/titanicml/latest/docs",
		Logger:                        baselog.TfLogger(""),
		// Request bodies may carry user data and hyperparameters; they are not copied to logs.
		SuppressDebugLog: true,
		UserAgent: awsbase.UserAgentProducts{
			{Name: s.UserAgentProduct, Version: s.UserAgentVersion},
		},
	}
	if IsLoopback(s.Endpoints.SageMaker) {
		base.MaxBackoff = 300 * time.Millisecond
	}
	if os.Getenv("AWS_EC2_METADATA_DISABLED") == "true" {
		base.EC2MetadataServiceEnableState = imds.ClientDisabled
	}
	if s.UserAgentProduct == "" {
		base.UserAgent = nil
	}
	for _, r := range s.AssumeRole {
		base.AssumeRole = append(base.AssumeRole, awsbase.AssumeRole{
			RoleARN: r.RoleARN, SessionName: r.SessionName, ExternalID: r.ExternalID, Policy: r.Policy,
			SourceIdentity: r.SourceIdentity, Duration: r.Duration, PolicyARNs: r.PolicyARNs,
			TransitiveTagKeys: r.TransitiveTagKeys, Tags: r.Tags,
		})
	}
	if w := s.WebIdentity; w != nil {
		base.AssumeRoleWithWebIdentity = &awsbase.AssumeRoleWithWebIdentity{
			RoleARN: w.RoleARN, SessionName: w.SessionName, Policy: w.Policy, Duration: w.Duration,
			PolicyARNs: w.PolicyARNs, WebIdentityToken: w.Token, WebIdentityTokenFile: w.TokenFile,
		}
	}
	_, cfg, diags := awsbase.GetAwsConfig(ctx, &base)
	if err := firstError(diags); err != nil {
		return aws.Config{}, fmt.Errorf("configuring AWS access: %w", err)
	}
	return cfg, nil
}

func firstError(diags basediag.Diagnostics) error {
	var errs []error
	for _, d := range diags.Errors() {
		msg := d.Summary()
		if d.Detail() != "" && d.Detail() != msg {
			msg += ": " + d.Detail()
		}
		errs = append(errs, errors.New(msg))
	}
	return errors.Join(errs...)
}
