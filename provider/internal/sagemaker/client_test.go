package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// testClient talks to an engine of its own.
func testClient(t *testing.T) *Client {
	t.Helper()
	dir := t.TempDir()
	e, err := engine.Open(t.Context(), engine.Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := New(t.Context(), awsconfig.Settings{LocalURL: e.URL(), DataDir: dir, Region: "eu-west-1", Store: "s3://store/prefix"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConditionalWrites(t *testing.T) {
	c, ctx := testClient(t), t.Context()
	uri := c.Store.Join("champions", "g.json").URI()
	etag, created, err := c.PutNew(ctx, uri, "application/json", []byte("one"))
	if err != nil || !created {
		t.Fatal(created, err)
	}
	// The same write again is the answer to a lost answer: success.
	if again, created, err := c.PutNew(ctx, uri, "application/json", []byte("one")); err != nil || created || again != etag {
		t.Errorf("repeating a write: %q, %v, %v; want %q, false, nil", again, created, err, etag)
	}
	var conflict *ConflictError
	if _, _, err := c.PutNew(ctx, uri, "application/json", []byte("two")); !errors.As(err, &conflict) || string(conflict.Current.Body) != "one" {
		t.Errorf("writing other content: %v, want a conflict that shows it", err)
	}
	second, _, err := c.PutOver(ctx, uri, "application/json", []byte("two"), etag)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.PutOver(ctx, uri, "application/json", []byte("three"), etag); !errors.As(err, &conflict) {
		t.Errorf("writing over an old state: %v, want a conflict", err)
	}
	if err := c.Remove(ctx, uri); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.PutOver(ctx, uri, "application/json", []byte("three"), second); !errors.As(err, &conflict) || conflict.Current != nil {
		t.Errorf("writing over a deleted object: %v, want a conflict without content", err)
	}
}

func TestOneOfManyWritersWins(t *testing.T) {
	c, ctx := testClient(t), t.Context()
	uri := c.Store.Join("record.json").URI()
	var wg sync.WaitGroup
	won := make([]bool, 16)
	for i := range won {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, created, err := c.PutNew(ctx, uri, "", []byte(fmt.Sprint(i)))
			var conflict *ConflictError
			if err != nil && !errors.As(err, &conflict) {
				t.Error(err)
			}
			won[i] = created && err == nil
		}()
	}
	wg.Wait()
	winner := -1
	for i, w := range won {
		if w && winner >= 0 {
			t.Errorf("writers %d and %d both won", winner, i)
		}
		if w {
			winner = i
		}
	}
	if obj, err := c.Get(ctx, uri); err != nil || string(obj.Body) != fmt.Sprint(winner) {
		t.Errorf("stored %v (%v), the winner was %d", obj, err, winner)
	}
}

func TestLocations(t *testing.T) {
	loc, err := ParseLocation("s3://bucket/a/b/")
	if err != nil || loc.Join("c", "d.json").URI() != "s3://bucket/a/b/c/d.json" {
		t.Error(loc, err)
	}
	if got := (Location{Bucket: "b"}).Join("x").URI(); got != "s3://b/x" {
		t.Error(got)
	}
	for _, elem := range [][]string{{"evaluations", "../uploads/x"}, {"evaluations", "../../../uploads", "x"}, {"evaluations", "./uploads//", "/../x"}, {"evaluations/..", "../evaluations/uploads/x"}} {
		if got := loc.Join(elem...).URI(); got != "s3://bucket/a/b/evaluations/uploads/x" {
			t.Errorf("%q lead to %s", elem, got)
		}
	}
	for _, bad := range []string{"", "bucket/key", "https://bucket/key", "s3://", "s3:///key"} {
		if _, err := ParseLocation(bad); err == nil {
			t.Errorf("%q was taken for an S3 URI", bad)
		}
	}
}

// TestStartJobAfterAFailure starts a run twice. The image is unmapped, so every job fails at once.
func TestStartJobAfterAFailure(t *testing.T) {
	c, ctx := testClient(t), t.Context()
	if err := c.EnsureBucket(ctx, c.Store.Bucket); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(ctx, "s3://store/in/data.csv", "text/csv", []byte("a\n1\n")); err != nil {
		t.Fatal(err)
	}
	hash, err := InputHash(map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	creates := 0
	run := Run{Kind: Training, Name: "tiny", Hash: hash, Tags: map[string]string{"owner": "me"},
		Create: func(ctx context.Context, name string, tags []types.Tag) error {
			creates++
			_, err := c.SageMaker.CreateTrainingJob(ctx, trainingInput(name, tags))
			return err
		}}
	first, adopted, err := c.StartJob(ctx, run)
	if err != nil || adopted || first.Name != "tiny-"+hash[:10]+"-1" {
		t.Fatal(first, adopted, err)
	}
	if _, err := c.WaitJob(ctx, Training, first.Name, nil); err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTags(ctx, first.ARN)
	if err != nil || tags[TagHash] != hash || tags[TagAttempt] != "1" || !strings.HasSuffix(tags[TagPrincipal], "user/titanicml") || tags["owner"] != "me" {
		t.Errorf("tags %v, %v", tags, err)
	}
	// A failed attempt is never adopted.
	second, adopted, err := c.StartJob(ctx, run)
	if err != nil || adopted || second.Name != JobName("tiny", hash, 2) || creates != 2 {
		t.Errorf("after a failure: %v, adopted %v, %v; want attempt 2", second, adopted, err)
	}
}

func TestRunNames(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	longest := JobName(strings.Repeat("n", MaxRunName), hash, 9999)
	if len(longest) != 63 {
		t.Errorf("the longest job name has %d characters, SageMaker allows 63", len(longest))
	}
	for job, want := range map[string]string{JobName("a-b", hash, 12): "a-b", "somebody-elses-job": "somebody-elses-job"} {
		if got, _, _ := SplitJobName(job); got != want {
			t.Errorf("SplitJobName(%q) = %q, want %q", job, got, want)
		}
	}
}

func TestStopCommand(t *testing.T) {
	local := &Client{Local: true, DataDir: "/home/me/it's data/.titanicml", Region: "eu-west-1"}
	if got, want := local.StopCommand(Training, "run-1"), `titanicml-local jobs stop --data-dir '/home/me/it'\''s data/.titanicml' --region eu-west-1 run-1`; got != want {
		t.Errorf("local: got  %s\nwant %s", got, want)
	}
	remote := &Client{Region: "eu-west-1"}
	if got, want := remote.StopCommand(Processing, "score-1"), "aws sagemaker stop-processing-job --processing-job-name score-1 --region eu-west-1"; got != want {
		t.Errorf("on AWS: got  %s\nwant %s", got, want)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	c := &Client{poll: pollSchedule{first: time.Hour, limit: time.Hour}, sleep: sleepContext}
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Wait(ctx, func(context.Context) (bool, error) {
		cancel()
		return false, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestDiffTags(t *testing.T) {
	set, gone := DiffTags(map[string]string{"a": "1", "b": "2", "c": "3"}, map[string]string{"a": "1", "b": "x", "d": "4"})
	if fmt.Sprint(set, gone) != "map[b:x d:4] [c]" {
		t.Error(set, gone)
	}
}

func trainingInput(name string, tags []types.Tag) *sdk.CreateTrainingJobInput {
	text := func(s string) *string { return &s }
	number := func(n int32) *int32 { return &n }
	return &sdk.CreateTrainingJobInput{
		TrainingJobName: &name, Tags: tags, RoleArn: text("arn:aws:iam::000000000000:role/x"),
		AlgorithmSpecification: &types.AlgorithmSpecification{TrainingImage: text("unmapped"), TrainingInputMode: types.TrainingInputModeFile},
		OutputDataConfig:       &types.OutputDataConfig{S3OutputPath: text("s3://store/out")},
		ResourceConfig:         &types.ResourceConfig{InstanceType: types.TrainingInstanceTypeMlM5Large, InstanceCount: number(1), VolumeSizeInGB: number(1)},
		StoppingCondition:      &types.StoppingCondition{MaxRuntimeInSeconds: number(60)},
	}
}

// TestAddressesFromTheEnvironment expects the SDK's own variables to count, as in hashicorp/aws, below what the configuration says.
func TestAddressesFromTheEnvironment(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	t.Setenv("AWS_ENDPOINT_URL", e.URL())
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	settings := awsconfig.Settings{Region: "eu-west-1", AccessKey: "ada", SecretKey: "x", Store: "s3://store/prefix"}
	c, err := New(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SageMaker.ListModels(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if c.logs != nil {
		t.Error("CloudWatch is asked about jobs of an engine")
	}
	settings.Endpoints.SageMaker = "http://127.0.0.1:1"
	if c, err = New(t.Context(), settings); err != nil || *c.SageMaker.Options().BaseEndpoint != settings.Endpoints.SageMaker {
		t.Errorf("the configured address does not win: %v", err)
	}
	settings.LocalURL = "http://127.0.0.1:2"
	if c, err = New(t.Context(), settings); err != nil || *c.S3.Options().BaseEndpoint != settings.LocalURL {
		t.Errorf("the variable moves the local engine: %v", err)
	}
}

// TestDocumentsAreSmall expects an object that is no document of ours to be refused before it is parsed.
func TestDocumentsAreSmall(t *testing.T) {
	c := testClient(t)
	uri := c.Store.Join("champions", "g.json").URI()
	if _, _, err := c.PutNew(t.Context(), uri, "application/json", make([]byte, maxDocument+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Document(t.Context(), uri); err == nil || !strings.Contains(err.Error(), "it is larger than 32 MiB") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Get(t.Context(), uri); err != nil {
		t.Errorf("predictions of that size: %v", err)
	}
}

// TestConflictsAreTriedAgain meets an S3 that is busy with another conditional write of the same key.
func TestConflictsAreTriedAgain(t *testing.T) {
	for _, c := range []struct{ conflicts, requests int }{{0, 1}, {3, 4}, {conflictRetries + 1, conflictRetries + 1}} {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != "one" || r.Header.Get("If-None-Match") != "*" {
				t.Errorf("request %d: %q, If-None-Match %q, %v", requests, body, r.Header.Get("If-None-Match"), err)
			}
			if requests <= c.conflicts {
				w.WriteHeader(http.StatusConflict)
				fmt.Fprint(w, "<Error><Code>ConditionalRequestConflict</Code></Error>")
				return
			}
			w.Header().Set("ETag", `"e"`)
		}))
		client := &Client{sleep: func(context.Context, time.Duration) error { return nil }, S3: s3.New(s3.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, UsePathStyle: true,
			Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), RetryMaxAttempts: 1, RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired})}
		_, created, err := client.PutNew(t.Context(), "s3://b/k", "", []byte("one"))
		server.Close()
		if lost := c.conflicts > conflictRetries; created == lost || (err != nil) != lost || requests != c.requests {
			t.Errorf("after %d conflicts: created %v, %v, %d requests, want %d", c.conflicts, created, err, requests, c.requests)
		}
	}
}

// Tags of ours and of AWS are not the user's: what removes the user's would take them away.
func TestUserTags(t *testing.T) {
	got := UserTags(map[string]string{"owner": "me", TagHash: "x", TagReleased: "true", "aws:cloudformation:stack-name": "s", "titanicml": "mine"})
	if fmt.Sprint(got) != "map[owner:me titanicml:mine]" {
		t.Error(got)
	}
}
