package engine_test

import (
	"database/sql"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

func TestTrainingJobsThatDoNotComplete(t *testing.T) {
	s := newSuite(t)
	for name, c := range map[string]struct {
		image     string
		status    types.TrainingJobStatus
		secondary types.SecondaryStatus
		reason    string
	}{
		"unmapped":   {"registry.example/team/nobody:7", types.TrainingJobStatusFailed, types.SecondaryStatusFailed, `map it with images = { "nobody" =`},
		"no program": {"ghost", types.TrainingJobStatusFailed, types.SecondaryStatusFailed, "/no/such/program"},
		"reports":    {"fail", types.TrainingJobStatusFailed, types.SecondaryStatusFailed, "AlgorithmError: the data has no rows."},
		"exits":      {"exit", types.TrainingJobStatusFailed, types.SecondaryStatusFailed, "exit code: 3"},
		"overtime":   {"hang", types.TrainingJobStatusStopped, types.SecondaryStatusMaxRuntimeExceeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			job := strings.ReplaceAll(name, " ", "-")
			out := s.trained(training(job, c.image, func(in *sagemaker.CreateTrainingJobInput) {
				if name == "overtime" {
					in.StoppingCondition.MaxRuntimeInSeconds = aws.Int32(1)
				}
			}))
			if out.TrainingJobStatus != c.status || out.SecondaryStatus != c.secondary {
				t.Errorf("got %s/%s, want %s/%s", out.TrainingJobStatus, out.SecondaryStatus, c.status, c.secondary)
			}
			reason := aws.ToString(out.FailureReason)
			if !strings.Contains(reason, c.reason) || len([]rune(reason)) > 1024 {
				t.Errorf("reason %q, want %q within 1024 characters", reason, c.reason)
			}
		})
	}
}

func TestStoppedJobKeepsWhatItSavedAndIsNotCompleted(t *testing.T) {
	s := newSuite(t)
	if _, err := s.CreateTrainingJob(s.ctx, training("long", "hang")); err != nil {
		t.Fatal(err)
	}
	started := filepath.Join(s.dataDir, "jobs", homeRegion, "training", "long", "ml", "started")
	eventually(t, "the container runs", func() bool { _, err := os.Stat(started); return err == nil })
	stop := &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("long")}
	if _, err := s.StopTrainingJob(s.ctx, stop); err != nil {
		t.Fatal(err)
	}
	if out := s.ended("long"); out.TrainingJobStatus != types.TrainingJobStatusStopped || out.SecondaryStatus != types.SecondaryStatusStopped {
		t.Errorf("got %s/%s", out.TrainingJobStatus, out.SecondaryStatus)
	}
	if text := s.archived("runs/long/output/model.tar.gz", "partial.txt"); text != "saved on SIGTERM" {
		t.Errorf("partial model is %q", text)
	}
	_, err := s.StopTrainingJob(s.ctx, stop)
	wantError(t, err, "ValidationException", "The request was rejected because the training job is in status Stopped.")
}

// journal is a log that a test reads while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) says(text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Contains(j.text.String(), text)
}

