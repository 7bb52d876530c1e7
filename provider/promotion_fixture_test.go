package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

const survival = "titanic-survival"

// registry registers versions and leaves evidence as the other resources do, so that promotions can be tested on any evidence.
type registry struct {
	*harness
	c *sagemaker.Client
}

// version is a registered model with the place of its artifact.
type version struct {
	arn, artifact, sha256 string
}

// newRegistry is for tests that promote.
func newRegistry(t *testing.T) *registry {
	return registryOn(newHarness(t, needObjects, needVersions, needApproval))
}

// unpromoted is for tests in which no version is approved.
func unpromoted(t *testing.T) *registry { return registryOn(newHarness(t, needObjects, needVersions)) }

func registryOn(h *harness) *registry {
	r := &registry{harness: h, c: h.client()}
	r.must(r.c.EnsureBucket(h.t.Context(), r.c.Store.Bucket))
	return r
}

func (r *registry) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// put stores an object and names it with its digest.
func (r *registry) put(key, content string) manifest.File {
	r.t.Helper()
	uri := r.c.Store.Join(key).URI()
	_, err := r.c.Put(r.t.Context(), uri, "text/plain", []byte(content))
	r.must(err)
	return manifest.File{URI: uri, SHA256: digest(content)}
}

// register makes a version in a group, with an artifact of its own.
func (r *registry) register(group, name string) version {
	r.t.Helper()
	return r.registerArtifact(group, name, "model of "+name)
}

func (r *registry) registerArtifact(group, name, content string) version {
	r.t.Helper()
	_, _, err := r.c.EnsureGroup(r.t.Context(), group, "", nil)
	r.must(err)
	file := r.put("runs/"+name+"/output/model.tar.gz", content)
	out, err := r.c.SageMaker.CreateModelPackage(r.t.Context(), &sdk.CreateModelPackageInput{
		ModelPackageGroupName: &group, ModelApprovalStatus: sdktypes.ModelApprovalStatusPendingManualApproval,
		InferenceSpecification: &sdktypes.InferenceSpecification{
			Containers:            []sdktypes.ModelPackageContainerDefinition{{Image: aws.String("tiny"), ModelDataUrl: &file.URI}},
			SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"},
		},
		CustomerMetadataProperties: map[string]string{sagemaker.MetaArtifactSHA256: file.SHA256},
	})
	r.must(err)
	return version{arn: aws.ToString(out.ModelPackageArn), artifact: file.URI, sha256: file.SHA256}
}

// scored is the predictions file and report of a model of the given quality on the same 300 passengers.
func scored(quality float64) (predictions, report string) {
	people, noise := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("passenger_id,label,score,pclass,sex\n")
	right := 0
	for i := range 300 {
		label, sex, class := people.IntN(2), []string{"female", "male"}[people.IntN(2)], 1+people.IntN(3)
		score := float64(label)*0.6 + 0.2
		if noise.Float64() > quality {
			score = 0.8 - float64(label)*0.6
		} else {
			right++
		}
		fmt.Fprintf(&b, "%d,%d,%.2f,%d,%s\n", i+1, label, score, class, sex)
	}
	return b.String(), fmt.Sprintf(`{"binary_classification_metrics":{"accuracy":{"value":%.6f}},"performance":{"p95_latency_ms":{"value":0.5},"examples":{"value":300}}}`, float64(right)/300)
}

// evaluate leaves the evidence of an evaluation job; change may spoil it before it is written.
func (r *registry) evaluate(name string, v version, quality float64, change ...func(*manifest.Evidence)) string {
	r.t.Helper()
	ended := time.Now()
	if r.now != nil {
		ended = r.now()
	}
	predictions, report := scored(quality)
	p := r.put("evaluations/"+name+"/output/predictions.csv", predictions)
	e := manifest.Evidence{
		Evaluation: name, JobARN: "arn:aws:sagemaker:eu-west-1:000000000000:processing-job/" + name, CreatedAt: ended.UTC().Format(time.RFC3339),
		Image: "tiny", Model: manifest.File{URI: v.artifact, SHA256: v.sha256}, Dataset: r.put("data/holdout.csv", "passenger_id\n1\n2\n"),
		Report: r.put("evaluations/"+name+"/output/evaluation.json", report), Predictions: &p,
		IDColumn: "passenger_id", LabelColumn: "label", ScoreColumn: "score", Examples: 300,
	}
	for _, f := range change {
		f(&e)
	}
	body, err := e.Encode()
	r.must(err)
	_, err = r.c.Put(r.t.Context(), manifest.Location(r.c.Store, name).URI(), "application/json", body)
	r.must(err)
	return name
}

// against adds the champion's side to an evaluation.
func (r *registry) against(champion version, quality float64) func(*manifest.Evidence) {
	return func(e *manifest.Evidence) {
		predictions, report := scored(quality)
		p := r.put("evaluations/"+e.Evaluation+"/output/baseline/predictions.csv", predictions)
		e.Baseline = &manifest.Baseline{ModelPackageARN: champion.arn, ModelPackageGroup: survival, ArtifactSHA256: champion.sha256,
			DecisionURI: "s3://x/y", Report: r.put("evaluations/"+e.Evaluation+"/output/baseline/evaluation.json", report), Predictions: &p}
	}
}

// promotion is a configuration with a promotion; more holds further arguments.
func (r *registry) promotion(v version, evaluation, requirements, more string) string {
	if evaluation != "" {
		evaluation = fmt.Sprintf("evaluation = %q", evaluation)
	}
	return r.config(fmt.Sprintf(`
resource "titanicml_promotion" "survival" {
  model_package_group = %q
  candidate           = %q
  %s
  requirements        = [%s]
  %s
}
`, survival, v.arn, evaluation, requirements, more))
}

func (r *registry) champion() *decision.Champion {
	r.t.Helper()
	c, err := decision.ReadChampion(r.t.Context(), r.c, survival)
	r.must(err)
	return c
}

// serves fails the test unless the group's champion is v.
func (r *registry) serves(v version) {
	r.t.Helper()
	c := r.champion()
	if !c.Valid() || c.Pointer.ModelPackageARN != v.arn {
		r.t.Errorf("champion is %+v (%s), want %s", c.Pointer, c.Defect, v.arn)
	}
}

// records counts the decision records of a version by outcome.
func (r *registry) records(v version) map[string]int {
	r.t.Helper()
	group, number, err := sagemaker.ParsePackageARN(v.arn)
	r.must(err)
	records, err := decision.Records(r.t.Context(), r.c, group, number)
	r.must(err)
	counts := map[string]int{}
	for _, rec := range records {
		counts[string(rec.Outcome)]++
	}
	return counts
}

func (r *registry) approval(v version) string {
	r.t.Helper()
	p, err := r.c.DescribePackage(r.t.Context(), v.arn)
	r.must(err)
	return string(p.Approval)
}

// approveAs sets the approval status as another person.
func (r *registry) approveAs(name string, v version, status sdktypes.ModelApprovalStatus) {
	r.t.Helper()
	settings := awsconfig.Settings{LocalURL: r.c.LocalURL, Region: localRegion, Store: localStore, AccessKey: name, SecretKey: "local"}
	other, err := sagemaker.New(r.t.Context(), settings)
	if r.foreign != nil {
		r.foreign.require(r.t, needIdentity)
		other, err = r.foreign.client(r.t.Context(), name)
	}
	r.must(err)
	r.must(other.SetApproval(r.t.Context(), v.arn, status, "by "+name))
}
