// Package faults stands between a client and an engine and does what networks and busy services do.
//
// In go requests and a seeded plan; out come refusals for the rate, dropped connections (before or after the service has acted),
// requests that arrive twice, and, at a request of a given number, whatever the plan wants to happen just then.
package faults

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
)

// What can become of a request.
const (
	Throttled   = "throttled"
	DroppedLate = "dropped after it was served"
	Dropped     = "dropped before it was served"
	Repeated    = "delivered twice"
	Passed      = "passed"
	Cut         = "cut by an event"
)

// Event happens at one request.
type Event struct {
	// Request counts from 1.
	Request int
	// Served lets the service act on the request first.
	Served bool
	// Do happens while the client waits. When it returns true the client gets no answer.
	Do func() (cut bool)
}

// Plan is what happens to the requests from now on. The percentages are of all requests.
type Plan struct {
	Seed                   uint64
	Throttle, Drop, Repeat int
	Events                 []Event
}

// Proxy is an http.Handler in front of the service.
type Proxy struct {
	// Target returns the address of the service, such as http://127.0.0.1:8080; an error drops the connection, as a service
	// that is not there does.
	Target func() (string, error)

	mu       sync.Mutex
	plan     Plan
	random   *rand.Rand
	requests int
	counts   map[string]int
}

// Begin starts a plan; requests are counted from 1 again, and what became of them so far is forgotten.
func (p *Proxy) Begin(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.requests, p.counts = plan, 0, map[string]int{}
	p.random = rand.New(rand.NewPCG(plan.Seed, plan.Seed))
}

// Counts says what became of the requests since Begin.
func (p *Proxy) Counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// draw decides about the next request.
func (p *Proxy) draw() (what string, event *Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	for i := range p.plan.Events {
		if p.plan.Events[i].Request == p.requests {
			event = &p.plan.Events[i]
		}
	}
	what = Passed
	if p.random != nil {
		n := p.random.IntN(100)
		switch t, d := p.plan.Throttle, p.plan.Throttle+p.plan.Drop; {
		case n < t:
			what = Throttled
		case n < d && n%2 == 0:
			what = DroppedLate
		case n < d:
			what = Dropped
		case n < d+p.plan.Repeat:
			what = Repeated
		}
	}
	return what, event
}

func (p *Proxy) count(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counts == nil {
		p.counts = map[string]int{}
	}
	p.counts[what]++
}

// ServeHTTP passes a request on, or does not.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	what, event := p.draw()
	if event != nil {
		if event.Served {
			p.forward(nil, r, body)
		}
		if event.Do() {
			p.count(Cut)
			panic(http.ErrAbortHandler)
		}
	}
	p.count(what)
	switch what {
	case Throttled:
		throttle(w, r, body)
		return
	case DroppedLate:
		p.forward(nil, r, body)
		panic(http.ErrAbortHandler)
	case Dropped:
		panic(http.ErrAbortHandler)
	case Repeated:
		p.forward(nil, r, body)
	}
	p.forward(w, r, body)
}

// throttle refuses as the service that the request is for does.
func throttle(w http.ResponseWriter, r *http.Request, body []byte) {
	identity := bytes.Contains(body, []byte("GetCallerIdentity"))
	switch {
	case identity:
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`)
	case r.Header.Get("X-Amz-Target") == "" && !strings.HasPrefix(r.URL.Path, "/endpoints/"):
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Errortype", "ThrottlingException")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"ThrottlingException","message":"Rate exceeded"}`)
	}
}

// forward delivers the request, and its answer to w unless that is nil.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, body []byte) {
	target, err := p.Target()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	out.ContentLength = int64(len(body))
	response, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	if w == nil {
		_, _ = io.Copy(io.Discard, response.Body) // the client never sees this answer
		return
	}
	for k, v := range response.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body) // a client that has gone is its own fault
}
