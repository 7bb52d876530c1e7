package scoring

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestAgreesWithScikitLearn compares every metric with testdata/reference.json, which reference.py beside
// it made.
func TestAgreesWithScikitLearn(t *testing.T) {
	encoded, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Cases []struct {
			Name    string
			Labels  []int
			Scores  []float64
			Metrics map[string]float64
		}
	}
	if err := json.Unmarshal(encoded, &reference); err != nil {
		t.Fatal(err)
	}
	compared := map[string]bool{}
	for _, test := range reference.Cases {
		t.Run(test.Name, func(t *testing.T) {
			examples := make([]Example, len(test.Labels))
			for i := range examples {
				examples[i] = Example{Positive: test.Labels[i] == 1, Score: test.Scores[i]}
			}
			got := Measure(examples, 0.5)
			for name, want := range test.Metrics {
				compared[name] = true
				if value, defined := got[name]; !defined || math.Abs(value-want) > 1e-9 {
					t.Errorf("%s = %v (defined %v), scikit-learn says %v", name, value, defined, want)
				}
			}
		})
	}
	// Other names of the same.
	twins := map[string]string{"true_positive_rate": "recall", "true_negative_rate": "specificity"}
	got := Measure([]Example{{true, 0.9}, {false, 0.8}, {true, 0.7}, {true, 0.3}, {false, 0.1}}, 0.5)
	for name, value := range got {
		twin, known := twins[name]
		switch {
		case known && value != got[twin]:
			t.Errorf("%s is %v, %s is %v", name, value, twin, got[twin])
		case !known && !compared[name]:
			t.Errorf("%s has no reference value", name)
		}
	}
}

func TestUndefinedMetricsAreLeftOut(t *testing.T) {
	tests := []struct {
		name     string
		examples []Example
		absent   []string
	}{
		{"nobody predicted", []Example{{true, 0.1}, {false, 0.2}}, []string{"precision"}},
		{"one class", []Example{{true, 0.9}, {true, 0.8}}, []string{"auc", "average_precision", "balanced_accuracy", "specificity", "false_positive_rate"}},
		{"no cases", nil, []string{"accuracy", "auc", "log_loss", "brier", "f1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Measure(test.examples, 0.5)
			for _, name := range test.absent {
				if value, defined := got[name]; defined {
					t.Errorf("%s = %v, expected it to be left out", name, value)
				}
			}
		})
	}
}

func TestReportShape(t *testing.T) {
	examples := []Example{{false, 0.1}, {true, 0.4}, {false, 0.5}, {true, 0.9}, {true, 0.9}}
	encoded, err := NewReport(examples, 0.5, 1.25, 1).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Binary struct {
			Accuracy  Number                    `json:"accuracy"`
			Confusion map[string]map[string]int `json:"confusion_matrix"`
			ROC       map[string][]float64      `json:"receiver_operating_characteristic_curve"`
			PR        map[string][]float64      `json:"precision_recall_curve"`
		} `json:"binary_classification_metrics"`
		Performance map[string]Number `json:"performance"`
	}
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if got.Binary.Accuracy.Value != 0.6 || got.Binary.Accuracy.StandardDeviation == nil {
		t.Errorf("accuracy = %+v, expected 0.6 with a standard deviation", got.Binary.Accuracy)
	}
	if c := got.Binary.Confusion; c["0"]["0"] != 1 || c["0"]["1"] != 1 || c["1"]["0"] != 1 || c["1"]["1"] != 2 {
		t.Errorf("confusion matrix = %v", c)
	}
	fpr, tpr := got.Binary.ROC["false_positive_rates"], got.Binary.ROC["true_positive_rates"]
	if len(fpr) != 5 || len(tpr) != 5 || fpr[0] != 0 || tpr[4] != 1 {
		t.Errorf("ROC = %v, %v, expected 5 points from (0,0) to (1,1)", fpr, tpr)
	}
	if precisions, recalls := got.Binary.PR["precisions"], got.Binary.PR["recalls"]; len(precisions) != 4 || recalls[3] != 1 || precisions[0] != 1 {
		t.Errorf("precision and recall = %v, %v", precisions, recalls)
	}
	if got.Performance["p95_latency_ms"].Value != 1.25 || got.Performance["examples"].Value != 5 {
		t.Errorf("performance = %v", got.Performance)
	}
}

func TestCurvesStaySmall(t *testing.T) {
	examples := make([]Example, 10_000)
	for i := range examples {
		examples[i] = Example{Positive: i%3 == 0, Score: float64(i) / 10_000}
	}
	x, y := ROC(examples)
	if len(x) != mostPoints || len(y) != mostPoints || x[0] != 0 || y[mostPoints-1] != 1 {
		t.Errorf("ROC has %d and %d points from %v to %v, expected %d from 0 to 1", len(x), len(y), x[0], y[len(y)-1], mostPoints)
	}
}
