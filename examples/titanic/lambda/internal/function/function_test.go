package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

type event struct {
	Name string `json:"name"`
}

func TestRun(t *testing.T) {
	tests := []struct {
		name, event, path, answer string
	}{
		{"result", `{"name":"x"}`, "/2018-06-01/runtime/invocation/1/response", `"hello x"`},
		{"error", `{"name":""}`, "/2018-06-01/runtime/invocation/1/error", `{"errorMessage":"no name","errorType":"Handler"}`},
		{"unreadable", `[`, "/2018-06-01/runtime/invocation/1/error", `"errorType":"Event"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var path, answer string
			asked := false
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/next") {
					if asked {
						cancel()
						return
					}
					asked = true
					w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
					w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
					_, _ = io.WriteString(w, test.event)
					return
				}
				body, _ := io.ReadAll(r.Body)
				path, answer = r.URL.Path, string(body)
				w.WriteHeader(http.StatusAccepted)
			}))
			defer server.Close()
			getenv := func(string) string { return strings.TrimPrefix(server.URL, "http://") }
			err := run(ctx, getenv, func(context.Context, func(string) string) (Handler[event, string], error) {
				return func(_ context.Context, in event) (string, error) {
					if in.Name == "" {
						return "", errors.New("no name")
					}
					return "hello " + in.Name, nil
				}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if path != test.path || !strings.Contains(answer, test.answer) {
				t.Errorf("got %s %s, expected %s with %s", path, answer, test.path, test.answer)
			}
		})
	}
}

func TestRequiredNamesEveryMissingVariable(t *testing.T) {
	_, err := Required(func(name string) string { return map[string]string{"B": "set"}[name] }, "A", "B", "C")
	if err == nil || !strings.Contains(err.Error(), "variable A ") || !strings.Contains(err.Error(), "variable C ") || strings.Contains(err.Error(), "variable B ") {
		t.Errorf("got %v, expected A and C to be named", err)
	}
}
