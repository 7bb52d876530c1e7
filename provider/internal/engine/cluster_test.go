package engine_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

func channel(name, key string, change ...func(*types.Channel)) types.Channel {
	c := types.Channel{ChannelName: aws.String(name), DataSource: &types.DataSource{
		S3DataSource: &types.S3DataSource{S3DataType: types.S3DataTypeS3Prefix, S3Uri: aws.String(uri(key))}}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func sharded(c *types.Channel) {
	c.DataSource.S3DataSource.S3DataDistributionType = types.S3DataDistributionShardedByS3Key
}

func (s *suite) wantFile(archive, name, want string) {
	s.t.Helper()
	if got := s.archived(archive, name); got != want {
		s.t.Errorf("%s of %s is\n%swant\n%s", name, archive, got, want)
	}
}

func TestTrainingOnSeveralInstances(t *testing.T) {
	s := newSuite(t)
	for _, name := range []string{"a", "b", "c"} {
		s.put("parts/"+name, name)
	}
	out := s.trained(training("many", "cluster", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.InstanceCount = aws.Int32(2)
		in.InputDataConfig = []types.Channel{channel("all", "parts/"), channel("share", "parts/", sharded)}
	}))
	if out.TrainingJobStatus != types.TrainingJobStatusCompleted {
		t.Fatalf("%s: %s", out.TrainingJobStatus, aws.ToString(out.FailureReason))
	}
	const archive = "runs/many/output/model.tar.gz"
	s.wantFile(archive, "algo-1.txt", "algo-1 homogeneousCluster [algo-1 algo-2]\nall/a \"a\"\nall/b \"b\"\nall/c \"c\"\nshare/a \"a\"\nshare/c \"c\"\n")
	s.wantFile(archive, "algo-2.txt", "algo-2 homogeneousCluster [algo-1 algo-2]\nall/a \"a\"\nall/b \"b\"\nall/c \"c\"\nshare/b \"b\"\n")
	s.wantFile(archive, "who.txt", "algo-1")
	if got := len(out.FinalMetricDataList); got != 1 {
		t.Errorf("%d metrics, want one accuracy of both hosts", got)
	}
}

func TestOneInstanceThatFailsEndsTheOthers(t *testing.T) {
	s := newSuite(t)
	began := time.Now()
	out := s.trained(training("broken", "cluster", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.InstanceCount = aws.Int32(3)
		in.Environment = map[string]string{"BROKEN_HOST": "algo-2"}
	}))
	if got, want := aws.ToString(out.FailureReason), "AlgorithmError: algo-2 has no memory left, exit code: 1"; out.TrainingJobStatus != types.TrainingJobStatusFailed || got != want {
		t.Errorf("%s: %q, want Failed: %q", out.TrainingJobStatus, got, want)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the others were left running: the job took %s", took)
	}
}

func TestTrainingOnInstanceGroups(t *testing.T) {
	s := newSuite(t)
	for _, name := range []string{"a", "b"} {
		s.put("parts/"+name, name)
	}
	out := s.trained(training("groups", "cluster", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.InstanceType, in.ResourceConfig.InstanceCount = "", nil
		in.ResourceConfig.InstanceGroups = []types.InstanceGroup{
			{InstanceGroupName: aws.String("lead"), InstanceType: types.TrainingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1)},
			{InstanceGroupName: aws.String("rest"), InstanceType: types.TrainingInstanceTypeMlC5Xlarge, InstanceCount: aws.Int32(2)},
		}
		in.InputDataConfig = []types.Channel{channel("share", "parts/", sharded, func(c *types.Channel) {
			c.DataSource.S3DataSource.InstanceGroupNames = []string{"rest"}
		})}
	}))
	if out.TrainingJobStatus != types.TrainingJobStatusCompleted {
		t.Fatalf("%s: %s", out.TrainingJobStatus, aws.ToString(out.FailureReason))
	}
	const archive = "runs/groups/output/model.tar.gz"
	s.wantFile(archive, "algo-1.txt", "algo-1 lead [algo-1 algo-2 algo-3]\n")
	s.wantFile(archive, "algo-2.txt", "algo-2 rest [algo-1 algo-2 algo-3]\nshare/a \"a\"\n")
	s.wantFile(archive, "algo-3.txt", "algo-3 rest [algo-1 algo-2 algo-3]\nshare/b \"b\"\n")
}

func TestTooManyInstancesAreRefused(t *testing.T) {
	s := newSuite(t)
	_, err := s.CreateTrainingJob(s.ctx, training("huge", "good", func(in *sagemaker.CreateTrainingJobInput) {
		in.ResourceConfig.InstanceCount = aws.Int32(1000)
	}))
	wantError(t, err, "ResourceLimitExceeded", "The account-level service limit 'ml.m5.large for training job usage' is 32 Instances")
	in := processing("huge", "good")
	in.ProcessingResources.ClusterConfig.InstanceCount = aws.Int32(50)
	_, err = s.CreateProcessingJob(s.ctx, in)
	wantError(t, err, "ResourceLimitExceeded", "ml.m5.large for processing job usage")
	s.model("m", "good", "")
	config := configOf("huge", "m")
	config.ProductionVariants[0].InitialInstanceCount = aws.Int32(1000)
	if _, err := s.CreateEndpointConfig(s.ctx, config); err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateEndpoint(s.ctx, &sagemaker.CreateEndpointInput{EndpointName: aws.String("huge"), EndpointConfigName: aws.String("huge")})
	wantError(t, err, "ResourceLimitExceeded", "for endpoint usage' is 256 Instances")
}

