package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/survival"
)

const (
	// mostBodyBytes is what SageMaker's real-time endpoints accept at most.
	mostBodyBytes = 6 << 20
	// shutdownGrace is how long running requests may take after SIGTERM; SageMaker kills after 30 s.
	shutdownGrace = 20 * time.Second
)

// serve answers until the context ends, then lets running requests finish.
func (c container) serve(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	model, err := survival.Open(c.modelDir())
	if err != nil {
		return err
	}
	address, err := listenAddress(getenv)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	server := &http.Server{
		Handler:           newHandler(model),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
	}
	if _, err := fmt.Fprintf(stdout, "serving a %s model on %s\n", model.Features, listener.Addr()); err != nil {
		return fmt.Errorf("print the address: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("finish the running requests: %w", err)
	}
	return nil
}

// listenAddress is every interface on AWS, where the request comes from outside the container, and
// loopback under the local engine, which is told by the base directory it sets.
func listenAddress(getenv func(string) string) (string, error) {
	host, port := "", "8080"
	if getenv(baseDirVariable) != "" {
		host = "127.0.0.1"
	}
	if text := getenv("SAGEMAKER_BIND_TO_PORT"); text != "" {
		if n, err := strconv.ParseUint(text, 10, 16); err != nil || n == 0 {
			return "", fmt.Errorf("SAGEMAKER_BIND_TO_PORT: got %q, expected a port from 1 to 65535", text)
		}
		port = text
	}
	return net.JoinHostPort(host, port), nil
}

func newHandler(model *survival.Model) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("POST /invocations", func(w http.ResponseWriter, r *http.Request) { invoke(w, r, model) })
	return mux
}

func invoke(w http.ResponseWriter, r *http.Request, model *survival.Model) {
	requested, ok := requestType(r.Header.Get("Content-Type"))
	if !ok {
		refuse(w, http.StatusUnsupportedMediaType, fmt.Errorf("got content type %q, expected one of %s, in UTF-8",
			r.Header.Get("Content-Type"), strings.Join(contentTypes, ", ")))
		return
	}
	wanted, ok := answerType(strings.Join(r.Header.Values("Accept"), ","), requested)
	if !ok {
		refuse(w, http.StatusNotAcceptable, fmt.Errorf("got accept %q, expected one of %s",
			r.Header.Get("Accept"), strings.Join(contentTypes, ", ")))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBodyBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Errorf("got more than %d bytes, expected at most that; send several requests", mostBodyBytes))
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("read the request: %w", err))
		return
	}
	answer, err := predict(model, requested, wanted, body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", wanted)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer) // the client has gone when this fails
}

// refusal is the body of an error answer.
type refusal struct {
	Message  string `json:"message"`
	Row      int    `json:"row,omitempty"`
	Position int    `json:"position,omitempty"`
	Column   string `json:"column,omitempty"`
	Got      string `json:"got,omitempty"`
	Expected string `json:"expected,omitempty"`
}

func refuse(w http.ResponseWriter, status int, reason error) {
	answer := refusal{Message: reason.Error()}
	var field *passengers.FieldError
	if errors.As(reason, &field) {
		answer.Row, answer.Position, answer.Column = field.Row, field.Position, field.Column
		answer.Got, answer.Expected = field.Got, field.Expected
	}
	encoded, err := json.Marshal(map[string]refusal{"error": answer})
	if err != nil {
		http.Error(w, reason.Error(), status)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(append(encoded, '\n')) // the client has gone when this fails
}
