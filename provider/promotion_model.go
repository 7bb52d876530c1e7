package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
)

type promotionModel struct {
	ID                types.String `tfsdk:"id"`
	ModelPackageGroup types.String `tfsdk:"model_package_group"`
	Candidate         types.String `tfsdk:"candidate"`
	Evaluation        types.String `tfsdk:"evaluation"`
	Requirements      types.List   `tfsdk:"requirements"`
	Evidence          types.Object `tfsdk:"evidence"`
	Approval          types.Object `tfsdk:"approval"`
	OnRejection       types.String `tfsdk:"on_rejection"`
	OnPending         types.String `tfsdk:"on_pending"`
	DryRun            types.Bool   `tfsdk:"dry_run"`
	Reason            types.String `tfsdk:"reason"`
	Seed              types.Int64  `tfsdk:"seed"`

	Decision     types.String `tfsdk:"decision"`
	Status       types.String `tfsdk:"status"`
	Checks       types.List   `tfsdk:"checks"`
	Key          types.String `tfsdk:"key"`
	Replaces     types.String `tfsdk:"replaces"`
	Record       types.String `tfsdk:"record"`
	RecordSHA256 types.String `tfsdk:"record_sha256"`
	Serving      types.Object `tfsdk:"serving"`
}

type requirementModel struct {
	Metric            types.String  `tfsdk:"metric"`
	Min               types.Float64 `tfsdk:"min"`
	Max               types.Float64 `tfsdk:"max"`
	Confidence        types.Float64 `tfsdk:"confidence"`
	VersusChampion    types.Object  `tfsdk:"versus_champion"`
	Slice             types.Object  `tfsdk:"slice"`
	EachSlice         types.String  `tfsdk:"each_slice"`
	MaxGap            types.Float64 `tfsdk:"max_gap"`
	MinExamples       types.Int64   `tfsdk:"min_examples"`
	DecisionThreshold types.Float64 `tfsdk:"decision_threshold"`
	Severity          types.String  `tfsdk:"severity"`
}

type versusChampionModel struct {
	MinGain    types.Float64 `tfsdk:"min_gain"`
	MaxDrop    types.Float64 `tfsdk:"max_drop"`
	Relative   types.Bool    `tfsdk:"relative"`
	Confidence types.Float64 `tfsdk:"confidence"`
}

type sliceModel struct {
	Column types.String `tfsdk:"column"`
	Value  types.String `tfsdk:"value"`
}

type evidenceRulesModel struct {
	MinExamples             types.Int64   `tfsdk:"min_examples"`
	MaxAge                  types.String  `tfsdk:"max_age"`
	DatasetSHA256           types.String  `tfsdk:"dataset_sha256"`
	LeakageCheck            types.Bool    `tfsdk:"leakage_check"`
	MaxP95LatencyMS         types.Float64 `tfsdk:"max_p95_latency_ms"`
	MaxTrainingCostUSD      types.Float64 `tfsdk:"max_training_cost_usd"`
	TrainingPricePerHourUSD types.Float64 `tfsdk:"training_price_per_hour_usd"`
}

type approvalModel struct {
	Required            types.Bool   `tfsdk:"required"`
	DistinctFromTrainer types.Bool   `tfsdk:"distinct_from_trainer"`
	MinAge              types.String `tfsdk:"min_age"`
}

type checkModel struct {
	Requirement types.String  `tfsdk:"requirement"`
	Kind        types.String  `tfsdk:"kind"`
	Metric      types.String  `tfsdk:"metric"`
	Slice       types.String  `tfsdk:"slice"`
	Examples    types.Int64   `tfsdk:"examples"`
	Observed    types.Float64 `tfsdk:"observed"`
	Lower       types.Float64 `tfsdk:"lower"`
	Upper       types.Float64 `tfsdk:"upper"`
	Confidence  types.Float64 `tfsdk:"confidence"`
	Candidate   types.Float64 `tfsdk:"candidate"`
	Champion    types.Float64 `tfsdk:"champion"`
	Bound       types.String  `tfsdk:"bound"`
	Severity    types.String  `tfsdk:"severity"`
	Verdict     types.String  `tfsdk:"verdict"`
	Reason      types.String  `tfsdk:"reason"`
}

