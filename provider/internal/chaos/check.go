//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/world"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// snapshot describes the champion and what the endpoints serve.
func (x *execution) snapshot(ctx context.Context) (string, error) {
	if err := x.w.Ensure(ctx); err != nil {
		return "", err
	}
	c, err := x.w.Console(ctx)
	if err != nil {
		return "", err
	}
	champion := "none"
	if o, err := c.Get(ctx, x.console.PointerURI(c)); err == nil {
		champion = o.SHA256
	} else if !sagemaker.IsNotFound(err) {
		return "", err
	}
	out := "champion " + champion
	for _, name := range []string{"a", "b"} {
		endpoint := x.w.States[name].Spec.Endpoint()
		config := "none"
		found, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &endpoint})
		if err == nil {
			config = aws.ToString(found.EndpointConfigName)
		} else if !sagemaker.IsNotFound(err) {
			return "", err
		}
		out += ", " + endpoint + " " + config
	}
	return out, nil
}

// kept checks that nothing that was recorded is lost. It is called while nobody applies.
func (x *execution) kept(ctx context.Context) error {
	if err := x.w.Ensure(ctx); err != nil {
		return err
	}
	c, err := x.w.Console(ctx)
	if err != nil {
		return err
	}
	present, err := x.h.Learn(ctx, c)
	if err != nil {
		return fmt.Errorf("reading the decision records: %w", err)
	}
	all := func(*world.Record) bool { return true }
	undeleted := x.h.Present(all)
	for _, r := range x.h.Choose(all) {
		switch {
		case !r.Intact:
			x.w.Violated("decision record %s has not the content that it is named for", r.URI)
		case r.Approves() && r.Quality < driver.Minimum:
			x.w.Violated("decision record %s approves a model of quality %d, below the minimum", r.URI, r.Quality)
		case !present[r.URI] && slices.Contains(undeleted, r):
			x.w.Violated("decision record %s is lost", r.URI)
		case present[r.URI] && slices.Contains(undeleted, r):
			o, err := c.Get(ctx, r.URI)
			if err != nil {
				return err
			}
			if !bytes.Equal(o.Body, r.Body) {
				x.w.Violated("decision record %s was changed", r.URI)
			}
		}
	}
	evidence, err := c.List(ctx, c.Store.Join("evaluations"))
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, info := range evidence {
		names[info.URI+" "+info.ETag] = true
	}
	x.lost("evidence", names)
	versions, err := c.ListPackages(ctx, driver.Group)
	if err != nil {
		return err
	}
	names = map[string]bool{}
	for _, v := range versions {
		names[aws.ToString(v.ModelPackageArn)] = true
	}
	x.lost("model version", names)
	jobs, err := x.jobs(ctx)
	if err != nil {
		return err
	}
	names = map[string]bool{}
	for _, j := range jobs {
		names[j.name] = true
	}
	x.lost("job", names)
	return nil
}

func (x *execution) lost(kind string, present map[string]bool) {
	for _, name := range x.h.Keep(kind, present) {
		x.w.Violated("%s %s is lost", kind, name)
	}
}

// job is a training or processing job.
type job struct{ name, status, hash, released string }

