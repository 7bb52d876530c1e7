package gate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// sample holds the examples of a decision, in an order that does not depend on
// the order of the rows, for the candidate and, aligned with it, the champion.
type sample struct {
	problem metric.Problem
	n       int
	classes int
	models  [2]model // candidate, champion
	paired  bool
	slices  map[string]evidence.Slice
	shift   float64 // mean target, regression
}

const (
	candidate = 0
	champion  = 1
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

// newSample sorts the candidate's predictions into a canonical order and, when
// base is given, pairs it with them.
func newSample(cand, base *evidence.Predictions) (*sample, error) {
	s := &sample{problem: cand.Problem, n: cand.Len(), classes: len(cand.Classes), slices: map[string]evidence.Slice{}}
	s.models[candidate] = newModel(cand)
	baseOrder := []int32(nil)
	if base != nil {
		var err error
		if baseOrder, err = pair(cand, base); err != nil {
			return nil, err
		}
		if cand.Problem == metric.Multiclass {
			cand, base = unifyClasses(cand, base)
			s.classes = len(cand.Classes)
			s.models[candidate] = newModel(cand)
		}
		s.models[champion] = newModel(base).permute(baseOrder)
		s.paired = true
	}
	order := s.canonicalOrder()
	for i := range s.models {
		s.models[i] = s.models[i].permute(order)
	}
	for name, c := range cand.Slices {
		s.slices[name] = evidence.Slice{Values: c.Values, Index: permuted(c.Index, order)}
	}
	if s.problem == metric.Regression {
		t := s.models[candidate].target
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
func (s *sample) canonicalOrder() []int32 {
	c, b := &s.models[candidate], &s.models[champion]
	order := make([]int32, s.n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		switch s.problem {
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

// duplicateID finds an id that appears twice: the same example counted twice
// makes the evidence look larger than it is.
func duplicateID(ids []string) (string, bool) {
	seen := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		if _, ok := seen[id]; ok {
			return id, true
		}
		seen[id] = struct{}{}
	}
	return "", false
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

// errUndefined begins every reason why a metric has no value.
var errUndefined = errors.New("undefined")

// value is a point estimate with what is needed to judge it.
type value struct {
	number   float64
	examples int64
	// effective is the number of examples that could have changed the value;
	// it decides the bound when resampling shows no spread.
	effective int64
	err       error
}

// rows returns the examples of a slice in canonical order; nil means all.
func (s *sample) rows(column string, code int32) []int32 {
	var rows []int32
	for i, c := range s.slices[column].Index {
		if c == code {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// whole marks a statistic over all examples.
const whole = int32(-1)

// group is a set of examples whose metrics are computed exactly.
type group struct {
	s       *sample
	which   int
	m       model
	n       int
	bins    *metric.Bins
	counts  metric.Counts
	matrix  metric.Matrix
	moments metric.Moments
}

// newGroup counts the examples of a slice for one model.
func (s *sample) newGroup(which int, column string, code int32) *group {
	g := &group{s: s, which: which, m: s.models[which], n: s.n}
	if code != whole {
		rows := s.rows(column, code)
		g.m, g.n = g.m.permute(rows), len(rows)
		if rows == nil {
			g.m = model{}
		}
	}
	switch s.problem {
	case metric.Multiclass:
		g.matrix = make(metric.Matrix, s.classes*s.classes)
		for i := range g.m.label {
			g.matrix[int(g.m.label[i])*s.classes+int(g.m.predicted[i])]++
		}
		for _, l := range g.m.loss {
			g.moments[0]++
			g.moments[1] += l
		}
	case metric.Regression:
		for i := range g.m.target {
			for k, v := range metric.Moment(g.m.target[i], g.m.estimate[i], s.shift) {
				g.moments[k] += v
			}
		}
	default:
		var index []int32
		g.bins, index = metric.BinScores(g.m.labels, g.m.scores, nil, 0)
		g.counts = g.bins.Count(g.m.labels, index)
	}
	return g
}

func (g *group) value(name string, threshold float64) value {
	v := value{examples: int64(g.n), effective: int64(g.n)}
	if g.n == 0 {
		v.err = fmt.Errorf("%w: no examples", errUndefined)
		return v
	}
	switch g.s.problem {
	case metric.Multiclass:
		if name == "log_loss" {
			if g.m.loss == nil {
				v.err = fmt.Errorf("%w: the predictions have no probability columns", errUndefined)
				return v
			}
			v.number = metric.EvaluateMoments(name, g.moments)
		} else {
			v.number = metric.EvaluateMatrix(name, g.matrix, g.s.classes)
		}
	case metric.Regression:
		v.number = metric.EvaluateMoments(name, g.moments)
	default:
		cut := g.bins.Cut(threshold)
		v.number = g.bins.Evaluate(metric.BinaryMetric{Name: name, Cut: cut}, g.counts)
		v.effective = effective(name, g.counts.ConfusionAt(cut))
	}
	if math.IsNaN(v.number) {
		v.err = fmt.Errorf("%w on these %d examples%s", errUndefined, g.n, g.why(name, threshold))
	}
	return v
}

// why explains an undefined value.
func (g *group) why(name string, threshold float64) string {
	if g.s.problem != metric.Binary {
		return ""
	}
	c := g.counts.ConfusionAt(g.bins.Cut(threshold))
	switch {
	case c.TP+c.FN == 0:
		return ": none has label 1"
	case c.TN+c.FP == 0:
		return ": none has label 0"
	case name == "precision" && c.TP+c.FP == 0:
		return ": none is predicted positive"
	}
	return ""
}

// effective is the number of examples a binary metric is a share of.
func effective(name string, c metric.Confusion) int64 {
	pos, neg := c.TP+c.FN, c.TN+c.FP
	switch name {
	case "recall", "false_negative_rate", "average_precision", "f1":
		return int64(pos)
	case "specificity", "false_positive_rate":
		return int64(neg)
	case "precision":
		return int64(c.TP + c.FP)
	case "auc", "balanced_accuracy":
		return int64(min(pos, neg))
	}
	return int64(pos + neg)
}
