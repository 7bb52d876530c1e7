package cost

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost/amount"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
)

// function pays per request and for memory times duration.
func function(b *biller) {
	b.usageLine("requests", "lambda.requests", "monthly_requests")
	kind := "lambda.duration"
	if architecture, ok := b.text("architectures", 0); ok && architecture == "arm64" {
		kind = "lambda.arm.duration"
	}
	memory, ok := b.number("memory_size")
	if !ok {
		memory = 128 // Lambda's own default
	}
	requests, okRequests := b.usage.Find(b.kind.Type, b.address, "monthly_requests")
	milliseconds, okDuration := b.usage.Find(b.kind.Type, b.address, "request_duration_ms")
	seconds := amount.Unknown
	if okRequests && okDuration {
		seconds = amount.Exactly(requests * milliseconds / 1000 * memory / 1024)
	}
	b.lineOf("duration", kind, seconds, "request_duration_ms")
}

func cluster(b *biller) {
	settings, known := b.list("setting")
	insights := !known
	for i := range settings {
		name, okName := b.text("setting", i, "name")
		value, okValue := b.text("setting", i, "value")
		insights = insights || !okName || name == "containerInsights" && (!okValue || value != "disabled")
	}
	if !insights {
		b.free("a cluster costs where tasks run")
		return
	}
	b.usageLine("Container Insights metrics", "cloudwatch.metric", "container_insights_metrics")
}

// taskDefinition pays for the hours in which somebody else runs it; services pay for theirs themselves.
func taskDefinition(b *biller) {
	size, ok := fargateSize(b.resource)
	if !ok {
		b.free("a task definition costs where its tasks run")
		return
	}
	hours := b.assumed("monthly_task_hours")
	size.lines(b, hours, "monthly_task_hours")
}

func service(b *biller) {
	definition := definitionOf(b.resource)
	size, ok := fargateSize(definition)
	if launch, _ := b.text("launch_type"); !ok || launch != "" && launch != "FARGATE" {
		b.unknown("its task definition is not in this plan, or does not run on Fargate")
		return
	}
	tasks := amount.Unknown
	if n, ok := b.usage.Find(b.kind.Type, b.address, "average_tasks"); ok {
		tasks = amount.Exactly(n)
	} else if n, ok := b.number("desired_count"); ok {
		tasks = amount.Exactly(n)
	}
	size.lines(b, tasks.Times(HoursPerMonth), "average_tasks")
	b.spot()
}

// spot says what a Fargate price leaves out.
func (b *biller) spot() {
	strategies, _ := b.list("capacity_provider_strategy")
	for i := range strategies {
		if provider, _ := b.text("capacity_provider_strategy", i, "capacity_provider"); provider == "FARGATE_SPOT" {
			b.note("priced on demand; Fargate Spot costs less, by how much changes with the market")
		}
	}
}

// definitionOf finds the task definition of a service: by name, else the only one of its module.
func definitionOf(r *resource) *resource {
	wanted, known := r.text("task_definition")
	var same []*resource
	for _, d := range r.siblings("aws_ecs_task_definition") {
		family, _ := d.text("family")
		arn, _ := d.text("arn")
		if known && (wanted == arn || wanted == family || family != "" && strings.HasPrefix(wanted, family+":")) {
			return d
		}
		if d.module == r.module {
			same = append(same, d)
		}
	}
	if !known && len(same) == 1 {
		return same[0]
	}
	return nil
}

type taskSize struct {
	vcpu, memory float64 // vCPUs, GB
	arm          bool
}

func fargateSize(r *resource) (taskSize, bool) {
	if r == nil {
		return taskSize{}, false
	}
	kinds, _ := r.list("requires_compatibilities")
	cpu, okCPU := r.number("cpu")
	memory, okMemory := r.number("memory")
	architecture, _ := r.text("runtime_platform", 0, "cpu_architecture")
	return taskSize{cpu / 1024, memory / 1024, architecture == "ARM64"}, okCPU && okMemory && slices.Contains(kinds, any("FARGATE"))
}

