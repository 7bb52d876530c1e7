package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
)

// TestWantedAndPresentCapacity holds new processes back, to see what an endpoint says of itself
// while it is created and while it scales, and that a restart carries the change out.
func TestWantedAndPresentCapacity(t *testing.T) {
	s := newSuite(t)
	gate := filepath.Join(t.TempDir(), "go on")
	if _, err := s.CreateModel(s.ctx, &sagemaker.CreateModelInput{
		ModelName: aws.String("m"), ExecutionRoleArn: aws.String(roleARN),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("gated"), Environment: map[string]string{"GATE": gate}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateEndpointConfig(s.ctx, configOf("c", "m")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateEndpoint(s.ctx, &sagemaker.CreateEndpointInput{EndpointName: aws.String("e"), EndpointConfigName: aws.String("c")}); err != nil {
		t.Fatal(err)
	}
	want := func(status types.EndpointStatus, wantedWeight, weight float32, wantedCount, count int32) types.ProductionVariantSummary {
		t.Helper()
		out := s.describe("e")
		if out.EndpointStatus != status || len(out.ProductionVariants) != 1 {
			t.Fatalf("%s with %d variants, want %s with one: %s", out.EndpointStatus, len(out.ProductionVariants), status, aws.ToString(out.FailureReason))
		}
		v := out.ProductionVariants[0]
		if aws.ToFloat32(v.DesiredWeight) != wantedWeight || aws.ToFloat32(v.CurrentWeight) != weight ||
			aws.ToInt32(v.DesiredInstanceCount) != wantedCount || aws.ToInt32(v.CurrentInstanceCount) != count {
			t.Errorf("weight %v of %v, instances %v of %v; want %v of %v, %v of %v", aws.ToFloat32(v.CurrentWeight), aws.ToFloat32(v.DesiredWeight),
				aws.ToInt32(v.CurrentInstanceCount), aws.ToInt32(v.DesiredInstanceCount), weight, wantedWeight, count, wantedCount)
		}
		return v
	}
	v := want(types.EndpointStatusCreating, 1, 1, 1, 0)
	if len(v.VariantStatus) != 1 || v.VariantStatus[0].Status != types.VariantStatusCreating || v.VariantStatus[0].StartTime == nil {
		t.Errorf("variant status %+v, want Creating", v.VariantStatus)
	}
	open := func() {
		t.Helper()
		if err := os.WriteFile(gate, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scale := func(weight float32, count int32) {
		t.Helper()
		if _, err := s.UpdateEndpointWeightsAndCapacities(s.ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
			EndpointName:                aws.String("e"),
			DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("main"), DesiredWeight: &weight, DesiredInstanceCount: &count}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	open()
	s.inService("e")
	want(types.EndpointStatusInService, 1, 1, 1, 1)

	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	scale(0.5, 3)
	want(types.EndpointStatusUpdating, 0.5, 1, 3, 1)
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	open()
	s.open()
	s.wantAnswer("e", "x", ":x")
	s.inService("e")
	want(types.EndpointStatusInService, 0.5, 0.5, 3, 3)

	scale(0.5, 1)
	s.inService("e")
	want(types.EndpointStatusInService, 0.5, 0.5, 1, 1)
}

// TestSeveralVariants sends invocations to two variants by weight and by name.
func TestSeveralVariants(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.model("green", "good", "green ")
	config := configOf("both", "blue")
	second := configOf("both", "green").ProductionVariants[0]
	second.VariantName = aws.String("spare")
	second.InitialVariantWeight, config.ProductionVariants[0].InitialVariantWeight = aws.Float32(1), aws.Float32(3)
	config.ProductionVariants = append(config.ProductionVariants, second)
	if _, err := s.CreateEndpointConfig(s.ctx, config); err != nil {
		t.Fatal(err)
	}
	s.endpoint("e", "both")
	invoke := func(target *string) *sagemakerruntime.InvokeEndpointOutput {
		t.Helper()
		out, err := s.runtime.InvokeEndpoint(s.ctx, &sagemakerruntime.InvokeEndpointInput{
			EndpointName: aws.String("e"), Body: []byte("x"), TargetVariant: target,
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"main": "blue :x", "spare": "green :x"}[aws.ToString(out.InvokedProductionVariant)]
		if string(out.Body) != want {
			t.Fatalf("variant %s answered %q, want %q", aws.ToString(out.InvokedProductionVariant), out.Body, want)
		}
		return out
	}
	counts := map[string]int{}
	for range 400 {
		counts[*invoke(nil).InvokedProductionVariant]++
	}
	// 300 are expected; 6 standard deviations are 52.
	if counts["main"] < 248 || counts["main"] > 352 {
		t.Errorf("of 400 invocations by weight 3 and 1: %v", counts)
	}
	for _, name := range []string{"main", "spare"} {
		if got := *invoke(&name).InvokedProductionVariant; got != name {
			t.Errorf("asked for %s, got %s", name, got)
		}
	}
}
