package s3api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// largestForm is S3's limit of one upload, 5 GiB.
const largestForm = 5 << 30

// unconditioned are the fields of a form that its policy need not speak of.
var unconditioned = []string{"awsaccesskeyid", "signature", "x-amz-signature", "file", "policy"}

// formPolicy applies a form's policy to its fields, and returns what it says of the file's size.
func (h *server) formPolicy(bucket string, fields map[string]string) (sizes, error) {
	allowed := sizes{0, largestForm}
	if fields["policy"] == "" { // an upload of nobody's
		return allowed, wire.ErrAnonymous
	}
	if fields["x-amz-credential"] == "" && fields["awsaccesskeyid"] == "" {
		return allowed, missingField("AWSAccessKeyId")
	}
	if fields["x-amz-signature"] == "" && fields["signature"] == "" {
		return allowed, missingField("Signature")
	}
	raw, err := base64.StdEncoding.DecodeString(fields["policy"])
	var policy map[string]any // not a struct, in which Go would take names of any case
	if err != nil || json.Unmarshal(raw, &policy) != nil {
		return allowed, badPolicy("Invalid JSON.")
	}
	expiration, ok := policy["expiration"].(string)
	if !ok {
		return allowed, badPolicy("Policy missing expiration.")
	}
	conditions, ok := policy["conditions"].([]any)
	if !ok {
		return allowed, badPolicy("Policy missing conditions.")
	}
	until, err := time.Parse(time.RFC3339, expiration)
	if err != nil {
		return allowed, badPolicy("Invalid 'expiration' value: '" + expiration + "'")
	}
	if h.s.Now().After(until) {
		return allowed, againstPolicy("Policy expired.")
	}
	spoken := map[string]bool{}
	for _, name := range unconditioned {
		spoken[name] = true
	}
	for _, condition := range conditions {
		if err := applyCondition(condition, bucket, fields, spoken, &allowed); err != nil {
			return allowed, err
		}
	}
	if !spoken["bucket"] { // no field, and still what the policy has to speak of
		return allowed, againstPolicy("Extra input fields: bucket")
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !spoken[name] && !strings.HasPrefix(name, "x-ignore-") {
			return allowed, againstPolicy("Extra input fields: " + name)
		}
	}
	return allowed, nil
}

func badPolicy(reason string) error {
	return wire.Errorf("InvalidPolicyDocument", http.StatusBadRequest, "Invalid Policy: %s", reason)
}

func againstPolicy(reason string) error {
	return wire.Errorf("AccessDenied", http.StatusForbidden, "Invalid according to Policy: %s", reason)
}

// applyCondition checks one condition: {"name": value}, ["eq", "$name", value],
// ["starts-with", "$name", beginning] or ["content-length-range", least, most].
func applyCondition(condition any, bucket string, fields map[string]string, spoken map[string]bool, allowed *sizes) error {
	switch condition := condition.(type) {
	case map[string]any:
		if len(condition) != 1 {
			return badPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
		}
		for name, value := range condition {
			text, ok := value.(string)
			if !ok {
				return badPolicy("Invalid Simple-Condition: value must be a string.")
			}
			return compare("eq", name, text, bucket, fields, spoken)
		}
	case []any:
		if len(condition) != 3 {
			return badPolicy("Invalid Condition: wrong number of arguments.")
		}
		operator, _ := condition[0].(string)
		operator = strings.ToLower(operator)
		if operator == "content-length-range" {
			least, most := bytesOf(condition[1]), bytesOf(condition[2])
			if least < 0 || most < 0 {
				return badPolicy("Invalid content-length-range: the limits must be numbers.")
			}
			*allowed = sizes{max(allowed.least, least), min(allowed.most, most)}
			return nil
		}
		name, named := condition[1].(string)
		text, ok := condition[2].(string)
		if !named || !ok || !strings.HasPrefix(name, "$") || operator != "eq" && operator != "starts-with" {
			return badPolicy("Invalid Condition: expected [\"eq\" or \"starts-with\", \"$field\", value].")
		}
		return compare(operator, name[1:], text, bucket, fields, spoken)
	}
	return badPolicy("Invalid Condition: expected an object or a list.")
}

func compare(operator, name, want, bucket string, fields map[string]string, spoken map[string]bool) error {
	field := strings.ToLower(name)
	spoken[field] = true
	got := fields[field]
	if field == "bucket" {
		got = bucket
	}
	if operator == "eq" && got == want || operator == "starts-with" && strings.HasPrefix(got, want) {
		return nil
	}
	return againstPolicy(fmt.Sprintf("Policy Condition failed: [%q, %q, %q]", operator, "$"+name, want))
}

// bytesOf reads a limit, a number or one in quotes; -1 is neither.
func bytesOf(value any) int64 {
	switch value := value.(type) {
	case float64:
		return int64(value)
	case string:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n
		}
	}
	return -1
}
