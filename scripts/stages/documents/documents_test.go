package documents

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xeipuuv/gojsonschema"
)

// applied are what the last rehearsal applied; stages document writes them to testdata.
const applied = "testdata/documents"

func TestAppliedDocuments(t *testing.T) {
	for _, name := range []string{"aws_sagemaker_pipeline", "aws_sfn_state_machine", "aws_cloudwatch_dashboard"} {
		for _, env := range []string{"dev", "prod"} {
			content, err := os.ReadFile(filepath.Join(applied, env+"."+name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if len(checkers[name]) == 0 {
				t.Fatalf("nothing checks %s", name)
			}
			for attribute, check := range checkers[name] {
				if err := check(content); err != nil {
					t.Errorf("%s %s %s: %v", env, name, attribute, err)
				}
			}
		}
	}
}

func TestThePipelineAgainstItsPublishedSchema(t *testing.T) {
	schema := os.Getenv("PIPELINE_SCHEMA")
	if schema == "" {
		schema = filepath.Join("..", "..", "..", "..", "shared", "data", "pipeline-definition.schema.json")
	}
	schema, err := filepath.Abs(schema)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(schema); err != nil {
		t.Skipf("the schema of pipeline definitions is not at hand: set PIPELINE_SCHEMA to it (%v)", err)
	}
	for _, env := range []string{"dev", "prod"} {
		content, err := os.ReadFile(filepath.Join(applied, env+".aws_sagemaker_pipeline.json"))
		if err != nil {
			t.Fatal(err)
		}
		result, err := gojsonschema.Validate(gojsonschema.NewReferenceLoader("file://"+schema), gojsonschema.NewBytesLoader(content))
		if err != nil {
			t.Fatal(err)
		}
		for _, complaint := range result.Errors() {
			t.Errorf("%s: %s", env, complaint)
		}
	}
}

func TestTheStateMachineWithItsValidator(t *testing.T) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm, which brings asl-validator, is not installed")
	}
	home := t.TempDir()
	if out, err := exec.Command(npm, "install", "--no-audit", "--no-fund", "--prefix", home, "asl-validator@4.0.0").CombinedOutput(); err != nil {
		t.Skipf("npm cannot install asl-validator here: %v\n%s", err, out)
	}
	for _, env := range []string{"dev", "prod"} {
		out, err := exec.Command(filepath.Join(home, "node_modules", ".bin", "asl-validator"), "--json-path", filepath.Join(applied, env+".aws_sfn_state_machine.json")).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", env, err, out)
		}
	}
}

func TestCheckersRefuse(t *testing.T) {
	tests := []struct {
		name  string
		check func([]byte) error
		text  string
		want  string
	}{
		{"state machine that leads nowhere", checkStateMachine, `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}`, `"B", which is no state`},
		{"state machine with an island", checkStateMachine, `{"StartAt":"A","States":{"A":{"Type":"Succeed"},"B":{"Type":"Succeed"}}}`, "no way leads to B"},
		{"task without retry", checkStateMachine, `{"StartAt":"A","States":{"A":{"Type":"Task","End":true}}}`, "is not retried"},
		{"pipeline that reads ahead", checkPipeline, `{"Version":"2020-12-01","Steps":[{"Name":"A","Arguments":{"X":{"Get":"Steps.B.Y"}}},{"Name":"B"}]}`, "reads Steps.B.Y"},
		{"pipeline without its parameter", checkPipeline, `{"Version":"2020-12-01","Steps":[{"Name":"A","Arguments":{"X":{"Get":"Parameters.P"}}}]}`, "reads Parameters.P"},
		{"dashboard off the grid", checkDashboard, `{"widgets":[{"type":"text","x":20,"y":0,"width":8,"height":1,"properties":{"markdown":"x"}}]}`, "on the grid"},
		{"dashboard that overlaps", checkDashboard, `{"widgets":[{"type":"text","x":0,"y":0,"width":8,"height":1,"properties":{"markdown":"x"}},{"type":"text","x":0,"y":0,"width":8,"height":1,"properties":{"markdown":"x"}}]}`, "lies on widget 0"},
		{"metric with half a dimension", checkDashboard, `{"widgets":[{"type":"metric","x":0,"y":0,"width":8,"height":1,"properties":{"metrics":[["N","M","D"]]}}]}`, "without a value"},
		{"policy without Sid", checkPolicy, `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/k"}]}`, "no Sid"},
		{"policy on a name", checkPolicy, `{"Statement":[{"Sid":"A","Effect":"Allow","Action":"s3:GetObject","Resource":"bucket"}]}`, "is no ARN"},
		{"policy that is too long", checkManagedPolicy, `{"Statement":[{"Sid":"A","Action":"` + strings.Repeat("a", 6200) + `","Resource":"*"}]}`, "split it"},
		{"pattern with a text", checkEventPattern, `{"source":"aws.s3"}`, "is not a list"},
		{"pattern without source", checkEventPattern, `{"detail-type":["x"]}`, "names no source"},
		{"input that is a text", checkInput, `"x"`, "read it"},
		{"template that repeats itself", checkTemplate, `{"inputs":{}}`, "takes nothing"},
		{"template that is no JSON", checkTemplate, `{"inputs": <candidate>`, "read it"},
		{"expression of two kinds", checkExpression, `{"Tags":{"Key":"a","Values":["b"]},"Not":{}}`, "gives 2 of"},
		{"expression with a wrong name", checkExpression, `{"Tag":{}}`, "unknown field"},
		{"tag without values", checkExpression, `{"And":null,"Tags":{"Key":"a","MatchOptions":null}}`, "lacks a key or values"},
		{"trust in nobody", checkResourcePolicy, `{"Version":"2012-10-17","Statement":[{"Sid":"A","Action":"sts:AssumeRole"}]}`, "lacks"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.check([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, expected %q", err, test.want)
			}
		})
	}
}

func TestTextAt(t *testing.T) {
	attributes := map[string]any{"input": "a", "target": []any{map[string]any{"input": "b"}}, "none": nil}
	for path, want := range map[string]string{"input": "a", "target.0.input": "b", "target.1.input": "", "target.0.output": "", "none": "", "other.0": ""} {
		if got := textAt(attributes, path); got != want {
			t.Errorf("%s: got %q, expected %q", path, got, want)
		}
	}
}
