package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func load(t testing.TB) *Table {
	t.Helper()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestEmbeddedTableHoldsEveryOperation(t *testing.T) {
	table := load(t)
	if !strings.HasPrefix(table.Source, "botocore-") || table.APIVersion != "2017-07-24" {
		t.Errorf("table is from %q, version %q", table.Source, table.APIVersion)
	}
	for _, name := range Operations {
		if _, ok := table.Operations[name]; !ok {
			t.Errorf("operation %s is not in the table; run make facts", name)
		}
	}
	if len(table.Operations) != len(Operations) {
		t.Errorf("table has %d operations, Operations %d", len(table.Operations), len(Operations))
	}
}

// The requests below are complete apart from what each case says about them.
const (
	goodTraining = `{"TrainingJobName":"a","RoleArn":"arn:aws:iam::000000000000:role/x","OutputDataConfig":{"S3OutputPath":"s3://b/p"}}`
	goodRole     = `"RoleArn":"arn:aws:iam::000000000000:role/x"`
)

func TestBrokenConstraintsAreNamedAsTheServiceNamesThem(t *testing.T) {
	table := load(t)
	for name, c := range map[string]struct{ operation, body, want string }{
		"missing": {"DescribeTrainingJob", `{}`,
			"1 validation error detected: Value null at 'trainingJobName' failed to satisfy constraint: Member must not be null"},
		"null is missing": {"DescribeTrainingJob", `{"TrainingJobName":null}`,
			"1 validation error detected: Value null at 'trainingJobName' failed to satisfy constraint: Member must not be null"},
		"pattern": {"DescribeTrainingJob", `{"TrainingJobName":"-a"}`,
			"1 validation error detected: Value '-a' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"},
		"a newline at the end": {"DescribeTrainingJob", `{"TrainingJobName":"a\n"}`, "regular expression pattern"},
		"too short, two errors": {"DescribeTrainingJob", `{"TrainingJobName":""}`,
			"2 validation errors detected: Value '' at 'trainingJobName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern"},
		"length counts characters": {"CreateModelPackageGroup", `{"ModelPackageGroupName":"a","ModelPackageGroupDescription":"` + strings.Repeat("é", 1025) + `"}`,
			"at 'modelPackageGroupDescription' failed to satisfy constraint: Member must have length less than or equal to 1024"},
		"range": {"ListTrainingJobs", `{"MaxResults":0}`,
			"1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"enum": {"ListTrainingJobs", `{"SortOrder":"Up"}`,
			"1 validation error detected: Value 'Up' at 'sortOrder' failed to satisfy constraint: Member must satisfy enum value set: [Ascending, Descending]"},
		"nested": {"CreateTrainingJob", `{"TrainingJobName":"a",` + goodRole + `,"OutputDataConfig":{}}`,
			"Value null at 'outputDataConfig.s3OutputPath' failed to satisfy constraint: Member must not be null"},
		"list element": {"AddTags", `{"ResourceArn":"arn:aws:sagemaker:eu-west-1:000000000000:model/a","Tags":[{"Key":"a","Value":"b"},{"Key":""}]}`,
			"2 validation errors detected: Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; Value null at 'tags.2.member.value'"},
		"null element": {"AddTags", `{"ResourceArn":"arn:aws:sagemaker:eu-west-1:000000000000:model/a","Tags":[null]}`,
			"Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null"},
		"list length": {"CreateEndpointConfig", `{"EndpointConfigName":"a","ProductionVariants":[]}`,
			"Value '[]' at 'productionVariants' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"map value": {"CreateTrainingJob", strings.TrimSuffix(goodTraining, "}") + `,"HyperParameters":{"k":"` + strings.Repeat("v", 2501) + `"}}`,
			"at 'hyperParameters' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 2500"},
		"map key": {"CreateTrainingJob", strings.TrimSuffix(goodTraining, "}") + `,"Environment":{"9":"v"}}`,
			"Value '{9=v}' at 'environment' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 512"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := table.DecodeRequest(c.operation, []byte(c.body))
			service := AsError(err)
			if err == nil || service.Code != "ValidationException" || !strings.Contains(service.Message, c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestWrongTypesAreSerializationErrors(t *testing.T) {
	table := load(t)
	for body, want := range map[string]string{
		`{"TrainingJobName":1}`:                           "NUMBER_VALUE can not be converted to a String",
		`{"TrainingJobName":true}`:                        "TRUE_VALUE can not be converted to a String",
		`{"TrainingJobName":{}}`:                          "Start of structure or map found where not expected.",
		`{"TrainingJobName":[]}`:                          "Start of list found where not expected",
		`{"OutputDataConfig":"x"}`:                        "STRING_VALUE found where a structure was expected",
		`{"InputDataConfig":{}}`:                          "Start of structure or map found where not expected.",
		`{"EnableManagedSpotTraining":"yes"}`:             "STRING_VALUE can not be converted to a Boolean",
		`{"ResourceConfig":{"InstanceCount":"1"}}`:        "STRING_VALUE can not be converted to an Integer",
		`{"ResourceConfig":{"InstanceCount":1.5}}`:        "1.5 can not be converted to an Integer",
		`{"ResourceConfig":{"InstanceCount":3000000000}}`: "3000000000 can not be converted to an Integer",
		`{`:        "Unable to parse",
		`{} {}`:    "Unexpected content",
		"\"\xff\"": "Invalid UTF-8",
	} {
		_, err := table.DecodeRequest("CreateTrainingJob", []byte(body))
		if service := AsError(err); err == nil || service.Code != "SerializationException" || !strings.Contains(service.Message, want) {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
}

func TestGoodRequestsKeepTheirValues(t *testing.T) {
	table := load(t)
	got, err := table.DecodeRequest("CreateTrainingJob", []byte(
		strings.TrimSuffix(goodTraining, "}")+`,"ResourceConfig":{"InstanceCount":1e0,"VolumeSizeInGB":5.0},"Unknown":1,"HyperParameters":{"":"","ключ":"значение"},"Tags":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if count, ok := got.Integer("ResourceConfig", "InstanceCount"); !ok || count != 1 {
		t.Errorf("count %d", count)
	}
	if got.Has("Unknown") || got.Has("Tags") || got.TextMap("HyperParameters")["ключ"] != "значение" {
		t.Errorf("got %v", got)
	}
	if _, err := table.DecodeRequest("CreateNotebook", nil); AsError(err).Code != "UnknownOperationException" {
		t.Errorf("got %v", err)
	}
}

// TestTranslatedPatterns holds each pattern that Go cannot express to what it means.
func TestTranslatedPatterns(t *testing.T) {
	for pattern := range exotic {
		if _, err := compile(pattern); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	const name = `(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\/[0-9]{1,9})?`
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{name, "a", true}, {name, "a-b/3", true}, {name, "a-", false}, {name, "a-/3", false}, {name, "a/", false},
		{name, "arn:aws:sagemaker:eu-west-1:000000000000:model-package/g/12", true},
		{name, strings.Repeat("a", 63), true}, {name, strings.Repeat("a", 64), false},
		{`(?!\s*$).+`, "  x ", true}, {`(?!\s*$).+`, "  ", false}, {`(?!\s*$).+`, "", false},
		{`([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}`, "titanicml:principal", true},
		{`([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}`, "a;b", false},
	} {
		matches, err := compile(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := matches(c.text); got != c.want {
			t.Errorf("%s on %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestProjectKeepsTheModelledMembersOnly(t *testing.T) {
	table := load(t)
	document := Document{
		"ModelPackageGroupName": "g", "ModelPackageGroupArn": "arn", "ModelPackageGroupStatus": "Completed",
		"CreatedBy": map[string]any{"IamIdentity": map[string]any{"Arn": "me", "Secret": "x"}},
		"Tags":      []any{}, "_Policy": "{}", "ModelPackageGroupDescription": nil,
	}
	document.SetTime("CreationTime", time.UnixMilli(1_776_219_600_007))
	body, err := table.Project("DescribeModelPackageGroup", document)
	want := `{"CreatedBy":{"IamIdentity":{"Arn":"me"}},"CreationTime":1776219600.007,"ModelPackageGroupArn":"arn","ModelPackageGroupName":"g","ModelPackageGroupStatus":"Completed"}`
	if err != nil || string(body) != want {
		t.Errorf("got %s, %v\nwant %s", body, err, want)
	}
	if body, err := table.Project("DeleteModel", Document{"x": 1}); err != nil || string(body) != "{}" {
		t.Errorf("without an output: %s, %v", body, err)
	}
	document["ModelPackageGroupArn"] = 7
	if _, err := table.Project("DescribeModelPackageGroup", document); err == nil {
		t.Error("a number passes for a string")
	}
	delete(document, "ModelPackageGroupArn")
	if _, err := table.Project("DescribeModelPackageGroup", document); err == nil {
		t.Error("a required member may be missing")
	}
}

func TestTimesRoundTrip(t *testing.T) {
	at := time.Date(2026, 4, 15, 2, 20, 0, 7_000_000, time.UTC)
	seconds, err := Epoch(at).Float64()
	if err != nil || !FromEpoch(seconds).Equal(at) {
		t.Errorf("%s became %s", at, FromEpoch(seconds))
	}
}

// FuzzDecodeRequest: whatever the body, the decoder answers with a document that
// encodes and satisfies the shape again, or with one of two errors.
func FuzzDecodeRequest(f *testing.F) {
	table := load(f)
	for operation, body := range map[string]string{
		"CreateTrainingJob":  goodTraining,
		"CreateModelPackage": `{"ModelPackageGroupName":"g","CustomerMetadataProperties":{"a":"b"}}`,
		"AddTags":            `{"ResourceArn":"arn:aws:sagemaker:eu-west-1:000000000000:model/a","Tags":[{"Key":"a","Value":"b"},null]}`,
		"ListTrainingJobs":   `{"CreationTimeAfter":1e400,"MaxResults":1e3}`,
		"CreateModel":        "{\"a\":\xff",
	} {
		f.Add(slices.Index(Operations, operation), []byte(body))
	}
	f.Fuzz(func(t *testing.T, index int, body []byte) {
		operation := Operations[uint(index)%uint(len(Operations))]
		document, err := table.DecodeRequest(operation, body)
		if err != nil {
			service := AsError(err)
			if service.Code != "ValidationException" && service.Code != "SerializationException" {
				t.Fatalf("%s: %v", operation, err)
			}
			if !utf8.ValidString(service.Message) {
				t.Fatalf("%s: message is not UTF-8: %q", operation, service.Message)
			}
			return
		}
		encoded, err := json.Marshal(map[string]any(document))
		if err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
		if _, err := table.DecodeRequest(operation, encoded); err != nil {
			t.Fatalf("%s: accepted %q, then refused its own encoding %q: %v", operation, body, encoded, err)
		}
	})
}
