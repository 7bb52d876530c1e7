package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// container is the file layout that SageMaker gives a job, rooted at /opt/ml. The local engine gives each
// job a root of its own in SAGEMAKER_BASE_DIR.
type container struct{ base string }

func newContainer(getenv func(string) string) container {
	if base := getenv(baseDirVariable); base != "" {
		return container{base}
	}
	return container{"/opt/ml"}
}

const baseDirVariable = "SAGEMAKER_BASE_DIR"

func (c container) channel(name string) string { return filepath.Join(c.base, "input", "data", name) }
func (c container) modelDir() string           { return filepath.Join(c.base, "model") }
func (c container) processingInput(name string) string {
	return filepath.Join(c.base, "processing", "input", name)
}
func (c container) processingOutput() string { return filepath.Join(c.base, "processing", "output") }

// reportFailure leaves the reason where SageMaker looks for it: output/failure for training jobs,
// output/message for processing jobs. It shows the first kilobyte of either to the user.
func (c container) reportFailure(reason error) error {
	directory := filepath.Join(c.base, "output")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("make the directory for the failure reason: %w", err)
	}
	for _, name := range []string{"failure", "message"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(reason.Error()+"\n"), 0o644); err != nil {
			return fmt.Errorf("write the failure reason: %w", err)
		}
	}
	return nil
}

// hyperparameters are the strings of input/config/hyperparameters.json.
type hyperparameters struct {
	values map[string]string
	used   map[string]bool
	errs   []error
}

func (c container) hyperparameters() (*hyperparameters, error) {
	h := &hyperparameters{values: map[string]string{}, used: map[string]bool{}}
	file := filepath.Join(c.base, "input", "config", "hyperparameters.json")
	encoded, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil // a job without hyperparameters has no file
	}
	if err != nil {
		return nil, fmt.Errorf("read the hyperparameters: %w", err)
	}
	if err := json.Unmarshal(encoded, &h.values); err != nil {
		return nil, fmt.Errorf("read the hyperparameters: %s: got JSON that cannot be read (%w), expected an object of strings", file, err)
	}
	// SageMaker's Python SDK encodes each value as JSON once more, so that a text arrives quoted.
	for name, value := range h.values {
		if strings.HasPrefix(value, `"`) {
			if text, err := strconv.Unquote(value); err == nil {
				h.values[name] = text
			}
		}
	}
	return h, nil
}

func (h *hyperparameters) text(name, fallback string) string {
	h.used[name] = true
	if value, given := h.values[name]; given {
		return value
	}
	return fallback
}

func (h *hyperparameters) integer(name string, fallback, low, high int) int {
	text := h.text(name, strconv.Itoa(fallback))
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		h.errs = append(h.errs, fmt.Errorf("hyperparameter %s: got %q, expected an integer from %d to %d", name, text, low, high))
	}
	return n
}

func (h *hyperparameters) number(name string, fallback, low, high float64) float64 {
	text := h.text(name, strconv.FormatFloat(fallback, 'g', -1, 64))
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= low && v <= high) { // written so that NaN fails
		h.errs = append(h.errs, fmt.Errorf("hyperparameter %s: got %q, expected a number from %g to %g", name, text, low, high))
	}
	return v
}

// check returns everything that is wrong, also names nobody asked for: a misspelt hyperparameter would
// otherwise train another model than the one declared.
func (h *hyperparameters) check() error {
	errs := h.errs
	for _, name := range slices.Sorted(maps.Keys(h.values)) {
		if !h.used[name] && !strings.HasPrefix(name, "sagemaker_") {
			errs = append(errs, fmt.Errorf("hyperparameter %s is not known, expected some of %s", name, strings.Join(slices.Sorted(maps.Keys(h.used)), ", ")))
		}
	}
	return errors.Join(errs...)
}

// writeFile writes a file and the directories above it.
func writeFile(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make the directory of %s: %w", file, err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
