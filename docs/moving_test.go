//go:build unix

package docs_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
)

// legacyEndpoint makes an endpoint as hashicorp/aws would, behind the provider's back.
func legacyEndpoint(t *testing.T, w *workspace) {
	t.Helper()
	status, err := w.run("titanicml-local status --json --data-dir " + filepath.Join(w.dir, ".titanicml"))
	if err != nil {
		t.Fatalf("titanicml-local status: %v\n%s", err, status)
	}
	var engine struct{ URL string }
	if err := json.Unmarshal([]byte(status), &engine); err != nil {
		t.Fatalf("%v in %s", err, status)
	}
	artifact, err := w.run("terraform -chdir=" + filepath.Join(w.dir, "champion") + " output -json plain")
	if err != nil {
		t.Fatal(artifact)
	}
	var plain struct{ Artifact string }
	if err := json.Unmarshal([]byte(artifact), &plain); err != nil {
		t.Fatalf("%v in %s", err, artifact)
	}
	c := sagemaker.New(sagemaker.Options{Region: "eu-west-1", BaseEndpoint: &engine.URL, Credentials: credentials.NewStaticCredentialsProvider("console", "local", "")})
	ctx := t.Context()
	name, old := aws.String("titanic-survival"), aws.String("titanic-survival-7")
	_, err = c.CreateModel(ctx, &sagemaker.CreateModelInput{ModelName: old, ExecutionRoleArn: aws.String("arn:aws:iam::000000000000:role/titanic-serving"),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("titanic"), ModelDataUrl: &plain.Artifact}})
	if err == nil {
		_, err = c.CreateEndpointConfig(ctx, &sagemaker.CreateEndpointConfigInput{EndpointConfigName: old, ProductionVariants: []types.ProductionVariant{{
			VariantName: aws.String("main"), ModelName: old, InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(2)}}})
	}
	if err == nil {
		_, err = c.CreateEndpoint(ctx, &sagemaker.CreateEndpointInput{EndpointName: name, EndpointConfigName: old})
	}
	if err == nil {
		err = sagemaker.NewEndpointInServiceWaiter(c, func(o *sagemaker.EndpointInServiceWaiterOptions) {
			o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
		}).
			Wait(context.WithoutCancel(ctx), &sagemaker.DescribeEndpointInput{EndpointName: name}, time.Minute)
	}
	if err != nil {
		t.Fatalf("making the endpoint to take over: %v", err)
	}
}

// calls finds the actions that the provider's code asks AWS for.
func calls(t *testing.T) map[string]bool {
	t.Helper()
	call := regexp.MustCompile(`\b(SageMaker|Runtime|S3|logs)\.([A-Z][A-Za-z]+)\(ctx`)
	pages := regexp.MustCompile(`\b(sdk|s3)\.New(List[A-Za-z0-9]+)Paginator\(`)
	prefixes := map[string]string{"SageMaker": "sagemaker", "Runtime": "sagemaker", "S3": "s3", "sdk": "sagemaker", "s3": "s3", "logs": "logs"}
	// The actions of S3 have other names than its operations. Buckets are looked for and made on the local engine only.
	actions := map[string][]string{"s3:HeadObject": {"s3:GetObject"}, "s3:ListObjectsV2": {"s3:ListBucket"}, "s3:CopyObject": {"s3:GetObject", "s3:PutObject"},
		"s3:HeadBucket": nil, "s3:CreateBucket": nil}
	found := map[string]bool{}
	var files []string
	for _, pattern := range []string{"../provider/*.go", "../provider/internal/*/*.go"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/internal/engine/") || strings.Contains(file, "/internal/figures/") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range slices.Concat(call.FindAllStringSubmatch(string(source), -1), pages.FindAllStringSubmatch(string(source), -1)) {
			action := prefixes[m[1]] + ":" + m[2]
			if renamed, ok := actions[action]; ok {
				for _, a := range renamed {
					found[a] = true
				}
				continue
			}
			found[action] = true
		}
	}
	return found
}

