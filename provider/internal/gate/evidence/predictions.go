// Package evidence reads the two files an evaluation job writes: predictions.csv
// and evaluation.json.
//
// In: bytes from outside, treated as hostile: sizes are bounded and every
// message names the line and column. Out: columns ready for the metrics, and the
// metric values a report claims.
package evidence

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// Bounds on what is read from a predictions file.
const (
	MaxPredictionsBytes = 1 << 30
	MaxRows             = 20_000_000
	MaxClasses          = 500
	MaxSliceValues      = 1_000
	maxFieldBytes       = 4 << 10
	maxColumns          = 10_000
)

const bom = "\ufeff"

// Columns names the columns of a predictions file.
type Columns struct {
	// ID is optional; with it, candidate and champion are paired by id.
	ID string
	// Label holds the truth: 0/1, a class name, or a number.
	Label string
	// Score holds the probability of class 1, the predicted class, or the
	// predicted number. Multiclass probabilities are in "<score>_<class>".
	Score string
	// Slices are the columns to keep for slicing; others are ignored.
	Slices []string
}

// Slice is one categorical column: Values sorted, Index by example.
type Slice struct {
	Values []string
	Index  []int32
}

// Predictions are the scored examples of one model. Which fields are filled
// depends on the problem.
type Predictions struct {
	Problem metric.Problem
	IDs     []string

	// Binary.
	Labels []uint8
	Scores []float64

	// Multiclass: indexes into Classes; Loss is nil without probabilities.
	Classes          []string
	Label, Predicted []int32
	Loss             []float64

	// Regression.
	Target, Estimate []float64

	Slices map[string]Slice
	// Header has every column of the file, for messages.
	Header []string
}

// Len is the number of examples.
func (p *Predictions) Len() int {
	switch p.Problem {
	case metric.Multiclass:
		return len(p.Label)
	case metric.Regression:
		return len(p.Target)
	}
	return len(p.Labels)
}

// parser holds the state of one file.
type parser struct {
	csv     *csv.Reader
	columns Columns
	id      int
	label   int
	score   int
	slices  []int
	probs   []probColumn
	out     *Predictions
	names   map[string]int32
	coded   []map[string]int32
	lines   int
}

type probColumn struct {
	class string
	index int
}

// ParsePredictions reads a predictions file with a header line. Errors say
// line, column (counted in bytes from 1), what was found and what is expected.
func ParsePredictions(r io.Reader, problem metric.Problem, columns Columns) (*Predictions, error) {
	limited := &boundedReader{r: r, left: MaxPredictionsBytes}
	text := bufio.NewReader(limited)
	// A byte order mark, before the reader takes the quote behind it for a stray one.
	if mark, err := text.Peek(len(bom)); err == nil && string(mark) == bom {
		if _, err := text.Discard(len(bom)); err != nil {
			return nil, fmt.Errorf("predictions: %w", err)
		}
	}
	p := &parser{csv: csv.NewReader(text), columns: columns, names: map[string]int32{}}
	p.csv.ReuseRecord = true
	p.out = &Predictions{Problem: problem, Slices: map[string]Slice{}}
	header, err := p.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("predictions: the file is empty, a header line is expected")
	}
	if err != nil {
		return nil, fmt.Errorf("predictions: reading the header: %w", err)
	}
	if err := p.header(header); err != nil {
		return nil, err
	}
	for {
		record, err := p.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("predictions: %w", err)
		}
		if p.lines++; p.lines > MaxRows {
			return nil, fmt.Errorf("predictions: more than %d examples", MaxRows)
		}
		if err := p.row(record); err != nil {
			return nil, err
		}
	}
	if p.lines == 0 {
		return nil, errors.New("predictions: the file has a header but no examples")
	}
	p.finish()
	return p.out, nil
}