func (s taskSize) lines(b *biller, hours amount.Quantity, parameter string) {
	prefix := "fargate."
	if s.arm {
		prefix = "fargate.arm."
	}
	b.lineOf(fmt.Sprintf("tasks, %g vCPU", s.vcpu), prefix+"vcpu", hours.Times(s.vcpu), parameter)
	b.lineOf(fmt.Sprintf("tasks, %g GB", s.memory), prefix+"memory", hours.Times(s.memory), parameter)
}

// endpoint prices titanicml_endpoint and aws_sagemaker_endpoint.
func endpoint(b *biller) {
	if b.kind.Type == "aws_sagemaker_endpoint" {
		configuredEndpoint(b)
		return
	}
	if serving, known := b.get("serving"); known && serving == nil {
		b.free("nothing is served before the first promotion")
		return
	}
	if count, known := b.number("instance", "count"); known {
		kind, _ := b.text("instance", "type")
		b.hosting(kind, count)
		return
	}
	memory, _ := b.number("serverless", "memory_mb")
	b.serverless(memory, func() float64 { n, _ := b.number("serverless", "provisioned_concurrency"); return n }())
}

// configuredEndpoint reads the configuration that a aws_sagemaker_endpoint names.
func configuredEndpoint(b *biller) {
	wanted, known := b.text("endpoint_config_name")
	var config *resource
	for _, c := range b.siblings("aws_sagemaker_endpoint_configuration") {
		name, _ := c.text("name")
		if known && name == wanted || !known && len(b.siblings("aws_sagemaker_endpoint_configuration")) == 1 {
			config = c
		}
	}
	if config == nil {
		b.unknown("its endpoint configuration is not in this plan")
		return
	}
	variants, _ := config.list("production_variants")
	if len(variants) == 0 {
		b.unknown("the variants of its configuration are not known before the apply")
	}
	for i := range variants {
		if memory, ok := config.number("production_variants", i, "serverless_config", 0, "memory_size_in_mb"); ok {
			provisioned, _ := config.number("production_variants", i, "serverless_config", 0, "provisioned_concurrency")
			b.serverless(memory, provisioned)
			continue
		}
		count, ok := config.number("production_variants", i, "initial_instance_count")
		if !ok {
			count = 1
		}
		kind, _ := config.text("production_variants", i, "instance_type")
		b.hosting(kind, count)
	}
}

// hosting is instances that run for the whole month, or for the hours assumed.
func (b *biller) hosting(kind string, count float64) {
	hours := float64(HoursPerMonth)
	if n, ok := b.usage.Find(b.kind.Type, b.address, "monthly_hours"); ok {
		hours = n
	}
	if n, ok := b.usage.Find(b.kind.Type, b.address, "average_instances"); ok {
		count = n
	}
	b.line("instances "+kind, "sagemaker.hosting."+kind, amount.Exactly(count*hours))
	b.usageLine("data", "sagemaker.hosting.data", "monthly_data_processed_gb")
}

func (b *biller) serverless(memory, provisioned float64) {
	if provisioned > 0 {
		b.unknown("no price is known for provisioned concurrency")
	}
	if memory == 0 {
		b.unknown("its capacity is not known before the apply")
		return
	}
	b.usageLine("inference", fmt.Sprintf("sagemaker.serverless.%.0f", memory), "monthly_inference_seconds")
}

// scalingTarget is what scaling out may add to the capacity that the endpoint itself pays for.
func scalingTarget(b *biller) {
	least, okLeast := b.number("min_capacity")
	most, okMost := b.number("max_capacity")
	id, okID := b.text("resource_id")
	if namespace, _ := b.text("service_namespace"); namespace != "sagemaker" || !okID || !okLeast || !okMost {
		b.unknown("what scaling adds is known only for endpoints in the same plan")
		return
	}
	kind := ""
	for _, e := range b.siblings("titanicml_endpoint") {
		name, _ := e.text("name")
		if strings.HasPrefix(id, "endpoint/"+name+"/") {
			kind, _ = e.text("instance", "type")
		}
	}
	if kind == "" {
		b.unknown("its endpoint %s is not in this plan", id)
		return
	}
	added := amount.Between(0, (most-least)*HoursPerMonth)
	if n, ok := b.usage.Find(b.kind.Type, b.address, "average_capacity"); ok {
		added = amount.Exactly(max(min(n, most)-least, 0) * HoursPerMonth)
	}
	b.lineOf("instances "+kind+" when scaled out", "sagemaker.hosting."+kind, added, "average_capacity")
	b.note("from %g to %g instances", least, most)
}

