// Package api speaks AWS JSON 1.1 as SageMaker does: a request body goes in and a
// document that satisfies the service model comes out, or the error AWS would
// send; a result document goes in and a response body of the modelled members
// comes out. It knows shapes and words, not what any operation does.
package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Caller is who signed a request, as far as its credential scope tells: signatures
// are not verified, the engine listens on loopback only.
type Caller struct {
	AccessKey string // doubles as the user's name
	Region    string
}

// Account is the account number of every local resource.
const Account = "000000000000"

// ARN returns the caller's identity as STS GetCallerIdentity reports it.
func (c Caller) ARN() string {
	return "arn:aws:iam::" + Account + ":user/" + c.AccessKey
}

// PrincipalID returns the unique id that IAM would give the caller.
func (c Caller) PrincipalID() string {
	return "AIDALOCAL" + c.AccessKey
}

// ResourceARN returns the ARN of a SageMaker resource such as "training-job",
// "my-job" in a region.
func ResourceARN(region, kind, name string) string {
	return fmt.Sprintf("arn:aws:sagemaker:%s:%s:%s/%s", region, Account, kind, name)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// Request is one call of an operation: who asks, and the checked input.
type Request struct {
	Caller
	Operation string
	Input     Document
}

// Handler answers one operation. The result may hold more members than the
// operation's output has; Project drops them.
type Handler func(ctx context.Context, r Request) (Document, error)
