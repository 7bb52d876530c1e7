package serving

import "sync"

// flight counts invocations in flight and refuses more once closed.
type flight struct {
	mu     sync.Mutex
	n      int
	closed bool
	empty  chan struct{}
}

func newFlight() *flight { return &flight{empty: make(chan struct{})} }

func (f *flight) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.n++
	return true
}

func (f *flight) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n == 0 && f.closed {
		close(f.empty)
	}
}

// close refuses further invocations; the channel is closed when none is in flight.
func (f *flight) close() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		if f.n == 0 {
			close(f.empty)
		}
	}
	return f.empty
}