// scalingPolicy: Application Auto Scaling makes an alarm for scaling out and one for scaling in.
func scalingPolicy(b *biller) {
	if kind, _ := b.text("policy_type"); kind != "TargetTrackingScaling" {
		b.free("a policy without target tracking uses alarms that are declared")
		return
	}
	b.line("alarms that target tracking makes", "cloudwatch.alarm", amount.Exactly(2))
}

func trainingRun(b *biller) {
	job(b, "sagemaker.training.", "training")
	if spot, _ := b.flag("use_spot"); spot {
		b.note("priced on demand; spot capacity costs less, by how much changes with the market")
	}
}

func evaluation(b *biller) { job(b, "sagemaker.processing.", "evaluation") }

// job runs when it is applied, not every month: what recurs is an assumption, what one apply costs at most is known.
func job(b *biller, family, name string) {
	kind, ok := b.text("resources", "instance_type")
	if !ok {
		kind = "ml.m5.large" // the provider's default
	}
	count, ok := b.number("resources", "instance_count")
	if !ok {
		count = 1
	}
	b.usageLine(name+" on "+kind, family+kind, "monthly_hours")
	limit, ok := b.text("max_runtime")
	if !ok {
		limit = "1h"
	}
	duration, err := time.ParseDuration(limit)
	price, known := b.prices.Find(family+kind, b.region)
	if err == nil && known && duration > 0 {
		b.note("an apply that makes it runs it once, for at most %s: %s", limit, amount.Money(duration.Hours()*count*price.USD))
	}
}

// pipeline counts the steps of the definition that run on instances, those of conditions included.
func pipeline(b *biller) {
	text, ok := b.text("pipeline_definition")
	var definition struct{ Steps []json.RawMessage }
	if !ok || json.Unmarshal([]byte(text), &definition) != nil {
		b.unknown("its definition is not known before the apply")
		return
	}
	runs := b.assumed("monthly_executions")
	minutes := b.assumed("step_minutes")
	hours := amount.Unknown
	if !runs.Open && !minutes.Open {
		hours = amount.Exactly(runs.Low * minutes.Low / 60)
	}
	steps(b, definition.Steps, hours, 0)
	if len(b.bill.Lines) == 0 {
		b.free("none of its steps runs on an instance of its own")
	}
}

func steps(b *biller, list []json.RawMessage, hours amount.Quantity, depth int) {
	for _, raw := range list {
		var step struct {
			Name, Type string
			Arguments  struct {
				ResourceConfig      machineConfig
				ProcessingResources struct{ ClusterConfig machineConfig }
				IfSteps, ElseSteps  []json.RawMessage
			}
		}
		if json.Unmarshal(raw, &step) != nil || depth > maxDepth {
			b.unknown("a step of its definition is not understood")
			continue
		}
		config, family := step.Arguments.ResourceConfig, "sagemaker.training."
		if step.Type == "Processing" {
			config, family = step.Arguments.ProcessingResources.ClusterConfig, "sagemaker.processing."
		}
		if step.Type == "Training" || step.Type == "Processing" {
			kind, _ := config.InstanceType.(string)
			count, ok := config.InstanceCount.(float64)
			if !ok || count < 0 || count > price.Largest {
				count = 1
			}
			b.lineOf(fmt.Sprintf("step %s on %s", step.Name, kind), family+kind, hours.Times(count), "monthly_executions")
		}
		steps(b, append(step.Arguments.IfSteps, step.Arguments.ElseSteps...), hours, depth+1)
	}
}

type machineConfig struct{ InstanceType, InstanceCount any } // numbers and texts, or references to parameters