func (p *parser) header(header []string) error {
	if len(header) > maxColumns {
		return fmt.Errorf("predictions: line 1 has %d columns, at most %d are read", len(header), maxColumns)
	}
	seen := map[string]int{}
	for i, name := range header {
		if !utf8.ValidString(name) || len(name) > maxFieldBytes {
			return p.errorAt(i, "the header has a column name that is not UTF-8 text")
		}
		if at, ok := seen[name]; ok {
			return p.errorAt(i, fmt.Sprintf("column %q appears twice in the header (also as column %d)", name, at+1))
		}
		seen[strings.Clone(name)] = i
		p.out.Header = append(p.out.Header, strings.Clone(name))
	}
	find := func(role, name string) (int, error) {
		if i, ok := seen[name]; ok {
			return i, nil
		}
		return 0, fmt.Errorf("predictions: line 1: no %s column %q; the header has %s", role, name, strings.Join(p.out.Header, ", "))
	}
	var err error
	if p.label, err = find("label", p.columns.Label); err != nil {
		return err
	}
	if p.score, err = find("score", p.columns.Score); err != nil {
		return err
	}
	p.id = -1
	if p.columns.ID != "" {
		if p.id, err = find("id", p.columns.ID); err != nil {
			return err
		}
	}
	kept := slices.Clone(p.columns.Slices)
	sort.Strings(kept)
	p.columns.Slices = nil
	for _, name := range slices.Compact(kept) {
		// A missing slice column rejects the requirement that names it, not
		// the whole file: every other requirement still gets its row.
		if i, ok := seen[name]; ok {
			p.columns.Slices = append(p.columns.Slices, name)
			p.slices = append(p.slices, i)
			p.coded = append(p.coded, map[string]int32{})
		}
	}
	if p.out.Problem == metric.Multiclass {
		for i, name := range p.out.Header {
			if class, ok := strings.CutPrefix(name, p.columns.Score+"_"); ok {
				p.probs = append(p.probs, probColumn{class, i})
			}
		}
	}
	return nil
}

func (p *parser) row(record []string) error {
	if p.id >= 0 {
		if record[p.id] == "" {
			return p.errorAt(p.id, "the id is empty")
		}
		if len(record[p.id]) > maxFieldBytes || !utf8.ValidString(record[p.id]) {
			return p.errorAt(p.id, fmt.Sprintf("the id is not UTF-8 text of at most %d bytes", maxFieldBytes))
		}
		p.out.IDs = append(p.out.IDs, strings.Clone(record[p.id]))
	}
	var err error
	switch p.out.Problem {
	case metric.Multiclass:
		err = p.multiclass(record)
	case metric.Regression:
		err = p.regression(record)
	default:
		err = p.binary(record)
	}
	if err != nil {
		return err
	}
	for k, i := range p.slices {
		code, err := p.code(p.coded[k], record, i, MaxSliceValues,
			"column %q has more than %d different values; slice by a column of categories")
		if err != nil {
			return err
		}
		s := p.out.Slices[p.columns.Slices[k]]
		s.Index = append(s.Index, code)
		p.out.Slices[p.columns.Slices[k]] = s
	}
	return nil
}

func (p *parser) binary(record []string) error {
	label, err := p.number(record, p.label, "label")
	if err != nil {
		return err
	}
	if label != 0 && label != 1 {
		return p.errorAt(p.label, fmt.Sprintf("label %q is neither 0 nor 1", clipText(record[p.label])))
	}
	score, err := p.number(record, p.score, "score")
	if err != nil {
		return err
	}
	if score < 0 || score > 1 {
		return p.errorAt(p.score, fmt.Sprintf("score %s is outside 0..1; the probability of label 1 is expected", clipText(record[p.score])))
	}
	p.out.Labels = append(p.out.Labels, uint8(label))
	p.out.Scores = append(p.out.Scores, score)
	return nil
}

