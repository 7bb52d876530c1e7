package provider

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

var _ function.Function = (*gateFunction)(nil)

func newGateFunction() function.Function { return &gateFunction{} }

type gateFunction struct{}

func (f *gateFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "gate"
}

var gateResultTypes = map[string]attr.Type{
	"decision": types.StringType, "approved": types.BoolType, "table": types.StringType, "checks": types.ListType{ElemType: checkListType},
}

func (f *gateFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "What the gate would say about some metrics",
		MarkdownDescription: "Decides on `metrics` by `requirements`, written as in `titanicml_promotion` and checked in the same way, and returns an object with `decision` (`approved` or `rejected`), `approved`, `checks` and a readable `table`. " +
			"It has numbers and no predictions, so a requirement with `confidence`, a slice, `max_gap` or `min_examples` fails, saying that it needs predictions; `versus_champion` is recorded as `first_promotion`. " +
			"For `terraform test` and for thresholds kept in a variable: `provider::titanicml::gate({ accuracy = 0.81 }, var.requirements).approved`.",
		Parameters: []function.Parameter{
			function.MapParameter{Name: "metrics", ElementType: types.Float64Type, MarkdownDescription: "Metrics by name."},
			function.DynamicParameter{Name: "requirements", MarkdownDescription: "List of requirements."},
		},
		Return: function.ObjectReturn{AttributeTypes: gateResultTypes},
	}
}

func (f *gateFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var metrics map[string]float64
	var dynamic types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &metrics, &dynamic); resp.Error != nil {
		return
	}
	requirements, err := requirementsFrom(dynamic.UnderlyingValue())
	if err == nil {
		var errs []error
		for _, e := range rules.ValidateRequirements(requirements) {
			errs = append(errs, e)
		}
		err = errors.Join(errs...)
	}
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	report := &evidence.Report{Metrics: map[string]evidence.Value{}}
	for name, v := range metrics {
		report.Metrics[name] = evidence.Value{Number: v}
	}
	d := gate.Decide(requirements, rules.Evidence{}, gate.Evidence{Candidate: gate.ModelEvidence{Report: report}}, gate.Settings{})
	var result struct {
		Decision types.String `tfsdk:"decision"`
		Approved types.Bool   `tfsdk:"approved"`
		Table    types.String `tfsdk:"table"`
		Checks   types.List   `tfsdk:"checks"`
	}
	result.Decision, result.Approved = types.StringValue(string(d.Outcome)), types.BoolValue(d.Outcome == gate.Approved)
	result.Table = types.StringValue(gate.Table(d.Checks))
	checks, diags := types.ListValueFrom(ctx, checkListType, checkModels(d.Checks))
	resp.Error = function.FuncErrorFromDiags(ctx, diags)
	result.Checks = checks
	if resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, result)
	}
}

// requirementsFrom reads requirements of any shape a person may write: a list or tuple of objects or maps, with fields left out.
func requirementsFrom(v attr.Value) ([]rules.Requirement, error) {
	elements, ok := elementsOf(v)
	if !ok {
		return nil, fmt.Errorf("requirements: a list of objects is expected, such as [{ metric = \"accuracy\", min = 0.78 }]")
	}
	if len(elements) == 0 {
		return nil, errors.New("requirements: the list is empty; at least one requirement is expected")
	}
	var out []rules.Requirement
	var errs []error
	for i, e := range elements {
		r := fields{place: fmt.Sprintf("requirements[%d]", i), values: attributesOf(e), errs: &errs}
		if r.values == nil {
			r.fail("", "an object is expected")
			continue
		}
		out = append(out, r.requirement())
	}
	return out, errors.Join(errs...)
}

// fields reads the attributes of one object and gathers what is wrong with them.
type fields struct {
	place  string
	values map[string]attr.Value
	errs   *[]error
}

func (f fields) fail(name, message string) {
	place := f.place
	if name != "" {
		place += "." + name
	}
	*f.errs = append(*f.errs, fmt.Errorf("%s: %s", place, message))
}

