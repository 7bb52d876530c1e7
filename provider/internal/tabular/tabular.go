// Package tabular reads a data file once, as a stream, and says what is in it: digest, size, rows, columns, and where it
// breaks the rules its owner declared. In goes an io.Reader and the rules; out comes a Summary with every problem found.
package tabular

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Column is what must hold for one column. Type is string, integer, number or boolean; an empty cell is a null.
type Column struct {
	Type     string
	Nullable bool
	// Allowed lists the values a non-null cell may have; empty allows all of the type.
	Allowed []string
}

// Rules are the declared columns and the column whose values identify rows.
type Rules struct {
	Columns  map[string]Column
	IDColumn string
}

// Problem is one broken rule. Line counts from 1 with the header as line 1; Line 0 concerns the file as a whole.
type Problem struct {
	Line, Field         int
	Column, Got, Expect string
}

func (p Problem) String() string {
	where := ""
	if p.Line > 0 {
		where = fmt.Sprintf("line %d", p.Line)
		if p.Field > 0 {
			where += fmt.Sprintf(", field %d", p.Field)
		}
	}
	if p.Column != "" {
		if where != "" {
			where += ", "
		}
		where += fmt.Sprintf("column %q", p.Column)
	}
	if where != "" {
		where += ": "
	}
	return where + "got " + p.Got + ", expected " + p.Expect
}

// maxProblems is how many problems are kept; Summary.Broken counts them all.
const maxProblems = 10

// Summary is what a file holds. Rows and Columns are filled for CSV only.
type Summary struct {
	SHA256   string
	Bytes    int64
	CSV      bool
	Rows     int64
	Columns  []string
	Problems []Problem
	Broken   int
}

// Err is nil when no rule is broken, else it lists the problems kept.
func (s *Summary) Err() error {
	if s.Broken == 0 {
		return nil
	}
	var lines []string
	for _, p := range s.Problems {
		lines = append(lines, p.String())
	}
	if more := s.Broken - len(s.Problems); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(lines, "\n"))
}

func (s *Summary) report(p Problem) {
	s.Broken++
	if len(s.Problems) < maxProblems {
		s.Problems = append(s.Problems, p)
	}
}

// Scan reads r to its end. It returns an error only when r cannot be read; broken rules are in the Summary.
// Files whose name does not end in .csv are digested but not looked into.
func Scan(r io.Reader, name string, rules Rules) (*Summary, error) {
	s := &Summary{CSV: strings.HasSuffix(strings.ToLower(name), ".csv")}
	h := sha256.New()
	counted := &counter{r: io.TeeReader(r, h)}
	if s.CSV {
		if err := s.scanCSV(counted, rules); err != nil {
			return nil, err
		}
	} else if len(rules.Columns) > 0 || rules.IDColumn != "" {
		s.report(Problem{Got: fmt.Sprintf("file %q", name), Expect: "a .csv file, because columns or id_column are declared"})
	}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return nil, err
	}
	s.SHA256, s.Bytes = hex.EncodeToString(h.Sum(nil)), counted.n
	return s, nil
}

// Bounds of what a CSV file may ask for: encoding/csv keeps a whole record in memory, however long.
const (
	maxRecordBytes = 16 << 20
	maxColumns     = 10_000
)

// recordBound refuses to read on when one record takes more than maxRecordBytes. The buffer that reads ahead is small beside it.
type recordBound struct {
	r    io.Reader
	left int
}

var errRecordTooLong = fmt.Errorf("a record of more than %d MiB; expected one line for each row, and quotes that close", maxRecordBytes>>20)

func (b *recordBound) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRecordTooLong
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

func (b *recordBound) next() { b.left = maxRecordBytes }

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (s *Summary) scanCSV(r io.Reader, rules Rules) error {
	in := bufio.NewReaderSize(r, 1<<16)
	start, _ := in.Peek(4) // a shorter file is read below, and so is an error
	if bytes.HasPrefix(start, []byte("\xEF\xBB\xBF")) {
		if _, err := in.Discard(3); err != nil {
			return err
		}
	}
	if other := otherEncoding(start); other != "" {
		s.report(Problem{Got: other, Expect: "CSV in UTF-8"})
		return nil
	}
	bound := &recordBound{r: in, left: maxRecordBytes}
	rows := csv.NewReader(bound)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		s.report(Problem{Got: "an empty file", Expect: "a header line"})
		return nil
	}
	if err != nil {
		return s.malformed(err, len(header))
	}
	if r := otherSeparator(header); r != 0 && rules.otherNames(header[0]) {
		s.report(Problem{Line: 1, Got: fmt.Sprintf("one column, separated by %q as it seems", r), Expect: "columns separated by commas"})
		return nil
	}
	if len(header) > maxColumns {
		s.report(Problem{Line: 1, Got: fmt.Sprintf("%d columns", len(header)), Expect: fmt.Sprintf("at most %d", maxColumns)})
		return nil
	}
	s.Columns = slices.Clone(header)
	checks := s.headerChecks(rules)
	seen := map[string]int{}
	for {
		bound.next()
		rec, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s.malformed(err, len(rec))
		}
		s.Rows++
		for i, cell := range rec {
			line, _ := rows.FieldPos(i)
			if !utf8.ValidString(cell) {
				s.report(Problem{Line: line, Field: i + 1, Column: s.Columns[i], Got: strconv.Quote(cell), Expect: "UTF-8 text"})
				continue
			}
			if checks[i] == nil {
				continue
			}
			if got, want := checks[i](cell, line, seen); want != "" {
				s.report(Problem{Line: line, Field: i + 1, Column: s.Columns[i], Got: got, Expect: want})
			}
		}
	}
	if s.Rows == 0 {
		s.report(Problem{Got: "a header and no rows", Expect: "at least one row"})
	}
	return nil
}