// permissions is the table of actions: for each row, named by its first cell, what it allows.
func permissions(p *page) map[string][]string {
	rows := map[string][]string{}
	word := regexp.MustCompile("`([a-z0-9]+:)?([A-Z][A-Za-z]+)`")
	inTable := false
	for _, line := range p.lines {
		if strings.HasPrefix(line, "| Resource | SageMaker actions") {
			inTable = true
		}
		if !strings.HasPrefix(line, "|") {
			inTable = false
		}
		if !inTable {
			continue
		}
		cells := strings.Split(line, "|")
		row := strings.Trim(cells[1], " `")
		for _, m := range word.FindAllStringSubmatch(line, -1) {
			prefix := m[1]
			if prefix == "" {
				prefix = "sagemaker:"
			}
			rows[row] = append(rows[row], prefix+m[2])
		}
		if strings.Contains(cells[3], "read") {
			rows[row] = append(rows[row], "s3:GetObject")
		}
		if strings.Contains(cells[3], "write") {
			rows[row] = append(rows[row], "s3:PutObject")
		}
	}
	return rows
}

// TestPermissions holds the table of actions to the code and to IAM's own list.
func TestPermissions(t *testing.T) {
	p := readPage(t, "guides/moving-from-aws-sagemaker-endpoint.md")
	used := calls(t)
	if len(used) < 30 {
		t.Fatalf("found only %d calls in the code", len(used))
	}
	listed := map[string]bool{"s3:ListBucket": true}
	for _, actions := range permissions(p) {
		for _, action := range actions {
			listed[action] = true
		}
	}
	// What the code does not ask for, but the service checks on its behalf.
	implied := map[string]bool{"iam:PassRole": true, "cloudwatch:DescribeAlarms": true}
	for action := range used {
		if !listed[action] {
			t.Errorf("%s: the code calls %s, which the table does not have", p.path, action)
		}
	}
	for action := range listed {
		if !used[action] && !implied[action] {
			t.Errorf("%s: the table has %s, which no code calls", p.path, action)
		}
		if _, ok := actions.Find(action); !ok {
			t.Errorf("%s: there is no action %s", p.path, action)
		}
	}
}

// TestPolicies has our linter look at the policies of the guides.
func TestPolicies(t *testing.T) {
	for _, path := range []string{"guides/moving-from-aws-sagemaker-endpoint.md", "guides/from-the-engine-to-aws.md"} {
		checked := 0
		for _, b := range readPage(t, path).blocks {
			if b.language != "json" {
				continue
			}
			checked++
			policy, err := iam.Parse(b.text)
			if err != nil {
				t.Fatalf("%s:%d: %v", path, b.line, err)
			}
			for _, problem := range policy.Problems {
				t.Errorf("%s:%d: %s", path, b.line, problem.Message)
			}
			for _, finding := range policy.Check(policy.Guess()) {
				t.Errorf("%s:%d: %s: %s", path, b.line, finding.Rule, finding.Message)
			}
		}
		if checked == 0 {
			t.Errorf("%s has no policy", path)
		}
	}
}

// TestQuickstartPolicy holds the policy for the quickstart on AWS to the table: what its resources need, and nothing else.
func TestQuickstartPolicy(t *testing.T) {
	rows := permissions(readPage(t, "guides/moving-from-aws-sagemaker-endpoint.md"))
	want := map[string]bool{"s3:ListBucket": true}
	for _, row := range []string{"titanicml_dataset", "titanicml_training_run", "titanicml_evaluation", "titanicml_model_version", "titanicml_promotion", "titanicml_endpoint", "data.titanicml_champion"} {
		if len(rows[row]) == 0 {
			t.Errorf("the table has no row %s", row)
		}
		for _, action := range rows[row] {
			want[action] = true
		}
	}
	delete(want, "cloudwatch:DescribeAlarms") // the quickstart has no alarms
	for _, b := range readPage(t, "guides/from-the-engine-to-aws.md").blocks {
		if b.language != "json" {
			continue
		}
		got := map[string]bool{}
		for _, action := range regexp.MustCompile(`"((?:sagemaker|s3|iam|logs):[A-Z][A-Za-z]+)"`).FindAllStringSubmatch(b.text, -1) {
			if _, ok := actions.Find(action[1]); ok { // a condition key looks the same
				got[action[1]] = true
			}
		}
		for action := range want {
			if !got[action] {
				t.Errorf("line %d: the policy lacks %s", b.line, action)
			}
		}
		for action := range got {
			if !want[action] {
				t.Errorf("line %d: the policy has %s, which the quickstart does not need", b.line, action)
			}
		}
		return // the first is Terraform's
	}
}
