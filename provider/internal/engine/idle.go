package engine

import (
	"context"
	"errors"
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

// ErrDataDirGone ends an engine whose data directory was removed or moved. Without it, its endpoints would go on for
// ever with nobody to end them, and jobs would be given paths that are not there.
var ErrDataDirGone = errors.New("the data directory was removed or moved while the engine ran on it")

// watchDataDir looks for the data directory every now and then.
func (e *Engine) watchDataDir(ctx context.Context) {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if e.dataDirGone() {
			return
		}
	}
}

// dataDirGone tells whether the data directory is gone, and has the engine end when it is.
func (e *Engine) dataDirGone() bool {
	if !e.lock.Lost() {
		return false
	}
	e.goneOnce.Do(func() { close(e.gone) })
	return true
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
