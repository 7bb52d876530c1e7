package decision

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// TestKeyCoversWhatIsDecidedOn changes one thing at a time: what a decision rests on has another key, what passes by has not.
func TestKeyCoversWhatIsDecidedOn(t *testing.T) {
	inputs := func() *Inputs {
		f := func(s string) manifest.File { return manifest.File{URI: "s3://b/" + s, SHA256: s} }
		training, predictions, baseline := f("training"), f("predictions"), f("champion's predictions")
		return &Inputs{
			Request: Request{Group: "titanic", Candidate: arn(2), Evaluation: "e", Requirements: full().Requirements},
			Package: &sagemaker.Package{ARN: arn(2), Metadata: map[string]string{sagemaker.MetaArtifactSHA256: "artifact"}},
			Document: &manifest.Evidence{Evaluation: "e", Model: f("model"), Dataset: f("dataset"), TrainingDataset: &training, Report: f("report"), Predictions: &predictions,
				IDColumn: "id", LabelColumn: "label", ScoreColumn: "score",
				Baseline: &manifest.Baseline{ModelPackageARN: arn(1), ArtifactSHA256: "champion", Report: f("champion's report"), Predictions: &baseline}},
			Champion: &Champion{},
		}
	}
	key := func(in *Inputs) string {
		t.Helper()
		k, err := in.Key()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	x, yes := 0.5, true
	seen := map[string]string{key(inputs()): "nothing"}
	for name, change := range map[string]func(in *Inputs){
		"candidate": func(in *Inputs) { in.Request.Candidate = arn(3) },
		"rollback":  func(in *Inputs) { in.Request.Evaluation = "" },
		"requirement": func(in *Inputs) {
			in.Request.Requirements = slices.Clone(full().Requirements)
			in.Request.Requirements[0].Min = &x
		},
		"evidence rules":         func(in *Inputs) { in.Request.Evidence.Leakage = &yes },
		"approval":               func(in *Inputs) { in.Request.Approval.Required = true },
		"seed":                   func(in *Inputs) { in.Request.Seed = 7 },
		"dry run":                func(in *Inputs) { in.Request.DryRun = true },
		"artifact":               func(in *Inputs) { in.Package.Metadata = nil },
		"model":                  func(in *Inputs) { in.Document.Model.SHA256 = "x" },
		"dataset":                func(in *Inputs) { in.Document.Dataset.SHA256 = "x" },
		"training data":          func(in *Inputs) { in.Document.TrainingDataset.SHA256 = "x" },
		"report":                 func(in *Inputs) { in.Document.Report.SHA256 = "x" },
		"predictions":            func(in *Inputs) { in.Document.Predictions.SHA256 = "x" },
		"id column":              func(in *Inputs) { in.Document.IDColumn = "x" },
		"label column":           func(in *Inputs) { in.Document.LabelColumn = "x" },
		"score column":           func(in *Inputs) { in.Document.ScoreColumn = "x" },
		"baseline":               func(in *Inputs) { in.Document.Baseline.ModelPackageARN = arn(9) },
		"baseline's artifact":    func(in *Inputs) { in.Document.Baseline.ArtifactSHA256 = "x" },
		"baseline's report":      func(in *Inputs) { in.Document.Baseline.Report.SHA256 = "x" },
		"baseline's predictions": func(in *Inputs) { in.Document.Baseline.Predictions.SHA256 = "x" },
		"no baseline":            func(in *Inputs) { in.Document.Baseline = nil },
	} {
		in := inputs()
		change(in)
		k := key(in)
		if twin, known := seen[k]; known {
			t.Errorf("%s has the key of %s", name, twin)
		}
		seen[k] = name
	}
	for name, change := range map[string]func(in *Inputs){
		"champion": func(in *Inputs) {
			in.Champion = &Champion{Pointer: &Pointer{ModelPackageARN: arn(9)}, Record: &StoredRecord{}}
		},
		"reason": func(in *Inputs) { in.Request.Reason = "because" },
		"approval status": func(in *Inputs) {
			in.Package.Approval = types.ModelApprovalStatusApproved
		},
		"place of the report": func(in *Inputs) { in.Document.Report.URI = "s3://b/elsewhere" },
		"age":                 func(in *Inputs) { in.Document.CreatedAt = "2026-01-02T03:04:05Z" },
	} {
		in := inputs()
		change(in)
		if seen[key(in)] != "nothing" {
			t.Errorf("%s reopens a decision", name)
		}
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// shelf has a registered version with an evaluation, and a champion that it was compared with.
type shelf struct {
	t   *testing.T
	c   *sagemaker.Client
	arn string
	e   manifest.Evidence
}

func (s *shelf) put(key, body string) manifest.File {
	s.t.Helper()
	uri := s.c.Store.Join(key).URI()
	if _, err := s.c.Put(s.t.Context(), uri, "", []byte(body)); err != nil {
		s.t.Fatal(err)
	}
	return manifest.File{URI: uri, SHA256: digest(body)}
}

const (
	shelfReport      = `{"binary_classification_metrics":{"accuracy":{"value":1}},"performance":{"examples":{"value":2}}}`
	shelfPredictions = "id,label,score\n1,1,0.9\n2,0,0.1\n"
)

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{t: t, c: client(t)}
	artifact, predictions := s.put("runs/two/model.tar.gz", "model two"), s.put("evaluations/e/output/predictions.csv", shelfPredictions)
	theirs := s.put("evaluations/e/output/baseline/predictions.csv", shelfPredictions)
	s.e = manifest.Evidence{Evaluation: "e", CreatedAt: "2026-01-02T03:04:05Z", Model: artifact, Dataset: s.put("data/holdout.csv", "id\n1\n2\n"),
		Report: s.put("evaluations/e/output/evaluation.json", shelfReport), Predictions: &predictions, IDColumn: "id", LabelColumn: "label", ScoreColumn: "score",
		Baseline: &manifest.Baseline{ModelPackageARN: arn(1), ArtifactSHA256: digest("model one"), Report: s.put("evaluations/e/output/baseline/evaluation.json", shelfReport), Predictions: &theirs}}
	ctx := t.Context()
	if _, _, err := s.c.EnsureGroup(ctx, "titanic", "", nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // version 1 is only there to be numbered
		out, err := s.c.SageMaker.CreateModelPackage(ctx, &sdk.CreateModelPackageInput{
			ModelPackageGroupName: aws.String("titanic"), ModelApprovalStatus: types.ModelApprovalStatusPendingManualApproval,
			InferenceSpecification: &types.InferenceSpecification{Containers: []types.ModelPackageContainerDefinition{{Image: aws.String("tiny"), ModelDataUrl: &artifact.URI}},
				SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"}},
			CustomerMetadataProperties: map[string]string{sagemaker.MetaArtifactSHA256: artifact.SHA256, sagemaker.MetaEvaluation: "e",
				sagemaker.MetaEvaluationSHA256: s.e.Report.SHA256, sagemaker.MetaPredictionsSHA256: predictions.SHA256},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.arn = aws.ToString(out.ModelPackageArn)
	}
	champion, err := Write(ctx, s.c, &Record{Schema: 1, Kind: KindPromotion, Outcome: gate.Approved, ModelPackageGroup: "titanic", ModelPackageARN: arn(1), Version: 1, ArtifactSHA256: digest("model one")})
	if err == nil {
		err = Point(ctx, s.c, &Champion{}, champion)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// gather writes the evidence and returns what is wrong with it, line by line.
func (s *shelf) gather() string {
	s.t.Helper()
	body, err := s.e.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	s.put("evaluations/e/evidence.json", string(body))
	in, err := ReadInputs(s.t.Context(), s.c, Request{Group: "titanic", Candidate: s.arn, Evaluation: "e"})
	if err != nil {
		s.t.Fatal(err)
	}
	e, err := in.Gather(s.t.Context(), s.c, time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC))
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "%s: %s\n", p.Subject, p.Reason)
	}
	return b.String()
}

// TestGatherBelievesNoClaim spoils what vouches for a candidate, each with digests that match in themselves.
func TestGatherBelievesNoClaim(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(s *shelf)
		want  string
	}{
		"nothing":                   {func(*shelf) {}, ""},
		"another report":            {func(s *shelf) { s.e.Report = s.put("else.json", strings.Replace(shelfReport, ":1}", ":0.9}", 1)) }, "report: the evidence names a report with sha256"},
		"other predictions":         {func(s *shelf) { f := s.put("else.csv", shelfPredictions+"3,1,0.9\n"); s.e.Predictions = &f }, "predictions: the evidence names predictions with sha256"},
		"no predictions":            {func(s *shelf) { s.e.Predictions = nil }, "predictions: the evidence names predictions with sha256 none"},
		"another champion's model":  {func(s *shelf) { s.e.Baseline.ArtifactSHA256 = digest("model nine") }, "champion: the evaluation scored an artifact with sha256 " + digest("model nine")},
		"a model without a digest":  {func(s *shelf) { s.e.Model.SHA256 = "" }, "artifact: evaluation e does not say which artifact it is about"},
		"a report without a place":  {func(s *shelf) { s.e.Report.URI = "" }, "report: the evidence names no report"},
		"champion's report changed": {func(s *shelf) { s.put("evaluations/e/output/baseline/evaluation.json", "{}") }, "champion's report: s3://titanicml-local/titanicml/evaluations/e/output/baseline/evaluation.json was changed"},
		"training data without the id": {func(s *shelf) { f := s.put("data/train.csv", "name\nann\n"); s.e.TrainingDataset = &f },
			`training data: s3://titanicml-local/titanicml/data/train.csv has no id column "id"`},
		"training data that is no table": {func(s *shelf) { f := s.put("data/train.csv", "id\n\"9"); s.e.TrainingDataset = &f }, "training data: s3://titanicml-local/titanicml/data/train.csv is not a CSV file"},
		"another evaluation's document":  {func(s *shelf) { s.e.Evaluation = "other" }, `describes evaluation "other", not "e"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			c.spoil(s)
			if got := s.gather(); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestTrainersAreTold takes the tag of who trained away from the job, as its trainer may, and names a job that is gone.
func TestTrainersAreTold(t *testing.T) {
	c := client(t)
	job, err := c.SageMaker.CreateTrainingJob(t.Context(), &sdk.CreateTrainingJobInput{
		TrainingJobName: aws.String("run"), RoleArn: aws.String("arn:aws:iam::000000000000:role/r"),
		AlgorithmSpecification: &types.AlgorithmSpecification{TrainingImage: aws.String("none"), TrainingInputMode: types.TrainingInputModeFile},
		OutputDataConfig:       &types.OutputDataConfig{S3OutputPath: aws.String(c.Store.Join("runs").URI())},
		ResourceConfig:         &types.ResourceConfig{InstanceType: types.TrainingInstanceTypeMlM5Large, InstanceCount: aws.Int32(1), VolumeSizeInGB: aws.Int32(1)},
		StoppingCondition:      &types.StoppingCondition{MaxRuntimeInSeconds: aws.Int32(60)},
		Tags:                   []types.Tag{{Key: aws.String(sagemaker.TagPrincipal), Value: aws.String("arn:anna")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(job.TrainingJobArn)
	state := func(run string) gate.ApprovalState {
		t.Helper()
		in := &Inputs{Package: &sagemaker.Package{Metadata: map[string]string{sagemaker.MetaRunARN: run}, Raw: &sdk.DescribeModelPackageOutput{},
			CreatedBy: &types.UserContext{IamIdentity: &types.IamIdentity{Arn: aws.String("arn:ci")}}}}
		s, err := in.ApprovalState(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := state(arn); len(s.Trainers) != 2 || s.Trainers[1].ARN != "arn:anna" || s.Untold != "" {
		t.Errorf("with the tag: %+v", s)
	}
	if s := state(""); len(s.Trainers) != 1 || s.Untold != "" {
		t.Errorf("a version of no job: %+v", s)
	}
	if _, err := c.SageMaker.DeleteTags(t.Context(), &sdk.DeleteTagsInput{ResourceArn: &arn, TagKeys: []string{sagemaker.TagPrincipal}}); err != nil {
		t.Fatal(err)
	}
	for _, run := range []string{arn, arn + "-gone"} {
		if s := state(run); len(s.Trainers) != 1 || !strings.Contains(s.Untold, run+" has no tag "+sagemaker.TagPrincipal) {
			t.Errorf("%s: %+v", run, s)
		}
	}
}
