package rules

import "github.com/titanicml/terraform-provider-titanicml/linter/eval/value"

// verdicts judges every value that v may have when a condition in it is not known. Each verdict but the empty one comes back once,
// with the condition under which it holds behind it.
func verdicts(v value.Value, judge func(value.Value) string) []string {
	if v.IsKnown() { // as nearly all are
		if verdict := judge(v); verdict != "" {
			return []string{verdict}
		}
		return nil
	}
	cases := v.Cases()
	var out []string
	var in [][]bool
	seen := map[string]int{}
	for n, c := range cases.Values {
		verdict := judge(c)
		if verdict == "" {
			continue
		}
		i, ok := seen[verdict]
		if !ok {
			i = len(out)
			seen[verdict] = i
			out, in = append(out, verdict), append(in, make([]bool, len(cases.Values)))
		}
		in[i][n] = true
	}
	for i := range out {
		out[i] += cases.When(in[i])
	}
	return out
}
