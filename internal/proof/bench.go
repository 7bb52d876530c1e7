package proof

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Result is one line of `go test -bench`: the benchmark's name without its number of processors, and its values by unit.
type Result struct {
	Name   string
	Values map[string]float64
}

var processors = regexp.MustCompile(`-\d+$`)

// ReadBench takes the results out of what `go test -bench` prints. Lines of other kinds are passed over, except those that tell
// of a failure: they are an error.
func ReadBench(r io.Reader) ([]Result, error) {
	var out []Result
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "--- FAIL") || strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "panic:") {
			return nil, fmt.Errorf("the benchmarks failed: %s", line)
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		if _, err := strconv.Atoi(fields[1]); err != nil {
			continue
		}
		result := Result{Name: processors.ReplaceAllString(fields[0], ""), Values: map[string]float64{}}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("reading %q of benchmark %s: %w", fields[i], result.Name, err)
			}
			result.Values[fields[i+1]] = value
		}
		out = append(out, result)
	}
	return out, lines.Err()
}
