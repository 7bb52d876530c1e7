package scoring

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
)

// bootstrapReplicates are enough for two digits of a standard deviation, which is what people read.
const bootstrapReplicates = 200

// Report is evaluation.json: SageMaker's model quality shape, with a section of ours on performance.
type Report struct {
	Metrics     map[string]any    `json:"binary_classification_metrics"`
	Performance map[string]Number `json:"performance"`
}

// Number is one number of a report.
type Number struct {
	Value             float64  `json:"value"`
	StandardDeviation *float64 `json:"standard_deviation,omitempty"`
}

// NewReport measures the cases. Standard deviations come from a bootstrap with the given seed.
func NewReport(examples []Example, threshold float64, p95LatencyMilliseconds float64, seed uint64) *Report {
	c := Confuse(examples, threshold)
	falsePositiveRates, truePositiveRates := ROC(examples)
	precisions, recalls := PrecisionRecall(examples)
	metrics := map[string]any{
		"confusion_matrix": map[string]map[string]int{
			"0": {"0": c.TrueNegative, "1": c.FalsePositive},
			"1": {"0": c.FalseNegative, "1": c.TruePositive},
		},
		"receiver_operating_characteristic_curve": map[string][]float64{
			"false_positive_rates": falsePositiveRates, "true_positive_rates": truePositiveRates,
		},
		"precision_recall_curve": map[string][]float64{"precisions": precisions, "recalls": recalls},
	}
	deviations := deviations(examples, threshold, seed)
	for name, value := range Measure(examples, threshold) {
		measured := Number{Value: value}
		if deviation, known := deviations[name]; known {
			measured.StandardDeviation = &deviation
		}
		metrics[name] = measured
	}
	return &Report{Metrics: metrics, Performance: map[string]Number{
		"p95_latency_ms": {Value: p95LatencyMilliseconds},
		"examples":       {Value: float64(len(examples))},
	}}
}

// Encode returns the file.
func (r *Report) Encode() ([]byte, error) {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	return append(encoded, '\n'), nil
}

// deviations returns the standard deviation of each metric over resamples of the cases; metrics that some
// resample cannot give are left out.
func deviations(examples []Example, threshold float64, seed uint64) map[string]float64 {
	source := rand.New(rand.NewPCG(seed, 1))
	resample := make([]Example, len(examples))
	values := map[string][]float64{}
	for range bootstrapReplicates {
		for i := range resample {
			resample[i] = examples[source.IntN(len(examples))]
		}
		for name, value := range Measure(resample, threshold) {
			values[name] = append(values[name], value)
		}
	}
	result := map[string]float64{}
	for name, sample := range values {
		if len(sample) < bootstrapReplicates {
			continue
		}
		mean, variance := 0.0, 0.0
		for _, v := range sample {
			mean += v / bootstrapReplicates
		}
		for _, v := range sample {
			variance += (v - mean) * (v - mean) / (bootstrapReplicates - 1)
		}
		result[name] = math.Sqrt(variance)
	}
	return result
}
