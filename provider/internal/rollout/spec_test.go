package rollout

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

func example() Spec {
	return Spec{
		Endpoint: "titanic", RoleARN: "arn:aws:iam::000000000000:role/r", InstanceType: "ml.t2.medium", InstanceCount: 1,
		Serving: Serving{Group: "g", PackageARN: "arn:aws:sagemaker:eu-west-1:000000000000:model-package/g/3", Version: 3, Image: "titanic",
			ArtifactURI: "s3://b/model.tar.gz", ArtifactSHA256: strings.Repeat("a", 64)},
		Environment: map[string]string{"A": "1", "B": "2"},
	}
}

// TestNames checks that what SageMaker would run differently has another name, and nothing else has.
func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Spec)
		moves  bool // the configuration
		model  bool
	}{
		"artifact":         {func(s *Spec) { s.Serving.ArtifactSHA256 = strings.Repeat("b", 64) }, true, true},
		"image":            {func(s *Spec) { s.Serving.Image = "other" }, true, true},
		"environment":      {func(s *Spec) { s.Environment = map[string]string{"A": "2", "B": "2"} }, true, true},
		"environment key":  {func(s *Spec) { s.Environment = map[string]string{"A": "1"} }, true, true},
		"role":             {func(s *Spec) { s.RoleARN += "2" }, true, true},
		"instance type":    {func(s *Spec) { s.InstanceType = "ml.m5.large" }, true, false},
		"count":            {func(s *Spec) { s.InstanceCount = 2 }, true, false},
		"serverless":       {func(s *Spec) { s.InstanceType, s.InstanceCount, s.MemoryMB, s.Concurrency = "", 0, 1024, 5 }, true, false},
		"network":          {func(s *Spec) { s.Subnets, s.Groups = []string{"subnet-1"}, []string{"sg-1"} }, true, true},
		"isolation":        {func(s *Spec) { s.NetworkIsolation = true }, true, true},
		"key":              {func(s *Spec) { s.KMSKeyARN = "arn:aws:kms:eu-west-1:000000000000:key/1" }, true, false},
		"tags":             {func(s *Spec) { s.Tags = map[string]string{"a": "b"} }, false, false},
		"policy":           {func(s *Spec) { s.Policy = Policy{Strategy: Canary, Size: 10} }, false, false},
		"a newer decision": {func(s *Spec) { s.Serving.DecisionSHA256 = strings.Repeat("d", 64) }, false, false},
	} {
		a, b := example(), example()
		c.change(&b)
		if moved := a.ConfigName() != b.ConfigName(); moved != c.moves {
			t.Errorf("%s: configuration %s and %s: moved = %v, want %v", name, a.ConfigName(), b.ConfigName(), moved, c.moves)
		}
		if moved := a.ModelName() != b.ModelName(); moved != c.model {
			t.Errorf("%s: model %s and %s: moved = %v, want %v", name, a.ModelName(), b.ModelName(), moved, c.model)
		}
	}
}

// TestNamesFitTheLimit tries endpoint names up to SageMaker's 63 characters, with hyphens where the cut falls.
func TestNamesFitTheLimit(t *testing.T) {
	valid := regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)
	for n := 1; n <= nameLimit; n++ {
		for _, name := range []string{strings.Repeat("x", n), (strings.Repeat("x-", n) + "x")[:n]} {
			name = strings.TrimRight(name, "-")
			s := example()
			s.Endpoint = name
			for _, made := range []string{s.ModelName(), s.ConfigName()} {
				if !valid.MatchString(made) {
					t.Errorf("endpoint %q makes the name %q (%d characters)", name, made, len(made))
				}
				if part := name[:min(len(name), nameLimit-16)]; !strings.HasPrefix(made, strings.TrimRight(part, "-")) {
					t.Errorf("%q does not begin with %q, so that a clean-up would not find it", made, part)
				}
			}
		}
	}
}

func TestDeployment(t *testing.T) {
	s := example()
	s.Policy = Policy{Strategy: Linear, Size: 20, Bake: 90 * time.Second, TerminationWait: time.Minute, MaxExecution: time.Hour, Alarms: []string{"5xx"}}
	d := s.deployment()
	r := d.BlueGreenUpdatePolicy.TrafficRoutingConfiguration
	if r.Type != types.TrafficRoutingConfigTypeLinear || *r.LinearStepSize.Value != 20 || *r.WaitIntervalInSeconds != 90 || r.CanarySize != nil {
		t.Errorf("linear of 20 percent every 90 s: got %+v", r)
	}
	if *d.BlueGreenUpdatePolicy.TerminationWaitInSeconds != 60 || *d.BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds != 3600 {
		t.Errorf("waits: got %+v", d.BlueGreenUpdatePolicy)
	}
	if len(d.AutoRollbackConfiguration.Alarms) != 1 || *d.AutoRollbackConfiguration.Alarms[0].AlarmName != "5xx" {
		t.Errorf("alarms: got %+v", d.AutoRollbackConfiguration)
	}
	// The wait of an apply outlasts what SageMaker may take.
	if got, least := s.Policy.DefaultTimeout(), s.Policy.MaxExecution+s.Policy.TerminationWait; got <= least {
		t.Errorf("waits %s for an update that may take %s", got, least)
	}
	s.MemoryMB = 1024
	if s.deployment() != nil {
		t.Error("a serverless endpoint was given a deployment policy, which SageMaker refuses")
	}
}
