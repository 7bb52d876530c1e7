// Package measure computes what metrics say about predictions.
//
// In: the predictions of a candidate and, where it is compared with one, of the
// champion on the same examples. Out: exact values by slice, one-sided confidence
// bounds of values, gains and gaps, and where a report contradicts the predictions.
// The order of the rows is of no account, and the same predictions give the same bits.
package measure

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// Sample holds examples, in an order that does not depend on the order of the
// rows, for the candidate and, aligned with it, the champion. It is for one
// goroutine, as it remembers what was computed.
type Sample struct {
	Problem metric.Problem
	// Paired says that the champion's predictions are there.
	Paired bool
	// Slices by column.
	Slices map[string]evidence.Slice

	n       int
	classes int
	models  [2]model
	shift   float64 // mean target, regression
	groups  map[examples]*group
	values  map[question]Value
}

// Model tells whose predictions are meant.
type Model int

// The two models of a sample.
const (
	Candidate Model = iota
	Champion
)

// model holds one model's columns; labels are shared.
type model struct {
	labels           []uint8
	scores           []float64
	label, predicted []int32
	loss             []float64
	target, estimate []float64
}

func newModel(p *evidence.Predictions) model {
	return model{labels: p.Labels, scores: p.Scores, label: p.Label, predicted: p.Predicted,
		loss: p.Loss, target: p.Target, estimate: p.Estimate}
}

// Len is the number of examples.
func (s *Sample) Len() int { return s.n }

// New sorts the candidate's predictions into a canonical order and, when
// base is given, pairs it with them.
func New(cand, base *evidence.Predictions) (*Sample, error) {
	s := &Sample{Problem: cand.Problem, n: cand.Len(), classes: len(cand.Classes), Slices: map[string]evidence.Slice{},
		groups: map[examples]*group{}, values: map[question]Value{}}
	s.models[Candidate] = newModel(cand)
	baseOrder := []int32(nil)
	if base != nil {
		var err error
		if baseOrder, err = pair(cand, base); err != nil {
			return nil, err
		}
		if cand.Problem == metric.Multiclass {
			cand, base = unifyClasses(cand, base)
			s.classes = len(cand.Classes)
			s.models[Candidate] = newModel(cand)
		}
		s.models[Champion] = newModel(base).permute(baseOrder)
		s.Paired = true
	}
	order := s.canonicalOrder()
	for i := range s.models {
		s.models[i] = s.models[i].permute(order)
	}
	for name, c := range cand.Slices {
		s.Slices[name] = evidence.Slice{Values: c.Values, Index: permuted(c.Index, order)}
	}
	if s.Problem == metric.Regression {
		t := s.models[Candidate].target
		sum := 0.0
		for _, v := range t {
			sum += v / float64(len(t))
		}
		s.shift = sum
	}
	return s, nil
}

// canonicalOrder sorts by the candidate's main column, then by the rest; ties
// that remain are examples no statistic can tell apart.
func (s *Sample) canonicalOrder() []int32 {
	c, b := &s.models[Candidate], &s.models[Champion]
	order := make([]int32, s.n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		switch s.Problem {
		case metric.Multiclass:
			return cmp.Or(cmp.Compare(c.label[x], c.label[y]), cmp.Compare(c.predicted[x], c.predicted[y]),
				compareAt(c.loss, x, y), compareAt(b.loss, x, y))
		case metric.Regression:
			return cmp.Or(cmp.Compare(c.target[x], c.target[y]), cmp.Compare(c.estimate[x], c.estimate[y]),
				compareAt(b.estimate, x, y))
		}
		if v := cmp.Compare(c.scores[x], c.scores[y]); v != 0 {
			return v
		}
		return cmp.Or(cmp.Compare(c.labels[x], c.labels[y]), compareAt(b.scores, x, y))
	})
	return order
}

func compareAt(v []float64, x, y int32) int {
	if v == nil {
		return 0
	}
	return cmp.Compare(v[x], v[y])
}

func (m model) permute(order []int32) model {
	if order == nil {
		return m
	}
	return model{
		labels: permuted(m.labels, order), scores: permuted(m.scores, order),
		label: permuted(m.label, order), predicted: permuted(m.predicted, order), loss: permuted(m.loss, order),
		target: permuted(m.target, order), estimate: permuted(m.estimate, order),
	}
}

func permuted[T any](v []T, order []int32) []T {
	if v == nil {
		return nil
	}
	out := make([]T, len(order))
	for i, o := range order {
		out[i] = v[o]
	}
	return out
}

// pair returns, for every example of the candidate, the row of the champion's
// predictions for the same example: by id where there is one, else by line.
func pair(cand, base *evidence.Predictions) ([]int32, error) {
	if cand.Problem != base.Problem {
		return nil, fmt.Errorf("the candidate's report is a %s, the champion's a %s", cand.Problem, base.Problem)
	}
	if cand.Len() != base.Len() {
		return nil, fmt.Errorf("the candidate has %d predictions and the champion %d; both must be scored on the same examples", cand.Len(), base.Len())
	}
	order := make([]int32, cand.Len())
	if len(cand.IDs) == 0 || len(base.IDs) == 0 {
		for i := range order {
			order[i] = int32(i)
		}
	} else {
		rows := make(map[string]int32, len(base.IDs))
		for i, id := range base.IDs {
			rows[id] = int32(i)
		}
		for i, id := range cand.IDs {
			row, ok := rows[id]
			if !ok {
				return nil, fmt.Errorf("example %q was scored by the candidate and not by the champion", id)
			}
			order[i] = row
		}
	}
	for i, o := range order {
		if !sameLabel(cand, base, i, int(o)) {
			return nil, fmt.Errorf("example %d has another label in the champion's predictions than in the candidate's", i+1)
		}
	}
	return order, nil
}

func sameLabel(a, b *evidence.Predictions, i, j int) bool {
	switch a.Problem {
	case metric.Multiclass:
		return a.Classes[a.Label[i]] == b.Classes[b.Label[j]]
	case metric.Regression:
		return a.Target[i] == b.Target[j]
	}
	return a.Labels[i] == b.Labels[j]
}

// unifyClasses recodes both models' classes to their union.
func unifyClasses(a, b *evidence.Predictions) (*evidence.Predictions, *evidence.Predictions) {
	all := append(slices.Clone(a.Classes), b.Classes...)
	sort.Strings(all)
	all = slices.Compact(all)
	recode := func(p *evidence.Predictions) *evidence.Predictions {
		to := make([]int32, len(p.Classes))
		for i, c := range p.Classes {
			k, _ := slices.BinarySearch(all, c)
			to[i] = int32(k)
		}
		q := *p
		q.Classes = all
		q.Label = recoded(p.Label, to)
		q.Predicted = recoded(p.Predicted, to)
		return &q
	}
	return recode(a), recode(b)
}

func recoded(index, to []int32) []int32 {
	out := make([]int32, len(index))
	for i, c := range index {
		out[i] = to[c]
	}
	return out
}
