// Package awsjson calls an operation of an AWS service that speaks JSON 1.1, signed with the caller's
// credentials: enough for the two operations the functions need of services without an SDK module here.
package awsjson

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Client calls one service.
type Client struct {
	Config   aws.Config
	Endpoint string // https://SERVICE.REGION.amazonaws.com
	Service  string // signing name
	HTTP     *http.Client
	Now      func() time.Time
}

// Call posts in to the operation named by target and decodes the answer into out. It does not retry: Lambda,
// Step Functions and EventBridge do.
func (c Client) Call(ctx context.Context, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the request %s: %w", target, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("call %s: %w", target, err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", target)
	credentials, err := c.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("call %s: %w", target, err)
	}
	digest := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(digest[:]), c.Service, c.Config.Region, c.Now()); err != nil {
		return fmt.Errorf("sign %s: %w", target, err)
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("call %s: %w", target, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", target, err)
	}
	if response.StatusCode != http.StatusOK {
		var fault struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		// An answer that is no JSON leaves the fault empty; the status says enough then.
		_ = json.Unmarshal(answer, &fault)
		return fmt.Errorf("call %s: got %s %s: %s", target, response.Status, fault.Type, fault.Message)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", target, err)
	}
	return nil
}
