package rules

import (
	"regexp"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/lang"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

// NonprodSchedule reports non-production resources that run day and night.
var NonprodSchedule = &linter.Rule{
	Name:     "nonprod_schedule",
	Title:    "what runs outside production should be switched off by a schedule",
	Severity: linter.Warning,
	Since:    "0.1.0",
	Scope:    linter.PerRoot | linter.PerTree,
	Text: `An endpoint or service that only people use costs three times as much when it also runs at night and on weekends. A configuration with such a
resource needs a schedule that stops, scales down or deletes it: an EventBridge schedule or rule whose target, input or name says so (an
API call such as ecs:updateService, or a function or state machine named for it), a scheduled action of Application Auto
Scaling, or a schedule of an auto scaling group. It is looked for in the same root module or, for numbered stages, in all
stages beside it. Resources that are known to be production, by an env or environment tag, are left alone.`,
	Run: runNonprodSchedule,
}

var (
	suspends   = regexp.MustCompile(`(?i)(stop|suspend|pause|shut.?down|switch.?off|turn.?off|scale.?(down|in|to.?zero)|scal(e|ing)|delete.?endpoint|updateservice|updateendpointweights|off.?hours|night|weekend)`)
	production = regexp.MustCompile(`(?i)^(prod|prd|production)$`)
)

func runNonprodSchedule(p *linter.Pass) {
	if p.Root == nil {
		conclude(p, "suspend", func(v provided) bool { return v == "schedule" }, func(n need) {
			reportNeed(p, n, "%s runs day and night outside production; add a schedule that stops it or scales it down", n.address)
		})
		return
	}
	for _, r := range p.Root.OfType(suspendable...) {
		if !local(r) && !isProduction(r) {
			p.Keep(need{"suspend", r.Address(), r.Range(), r.Module.Callers()})
			break
		}
	}
	for _, s := range p.Root.OfType("aws_scheduler_schedule", "aws_cloudwatch_event_rule", "aws_appautoscaling_scheduled_action", "aws_autoscaling_schedule") {
		if !disabled(s) && suspendsSomething(p, s) {
			p.Keep(provided("schedule"))
			return
		}
	}
}

func isProduction(r *eval.Resource) bool {
	for _, tags := range []value.Value{r.Attr("tags"), r.Provider().Attr("default_tags"), defaultTagsOf(r)} {
		for _, key := range []string{"env", "environment", "Env", "Environment"} {
			if s, ok := tags.Get(key).Str(); ok && production.MatchString(s) {
				return true
			}
		}
	}
	return false
}

func suspendsSomething(p *linter.Pass, s *eval.Resource) bool {
	switch s.Type {
	case "aws_appautoscaling_scheduled_action", "aws_autoscaling_schedule":
		return true
	case "aws_cloudwatch_event_rule":
		if !s.Has("schedule_expression") {
			return false
		}
		for _, t := range p.Root.OfType("aws_cloudwatch_event_target") {
			for _, ref := range t.Refs("rule") {
				if ref.Address == s.LocalAddress() && ref.Module == s.Module.Path && says(suspends, &t.Body, "input", "arn") {
					return true
				}
			}
		}
		return says(suspends, &s.Body, "name", "description") || suspends.MatchString(s.Name)
	}
	if suspends.MatchString(s.Name) || says(suspends, &s.Body, "name", "description") {
		return true
	}
	for _, t := range s.Blocks("target") {
		if says(suspends, t, "arn", "input") {
			return true
		}
	}
	return false
}

// says looks for a word in the texts of arguments and in the names of the resources that they refer to.
func says(word *regexp.Regexp, b *lang.Body, names ...string) bool {
	for _, name := range names {
		if s, ok := b.Attr(name).Pattern(""); ok && word.MatchString(s) {
			return true
		}
		for _, ref := range b.Refs(name) {
			if i := strings.LastIndexByte(ref.Address, '.'); i >= 0 && word.MatchString(ref.Address[i+1:]) {
				return true
			}
		}
	}
	return false
}
