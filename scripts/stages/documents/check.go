package documents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checkers judge the JSON documents that Terraform only sees as text, by resource type and attribute; a path leads into blocks.
var checkers = map[string]map[string]func([]byte) error{
	"aws_cloudwatch_dashboard":                 {"dashboard_body": checkDashboard},
	"aws_cloudwatch_event_rule":                {"event_pattern": checkEventPattern},
	"aws_iam_policy":                           {"policy": checkManagedPolicy},
	"aws_iam_role":                             {"assume_role_policy": checkResourcePolicy},
	"aws_iam_role_policy":                      {"policy": checkPolicy},
	"aws_kms_key":                              {"policy": checkResourcePolicy},
	"aws_s3_bucket_policy":                     {"policy": checkResourcePolicy},
	"aws_sagemaker_model_package_group_policy": {"resource_policy": checkResourcePolicy},
	"aws_sagemaker_pipeline":                   {"pipeline_definition": checkPipeline},
	"aws_sfn_state_machine":                    {"definition": checkStateMachine},
	"aws_sns_topic_policy":                     {"policy": checkResourcePolicy},
	"aws_sqs_queue_policy":                     {"policy": checkResourcePolicy},
	"aws_vpc_endpoint":                         {"policy": checkResourcePolicy},
	"aws_ecs_task_definition":                  {"container_definitions": checkContainers},
	"aws_ce_anomaly_monitor":                   {"monitor_specification": checkExpression},
	"aws_cloudwatch_event_target":              {"input": checkInput, "input_transformer.0.input_template": checkTemplate},
	"aws_scheduler_schedule":                   {"target.0.input": checkInput},
	"aws_ecr_lifecycle_policy":                 {"policy": checkLifecycle},
}

// checkDocuments runs the checkers over a state and returns every complaint.
func checkDocuments(state stateFile) (checked int, err error) {
	var errs []error
	for _, resource := range state.Resources {
		for attribute, check := range checkers[resource.Type] {
			for _, instance := range resource.Instances {
				text := textAt(instance.Attributes, attribute)
				if text == "" {
					continue // a rule with a schedule has no pattern
				}
				checked++
				if err := check([]byte(text)); err != nil {
					errs = append(errs, fmt.Errorf("%s.%s %s: %w", resource.Type, resource.Name, attribute, err))
				}
			}
		}
	}
	return checked, errors.Join(errs...)
}

// textAt is the text at a path such as target.0.input; empty where there is none.
func textAt(value any, path string) string {
	for _, name := range strings.Split(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(v) {
				return ""
			}
			value = v[i]
		}
	}
	text, _ := value.(string)
	return text
}

// managedPolicyLimit is IAM's, in characters without white space.
const managedPolicyLimit = 6144

func checkManagedPolicy(text []byte) error {
	compact := strings.Join(strings.Fields(string(text)), "")
	if len(compact) > managedPolicyLimit {
		return fmt.Errorf("it has %d characters, IAM allows %d; split it", len(compact), managedPolicyLimit)
	}
	return checkPolicy(text)
}

// checkPolicy wants statements that say what, on what, and by which name.
func checkPolicy(text []byte) error {
	statements, err := statementsOf(string(text))
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	var errs []error
	for i, s := range statements {
		switch {
		case s.Sid == "":
			errs = append(errs, fmt.Errorf("statement %d has no Sid", i+1))
		case seen[s.Sid]:
			errs = append(errs, fmt.Errorf("the Sid %s stands twice", s.Sid))
		case len(s.Action) == 0 || len(s.Resource) == 0:
			errs = append(errs, fmt.Errorf("statement %s has no action or no resource", s.Sid))
		}
		seen[s.Sid] = true
		for _, resource := range s.Resource {
			if resource != "*" && strings.Count(resource, ":") < 5 {
				errs = append(errs, fmt.Errorf("statement %s: %q is no ARN", s.Sid, resource))
			}
		}
	}
	if len(statements) == 0 {
		errs = append(errs, errors.New("it has no statement"))
	}
	return errors.Join(errs...)
}

