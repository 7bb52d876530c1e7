package rules

import (
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/convert"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/policies"
)

// MissingAlarm reports training, endpoints and costs that nobody is told about.
var MissingAlarm = &linter.Rule{
	Name:     "missing_alarm",
	Title:    "training, endpoints and costs need an alarm",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerRoot | linter.PerTree,
	Text: `A failure that nobody hears of lasts. Looked for in the same root module or, for numbered stages, in all stages beside it:

- **training** (a titanicml_training_run, a SageMaker pipeline, a state machine that creates training jobs): an EventBridge rule on
  "SageMaker Training Job State Change" for the status Failed with a target, or an alarm on the metrics of that rule;
- **endpoints** (aws_sagemaker_endpoint, titanicml_endpoint): an alarm on the metric Invocation5XXErrors of AWS/SageMaker;
- **costs** (whatever costs by the hour): a notification of a budget, or an alarm on EstimatedCharges of AWS/Billing.

An alarm whose actions are switched off and a rule that is disabled tell nobody. What is unknown counts as there. Resources of titanicml on the local engine need none.`,
	Run: runMissingAlarm,
}

var alarmNeeds = []struct{ what, text string }{
	{"training", "%s trains, and no EventBridge rule or alarm tells of failed jobs; add a rule on \"SageMaker Training Job State Change\" for Failed, with a target"},
	{"endpoint", "%s serves, and no alarm tells of its errors; add an aws_cloudwatch_metric_alarm on AWS/SageMaker Invocation5XXErrors"},
	{"cost", "%s costs by the hour, and nobody is told what it costs; add a budget with a notification, or an alarm on EstimatedCharges"},
}

func runMissingAlarm(p *linter.Pass) {
	if p.Root == nil {
		for _, n := range alarmNeeds {
			conclude(p, n.what, func(v provided) bool { return string(v) == n.what }, func(found need) { reportNeed(p, found, n.text, found.address) })
		}
		return
	}
	keepTraining(p)
	keepFirst(p, "endpoint", []string{"aws_sagemaker_endpoint", "titanicml_endpoint"})
	keepFirst(p, "cost", hourly)
	for _, a := range p.Root.OfType("aws_cloudwatch_metric_alarm") {
		keepAlarm(p, a)
	}
	for _, b := range p.Root.OfType("aws_budgets_budget") {
		if notifies(b) {
			p.Keep(provided("cost"))
		}
	}
	keepTrainingRules(p)
}

func keepTraining(p *linter.Pass) {
	for _, r := range p.Root.OfType("titanicml_training_run", "aws_sagemaker_pipeline", "aws_sfn_state_machine") {
		if r.Type == "aws_sfn_state_machine" {
			text, _ := r.Attr("definition").Pattern("")
			if !strings.Contains(strings.ToLower(text), "createtrainingjob") {
				continue
			}
		}
		if !local(r) {
			p.Keep(need{"training", r.Address(), r.Range(), r.Module.Callers()})
			return
		}
	}
}

func keepAlarm(p *linter.Pass, a *eval.Resource) {
	if on, known := a.Attr("actions_enabled").Bool(); known && !on {
		return
	}
	metrics := []*lang.Body{&a.Body}
	for _, q := range a.Blocks("metric_query") {
		metrics = append(metrics, q.Blocks("metric")...)
	}
	for _, m := range metrics {
		namespace, name := m.Attr("namespace"), m.Attr("metric_name")
		switch {
		case is(namespace, "AWS/SageMaker") && is(name, "Invocation5XXErrors"):
			p.Keep(provided("endpoint"))
		case is(namespace, "AWS/Billing") && is(name, "EstimatedCharges"):
			p.Keep(provided("cost"))
		case is(namespace, "AWS/Events") && (is(name, "MatchedEvents") || is(name, "TriggeredRules") || is(name, "Invocations")):
			p.Keep(provided("training"))
		}
	}
}

// keepTrainingRules looks for EventBridge rules on failed training jobs that have a target.
func keepTrainingRules(p *linter.Pass) {
	targets := map[policies.BlockKey]bool{}
	for _, t := range p.Root.OfType("aws_cloudwatch_event_target") {
		for _, ref := range t.Refs("rule") {
			targets[policies.BlockKey{Module: ref.Module, Address: ref.Address}] = true
		}
		if name, ok := t.Attr("rule").Str(); ok {
			targets[policies.BlockKey{Module: "", Address: name}] = true
		}
	}
	for _, r := range p.Root.OfType("aws_cloudwatch_event_rule") {
		if disabled(r) {
			continue
		}
		name, _ := r.Attr("name").Str()
		if matchesFailedTraining(r.Attr("event_pattern")) && (targets[policies.BlockKey{Module: r.Module.Path, Address: r.LocalAddress()}] || name != "" && targets[policies.BlockKey{Module: "", Address: name}]) {
			p.Keep(provided("training"))
		}
	}
}

func matchesFailedTraining(pattern value.Value) bool {
	if pattern.Kind() == value.Absent || pattern.Kind() == value.Null {
		return false
	}
	doc, err := convert.ParseJSON(pattern)
	if err != nil {
		return false
	}
	if doc.Kind() == value.Unknown {
		return true
	}
	has := func(list value.Value, text string) bool {
		if list.Kind() == value.Unknown || list.Partial() {
			return true
		}
		for _, e := range list.Elems() {
			if is(e, text) {
				return true
			}
		}
		return false
	}
	if !has(doc.Get("detail-type"), "SageMaker Training Job State Change") {
		return false
	}
	status := doc.Get("detail").Get("TrainingJobStatus")
	return !status.IsSet() || has(status, "Failed") // without a status the rule matches every change
}