// malformed turns a CSV syntax error in a record of so many fields into a problem and gives up on the rest; other errors come from
// the reader.
func (s *Summary) malformed(err error, fields int) error {
	if errors.Is(err, errRecordTooLong) {
		s.report(Problem{Line: int(s.Rows) + 2, Got: "a record of more than 16 MiB", Expect: "one line for each row, and quotes that close"})
		return nil
	}
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	switch {
	case errors.Is(parse.Err, csv.ErrFieldCount):
		s.report(Problem{Line: parse.StartLine, Got: fmt.Sprintf("%d fields", fields), Expect: fmt.Sprintf("%d fields as in the header", len(s.Columns))})
	case errors.Is(parse.Err, csv.ErrQuote) && parse.Line > parse.StartLine:
		// A quote that nobody closes takes in the rest of the file: where the record starts says more than where it ends.
		s.report(Problem{Line: parse.StartLine, Got: fmt.Sprintf("a quoted field that goes on to line %d and is not closed there", parse.Line), Expect: quoting})
	case errors.Is(parse.Err, csv.ErrQuote), errors.Is(parse.Err, csv.ErrBareQuote):
		s.report(Problem{Line: parse.Line, Got: fmt.Sprintf("a quote out of place at byte %d of the line", parse.Column), Expect: quoting})
	default:
		s.report(Problem{Line: parse.Line, Got: parse.Err.Error(), Expect: "well-formed CSV"})
	}
	return nil
}

const quoting = `quotes around a whole field, and "" for one within`

// otherEncoding names the encoding that the first bytes of a file are in when it is not UTF-8.
func otherEncoding(start []byte) string {
	switch {
	case bytes.HasPrefix(start, []byte("\xFF\xFE")), bytes.HasPrefix(start, []byte("\xFE\xFF")):
		return "UTF-16"
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return "a ZIP archive, as spreadsheet files are"
	case bytes.HasPrefix(start, []byte("\x1F\x8B")):
		return "gzip"
	}
	return ""
}

// otherNames tells whether columns are declared, and this is none of them.
func (r Rules) otherNames(column string) bool {
	_, declared := r.Columns[column]
	return (len(r.Columns) > 0 || r.IDColumn != "") && !declared && r.IDColumn != column
}

// otherSeparator is the separator that a header of one column seems to be written with; 0 when there is none.
func otherSeparator(header []string) rune {
	if len(header) != 1 {
		return 0
	}
	for _, r := range ";\t|" {
		if strings.ContainsRune(header[0], r) {
			return r
		}
	}
	return 0
}

type check func(cell string, line int, seen map[string]int) (got, want string)

func (s *Summary) headerChecks(rules Rules) []check {
	checks := make([]check, len(s.Columns))
	index := map[string]int{}
	for i, c := range s.Columns {
		if first, dup := index[c]; dup {
			s.report(Problem{Line: 1, Field: i + 1, Column: c, Got: fmt.Sprintf("the same name as field %d", first+1), Expect: "column names that differ"})
			continue
		}
		index[c] = i
	}
	has := "columns " + strings.Join(s.Columns, ", ")
	for _, name := range slices.Sorted(maps.Keys(rules.Columns)) {
		i, ok := index[name]
		if !ok {
			s.report(Problem{Line: 1, Column: name, Got: has, Expect: "a column of that name"})
			continue
		}
		checks[i] = rules.Columns[name].check
	}
	if rules.IDColumn != "" {
		i, ok := index[rules.IDColumn]
		if !ok {
			s.report(Problem{Line: 1, Column: rules.IDColumn, Got: has, Expect: "the id column"})
			return checks
		}
		checks[i] = unique(checks[i])
	}
	return checks
}

func unique(inner check) check {
	return func(cell string, line int, seen map[string]int) (string, string) {
		if inner != nil {
			if got, want := inner(cell, line, seen); want != "" {
				return got, want
			}
		}
		if cell == "" {
			return "an empty cell", "an id in every row"
		}
		if first, dup := seen[cell]; dup {
			return fmt.Sprintf("%q, which line %d has, too", cell, first), "ids that differ"
		}
		seen[strings.Clone(cell)] = line
		return "", ""
	}
}

func (c Column) check(cell string, _ int, _ map[string]int) (got, want string) {
	if cell == "" {
		if c.Nullable {
			return "", ""
		}
		return "an empty cell", "a value (the column is not nullable)"
	}
	var err error
	switch c.Type {
	case "integer":
		_, err = strconv.ParseInt(cell, 10, 64)
	case "number":
		var f float64
		if f, err = strconv.ParseFloat(cell, 64); err == nil && f-f != 0 {
			err = errors.New("not finite")
		}
	case "boolean":
		if !slices.Contains([]string{"true", "false", "0", "1"}, strings.ToLower(cell)) {
			err = errors.New("not a boolean")
		}
	}
	if err != nil {
		return strconv.Quote(cell), map[string]string{"integer": "an integer", "number": "a finite number", "boolean": "true, false, 1 or 0"}[c.Type]
	}
	if len(c.Allowed) > 0 && !slices.Contains(c.Allowed, cell) {
		return strconv.Quote(cell), "one of " + strings.Join(c.Allowed, ", ")
	}
	return "", ""
}
