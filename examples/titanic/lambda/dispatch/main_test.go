package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/awsjson"
)

func TestHandle(t *testing.T) {
	tests := []struct {
		name   string
		inputs map[string]string
		status int
		want   string // of the error; empty: none
	}{
		{"candidate", map[string]string{"candidate": "arn:x", "evaluation": "e"}, http.StatusNoContent, ""},
		{"plain", nil, http.StatusNoContent, ""},
		{"refused", nil, http.StatusForbidden, "403"},
		{"foreign input", map[string]string{"image": "x"}, http.StatusNoContent, `got the input "image"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got, authorization, path string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got, authorization, path = string(body), r.Header.Get("Authorization"), r.URL.Path
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			d := dispatcher{api: server.URL, repository: "o/n", workflow: "deploy-dev.yml", ref: "main", http: server.Client(),
				token: func(context.Context) (string, error) { return "t0ken", nil }}
			_, err := d.handle(t.Context(), Event{Inputs: test.inputs})
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "t0ken") {
					t.Errorf("got error %v, expected %q and no token in it", err, test.want)
				}
				if test.inputs["image"] != "" && path != "" {
					t.Errorf("sent %s to %s", got, path)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if path != "/repos/o/n/actions/workflows/deploy-dev.yml/dispatches" || authorization != "Bearer t0ken" || !strings.Contains(got, `"ref":"main"`) {
				t.Errorf("got %s with %s and %s", path, authorization, got)
			}
		})
	}
}

func TestReadToken(t *testing.T) {
	tests := []struct {
		name, answer string
		status       int
		want, err    string
	}{
		{"value", `{"SecretString":"abc"}`, 200, "abc", ""},
		{"no value yet", `{"__type":"ResourceNotFoundException","message":"no value"}`, 400, "", "put a fine-grained token"},
		{"empty", `{"SecretString":""}`, 200, "", "is empty"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/secretsmanager/") {
					t.Errorf("got %s signed with %s", r.Header.Get("X-Amz-Target"), r.Header.Get("Authorization"))
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.answer)
			}))
			defer server.Close()
			credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
			})
			client := awsjson.Client{Config: aws.Config{Region: "eu-west-1", Credentials: credentials}, Endpoint: server.URL, Service: "secretsmanager", HTTP: server.Client(), Now: time.Now}
			got, err := readToken(t.Context(), client, "arn:secret")
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, expected %q", err, test.err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, expected %q", got, err, test.want)
			}
		})
	}
}
