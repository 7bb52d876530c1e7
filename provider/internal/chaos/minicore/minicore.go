// Package minicore does what Terraform does with a provider, in the provider's own process: refresh, plan, plan again while
// applying, apply, and hold the provider to its announcements.
//
// In go a provider server and a configuration; out come diagnostics and a state file. It exists because a schedule of the chaos
// harness has a dozen applies: a process that holds both Terraform's part and the provider starts and ends in a fraction of the
// time of terraform with its provider processes, and killing it loses what killing both loses. What it leaves out (HCL, other
// providers, concurrency in the graph) the schedules that run the real CLI put in.
package minicore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Resource is one resource block. Arguments are strings, numbers (int64, float64), booleans, []any, map[string]any and Ref.
type Resource struct {
	Type, Name string
	Arguments  map[string]any
}

// Address is type.name.
func (r Resource) Address() string { return r.Type + "." + r.Name }

// Config is a configuration whose resources refer only to earlier ones.
type Config struct {
	Provider  map[string]any
	Resources []Resource
}

// Mode is what to do.
type Mode string

// The commands.
const (
	Plan    Mode = "plan"
	Apply   Mode = "apply"
	Destroy Mode = "destroy"
)

// Run is one command.
type Run struct {
	Mode   Mode
	Config Config
	// State is the path of the state file.
	State string
	// Replace lists addresses to make anew, as -replace does.
	Replace []string
	// Import takes the resource of this address over first, by ID.
	Import, ID string
}

// Diagnostic is what a provider has to say.
type Diagnostic struct {
	Error                    bool
	Address, Summary, Detail string
}

// Outcome is what came of a run.
type Outcome struct {
	// Changes are the planned actions, such as "create titanicml_dataset.d"; none for an empty plan.
	Changes     []string
	Diagnostics []Diagnostic
	// Broken lists what the provider did other than it had announced.
	Broken []string
}

// Failed says whether there is an error among the diagnostics.
func (o *Outcome) Failed() bool {
	return slices.ContainsFunc(o.Diagnostics, func(d Diagnostic) bool { return d.Error })
}

type core struct {
	server  tfprotov6.ProviderServer
	schemas map[string]*tfprotov6.Schema
	run     Run
	state   *stateFile
	out     *Outcome
}

// change is a planned action on a resource.
type change struct {
	resource Resource
	create   bool // from nothing, maybe after a deletion
	delete   bool // of what there is
	planned  tftypes.Value
}

// Do carries a run out. The error is one of the harness; what the provider refuses is in the outcome.
func Do(ctx context.Context, server tfprotov6.ProviderServer, run Run) (*Outcome, error) {
	state, err := readState(run.State)
	if err != nil {
		return nil, err
	}
	c := &core{server: server, run: run, state: state, out: &Outcome{}}
	if err := c.configure(ctx); err != nil || c.out.Failed() {
		return c.out, err
	}
	if run.Import != "" {
		if err := c.adopt(ctx); err != nil || c.out.Failed() {
			return c.out, err
		}
	}
	if err := c.refresh(ctx); err != nil || c.out.Failed() {
		return c.out, err
	}
	if run.Mode == Destroy {
		return c.out, c.destroy(ctx)
	}
	changes, err := c.plan(ctx)
	if err != nil || c.out.Failed() || run.Mode == Plan {
		return c.out, err
	}
	if err := state.write(); err != nil {
		return c.out, err
	}
	known, err := c.values()
	if err != nil {
		return c.out, err
	}
	for _, change := range changes {
		if err := c.apply(ctx, change, known); err != nil {
			return c.out, fmt.Errorf("applying %s: %w", change.resource.Address(), err)
		}
		if c.out.Failed() {
			return c.out, nil // what comes after depends on it
		}
	}
	return c.out, nil
}

func (c *core) note(address string, diagnostics []*tfprotov6.Diagnostic) {
	for _, d := range diagnostics {
		c.out.Diagnostics = append(c.out.Diagnostics, Diagnostic{d.Severity == tfprotov6.DiagnosticSeverityError, address, d.Summary, d.Detail})
	}
}

func (c *core) configure(ctx context.Context) error {
	schemas, err := c.server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	c.note("provider", schemas.Diagnostics)
	c.schemas = schemas.ResourceSchemas
	t := schemas.Provider.ValueType()
	value, err := values{}.build(c.run.Config.Provider, t)
	if err != nil {
		return fmt.Errorf("building the provider block: %w", err)
	}
	config, err := tfprotov6.NewDynamicValue(t, value)
	if err != nil {
		return err
	}
	valid, err := c.server.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{Config: &config})
	if err != nil {
		return err
	}
	if c.note("provider", valid.Diagnostics); c.out.Failed() {
		return nil
	}
	configured, err := c.server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: &config})
	if err == nil {
		c.note("provider", configured.Diagnostics)
	}
	return err
}

func (c *core) typeOf(address string) (tftypes.Type, *tfprotov6.Schema, error) {
	name, _, _ := strings.Cut(address, ".")
	schema := c.schemas[name]
	if schema == nil {
		return nil, nil, fmt.Errorf("the provider has no resource %q", name)
	}
	return schema.ValueType(), schema, nil
}

