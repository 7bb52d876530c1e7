package rules

import (
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// BackendState wants state kept remotely, encrypted and locked.
var BackendState = &linter.Rule{
	Name:     "backend_state",
	Title:    "state must be remote, encrypted and locked",
	Severity: linter.Error,
	Since:    "0.1.0",
	Scope:    linter.PerRoot,
	Text: `State holds every attribute of every resource, secrets included, and two applies at once corrupt it. A root module with
managed resources declares a remote backend; the s3 backend sets ` + "`encrypt = true`" + ` and a lock: ` + "`use_lockfile = true`" + ` or a
` + "`dynamodb_table`" + `. Values given by ` + "`-backend-config`" + ` cannot be seen here: write these two into the block, they are not secret.

` + "`allow`" + ` names backends that are fine as they are, such as ` + "`local`" + ` in examples.`,
	Options: []linter.Option{
		{Name: "allow", Default: []string{}, Text: "backend types that are not examined, such as local"},
	},
	Run: backendState,
}

// lockless are the backends that keep no lock whatever their settings.
var lockless = map[string]string{"local": "keeps state on one machine, unlocked for everybody else", "inmem": "loses state when the run ends",
	"artifactory": "has no lock", "etcd": "was removed from Terraform", "swift": "was removed from Terraform"}

func backendState(p *linter.Pass) {
	src := p.Root.Module.Source
	allow := p.Strings("allow")
	managed := false
	for _, r := range src.Resources {
		managed = managed || r.Mode == module.Managed
	}
	if src.Backend == nil {
		if managed && !slices.Contains(allow, "local") {
			p.Report(value.At(src.Place()), "root module %s has no backend: its state stays on one machine, unencrypted; declare a remote backend", src.Dir)
		}
		return
	}
	if src.Backend.Type == "cloud" || len(src.Backend.Labels) != 1 {
		return
	}
	b := p.Root.Module.Block(src.Backend)
	typ := src.Backend.Labels[0]
	if slices.Contains(allow, typ) {
		return
	}
	if why, ok := lockless[typ]; ok {
		p.Report(b, "backend %q %s; use one that is remote, encrypted and locked", typ, why)
		return
	}
	switch typ {
	case "s3":
		if on, ok := b.Attr("encrypt").Bool(); b.Attr("encrypt").Kind() == value.Absent || ok && !on {
			p.Report(b.AttrRange("encrypt"), "backend \"s3\" does not set encrypt = true; state holds secrets in plain text")
		}
		lock, known := b.Attr("use_lockfile").Bool()
		unset := b.Attr("use_lockfile").Kind() == value.Absent || known && !lock
		table := b.Attr("dynamodb_table")
		if name, known := table.Str(); unset && (!table.IsSet() && table.Kind() != value.Unknown || known && name == "") {
			p.Report(b.AttrRange("use_lockfile"), "backend \"s3\" has no lock; set use_lockfile = true")
		}
		if acl, ok := b.Attr("acl").Str(); ok && strings.HasPrefix(acl, "public") {
			p.Report(b.AttrRange("acl"), "backend \"s3\" acl %q publishes the state; remove it", acl)
		}
	case "http":
		if !b.Has("lock_address") {
			p.Report(b, "backend \"http\" has no lock_address: two applies can run at once")
		}
		if a, ok := b.Attr("address").Str(); ok && strings.HasPrefix(a, "http://") {
			p.Report(b.AttrRange("address"), "backend \"http\" sends state over plain http; use https")
		}
	}
}