var (
	versusChampionTypes = map[string]attr.Type{"min_gain": types.Float64Type, "max_drop": types.Float64Type, "relative": types.BoolType, "confidence": types.Float64Type}
	sliceTypes          = map[string]attr.Type{"column": types.StringType, "value": types.StringType}
	requirementTypes    = map[string]attr.Type{
		"metric": types.StringType, "min": types.Float64Type, "max": types.Float64Type, "confidence": types.Float64Type,
		"versus_champion": types.ObjectType{AttrTypes: versusChampionTypes}, "slice": types.ObjectType{AttrTypes: sliceTypes},
		"each_slice": types.StringType, "max_gap": types.Float64Type, "min_examples": types.Int64Type,
		"decision_threshold": types.Float64Type, "severity": types.StringType,
	}
	evidenceRulesTypes = map[string]attr.Type{
		"min_examples": types.Int64Type, "max_age": types.StringType, "dataset_sha256": types.StringType, "leakage_check": types.BoolType,
		"max_p95_latency_ms": types.Float64Type, "max_training_cost_usd": types.Float64Type, "training_price_per_hour_usd": types.Float64Type,
	}
	approvalTypes = map[string]attr.Type{"required": types.BoolType, "distinct_from_trainer": types.BoolType, "min_age": types.StringType}
	checkTypes    = map[string]attr.Type{
		"requirement": types.StringType, "kind": types.StringType, "metric": types.StringType, "slice": types.StringType, "examples": types.Int64Type,
		"observed": types.Float64Type, "lower": types.Float64Type, "upper": types.Float64Type, "confidence": types.Float64Type,
		"candidate": types.Float64Type, "champion": types.Float64Type, "bound": types.StringType, "severity": types.StringType,
		"verdict": types.StringType, "reason": types.StringType,
	}
	checkListType = types.ObjectType{AttrTypes: checkTypes}
)

// requirement converts one requirement that is wholly known.
func (m requirementModel) requirement(ctx context.Context, diags *diag.Diagnostics) rules.Requirement {
	r := rules.Requirement{
		Metric: m.Metric.ValueString(), Min: m.Min.ValueFloat64Pointer(), Max: m.Max.ValueFloat64Pointer(),
		Confidence: m.Confidence.ValueFloat64Pointer(), EachSlice: m.EachSlice.ValueString(), MaxGap: m.MaxGap.ValueFloat64Pointer(),
		MinExamples: m.MinExamples.ValueInt64Pointer(), DecisionThreshold: m.DecisionThreshold.ValueFloat64Pointer(), Severity: rules.Severity(m.Severity.ValueString()),
	}
	if !m.VersusChampion.IsNull() {
		var v versusChampionModel
		diags.Append(m.VersusChampion.As(ctx, &v, basetypes.ObjectAsOptions{})...)
		r.VersusChampion = &rules.VersusChampion{MinGain: v.MinGain.ValueFloat64Pointer(), MaxDrop: v.MaxDrop.ValueFloat64Pointer(),
			Relative: v.Relative.ValueBool(), Confidence: v.Confidence.ValueFloat64Pointer()}
	}
	if !m.Slice.IsNull() {
		var s sliceModel
		diags.Append(m.Slice.As(ctx, &s, basetypes.ObjectAsOptions{})...)
		r.Slice = &rules.Slice{Column: s.Column.ValueString(), Value: s.Value.ValueString()}
	}
	return r
}

// requirementValue is the inverse of requirement, for import.
func requirementValue(ctx context.Context, r rules.Requirement, diags *diag.Diagnostics) requirementModel {
	m := requirementModel{
		Metric: types.StringValue(r.Metric), Min: types.Float64PointerValue(r.Min), Max: types.Float64PointerValue(r.Max),
		Confidence: types.Float64PointerValue(r.Confidence), EachSlice: optionalString(r.EachSlice), MaxGap: types.Float64PointerValue(r.MaxGap),
		MinExamples: types.Int64PointerValue(r.MinExamples), DecisionThreshold: types.Float64PointerValue(r.DecisionThreshold), Severity: optionalString(string(r.Severity)),
		VersusChampion: types.ObjectNull(versusChampionTypes), Slice: types.ObjectNull(sliceTypes),
	}
	if v := r.VersusChampion; v != nil {
		relative := types.BoolNull()
		if v.Relative {
			relative = types.BoolValue(true)
		}
		o, d := types.ObjectValueFrom(ctx, versusChampionTypes, versusChampionModel{types.Float64PointerValue(v.MinGain),
			types.Float64PointerValue(v.MaxDrop), relative, types.Float64PointerValue(v.Confidence)})
		diags.Append(d...)
		m.VersusChampion = o
	}
	if s := r.Slice; s != nil {
		o, d := types.ObjectValueFrom(ctx, sliceTypes, sliceModel{types.StringValue(s.Column), types.StringValue(s.Value)})
		diags.Append(d...)
		m.Slice = o
	}
	return m
}

