package cost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
	lintplan "github.com/titanicml/terraform-provider-titanicml/linter/plan"
)

// Plan is a plan whose resources can be priced.
type Plan struct {
	// Name is the file as shown, "-" for standard input.
	Name string
	// Stage is what the plan is for: environment, number and name of its titanicml_stage, else the name of the file.
	Stage   string
	changes []*change
}

// change is a resource before and after the plan; nil where it does not exist.
type change struct {
	address, kind string
	action        Action
	before, after *resource
}

// resource is one side of a change.
type resource struct {
	address, module, kind, region string
	values                        map[string]any
	unknowns                      any // mirrors values: true where the plan does not know
	peers                         []*resource
}

type document struct {
	FormatVersion string           `json:"format_version"`
	PriorState    *state           `json:"prior_state"`
	Changes       []resourceChange `json:"resource_changes"`
}

type state struct {
	Values struct {
		RootModule *module `json:"root_module"`
	} `json:"values"`
}

type module struct {
	Address      string          `json:"address"`
	Resources    []stateResource `json:"resources"`
	ChildModules []*module       `json:"child_modules"`
}

type stateResource struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Type    string         `json:"type"`
	Values  map[string]any `json:"values"`
}

type resourceChange struct {
	Address string `json:"address"`
	Module  string `json:"module_address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Deposed string `json:"deposed"`
	Change  struct {
		Actions []string       `json:"actions"`
		Before  map[string]any `json:"before"`
	} `json:"change"`
}

// maxDepth is the deepest nesting of modules that is followed.
const maxDepth = 100

// Decode reads what `terraform show -json` wrote for a plan, or for a state, which is a plan that changes nothing.
func Decode(name string, text []byte) (*Plan, error) {
	planned, err := lintplan.Decode(name, ".", text)
	if err != nil {
		return nil, err
	}
	var doc document
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("plan %s: %w", name, err)
	}
	p := &Plan{Name: name}
	byAddress := map[string]*change{}
	at := func(address, kind string) *change {
		c := byAddress[address]
		if c == nil {
			c = &change{address: address, kind: kind}
			byAddress[address] = c
			p.changes = append(p.changes, c)
		}
		return c
	}
	regions := regionsOf(planned)
	for _, r := range planned.Resources {
		if r.Mode != "managed" {
			continue
		}
		at(r.Address, r.Type).after = &resource{address: r.Address, module: r.Module, kind: r.Type, values: r.Values, unknowns: r.Unknown,
			region: regions.of(r.Values, r.ProviderKey)}
	}
	before := func(address, moduleAddress, kind string, values map[string]any) {
		c := at(address, kind)
		region := regions.of(values, "")
		if c.after != nil {
			region = c.after.region
		}
		c.before = &resource{address: address, module: moduleAddress, kind: kind, values: values, region: region}
	}
	if doc.PriorState != nil {
		if err := walk(doc.PriorState.Values.RootModule, 0, func(m string, r stateResource) {
			if r.Mode == "managed" {
				before(r.Address, m, r.Type, r.Values)
			}
		}); err != nil {
			return nil, fmt.Errorf("plan %s: %w", name, err)
		}
	}
	for _, rc := range doc.Changes {
		if rc.Mode != "managed" {
			continue
		}
		address := rc.Address
		if rc.Deposed != "" {
			address += " (deposed " + rc.Deposed + ")"
		}
		if rc.Change.Before != nil {
			before(address, rc.Module, rc.Type, rc.Change.Before)
		}
		if c := byAddress[address]; c != nil {
			c.action = actionOf(rc.Change.Actions)
		}
	}
	if doc.PriorState == nil && doc.Changes == nil {
		// A state: what is there was there.
		for _, c := range p.changes {
			c.before = c.after
		}
	}
	p.settle()
	p.Stage = stageName(p, planned)
	return p, nil
}

// settle fills in actions that the document leaves out, and tells the resources of each side of one another.
func (p *Plan) settle() {
	var before, after []*resource
	for _, c := range p.changes {
		if c.before != nil {
			before = append(before, c.before)
		}
		if c.after != nil {
			after = append(after, c.after)
		}
		if c.action == "" {
			c.action = NoOp
		}
		switch {
		case c.before == nil && c.after != nil:
			c.action = Create
		case c.after == nil:
			c.action = Delete
		}
	}
	for _, side := range [][]*resource{before, after} {
		for _, r := range side {
			if r.peers == nil {
				r.peers = side
			}
		}
	}
	slices.SortFunc(p.changes, func(a, b *change) int { return strings.Compare(a.address, b.address) })
}

func actionOf(actions []string) Action {
	switch {
	case len(actions) == 2:
		return Replace
	case len(actions) == 1 && slices.Contains([]Action{Create, Update, Delete}, Action(actions[0])):
		return Action(actions[0])
	}
	return NoOp
}

var errTooDeep = errors.New("modules nest deeper than 100 levels")

func walk(m *module, depth int, visit func(module string, r stateResource)) error {
	if m == nil {
		return nil
	}
	if depth > maxDepth {
		return errTooDeep
	}
	for _, r := range m.Resources {
		visit(m.Address, r)
	}
	for _, child := range m.ChildModules {
		if err := walk(child, depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// stageName prefers what the plan says about itself to the name of its file.
func stageName(p *Plan, planned *lintplan.Plan) string {
	env, _ := planned.Variables["env"].(string)
	for _, c := range p.changes {
		if c.kind != "titanicml_stage" {
			continue
		}
		r := c.after
		if r == nil {
			r = c.before
		}
		number, okNumber := r.number("number")
		name, okName := r.text("name")
		if okNumber && okName {
			return strings.TrimSpace(env + " " + strconv.FormatFloat(number, 'f', -1, 64) + "_" + name)
		}
	}
	if p.Name == "-" {
		return "standard input"
	}
	return strings.TrimSuffix(path.Base(p.Name), ".json")
}

// regions are those of the AWS provider configurations, by their key in the plan.
type regions map[string]string

func regionsOf(p *lintplan.Plan) regions {
	out := regions{}
	for key, c := range p.Providers {
		expression, _ := c.Expressions["region"].(map[string]any)
		if c.Name != "aws" && c.Name != "titanicml" || expression == nil {
			continue
		}
		if constant, ok := expression["constant_value"].(string); ok {
			out[key] = constant
			continue
		}
		if region, ok := referenced(expression["references"], p.Variables); ok {
			out[key] = region
		}
	}
	return out
}

var attributeOfVariable = regexp.MustCompile(`^var\.([A-Za-z_][\w-]*)((?:\.[A-Za-z_][\w-]*)*)$`)

// referenced follows an expression that is nothing but one variable, or one of its attributes: Terraform lists that
// reference with all its prefixes, the longest first.
func referenced(references any, variables map[string]any) (string, bool) {
	list, _ := references.([]any)
	if len(list) == 0 {
		return "", false
	}
	first, _ := list[0].(string)
	match := attributeOfVariable.FindStringSubmatch(first)
	if match == nil {
		return "", false
	}
	value := variables[match[1]]
	for _, name := range strings.Split(strings.TrimPrefix(match[2], "."), ".") {
		if name == "" {
			continue
		}
		object, _ := value.(map[string]any)
		value = object[name]
	}
	region, ok := value.(string)
	return region, ok
}

// of is the region of a resource: its own argument (hashicorp/aws 6), its provider configuration's, else that of the only one.
func (r regions) of(values map[string]any, key string) string {
	if own, ok := values["region"].(string); ok && own != "" {
		return own
	}
	if region, ok := r[key]; ok {
		return region
	}
	if i := strings.LastIndex(key, ":"); i >= 0 {
		if region, ok := r[key[i+1:]]; ok {
			return region
		}
	}
	if region, ok := r["aws"]; ok {
		return region
	}
	different := map[string]bool{}
	only := ""
	for _, region := range r {
		different[region], only = true, region
	}
	if len(different) == 1 {
		return only
	}
	return ""
}

// get follows a path of attribute names and indexes. It tells apart what is known (null included) from what is not.
func (r *resource) get(steps ...any) (value any, known bool) {
	value = r.values
	if r.values == nil {
		value = nil
	}
	mirror := r.unknowns
	for _, step := range steps {
		if mirror == true {
			return nil, false
		}
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
			mirrors, _ := mirror.(map[string]any)
			mirror = mirrors[step]
		case int:
			list, _ := value.([]any)
			mirrors, _ := mirror.([]any)
			value = nil
			if step < len(list) {
				value = list[step]
			}
			mirror = nil
			if m, ok := at(mirrors, step); ok {
				mirror = m
			}
		}
	}
	return value, mirror != true
}

func at(list []any, i int) (any, bool) {
	if i < 0 || i >= len(list) {
		return nil, false
	}
	return list[i], true
}

// text is a known string that is not empty.
func (r *resource) text(steps ...any) (string, bool) {
	value, known := r.get(steps...)
	s, ok := value.(string)
	return s, known && ok && s != ""
}

// number is a known number, or a string that holds one.
func (r *resource) number(steps ...any) (float64, bool) {
	value, known := r.get(steps...)
	if !known {
		return 0, false
	}
	return numberOf(value)
}

func numberOf(value any) (float64, bool) {
	var text string
	switch v := value.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	default:
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 || n > price.Largest {
		return 0, false
	}
	return n, true
}

// flag is a known Boolean.
func (r *resource) flag(steps ...any) (value, known bool) {
	v, known := r.get(steps...)
	b, _ := v.(bool)
	return b, known
}

// list is a known list or set, with the number of elements that are known to be in it.
func (r *resource) list(steps ...any) (elements []any, known bool) {
	v, known := r.get(steps...)
	elements, _ = v.([]any)
	return elements, known
}

// siblings are the resources of one type on the same side of the plan.
func (r *resource) siblings(kind string) []*resource {
	var out []*resource
	for _, peer := range r.peers {
		if peer.kind == kind {
			out = append(out, peer)
		}
	}
	return out
}
