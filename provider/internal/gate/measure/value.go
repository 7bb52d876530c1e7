package measure

import (
	"errors"
	"fmt"
	"math"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// errUndefined begins every reason why a metric has no value.
var errUndefined = errors.New("undefined")

// Value is a point estimate with what is needed to judge it.
type Value struct {
	Number   float64
	Examples int64
	// Err says why there is none.
	Err error
	// effective is the number of examples that could have changed the value;
	// it decides the bound when resampling shows no spread.
	effective int64
}

// Statistic is a metric on the examples whose column has the value of a code, at
// the score from which class 1 is predicted.
type Statistic struct {
	Metric    string
	Threshold float64
	Column    string
	Code      int32
}

// Whole is the code of a statistic over all examples.
const Whole = int32(-1)

// examples of one model that a statistic is computed on.
type examples struct {
	who    Model
	column string
	code   int32
}

type question struct {
	who Model
	Statistic
}

// Value computes a statistic of one model, exactly.
func (s *Sample) Value(who Model, st Statistic) Value {
	asked := question{who, st}
	if v, known := s.values[asked]; known {
		return v
	}
	of := examples{who, st.Column, st.Code}
	g := s.groups[of]
	if g == nil {
		g = s.newGroup(of)
		s.groups[of] = g
	}
	v := g.value(st.Metric, st.Threshold)
	s.values[asked] = v
	return v
}

// rows returns the examples of a slice in canonical order.
func (s *Sample) rows(column string, code int32) []int32 {
	var rows []int32
	for i, c := range s.Slices[column].Index {
		if c == code {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// group is a set of examples whose metrics are computed exactly.
type group struct {
	s       *Sample
	m       model
	n       int
	bins    *metric.Bins
	counts  metric.Counts
	matrix  metric.Matrix
	moments metric.Moments
}

// newGroup counts the examples of a slice for one model.
func (s *Sample) newGroup(of examples) *group {
	g := &group{s: s, m: s.models[of.who], n: s.n}
	if of.code != Whole {
		rows := s.rows(of.column, of.code)
		g.m, g.n = g.m.permute(rows), len(rows)
		if rows == nil {
			g.m = model{}
		}
	}
	switch s.Problem {
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

func (g *group) value(name string, threshold float64) Value {
	v := Value{Examples: int64(g.n), effective: int64(g.n)}
	if g.n == 0 {
		v.Err = fmt.Errorf("%w: no examples", errUndefined)
		return v
	}
	switch g.s.Problem {
	case metric.Multiclass:
		if name == "log_loss" {
			if g.m.loss == nil {
				v.Err = fmt.Errorf("%w: the predictions have no probability columns", errUndefined)
				return v
			}
			v.Number = metric.EvaluateMoments(name, g.moments)
		} else {
			v.Number = metric.EvaluateMatrix(name, g.matrix, g.s.classes)
		}
	case metric.Regression:
		v.Number = metric.EvaluateMoments(name, g.moments)
	default:
		cut := g.bins.Cut(threshold)
		v.Number = g.bins.Evaluate(metric.BinaryMetric{Name: name, Cut: cut}, g.counts)
		v.effective = effective(name, g.counts.ConfusionAt(cut))
	}
	if math.IsNaN(v.Number) {
		v.Err = fmt.Errorf("%w on these %d examples%s", errUndefined, g.n, g.why(name, threshold))
	}
	return v
}

// why explains an undefined value.
func (g *group) why(name string, threshold float64) string {
	if g.s.Problem != metric.Binary {
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
