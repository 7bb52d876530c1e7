package hosting

import (
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet"
)

// Bounds of the built-in alarms. On AWS a deployment names CloudWatch alarms; the
// engine has no CloudWatch, so one that names any alarm is watched by these.
const (
	alarm5xxRate     = 0.05
	alarmP95         = time.Second
	alarmMinRequests = 5
)

// checkDeployment refuses a deployment configuration that the service refuses.
func checkDeployment(d api.Document) error {
	if d == nil {
		return nil
	}
	blueGreen, rolling := d.Child("BlueGreenUpdatePolicy"), d.Child("RollingUpdatePolicy")
	if blueGreen != nil && rolling != nil {
		return api.Invalid.With("You can specify either BlueGreenUpdatePolicy or RollingUpdatePolicy in DeploymentConfig, not both.")
	}
	if blueGreen == nil {
		return nil
	}
	routing := blueGreen.Child("TrafficRoutingConfiguration")
	member, least := "", int64(1)
	switch routing.Text("Type") {
	case "CANARY":
		member = "CanarySize"
	case "LINEAR":
		member, least = "LinearStepSize", 10
	}
	if member == "" {
		return nil
	}
	size := routing.Child(member)
	if size == nil {
		return api.Invalid.With(member + " must be specified when TrafficRoutingConfiguration.Type is " + routing.Text("Type") + ".")
	}
	value, _ := size.Integer("Value")
	if size.Text("Type") == "CAPACITY_PERCENT" && (value < least || value > 50) {
		return api.BadCapacity.With(member, value, least)
	}
	return nil
}

// rollout says how a deployment configuration moves traffic. Without one all of it
// moves at once, as on AWS.
func rollout(d api.Document, variants []api.Document) fleet.Rollout {
	roll := fleet.Rollout{Strategy: fleet.AllAtOnce}
	if d == nil {
		return roll
	}
	for _, alarm := range d.List("AutoRollbackConfiguration", "Alarms") {
		roll.AutoRollback = append(roll.AutoRollback, alarm.Text("AlarmName"))
	}
	if len(roll.AutoRollback) > 0 {
		roll.Alarms = fleet.Alarms{Max5xxRate: alarm5xxRate, MaxP95Latency: alarmP95, MinRequests: alarmMinRequests}
	}
	if policy := d.Child("RollingUpdatePolicy"); policy != nil {
		roll.Strategy = fleet.Linear
		roll.StepPercent = percent(policy.Child("MaximumBatchSize"), variants)
		roll.WaitInterval = seconds(policy, "WaitIntervalInSeconds")
		roll.MaxExecution = seconds(policy, "MaximumExecutionTimeoutInSeconds")
	}
	if policy := d.Child("BlueGreenUpdatePolicy"); policy != nil {
		routing := policy.Child("TrafficRoutingConfiguration")
		roll.Strategy = fleet.Strategy(routing.Text("Type"))
		roll.WaitInterval = seconds(routing, "WaitIntervalInSeconds")
		roll.TerminationWait = seconds(policy, "TerminationWaitInSeconds")
		roll.MaxExecution = seconds(policy, "MaximumExecutionTimeoutInSeconds")
		switch roll.Strategy {
		case fleet.Canary:
			roll.StepPercent = percent(routing.Child("CanarySize"), variants)
		case fleet.Linear:
			roll.StepPercent = percent(routing.Child("LinearStepSize"), variants)
		}
	}
	return roll
}

// percent turns a capacity into a share of the traffic; a number of instances is a
// share of all instances of the new configuration.
func percent(size api.Document, variants []api.Document) float64 {
	value, _ := size.Number("Value")
	if size.Text("Type") == "CAPACITY_PERCENT" {
		return value
	}
	total := 0.0
	for _, variant := range variants {
		count, _ := variant.Number("Count")
		total += count
	}
	return min(100*value/max(total, 1), 100)
}
