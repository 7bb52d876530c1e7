package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

func TestTheRolesMayDoWhatTerraformDoes(t *testing.T) {
	t.Parallel()
	if err := run(context.Background(), "../.."); err != nil {
		t.Error(err)
	}
}

// TestCallsAreJudgedAsAWSJudgesThem compares calls.txt with AWS's own table: an action that takes no resource is judged by "*"
// alone, and the others by an ARN that they know.
func TestCallsAreJudgedAsAWSJudgesThem(t *testing.T) {
	t.Parallel()
	calls, err := parseCalls(callsText)
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) < 100 {
		t.Fatalf("calls.txt has %d calls", len(calls))
	}
	for _, c := range calls {
		sample, _ := fill(c.resource, func(name string) (string, bool) {
			if strings.HasSuffix(name, "role_arn") {
				return "arn:aws:iam::123456789012:role/x", true
			}
			return "x", true
		})
		for _, name := range c.actions {
			a, ok := actions.Find(name)
			if !ok {
				t.Errorf("calls.txt:%d: %s is no action of AWS", c.line, name)
				continue
			}
			// CloudWatch shows composite alarms only to who may see all; the table lists the single alarm too.
			if sample == "*" && (len(a.Resources) == 0 || name == "cloudwatch:DescribeAlarms" || a.Support() != actions.NeedsResource) {
				continue
			}
			if !slices.ContainsFunc(a.Resources, func(r actions.ActionResource) bool { return actions.Glob(starred(r.Type.ARN), sample) }) {
				t.Errorf("calls.txt:%d: %s is not judged by %s", c.line, name, c.resource)
			}
		}
	}
}

// starred turns arn:${Partition}:s3:::${BucketName} into a pattern.
func starred(arn string) string {
	for {
		before, rest, found := strings.Cut(arn, "${")
		if !found {
			return arn
		}
		_, after, _ := strings.Cut(rest, "}")
		arn = before + "*" + after
	}
}

// TestTakenAway takes statements away from dev's policies one by one: each that the calls need is missed.
func TestTakenAway(t *testing.T) {
	t.Parallel()
	all, err := evaluate(context.Background(), absolute(t, "../.."), "dev")
	if err != nil {
		t.Fatal(err)
	}
	calls, err := parseCalls(callsText)
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	dev := place{env: "dev", account: p.Accounts["dev"], region: p.Region}
	if lines, err := check(all, dev, calls); err != nil || len(lines) > 0 {
		t.Fatalf("got %v, %v before anything was taken away", lines, err)
	}
	for _, sid := range []string{"PrivateDnsOfEndpoints", "AddTaggedRules", "RetireGrants", "CreateMonitor", "PassLambda", "TagNetwork", "EmptyBuckets"} {
		var fewer []found
		for _, f := range all {
			var kept []*iam.Policy
			for _, p := range f.policies {
				shorter := *p
				shorter.Statements = slices.DeleteFunc(slices.Clone(p.Statements), func(s iam.Statement) bool { return s.Sid.S == sid })
				kept = append(kept, &shorter)
			}
			f.policies = kept
			fewer = append(fewer, f)
		}
		lines, err := check(fewer, dev, calls)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			t.Errorf("nobody misses the statement %s", sid)
		}
	}
}

func TestAllows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy string
		request      request
		want         bool
	}{
		{"by name", `[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}]`, request{action: "s3:GetObject", resource: "arn:aws:s3:::b/k"}, true},
		{"another bucket", `[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}]`, request{action: "s3:GetObject", resource: "arn:aws:s3:::c/k"}, false},
		{"no resource, named", `[{"Effect":"Allow","Action":"ce:CreateAnomalyMonitor","Resource":"arn:aws:ce::1:anomalymonitor/*"}]`, request{action: "ce:CreateAnomalyMonitor", resource: "*"}, false},
		{"denied", `[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}]`, request{action: "iam:CreateUser", resource: "arn:aws:iam::1:user/u"}, false},
		{"denied unless", `[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"iam:CreateRole","Resource":"*","Condition":{"StringNotEquals":{"iam:PermissionsBoundary":"b"}}}]`, request{action: "iam:CreateRole", resource: "arn:aws:iam::1:role/r", context: map[string]string{"iam:PermissionsBoundary": "b"}}, true},
		{"condition without its key", `[{"Effect":"Allow","Action":"kms:RetireGrant","Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}]`, request{action: "kms:RetireGrant", resource: "arn:aws:kms:r:1:key/k"}, false},
		{"if exists", `[{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:ResourceTag/env":"dev"}}}]`, request{action: "ec2:CreateTags", resource: "arn:aws:ec2:r:1:vpc/v"}, true},
		{"of the other environment", `[{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:ResourceTag/env":"dev"}}}]`, request{action: "ec2:CreateTags", resource: "arn:aws:ec2:r:1:vpc/v", context: map[string]string{"aws:ResourceTag/env": "prod"}}, false},
		{"absent by Null", `[{"Effect":"Allow","Action":"sagemaker:UpdateModelPackage","Resource":"*","Condition":{"Null":{"sagemaker:ModelApprovalStatus":"true"}}}]`, request{action: "sagemaker:UpdateModelPackage", resource: "x"}, true},
		{"present against Null", `[{"Effect":"Allow","Action":"sagemaker:UpdateModelPackage","Resource":"*","Condition":{"Null":{"sagemaker:ModelApprovalStatus":"true"}}}]`, request{action: "sagemaker:UpdateModelPackage", resource: "x", context: map[string]string{"sagemaker:ModelApprovalStatus": "Approved"}}, false},
	}
	for _, test := range tests {
		p, err := iam.Parse(`{"Version":"2012-10-17","Statement":` + test.policy + `}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := allows([]*iam.Policy{p}, test.request); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

func TestParseCallsRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"aws_vpc read *", "aws_vpc look * ec2:DescribeVpcs", "aws_vpc read * maybe", "aws_vpc read * tagged"} {
		if _, err := parseCalls(bad); err == nil || !strings.Contains(err.Error(), "calls.txt:1:") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	name, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return name
}
