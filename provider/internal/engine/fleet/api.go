package fleet

import (
	"context"
	"log/slog"
	"time"
)

// Key names an endpoint.
type Key struct {
	Region   string
	Endpoint string
}

// Config is an endpoint configuration as it is to be served.
type Config struct {
	Name     string // EndpointConfigName; names the configuration in reports and directories
	Variants []Variant
}

// Variant is one production variant.
type Variant struct {
	Name     string
	Model    string   // ModelName, for messages
	Argv     []string // container.Command(mapped, nil, nil, "serve"); empty is refused with Unmapped
	Unmapped string   // why there is no command; the failure reason of the deployment
	Env      map[string]string
	Weight   float64 // InitialVariantWeight; 0 takes no traffic but TargetVariant's
	Count    int     // processes; 0 is 1
	// Stage puts the model into dir (which stands for /opt/ml/model) before the process starts:
	// usually archive.Unpack of the artifact. nil: no model data.
	Stage          func(ctx context.Context, dir string) error
	StartupTimeout time.Duration // ContainerStartupHealthCheckTimeoutInSeconds; 0 is 60s
}

// Strategy is how traffic moves to a new configuration.
type Strategy string

// The strategies, as in SageMaker's TrafficRoutingConfiguration.Type.
const (
	AllAtOnce Strategy = "ALL_AT_ONCE"
	Canary    Strategy = "CANARY"
	Linear    Strategy = "LINEAR"
)

// Rollout says how to move from the serving configuration to a new one.
type Rollout struct {
	Strategy        Strategy
	StepPercent     float64       // CanarySize or LinearStepSize, in percent of the traffic
	WaitInterval    time.Duration // bake time of each step, WaitIntervalInSeconds
	TerminationWait time.Duration // how long the old fleet is kept after the last bake, TerminationWaitInSeconds
	MaxExecution    time.Duration // MaximumExecutionTimeoutInSeconds; 0: none
	AutoRollback    []string      // alarm names of the request; all of them mean the built-in Alarms
	Alarms          Alarms
}

// Alarms are the built-in alarms that watch the new fleet while it bakes. A zero bound is off.
type Alarms struct {
	Max5xxRate    float64 // share of answers in 0..1 above which to roll back
	MaxP95Latency time.Duration
	MinRequests   int // below it no alarm fires; 0 is 1
}

// Phase is where a deployment stands.
type Phase string

// The phases, in their order. RollingBack can follow any but the last.
const (
	Starting    Phase = "Starting"
	Baking      Phase = "Baking"
	Switched    Phase = "Switched" // all traffic is on the new fleet
	Terminating Phase = "Terminating"
	RollingBack Phase = "RollingBack"
	Done        Phase = "Done"
)

// Progress is reported to Deploy's callback.
type Progress struct {
	Phase   Phase
	Percent float64 // of the traffic on the new fleet
	Message string
}

// RollbackError is Deploy's error when the new configuration did not come up or an alarm fired
// and the old one goes on serving. Its text is the endpoint's FailureReason.
type RollbackError struct{ Reason string }

func (e *RollbackError) Error() string { return e.Reason }

// Options configures a Fleet. Its clock paces rollouts and restarts; starting and probing real
// processes takes real time.
type Options struct {
	Dir   string                               // endpoints folder of the data directory
	Now   func() time.Time                     // nil: time.Now
	After func(time.Duration) <-chan time.Time // nil: time.After
	Log   *slog.Logger                         // nil: discard
	// Grace is between SIGTERM and SIGKILL of a serving process. 0: 10s.
	Grace time.Duration
	// InvocationTimeout is what a container gets to answer. 0: 60s, as on SageMaker.
	InvocationTimeout time.Duration
	// OnHealth tells the control plane that a variant lost or regained all its processes. May be nil.
	OnHealth func(key Key, variant string, healthy bool, reason string)
}

// Weights is a variant's routing as UpdateEndpointWeightsAndCapacities sets it.
type Weights struct {
	Weight *float64
	Count  *int
}

// VariantStatus is the state of one variant of a serving configuration.
type VariantStatus struct {
	Name    string
	Weight  float64
	Count   int // desired
	Healthy int
}
