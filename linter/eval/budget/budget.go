// Package budget bounds what the evaluation of one root module may cost: steps of work, nesting, the size of results and the time of
// regular expressions. Real configurations stay orders of magnitude below; hostile ones end in a Problem and unknown values.
package budget

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter/eval/value"
)

const (
	defaultSteps = 4_000_000
	maxDepth     = 600
	// MaxElems bounds the lists that calls make.
	MaxElems = 200_000
)

// Budget counts the work of one root module and keeps what went wrong in it. It is not safe for concurrent use.
type Budget struct {
	// Failures counts what Fail was called for; try and can set it back.
	Failures int

	ctx      context.Context
	dir      string
	limit    int
	steps    int
	depth    int
	stopped  bool
	problems []Problem
	reported map[string]bool
}

// Problem is something that stopped part of an evaluation: a cycle, a missing module, a bound that was hit.
type Problem struct {
	Message string
	Range   hcl.Range
}

// New returns the budget of the root module in dir. Zero steps mean a default that no real configuration reaches.
func New(ctx context.Context, dir string, steps int) Budget {
	if steps == 0 {
		steps = defaultSteps
	}
	return Budget{ctx: ctx, dir: dir, limit: steps}
}

// Spend pays for n steps; it returns false when the budget or the time is used up.
func (b *Budget) Spend(n int) bool {
	if b.stopped {
		return false
	}
	before := b.steps
	b.steps += n
	if b.steps > b.limit {
		b.stopped = true
		b.Report(hcl.Range{Filename: b.dir, Start: hcl.InitialPos, End: hcl.InitialPos},
			fmt.Sprintf("evaluation of %s stopped after %d steps; the rest of its values are unknown", b.dir, b.limit))
		return false
	}
	if before>>12 != b.steps>>12 && b.ctx.Err() != nil {
		b.stopped = true
		return false
	}
	return true
}

// Stopped reports that nothing more can be paid for.
func (b *Budget) Stopped() bool { return b.stopped || b.ctx.Err() != nil }

// Enter goes one level deeper into an expression, false when it is too deep already; a true one needs Leave.
func (b *Budget) Enter() bool {
	if b.depth >= maxDepth {
		return false
	}
	b.depth++
	return true
}

// Leave ends an Enter.
func (b *Budget) Leave() { b.depth-- }

// TooDeep reports an expression that Enter refused.
func (b *Budget) TooDeep(at hcl.Range) value.Value {
	b.Report(at, fmt.Sprintf("expression nests deeper than %d levels; its value is unknown", maxDepth))
	return b.Fail()
}

// TooBig reports a result that is not worth making.
func (b *Budget) TooBig(at hcl.Range, what string) value.Value {
	b.Report(at, what+" is too large to evaluate; its value is unknown")
	return b.Fail()
}

// Fail counts an error, for try and can, and yields an unknown value: the linter leaves type errors to terraform validate.
func (b *Budget) Fail() value.Value {
	b.Failures++
	return value.FailedValue()
}

// Report keeps a problem, once for each place and message.
func (b *Budget) Report(at hcl.Range, msg string) {
	k := at.String() + msg
	if b.reported[k] {
		return
	}
	if b.reported == nil {
		b.reported = map[string]bool{}
	}
	b.reported[k] = true
	b.problems = append(b.problems, Problem{Message: msg, Range: at})
}

// Problems lists what could not be evaluated, sorted by place.
func (b *Budget) Problems() []Problem {
	slices.SortFunc(b.problems, func(p, q Problem) int {
		return cmp.Or(strings.Compare(p.Range.Filename, q.Range.Filename), cmp.Compare(p.Range.Start.Byte, q.Range.Start.Byte),
			strings.Compare(p.Message, q.Message))
	})
	return b.problems
}
