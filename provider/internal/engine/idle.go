package engine

import (
	"context"
	"sync"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// activity knows whether requests are in flight and when the last one ended.
type activity struct {
	now    func() time.Time
	mu     sync.Mutex
	active int
	last   time.Time
}

func (a *activity) touch() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = a.now()
}

func (a *activity) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active++
}

func (a *activity) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active--
	a.last = a.now()
}

// quiet returns for how long there has been no request.
func (a *activity) quiet() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.active > 0 {
		return 0
	}
	return a.now().Sub(a.last)
}

// watchIdle closes idle once the engine has had nothing to do for IdleExit.
func (e *Engine) watchIdle(ctx context.Context, idle chan<- struct{}) {
	pause := min(max(e.options.IdleExit/20, 10*time.Millisecond), 5*time.Second)
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if e.busy(ctx) {
			e.activity.touch()
			continue
		}
		if e.activity.quiet() >= e.options.IdleExit {
			close(idle)
			return
		}
	}
}

// busy tells whether jobs run or endpoints exist. When the store cannot say, the
// engine stays.
func (e *Engine) busy(ctx context.Context) bool {
	if e.jobs.Running() > 0 {
		return true
	}
	endpoints, err := e.store.Count(ctx, store.Endpoint)
	return err != nil || endpoints > 0
}
