package awsschema

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryTypeParses(t *testing.T) {
	if !strings.Contains(Source(), "hashicorp/aws 6.25.0") {
		t.Errorf("source: %q", Source())
	}
	resources, data := ResourceNames(), DataSourceNames()
	if len(resources) < 1500 || len(data) < 600 {
		t.Fatalf("%d resource types and %d data sources", len(resources), len(data))
	}
	var check func(where string, b *Block)
	check = func(where string, b *Block) {
		for _, a := range b.Attributes {
			if a.Name == "" || a.Kind == "" || !a.Required && !a.Optional && !a.Computed || (a.Object != nil) != strings.Contains(a.Kind, "object") {
				t.Errorf("%s: attribute %+v", where, a)
			}
			if a.Object != nil {
				check(where+"."+a.Name, a.Object)
			}
		}
		for _, n := range b.Blocks {
			if n.Nesting == "" || n.Block == nil {
				t.Errorf("%s: block %+v", where, n)
				continue
			}
			check(where+"."+n.Name, n.Block)
		}
	}
	for _, name := range resources {
		if r, ok := Resource(name); !ok || len(r.Attributes) == 0 {
			t.Errorf("resource %s: found %v", name, ok)
		} else {
			check(name, &r.Block)
		}
	}
	for _, name := range data {
		if d, ok := DataSource(name); !ok {
			t.Errorf("data source %s is not found", name)
		} else {
			check("data."+name, &d.Block)
		}
	}
}

func TestKnownTypes(t *testing.T) {
	attr := func(b *Block, name string) Attribute {
		t.Helper()
		a, ok := b.Attribute(name)
		if !ok {
			t.Fatalf("no attribute %s", name)
		}
		return *a
	}
	lambda, ok := Resource("aws_lambda_function")
	if !ok {
		t.Fatal("no aws_lambda_function")
	}
	if got := attr(&lambda.Block, "function_name"); !got.Required || got.Kind != "string" {
		t.Errorf("function_name: %+v", got)
	}
	if got := attr(&lambda.Block, "layers"); !got.Optional || got.Kind != "list(string)" {
		t.Errorf("layers: %+v", got)
	}
	if got := attr(&lambda.Block, "arn"); got.Optional || !got.Computed {
		t.Errorf("arn: %+v", got)
	}
	env, ok := lambda.NestedBlock("environment")
	if !ok || env.Nesting != "list" || !env.Single || env.Required {
		t.Fatalf("environment: %+v", env)
	}
	if got := attr(env.Block, "variables"); got.Kind != "map(string)" {
		t.Errorf("variables: %+v", got)
	}
	role, _ := Resource("aws_iam_role")
	if got := attr(&role.Block, "assume_role_policy"); got.Policy != TrustPolicy || !got.Required {
		t.Errorf("assume_role_policy: %+v", got)
	}
	inline, _ := role.NestedBlock("inline_policy")
	if got := attr(inline.Block, "policy"); got.Policy != IdentityPolicy {
		t.Errorf("inline_policy.policy: %+v", got)
	}
	sg, _ := Resource("aws_security_group")
	if got := attr(&sg.Block, "ingress"); got.Kind != "set(object)" || got.Object == nil {
		t.Errorf("ingress: %+v", got)
	}
	for name, kind := range map[string]PolicyKind{"aws_kms_key": ResourcePolicy, "aws_vpc_endpoint": LimitPolicy, "aws_glue_resource_policy": AccountResourcePolicy, "aws_ecr_lifecycle_policy": NoPolicy} {
		r, _ := Resource(name)
		if got := attr(&r.Block, "policy"); got.Policy != kind || HasPolicy(name) != (kind != NoPolicy) {
			t.Errorf("%s.policy: kind %q, noted %v", name, got.Policy, HasPolicy(name))
		}
	}
}

func TestTags(t *testing.T) {
	for _, c := range []struct {
		name                        string
		taggable, defaulted, blocks bool
	}{
		{"aws_s3_bucket", true, true, false},
		{"aws_sagemaker_endpoint", true, true, false},
		{"aws_autoscaling_group", false, false, true},
		{"aws_iam_role_policy", false, false, false},
		{"aws_nothing", false, false, false},
	} {
		if Taggable(c.name) != c.taggable || DefaultTags(c.name) != c.defaulted || TagBlocks(c.name) != c.blocks {
			t.Errorf("%s: %v %v %v", c.name, Taggable(c.name), DefaultTags(c.name), TagBlocks(c.name))
		}
	}
	if HasResource("aws_nothing") || HasDataSource("aws_s3_buckets") || !HasDataSource("aws_iam_policy_document") || !HasResource("aws_iam_role") {
		t.Error("existence is wrong")
	}
	if !slices.IsSorted(ResourceNames()) {
		t.Error("names are not sorted")
	}
}

func BenchmarkFirstType(b *testing.B) {
	for b.Loop() {
		types.Clear()
		if _, ok := Resource("aws_sagemaker_endpoint"); !ok {
			b.Fatal("missing")
		}
	}
}

// TestCloudControlTags: the types of hashicorp/awscc take tags as a list or as a map, some under another name, and some take none.
func TestCloudControlTags(t *testing.T) {
	for typ, want := range map[string]string{"awscc_s3_bucket": "tags list", "awscc_iam_role": "tags list", "awscc_pipes_pipe": "tags map", "awscc_s3_bucket_policy": " ", "awscc_nope": " ", "awscc_s3": " ", "": " ",
		"awscc_backup_backup_plan": "backup_plan_tags map", "awscc_efs_file_system": "file_system_tags list", "awscc_ce_anomaly_monitor": "resource_tags list", "awscc_route53_hosted_zone": "hosted_zone_tags list",
		"awscc_inspector_resource_group": " ", "awscc_ecr_repository_creation_template": " "} {
		if attribute, form := CloudControlTags(typ); attribute+" "+form != want {
			t.Errorf("%s: %q %q, want %q", typ, attribute, form, want)
		}
	}
	if s, _, _ := strings.Cut(ccData, "\n"); !strings.Contains(s, "hashicorp/awscc ") || !strings.Contains(s, "MPL-2.0") {
		t.Errorf("source %q", s)
	}
}