// checkResourcePolicy is for policies that lie on a resource: each statement says who.
func checkResourcePolicy(text []byte) error {
	var parsed struct {
		Version   string
		Statement []struct {
			Sid       string
			Action    many
			Principal any
		}
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if parsed.Version != "2012-10-17" || len(parsed.Statement) == 0 {
		return fmt.Errorf("got version %q and %d statements, expected 2012-10-17 and some", parsed.Version, len(parsed.Statement))
	}
	for i, s := range parsed.Statement {
		if s.Sid == "" || len(s.Action) == 0 || s.Principal == nil {
			return fmt.Errorf("statement %d lacks a Sid, an action or a principal", i+1)
		}
	}
	return nil
}

// checkStateMachine follows every way through a state machine: each ends, none leads nowhere.
func checkStateMachine(text []byte) error {
	type transition struct{ Next string }
	type state struct {
		Type    string
		Next    string
		End     bool
		Default string
		Choices []transition
		Catch   []transition
		Retry   []any
	}
	var machine struct {
		StartAt string
		States  map[string]state
	}
	if err := json.Unmarshal(text, &machine); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	var errs []error
	reached := map[string]bool{}
	var visit func(from, name string)
	visit = func(from, name string) {
		s, ok := machine.States[name]
		if !ok {
			errs = append(errs, fmt.Errorf("%s leads to %q, which is no state", from, name))
			return
		}
		if reached[name] {
			return
		}
		reached[name] = true
		next := []string{}
		for _, t := range append(slices.Clone(s.Choices), s.Catch...) {
			next = append(next, t.Next)
		}
		for _, one := range []string{s.Next, s.Default} {
			if one != "" {
				next = append(next, one)
			}
		}
		if len(next) == 0 && !s.End && s.Type != "Fail" && s.Type != "Succeed" {
			errs = append(errs, fmt.Errorf("%s neither ends nor goes on", name))
		}
		if s.Type == "Task" && len(s.Retry) == 0 {
			errs = append(errs, fmt.Errorf("the task %s is not retried", name))
		}
		for _, one := range next {
			visit(name, one)
		}
	}
	visit("StartAt", machine.StartAt)
	for _, name := range slices.Sorted(maps.Keys(machine.States)) {
		if !reached[name] {
			errs = append(errs, fmt.Errorf("no way leads to %s", name))
		}
	}
	return errors.Join(errs...)
}

// checkPipeline follows the references between the steps of a pipeline and to its parameters.
func checkPipeline(text []byte) error {
	var definition struct {
		Version    string
		Parameters []struct{ Name string }
		Steps      []json.RawMessage
	}
	if err := json.Unmarshal(text, &definition); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if definition.Version != "2020-12-01" {
		return fmt.Errorf("got version %q, expected 2020-12-01", definition.Version)
	}
	known := map[string]bool{}
	for _, parameter := range definition.Parameters {
		known["Parameters."+parameter.Name] = true
	}
	var errs []error
	for _, raw := range definition.Steps {
		var step struct{ Name string }
		if err := json.Unmarshal(raw, &step); err != nil {
			return fmt.Errorf("read a step: %w", err)
		}
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return fmt.Errorf("read the step %s: %w", step.Name, err)
		}
		for _, reference := range references(value) {
			target := reference
			if rest, ok := strings.CutPrefix(reference, "Steps."); ok {
				name, _, _ := strings.Cut(rest, ".")
				target = "Steps." + name
			}
			if !known[target] {
				errs = append(errs, fmt.Errorf("the step %s reads %s, which no parameter or earlier step gives", step.Name, reference))
			}
		}
		known["Steps."+step.Name] = true
	}
	return errors.Join(errs...)
}

// references are the values of every {"Get": ...} below.
func references(value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		if get, ok := v["Get"].(string); ok && len(v) == 1 {
			return []string{get}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			found = append(found, references(v[key])...)
		}
	case []any:
		for _, one := range v {
			found = append(found, references(one)...)
		}
	}
	return found
}

