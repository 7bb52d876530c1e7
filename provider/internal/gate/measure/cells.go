package measure

import (
	"cmp"
	"math"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// noAxis marks a dimension that is not there.
const noAxis = -1

// joint groups examples that agree on every axis: they are interchangeable, so
// resampling draws a group's multiplicity in one step.
type joint struct {
	n     int
	axes  [][]int32
	sizes []int
	// multiplicity of every group, and its position on every axis.
	multiplicity []uint32
	cells        [][]int32
}

// axis adds a dimension of the given size and returns its number.
func (j *joint) axis(index []int32, size int) int {
	j.axes = append(j.axes, index)
	j.sizes = append(j.sizes, max(size, 1))
	return len(j.axes) - 1
}

// build sorts the examples into groups. Keys are mixed-radix numbers; where one
// would not fit, the digits so far are renumbered to the ranks that occur.
func (j *joint) build() {
	keys := make([]uint64, j.n)
	span := uint64(1)
	for a, index := range j.axes {
		size := uint64(j.sizes[a])
		if span > math.MaxUint64/size {
			span = densify(keys)
		}
		for i, c := range index {
			keys[i] = keys[i]*size + uint64(c)
		}
		span *= size
	}
	order := make([]int32, j.n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	j.cells = make([][]int32, len(j.axes))
	for i := 0; i < len(order); {
		first := order[i]
		from := i
		for i < len(order) && keys[order[i]] == keys[first] {
			i++
		}
		j.multiplicity = append(j.multiplicity, uint32(i-from))
		for a, index := range j.axes {
			j.cells[a] = append(j.cells[a], index[first])
		}
	}
}

// densify replaces keys by their rank and returns the number of ranks.
func densify(keys []uint64) uint64 {
	ranks := slices.Clone(keys)
	slices.Sort(ranks)
	ranks = slices.Compact(ranks)
	for i, k := range keys {
		r, _ := slices.BinarySearch(ranks, k)
		keys[i] = uint64(r)
	}
	return uint64(len(ranks))
}

// binMeans sorts values into at most about limit bins of neighbours and returns
// every example's bin and each bin's mean contribution.
func binMeans(values []float64, limit int, contribution func(i int) metric.Moments) ([]int32, []metric.Moments) {
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(values[a], values[b]) })
	distinct := 0
	for i, o := range order {
		if i == 0 || values[o] != values[order[i-1]] {
			distinct++
		}
	}
	width := 1
	if distinct > limit {
		width = (len(order) + limit - 1) / limit
	}
	index := make([]int32, len(values))
	var means []metric.Moments
	for i := 0; i < len(order); {
		var sum metric.Moments
		from := i
		for i < len(order) && (i-from < width || values[order[i]] == values[order[i-1]]) {
			if width == 1 && values[order[i]] != values[order[from]] {
				break
			}
			for q, v := range contribution(int(order[i])) {
				sum[q] += v
			}
			index[order[i]] = int32(len(means))
			i++
		}
		for q := range sum {
			sum[q] /= float64(i - from)
		}
		means = append(means, sum)
	}
	return index, means
}
