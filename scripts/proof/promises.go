package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
)

// promise turns the results of a benchmark into figures beside their bounds. A result that is missing is an error.
type promise func([]proof.Result) ([]proof.Figure, error)

// promises are the bounds of the benchmarks, by the name of their run.
var promises = map[string][]promise{
	"jobs": {
		atMost("DescribeTrainingJob with 10,000 jobs stored, p50", "BenchmarkDescribeTrainingJob", "p50-µs", 1000, microseconds),
		flat("ListTrainingJobs, a page of 50 at 100 to 100,000 jobs, p50", "BenchmarkListTrainingJobs/jobs=", "p50-µs", 100, 100_000),
	},
	"workload": {
		atLeast("accuracy, 10-fold cross-validation, mean of 5 seeds", "BenchmarkTrain", "cv_accuracy", 0.80),
		atLeast("AUC, 10-fold cross-validation, mean of 5 seeds", "BenchmarkTrain", "cv_auc", 0.85),
	},
	"gate": {
		atMost("1,000,000 predictions, 1,000 replicates, 6 metrics, 10 slices", "BenchmarkGate/paired=false", "ns/op", 5e9, nanoseconds),
		atMost("the same, peak memory", "BenchmarkGate/paired=false", "peak-MiB", 1024, mebibytes),
		shown("the same with each metric compared with the champion's", "BenchmarkGate/paired=true", "ns/op", nanoseconds),
		coverage(90), coverage(95), coverage(99),
	},
}

func nanoseconds(v float64) string  { return time.Duration(v).Round(time.Millisecond).String() }
func microseconds(v float64) string { return fmt.Sprintf("%.2f ms", v/1000) }
func mebibytes(v float64) string    { return fmt.Sprintf("%.0f MiB", v) }

// value finds one value of one benchmark.
func value(results []proof.Result, bench, unit string) (float64, error) {
	for _, r := range results {
		if v, ok := r.Values[unit]; ok && r.Name == bench {
			return v, nil
		}
	}
	return 0, fmt.Errorf("no %s of %s among the benchmarks; was it run?", unit, bench)
}

func atMost(name, bench, unit string, bound float64, text func(float64) string) promise {
	return func(results []proof.Result) ([]proof.Figure, error) {
		v, err := value(results, bench, unit)
		return []proof.Figure{{Name: name, Value: text(v), Bound: "<= " + text(bound), OK: v <= bound}}, err
	}
}

func atLeast(name, bench, unit string, bound float64) promise {
	return func(results []proof.Result) ([]proof.Figure, error) {
		v, err := value(results, bench, unit)
		return []proof.Figure{{Name: name, Value: fmt.Sprintf("%.4f", v), Bound: fmt.Sprintf(">= %.2f", bound), OK: v >= bound}}, err
	}
}

func shown(name, bench, unit string, text func(float64) string) promise {
	return func(results []proof.Result) ([]proof.Figure, error) {
		v, err := value(results, bench, unit)
		return []proof.Figure{{Name: name, Value: text(v), OK: true}}, err
	}
}

// flat promises that a time does not grow with what is stored: the largest size takes at most half as long again as the smallest,
// which leaves room for noise and none for a scan (1,000 times the jobs).
func flat(name, bench, unit string, least, most int) promise {
	return func(results []proof.Result) ([]proof.Figure, error) {
		small, err := value(results, bench+strconv.Itoa(least), unit)
		if err != nil {
			return nil, err
		}
		large, err := value(results, bench+strconv.Itoa(most), unit)
		ratio := large / small
		return []proof.Figure{{Name: name, Value: fmt.Sprintf("%.2fx (%s / %s)", ratio, microseconds(large), microseconds(small)), Bound: "<= 1.5x", OK: ratio <= 1.5}}, err
	}
}

// coverage promises that intervals contain the true value as often as they say, within 1.5 points for every metric simulated.
func coverage(nominal float64) promise {
	prefix := fmt.Sprintf("%%of%g-", nominal)
	return func(results []proof.Result) ([]proof.Figure, error) {
		worst, metric, count := 0.0, "", 0
		for _, r := range results {
			units := make([]string, 0, len(r.Values))
			for unit := range r.Values {
				units = append(units, unit)
			}
			slices.Sort(units)
			for _, unit := range units {
				if m, ok := strings.CutPrefix(unit, prefix); ok {
					count++
					if off := r.Values[unit] - nominal; metric == "" || math.Abs(off) > math.Abs(worst) {
						worst, metric = off, m
					}
				}
			}
		}
		if count == 0 {
			return nil, fmt.Errorf("no coverage of %g%% intervals among the benchmarks; was BenchmarkCoverage run?", nominal)
		}
		return []proof.Figure{{
			Name:  fmt.Sprintf("%g%% intervals over 2,000 evaluations, worst of %d metrics (%s)", nominal, count, metric),
			Value: fmt.Sprintf("%.2f%%", nominal+worst), Bound: fmt.Sprintf("%g%% ± 1.5", nominal), OK: math.Abs(worst) <= 1.5,
		}}, nil
	}
}
