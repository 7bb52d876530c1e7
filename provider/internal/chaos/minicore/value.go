package minicore

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Ref is a value taken from an attribute of another resource. In Terraform's JSON syntax it is "${type.name.attribute}".
type Ref struct{ Address, Attribute string }

// MarshalText writes the reference as Terraform's JSON syntax has it.
func (r Ref) MarshalText() ([]byte, error) {
	return []byte("${" + r.Address + "." + r.Attribute + "}"), nil
}

// values are what resources are known to be, by address.
type values map[string]tftypes.Value

// build turns a Go value of a configuration into a value of type t.
func (v values) build(in any, t tftypes.Type) (tftypes.Value, error) {
	switch in := in.(type) {
	case nil:
		return tftypes.NewValue(t, nil), nil
	case Ref:
		return v.resolve(in, t)
	case map[string]any:
		inner := map[string]tftypes.Value{}
		if object, ok := t.(tftypes.Object); ok {
			for name := range in {
				if object.AttributeTypes[name] == nil {
					return tftypes.Value{}, fmt.Errorf("there is no argument %q", name)
				}
			}
			for name, of := range object.AttributeTypes {
				value, err := v.build(in[name], of)
				if err != nil {
					return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
				}
				inner[name] = value
			}
			return tftypes.NewValue(t, inner), nil
		}
		of, ok := t.(tftypes.Map)
		if !ok {
			return tftypes.Value{}, fmt.Errorf("got a map, expected %s", t)
		}
		for name, element := range in {
			value, err := v.build(element, of.ElementType)
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
			}
			inner[name] = value
		}
		return tftypes.NewValue(t, inner), nil
	case []any:
		of, ok := t.(tftypes.List)
		if !ok {
			return tftypes.Value{}, fmt.Errorf("got a list, expected %s", t)
		}
		inner := []tftypes.Value{}
		for i, element := range in {
			value, err := v.build(element, of.ElementType)
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("[%d]: %w", i, err)
			}
			inner = append(inner, value)
		}
		return tftypes.NewValue(t, inner), nil
	}
	if err := tftypes.ValidateValue(t, in); err != nil {
		return tftypes.Value{}, err
	}
	return tftypes.NewValue(t, in), nil
}

func (v values) resolve(r Ref, t tftypes.Type) (tftypes.Value, error) {
	object, ok := v[r.Address]
	if !ok {
		return tftypes.Value{}, fmt.Errorf("%s refers to a resource that does not come before", r.Address)
	}
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		return tftypes.Value{}, err
	}
	value, ok := attributes[r.Attribute]
	switch {
	case !ok:
		return tftypes.Value{}, fmt.Errorf("%s has no attribute %q", r.Address, r.Attribute)
	case !value.IsKnown():
		return tftypes.NewValue(t, tftypes.UnknownValue), nil
	case value.IsNull():
		return tftypes.NewValue(t, nil), nil
	case !value.Type().UsableAs(t):
		return tftypes.Value{}, fmt.Errorf("%s.%s is %s, expected %s", r.Address, r.Attribute, value.Type(), t)
	}
	return value, nil
}

// proposed merges a configuration with what was before, as Terraform does before it asks for a plan: what the configuration
// leaves to the provider keeps its value.
func proposed(attributes []*tfprotov6.SchemaAttribute, t tftypes.Type, prior, config tftypes.Value) (tftypes.Value, error) {
	if !config.IsKnown() || config.IsNull() {
		return config, nil
	}
	var wanted, before map[string]tftypes.Value
	if err := config.As(&wanted); err != nil {
		return config, err
	}
	if prior.IsKnown() && !prior.IsNull() {
		if err := prior.As(&before); err != nil {
			return config, err
		}
	}
	merged := maps.Clone(wanted)
	for _, a := range attributes {
		old, known := before[a.Name]
		switch {
		case !known:
		case wanted[a.Name].IsNull() && a.Computed:
			merged[a.Name] = old
		case a.NestedType != nil && a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle:
			inner, err := proposed(a.NestedType.Attributes, a.ValueType(), old, wanted[a.Name])
			if err != nil {
				return config, fmt.Errorf("%s: %w", a.Name, err)
			}
			merged[a.Name] = inner
		}
	}
	return tftypes.NewValue(t, merged), nil
}

// conflicts lists where a value differs from what was announced; an announced unknown may become anything.
func conflicts(announced, got tftypes.Value, at string) []string {
	if !announced.IsKnown() || announced.Equal(got) {
		return nil
	}
	if announced.IsNull() || got.IsNull() || !got.IsKnown() {
		return []string{at}
	}
	var oldAttributes, newAttributes map[string]tftypes.Value
	if announced.As(&oldAttributes) == nil && got.As(&newAttributes) == nil {
		var found []string
		for _, name := range slices.Sorted(maps.Keys(oldAttributes)) {
			value, ok := newAttributes[name]
			if !ok {
				return append(found, at+"."+name)
			}
			found = append(found, conflicts(oldAttributes[name], value, at+"."+name)...)
		}
		if len(newAttributes) != len(oldAttributes) {
			found = append(found, at)
		}
		return found
	}
	var oldElements, newElements []tftypes.Value
	if announced.As(&oldElements) == nil && got.As(&newElements) == nil && len(oldElements) == len(newElements) {
		var found []string
		for i := range oldElements {
			found = append(found, conflicts(oldElements[i], newElements[i], fmt.Sprintf("%s[%d]", at, i))...)
		}
		return found
	}
	return []string{at}
}