// value of a resource in state; null when it is not there.
func (c *core) value(address string) (tftypes.Value, error) {
	t, _, err := c.typeOf(address)
	if err != nil {
		return tftypes.Value{}, err
	}
	o := c.state.objects[address]
	if o == nil {
		return tftypes.NewValue(t, nil), nil
	}
	return tfprotov6.DynamicValue{MsgPack: o.Value}.Unmarshal(t)
}

func (c *core) values() (values, error) {
	known := values{}
	for address := range c.state.objects {
		value, err := c.value(address)
		if err != nil {
			return nil, err
		}
		known[address] = value
	}
	return known, nil
}

func identity(raw []byte) *tfprotov6.ResourceIdentityData {
	if raw == nil {
		return nil
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: raw}}
}

func identityBytes(data *tfprotov6.ResourceIdentityData) []byte {
	if data == nil || data.IdentityData == nil {
		return nil
	}
	return data.IdentityData.MsgPack
}

// adopt imports one resource.
func (c *core) adopt(ctx context.Context) error {
	name, _, _ := strings.Cut(c.run.Import, ".")
	response, err := c.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: name, ID: c.run.ID})
	if err != nil {
		return fmt.Errorf("importing %s: %w", c.run.Import, err)
	}
	if c.note(c.run.Import, response.Diagnostics); c.out.Failed() {
		return nil
	}
	if len(response.ImportedResources) != 1 {
		return fmt.Errorf("importing %s: got %d resources, expected one", c.run.Import, len(response.ImportedResources))
	}
	imported := response.ImportedResources[0]
	return c.state.set(c.run.Import, &object{Value: imported.State.MsgPack, Private: imported.Private, Identity: identityBytes(imported.Identity)})
}

func (c *core) refresh(ctx context.Context) error {
	for address, o := range c.state.objects {
		name, _, _ := strings.Cut(address, ".")
		response, err := c.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: name,
			CurrentState: &tfprotov6.DynamicValue{MsgPack: o.Value}, Private: o.Private, CurrentIdentity: identity(o.Identity)})
		if err != nil {
			return fmt.Errorf("reading %s: %w", address, err)
		}
		c.note(address, response.Diagnostics)
		if response.NewState == nil {
			continue
		}
		gone, err := response.NewState.IsNull()
		switch {
		case err != nil:
			return fmt.Errorf("reading %s: %w", address, err)
		case gone:
			delete(c.state.objects, address)
		default:
			o.Value, o.Private = response.NewState.MsgPack, response.Private
			if id := identityBytes(response.NewIdentity); id != nil {
				o.Identity = id
			}
		}
	}
	return nil
}

// plan asks for every resource in turn, and lets later ones see what earlier ones will be.
func (c *core) plan(ctx context.Context) ([]change, error) {
	known := values{}
	var changes []change
	for _, r := range c.run.Config.Resources {
		address := r.Address()
		prior, err := c.value(address)
		if err != nil {
			return nil, err
		}
		replace := slices.Contains(c.run.Replace, address) || c.state.objects[address] != nil && c.state.objects[address].Tainted
		p, err := c.planOne(ctx, r, prior, known, replace)
		if err != nil {
			return nil, fmt.Errorf("planning %s: %w", address, err)
		}
		if c.out.Failed() {
			return nil, nil // later ones would be planned on what is not there
		}
		known[address] = p.planned
		action := ""
		switch {
		case p.create && p.delete:
			action = "replace"
		case p.create:
			action = "create"
		case !p.planned.Equal(prior):
			action = "update"
		default:
			continue
		}
		c.out.Changes = append(c.out.Changes, action+" "+address)
		changes = append(changes, p)
	}
	return changes, nil
}

func (c *core) planOne(ctx context.Context, r Resource, prior tftypes.Value, known values, replace bool) (change, error) {
	p := change{resource: r, create: prior.IsNull()}
	t, schema, err := c.typeOf(r.Address())
	if err != nil {
		return p, err
	}
	if replace && !prior.IsNull() {
		p.create, p.delete = true, true
		prior = tftypes.NewValue(t, nil)
	}
	for {
		response, err := c.ask(ctx, r, t, schema, prior, known)
		if err != nil || c.out.Failed() {
			return p, err
		}
		if p.planned, err = response.PlannedState.Unmarshal(t); err != nil {
			return p, err
		}
		if len(response.RequiresReplace) == 0 || p.create {
			return p, nil
		}
		// Terraform plans the creation anew when an update will not do.
		p.create, p.delete = true, true
		prior = tftypes.NewValue(t, nil)
	}
}

