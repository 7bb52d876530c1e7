// Package registry answers the model registry's operations: model package groups,
// their policies, and model packages with and without versions.
//
// Checked requests go in; result documents of the service or its errors come out.
package registry

import (
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
)

// Registry is the model registry over a catalog.
type Registry struct{ catalog *catalog.Catalog }

// New returns the registry of a catalog.
func New(c *catalog.Catalog) *Registry { return &Registry{catalog: c} }

// Members of a group's document that no output has: the store keeps them, the
// projection drops them.
const (
	lastVersion = "_LastVersion" // number of the newest version ever made; numbers are never used again
	usedTokens  = "_ClientTokens"
	policy      = "_Policy"
)

// user is the UserContext of who makes a request.
func user(c api.Caller) map[string]any {
	return map[string]any{"IamIdentity": map[string]any{"Arn": c.ARN(), "PrincipalId": c.PrincipalID()}}
}
