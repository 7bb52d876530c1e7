package engine_test

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

func TestTrainingJobRunsAndLeavesItsModel(t *testing.T) {
	s := newSuite(t)
	out := s.trained(training("first", "good"))
	if out.TrainingJobStatus != types.TrainingJobStatusCompleted || out.SecondaryStatus != types.SecondaryStatusCompleted {
		t.Fatalf("status %s/%s, reason %q", out.TrainingJobStatus, out.SecondaryStatus, aws.ToString(out.FailureReason))
	}
	if got, want := aws.ToString(out.ModelArtifacts.S3ModelArtifacts), uri("runs/first/output/model.tar.gz"); got != want {
		t.Errorf("artifact %s, want %s", got, want)
	}
	if len(out.FinalMetricDataList) != 1 || *out.FinalMetricDataList[0].MetricName != "accuracy" || aws.ToFloat32(out.FinalMetricDataList[0].Value) != 0.8125 {
		t.Errorf("metrics %+v, want the last accuracy only", out.FinalMetricDataList)
	}
	if aws.ToInt32(out.TrainingTimeInSeconds) < 1 || aws.ToInt32(out.BillableTimeInSeconds) < 1 || out.TrainingEndTime == nil {
		t.Errorf("times: %v %v %v", out.TrainingTimeInSeconds, out.BillableTimeInSeconds, out.TrainingEndTime)
	}
	var statuses []string
	for _, transition := range out.SecondaryStatusTransitions {
		statuses = append(statuses, string(transition.Status))
		if transition.EndTime == nil {
			t.Errorf("transition %s has no end", transition.Status)
		}
	}
	if want := "[Starting Downloading Training Uploading Completed]"; sprint(statuses) != want {
		t.Errorf("transitions %v, want %s", statuses, want)
	}
	if got, want := s.archived("runs/first/output/model.tar.gz", "model.json"), `{"l2":"0.1"}`; !jsonEqual(got, want) {
		t.Errorf("model.json is %s, want %s", got, want)
	}
}

func TestCheckpointsGoOnInTheNextJob(t *testing.T) {
	s := newSuite(t)
	with := func(in *sagemaker.CreateTrainingJobInput) {
		in.Environment = map[string]string{"CHECKPOINTS": "yes"}
		in.CheckpointConfig = &types.CheckpointConfig{S3Uri: aws.String(uri("checkpoints/titanic"))}
	}
	for i, name := range []string{"one", "two"} {
		if out := s.trained(training(name, "good", with)); out.TrainingJobStatus != types.TrainingJobStatusCompleted {
			t.Fatalf("%s: %s", out.TrainingJobStatus, aws.ToString(out.FailureReason))
		}
		if got, want := s.object("checkpoints/titanic/epochs"), strings.Repeat("epoch\n", i+1); got != want {
			t.Errorf("after job %s the checkpoint is %q, want %q", name, got, want)
		}
	}
	_, err := s.CreateTrainingJob(s.ctx, training("outside", "good", func(in *sagemaker.CreateTrainingJobInput) {
		in.CheckpointConfig = &types.CheckpointConfig{S3Uri: aws.String(uri("checkpoints")), LocalPath: aws.String("/etc")}
	}))
	wantError(t, err, "ValidationException", "Give a directory below /opt/ml.")
}

// archived returns one file of a tar.gz in the bucket.
func (s *suite) archived(key, name string) string {
	s.t.Helper()
	object, err := s.s3.GetObject(s.ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		s.t.Fatal(err)
	}
	defer object.Body.Close()
	zip, err := gzip.NewReader(object.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	archive := tar.NewReader(zip)
	for {
		header, err := archive.Next()
		if err != nil {
			s.t.Fatalf("%s has no %s: %v", key, name, err)
		}
		if header.Name == name {
			body, err := io.ReadAll(archive)
			if err != nil {
				s.t.Fatal(err)
			}
			return string(body)
		}
	}
}