func (m evidenceRulesModel) rules() rules.Evidence {
	return rules.Evidence{
		MinExamples: m.MinExamples.ValueInt64Pointer(), MaxAge: durationPointer(m.MaxAge), DatasetSHA256: m.DatasetSHA256.ValueString(),
		Leakage: m.LeakageCheck.ValueBoolPointer(), MaxP95LatencyMS: m.MaxP95LatencyMS.ValueFloat64Pointer(),
		MaxTrainingCostUSD: m.MaxTrainingCostUSD.ValueFloat64Pointer(), TrainingPricePerHourUSD: m.TrainingPricePerHourUSD.ValueFloat64Pointer(),
	}
}

func (m approvalModel) rules() gate.ApprovalRules {
	return gate.ApprovalRules{Required: m.Required.ValueBool(), DistinctFromTrainer: m.DistinctFromTrainer.ValueBool(), MinAge: durationPointer(m.MinAge)}
}

// durationPointer reads a validated duration; nil when there is none.
func durationPointer(v types.String) *time.Duration {
	d, err := time.ParseDuration(v.ValueString())
	if err != nil {
		return nil
	}
	return &d
}

// request converts a wholly known configuration.
func (m *promotionModel) request(ctx context.Context, diags *diag.Diagnostics) decision.Request {
	r := decision.Request{
		Group: m.ModelPackageGroup.ValueString(), Candidate: m.Candidate.ValueString(), Evaluation: m.Evaluation.ValueString(),
		Seed: m.Seed.ValueInt64(), DryRun: m.DryRun.ValueBool(), Reason: m.Reason.ValueString(),
	}
	var requirements []requirementModel
	diags.Append(m.Requirements.ElementsAs(ctx, &requirements, false)...)
	for _, q := range requirements {
		r.Requirements = append(r.Requirements, q.requirement(ctx, diags))
	}
	if !m.Evidence.IsNull() {
		var e evidenceRulesModel
		diags.Append(m.Evidence.As(ctx, &e, basetypes.ObjectAsOptions{})...)
		r.Evidence = e.rules()
	}
	if !m.Approval.IsNull() {
		var a approvalModel
		diags.Append(m.Approval.As(ctx, &a, basetypes.ObjectAsOptions{})...)
		r.Approval = a.rules()
	}
	return r
}

// sameRequest says whether two configurations ask for the same decision. It compares what the gate sees: numbers that went through
// state have another precision than numbers of a configuration.
func (m *promotionModel) sameRequest(ctx context.Context, o *promotionModel) bool {
	var diags diag.Diagnostics
	a, b := m.request(ctx, &diags), o.request(ctx, &diags)
	a.Reason, b.Reason = "", "" // said about a decision, not part of it
	return !diags.HasError() && reflect.DeepEqual(a, b)
}

// sameChecks compares the checks of a plan or state with those of a ruling.
func sameChecks(ctx context.Context, list types.List, checks []gate.Check, diags *diag.Diagnostics) bool {
	var rows []checkModel
	diags.Append(list.ElementsAs(ctx, &rows, false)...)
	return slices.EqualFunc(rows, checks, func(m checkModel, c gate.Check) bool { return m.check(c).Equal(c) })
}

// check is the inverse of a row of checksValue; the index, which state does not hold, is taken from like.
func (m checkModel) check(like gate.Check) gate.Check {
	return gate.Check{
		Requirement: m.Requirement.ValueString(), Kind: m.Kind.ValueString(), Index: like.Index, Metric: m.Metric.ValueString(), Slice: m.Slice.ValueString(),
		Examples: m.Examples.ValueInt64(), Observed: m.Observed.ValueFloat64Pointer(), Lower: m.Lower.ValueFloat64Pointer(), Upper: m.Upper.ValueFloat64Pointer(),
		Confidence: m.Confidence.ValueFloat64Pointer(), Candidate: m.Candidate.ValueFloat64Pointer(), Champion: m.Champion.ValueFloat64Pointer(),
		Bound: m.Bound.ValueString(), Severity: rules.Severity(m.Severity.ValueString()), Verdict: gate.Verdict(m.Verdict.ValueString()), Reason: m.Reason.ValueString(),
	}
}

