package passengers

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// byteOrderMark opens files that spreadsheets saved as UTF-8.
const byteOrderMark = "\ufeff"

// ReadTable reads a labelled CSV file with a header. Columns may come in any order; columns we do not
// know are ignored, so that a wider export can be used as it is. Every passenger_id must be unique.
// Name is how errors call the file. All errors about content are *FieldError.
func ReadTable(r io.Reader, name string) ([]Labelled, error) {
	reader := newCSVReader(r)
	fail := func(line, position int, column, got, expected string) ([]Labelled, error) {
		return nil, &FieldError{File: name, Line: line, Position: position, Column: column, Got: got, Expected: expected}
	}

	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return fail(1, 0, "", "an empty file", "a header line with "+strings.Join(LabelledColumns, ","))
	}
	if err != nil {
		return nil, csvError(err, name, 0)
	}
	header = slices.Clone(header)
	if position, bad := notUTF8(header); bad {
		return fail(1, position, "", "bytes that are not UTF-8", "a CSV file saved as UTF-8")
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
		if first := slices.Index(header, header[i]); first < i && header[i] != "" {
			return fail(1, i+1, header[i], "the name a second time", fmt.Sprintf("it once, as in column %d", first+1))
		}
	}
	for _, column := range LabelledColumns {
		if !slices.Contains(header, column) {
			return fail(1, 0, column, "a header without it: "+show(strings.Join(header, ",")),
				"a header with "+strings.Join(LabelledColumns, ","))
		}
	}

	var rows []Labelled
	firstLine := map[int64]int{}
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err, name, 0)
		}
		line, _ := reader.FieldPos(0)
		if len(fields) != len(header) {
			return fail(line, 0, "", count(len(fields)), fmt.Sprintf("%d as in the header", len(header)))
		}
		if position, bad := notUTF8(fields); bad {
			return fail(line, position, header[position-1], "bytes that are not UTF-8", "text in UTF-8")
		}
		var row Labelled
		for i, column := range header {
			if !slices.Contains(LabelledColumns, column) {
				continue
			}
			if text := strings.TrimSpace(fields[i]); !row.set(column, text) {
				return fail(line, i+1, column, show(text), expectations[column])
			}
		}
		if first, taken := firstLine[row.ID]; taken {
			return fail(line, slices.Index(header, ColumnID)+1, ColumnID, strconv.FormatInt(row.ID, 10),
				fmt.Sprintf("an id that no other row has; line %d has it too", first))
		}
		firstLine[row.ID] = line
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return fail(2, 0, "", "no rows after the header", "at least one passenger")
	}
	return rows, nil
}

// WriteTable writes labelled passengers as ReadTable reads them.
func WriteTable(w io.Writer, rows []Labelled) error {
	out := csv.NewWriter(w)
	if err := out.Write(LabelledColumns); err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	for _, row := range rows {
		age := ""
		if row.AgeKnown {
			age = strconv.FormatFloat(row.Age, 'f', -1, 64)
		}
		survived := "0"
		if row.Survived {
			survived = "1"
		}
		record := []string{strconv.FormatInt(row.ID, 10), survived, strconv.Itoa(row.Class), row.Sex(), age,
			strconv.Itoa(row.Siblings), strconv.Itoa(row.Parents)}
		if err := out.Write(record); err != nil {
			return fmt.Errorf("write passenger %d: %w", row.ID, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the last rows: %w", err)
	}
	return nil
}

// newCSVReader returns a reader that leaves the number of fields to us and drops a byte order mark,
// which would otherwise become part of the first column's name.
func newCSVReader(r io.Reader) *csv.Reader {
	buffered := bufio.NewReader(r)
	if start, _ := buffered.Peek(len(byteOrderMark)); string(start) == byteOrderMark {
		_, _ = buffered.Discard(len(byteOrderMark)) // the peek has shown that the bytes are there
	}
	reader := csv.NewReader(buffered)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	return reader
}

// csvError turns a quoting error into a FieldError with its place; reading errors stay what they are.
// Row is used for requests, where file is empty.
func csvError(err error, file string, row int) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		if file == "" {
			return fmt.Errorf("read the request: %w", err)
		}
		return fmt.Errorf("read %s: %w", file, err)
	}
	return &FieldError{File: file, Line: parse.Line, Row: row, Got: "broken quoting (" + parse.Err.Error() + ")",
		Expected: "CSV with quotes only around whole fields"}
}

// notUTF8 returns the 1-based position of the first field that is not UTF-8.
func notUTF8(fields []string) (int, bool) {
	for i, field := range fields {
		if !utf8.ValidString(field) {
			return i + 1, true
		}
	}
	return 0, false
}

// count words a number of fields.
func count(fields int) string {
	if fields == 1 {
		return "1 field"
	}
	return strconv.Itoa(fields) + " fields"
}
