// Package hosting answers the operations on models, endpoint configurations and
// endpoints, and drives the fleet that serves them.
//
// Checked requests go in; result documents of the service or its errors come out,
// and endpoints whose recorded status follows what their processes do. Endpoints
// survive the engine: each keeps a snapshot of what it serves.
package hosting

import (
	"context"
	"errors"
	"sync"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/images"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/registry"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// Options are what hosting needs of the engine.
type Options struct {
	Catalog  *catalog.Catalog
	Registry *registry.Registry
	Objects  *objectstore.Store
	Images   *images.Mappings
	Fleet    *fleet.Fleet
}

// Hosting is models, endpoint configurations and endpoints.
type Hosting struct {
	Options
	ctx    context.Context // ends when the engine goes down
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu         sync.Mutex
	progress   map[fleet.Key]fleet.Progress
	recovering map[fleet.Key]chan struct{}
}

// New returns hosting without endpoints; Recover brings back the recorded ones.
func New(o Options) *Hosting {
	ctx, cancel := context.WithCancel(context.Background())
	return &Hosting{
		Options: o, ctx: ctx, cancel: cancel,
		progress: map[fleet.Key]fleet.Progress{}, recovering: map[fleet.Key]chan struct{}{},
	}
}

// Close abandons deployments and returns when none goes on. Their records stay as
// they are, for Recover of the next engine. The fleet is closed by its owner.
func (h *Hosting) Close() {
	h.cancel()
	h.wait.Wait()
}

// delete removes a record of a kind that nothing depends on: the service lets models
// and configurations go even while an endpoint uses them.
func (h *Hosting) delete(ctx context.Context, kind store.Kind, region, name string) (api.Document, error) {
	err := h.Catalog.Store.Delete(ctx, kind, region, name, "", nil)
	if errors.Is(err, store.ErrNotFound) {
		return nil, catalog.Missing(kind, region, name)
	}
	return api.Document{}, err
}
