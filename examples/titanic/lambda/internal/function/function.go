// Package function runs a handler as an AWS Lambda function on provided.al2023: events come in from the
// runtime API, results or errors go back. One program, one handler.
package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// Handler answers one event.
type Handler[In, Out any] func(ctx context.Context, event In) (Out, error)

// Main serves events until the process is told to stop, and is the whole main function of a Lambda.
func Main[In, Out any](setUp func(ctx context.Context, getenv func(string) string) (Handler[In, Out], error)) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := run(ctx, os.Getenv, setUp)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err) // nowhere else to report to
		os.Exit(1)
	}
}

func run[In, Out any](ctx context.Context, getenv func(string) string, setUp func(context.Context, func(string) string) (Handler[In, Out], error)) error {
	host := getenv("AWS_LAMBDA_RUNTIME_API")
	if host == "" {
		return errors.New("AWS_LAMBDA_RUNTIME_API is not set: this program runs in AWS Lambda, which sets it")
	}
	api := runtimeAPI{base: "http://" + host + "/2018-06-01/runtime", http: &http.Client{}}
	handle, err := setUp(ctx, getenv)
	if err != nil {
		return errors.Join(err, api.post(ctx, "/init/error", failure{Message: err.Error(), Type: "Setup"}))
	}
	for ctx.Err() == nil {
		if err := serveOne(ctx, api, handle); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	return nil
}

func serveOne[In, Out any](ctx context.Context, api runtimeAPI, handle Handler[In, Out]) error {
	event, err := api.next(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(ctx, event.deadline)
	defer cancel()
	var in In
	if err := json.Unmarshal(event.body, &in); err != nil {
		return api.post(ctx, "/invocation/"+event.id+"/error", failure{Message: fmt.Sprintf("got an event that cannot be read: %v", err), Type: "Event"})
	}
	out, err := handle(ctx, in)
	if err != nil {
		return api.post(ctx, "/invocation/"+event.id+"/error", failure{Message: err.Error(), Type: "Handler"})
	}
	return api.post(ctx, "/invocation/"+event.id+"/response", out)
}

// failure is what the runtime API takes for an error.
type failure struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

type runtimeAPI struct {
	base string
	http *http.Client
}

type invocation struct {
	id       string
	deadline time.Time
	body     []byte
}

// next waits for an event, for as long as Lambda keeps the environment frozen.
func (a runtimeAPI) next(ctx context.Context) (invocation, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/invocation/next", nil)
	if err != nil {
		return invocation{}, fmt.Errorf("ask for the next event: %w", err)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return invocation{}, fmt.Errorf("ask for the next event: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return invocation{}, fmt.Errorf("read the next event: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return invocation{}, fmt.Errorf("ask for the next event: got %s: %s", response.Status, body)
	}
	milliseconds, err := strconv.ParseInt(response.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	if err != nil {
		return invocation{}, fmt.Errorf("read the deadline of the next event: %w", err)
	}
	return invocation{id: response.Header.Get("Lambda-Runtime-Aws-Request-Id"), deadline: time.UnixMilli(milliseconds), body: body}, nil
}

func (a runtimeAPI) post(ctx context.Context, path string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	// The answer counts even when the handler used its time up.
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, a.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1024))
		return fmt.Errorf("answer: got %s: %s", response.Status, text)
	}
	return nil
}

// Required reads environment variables that must be set, and names every one that is not.
func Required(getenv func(string) string, names ...string) (map[string]string, error) {
	values := map[string]string{}
	var missing []error
	for _, name := range names {
		if values[name] = getenv(name); values[name] == "" {
			missing = append(missing, fmt.Errorf("the environment variable %s is not set; the Terraform stage of this function sets it", name))
		}
	}
	return values, errors.Join(missing...)
}
