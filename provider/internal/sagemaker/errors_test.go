package sagemaker

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func apiError(code, message string) error {
	return fmt.Errorf("doing something: %w", &smithy.OperationError{ServiceID: "SageMaker", OperationName: "CreateTrainingJob",
		Err: &smithy.GenericAPIError{Code: code, Message: message}})
}

func TestErrorClasses(t *testing.T) {
	bare404 := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusNotFound}}, Err: errors.New("no body")}
	for _, tc := range []struct {
		err   error
		class string
	}{
		{apiError("ValidationException", "Requested resource not found."), "not found"},
		{apiError("ValidationException", `Could not find endpoint "arn:aws:sagemaker:eu-west-1:000000000000:endpoint/x".`), "not found"},
		{apiError("ValidationException", "ModelPackageGroup arn:x does not exist."), "not found"},
		{apiError("ResourceNotFound", "gone"), "not found"},
		{apiError("NoSuchKey", "The specified key does not exist."), "not found"},
		{bare404, "not found"},
		{apiError("ValidationException", "1 validation error detected: Value at 'x' failed"), ""},
		{apiError("ResourceInUse", "a training job with this name already exists"), "exists"},
		{apiError("ValidationException", `Cannot create already existing endpoint "arn:x".`), "exists"},
		{apiError("ValidationException", "Model Package Group already exists: arn:x"), "exists"},
		{apiError("ConflictException", "try again"), "conflict"},
		{apiError("ValidationException", `Cannot update in-progress endpoint "arn:x".`), "conflict"},
		{apiError("ConditionalRequestConflict", "409"), "conflict"},
		{apiError("ThrottlingException", "Rate exceeded"), "throttled"},
		{apiError("SlowDown", "Please reduce your request rate."), "throttled"},
		{apiError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold"), "precondition"},
		{apiError("AccessDeniedException", "no"), "denied"},
		{errors.New("something else"), ""},
	} {
		got := ""
		switch {
		case IsNotFound(tc.err):
			got = "not found"
		case IsAlreadyExists(tc.err):
			got = "exists"
		case IsConflict(tc.err):
			got = "conflict"
		case IsThrottling(tc.err):
			got = "throttled"
		case IsPreconditionFailed(tc.err):
			got = "precondition"
		case IsAccessDenied(tc.err):
			got = "denied"
		}
		if got != tc.class {
			t.Errorf("%v is %q, want %q", tc.err, got, tc.class)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, tc := range []struct{ code, message, want string }{
		{"AccessDeniedException", "User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: sagemaker:CreateTrainingJob on resource: arn:aws:sagemaker:eu-west-1:1:training-job/t because no identity-based policy allows it",
			`{"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": "arn:aws:sagemaker:eu-west-1:1:training-job/t"}`},
		{"AccessDenied", "Access Denied", "The credentials lack sagemaker:CreateTrainingJob."},
		{"ExpiredTokenException", "The security token included in the request is expired", "Sign in again"},
		{"ResourceLimitExceeded", "The account-level service limit is 0 Instances", "Service Quotas"},
		{"ThrottlingException", "Rate exceeded", "raise max_retries"},
	} {
		if got := Explain(apiError(tc.code, tc.message)); !strings.Contains(got, tc.want) || !strings.Contains(got, tc.message) {
			t.Errorf("%s: %q, want it to hold %q and the message", tc.code, got, tc.want)
		}
	}
}
