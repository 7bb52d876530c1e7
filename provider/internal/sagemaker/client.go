// Package sagemaker is the one client through which every resource talks to SageMaker, S3 and STS.
//
// In goes where to point (package awsconfig: AWS, or a SageMaker-compatible endpoint such as the
// local engine); out comes a Client with waiters, error classes, paging, tag handling and a content-checking
// object store. Nothing here knows Terraform.
package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

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
func New(ctx context.Context, s awsconfig.Settings) (*Client, error) {
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
		cfg = awsconfig.Local(s)
		ep = awsconfig.Endpoints{SageMaker: s.LocalURL, Runtime: s.LocalURL, S3: s.LocalURL, STS: s.LocalURL}
	} else {
		var err error
		if cfg, err = awsconfig.AWS(ctx, s); err != nil {
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
	case awsconfig.IsLoopback(address):
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
