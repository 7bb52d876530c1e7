package survival

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
)

// Settings are the hyperparameters of a fit.
type Settings struct {
	Features      string  // name of a feature set
	L2            float64 // strength of the penalty on standardised coefficients, >= 0
	MaxIterations int     // of Newton's method
}

// DefaultSettings fit the Titanic data well.
var DefaultSettings = Settings{Features: "full", L2: 1, MaxIterations: 50}

// ErrOneClass says that there is nothing to tell apart.
var ErrOneClass = errors.New("all passengers have the same label, so there is nothing to learn")

// gradientTolerance ends the line search, which cannot tell two losses apart much closer to the minimum.
// One full Newton step from there squares the error, to less than the digits a model file keeps.
const gradientTolerance = 1e-6

// Fit trains a model. The same passengers and settings give the same model, bit for bit.
func Fit(rows []passengers.Labelled, settings Settings) (*Model, error) {
	terms, err := termsOf(settings.Features)
	if err != nil {
		return nil, err
	}
	survivors := 0
	for _, row := range rows {
		if row.Survived {
			survivors++
		}
	}
	if survivors == 0 || survivors == len(rows) {
		return nil, ErrOneClass
	}

	model := &Model{
		Schema: modelSchema, Kind: modelKind, Features: settings.Features, L2: settings.L2,
		AgeMedian: medianAge(rows), Threshold: DefaultThreshold, Rows: len(rows), Survivors: survivors,
		terms: terms,
	}
	design := newDesign(rows, model)
	weights, err := design.solve(settings)
	if err != nil {
		return nil, err
	}

	// Fold the standardisation into the coefficients, so that the model file reads in natural units.
	intercept := weights[0]
	for j, term := range terms {
		coefficient := weights[j+1] / design.scale[j]
		intercept -= coefficient * design.mean[j]
		model.Terms = append(model.Terms, Term{Name: term.name, Coefficient: round(coefficient)})
	}
	model.Intercept = round(intercept)
	return model, nil
}

// design is the regression problem: standardised terms, row by row, with a leading 1 for the intercept.
type design struct {
	width       int // terms + 1
	x           []float64
	y           []float64
	mean, scale []float64
}

func newDesign(rows []passengers.Labelled, model *Model) *design {
	width := len(model.terms) + 1
	d := &design{width: width, x: make([]float64, len(rows)*width), y: make([]float64, len(rows)),
		mean: make([]float64, width-1), scale: make([]float64, width-1)}
	for i, row := range rows {
		d.y[i] = one(row.Survived)
		person := model.fillIn(row.Passenger)
		line := d.x[i*width : (i+1)*width]
		line[0] = 1
		for j, term := range model.terms {
			line[j+1] = term.value(person)
			d.mean[j] += line[j+1] / float64(len(rows))
		}
	}
	for j := range d.mean {
		variance := 0.0
		for i := range rows {
			deviation := d.x[i*width+j+1] - d.mean[j]
			variance += deviation * deviation / float64(len(rows))
		}
		d.scale[j] = math.Sqrt(variance)
		if d.scale[j] == 0 {
			d.scale[j] = 1 // a constant term: its weight stays 0 under the penalty
		}
		for i := range rows {
			d.x[i*width+j+1] = (d.x[i*width+j+1] - d.mean[j]) / d.scale[j]
		}
	}
	return d
}

// solve minimises the mean log loss plus the penalty; the intercept is not penalised.
func (d *design) solve(settings Settings) ([]float64, error) {
	n := float64(len(d.y))
	// The Hessian must be definite even for l2 = 0 and a constant term.
	penalty := math.Max(settings.L2, 1e-6) / n
	problem := optimize.Problem{
		Func: func(w []float64) float64 {
			loss := 0.0
			for i := range d.y {
				z := d.margin(i, w)
				loss += logOnePlusExp(z) - d.y[i]*z
			}
			loss /= n
			for _, v := range w[1:] {
				loss += penalty / 2 * v * v
			}
			return loss
		},
		Grad: func(gradient, w []float64) {
			clear(gradient)
			for i := range d.y {
				residual := (sigmoid(d.margin(i, w)) - d.y[i]) / n
				for j, v := range d.x[i*d.width : (i+1)*d.width] {
					gradient[j] += residual * v
				}
			}
			for j := 1; j < d.width; j++ {
				gradient[j] += penalty * w[j]
			}
		},
		Hess: func(hessian *mat.SymDense, w []float64) {
			sum := make([]float64, d.width*d.width)
			for i := range d.y {
				p := sigmoid(d.margin(i, w))
				curvature := p * (1 - p) / n
				line := d.x[i*d.width : (i+1)*d.width]
				for j, v := range line {
					scaled := curvature * v
					row := sum[j*d.width:]
					for k := j; k < d.width; k++ {
						row[k] += scaled * line[k]
					}
				}
			}
			for j := range d.width {
				for k := j; k < d.width; k++ {
					hessian.SetSym(j, k, sum[j*d.width+k])
				}
				if j > 0 {
					hessian.SetSym(j, j, sum[j*d.width+j]+penalty)
				}
			}
		},
	}
	result, err := optimize.Minimize(problem, make([]float64, d.width), &optimize.Settings{
		GradientThreshold: gradientTolerance,
		MajorIterations:   settings.MaxIterations,
		Converger:         optimize.NeverTerminate{},
	}, &optimize.Newton{})
	if err != nil {
		return nil, fmt.Errorf("fit the regression: %w", err)
	}
	if result.Status != optimize.GradientThreshold {
		return nil, fmt.Errorf("the fit did not converge in %d iterations (%s); raise max_iterations or l2",
			settings.MaxIterations, result.Status)
	}
	hessian := mat.NewSymDense(d.width, nil)
	problem.Hess(hessian, result.X)
	gradient := make([]float64, d.width)
	problem.Grad(gradient, result.X)
	var factored mat.Cholesky
	if !factored.Factorize(hessian) {
		return nil, errors.New("the fit has no single solution; raise l2")
	}
	var step mat.VecDense
	if err := factored.SolveVecTo(&step, mat.NewVecDense(d.width, gradient)); err != nil {
		return nil, fmt.Errorf("take the last step of the fit: %w", err)
	}
	for j := range result.X {
		result.X[j] -= step.AtVec(j)
	}
	return result.X, nil
}

func (d *design) margin(i int, w []float64) float64 {
	sum := 0.0
	for j, v := range d.x[i*d.width : (i+1)*d.width] {
		sum += v * w[j]
	}
	return sum
}

// medianAge is what stands in for a missing age; 30 when nobody's age is known.
func medianAge(rows []passengers.Labelled) float64 {
	var ages []float64
	for _, row := range rows {
		if row.AgeKnown {
			ages = append(ages, row.Age)
		}
	}
	if len(ages) == 0 {
		return 30
	}
	slices.Sort(ages)
	middle := len(ages) / 2
	if len(ages)%2 == 1 {
		return ages[middle]
	}
	return (ages[middle-1] + ages[middle]) / 2
}

func sigmoid(z float64) float64 {
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-z))
}

// logOnePlusExp is log(1+exp(z)) without overflow.
func logOnePlusExp(z float64) float64 {
	return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}
