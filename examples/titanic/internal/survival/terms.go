// Package survival is the model: a regularised logistic regression over terms that are computed from a
// passenger. Passengers go in; a fitted model, its file and probabilities of survival come out.
package survival

import (
	"fmt"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
)

// childUntil is the age in years below which a passenger counts as a child.
const childUntil = 14

// largeFamily is the number of relatives aboard from which a family counts as large.
const largeFamily = 4

// term is one input of the regression, computed from a passenger whose age has been filled in.
type term struct {
	name  string
	value func(passengers.Passenger) float64
}

// The terms a feature set is composed of. Names are part of the model file.
var (
	female      = term{"female", func(p passengers.Passenger) float64 { return one(p.Female) }}
	secondClass = term{"class_2", func(p passengers.Passenger) float64 { return one(p.Class == 2) }}
	thirdClass  = term{"class_3", func(p passengers.Passenger) float64 { return one(p.Class == 3) }}
	age         = term{"age", func(p passengers.Passenger) float64 { return p.Age }}
	siblings    = term{"siblings", func(p passengers.Passenger) float64 { return float64(p.Siblings) }}
	parents     = term{"parents", func(p passengers.Passenger) float64 { return float64(p.Parents) }}
	ageMissing  = term{"age_missing", func(p passengers.Passenger) float64 { return one(!p.AgeKnown) }}
	child       = term{"child", func(p passengers.Passenger) float64 { return one(isChild(p)) }}
	family      = term{"family", func(p passengers.Passenger) float64 { return relatives(p) }}
	large       = term{"large_family", func(p passengers.Passenger) float64 { return one(relatives(p) >= largeFamily) }}
	alone       = term{"alone", func(p passengers.Passenger) float64 { return one(relatives(p) == 0) }}
)

// featureSets are the choices of the hyperparameter "features".
var featureSets = map[string][]term{
	// weak sees neither sex nor class nor age: it exists to be refused by a gate.
	"weak":  {siblings, parents},
	"plain": {female, secondClass, thirdClass, age, siblings, parents},
	"full": {
		female, secondClass, thirdClass, age, child, ageMissing, family, large, alone,
		times(female, secondClass), times(female, thirdClass), times(female, age),
		times(female, child), times(female, family), times(female, ageMissing),
		times(secondClass, age), times(thirdClass, age), times(secondClass, child), times(thirdClass, child),
	},
}

// FeatureSets returns the names a model can be trained with, sorted.
func FeatureSets() []string {
	var names []string
	for name := range featureSets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func termsOf(features string) ([]term, error) {
	terms, found := featureSets[features]
	if !found {
		return nil, fmt.Errorf("features %q is not known, expected one of %s", features, strings.Join(FeatureSets(), ", "))
	}
	return terms, nil
}

// times is the interaction of two terms.
func times(a, b term) term {
	return term{a.name + "*" + b.name, func(p passengers.Passenger) float64 { return a.value(p) * b.value(p) }}
}

func isChild(p passengers.Passenger) bool { return p.AgeKnown && p.Age < childUntil }

func relatives(p passengers.Passenger) float64 { return float64(p.Siblings + p.Parents) }

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
