// Package plan decodes the JSON that `terraform show -json` writes for a plan or a state. Input: the document.
// Output: resource instances with planned values and what is unknown or sensitive in them; package eval makes the same
// resources of them that it makes of sources.
package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// MaxSize is the largest document that is read.
const MaxSize = 256 << 20

// Plan is a decoded document.
type Plan struct {
	// Name is the file as shown, "-" for standard input; Dir is where the sources are looked for.
	Name, Dir string
	// TerraformVersion wrote the document.
	TerraformVersion string
	// Resources are the planned instances (data sources as last read), sorted by module and address.
	Resources []*Resource
	// Providers are the constant parts of the provider configurations, by key.
	Providers map[string]*Provider
	// Variables are the values of the root module's variables.
	Variables map[string]any
}

// Resource is one instance. Values hold nil, bool, json.Number, string, []any and map[string]any.
type Resource struct {
	Address, Module, Mode, Type, Name string
	Index                             any // nil, json.Number or string
	Values                            map[string]any
	// Unknown and Sensitive mirror Values: true where the value is unknown or sensitive as a whole.
	Unknown, Sensitive any
	ProviderKey        string
}

// Provider is a provider configuration.
type Provider struct {
	Name, Alias, Module string
	// Expressions hold {"constant_value": v} or {"references": [...]} by argument; nested blocks are lists of the same.
	Expressions map[string]any
}

type document struct {
	FormatVersion    string                         `json:"format_version"`
	TerraformVersion string                         `json:"terraform_version"`
	Variables        map[string]struct{ Value any } `json:"variables"`
	PlannedValues    *values                        `json:"planned_values"`
	Values           *values                        `json:"values"`
	PriorState       *struct{ Values *values }      `json:"prior_state"`
	ResourceChanges  []change                       `json:"resource_changes"`
	Configuration    *struct {
		ProviderConfig map[string]providerConfig `json:"provider_config"`
		RootModule     *configModule             `json:"root_module"`
	} `json:"configuration"`
}

type values struct {
	RootModule *moduleValues `json:"root_module"`
}

type moduleValues struct {
	Address      string          `json:"address"`
	Resources    []valueResource `json:"resources"`
	ChildModules []*moduleValues `json:"child_modules"`
}

type valueResource struct {
	Address, Mode, Type, Name string
	Index                     any            `json:"index"`
	Values                    map[string]any `json:"values"`
	SensitiveValues           any            `json:"sensitive_values"`
}

type change struct {
	Address string
	Change  struct {
		AfterUnknown any `json:"after_unknown"`
	}
}

type providerConfig struct {
	Name          string         `json:"name"`
	Alias         string         `json:"alias"`
	ModuleAddress string         `json:"module_address"`
	Expressions   map[string]any `json:"expressions"`
}

type configModule struct {
	Resources []struct {
		Address           string `json:"address"`
		ProviderConfigKey string `json:"provider_config_key"`
	} `json:"resources"`
	ModuleCalls map[string]struct {
		Module *configModule `json:"module"`
	} `json:"module_calls"`
}

// Decode reads a document.
func Decode(name, dir string, text []byte) (*Plan, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("plan %s: %d bytes, the limit is %d", name, len(text), MaxSize)
	}
	var doc document
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("plan %s: %w", name, err)
	}
	if doc.FormatVersion == "" {
		return nil, fmt.Errorf("plan %s: no format_version; give the output of `terraform show -json PLAN`", name)
	}
	p := &Plan{Name: name, Dir: dir, TerraformVersion: doc.TerraformVersion, Providers: map[string]*Provider{}, Variables: map[string]any{}}
	root := doc.PlannedValues
	if root == nil {
		root = doc.Values
	}
	if root == nil {
		return nil, fmt.Errorf("plan %s: neither planned_values nor values; give the output of `terraform show -json PLAN`", name)
	}
	for k, v := range doc.Variables {
		p.Variables[k] = v.Value
	}
	keys := map[string]string{}
	if c := doc.Configuration; c != nil {
		for k, pc := range c.ProviderConfig {
			p.Providers[k] = &Provider{Name: pc.Name, Alias: pc.Alias, Module: pc.ModuleAddress, Expressions: pc.Expressions}
		}
		if err := providerKeys(keys, "", c.RootModule, 0); err != nil {
			return nil, fmt.Errorf("plan %s: %w", name, err)
		}
	}
	unknown := map[string]any{}
	for _, ch := range doc.ResourceChanges {
		unknown[ch.Address] = ch.Change.AfterUnknown
	}
	seen := map[string]bool{}
	add := func(m string, r valueResource) {
		if seen[r.Address] {
			return
		}
		seen[r.Address] = true
		p.Resources = append(p.Resources, &Resource{Address: r.Address, Module: m, Mode: r.Mode, Type: r.Type, Name: r.Name, Index: r.Index,
			Values: r.Values, Unknown: unknown[r.Address], Sensitive: r.SensitiveValues, ProviderKey: keys[WithoutKeys(r.Address)]})
	}
	if err := walk(root.RootModule, add, 0); err != nil {
		return nil, fmt.Errorf("plan %s: %w", name, err)
	}
	if doc.PriorState != nil && doc.PriorState.Values != nil {
		err := walk(doc.PriorState.Values.RootModule, func(m string, r valueResource) {
			if r.Mode == "data" {
				add(m, r)
			}
		}, 0)
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", name, err)
		}
	}
	sort.SliceStable(p.Resources, func(i, j int) bool {
		a, b := p.Resources[i], p.Resources[j]
		if a.Module != b.Module {
			return a.Module < b.Module
		}
		return a.Address < b.Address
	})
	return p, nil
}

var errTooDeep = errors.New("modules nest deeper than 100 levels")

func walk(m *moduleValues, add func(string, valueResource), depth int) error {
	if m == nil {
		return nil
	}
	if depth > 100 {
		return errTooDeep
	}
	for _, r := range m.Resources {
		add(m.Address, r)
	}
	for _, c := range m.ChildModules {
		if err := walk(c, add, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func providerKeys(keys map[string]string, prefix string, m *configModule, depth int) error {
	if m == nil {
		return nil
	}
	if depth > 100 {
		return errTooDeep
	}
	for _, r := range m.Resources {
		keys[prefix+r.Address] = r.ProviderConfigKey
	}
	for name, c := range m.ModuleCalls {
		if err := providerKeys(keys, prefix+"module."+name+".", c.Module, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// WithoutKeys removes instance keys from an address, quoted ones with brackets inside included.
func WithoutKeys(address string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(address); i++ {
		c := address[i]
		switch {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
			continue
		case c == ']':
			depth--
			continue
		}
		if depth == 0 {
			b.WriteByte(c)
		}
	}
	return b.String()
}
