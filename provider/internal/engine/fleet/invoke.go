package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet/serving"
)

const (
	// MaxBody is what InvokeEndpoint takes and gives at most, in bytes.
	MaxBody = 6 << 20
	// defaultInvocation is what SageMaker gives a container to answer.
	defaultInvocation = 60 * time.Second
	// restartWait bounds how long an invocation waits for a process that is being restarted.
	restartWait = 5 * time.Second
	account     = "000000000000"
)

// forwarded are the request headers a container sees.
var forwarded = canonical("Accept", "Content-Type", "X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-Inference-Id",
	"X-Amzn-SageMaker-Session-Id", "X-Amzn-SageMaker-Target-Model")

// returned are the response headers a client sees.
var returned = canonical("Content-Type", "X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-New-Session-Id", "X-Amzn-SageMaker-Closed-Session-Id")

const (
	variantHeader = "X-Amzn-Invoked-Production-Variant"
	targetHeader  = "X-Amzn-SageMaker-Target-Variant"

	componentHeader = "X-Amzn-SageMaker-Inference-Component"
)

func canonical(names ...string) []string {
	for i, n := range names {
		names[i] = textproto.CanonicalMIMEHeaderKey(n)
	}
	return names
}

// fault is an error as the runtime API sends it.
type fault struct {
	code    string
	status  int
	message string
	model   *modelFault // of a ModelError
}

type modelFault struct {
	status  int
	message string
}

// bodies are reused between invocations; large ones are left to the collector.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keepBody = 256 << 10

func release(b *bytes.Buffer) {
	if b.Cap() <= keepBody {
		b.Reset()
		bodies.Put(b)
	}
}

// sending knows whether the transport still reads an invocation's body: a container may answer
// before it took all of it, and the buffer must not be reused then.
type sending struct {
	body *bytes.Buffer
	open atomic.Int32
}

type sendingReader struct {
	*bytes.Reader
	s    *sending
	once sync.Once
}

func (s *sending) reader() *sendingReader {
	s.open.Add(1)
	return &sendingReader{Reader: bytes.NewReader(s.body.Bytes()), s: s}
}

// Close is the transport's promise not to read on.
func (r *sendingReader) Close() error {
	r.once.Do(func() { r.s.open.Add(-1) })
	return nil
}

func (s *sending) release() {
	if s.open.Load() == 0 {
		release(s.body)
	}
}

// Invoke answers POST /endpoints/<name>/invocations for key: it writes the whole response,
// errors in the runtime API's shape included. An endpoint with no fleet gives ValidationError
// "Endpoint <name> of account 000000000000 not found.".
func (f *Fleet) Invoke(w http.ResponseWriter, r *http.Request, key Key) {
	e, sent, wrong := f.receive(r, key)
	if wrong != nil {
		writeFault(w, key, wrong)
		return
	}
	defer sent.release()
	ctx, cancel := context.WithTimeout(r.Context(), f.o.InvocationTimeout)
	defer cancel()
	i, watch, wrong := e.acquire(ctx, r.Header.Get(targetHeader))
	if wrong != nil {
		writeFault(w, key, wrong)
		return
	}
	w.Header().Set(variantHeader, i.Variant())
	began := time.Now()
	answer := bodies.Get().(*bytes.Buffer)
	resp, err := roundTrip(ctx, i, r, sent, answer)
	i.Leave()
	failed := err != nil || resp.StatusCode >= http.StatusInternalServerError
	watch.saw(failed && r.Context().Err() == nil, time.Since(began))
	if err != nil {
		writeFault(w, key, modelError(err, errors.Is(ctx.Err(), context.DeadlineExceeded) && r.Context().Err() == nil))
		return
	}
	defer release(answer)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		writeFault(w, key, refused(key, resp.StatusCode, answer.String()))
		return
	}
	head := w.Header()
	for _, name := range returned {
		if v, ok := resp.Header[name]; ok {
			head[name] = v
		}
	}
	w.WriteHeader(http.StatusOK)
	w.Write(answer.Bytes())
}

// receive finds the endpoint of an invocation and reads its body.
func (f *Fleet) receive(r *http.Request, key Key) (*endpoint, *sending, *fault) {
	e := f.endpoint(key, false)
	if e == nil || e.route.Load() == nil {
		return nil, nil, notFound(key)
	}
	if r.Header.Get(componentHeader) != "" {
		return nil, nil, &fault{code: "ValidationError", status: http.StatusBadRequest,
			message: "Inference Component Name header is not allowed for endpoints to which you have not deployed inference components."}
	}
	sent := &sending{body: bodies.Get().(*bytes.Buffer)}
	n, err := sent.body.ReadFrom(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		sent.release()
		return nil, nil, &fault{code: "ValidationError", status: http.StatusBadRequest, message: "The request body could not be read: " + err.Error()}
	case n > MaxBody:
		sent.release()
		return nil, nil, &fault{code: "ValidationError", status: http.StatusBadRequest,
			message: fmt.Sprintf("Request body is larger than the %d bytes that InvokeEndpoint accepts.", MaxBody)}
	}
	return e, sent, nil
}

