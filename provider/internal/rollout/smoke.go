package rollout

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	runtimetypes "github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// SmokeTest is one request with what its answer must be.
type SmokeTest struct {
	Payload, ContentType, Accept string
	// Status is the expected HTTP status of the container, 200 where zero.
	Status int32
	// JSONPath (such as "predictions[0].score") or, where CSVColumn is not nil, a column of the first row, counted from 0,
	// picks the value that Equals, Min and Max judge. Without either the whole answer is judged by Equals.
	JSONPath  string
	CSVColumn *int64
	Equals    *string
	Min, Max  *float64
	// MaxLatency bounds the request as this machine sees it; zero: no bound.
	MaxLatency time.Duration
}

// SmokeError says what of an endpoint's answer was not as expected.
type SmokeError struct{ Got, Expected string }

func (e *SmokeError) Error() string { return fmt.Sprintf("got %s, expected %s", e.Got, e.Expected) }

// shownAnswer is how much of an answer a message quotes, in bytes.
const shownAnswer = 300

// Run sends the request to the endpoint. A *SmokeError is the endpoint's fault; any other error is that of the way to it.
func (t SmokeTest) Run(ctx context.Context, c *sagemaker.Client, endpoint string) error {
	in := &sagemakerruntime.InvokeEndpointInput{EndpointName: &endpoint, Body: []byte(t.Payload), ContentType: aws.String(t.ContentType)}
	if t.Accept != "" {
		in.Accept = aws.String(t.Accept)
	}
	want := t.Status
	if want == 0 {
		want = 200
	}
	begin := time.Now()
	out, err := c.Runtime.InvokeEndpoint(ctx, in)
	took := time.Since(begin)
	var refused *runtimetypes.ModelError
	switch {
	case errors.As(err, &refused):
		got := aws.ToInt32(refused.OriginalStatusCode)
		if got != want {
			return &SmokeError{fmt.Sprintf("status %d: %s", got, quote([]byte(aws.ToString(refused.OriginalMessage)))), fmt.Sprintf("status %d", want)}
		}
		return nil // the answer of a refusal is not judged
	case err != nil:
		return fmt.Errorf("invoking endpoint %s: %w", endpoint, err)
	case want != 200:
		return &SmokeError{"status 200: " + quote(out.Body), fmt.Sprintf("status %d", want)}
	case t.MaxLatency > 0 && took > t.MaxLatency:
		return &SmokeError{fmt.Sprintf("an answer after %s", took.Round(time.Millisecond)), fmt.Sprintf("one within %s", t.MaxLatency)}
	}
	return t.judge(out.Body)
}

// judge holds the answer against the predicate.
func (t SmokeTest) judge(body []byte) error {
	value, place := strings.TrimSpace(string(body)), "the answer"
	switch {
	case t.JSONPath != "":
		place = t.JSONPath
		found, err := pick(body, t.JSONPath)
		if err != nil {
			return &SmokeError{fmt.Sprintf("%s (%s)", quote(body), err), "a value at " + place}
		}
		value = found
	case t.CSVColumn != nil:
		place = fmt.Sprintf("column %d of the first row", *t.CSVColumn)
		row, err := csv.NewReader(bytes.NewReader(body)).Read()
		if err != nil || *t.CSVColumn >= int64(len(row)) {
			return &SmokeError{quote(body), "a value in " + place}
		}
		value = row[*t.CSVColumn]
	}
	if t.Equals != nil && value != *t.Equals {
		return &SmokeError{fmt.Sprintf("%s at %s", quote([]byte(value)), place), strconv.Quote(*t.Equals)}
	}
	if t.Min == nil && t.Max == nil {
		return nil
	}
	number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	bounds := bounds(t.Min, t.Max)
	if err != nil {
		return &SmokeError{fmt.Sprintf("%s at %s", quote([]byte(value)), place), "a number " + bounds}
	}
	// The negation is what makes NaN fail.
	if (t.Min != nil && !(number >= *t.Min)) || (t.Max != nil && !(number <= *t.Max)) {
		return &SmokeError{fmt.Sprintf("%g at %s", number, place), "a number " + bounds}
	}
	return nil
}

func bounds(low, high *float64) string {
	switch {
	case high == nil:
		return fmt.Sprintf(">= %g", *low)
	case low == nil:
		return fmt.Sprintf("<= %g", *high)
	}
	return fmt.Sprintf("from %g to %g", *low, *high)
}

func quote(body []byte) string {
	s := strings.TrimSpace(string(body))
	if len(s) > shownAnswer {
		s = s[:shownAnswer] + "..."
	}
	return strconv.Quote(s)
}

// step is one part of a path: a member's name, or an index.
type step struct {
	name  string
	index int
}

// ParsePath reads a path of member names and indexes such as $.predictions[0].score; "$" may be left out.
func ParsePath(path string) error {
	_, err := steps(path)
	return err
}

func steps(path string) ([]step, error) {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	var out []step
	for rest != "" {
		if strings.HasPrefix(rest, "[") {
			digits, after, ok := strings.Cut(rest[1:], "]")
			n, err := strconv.Atoi(digits)
			if !ok || err != nil || n < 0 {
				return nil, fmt.Errorf("%q: expected an index such as [0] at %q", path, rest)
			}
			out = append(out, step{index: n})
			rest = strings.TrimPrefix(after, ".")
			continue
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, fmt.Errorf("%q: expected a name or an index at %q", path, rest)
		}
		out = append(out, step{name: rest[:end], index: -1})
		rest = strings.TrimPrefix(rest[end:], ".")
	}
	return out, nil
}

// pick returns the value at a path as text: strings as they are, everything else as JSON.
func pick(body []byte, path string) (string, error) {
	where, err := steps(path)
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // 0.10 stays 0.10
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", fmt.Errorf("not JSON: %w", err)
	}
	for _, s := range where {
		if s.name != "" {
			object, ok := value.(map[string]any)
			member, found := object[s.name]
			if !ok || !found {
				return "", fmt.Errorf("no member %q", s.name)
			}
			value = member
			continue
		}
		list, ok := value.([]any)
		if !ok || s.index >= len(list) {
			return "", fmt.Errorf("no element [%d]", s.index)
		}
		value = list[s.index]
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	b, err := json.Marshal(value)
	return string(b), err
}
