// Command validate is the Lambda function that reads the raw data before anything is trained on it: a file
// that does not hold complete, plausible passengers ends the run with a reason.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/function"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/objects"
)

const largestFile = 32 << 20

// Event has no content: what is checked stands in the environment.
type Event struct{}

// Result is what the state machine keeps about the data.
type Result struct {
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"`
}

type checker struct {
	uri     string
	minRows int
	read    func(ctx context.Context, uri string, limit int64) ([]byte, error)
}

func main() {
	function.Main(setUp)
}

func setUp(ctx context.Context, getenv func(string) string) (function.Handler[Event, Result], error) {
	env, err := function.Required(getenv, "BUCKET", "KEY", "MIN_ROWS")
	if err != nil {
		return nil, err
	}
	minRows, err := strconv.Atoi(env["MIN_ROWS"])
	if err != nil || minRows < 1 {
		return nil, fmt.Errorf("got MIN_ROWS %q, expected a whole number from 1", env["MIN_ROWS"])
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the function's credentials: %w", err)
	}
	c := checker{uri: "s3://" + env["BUCKET"] + "/" + env["KEY"], minRows: minRows, read: objects.Bucket{Client: s3.NewFromConfig(cfg)}.Read}
	return c.handle, nil
}

func (c checker) handle(ctx context.Context, _ Event) (Result, error) {
	content, err := c.read(ctx, c.uri, largestFile)
	if err != nil {
		return Result{}, err
	}
	rows, err := passengers.ReadTable(bytes.NewReader(content), c.uri)
	if err != nil {
		return Result{}, fmt.Errorf("the raw data cannot be used: %w", err)
	}
	if len(rows) < c.minRows {
		return Result{}, fmt.Errorf("%s has %d passengers, expected at least %d; a short file is a broken delivery", c.uri, len(rows), c.minRows)
	}
	sum := sha256.Sum256(content)
	return Result{Rows: len(rows), SHA256: hex.EncodeToString(sum[:])}, nil
}