func (f fields) requirement() rules.Requirement {
	r := rules.Requirement{
		Metric: f.text("metric"), Min: f.number("min"), Max: f.number("max"), Confidence: f.number("confidence"), EachSlice: f.text("each_slice"),
		MaxGap: f.number("max_gap"), MinExamples: f.integer("min_examples"), DecisionThreshold: f.number("decision_threshold"), Severity: rules.Severity(f.text("severity")),
	}
	if v := f.object("versus_champion"); v != nil {
		r.VersusChampion = &rules.VersusChampion{MinGain: v.number("min_gain"), MaxDrop: v.number("max_drop"), Relative: v.boolean("relative"), Confidence: v.number("confidence")}
		v.only("min_gain", "max_drop", "relative", "confidence")
	}
	if s := f.object("slice"); s != nil {
		r.Slice = &rules.Slice{Column: s.text("column"), Value: s.text("value")}
		s.only("column", "value")
	}
	f.only(sortedKeys(requirementTypes)...)
	return r
}

// only refuses other attributes, which would otherwise be ignored.
func (f fields) only(names ...string) {
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	for name := range f.values {
		if !known[name] {
			f.fail(name, "there is no such field; expected "+strings.Join(names, ", "))
		}
	}
}

func (f fields) value(name string) attr.Value {
	v := f.values[name]
	if d, ok := v.(types.Dynamic); ok {
		v = d.UnderlyingValue()
	}
	if v == nil || v.IsNull() {
		return nil
	}
	return v
}

func (f fields) text(name string) string {
	switch v := f.value(name).(type) {
	case nil:
		return ""
	case types.String:
		return v.ValueString()
	case types.Number:
		return v.ValueBigFloat().Text('f', -1) // slice = { column = "pclass", value = 3 }
	}
	f.fail(name, "a string is expected")
	return ""
}

func (f fields) number(name string) *float64 {
	switch v := f.value(name).(type) {
	case nil:
		return nil
	case types.Number:
		n, _ := v.ValueBigFloat().Float64()
		return &n
	case types.Float64:
		return v.ValueFloat64Pointer()
	case types.String: // a map of mixed values turns numbers into strings
		if n, _, err := big.ParseFloat(v.ValueString(), 10, 53, big.ToNearestEven); err == nil {
			x, _ := n.Float64()
			return &x
		}
	}
	f.fail(name, "a number is expected")
	return nil
}

func (f fields) integer(name string) *int64 {
	n := f.number(name)
	if n == nil {
		return nil
	}
	i := int64(*n)
	if float64(i) != *n {
		f.fail(name, "a whole number is expected")
	}
	return &i
}

func (f fields) boolean(name string) bool {
	switch v := f.value(name).(type) {
	case nil:
		return false
	case types.Bool:
		return v.ValueBool()
	}
	f.fail(name, "true or false is expected")
	return false
}

func (f fields) object(name string) *fields {
	v := f.value(name)
	if v == nil {
		return nil
	}
	inner := &fields{place: f.place + "." + name, values: attributesOf(v), errs: f.errs}
	if inner.values == nil {
		f.fail(name, "an object is expected")
		return nil
	}
	return inner
}

func attributesOf(v attr.Value) map[string]attr.Value {
	switch v := v.(type) {
	case basetypes.ObjectValue:
		return v.Attributes()
	case basetypes.MapValue:
		return v.Elements()
	case basetypes.DynamicValue:
		return attributesOf(v.UnderlyingValue())
	}
	return nil
}

func elementsOf(v attr.Value) ([]attr.Value, bool) {
	switch v := v.(type) {
	case basetypes.ListValue:
		return v.Elements(), true
	case basetypes.TupleValue:
		return v.Elements(), true
	case basetypes.SetValue:
		return v.Elements(), true
	case basetypes.DynamicValue:
		return elementsOf(v.UnderlyingValue())
	}
	return nil, false
}
