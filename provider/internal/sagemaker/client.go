// Package sagemaker is the one client through which every resource talks to SageMaker, S3 and STS.
//
// In goes a Settings value that says where to point (AWS, or a SageMaker-compatible endpoint such as the
// local engine); out comes a Client with waiters, error classes, paging, tag handling and a content-checking
// object store. Nothing here knows Terraform.
package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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

// Client bundles the service clients with the store. It is safe for concurrent use.
type Client struct {
	SageMaker *sdk.Client
	Runtime   *sagemakerruntime.Client
	S3        *s3.Client
	STS       *sts.Client

	// Region is the region requests are signed for.
	Region string
	// Local reports whether the client points at a local engine, and LocalURL and DataDir say which.
	Local             bool
	LocalURL, DataDir string

	// Store is the root location of everything this project keeps in S3.
	Store Location

	// logs is nil wherever SageMaker is not AWS's own: CloudWatch knows nothing of jobs that run elsewhere.
	logs  *cloudwatchlogs.Client
	clock func() time.Time
	sleep func(context.Context, time.Duration) error
	poll  pollSchedule

	identityOnce sync.Mutex
	identity     *Identity
	bucketOnce   sync.Mutex
	bucketReady  bool
}

// Identity is the STS principal behind the client's credentials.
type Identity struct {
	Account, ARN, UserID string
}

// New resolves credentials and builds a Client. It sends requests only to validate credentials on AWS.
func New(ctx context.Context, s Settings) (*Client, error) {
	if s.Region == "" && s.LocalURL != "" {
		return nil, errors.New("no region given for the local engine")
	}
	c := &Client{
		Local: s.LocalURL != "", LocalURL: s.LocalURL, DataDir: s.DataDir,
		clock: s.Clock, sleep: s.Sleep, poll: awsPolling,
	}
	if c.clock == nil {
		c.clock = time.Now
	}
	if c.sleep == nil {
		c.sleep = sleepContext
	}
	var cfg aws.Config
	ep := s.Endpoints
	if c.Local {
		cfg = localConfig(s)
		ep = Endpoints{SageMaker: s.LocalURL, Runtime: s.LocalURL, S3: s.LocalURL, STS: s.LocalURL}
	} else {
		var err error
		if cfg, err = awsConfig(ctx, s); err != nil {
			return nil, err
		}
	}
	c.Region = cfg.Region
	if c.Region == "" {
		return nil, errors.New("no region: set region in the provider block, AWS_REGION, or region in the shared config profile")
	}
	// Without an address of ours the SDK's own sources count: AWS_ENDPOINT_URL and its like, and the shared configuration.
	c.SageMaker = sdk.NewFromConfig(cfg, func(o *sdk.Options) { o.BaseEndpoint = or(ep.SageMaker, o.BaseEndpoint) })
	c.Runtime = sagemakerruntime.NewFromConfig(cfg, func(o *sagemakerruntime.Options) { o.BaseEndpoint = or(ep.Runtime, o.BaseEndpoint) })
	c.STS = sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = or(ep.STS, o.BaseEndpoint) })
	c.S3 = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.BaseEndpoint = or(ep.S3, o.BaseEndpoint)
		o.UsePathStyle = s.PathStyle || c.Local
		if o.BaseEndpoint != nil {
			// Endpoints other than AWS often know no trailing checksums.
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	})
	switch address := aws.ToString(c.SageMaker.Options().BaseEndpoint); {
	case address == "":
		c.logs = cloudwatchlogs.NewFromConfig(cfg)
	case isLoopback(address):
		c.poll = localPolling
	}
	if s.Store != "" {
		loc, err := ParseLocation(s.Store)
		if err != nil {
			return nil, fmt.Errorf("reading store: %w", err)
		}
		c.Store = loc
	}
	return c, nil
}

func isLoopback(url string) bool {
	return strings.HasPrefix(url, "http://127.0.0.1:") || strings.HasPrefix(url, "http://localhost:") || strings.HasPrefix(url, "http://[::1]:")
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// or is the address, where there is one, else the other one.
func or(address string, other *string) *string {
	if address == "" {
		return other
	}
	return &address
}

func localConfig(s Settings) aws.Config {
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

func awsConfig(ctx context.Context, s Settings) (aws.Config, error) {
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
	if isLoopback(s.Endpoints.SageMaker) {
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

// Now is the client's clock.
func (c *Client) Now() time.Time { return c.clock() }

// Identity asks STS who the credentials belong to, once per client.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	c.identityOnce.Lock()
	defer c.identityOnce.Unlock()
	if c.identity != nil {
		return *c.identity, nil
	}
	out, err := c.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, fmt.Errorf("asking STS for the caller identity: %w", err)
	}
	c.identity = &Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	return *c.identity, nil
}