func (x *execution) jobs(ctx context.Context) ([]job, error) {
	c, err := x.w.Console(ctx)
	if err != nil {
		return nil, err
	}
	var found []job
	add := func(name, arn *string, status string) error {
		tags, err := c.ListTags(ctx, aws.ToString(arn))
		found = append(found, job{aws.ToString(name), status, tags[sagemaker.TagHash], tags[sagemaker.TagReleased]})
		return err
	}
	training := sdk.NewListTrainingJobsPaginator(c.SageMaker, &sdk.ListTrainingJobsInput{MaxResults: aws.Int32(100)})
	for training.HasMorePages() {
		page, err := training.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, j := range page.TrainingJobSummaries {
			if err := add(j.TrainingJobName, j.TrainingJobArn, string(j.TrainingJobStatus)); err != nil {
				return nil, err
			}
		}
	}
	processing := sdk.NewListProcessingJobsPaginator(c.SageMaker, &sdk.ListProcessingJobsInput{MaxResults: aws.Int32(100)})
	for processing.HasMorePages() {
		page, err := processing.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, j := range page.ProcessingJobSummaries {
			if err := add(j.ProcessingJobName, j.ProcessingJobArn, string(j.ProcessingJobStatus)); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// final checks what there is once everything has converged.
func (x *execution) final(ctx context.Context) error {
	if err := x.idle(ctx); err != nil {
		return err
	}
	if err := x.kept(ctx); err != nil {
		return err
	}
	c, err := x.w.Console(ctx)
	if err != nil {
		return err
	}
	if err := x.noneTwice(ctx, c); err != nil {
		return err
	}
	champion, err := x.console.Champion(ctx, c)
	if err != nil {
		x.w.Violated("there is no champion after everything has converged: %v", err)
		return nil
	}
	behind := x.approved(champion)
	if behind == nil {
		x.w.Violated("the champion pointer names %s for %s, which no intact approved record says", champion.DecisionURI, champion.ModelPackageARN)
		return nil
	}
	for _, name := range []string{"a", "b"} {
		if s := x.w.States[name]; x.w.Used(name) {
			if err := x.serves(ctx, c, s.Spec.Endpoint(), behind); err != nil {
				return err
			}
		}
	}
	return nil
}

// noneTwice finds jobs, versions and decisions that were made more than once from the same inputs.
func (x *execution) noneTwice(ctx context.Context, c *sagemaker.Client) error {
	jobs, err := x.jobs(ctx)
	if err != nil {
		return err
	}
	count := map[string]int{}
	twice := func(format string, args ...any) {
		what := fmt.Sprintf(format, args...)
		if count[what]++; count[what] == 2 {
			x.w.Violated("there are two of: %s", what)
		}
	}
	for _, j := range jobs {
		if j.status == "Completed" && j.released == "" {
			twice("completed job of %s with inputs %s", j.name[:strings.LastIndex(j.name, "-")], j.hash)
		}
	}
	versions, err := c.ListPackages(ctx, driver.Group)
	if err != nil {
		return err
	}
	for _, v := range versions {
		p, err := c.DescribePackage(ctx, aws.ToString(v.ModelPackageArn))
		if err != nil {
			return err
		}
		twice("model version with %v", p.Metadata) // fmt sorts the keys
	}
	for _, r := range x.h.Approved() {
		twice("approval of version %d under key %s in place of %q because %q", r.Version, r.Key, r.Replaces, r.Reason)
	}
	return nil
}

// serves checks that an endpoint serves a decision, and that nothing of earlier deployments is left.
func (x *execution) serves(ctx context.Context, c *sagemaker.Client, endpoint string, r *world.Record) error {
	out, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &endpoint})
	if err != nil {
		x.w.Violated("endpoint %s after everything has converged: %v", endpoint, err)
		return nil
	}
	config := aws.ToString(out.EndpointConfigName)
	if out.EndpointStatus != "InService" {
		x.w.Violated("endpoint %s is %s after everything has converged: %s", endpoint, out.EndpointStatus, aws.ToString(out.FailureReason))
		return nil
	}
	answer, err := c.Runtime.InvokeEndpoint(ctx, &sagemakerruntime.InvokeEndpointInput{EndpointName: &endpoint, Body: []byte("3,male"), ContentType: aws.String("text/csv")})
	if err != nil {
		x.w.Violated("endpoint %s does not answer after everything has converged: %v", endpoint, err)
		return nil
	}
	if got := string(bytes.TrimSpace(answer.Body)); got != strconv.Itoa(r.Quality) {
		x.w.Violated("endpoint %s answers %s with configuration %s; the champion is version %d, which answers %d", endpoint, got, config, r.Version, r.Quality)
	}
	configs, err := c.SageMaker.ListEndpointConfigs(ctx, &sdk.ListEndpointConfigsInput{MaxResults: aws.Int32(100)})
	if err != nil {
		return err
	}
	for _, found := range configs.EndpointConfigs {
		tags, err := c.ListTags(ctx, aws.ToString(found.EndpointConfigArn))
		if err != nil {
			return err
		}
		if name := aws.ToString(found.EndpointConfigName); tags[sagemaker.TagEndpoint] == endpoint && name != config {
			x.w.Violated("endpoint %s serves %s, and configuration %s of it is left", endpoint, config, name)
		}
	}
	models, err := c.SageMaker.ListModels(ctx, &sdk.ListModelsInput{MaxResults: aws.Int32(100)})
	if err != nil {
		return err
	}
	ours := 0
	for _, found := range models.Models {
		tags, err := c.ListTags(ctx, aws.ToString(found.ModelArn))
		if err != nil {
			return err
		}
		if tags[sagemaker.TagEndpoint] == endpoint {
			ours++
		}
	}
	if ours != 1 {
		x.w.Violated("endpoint %s has %d models, want one", endpoint, ours)
	}
	return nil
}

// leftovers lists processes that were started in or with a path of a directory and do not end, where /proc tells.
func leftovers(dir string) []string {
	// A process lets its lock go a moment before it ends.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if found := processesOf(dir); len(found) == 0 || time.Now().After(deadline) {
			return found
		}
	}
}

func processesOf(dir string) []string {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var found []string
	for _, p := range processes {
		if p == "/proc/"+strconv.Itoa(os.Getpid()) {
			continue
		}
		line, err := os.ReadFile(filepath.Join(p, "cmdline"))
		if err != nil {
			continue // it has ended
		}
		cwd, _ := os.Readlink(filepath.Join(p, "cwd"))
		if command := strings.ReplaceAll(string(line), "\x00", " "); strings.HasPrefix(cwd, dir) || strings.Contains(command, dir) {
			found = append(found, filepath.Base(p)+" "+command)
		}
	}
	slices.Sort(found)
	return found
}

// approved is the intact record behind a champion pointer; nil when none approves what the pointer says.
func (x *execution) approved(champion *world.Pointer) *world.Record {
	for _, r := range x.h.Approved() {
		if r.URI == champion.DecisionURI && r.ArtifactURI == champion.ArtifactURI && r.ArtifactSHA256 == champion.ArtifactSHA256 && r.ModelPackageARN == champion.ModelPackageARN {
			return r
		}
	}
	return nil
}
