package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"
)

func TestResponseStream(t *testing.T) {
	s := newSuite(t)
	gate := filepath.Join(t.TempDir(), "go on")
	_, err := s.CreateModel(s.ctx, &sagemaker.CreateModelInput{
		ModelName: aws.String("m"), ExecutionRoleArn: aws.String(roleARN),
		PrimaryContainer: &smtypes.ContainerDefinition{Image: aws.String("good"), Environment: map[string]string{"GATE": gate}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateEndpointConfig(s.ctx, configOf("c", "m")); err != nil {
		t.Fatal(err)
	}
	s.endpoint("streamed", "c")
	open := func(body string) *sagemakerruntime.InvokeEndpointWithResponseStreamOutput {
		t.Helper()
		out, err := s.runtime.InvokeEndpointWithResponseStream(s.ctx, &sagemakerruntime.InvokeEndpointWithResponseStreamInput{
			EndpointName: aws.String("streamed"), Body: []byte(body), ContentType: aws.String("text/csv"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if aws.ToString(out.ContentType) != "text/plain" || aws.ToString(out.InvokedProductionVariant) != "main" {
			t.Errorf("content type %q, variant %q", aws.ToString(out.ContentType), aws.ToString(out.InvokedProductionVariant))
		}
		return out
	}
	var parts []string
	stream := open("slowly").GetStream()
	for event := range stream.Events() {
		part, ok := event.(*types.ResponseStreamMemberPayloadPart)
		if !ok {
			t.Fatalf("got a %T", event)
		}
		parts = append(parts, string(part.Value.Bytes))
		// The container waits for this file: its first part came before its second was written.
		if err := os.WriteFile(gate, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil || len(parts) != 2 || parts[0] != "first " || parts[1] != "second" {
		t.Errorf("parts %q, error %v", parts, err)
	}

	stream = open("broken off").GetStream()
	for range stream.Events() {
	}
	var broken *types.ModelStreamError
	if err := stream.Err(); !errors.As(err, &broken) || aws.ToString(broken.ErrorCode_) != "StreamBroken" {
		t.Errorf("a broken stream gave %v, want ModelStreamError StreamBroken", err)
	}

	_, err = s.runtime.InvokeEndpointWithResponseStream(s.ctx, &sagemakerruntime.InvokeEndpointWithResponseStreamInput{
		EndpointName: aws.String("absent"), Body: []byte("x"),
	})
	wantError(t, err, "ValidationError", "Endpoint absent of account 000000000000 not found.")
	_, err = s.runtime.InvokeEndpoint(s.ctx, &sagemakerruntime.InvokeEndpointInput{
		EndpointName: aws.String("streamed"), Body: []byte("x"), InferenceComponentName: aws.String("part"),
	})
	wantError(t, err, "ValidationError", "Inference Component Name header is not allowed")
}
