package bootstrap

import (
	"math"
	"math/bits"
)

// stream is a splitmix64 generator. Every replicate has its own, seeded from
// the run's seed and the replicate's number, so that it does not matter which
// goroutine computes which replicate.
type stream uint64

func newStream(seed uint64, replicate int) stream {
	s := stream(seed)
	a := s.next()
	s = stream(a ^ uint64(replicate)*0xd1342543de82ef95)
	s.next()
	return s
}

func (s *stream) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// maxMean bounds the tables; a Poisson variable with a larger mean is the sum
// of several.
const maxMean = 1024

// poisson draws Poisson variables of one integer mean by Walker's alias method:
// one random word per draw.
type poisson struct {
	shift     uint
	threshold []uint32
	alias     []uint32
}

func newPoisson(mean int) *poisson {
	m := float64(mean)
	top := m + 12*math.Sqrt(m) + 16 // probability beyond: below 1e-15
	size := 1 << bits.Len(uint(top))
	p := make([]float64, size)
	total := 0.0
	for k := range p {
		lg, _ := math.Lgamma(float64(k) + 1)
		p[k] = math.Exp(float64(k)*math.Log(m) - m - lg)
		total += p[k]
	}
	t := &poisson{
		shift:     uint(64 - bits.Len(uint(size-1))),
		threshold: make([]uint32, size),
		alias:     make([]uint32, size),
	}
	var small, large []int
	for k := range p {
		p[k] *= float64(size) / total
		if p[k] < 1 {
			small = append(small, k)
		} else {
			large = append(large, k)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		t.threshold[s] = uint32(math.Min(p[s]*(1<<32), math.MaxUint32))
		t.alias[s] = uint32(l)
		p[l] -= 1 - p[s]
		if p[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, k := range append(small, large...) { // rounding left these at 1
		t.threshold[k] = math.MaxUint32
		t.alias[k] = uint32(k)
	}
	return t
}

// draw uses the high bits of the word for the column and the low 32 for the
// choice within it; sizes up to 2^32 keep the two apart.
func (t *poisson) draw(word uint64) uint32 {
	k := word >> t.shift
	v := t.alias[k]
	if uint32(word) < t.threshold[k] {
		v = uint32(k)
	}
	return v
}
