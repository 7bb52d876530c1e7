package container

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// boundedLog keeps the head of what is written in a file and its tail in memory, and joins
// them with a marker at the end, so that a container that prints without end fills neither.
type boundedLog struct {
	mu      sync.Mutex
	f       *os.File
	half    int64
	written int64 // to the file
	dropped int64
	tail    []byte // of what no longer went into the file
	last    []byte // of everything, for the summary
	err     error  // of the file; the container goes on without a log
}

// tailSummary bounds the log's end that a result carries.
const tailSummary = 4 << 10

func newBoundedLog(path string, limit int64) (*boundedLog, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return &boundedLog{f: f, half: max(limit/2, 1)}, nil
}

// Write takes everything; what does not fit is counted.
func (l *boundedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	l.last = appendTail(l.last, p, tailSummary)
	if room := l.half - l.written; room > 0 && l.err == nil {
		head := p[:min(int64(len(p)), room)]
		k, err := l.f.Write(head)
		l.written += int64(k)
		l.err = err
		p = p[k:]
	}
	l.tail = appendTail(l.tail, p, int(l.half))
	l.dropped += int64(len(p))
	return n, nil
}

// appendTail keeps at least the last n bytes, and at most twice as many.
func appendTail(tail, p []byte, n int) []byte {
	if len(p) >= n {
		return append(tail[:0], p[len(p)-n:]...)
	}
	if len(tail)+len(p) > 2*n {
		tail = append(tail[:0], tail[len(tail)-n:]...)
	}
	return append(tail, p...)
}

func lastBytes(b []byte, n int) []byte { return b[max(len(b)-n, 0):] }

// summary is the log's end in whole lines, as valid UTF-8.
func (l *boundedLog) summary() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := lastBytes(l.last, tailSummary)
	if len(l.last) > len(b) || len(b) == tailSummary {
		if i := bytes.IndexByte(b, '\n'); i >= 0 && i < len(b)-1 {
			b = b[i+1:]
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// Close joins head and tail.
func (l *boundedLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	tail := lastBytes(l.tail, int(l.half))
	if gone := l.dropped - int64(len(tail)); gone > 0 && l.err == nil {
		_, l.err = fmt.Fprintf(l.f, "\n[titanicml: %d bytes of log left out here, the limit is %d]\n", gone, 2*l.half)
	}
	if l.err == nil {
		_, l.err = l.f.Write(tail)
	}
	if err := l.f.Close(); l.err == nil {
		l.err = err
	}
	return l.err
}

// MetricDefinition names a metric and the regular expression whose first group is its value
// (the whole match without a group), applied to each log line.
type MetricDefinition struct {
	Name  string
	Regex string
}

// Metric is the last value that a metric had in the log.
type Metric struct {
	Name  string
	Value float64 // may be NaN or infinite when the container printed so
	Time  time.Time
}

// maxLine bounds what of a line is searched for metrics.
const maxLine = 16 << 10

// metricScanner finds metrics in a stream of lines.
type metricScanner struct {
	names []string
	res   []*regexp.Regexp
	now   func() time.Time
	found func(Metric)

	last map[string]Metric
	line []byte
	long bool // the current line is beyond maxLine and was searched already
}

func newMetricScanner(defs []MetricDefinition, now func() time.Time, found func(Metric)) (*metricScanner, error) {
	s := &metricScanner{now: now, found: found, last: map[string]Metric{}}
	for _, d := range defs {
		re, err := regexp.Compile(d.Regex)
		if err != nil {
			return nil, fmt.Errorf("metric %q: the regular expression %q is not supported: %w", d.Name, d.Regex, err)
		}
		s.names = append(s.names, d.Name)
		s.res = append(s.res, re)
	}
	return s, nil
}

// Write scans whole lines and keeps a partial one for the next call.
func (s *metricScanner) Write(p []byte) (int, error) {
	n := len(p)
	if len(s.res) == 0 {
		return n, nil
	}
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		piece, end := p, false
		if i >= 0 {
			piece, end = p[:i], true
			p = p[i+1:]
		} else {
			p = nil
		}
		if end && len(s.line) == 0 && !s.long && len(piece) <= maxLine {
			s.scan(piece) // the common case copies nothing
			continue
		}
		if !s.long {
			s.line = append(s.line, piece[:min(len(piece), maxLine-len(s.line))]...)
			if len(s.line) == maxLine {
				s.scan(s.line)
				s.line, s.long = s.line[:0], true
			}
		}
		if end {
			s.flush()
		}
	}
	return n, nil
}

// flush ends the current line.
func (s *metricScanner) flush() {
	if len(s.line) > 0 {
		s.scan(s.line)
	}
	s.line, s.long = s.line[:0], false
}

func (s *metricScanner) scan(line []byte) {
	for i, re := range s.res {
		all := re.FindAllSubmatch(line, -1)
		if len(all) == 0 {
			continue
		}
		m := all[len(all)-1]
		v, err := strconv.ParseFloat(strings.TrimSpace(string(m[min(1, len(m)-1)])), 64)
		if err != nil {
			continue
		}
		metric := Metric{Name: s.names[i], Value: v, Time: s.now()}
		s.last[metric.Name] = metric
		if s.found != nil {
			s.found(metric)
		}
	}
}

// metrics returns the last values in the order of the definitions.
func (s *metricScanner) metrics() []Metric {
	s.flush()
	var out []Metric
	for _, name := range s.names {
		if m, ok := s.last[name]; ok {
			out = append(out, m)
		}
	}
	return out
}

var _ io.Writer = (*metricScanner)(nil)
