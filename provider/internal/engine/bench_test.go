package engine_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// withJobs starts an engine whose store holds n finished training jobs.
func withJobs(b *testing.B, n int) *sagemaker.Client {
	b.Helper()
	dir := b.TempDir()
	s, err := store.Open(b.Context(), filepath.Join(dir, datadir.DBFile))
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now().Add(-time.Duration(n) * time.Second)
	document := func(name string) api.Document {
		return api.Document{
			"TrainingJobName": name, "SecondaryStatus": "Completed", "RoleArn": roleARN,
			"ModelArtifacts":         map[string]any{"S3ModelArtifacts": uri("runs/" + name + "/output/model.tar.gz")},
			"AlgorithmSpecification": map[string]any{"TrainingImage": "good", "TrainingInputMode": "File"},
			"HyperParameters":        map[string]any{"l2": "0.1", "seed": "1", "features": "full"},
			"OutputDataConfig":       map[string]any{"S3OutputPath": uri("runs")},
			"StoppingCondition":      map[string]any{"MaxRuntimeInSeconds": 60},
		}
	}
	for i := range n {
		name := fmt.Sprintf("job-%06d", i)
		at := start.Add(time.Duration(i) * time.Second)
		record := &store.Record{Kind: store.TrainingJob, Region: homeRegion, Name: name, Status: "Completed", Created: at, Modified: at, Document: document(name)}
		if err := s.Insert(b.Context(), record, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	e, err := engine.Open(b.Context(), engine.Options{DataDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	return sagemaker.NewFromConfig(aws.Config{
		Region: homeRegion, BaseEndpoint: aws.String(e.URL()),
		Credentials: credentials.NewStaticCredentialsProvider("titanicml", "local", ""),
	})
}

// BenchmarkDescribeTrainingJob is the time of one call through the SDK with 10,000
// jobs stored; p50 has to stay under a millisecond.
func BenchmarkDescribeTrainingJob(b *testing.B) {
	client := withJobs(b, 10_000)
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		name := fmt.Sprintf("job-%06d", i*7919%10_000)
		if _, err := client.DescribeTrainingJob(b.Context(), &sagemaker.DescribeTrainingJobInput{TrainingJobName: &name}); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begin))
	}
	reportQuantiles(b, times)
}

// BenchmarkListTrainingJobs is the time of one page of 100 in the middle of the list;
// it has to be the same for every number of jobs stored.
func BenchmarkListTrainingJobs(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("jobs=%d", n), func(b *testing.B) {
			client := withJobs(b, n)
			middle := time.Now().Add(-time.Duration(n/2) * time.Second)
			var times []time.Duration
			for b.Loop() {
				begin := time.Now()
				out, err := client.ListTrainingJobs(b.Context(), &sagemaker.ListTrainingJobsInput{
					MaxResults: aws.Int32(50), SortBy: types.SortByCreationTime, SortOrder: types.SortOrderDescending, CreationTimeBefore: &middle,
				})
				if err != nil || len(out.TrainingJobSummaries) < 49 {
					b.Fatal(len(out.TrainingJobSummaries), err)
				}
				times = append(times, time.Since(begin))
			}
			reportQuantiles(b, times)
		})
	}
}

func reportQuantiles(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}
