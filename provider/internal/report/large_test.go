package report

import (
	"bytes"
	_ "embed"
	"math/rand/v2"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/evidence"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/metric"
)

// large is a source with so many predictions of two models, all scores distinct.
func large(tb testing.TB, n int) *Source {
	small := simulated(tb, 100, 0.4)
	s := decided(small, small)
	for k, p := range []**evidence.Predictions{&s.Candidate, &s.Champion} {
		random := rand.New(rand.NewPCG(5, uint64(k)))
		*p = &evidence.Predictions{Problem: metric.Binary, Header: []string{"label", "score", "pclass"}}
		index := make([]int32, n)
		for i := range n {
			label := uint8(random.IntN(2))
			(*p).Labels = append((*p).Labels, label)
			(*p).Scores = append((*p).Scores, min(max(0.4+0.2*float64(label)+0.2*random.NormFloat64(), 0), 1))
			index[i] = int32(random.IntN(3))
		}
		(*p).Slices = map[string]evidence.Slice{"pclass": {Values: []string{"1", "2", "3"}, Index: index}}
	}
	return s
}

// TestLarge checks that a page stays small whatever it is about; the benchmark
// measures a million.
func TestLarge(t *testing.T) {
	page, _ := rendered(t, large(t, 100_000))
	if len(page) > 200_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	wellFormed(t, page)
}

func BenchmarkMillion(b *testing.B) {
	s := large(b, 1_000_000)
	for b.Loop() {
		var out bytes.Buffer
		if err := HTML(&out, s); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len()), "page-bytes")
	}
}
