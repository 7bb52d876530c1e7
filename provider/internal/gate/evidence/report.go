package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// MaxReportBytes bounds evaluation.json; ROC and precision-recall curves are
// its bulk.
const MaxReportBytes = 64 << 20

// Value is a number a report claims.
type Value struct {
	Number float64
	// Rounding is half a unit of the last digit printed: the report cannot
	// claim to be more exact than that.
	Rounding float64
}

// Report is what an evaluation report claims about one model.
type Report struct {
	Problem metric.Problem
	// Metrics of the model, by name.
	Metrics map[string]Value
	// Performance of the job: p95_latency_ms, examples.
	Performance map[string]Value
}

// ParseReport reads an evaluation report in the shape of SageMaker's model
// quality monitor: one `<problem>_metrics` object of {"value": number} entries
// and an optional `performance` object of the same. Entries of another shape
// (curves, matrices) are for people and ignored.
func ParseReport(data []byte) (*Report, error) {
	if len(data) > MaxReportBytes {
		return nil, fmt.Errorf("report: %d bytes, at most %d are read", len(data), MaxReportBytes)
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		return nil, fmt.Errorf("report: %s", jsonError(data, err))
	}
	r := &Report{}
	var err error
	for _, p := range []metric.Problem{metric.Binary, metric.Multiclass, metric.Regression} {
		raw, ok := top[string(p)+"_metrics"]
		if !ok {
			continue
		}
		if r.Problem != "" {
			return nil, fmt.Errorf("report: both %s_metrics and %s_metrics are there; one model has one of them", r.Problem, p)
		}
		r.Problem = p
		if r.Metrics, err = values(string(p)+"_metrics", raw); err != nil {
			return nil, err
		}
	}
	if r.Problem == "" {
		return nil, fmt.Errorf("report: no binary_classification_metrics, multiclass_classification_metrics or regression_metrics; found %s", keys(top))
	}
	if raw, ok := top["performance"]; ok {
		if r.Performance, err = values("performance", raw); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func values(path string, raw json.RawMessage) (map[string]Value, error) {
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("report: %s is not an object: %w", path, err)
	}
	out := make(map[string]Value, len(entries))
	for name, entry := range entries {
		var e struct {
			Value json.RawMessage `json:"value"`
		}
		if json.Unmarshal(entry, &e) != nil || e.Value == nil {
			continue
		}
		text := string(bytes.TrimSpace(e.Value))
		// Some writers quote numbers, and NaN can only be written quoted.
		if unquoted, err := strconv.Unquote(text); err == nil {
			text = unquoted
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("report: %s.%s.value is %s, a number is expected", path, name, clipText(text))
		}
		out[name] = Value{Number: v, Rounding: rounding(text, v)}
	}
	return out, nil
}

// rounding is half a unit of the last digit of a decimal number as printed.
func rounding(text string, v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	e, _ := strconv.Atoi(exponent)
	_, decimals, _ := strings.Cut(mantissa, ".")
	return 0.5 * math.Pow10(e-len(decimals))
}

// jsonError adds line and column to an error of encoding/json.
func jsonError(data []byte, err error) string {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &typed):
		offset = typed.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return err.Error()
	}
	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Sprintf("line %d, column %d: %s", line, max(column, 1), err)
}

func keys(m map[string]json.RawMessage) string {
	if len(m) == 0 {
		return "an empty object"
	}
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, clipText(k))
	}
	slices.Sort(names)
	if len(names) > 10 {
		names = append(names[:10], "...")
	}
	return strings.Join(names, ", ")
}
