// Package rollout puts a promoted model behind a SageMaker endpoint and keeps it from slipping.
//
// In goes a Spec: what to serve, on what, and how traffic moves. Out comes an endpoint in service with
// exactly that, or an error while what served before goes on serving. Model and configuration are named
// by their content, so that an apply that was killed anywhere is finished by the next one, with nothing
// left over. Nothing here knows Terraform.
package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// variantName is the one production variant of every endpoint configuration made here.
const variantName = "champion"

// nameLimit is SageMaker's limit for the names of models, endpoint configurations and endpoints.
const nameLimit = 63

// Strategy says how traffic moves from the old fleet to the new one.
type Strategy string

// The strategies of SageMaker's blue/green deployments.
const (
	AllAtOnce Strategy = "all_at_once"
	Canary    Strategy = "canary"
	Linear    Strategy = "linear"
)

// Serving names the promoted version, as a promotion exports it.
type Serving struct {
	Group, PackageARN, Image    string
	Version                     int64
	ArtifactURI, ArtifactSHA256 string
	DecisionURI, DecisionSHA256 string
}

// Policy is how an update proceeds. It is no part of a configuration's identity.
type Policy struct {
	Strategy Strategy
	// Size is the percentage of capacity that moves first (canary) or with each step (linear), 1 to 50.
	Size int32
	// Bake is how long alarms are watched after each shift; TerminationWait how long the old fleet stays at the end.
	Bake, TerminationWait time.Duration
	// MaxExecution bounds the whole update, 10 minutes to 8 hours; SageMaker rolls back after it.
	MaxExecution time.Duration
	// Alarms are CloudWatch alarms that roll the update back.
	Alarms []string
}

// Spec is an endpoint as it should be. What is in it, apart from Endpoint's tags and Policy, names the configuration.
type Spec struct {
	Endpoint string
	Serving  Serving
	RoleARN  string

	// InstanceType and InstanceCount, or, when MemoryMB is not zero, a serverless endpoint.
	InstanceType          string
	InstanceCount         int32
	MemoryMB, Concurrency int32
	Provisioned           int32

	Environment      map[string]string
	Subnets, Groups  []string
	NetworkIsolation bool
	KMSKeyARN        string

	// Tags go onto the endpoint, its configurations and models; they may change without a deployment.
	Tags   map[string]string
	Policy Policy
	// Watch, if not nil, sees every look at the endpoint while it is waited for.
	Watch func(name, status, reason string)
}

// ModelName is named for all that decides what the container does.
func (s Spec) ModelName() string {
	return contentName(fmt.Sprintf("%s-v%d", s.Endpoint, s.Serving.Version), struct {
		Image, URI, SHA256, Package, Role string
		Environment                       map[string]string
		Subnets, Groups                   []string
		Isolation                         bool
	}{s.Serving.Image, s.Serving.ArtifactURI, s.Serving.ArtifactSHA256, s.Serving.PackageARN, s.RoleARN,
		s.Environment, s.Subnets, s.Groups, s.NetworkIsolation})
}

// ConfigName is named for the model and what it runs on, so that equal configurations have equal names: a
// plan knows it, and a repeated apply finds it. The instance count of an existing endpoint belongs to autoscaling.
func (s Spec) ConfigName() string {
	return contentName(s.Endpoint, struct {
		Model, InstanceType, KMS             string
		Count, Memory, Concurrency, Provided int32
	}{s.ModelName(), s.InstanceType, s.KMSKeyARN, s.InstanceCount, s.MemoryMB, s.Concurrency, s.Provisioned})
}

// contentName is prefix, cut where the limit asks for it, and a digest of content.
func contentName(prefix string, content any) string {
	b, err := json.Marshal(content)
	if err != nil {
		panic("rollout: " + err.Error()) // strings, numbers and maps of strings always marshal
	}
	sum := sha256.Sum256(b)
	digest := hex.EncodeToString(sum[:])[:12]
	prefix = strings.TrimRight(prefix[:min(len(prefix), nameLimit-1-len(digest))], "-")
	return prefix + "-" + digest
}

func (s Spec) serverless() bool { return s.MemoryMB != 0 }

// variant is the configuration's one production variant.
func (s Spec) variant() types.ProductionVariant {
	v := types.ProductionVariant{VariantName: aws.String(variantName), ModelName: aws.String(s.ModelName())}
	if s.serverless() {
		v.ServerlessConfig = &types.ProductionVariantServerlessConfig{MemorySizeInMB: aws.Int32(s.MemoryMB), MaxConcurrency: aws.Int32(s.Concurrency)}
		if s.Provisioned > 0 {
			v.ServerlessConfig.ProvisionedConcurrency = aws.Int32(s.Provisioned)
		}
		return v
	}
	v.InstanceType = types.ProductionVariantInstanceType(s.InstanceType)
	v.InitialInstanceCount, v.InitialVariantWeight = aws.Int32(s.InstanceCount), aws.Float32(1)
	return v
}

// deployment is the policy in SageMaker's words; nil where SageMaker takes none.
func (s Spec) deployment() *types.DeploymentConfig {
	p := s.Policy
	if s.serverless() {
		return nil // "Deployment guardrails are not supported for serverless endpoints"
	}
	routing := &types.TrafficRoutingConfig{Type: types.TrafficRoutingConfigTypeAllAtOnce, WaitIntervalInSeconds: aws.Int32(seconds(p.Bake))}
	size := &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(p.Size)}
	switch p.Strategy {
	case Canary:
		routing.Type, routing.CanarySize = types.TrafficRoutingConfigTypeCanary, size
	case Linear:
		routing.Type, routing.LinearStepSize = types.TrafficRoutingConfigTypeLinear, size
	}
	d := &types.DeploymentConfig{BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{
		TrafficRoutingConfiguration:      routing,
		TerminationWaitInSeconds:         aws.Int32(seconds(p.TerminationWait)),
		MaximumExecutionTimeoutInSeconds: aws.Int32(seconds(p.MaxExecution)),
	}}
	if len(p.Alarms) > 0 {
		d.AutoRollbackConfiguration = &types.AutoRollbackConfig{}
		for _, name := range p.Alarms {
			d.AutoRollbackConfiguration.Alarms = append(d.AutoRollbackConfiguration.Alarms, types.Alarm{AlarmName: aws.String(name)})
		}
	}
	return d
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }
