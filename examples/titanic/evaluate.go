package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/scoring"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/survival"
)

// reportSeed makes the standard deviations of a report the same every time.
const reportSeed = 1

// evaluate scores the model, and the champion's as baseline when there is one, on the same held-out
// passengers. Each gets an evaluation.json and a predictions.csv.
func (c container) evaluate(stdout io.Writer) error {
	rows, err := readChannel(c.processingInput("data"), "data")
	if err != nil {
		return err
	}
	if err := evaluateModel(c.processingInput("model"), c.processingOutput(), "", rows, stdout); err != nil {
		return err
	}
	baseline := c.processingInput("baseline")
	if _, err := os.Stat(baseline); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("look for a baseline: %w", err)
	}
	if err := evaluateModel(baseline, filepath.Join(c.processingOutput(), "baseline"), "baseline_", rows, stdout); err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	return nil
}

func evaluateModel(modelDir, outputDir, prefix string, rows []passengers.Labelled, stdout io.Writer) error {
	model, err := survival.Open(modelDir)
	if err != nil {
		return err
	}
	examples := score(model, rows)
	predictions, err := predictionsTable(rows, examples)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(outputDir, "predictions.csv"), predictions); err != nil {
		return err
	}
	latency, err := p95Latency(model, rows)
	if err != nil {
		return err
	}
	report, err := scoring.NewReport(examples, model.Threshold, latency, reportSeed).Encode()
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(outputDir, "evaluation.json"), report); err != nil {
		return err
	}
	metrics := scoring.Measure(examples, model.Threshold)
	pairs := []any{prefix + "examples", float64(len(rows))}
	for _, name := range []string{"accuracy", "auc", "log_loss"} {
		if value, defined := metrics[name]; defined {
			pairs = append(pairs, prefix+name, value)
		}
	}
	return printMetrics(stdout, append(pairs, prefix+"p95_latency_ms", latency)...)
}

// predictionsTable lists what the gate computes its metrics from. Scores keep all their digits, so that
// nothing computed from the file differs from the report.
func predictionsTable(rows []passengers.Labelled, examples []scoring.Example) ([]byte, error) {
	var buffer bytes.Buffer
	out := csv.NewWriter(&buffer)
	records := [][]string{{passengers.ColumnID, "label", "score", passengers.ColumnClass, passengers.ColumnSex}}
	for i, row := range rows {
		label := "0"
		if row.Survived {
			label = "1"
		}
		records = append(records, []string{strconv.FormatInt(row.ID, 10), label,
			strconv.FormatFloat(examples[i].Score, 'g', -1, 64), strconv.Itoa(row.Class), row.Sex()})
	}
	if err := out.WriteAll(records); err != nil {
		return nil, fmt.Errorf("write the predictions: %w", err)
	}
	return buffer.Bytes(), nil
}

// p95Latency is the time in milliseconds within which 95% of requests for one passenger are answered: the
// request is decoded, scored and the answer encoded, as in serving, without the network.
func p95Latency(model *survival.Model, rows []passengers.Labelled) (float64, error) {
	const warmUp, most = 50, 2000
	times := make([]time.Duration, 0, most)
	for i := range min(warmUp+max(len(rows), 200), warmUp+most) {
		var body bytes.Buffer
		if err := passengers.WriteTable(&body, rows[i%len(rows):i%len(rows)+1]); err != nil {
			return 0, err
		}
		started := time.Now()
		if _, err := predict(model, csvType, csvType, body.Bytes()); err != nil {
			return 0, fmt.Errorf("measure the latency: %w", err)
		}
		if i >= warmUp {
			times = append(times, time.Since(started))
		}
	}
	slices.Sort(times)
	return float64(times[len(times)*95/100].Nanoseconds()) / 1e6, nil
}
