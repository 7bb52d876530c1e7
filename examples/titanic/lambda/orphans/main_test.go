package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/awsjson"
)

func TestHandle(t *testing.T) {
	tagged := map[string]string{"project": "titanic-sagemaker", "env": "dev", "owner": "x"}
	resources := []resource{
		{"arn:aws:s3:::titanic-dev-datasets-1", tagged},
		{"arn:aws:lambda:eu-west-1:1:function:titanic-dev-dispatch", map[string]string{"env": "dev"}},
		{"arn:aws:sagemaker:eu-west-1:1:endpoint/handmade", map[string]string{"project": "titanic-sagemaker", "env": "dev"}},
		{"arn:aws:s3:::titanic-prod-datasets-1", nil},
		{"arn:aws:s3:::somebody-elses", nil},
	}
	var log bytes.Buffer
	var uri, written string
	r := reporter{environment: "dev", prefix: "titanic-dev-", reportURI: "s3://store/titanicml/orphans", required: []string{"project", "env", "owner"}, log: &log,
		now:       func() time.Time { return time.Date(2026, 1, 5, 6, 0, 0, 0, time.UTC) },
		resources: func(context.Context) ([]resource, error) { return resources, nil },
		write: func(_ context.Context, to, _ string, content []byte) error {
			uri, written = to, string(content)
			return nil
		}}
	got, err := r.handle(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []orphan{
		{"arn:aws:lambda:eu-west-1:1:function:titanic-dev-dispatch", []string{"project", "owner"}},
		{"arn:aws:sagemaker:eu-west-1:1:endpoint/handmade", []string{"owner"}},
	}
	if diff := cmp.Diff(want, got.Orphans); diff != "" || got.Resources != 3 {
		t.Errorf("got %d resources, orphans differ (-want +got):\n%s", got.Resources, diff)
	}
	if uri != "s3://store/titanicml/orphans/2026-01-05.json" || !strings.Contains(written, "handmade") {
		t.Errorf("wrote %s to %s", written, uri)
	}
	if !strings.Contains(log.String(), `"OrphanResources":2`) {
		t.Errorf("logged %s", log.String())
	}
}

func TestListReadsEveryPage(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		body, _ := io.ReadAll(r.Body)
		if calls == 2 && !strings.Contains(string(body), `"PaginationToken":"more"`) {
			t.Errorf("the second request was %s", body)
		}
		_, _ = fmt.Fprintf(w, `{"PaginationToken":%q,"ResourceTagMappingList":[{"ResourceARN":"arn:%d","Tags":[{"Key":"env","Value":"dev"}]}]}`, map[int]string{1: "more"}[calls], calls)
	}))
	defer server.Close()
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
	})
	client := awsjson.Client{Config: aws.Config{Region: "eu-west-1", Credentials: credentials}, Endpoint: server.URL, Service: "tagging", HTTP: server.Client(), Now: time.Now}
	got, err := list(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	want := []resource{{"arn:1", map[string]string{"env": "dev"}}, {"arn:2", map[string]string{"env": "dev"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