func (p *parser) multiclass(record []string) error {
	const tooMany = "column %q has more than %d classes; is this a regression?"
	label, err := p.code(p.names, record, p.label, MaxClasses, tooMany)
	if err != nil {
		return err
	}
	predicted, err := p.code(p.names, record, p.score, MaxClasses, tooMany)
	if err != nil {
		return err
	}
	p.out.Label = append(p.out.Label, label)
	p.out.Predicted = append(p.out.Predicted, predicted)
	if len(p.probs) == 0 {
		return nil
	}
	sum, own, found := 0.0, 0.0, false
	for _, c := range p.probs {
		v, err := p.number(record, c.index, "probability")
		if err != nil {
			return err
		}
		if v < 0 || v > 1 {
			return p.errorAt(c.index, fmt.Sprintf("probability %s is outside 0..1", clipText(record[c.index])))
		}
		sum += v
		if c.class == record[p.label] {
			own, found = v, true
		}
	}
	if !found {
		return p.errorAt(p.label, fmt.Sprintf("label %q has no probability column %q", clipText(record[p.label]), clipText(p.columns.Score+"_"+record[p.label])))
	}
	if math.Abs(sum-1) > 1e-3 {
		return p.errorAt(p.probs[0].index, fmt.Sprintf("the probabilities add up to %g, not 1", sum))
	}
	p.out.Loss = append(p.out.Loss, metric.ClassLoss(own/sum))
	return nil
}

func (p *parser) regression(record []string) error {
	target, err := p.number(record, p.label, "label")
	if err != nil {
		return err
	}
	estimate, err := p.number(record, p.score, "score")
	if err != nil {
		return err
	}
	p.out.Target = append(p.out.Target, target)
	p.out.Estimate = append(p.out.Estimate, estimate)
	return nil
}

func (p *parser) number(record []string, i int, what string) (float64, error) {
	v, err := strconv.ParseFloat(record[i], 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, p.errorAt(i, fmt.Sprintf("%s %q is not a finite number", what, clipText(record[i])))
	}
	return v, nil
}

// code numbers the values of a categorical column in order of appearance;
// finish renumbers them in sorted order.
func (p *parser) code(codes map[string]int32, record []string, i, limit int, tooMany string) (int32, error) {
	value := record[i]
	if c, ok := codes[value]; ok {
		return c, nil
	}
	if !utf8.ValidString(value) || len(value) > maxFieldBytes {
		return 0, p.errorAt(i, fmt.Sprintf("the value is not UTF-8 text of at most %d bytes", maxFieldBytes))
	}
	if len(codes) >= limit {
		return 0, p.errorAt(i, fmt.Sprintf(tooMany, p.out.Header[i], limit))
	}
	c := int32(len(codes))
	codes[strings.Clone(value)] = c
	return c, nil
}

func (p *parser) finish() {
	for k, name := range p.columns.Slices {
		s := p.out.Slices[name]
		s.Values = renumber(p.coded[k], s.Index)
		p.out.Slices[name] = s
	}
	if p.out.Problem == metric.Multiclass {
		p.out.Classes = renumber(p.names, p.out.Label, p.out.Predicted)
	}
}

// renumber turns codes in order of appearance into codes in natural order of
// the values, so that nothing downstream depends on the order of the rows.
func renumber(codes map[string]int32, indexes ...[]int32) []string {
	values := make([]string, 0, len(codes))
	for v := range codes {
		values = append(values, v)
	}
	sort.Slice(values, func(a, b int) bool { return NaturalLess(values[a], values[b]) })
	to := make([]int32, len(values))
	for i, v := range values {
		to[codes[v]] = int32(i)
	}
	for _, index := range indexes {
		for j, c := range index {
			index[j] = to[c]
		}
	}
	return values
}

// NaturalLess orders numbers by value and everything else as text, numbers first.
// "nan", which has no place among numbers, is text.
func NaturalLess(a, b string) bool {
	x, isA := ordered(a)
	y, isB := ordered(b)
	switch {
	case isA && isB && x != y:
		return x < y
	case isA != isB:
		return isA
	}
	return a < b
}

func ordered(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsNaN(v)
}

func (p *parser) errorAt(field int, what string) error {
	line, column := p.csv.FieldPos(field)
	return fmt.Errorf("predictions: line %d, column %d: %s", line, column, what)
}

func clipText(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "?") + "..."
	}
	return s
}

// boundedReader fails loudly at the bound instead of pretending the file ends
// there, as io.LimitReader would.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(buf []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the file is larger than %d bytes", int64(MaxPredictionsBytes))
	}
	if int64(len(buf)) > b.left {
		buf = buf[:b.left]
	}
	n, err := b.r.Read(buf)
	b.left -= int64(n)
	return n, err
}
