package survival

import (
	"fmt"
	"math/rand/v2"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/scoring"
)

// CrossValidation is what stratified cross-validation measured: means over the held-out folds of all
// repeats.
type CrossValidation struct {
	Folds    int     `json:"folds"`
	Repeats  int     `json:"repeats"`
	Seed     uint64  `json:"seed"`
	Accuracy float64 `json:"accuracy"`
	AUC      float64 `json:"auc"`
	LogLoss  float64 `json:"log_loss"`
}

// CrossValidate measures the settings on passengers they were not fitted to. Each repeat deals the
// passengers into folds anew, with seeds seed, seed+1 and so on; survivors and others are dealt apart, so
// that every fold has its share of both.
func CrossValidate(rows []passengers.Labelled, settings Settings, folds, repeats int, seed uint64) (*CrossValidation, error) {
	smaller := smallerClass(rows)
	if folds < 2 || folds > smaller {
		return nil, fmt.Errorf("got %d folds, expected 2 to %d, the number of passengers with the rarer label", folds, smaller)
	}
	dealt := make([][]int, repeats)
	scores := make([][]float64, repeats)
	for r := range repeats {
		dealt[r] = deal(rows, folds, seed+uint64(r))
		scores[r] = make([]float64, len(rows))
	}

	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for r := range repeats {
		for fold := range folds {
			group.Go(func() error {
				var training []passengers.Labelled
				for i, row := range rows {
					if dealt[r][i] != fold {
						training = append(training, row)
					}
				}
				model, err := Fit(training, settings)
				if err != nil {
					return fmt.Errorf("fold %d of repeat %d: %w", fold+1, r+1, err)
				}
				for i, row := range rows {
					if dealt[r][i] == fold {
						scores[r][i] = model.Score(row.Passenger)
					}
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("cross-validate: %w", err)
	}

	result := &CrossValidation{Folds: folds, Repeats: repeats, Seed: seed}
	parts := float64(repeats * folds)
	for r := range repeats {
		examples := make([][]scoring.Example, folds)
		for i, row := range rows {
			fold := dealt[r][i]
			examples[fold] = append(examples[fold], scoring.Example{Positive: row.Survived, Score: scores[r][i]})
		}
		for _, held := range examples {
			metrics := scoring.Measure(held, DefaultThreshold)
			result.Accuracy += metrics["accuracy"] / parts
			result.AUC += metrics["auc"] / parts
			result.LogLoss += metrics["log_loss"] / parts
		}
	}
	result.Accuracy, result.AUC, result.LogLoss = round(result.Accuracy), round(result.AUC), round(result.LogLoss)
	return result, nil
}

// deal returns the fold of each row.
func deal(rows []passengers.Labelled, folds int, seed uint64) []int {
	source := rand.New(rand.NewPCG(seed, 0))
	fold := make([]int, len(rows))
	next := 0
	for _, survived := range []bool{false, true} {
		var members []int
		for i, row := range rows {
			if row.Survived == survived {
				members = append(members, i)
			}
		}
		source.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		for _, i := range members {
			fold[i] = next % folds
			next++
		}
	}
	return fold
}

func smallerClass(rows []passengers.Labelled) int {
	survivors := 0
	for _, row := range rows {
		if row.Survived {
			survivors++
		}
	}
	return min(survivors, len(rows)-survivors)
}