// checkDashboard wants widgets on the grid of 24 columns that do not overlap and show something.
func checkDashboard(text []byte) error {
	type widget struct {
		Type                string
		X, Y, Width, Height int
		Properties          struct {
			Markdown string
			Metrics  [][]any
			Alarms   []string
		}
	}
	var body struct{ Widgets []widget }
	if err := json.Unmarshal(text, &body); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	var errs []error
	taken := map[[2]int]int{}
	for i, w := range body.Widgets {
		if w.X < 0 || w.Width < 1 || w.X+w.Width > 24 || w.Height < 1 {
			errs = append(errs, fmt.Errorf("widget %d does not lie on the grid", i))
			continue
		}
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					errs = append(errs, fmt.Errorf("widget %d lies on widget %d", i, other))
				}
				taken[[2]int{x, y}] = i
			}
		}
		shows := map[string]bool{"text": w.Properties.Markdown != "", "metric": len(w.Properties.Metrics) > 0, "alarm": len(w.Properties.Alarms) > 0}[w.Type]
		if !shows {
			errs = append(errs, fmt.Errorf("widget %d, a %s, shows nothing", i, w.Type))
		}
		for _, metric := range w.Properties.Metrics {
			// Namespace, name, and dimensions in pairs.
			if len(metric) < 2 || len(metric)%2 != 0 {
				errs = append(errs, fmt.Errorf("widget %d: the metric %v has a dimension without a value", i, metric))
			}
		}
	}
	if len(body.Widgets) == 0 {
		errs = append(errs, errors.New("it has no widget"))
	}
	return errors.Join(errs...)
}

// checkEventPattern wants lists everywhere, as EventBridge does, and a source.
func checkEventPattern(text []byte) error {
	var pattern map[string]any
	if err := json.Unmarshal(text, &pattern); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if _, ok := pattern["source"]; !ok {
		return errors.New("it names no source, so that any event could match")
	}
	return leavesAreLists("", pattern)
}

func leavesAreLists(path string, value any) error {
	switch v := value.(type) {
	case []any:
		return nil
	case map[string]any:
		var errs []error
		for _, key := range slices.Sorted(maps.Keys(v)) {
			errs = append(errs, leavesAreLists(path+"/"+key, v[key]))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("%s is not a list", path)
}

func checkContainers(text []byte) error {
	var containers []struct {
		Name, Image string
		Essential   bool
	}
	if err := json.Unmarshal(text, &containers); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	for _, c := range containers {
		if c.Name == "" || c.Image == "" || !c.Essential {
			return fmt.Errorf("the container %q lacks an image or is not essential", c.Name)
		}
	}
	return nil
}

func checkLifecycle(text []byte) error {
	var policy struct {
		Rules []struct {
			RulePriority int            `json:"rulePriority"`
			Selection    map[string]any `json:"selection"`
			Action       struct {
				Type string `json:"type"`
			} `json:"action"`
		} `json:"rules"`
	}
	if err := json.Unmarshal(text, &policy); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	last := 0
	for _, rule := range policy.Rules {
		if rule.RulePriority <= last || rule.Action.Type != "expire" || rule.Selection["countNumber"] == nil {
			return fmt.Errorf("rule %d is out of order or expires nothing", rule.RulePriority)
		}
		last = rule.RulePriority
	}
	return nil
}

// checkInput is for what a target is called with: an object, as the functions and the state machine read it.
func checkInput(text []byte) error {
	var input map[string]any
	if err := json.Unmarshal(text, &input); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if len(input) == 0 {
		return errors.New("it says nothing")
	}
	return nil
}

var placeholder = regexp.MustCompile(`<[a-zA-Z0-9_.-]+>`)

// checkTemplate puts a text where EventBridge puts what it found: what comes out has to be an input.
func checkTemplate(text []byte) error {
	if !placeholder.Match(text) {
		return errors.New("it takes nothing from the event")
	}
	return checkInput(placeholder.ReplaceAll(text, []byte(`"x"`)))
}

// checkExpression is for Cost Explorer's expressions: one of the five is given, and a tag has a key and values.
func checkExpression(text []byte) error {
	var expression struct {
		And, Or                    []any
		CostCategories, Dimensions any
		Not                        any
		Tags                       *struct {
			Key                  string
			MatchOptions, Values []string
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&expression); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	given := 0
	for _, is := range []bool{len(expression.And) > 0, len(expression.Or) > 0, expression.CostCategories != nil, expression.Dimensions != nil, expression.Not != nil, expression.Tags != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("it gives %d of And, Or, Not, CostCategories, Dimensions and Tags, expected one", given)
	}
	if expression.Tags != nil && (expression.Tags.Key == "" || len(expression.Tags.Values) == 0) {
		return errors.New("its tag lacks a key or values")
	}
	return nil
}
