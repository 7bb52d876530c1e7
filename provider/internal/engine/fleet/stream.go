package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

const (
	// streamLimit is how long a container may take for a whole streamed answer, as on SageMaker.
	streamLimit = 8 * time.Minute

	// streamPart bounds one event, well below what a client has to take.
	streamPart = 64 << 10

	streamAccept      = "X-Amzn-SageMaker-Accept"
	streamContentType = "X-Amzn-SageMaker-Content-Type"
)

// InvokeStream answers POST /endpoints/<name>/invocations-response-stream for key: what the
// container sends goes to the client as it comes, as PayloadPart events. Errors before the first
// event are those of Invoke; later ones are ModelStreamError events.
func (f *Fleet) InvokeStream(w http.ResponseWriter, r *http.Request, key Key) {
	e, sent, wrong := f.receive(r, key)
	if wrong != nil {
		writeFault(w, key, wrong)
		return
	}
	defer sent.release()
	ctx, cancel := context.WithTimeout(r.Context(), streamLimit)
	defer cancel()
	i, watch, wrong := e.acquire(ctx, r.Header.Get(targetHeader))
	if wrong != nil {
		writeFault(w, key, wrong)
		return
	}
	defer i.Leave()
	w.Header().Set(variantHeader, i.Variant())
	began := time.Now()
	// The first byte has to come as soon as a whole answer of Invoke.
	late := time.AfterFunc(f.o.InvocationTimeout, cancel)
	resp, err := send(ctx, i, r, sent)
	inTime := late.Stop()
	watch.saw((err != nil || resp.StatusCode >= http.StatusInternalServerError) && r.Context().Err() == nil, time.Since(began))
	if err != nil {
		writeFault(w, key, modelError(err, !inTime))
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, MaxBody))
		writeFault(w, key, refused(key, resp.StatusCode, string(text)))
		return
	}
	head := w.Header()
	for _, name := range returned {
		if v, ok := resp.Header[name]; ok {
			head[name] = v
		}
	}
	head.Set(streamContentType, resp.Header.Get("Content-Type"))
	head.Set("Content-Type", "application/vnd.amazon.eventstream")
	w.WriteHeader(http.StatusOK)
	stream := &eventWriter{w: w, control: http.NewResponseController(w), encoder: eventstream.NewEncoder()}
	part := make([]byte, streamPart)
	for {
		n, err := resp.Body.Read(part)
		if n > 0 && stream.event(part[:n]) != nil {
			return // the client is gone
		}
		switch {
		case err == io.EOF:
			return
		case err == nil:
			continue
		case ctx.Err() != nil:
			stream.fail("ModelInvocationTimeExceeded", "The container did not end its answer in time.")
		default:
			stream.fail("StreamBroken", "The container broke its answer off: "+err.Error())
		}
		return
	}
}

// eventWriter writes events of the AWS event stream encoding, each at once.
type eventWriter struct {
	w       io.Writer
	control *http.ResponseController
	encoder *eventstream.Encoder
	buffer  bytes.Buffer
}

func (e *eventWriter) event(payload []byte) error {
	return e.write(payload, ":message-type", "event", ":event-type", "PayloadPart", ":content-type", "application/octet-stream")
}

func (e *eventWriter) fail(code, message string) {
	payload, err := json.Marshal(map[string]string{"ErrorCode": code, "Message": message})
	if err == nil {
		_ = e.write(payload, ":message-type", "exception", ":exception-type", "ModelStreamError", ":content-type", "application/json") // there is nobody left to tell
	}
}

func (e *eventWriter) write(payload []byte, headers ...string) error {
	var message eventstream.Message
	for i := 0; i < len(headers); i += 2 {
		message.Headers.Set(headers[i], eventstream.StringValue(headers[i+1]))
	}
	message.Payload = payload
	e.buffer.Reset()
	if err := e.encoder.Encode(&e.buffer, message); err != nil {
		return err
	}
	if _, err := e.w.Write(e.buffer.Bytes()); err != nil {
		return err
	}
	return e.control.Flush()
}