// checksValue converts checks for a plan or state.
func checksValue(ctx context.Context, checks []gate.Check, diags *diag.Diagnostics) types.List {
	list, d := types.ListValueFrom(ctx, checkListType, checkModels(checks))
	diags.Append(d...)
	return list
}

func checkModels(checks []gate.Check) []checkModel {
	rows := make([]checkModel, 0, len(checks))
	for _, c := range checks {
		row := checkModel{
			Requirement: types.StringValue(c.Requirement), Kind: types.StringValue(c.Kind), Metric: types.StringValue(c.Metric), Slice: types.StringValue(c.Slice),
			Examples: types.Int64Null(), Observed: types.Float64PointerValue(c.Observed), Lower: types.Float64PointerValue(c.Lower),
			Upper: types.Float64PointerValue(c.Upper), Confidence: types.Float64PointerValue(c.Confidence), Candidate: types.Float64PointerValue(c.Candidate),
			Champion: types.Float64PointerValue(c.Champion), Bound: types.StringValue(c.Bound), Severity: types.StringValue(string(c.Severity)),
			Verdict: types.StringValue(string(c.Verdict)), Reason: types.StringValue(c.Reason),
		}
		if c.Examples > 0 {
			row.Examples = types.Int64Value(c.Examples)
		}
		rows = append(rows, row)
	}
	return rows
}

// servingOf is what a group serves now; nil without a valid champion.
func servingOf(c *decision.Champion) *servingModel {
	if !c.Valid() {
		return nil
	}
	return servingBy(c.Record)
}

// servingBy is what a decision lets serve.
func servingBy(r *decision.StoredRecord) *servingModel {
	return &servingModel{
		ModelPackageGroup: types.StringValue(r.ModelPackageGroup), ModelPackageARN: types.StringValue(r.ModelPackageARN), Version: types.Int64Value(int64(r.Version)),
		Image: types.StringValue(r.Image), ArtifactURI: types.StringValue(r.ArtifactURI), ArtifactSHA256: types.StringValue(r.ArtifactSHA256),
		DecisionURI: types.StringValue(r.File.URI), DecisionSHA256: types.StringValue(r.File.SHA256),
	}
}

// fieldPath is the attribute a mistake is in.
func fieldPath(root string, e rules.FieldError) path.Path {
	p := path.Root(root)
	if e.Index >= 0 {
		p = p.AtListIndex(e.Index)
	}
	for _, step := range splitPath(e.Field) {
		p = p.AtName(step)
	}
	return p
}

// firstUnknown names the first argument a decision has to wait for, "" when all are known.
func (m *promotionModel) firstUnknown(ctx context.Context) string {
	for _, a := range []struct {
		name  string
		value attr.Value
	}{
		{"model_package_group", m.ModelPackageGroup}, {"candidate", m.Candidate}, {"evaluation", m.Evaluation}, {"requirements", m.Requirements},
		{"evidence", m.Evidence}, {"approval", m.Approval}, {"dry_run", m.DryRun}, {"seed", m.Seed}, {"reason", m.Reason},
		{"on_rejection", m.OnRejection}, {"on_pending", m.OnPending},
	} {
		if inner := unknownIn(ctx, a.name, a.value); inner != "" {
			return inner
		}
	}
	return ""
}

// unknownIn finds the unknown value inside a value and names it: "requirements[2].min".
func unknownIn(ctx context.Context, name string, v attr.Value) string {
	if v.IsUnknown() {
		return name
	}
	switch v := v.(type) {
	case types.List:
		for i, e := range v.Elements() {
			if inner := unknownIn(ctx, fmt.Sprintf("%s[%d]", name, i), e); inner != "" {
				return inner
			}
		}
	case types.Object:
		if v.IsNull() {
			return "" // it has types, but no attributes
		}
		types := v.AttributeTypes(ctx)
		for _, key := range sortedKeys(types) {
			if inner := unknownIn(ctx, name+"."+key, v.Attributes()[key]); inner != "" {
				return inner
			}
		}
	}
	return ""
}

// durationOf is the text of an optional duration, as a person would write it.
func durationOf(d *time.Duration) types.String {
	if d == nil {
		return types.StringNull()
	}
	return durationValue(int32(*d / time.Second))
}