// acquire reserves a process for one invocation, waiting for one that restarts.
func (e *endpoint) acquire(ctx context.Context, target string) (*serving.Process, *watch, *fault) {
	deadline := time.Time{}
	for {
		route := e.route.Load()
		if route == nil {
			return nil, nil, notFound(e.key)
		}
		s := route.serving
		if route.next != nil && (route.share >= 1 || rand.Float64() < route.share) {
			s = route.next
		}
		v := s.view.Load().choose(target)
		if v == nil && target != "" {
			return nil, nil, &fault{code: "ValidationError", status: http.StatusBadRequest,
				message: fmt.Sprintf("Variant %s not found for endpoint %s of account %s", target, e.key.Endpoint, account)}
		}
		if v == nil {
			return nil, nil, &fault{code: "ValidationError", status: http.StatusBadRequest,
				message: fmt.Sprintf("No production variant of endpoint %s has a weight above zero; name one with TargetVariant.", e.key.Endpoint)}
		}
		if i := v.acquire(); i != nil {
			return i, s.watch, nil
		}
		// Retired between the two loads, or restarting.
		if deadline.IsZero() {
			deadline = time.Now().Add(restartWait)
			continue
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, nil, &fault{code: "ServiceUnavailable", status: http.StatusServiceUnavailable,
				message: fmt.Sprintf("No container of production variant %s is healthy; see the logs of endpoint %s.", v.name, e.key.Endpoint)}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

var errTooLarge = fmt.Errorf("the container's answer is larger than the %d bytes that InvokeEndpoint returns", MaxBody)

// roundTrip sends the invocation and reads the whole answer.
func roundTrip(ctx context.Context, i *serving.Process, in *http.Request, sent *sending, answer *bytes.Buffer) (*http.Response, error) {
	resp, err := send(ctx, i, in, sent)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	n, err := answer.ReadFrom(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return nil, err
	}
	if n > MaxBody {
		return nil, errTooLarge
	}
	return resp, nil
}

// send sends the invocation and returns the beginning of the answer. A process that died before it
// took the request is given up for a restarted one by the caller's retry; the transport itself
// repeats a request on a connection that the container had closed.
func send(ctx context.Context, i *serving.Process, in *http.Request, sent *sending) (*http.Response, error) {
	for deadline := time.Now().Add(restartWait); ; {
		out, err := http.NewRequestWithContext(ctx, http.MethodPost, i.URL()+"/invocations", nil)
		if err != nil {
			return nil, err
		}
		if n := sent.body.Len(); n > 0 { // else the transport would look for a body of unknown length
			out.Body, out.ContentLength = sent.reader(), int64(n)
			out.GetBody = func() (io.ReadCloser, error) { return sent.reader(), nil }
		}
		for _, name := range forwarded {
			if v, ok := in.Header[name]; ok {
				out.Header[name] = v
			}
		}
		if accept := in.Header.Get(streamAccept); accept != "" {
			out.Header.Set("Accept", accept)
		}
		out.Header["User-Agent"] = nil
		resp, err := i.RoundTrip(out)
		if err == nil {
			return resp, nil
		}
		// A refused connection proves that no container saw the request.
		if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" || time.Now().After(deadline) || ctx.Err() != nil {
			return nil, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func notFound(key Key) *fault {
	return &fault{code: "ValidationError", status: http.StatusBadRequest,
		message: fmt.Sprintf("Endpoint %s of account %s not found.", key.Endpoint, account)}
}

// refused is a container's answer other than 2xx.
func refused(key Key, status int, text string) *fault {
	const most = 4 << 10
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	kind := "client"
	if status >= http.StatusInternalServerError {
		kind = "server"
	}
	return &fault{code: "ModelError", status: http.StatusFailedDependency,
		message: fmt.Sprintf("Received %s error (%d) from primary with message %q. See the logs of endpoint %s in account %s for more information.", kind, status, text, key.Endpoint, account),
		model:   &modelFault{status, text}}
}

// modelError is a container that gave no answer, or none in time.
func modelError(err error, late bool) *fault {
	text := "The container gave no complete answer: " + err.Error()
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, errTooLarge):
		text = err.Error()
	case late:
		status = 0
		text = "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
	}
	return &fault{code: "ModelError", status: http.StatusFailedDependency,
		message: fmt.Sprintf("Received server error (%d) from primary with message %q.", status, text),
		model:   &modelFault{status, text}}
}

func writeFault(w http.ResponseWriter, key Key, e *fault) {
	body := map[string]any{"Message": e.message}
	if e.model != nil {
		body["OriginalStatusCode"] = e.model.status
		body["OriginalMessage"] = e.model.message
		body["LogStreamArn"] = fmt.Sprintf("arn:aws:logs:%s:%s:log-group:/aws/sagemaker/Endpoints/%s", key.Region, account, key.Endpoint)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		raw = []byte(`{}`)
	}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("X-Amzn-Errortype", e.code)
	w.WriteHeader(e.status)
	w.Write(raw)
}
