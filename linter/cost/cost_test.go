package cost_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/amount"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/render"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func prices(t testing.TB) *price.Prices {
	t.Helper()
	p, err := price.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// planOf is a plan that creates resources; unknowns mirrors values.
func planOf(t testing.TB, resources ...planned) *cost.Plan {
	t.Helper()
	var values, changes []any
	for _, r := range resources {
		values = append(values, map[string]any{"address": r.address, "mode": "managed", "type": r.kind, "name": "x", "values": r.values})
		changes = append(changes, map[string]any{"address": r.address, "mode": "managed", "type": r.kind,
			"change": map[string]any{"actions": []string{"create"}, "after_unknown": r.unknowns}})
	}
	text, err := json.Marshal(map[string]any{"format_version": "1.2", "planned_values": map[string]any{"root_module": map[string]any{"resources": values}},
		"resource_changes": changes, "configuration": map[string]any{"provider_config": map[string]any{"aws": map[string]any{"name": "aws",
			"expressions": map[string]any{"region": map[string]any{"constant_value": "eu-west-1"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := cost.Decode("plan.json", text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type planned struct {
	address, kind    string
	values, unknowns map[string]any
}

type m = map[string]any

// TestBills pins the lines of each kind of resource.
func TestBills(t *testing.T) {
	pipeline := `{"Steps":[{"Name":"Split","Type":"Processing","Arguments":{"ProcessingResources":{"ClusterConfig":{"InstanceType":"ml.m5.large","InstanceCount":2}}}},
		{"Name":"Floor","Type":"Condition","Arguments":{"IfSteps":[{"Name":"Train","Type":"Training","Arguments":{"ResourceConfig":{"InstanceType":"ml.m5.large","InstanceCount":1}}}]}}]}`
	for _, test := range []struct {
		name, kind, usage string
		values            m
		want              string
	}{
		{"gateway", "aws_vpc_endpoint", "", m{"vpc_endpoint_type": "Gateway"}, "free: gateway endpoints are free"},
		{"two zones", "aws_vpc_endpoint", "monthly_data_processed_gb = 100", m{"vpc_endpoint_type": "Interface", "subnet_ids": []string{"a", "b"}},
			"interfaces, one per zone: 1,460 hours x $0.011 = $16.06; data: 100 GB x $0.01 = $1.00"},
		{"alarm", "aws_cloudwatch_metric_alarm", "", m{"period": 300}, "alarm: 1 alarm metrics x $0.1 = $0.10"},
		{"fast alarm", "aws_cloudwatch_metric_alarm", "", m{"period": 10}, "alarm: 1 alarm metrics x $0.3 = $0.30"},
		{"alarm on two metrics", "aws_cloudwatch_metric_alarm", "", m{"metric_query": []any{m{"expression": "a/b", "metric": []any{}}, m{"metric": []any{m{"period": 60}}},
			m{"metric": []any{m{"period": 60}}}}}, "alarm: 2 alarm metrics x $0.1 = $0.20"},
		{"key", "aws_kms_key", "monthly_requests = 20000\nrotations = 1", m{"enable_key_rotation": true},
			"key: 1 key-months x $1 = $1.00; earlier versions of the key: 1 key-months x $1 = $1.00; requests: 20,000 requests x $0.03 per 10,000 = $0.06"},
		{"key without rotation", "aws_kms_key", "monthly_requests = 0", m{"enable_key_rotation": false}, "key: 1 key-months x $1 = $1.00; requests: 0 requests x $0.03 per 10,000 = $0.00"},
		{"function", "aws_lambda_function", "monthly_requests = 1000000\nrequest_duration_ms = 100", m{"architectures": []string{"arm64"}, "memory_size": 512},
			"requests: 1,000,000 requests x $0.2 per 1,000,000 = $0.20; duration: 50,000 GB-seconds x $0.0000133334 = $0.67"},
		{"function, unknown", "aws_lambda_function", "", m{"memory_size": 128},
			"requests: unknown requests x $0.2 per 1,000,000 = depends on monthly_requests; duration: unknown GB-seconds x $0.0000166667 = depends on request_duration_ms"},
		{"task", "aws_ecs_task_definition", "monthly_task_hours = 100", m{"requires_compatibilities": []string{"FARGATE"}, "cpu": "256", "memory": "512"},
			"tasks, 0.25 vCPU: 25 vCPU-hours x $0.04048 = $1.01; tasks, 0.5 GB: 50 GB-hours x $0.004445 = $0.22"},
		{"ARM task", "aws_ecs_task_definition", "monthly_task_hours = 100", m{"requires_compatibilities": []string{"FARGATE"}, "cpu": "1024", "memory": "2048",
			"runtime_platform": []any{m{"cpu_architecture": "ARM64"}}}, "tasks, 1 vCPU: 100 vCPU-hours x $0.03238 = $3.24; tasks, 2 GB: 200 GB-hours x $0.00356 = $0.71"},
		{"EC2 task", "aws_ecs_task_definition", "", m{"requires_compatibilities": []string{"EC2"}}, "free: a task definition costs where its tasks run"},
		{"cluster", "aws_ecs_cluster", "", m{"setting": []any{m{"name": "containerInsights", "value": "disabled"}}}, "free: a cluster costs where tasks run"},
		{"observed cluster", "aws_ecs_cluster", "container_insights_metrics = 10", m{"setting": []any{m{"name": "containerInsights", "value": "enabled"}}},
			"Container Insights metrics: 10 metrics x $0.3 = $3.00"},
		{"endpoint", "titanicml_endpoint", "monthly_data_processed_gb = 0", m{"serving": m{"version": 1}, "instance": m{"count": 2, "type": "ml.m5.large"}},
			"instances ml.m5.large: 1,460 hours x $0.128 = $186.88; data: 0 GB x $0.016 = $0.00"},
		{"endpoint by day", "titanicml_endpoint", "monthly_data_processed_gb = 0\nmonthly_hours = 282", m{"serving": m{"version": 1}, "instance": m{"count": 1, "type": "ml.t2.medium"}},
			"instances ml.t2.medium: 282 hours x $0.06 = $16.92; data: 0 GB x $0.016 = $0.00"},
		{"endpoint before promotion", "titanicml_endpoint", "", m{"serving": nil, "instance": m{"count": 2, "type": "ml.m5.large"}}, "free: nothing is served before the first promotion"},
		{"endpoint on an unpriced machine", "titanicml_endpoint", "monthly_data_processed_gb = 0", m{"serving": m{"version": 1}, "instance": m{"count": 1, "type": "ml.x9.large"}},
			"instances ml.x9.large: 730 hours x no price for sagemaker.hosting.ml.x9.large = unknown; data: 0 GB x $0.016 = $0.00"},
		{"serverless", "titanicml_endpoint", "monthly_inference_seconds = 1000", m{"serving": m{"version": 1}, "serverless": m{"memory_mb": 2048}},
			"inference: 1,000 seconds x no price for sagemaker.serverless.2048 = unknown"},
		{"run", "titanicml_training_run", "monthly_hours = 2", m{"max_runtime": "30m", "resources": m{"instance_type": "ml.m5.large", "instance_count": 2}},
			"training on ml.m5.large: 2 hours x $0.128 = $0.26 (an apply that makes it runs it once, for at most 30m: $0.13)"},
		{"pipeline", "aws_sagemaker_pipeline", "monthly_executions = 10\nstep_minutes = 6", m{"pipeline_definition": pipeline},
			"step Split on ml.m5.large: 2 hours x $0.128 = $0.26; step Train on ml.m5.large: 1 hours x $0.128 = $0.13"},
		{"no pipeline", "aws_sagemaker_pipeline", "", m{"pipeline_definition": "{"}, "unknown: its definition is not known before the apply"},
		{"machine", "aws_sfn_state_machine", "monthly_transitions = 4000\nmonthly_traces = 1", m{"type": "STANDARD", "tracing_configuration": []any{m{"enabled": true}}},
			"transitions: 4,000 transitions x $0.025 per 1,000 = $0.10; traces: 1 traces x $5 per 1,000,000 = <$0.01"},
		{"express machine", "aws_sfn_state_machine", "", m{"type": "EXPRESS"}, "unknown: no price is known for state machines other than STANDARD"},
		{"daily", "aws_scheduler_schedule", "", m{"schedule_expression": "cron(0 7 ? * MON-FRI *)"}, "invocations: 0 to 31 invocations x $1 per 1,000,000 = $0.00 to <$0.01"},
		{"hourly", "aws_scheduler_schedule", "", m{"schedule_expression": "rate(1 hour)"}, "invocations: 730 invocations x $1 per 1,000,000 = <$0.01"},
		{"FIFO", "aws_sqs_queue", "monthly_requests = 1000000", m{"fifo_queue": true}, "requests: 1,000,000 requests x $0.5 per 1,000,000 = $0.50"},
		{"other", "aws_db_instance", "", m{}, "unknown: no price is known for the type aws_db_instance"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := cost.Options{Prices: prices(t)}
			if test.usage != "" {
				var err error
				if o.Usage, err = cost.ParseUsage("usage.hcl", []byte(fmt.Sprintf("resource_type %q {\n%s\n}", test.kind, test.usage))); err != nil {
					t.Fatal(err)
				}
			}
			r, err := cost.Estimate([]*cost.Plan{planOf(t, planned{test.kind + ".x", test.kind, test.values, nil})}, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(r.Stages[0].Resources[0].After); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// summary is a bill on one line.
func summary(b *cost.Bill) string {
	var parts []string
	for _, l := range b.Lines {
		parts = append(parts, fmt.Sprintf("%s: %s x %s = %s", l.Name, l.Quantity.Text(l.Unit), l.UnitPrice(), l.Amount()))
	}
	text := strings.Join(parts, "; ")
	if b.Free != "" {
		text += "free: " + b.Free
	}
	if b.Unknown != "" {
		text += "unknown: " + b.Unknown
	}
	for _, n := range b.Notes {
		text += " (" + n + ")"
	}
	return text
}

// What is known only after the apply is at least what there must be, never nothing.
func TestUnknownAtPlan(t *testing.T) {
	t.Parallel()
	p := planOf(t,
		planned{"aws_vpc_endpoint.x", "aws_vpc_endpoint", m{"vpc_endpoint_type": "Interface"}, m{"subnet_ids": true}},
		planned{"aws_appautoscaling_target.x", "aws_appautoscaling_target", m{"min_capacity": 2, "max_capacity": 4, "service_namespace": "sagemaker",
			"resource_id": "endpoint/titanic/variant/champion"}, nil},
		planned{"titanicml_endpoint.x", "titanicml_endpoint", m{"name": "titanic", "instance": m{"count": 2, "type": "ml.m5.large"}}, m{"serving": true}},
		planned{"aws_ecs_task_definition.x", "aws_ecs_task_definition", m{"family": "f", "requires_compatibilities": []string{"FARGATE"}, "cpu": "1024", "memory": "1024"}, m{"arn": true}},
		planned{"aws_ecs_service.x", "aws_ecs_service", m{"desired_count": 3, "launch_type": "FARGATE"}, m{"task_definition": true}},
		planned{"aws_sagemaker_endpoint_configuration.x", "aws_sagemaker_endpoint_configuration", m{"production_variants": []any{
			m{"instance_type": "ml.m5.large", "initial_instance_count": 1}}}, m{"name": true}},
		planned{"aws_sagemaker_endpoint.x", "aws_sagemaker_endpoint", m{}, m{"endpoint_config_name": true}},
	)
	r, err := cost.Estimate([]*cost.Plan{p}, cost.Options{Prices: prices(t)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range r.Stages[0].Resources {
		got[x.Type] = summary(x.After)
	}
	want := map[string]string{
		"aws_appautoscaling_target":            "instances ml.m5.large when scaled out: 0 to 1,460 hours x $0.128 = $0.00 to $186.88 (from 2 to 4 instances)",
		"aws_ecs_service":                      "tasks, 1 vCPU: 2,190 vCPU-hours x $0.04048 = $88.65; tasks, 1 GB: 2,190 GB-hours x $0.004445 = $9.73",
		"aws_ecs_task_definition":              "tasks, 1 vCPU: unknown vCPU-hours x $0.04048 = depends on monthly_task_hours; tasks, 1 GB: unknown GB-hours x $0.004445 = depends on monthly_task_hours",
		"aws_sagemaker_endpoint":               "instances ml.m5.large: 730 hours x $0.128 = $93.44; data: unknown GB x $0.016 = depends on monthly_data_processed_gb",
		"aws_sagemaker_endpoint_configuration": "free: a configuration costs where an endpoint uses it",
		"aws_vpc_endpoint":                     "interfaces, one per zone: at least 730 hours x $0.011 = at least $8.03; data: unknown GB x $0.01 = depends on monthly_data_processed_gb",
		"titanicml_endpoint":                   "instances ml.m5.large: 1,460 hours x $0.128 = $186.88; data: unknown GB x $0.016 = depends on monthly_data_processed_gb",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.After.Unknown == 0 || !strings.HasPrefix(r.After.Total(), "at least ") {
		t.Errorf("the total is %s, want at least", r.After.Total())
	}
}

// A change of tags leaves the cost, known and unknown, as it was; deleting takes it away; replacing costs what the new one costs.
func TestChange(t *testing.T) {
	t.Parallel()
	text := `{"format_version":"1.2","planned_values":{"root_module":{"resources":[
		{"address":"aws_s3_bucket.same","mode":"managed","type":"aws_s3_bucket","values":{}},
		{"address":"aws_cloudwatch_metric_alarm.faster","mode":"managed","type":"aws_cloudwatch_metric_alarm","values":{"period":10}}]}},
	"prior_state":{"values":{"root_module":{"resources":[
		{"address":"aws_s3_bucket.same","mode":"managed","type":"aws_s3_bucket","values":{}},
		{"address":"aws_cloudwatch_metric_alarm.faster","mode":"managed","type":"aws_cloudwatch_metric_alarm","values":{"period":60}}],
		"child_modules":[{"address":"module.m","resources":[{"address":"module.m.aws_kms_key.gone","mode":"managed","type":"aws_kms_key","values":{}}]}]}}},
	"resource_changes":[
		{"address":"aws_s3_bucket.same","mode":"managed","type":"aws_s3_bucket","change":{"actions":["update"],"before":{},"after_unknown":{}}},
		{"address":"aws_cloudwatch_metric_alarm.faster","mode":"managed","type":"aws_cloudwatch_metric_alarm","change":{"actions":["delete","create"],"before":{"period":60},"after_unknown":{}}},
		{"address":"module.m.aws_kms_key.gone","module_address":"module.m","mode":"managed","type":"aws_kms_key","change":{"actions":["delete"],"before":{},"after_unknown":{}}}]}`
	p, err := cost.Decode("plan.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := cost.Estimate([]*cost.Plan{p}, cost.Options{Prices: prices(t), Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range r.Stages[0].Resources {
		got[x.Address] = x.Sign() + " " + string(x.Action) + " " + x.Change.Signed()
	}
	want := map[string]string{
		"aws_cloudwatch_metric_alarm.faster": "~ replace +$0.20",
		"aws_s3_bucket.same":                 "  update $0.00",
		"module.m.aws_kms_key.gone":          "- delete -$1.00 and 1 unknown",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A region that the plan does not tell, or that the table does not have, has no prices.
func TestRegion(t *testing.T) {
	t.Parallel()
	plan := func(region string) []byte {
		return []byte(`{"format_version":"1.2","variables":{"p":{"value":{"region":"us-east-1"}}},"planned_values":{"root_module":{"resources":[
			{"address":"aws_cloudwatch_log_group.x","mode":"managed","type":"aws_cloudwatch_log_group","values":{}}]}},
			"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"region":` + region + `}}}}}`)
	}
	for region, want := range map[string]string{
		`{"constant_value":"eu-west-1"}`:                     "$0.57",
		`{"references":["var.p.region","var.p"]}`:            "$0.5",
		`{"references":["local.region"]}`:                    "no price for cloudwatch.logs.ingested",
		`{"constant_value":"ap-south-1"}`:                    "no price for cloudwatch.logs.ingested",
		`{"references":["var.p.nothing","var.p"]}`:           "no price for cloudwatch.logs.ingested",
		`{"references":["data.aws_region.x.name","data.x"]}`: "no price for cloudwatch.logs.ingested",
	} {
		p, err := cost.Decode("plan.json", plan(region))
		if err != nil {
			t.Fatal(err)
		}
		r, err := cost.Estimate([]*cost.Plan{p}, cost.Options{Prices: prices(t)})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Stages[0].Resources[0].After.Lines[0].UnitPrice(); got != want {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
}

// TestParameters sets every assumption of every kind and sees that it counts.
func TestParameters(t *testing.T) {
	t.Parallel()
	values := map[string][]planned{
		"aws_appautoscaling_target": {{values: m{"min_capacity": 1, "max_capacity": 1000, "service_namespace": "sagemaker", "resource_id": "endpoint/e/variant/v"}},
			{"titanicml_endpoint.e", "titanicml_endpoint", m{"name": "e", "instance": m{"count": 1, "type": "ml.m5.large"}}, nil}},
		"aws_ecs_service": {{values: m{"task_definition": "f"}},
			{"aws_ecs_task_definition.f", "aws_ecs_task_definition", m{"family": "f", "requires_compatibilities": []string{"FARGATE"}, "cpu": "256", "memory": "512"}, nil}},
		"aws_ecs_cluster":         {{values: m{"setting": []any{m{"name": "containerInsights", "value": "enabled"}}}}},
		"aws_ecs_task_definition": {{values: m{"requires_compatibilities": []string{"FARGATE"}, "cpu": "256", "memory": "512"}}},
		"aws_kms_key":             {{values: m{"enable_key_rotation": true}}},
		"aws_sagemaker_endpoint": {{values: m{"endpoint_config_name": "c"}},
			{"aws_sagemaker_endpoint_configuration.c", "aws_sagemaker_endpoint_configuration", m{"name": "c", "production_variants": []any{
				m{"instance_type": "ml.m5.large"}, m{"serverless_config": []any{m{"memory_size_in_mb": 1024}}}}}, nil}},
		"aws_sagemaker_pipeline": {{values: m{"pipeline_definition": `{"Steps":[{"Name":"T","Type":"Training","Arguments":{"ResourceConfig":{"InstanceType":"ml.m5.large"}}}]}`}}},
		"aws_sfn_state_machine":  {{values: m{"tracing_configuration": []any{m{"enabled": true}}}}},
		"aws_vpc_endpoint":       {{values: m{"vpc_endpoint_type": "Interface"}}},
		"titanicml_endpoint":     {{values: m{"serving": m{}, "instance": m{"count": 1, "type": "ml.m5.large"}}}},
	}
	for _, k := range cost.Kinds() {
		for _, parameter := range k.Usage {
			cost := func(number int) amount.Sum {
				resources := values[k.Type]
				if resources == nil {
					resources = []planned{{values: m{}}}
				}
				if k.Type == "titanicml_endpoint" && parameter.Name == "monthly_inference_seconds" {
					resources = []planned{{values: m{"serving": m{}, "serverless": m{"memory_mb": 1024}}}}
				}
				resources = append([]planned{}, resources...)
				resources[0].address, resources[0].kind = k.Type+".x", k.Type
				var usage strings.Builder
				fmt.Fprintf(&usage, "resource %q {\n", k.Type+".*")
				for _, other := range k.Usage {
					n := 1
					if other.Name == parameter.Name {
						n = number
					}
					fmt.Fprintf(&usage, "%s = %d\n", other.Name, n)
				}
				u, err := cost.ParseUsage("usage.hcl", []byte(usage.String()+"}"))
				if err != nil {
					t.Fatal(err)
				}
				r, err := cost.Estimate([]*cost.Plan{planOf(t, resources...)}, cost.Options{Prices: prices(t), Usage: u, Region: "us-east-1"})
				if err != nil {
					t.Fatal(err)
				}
				return r.After
			}
			if one, two := cost(1), cost(2); one.Low >= two.Low {
				t.Errorf("%s: %s 1 costs %v, 2 costs %v, want more", k.Type, parameter.Name, one, two)
			}
		}
	}
}

// TestStageTypes: every resource type of our own stages has an estimate.
func TestStageTypes(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile(`(?m)^resource "(\w+)"`)
	seen := 0
	err := filepath.WalkDir("../../terraform", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".tf") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range block.FindAllStringSubmatch(string(text), -1) {
			seen++
			if _, ok := cost.KindOf(match[1]); !ok {
				t.Errorf("%s: %s has no estimate; add it to kinds", path, match[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("saw %d resources, expected all of the stages", seen)
	}
}

// TestStages estimates plans of our own stages, as recorded from a rehearsal and cut to what estimates read, in every format.
func TestStages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans in testdata: %v", err)
	}
	var plans []*cost.Plan
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := cost.Decode(filepath.ToSlash(name), text)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	usage := readUsage(t, "../../terraform/usage.dev.hcl")
	for name, o := range map[string]cost.Options{"unknown": {Prices: prices(t)}, "usage": {Prices: prices(t), Usage: usage}} {
		r, err := cost.Estimate(plans, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"text", "markdown", "json"} {
			if format == "json" {
				// One stage shows what there is to show; all of them are a long file.
				if r, err = cost.Estimate(plans[1:2], o); err != nil {
					t.Fatal(err)
				}
			}
			var got bytes.Buffer
			if err := render.Write(&got, format, r); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", name+"."+format+".golden"), got.Bytes())
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it\n%s", name, diff)
	}
}

func readUsage(t *testing.T, name string) *cost.Usage {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	u, err := cost.ParseUsage(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for dollars, want := range map[float64]string{0: "$0.00", 0.001: "<$0.01", -0.001: "-<$0.01", 1234567.891: "$1,234,567.89", -12: "-$12.00", 0.005: "$0.01"} {
		if got := amount.Money(dollars); got != want {
			t.Errorf("%v: got %s, want %s", dollars, got, want)
		}
	}
}
