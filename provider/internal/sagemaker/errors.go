package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// notFoundMessage covers the ValidationExceptions with which SageMaker says "not found".
var notFoundMessage = regexp.MustCompile(`(?i)requested resource not found|could not find|does not exist|no such|cannot find|RecordNotFound|model package \S+ not found`)

var alreadyExistsMessage = regexp.MustCompile(`(?i)already exist`)

// busyMessage covers the ValidationExceptions with which SageMaker says "not now".
var busyMessage = regexp.MustCompile(`(?i)in-progress endpoint|is currently being|cannot be updated while|while it is in (creating|updating)|status is (creating|updating|systemupdating)`)

func code(err error) (string, string) {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode(), api.ErrorMessage()
	}
	return "", ""
}

func status(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) {
		return resp.HTTPStatusCode()
	}
	return 0
}

// IsNotFound reports whether the service says that the thing asked for is not there, in any of the ways it says so.
func IsNotFound(err error) bool {
	c, msg := code(err)
	switch c {
	case "ResourceNotFound", "ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "NotFound":
		return true
	case "ValidationException", "ValidationError":
		return notFoundMessage.MatchString(msg)
	}
	return c == "" && status(err) == http.StatusNotFound
}

// IsAlreadyExists reports whether a create was refused because the name is taken.
func IsAlreadyExists(err error) bool {
	c, msg := code(err)
	switch c {
	case "ResourceInUse", "ResourceInUseException", "BucketAlreadyOwnedByYou":
		return true
	case "ValidationException", "ConflictException":
		return alreadyExistsMessage.MatchString(msg)
	}
	return false
}

// IsConflict reports whether the service refused because something else is being done to the same thing; it may be tried again.
func IsConflict(err error) bool {
	c, msg := code(err)
	switch c {
	case "ConflictException", "ResourceInUse", "OperationAborted", "ConditionalRequestConflict":
		return true
	case "ValidationException":
		return busyMessage.MatchString(msg)
	}
	return status(err) == http.StatusConflict
}

// IsThrottling reports whether the request was refused for its rate.
func IsThrottling(err error) bool {
	c, msg := code(err)
	return slices.Contains([]string{"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
		"RequestLimitExceeded", "SlowDown", "RequestThrottled"}, c) || strings.Contains(msg, "Rate exceeded")
}

// IsPreconditionFailed reports whether a conditional write lost.
func IsPreconditionFailed(err error) bool {
	c, _ := code(err)
	return c == "PreconditionFailed" || status(err) == http.StatusPreconditionFailed
}

// IsAccessDenied reports whether the credentials lack a permission.
func IsAccessDenied(err error) bool {
	c, _ := code(err)
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"}, c)
}

// IsCancelled reports whether err comes from the caller's context and not from the service.
func IsCancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// IsUnanswered reports whether err says nothing about what was asked for, only that asking did not work: the call was refused,
// cut or interrupted.
func IsUnanswered(err error) bool {
	var call *smithy.OperationError
	return IsCancelled(err) || errors.As(err, &call)
}

var deniedAction = regexp.MustCompile(`not authorized to perform:? ([a-zA-Z0-9-]+:[a-zA-Z]+)(?: on resource:? "?([^\s",]+)"?)?`)

// Explain turns err into a sentence for a person: the message, and where the class of error has a known remedy, the remedy.
func Explain(err error) string {
	msg := err.Error()
	c, apiMsg := code(err)
	switch {
	case IsAccessDenied(err):
		if m := deniedAction.FindStringSubmatch(apiMsg); m != nil {
			res := m[2]
			if res == "" {
				res = "*"
			}
			return fmt.Sprintf("%s\n\nThe credentials lack %s. A policy statement that allows it:\n\n  {\"Effect\": \"Allow\", \"Action\": %q, \"Resource\": %q}",
				msg, m[1], m[1], res)
		}
		if op := operation(err); op != "" {
			return fmt.Sprintf("%s\n\nThe credentials lack %s. Add that action to the policy of the role Terraform runs with.", msg, op)
		}
		return msg + "\n\nThe credentials lack a permission for this call; add it to the policy of the role Terraform runs with."
	case slices.Contains([]string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"}, c):
		return msg + "\n\nThe credentials have expired. Sign in again (for example `aws sso login`) and run the same command; running jobs are adopted."
	case c == "ResourceLimitExceeded":
		return msg + "\n\nThe account's quota for this is used up. Stop what is not needed, choose another instance type, or ask for a higher quota in the Service Quotas console."
	case IsThrottling(err):
		return msg + "\n\nAWS went on throttling after every retry. Lower -parallelism or raise max_retries in the provider block."
	}
	return msg
}

// operation names the IAM action behind a failed SDK call.
func operation(err error) string {
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return ""
	}
	service := map[string]string{"SageMaker": "sagemaker", "SageMaker Runtime": "sagemaker", "S3": "s3", "STS": "sts", "CloudWatch Logs": "logs"}[op.Service()]
	if service == "" {
		return ""
	}
	name := op.Operation()
	if service == "s3" && name == "HeadObject" {
		name = "GetObject"
	}
	return service + ":" + name
}
