package rules

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Rules about budgets, alarms and schedules ask whether something exists anywhere in a configuration: in one root module, or, when that is
// a numbered stage, in all stages beside it. They keep facts of each root and conclude over the tree.

// hourly are the types that cost money while they exist.
var hourly = []string{
	"aws_autoscaling_group", "aws_db_instance", "aws_ecs_service", "aws_eks_cluster", "aws_elasticache_cluster", "aws_elasticache_replication_group",
	"aws_emr_cluster", "aws_instance", "aws_lb", "aws_msk_cluster", "aws_mwaa_environment", "aws_nat_gateway", "aws_opensearch_domain", "aws_rds_cluster",
	"aws_redshift_cluster", "aws_sagemaker_endpoint", "aws_sagemaker_notebook_instance", "titanicml_endpoint",
}

// suspendable are those of them that a schedule can stop, scale down or delete.
var suspendable = []string{
	"aws_autoscaling_group", "aws_db_instance", "aws_ecs_service", "aws_instance", "aws_rds_cluster", "aws_redshift_cluster", "aws_sagemaker_endpoint",
	"aws_sagemaker_notebook_instance", "titanicml_endpoint",
}

// need is what a root module has that asks for something; the first one of a group carries the finding.
type need struct {
	what    string
	address string
	at      hcl.Range
	callers []hcl.Range
}

// provided is something that a root module has and that fulfils a need.
type provided string

// keepFirst keeps the first instance of the types, of those that cost money, under the name of a need.
func keepFirst(p *linter.Pass, what string, types []string) {
	for _, r := range p.Root.OfType(types...) {
		if !local(r) {
			p.Keep(need{what, r.Address(), r.Range(), r.Module.Callers()})
			return
		}
	}
}

// local reports whether a resource of titanicml lives in the local engine, which is the provider's default and costs nothing.
func local(r *eval.Resource) bool {
	if !strings.HasPrefix(r.Type, "titanicml_") {
		return false
	}
	engine := r.Provider().Attr("engine")
	name, known := engine.Str()
	return !r.Provider().Opaque && (!engine.IsSet() && engine.Kind() != value.Unknown || known && name == "local")
}

var stageDir = regexp.MustCompile(`^[0-9]+_`)

// conclude calls report for the first need of each group of roots that has none of what fulfils it. A stage whose neighbours were not linted
// tells nothing.
func conclude(p *linter.Pass, what string, fulfilled func(provided) bool, report func(need)) {
	first := map[string]need{}
	done := map[string]bool{}
	var groups []string
	for _, f := range p.Tree.Facts {
		group := f.Root
		if stageDir.MatchString(path.Base(f.Root)) {
			group = path.Dir(f.Root) + "/*"
		}
		switch v := f.Value.(type) {
		case need:
			if _, ok := first[group]; v.what == what && !ok {
				first[group] = v
				groups = append(groups, group)
			}
		case provided:
			done[group] = done[group] || fulfilled(v)
		}
	}
	slices.Sort(groups)
	for _, g := range groups {
		if !done[g] && !(strings.HasSuffix(g, "/*") && unseenStage(p.Tree, path.Dir(g))) {
			report(first[g])
		}
	}
}

// unseenStage reports whether a stage beside the linted ones was not part of the run.
func unseenStage(t *linter.Tree, dir string) bool {
	entries, err := t.ReadDir(dir)
	if err != nil {
		return true
	}
	for _, e := range entries {
		if e.IsDir() && stageDir.MatchString(e.Name()) && !slices.Contains(t.Roots, path.Join(dir, e.Name())) {
			files, err := t.ReadDir(path.Join(dir, e.Name()))
			if err != nil || slices.ContainsFunc(files, func(f fs.DirEntry) bool { ok, _ := module.SourceName(f.Name()); return ok }) {
				return true
			}
		}
	}
	return false
}

// disabled reports a rule or schedule that is switched off.
func disabled(r *eval.Resource) bool {
	state, _ := r.Attr("state").Str()
	on, known := r.Attr("is_enabled").Bool()
	return state == "DISABLED" || known && !on
}

// reportNeed reports at the resource that asks.
func reportNeed(p *linter.Pass, n need, format string, args ...any) {
	f := p.Report(value.At(n.at), format, args...)
	f.Address, f.Callers = n.address, n.callers
}

// notifies reports whether a budget tells anybody; what is unknown counts as telling.
func notifies(budget *eval.Resource) bool {
	for _, n := range budget.Blocks("notification") {
		for _, name := range []string{"subscriber_email_addresses", "subscriber_sns_topic_arns"} {
			if v := n.Attr(name); v.Kind() == value.Unknown || v.Len() > 0 || v.Partial() {
				return true
			}
		}
	}
	return false
}

// is reports whether a string value is the text, or may be.
func is(v value.Value, text string) bool {
	s, known := v.Str()
	return v.Kind() == value.Unknown || v.Partial() || known && s == text
}