// TestJobEndIsRecordedLate lets a job end while the store takes no writes, as on a full disk. Its end is recorded once it does again.
func TestJobEndIsRecordedLate(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	log := &journal{}
	o := options(s.dataDir)
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	e, err := engine.Open(s.ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s.url = e.URL()
	s.as("titanicml", homeRegion)
	gate := filepath.Join(t.TempDir(), "gate")
	in := training("one", "blocked", func(in *sagemaker.CreateTrainingJobInput) { in.Environment = map[string]string{"GATE": gate} })
	if _, err := s.CreateTrainingJob(s.ctx, in); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the container runs", func() bool {
		out, err := s.DescribeTrainingJob(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: in.TrainingJobName})
		return err == nil && out.SecondaryStatus == types.SecondaryStatusTraining
	})
	// Somebody else who holds SQLite's write lock stands for the disk. The engine waits 5 s for it whenever it writes.
	db, err := sql.Open("sqlite", filepath.Join(s.dataDir, datadir.DBFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	connection, err := db.Conn(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.ExecContext(s.ctx, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an end that cannot be recorded", func() bool { return log.says("this cannot be recorded") })
	if _, err := connection.ExecContext(s.ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if out := s.ended("one"); out.TrainingJobStatus != types.TrainingJobStatusFailed || !strings.Contains(aws.ToString(out.FailureReason), datadir.DBFile) {
		t.Errorf("%s: %s", out.TrainingJobStatus, aws.ToString(out.FailureReason))
	}
}

func TestTrainingJobNames(t *testing.T) {
	s := newSuite(t)
	name := aws.String("running")
	if _, err := s.CreateTrainingJob(s.ctx, training(*name, "hang")); err != nil {
		t.Fatal(err)
	}
	_, err := s.CreateTrainingJob(s.ctx, training(*name, "good"))
	wantError(t, err, "ResourceInUse", "Training job names must be unique within an AWS account and region")
	_, err = s.DeleteTrainingJob(s.ctx, &sagemaker.DeleteTrainingJobInput{TrainingJobName: name})
	wantError(t, err, "ResourceInUse", "InProgress")
	if _, err := s.StopTrainingJob(s.ctx, &sagemaker.StopTrainingJobInput{TrainingJobName: name}); err != nil {
		t.Fatal(err)
	}
	s.ended(*name)
	if _, err := s.DeleteTrainingJob(s.ctx, &sagemaker.DeleteTrainingJobInput{TrainingJobName: name}); err != nil {
		t.Fatal(err)
	}
	if out := s.trained(training(*name, "good")); out.TrainingJobStatus != types.TrainingJobStatusCompleted {
		t.Errorf("the name cannot be used again: %s", aws.ToString(out.FailureReason))
	}
	s.as("titanicml", "us-east-1")
	_, err = s.DescribeTrainingJob(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: name})
	wantError(t, err, "ValidationException", "Requested resource not found.")
}

func TestTrainingJobsThatAreRefused(t *testing.T) {
	s := newSuite(t)
	for name, c := range map[string]struct {
		spoil func(*sagemaker.CreateTrainingJobInput)
		text  string
	}{
		"no such input": {func(in *sagemaker.CreateTrainingJobInput) {
			in.InputDataConfig[0].DataSource.S3DataSource.S3Uri = aws.String(uri("nothing/here"))
		}, "No S3 objects found under S3 URL"},
		"no such bucket": {func(in *sagemaker.CreateTrainingJobInput) {
			in.InputDataConfig[0].DataSource.S3DataSource.S3Uri = aws.String("s3://absent-bucket/x")
		}, "No S3 objects found under S3 URL"},
		"augmented manifest": {func(in *sagemaker.CreateTrainingJobInput) {
			in.InputDataConfig[0].DataSource.S3DataSource.S3DataType = types.S3DataTypeAugmentedManifestFile
		}, "S3DataType AugmentedManifestFile of channel \"train\" is not supported by the local engine"},
		"packed files": {func(in *sagemaker.CreateTrainingJobInput) {
			in.InputDataConfig[0].CompressionType = types.CompressionTypeGzip
		}, "CompressionType Gzip of channel \"train\""},
		"two channels of a name": {func(in *sagemaker.CreateTrainingJobInput) {
			in.InputDataConfig = append(in.InputDataConfig, in.InputDataConfig[0])
		}, "Channel names must be unique"},
		"spot without a wait": {func(in *sagemaker.CreateTrainingJobInput) { in.EnableManagedSpotTraining = aws.Bool(true) }, "Invalid MaxWaitTimeInSeconds"},
		"a regex that is none": {func(in *sagemaker.CreateTrainingJobInput) {
			in.AlgorithmSpecification.MetricDefinitions[0].Regex = aws.String("accuracy=(")
		}, "regular expression of metric \"accuracy\""},
		"the same tag twice": {func(in *sagemaker.CreateTrainingJobInput) {
			in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("a"), Value: aws.String("2")}}
		}, "Duplicate tag keys"},
		"several at once": {func(in *sagemaker.CreateTrainingJobInput) {
			in.RoleArn = aws.String("me")
			in.ResourceConfig.InstanceType = "ml.huge"
		}, "3 validation errors detected: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.CreateTrainingJob(s.ctx, training("refused", "good", c.spoil))
			wantError(t, err, "ValidationException", c.text)
		})
	}
	_, err := s.DescribeTrainingJob(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("refused")})
	wantError(t, err, "ValidationException", "Requested resource not found.")
}

func processing(name, image string) *sagemaker.CreateProcessingJobInput {
	return &sagemaker.CreateProcessingJobInput{
		ProcessingJobName: aws.String(name), RoleArn: aws.String(roleARN),
		AppSpecification: &types.AppSpecification{ImageUri: aws.String(image), ContainerEntrypoint: []string{"evaluate"}, ContainerArguments: []string{"--now"}},
		ProcessingResources: &types.ProcessingResources{ClusterConfig: &types.ProcessingClusterConfig{
			InstanceCount: aws.Int32(1), InstanceType: types.ProcessingInstanceTypeMlM5Large, VolumeSizeInGB: aws.Int32(5),
		}},
		ProcessingInputs: []types.ProcessingInput{{InputName: aws.String("data"), S3Input: &types.ProcessingS3Input{
			S3Uri: aws.String(uri("data/train.csv")), LocalPath: aws.String("/opt/ml/processing/input/data"),
			S3DataType: types.ProcessingS3DataTypeS3Prefix, S3InputMode: types.ProcessingS3InputModeFile,
		}}},
		ProcessingOutputConfig: &types.ProcessingOutputConfig{Outputs: []types.ProcessingOutput{{OutputName: aws.String("report"), S3Output: &types.ProcessingS3Output{
			S3Uri: aws.String(uri("evaluations/" + name + "/output")), LocalPath: aws.String("/opt/ml/processing/output"), S3UploadMode: types.ProcessingS3UploadModeEndOfJob,
		}}}},
	}
}

