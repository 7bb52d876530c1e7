//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// TestJobScripts drives the jobs command over an engine on the directory data, with jobs that would run for an hour.
func TestJobScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/jobs",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// start-jobs: start the engine with a training job "long", a processing job "score", and one of each named "both".
			"start-jobs": func(ts *testscript.TestScript, _ bool, _ []string) {
				dir := ts.MkAbs("data")
				i, err := launch.Ensure(t.Context(), dir, map[string][]string{"slow": {"/bin/sh", "-c", "exec sleep 3600"}})
				ts.Check(err)
				ts.Defer(func() {
					if err := launch.Stop(context.Background(), dir); err != nil && !errors.Is(err, launch.ErrNotRunning) {
						t.Error(err)
					}
				})
				cfg := settings(i, "eu-west-1", "trainer")
				objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
				_, err = objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("job-bucket")})
				ts.Check(err)
				client := sagemaker.NewFromConfig(cfg)
				for _, name := range []string{"long", "both"} {
					_, err := client.CreateTrainingJob(t.Context(), &sagemaker.CreateTrainingJobInput{
						TrainingJobName: aws.String(name), RoleArn: aws.String("arn:aws:iam::000000000000:role/local"),
						AlgorithmSpecification: &types.AlgorithmSpecification{TrainingImage: aws.String("slow"), TrainingInputMode: types.TrainingInputModeFile},
						OutputDataConfig:       &types.OutputDataConfig{S3OutputPath: aws.String("s3://job-bucket/runs")},
						ResourceConfig:         &types.ResourceConfig{InstanceType: types.TrainingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(1)},
						StoppingCondition:      &types.StoppingCondition{MaxRuntimeInSeconds: aws.Int32(3600)},
					})
					ts.Check(err)
				}
				for _, name := range []string{"score", "both"} {
					_, err := client.CreateProcessingJob(t.Context(), &sagemaker.CreateProcessingJobInput{
						ProcessingJobName: aws.String(name), RoleArn: aws.String("arn:aws:iam::000000000000:role/local"),
						AppSpecification: &types.AppSpecification{ImageUri: aws.String("slow")},
						ProcessingResources: &types.ProcessingResources{ClusterConfig: &types.ProcessingClusterConfig{
							InstanceType: types.ProcessingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(1)}},
					})
					ts.Check(err)
				}
			},
		},
	})
}