// ask validates the configuration of a resource and requests its plan.
func (c *core) ask(ctx context.Context, r Resource, t tftypes.Type, schema *tfprotov6.Schema, prior tftypes.Value, known values) (*tfprotov6.PlanResourceChangeResponse, error) {
	config, err := known.build(r.Arguments, t)
	if err != nil {
		return nil, err
	}
	merged, err := proposed(schema.Block.Attributes, t, prior, config)
	if err != nil {
		return nil, err
	}
	encoded, err := encode(t, config, merged, prior)
	if err != nil {
		return nil, err
	}
	valid, err := c.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: r.Type, Config: encoded[0]})
	if err != nil {
		return nil, err
	}
	if c.note(r.Address(), valid.Diagnostics); c.out.Failed() {
		return nil, nil
	}
	request := &tfprotov6.PlanResourceChangeRequest{TypeName: r.Type, Config: encoded[0], ProposedNewState: encoded[1], PriorState: encoded[2]}
	if o := c.state.objects[r.Address()]; o != nil && !prior.IsNull() {
		request.PriorPrivate, request.PriorIdentity = o.Private, identity(o.Identity)
	}
	response, err := c.server.PlanResourceChange(ctx, request)
	if err != nil {
		return nil, err
	}
	c.note(r.Address(), response.Diagnostics)
	return response, nil
}

func encode(t tftypes.Type, in ...tftypes.Value) ([]*tfprotov6.DynamicValue, error) {
	var out []*tfprotov6.DynamicValue
	for _, value := range in {
		encoded, err := tfprotov6.NewDynamicValue(t, value)
		if err != nil {
			return nil, err
		}
		out = append(out, &encoded)
	}
	return out, nil
}

// apply plans once more, now that more is known, and does it.
func (c *core) apply(ctx context.Context, announced change, known values) error {
	r, address := announced.resource, announced.resource.Address()
	t, schema, err := c.typeOf(address)
	if err != nil {
		return err
	}
	if announced.delete {
		if err := c.remove(ctx, address); err != nil || c.out.Failed() {
			return err
		}
	}
	prior, err := c.value(address)
	if err != nil {
		return err
	}
	response, err := c.ask(ctx, r, t, schema, prior, known)
	if err != nil || c.out.Failed() {
		return err
	}
	planned, err := response.PlannedState.Unmarshal(t)
	if err != nil {
		return err
	}
	if where := conflicts(announced.planned, planned, address); len(where) > 0 {
		c.out.Diagnostics = append(c.out.Diagnostics, Diagnostic{true, address, InconsistentPlan,
			"When expanding the plan to include new values learned so far during apply, the provider produced other values for " + strings.Join(where, ", ") + "."})
		return nil
	}
	config, err := known.build(r.Arguments, t)
	if err != nil {
		return err
	}
	encoded, err := encode(t, config, planned, prior)
	if err != nil {
		return err
	}
	applied, err := c.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: r.Type, Config: encoded[0], PlannedState: encoded[1],
		PriorState: encoded[2], PlannedPrivate: response.PlannedPrivate, PlannedIdentity: response.PlannedIdentity})
	if err != nil {
		return err
	}
	c.note(address, applied.Diagnostics)
	value, err := applied.NewState.Unmarshal(t)
	if err != nil {
		return err
	}
	failed := c.out.Failed()
	if value.IsNull() {
		if !failed {
			c.out.Broken = append(c.out.Broken, address+": applied without an error, and there is nothing")
		}
		return c.state.set(address, nil)
	}
	if where := conflicts(planned, value, address); len(where) > 0 && !failed {
		c.out.Broken = append(c.out.Broken, "inconsistent result after apply: "+strings.Join(where, ", "))
	}
	known[address] = value
	return c.state.set(address, &object{Value: applied.NewState.MsgPack, Private: applied.Private, Identity: identityBytes(applied.NewIdentity), Tainted: failed && prior.IsNull()})
}

// InconsistentPlan is Terraform's own summary of a provider that plans otherwise while applying.
const InconsistentPlan = "Provider produced inconsistent final plan"

// remove deletes one resource.
func (c *core) remove(ctx context.Context, address string) error {
	o := c.state.objects[address]
	if o == nil {
		return nil
	}
	t, _, err := c.typeOf(address)
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(address, ".")
	prior := &tfprotov6.DynamicValue{MsgPack: o.Value}
	nothing, err := encode(t, tftypes.NewValue(t, nil))
	if err != nil {
		return err
	}
	planned, err := c.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: name, Config: nothing[0], ProposedNewState: nothing[0],
		PriorState: prior, PriorPrivate: o.Private, PriorIdentity: identity(o.Identity)})
	if err != nil {
		return err
	}
	if c.note(address, planned.Diagnostics); c.out.Failed() {
		return nil
	}
	applied, err := c.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: name, Config: nothing[0], PlannedState: nothing[0],
		PriorState: prior, PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity})
	if err != nil {
		return err
	}
	if c.note(address, applied.Diagnostics); c.out.Failed() {
		return nil
	}
	return c.state.set(address, nil)
}

// destroy removes everything, last things first.
func (c *core) destroy(ctx context.Context) error {
	var errs []error
	for _, r := range slices.Backward(c.run.Config.Resources) {
		if c.state.objects[r.Address()] == nil || c.out.Failed() {
			continue
		}
		c.out.Changes = append(c.out.Changes, "delete "+r.Address())
		errs = append(errs, c.remove(ctx, r.Address()))
	}
	return errors.Join(errs...)
}