func (s *suite) processed(in *sagemaker.CreateProcessingJobInput) *sagemaker.DescribeProcessingJobOutput {
	s.t.Helper()
	if _, err := s.CreateProcessingJob(s.ctx, in); err != nil {
		s.t.Fatal(err)
	}
	describe := &sagemaker.DescribeProcessingJobInput{ProcessingJobName: in.ProcessingJobName}
	waiter := sagemaker.NewProcessingJobCompletedOrStoppedWaiter(s.Client, func(o *sagemaker.ProcessingJobCompletedOrStoppedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	_ = waiter.Wait(s.ctx, describe, 30*time.Second) // a failed job is a fine answer here
	out, err := s.DescribeProcessingJob(s.ctx, describe)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestProcessingJobReadsItsInputsAndUploadsItsOutputs(t *testing.T) {
	s := newSuite(t)
	out := s.processed(processing("score", "good"))
	if out.ProcessingJobStatus != types.ProcessingJobStatusCompleted || out.ProcessingStartTime == nil || out.ProcessingEndTime == nil {
		t.Fatalf("got %s, %q", out.ProcessingJobStatus, aws.ToString(out.FailureReason))
	}
	if got, want := s.object("evaluations/score/output/report.txt"), "evaluate --now\na,b\n1,2\n3,4\n"; got != want {
		t.Errorf("report is %q, want %q", got, want)
	}
	_, err := s.CreateProcessingJob(s.ctx, processing("score", "good"))
	wantError(t, err, "ResourceInUse", "Job name must be unique")
	failed := s.processed(processing("broken", "fail"))
	if failed.ProcessingJobStatus != types.ProcessingJobStatusFailed || !strings.Contains(aws.ToString(failed.FailureReason), "the data has no rows") {
		t.Errorf("got %s, %q", failed.ProcessingJobStatus, aws.ToString(failed.FailureReason))
	}
	objects, err := s.s3.ListObjectsV2(s.ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("evaluations/broken")})
	if err != nil || len(objects.Contents) != 0 {
		t.Errorf("a failed job uploaded %v, %v", objects.Contents, err)
	}
	outside := processing("outside", "good")
	outside.ProcessingOutputConfig.Outputs[0].S3Output.LocalPath = aws.String("/opt/ml/processing/../../etc")
	_, err = s.CreateProcessingJob(s.ctx, outside)
	wantError(t, err, "ValidationException", "must be /opt/ml/processing or below it")
	missing := processing("missing", "good")
	missing.ProcessingInputs[0].S3Input.S3Uri = aws.String(uri("nothing"))
	if out := s.processed(missing); out.ProcessingJobStatus != types.ProcessingJobStatusFailed || !strings.Contains(aws.ToString(out.FailureReason), "No S3 objects found") {
		t.Errorf("got %s, %q", out.ProcessingJobStatus, aws.ToString(out.FailureReason))
	}
}

func (s *suite) object(key string) string {
	s.t.Helper()
	out, err := s.s3.GetObject(s.ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		s.t.Fatalf("reading %s: %v", key, err)
	}
	return string(body)
}

func TestSeveralJobsRunAtOnce(t *testing.T) {
	s := newSuite(t)
	gate := filepath.Join(t.TempDir(), "open")
	names := []string{"one", "two", "three", "four"}
	for _, name := range names {
		in := training(name, "blocked", func(in *sagemaker.CreateTrainingJobInput) { in.Environment = map[string]string{"GATE": gate} })
		if _, err := s.CreateTrainingJob(s.ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		eventually(t, name+" trains while the others do", func() bool {
			out, err := s.DescribeTrainingJob(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: &name})
			return err == nil && out.SecondaryStatus == types.SecondaryStatusTraining
		})
	}
	if err := os.WriteFile(gate, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if out := s.ended(name); out.TrainingJobStatus != types.TrainingJobStatusCompleted {
			t.Errorf("%s: %s", name, aws.ToString(out.FailureReason))
		}
	}
}
