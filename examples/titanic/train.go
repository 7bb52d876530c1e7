package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/scoring"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/survival"
)

// train fits a model to the channel "train" and writes model/model.json. Metrics go to standard output as
// name=value; which is what metric definitions of a training job match.
func (c container) train(stdout io.Writer) error {
	started := time.Now()
	given, err := c.hyperparameters()
	if err != nil {
		return err
	}
	defaults := survival.DefaultSettings
	settings := survival.Settings{
		Features:      given.text("features", defaults.Features),
		L2:            given.number("l2", defaults.L2, 0, 1e6),
		MaxIterations: given.integer("max_iterations", defaults.MaxIterations, 1, 10_000),
	}
	if names := survival.FeatureSets(); !slices.Contains(names, settings.Features) {
		given.errs = append(given.errs, fmt.Errorf("hyperparameter features: got %q, expected one of %s", settings.Features, strings.Join(names, ", ")))
	}
	seed := given.integer("seed", 1, 0, 1<<31-1)
	folds := given.integer("cv_folds", 10, 2, 100)
	repeats := given.integer("cv_repeats", 5, 0, 100)
	if err := given.check(); err != nil {
		return err
	}

	rows, err := readChannel(c.channel("train"), "train")
	if err != nil {
		return err
	}
	model, err := survival.Fit(rows, settings)
	if errors.Is(err, survival.ErrOneClass) {
		return oneClass(c.channel("train"), rows)
	}
	if err != nil {
		return err
	}
	metrics := scoring.Measure(score(model, rows), model.Threshold)
	if err := printMetrics(stdout, "train_rows", float64(len(rows)), "train_accuracy", metrics["accuracy"],
		"train_auc", metrics["auc"], "train_log_loss", metrics["log_loss"]); err != nil {
		return err
	}
	if repeats > 0 {
		if model.CrossValidation, err = survival.CrossValidate(rows, settings, folds, repeats, uint64(seed)); err != nil {
			return err
		}
		if err := printMetrics(stdout, "cv_accuracy", model.CrossValidation.Accuracy, "cv_auc", model.CrossValidation.AUC,
			"cv_log_loss", model.CrossValidation.LogLoss); err != nil {
			return err
		}
	}
	encoded, err := model.Encode()
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(c.modelDir(), survival.ModelFile), encoded); err != nil {
		return err
	}
	return printMetrics(stdout, "training_seconds", time.Since(started).Seconds())
}

// readChannel reads all files of a channel, in the order of their names. Label is what errors call it.
func readChannel(directory, label string) ([]passengers.Labelled, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, fmt.Errorf("read the data of channel %s: %w", label, err)
	}
	var rows []passengers.Labelled
	fileOf := map[int64]string{}
	files := 0
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		files++
		name := label + "/" + entry.Name()
		part, err := readTable(filepath.Join(directory, entry.Name()), name)
		if err != nil {
			return nil, err
		}
		for _, row := range part {
			if first, taken := fileOf[row.ID]; taken {
				return nil, fmt.Errorf("%s: got passenger %d, which %s has too, expected each passenger once", name, row.ID, first)
			}
			fileOf[row.ID] = name
		}
		rows = append(rows, part...)
	}
	if files == 0 {
		return nil, fmt.Errorf("channel %s: got no files in %s, expected a CSV file", label, directory)
	}
	return rows, nil
}

func readTable(file, name string) ([]passengers.Labelled, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer func() { _ = opened.Close() }() // only read
	return passengers.ReadTable(opened, name)
}

// oneClass names the file and column at fault: the fit itself knows neither.
func oneClass(directory string, rows []passengers.Labelled) error {
	name := "train"
	if entries, err := os.ReadDir(directory); err == nil && len(entries) == 1 {
		name += "/" + entries[0].Name()
	}
	label := "0"
	if rows[0].Survived {
		label = "1"
	}
	return &passengers.FieldError{File: name, Line: 2, Column: passengers.ColumnSurvived,
		Got: fmt.Sprintf("%s here and in all other of the %d rows", label, len(rows)), Expected: "both 0 and 1, so that there is something to learn"}
}

// score returns what the metrics are computed from.
func score(model *survival.Model, rows []passengers.Labelled) []scoring.Example {
	examples := make([]scoring.Example, len(rows))
	for i, row := range rows {
		examples[i] = scoring.Example{Positive: row.Survived, Score: model.Score(row.Passenger)}
	}
	return examples
}

// printMetrics writes name=value; pairs on one line.
func printMetrics(w io.Writer, pairs ...any) error {
	var line strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			line.WriteByte(' ')
		}
		// Plain digits, never an exponent, so that a metric's regular expression can be [0-9.]+.
		fmt.Fprintf(&line, "%v=%.6f;", pairs[i], pairs[i+1])
	}
	if _, err := fmt.Fprintln(w, line.String()); err != nil {
		return fmt.Errorf("print the metrics: %w", err)
	}
	return nil
}