func TestProcessingOnSeveralInstances(t *testing.T) {
	s := newSuite(t)
	for _, name := range []string{"a", "b", "c"} {
		s.put("parts/"+name, name)
	}
	in := processing("many", "cluster")
	in.ProcessingResources.ClusterConfig.InstanceCount = aws.Int32(2)
	in.ProcessingInputs[0].S3Input.S3Uri = aws.String(uri("parts/"))
	in.ProcessingInputs[0].S3Input.S3DataDistributionType = types.ProcessingS3DataDistributionTypeShardedbys3key
	if _, err := s.CreateProcessingJob(s.ctx, in); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the job ends", func() bool {
		out, err := s.DescribeProcessingJob(s.ctx, &sagemaker.DescribeProcessingJobInput{ProcessingJobName: in.ProcessingJobName})
		if err != nil || out.ProcessingJobStatus == types.ProcessingJobStatusFailed {
			t.Fatalf("%v %s", err, aws.ToString(out.FailureReason))
		}
		return out.ProcessingJobStatus == types.ProcessingJobStatusCompleted
	})
	for host, want := range map[string]string{
		"algo-1": "algo-1 homogeneousCluster [algo-1 algo-2]\ndata/a \"a\"\ndata/c \"c\"\n",
		"algo-2": "algo-2 homogeneousCluster [algo-1 algo-2]\ndata/b \"b\"\n",
	} {
		if got := s.object("evaluations/many/output/" + host + ".txt"); got != want {
			t.Errorf("%s left %q, want %q", host, got, want)
		}
	}
}

func TestManifestNamesTheObjects(t *testing.T) {
	s := newSuite(t)
	for _, name := range []string{"a", "b", "deep/c"} {
		s.put("parts/"+name, name)
	}
	s.put("good.manifest", `[{"prefix": "`+uri("parts/")+`"}, "a", "deep/c"]`)
	s.put("escape.manifest", `[{"prefix": "`+uri("parts/")+`"}, "../../a"]`)
	s.put("torn.manifest", `[{"prefix": "`+uri("parts/"))
	s.put("absent.manifest", `[{"prefix": "`+uri("parts/")+`"}, "nothing"]`)
	run := func(name string) *sagemaker.DescribeTrainingJobOutput {
		return s.trained(training(name, "cluster", func(in *sagemaker.CreateTrainingJobInput) {
			in.InputDataConfig = []types.Channel{channel("listed", name+".manifest", func(c *types.Channel) {
				c.DataSource.S3DataSource.S3DataType = types.S3DataTypeManifestFile
			})}
		}))
	}
	run("good")
	s.wantFile("runs/good/output/model.tar.gz", "algo-1.txt", "algo-1 homogeneousCluster [algo-1]\nlisted/a \"a\"\nlisted/deep/c \"deep/c\"\n")
	for name, want := range map[string]string{
		"torn":   "the manifest s3://titanicml-local/torn.manifest is not usable",
		"absent": "the specified key does not exist",
		"escape": "the specified key does not exist", // S3 keys know no parent
	} {
		out := run(name)
		if got := aws.ToString(out.FailureReason); out.TrainingJobStatus != types.TrainingJobStatusFailed || !strings.Contains(strings.ToLower(got), want) {
			t.Errorf("%s: %s %q, want Failed: %q", name, out.TrainingJobStatus, got, want)
		}
	}
}

func TestPipeModeStreamsTheChannel(t *testing.T) {
	s := newSuite(t)
	for _, name := range []string{"a", "b"} {
		s.put("parts/"+name, name+"\n")
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	zip.Write([]byte("hello"))
	zip.Close()
	s.put("packed/x.gz", packed.String())
	out := s.trained(training("piped", "cluster", func(in *sagemaker.CreateTrainingJobInput) {
		in.AlgorithmSpecification.TrainingInputMode = types.TrainingInputModePipe
		in.InputDataConfig = []types.Channel{channel("plain", "parts/"), channel("record", "packed/", func(c *types.Channel) {
			c.CompressionType, c.RecordWrapperType = types.CompressionTypeGzip, types.RecordWrapperRecordio
		})}
	}))
	if out.TrainingJobStatus != types.TrainingJobStatusCompleted {
		t.Fatalf("%s: %s", out.TrainingJobStatus, aws.ToString(out.FailureReason))
	}
	s.wantFile("runs/piped/output/model.tar.gz", "algo-1.txt", "algo-1 homogeneousCluster [algo-1]\nplain_0 \"a\\nb\\n\"\nrecord_0 \"\\n#\\xd7\\xce\\x05\\x00\\x00\\x00hello\\x00\\x00\\x00\"\n")

	s.put("packed/y.gz", "this is not gzip")
	out = s.trained(training("unpackable", "cluster", func(in *sagemaker.CreateTrainingJobInput) {
		in.AlgorithmSpecification.TrainingInputMode = types.TrainingInputModePipe
		in.InputDataConfig = []types.Channel{channel("record", "packed/y.gz", func(c *types.Channel) { c.CompressionType = types.CompressionTypeGzip })}
	}))
	if got := aws.ToString(out.FailureReason); out.TrainingJobStatus != types.TrainingJobStatusFailed || !strings.Contains(got, "packed/y.gz: CompressionType is Gzip: gzip: invalid header") {
		t.Errorf("%s: %q", out.TrainingJobStatus, got)
	}
}
