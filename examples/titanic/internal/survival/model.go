package survival

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
)

// DefaultThreshold is the score from which a passenger is predicted to survive.
const DefaultThreshold = 0.5

const (
	modelSchema = 1
	modelKind   = "logistic_regression"
	// significantDigits are kept of every number in the model file. Processors differ in the last bits of
	// a sum, and the same training must give the same bytes on all of them.
	significantDigits = 9
)

// Model is a fitted regression and, as JSON, the model file.
type Model struct {
	Schema          int              `json:"schema"`
	Kind            string           `json:"kind"`
	Features        string           `json:"features"`
	L2              float64          `json:"l2"`
	AgeMedian       float64          `json:"age_median"` // years, stands in for a missing age
	Threshold       float64          `json:"threshold"`  // a score at or above it predicts survival
	Intercept       float64          `json:"intercept"`
	Terms           []Term           `json:"terms"`
	Rows            int              `json:"training_rows"`
	Survivors       int              `json:"training_survivors"`
	CrossValidation *CrossValidation `json:"cross_validation,omitempty"`

	terms []term
}

// Term is one fitted input, in natural units.
type Term struct {
	Name        string  `json:"name"`
	Coefficient float64 `json:"coefficient"`
}

// Score returns the probability of survival.
func (m *Model) Score(p passengers.Passenger) float64 {
	p = m.fillIn(p)
	z := m.Intercept
	for j, term := range m.terms {
		z += m.Terms[j].Coefficient * term.value(p)
	}
	return sigmoid(z)
}

// Survives applies the decision threshold to a score.
func (m *Model) Survives(score float64) bool { return score >= m.Threshold }

// fillIn replaces a missing age but leaves the mark that it was missing.
func (m *Model) fillIn(p passengers.Passenger) passengers.Passenger {
	if !p.AgeKnown {
		p.Age = m.AgeMedian
	}
	return p
}

// Encode returns the model file.
func (m *Model) Encode() ([]byte, error) {
	encoded, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the model: %w", err)
	}
	return append(encoded, '\n'), nil
}

// Decode reads a model file and refuses one that this program would score wrongly.
func Decode(encoded []byte) (*Model, error) {
	var m Model
	if err := json.Unmarshal(encoded, &m); err != nil {
		return nil, fmt.Errorf("decode the model: %w", err)
	}
	if m.Schema != modelSchema || m.Kind != modelKind {
		return nil, fmt.Errorf("decode the model: got kind %q of schema %d, expected %q of schema %d", m.Kind, m.Schema, modelKind, modelSchema)
	}
	terms, err := termsOf(m.Features)
	if err != nil {
		return nil, fmt.Errorf("decode the model: %w", err)
	}
	if len(terms) != len(m.Terms) {
		return nil, fmt.Errorf("decode the model: got %d terms, expected %d for features %q", len(m.Terms), len(terms), m.Features)
	}
	for j, term := range terms {
		if m.Terms[j].Name != term.name {
			return nil, fmt.Errorf("decode the model: term %d is %q, expected %q for features %q", j+1, m.Terms[j].Name, term.name, m.Features)
		}
	}
	if m.Threshold <= 0 || m.Threshold >= 1 {
		return nil, fmt.Errorf("decode the model: threshold is %v, expected a number between 0 and 1", m.Threshold)
	}
	m.terms = terms
	return &m, nil
}

// round keeps the digits that every processor computes alike.
func round(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', significantDigits, 64), 64)
	if err != nil {
		return v // cannot happen: the text comes from FormatFloat
	}
	return rounded
}
