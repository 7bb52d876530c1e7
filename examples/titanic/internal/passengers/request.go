package passengers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DecodeCSV reads the passengers of a text/csv request. A first line that holds column names is a header
// and sets the order; without one a row is pclass,sex,age,sibsp,parch.
func DecodeCSV(body []byte) ([]Passenger, error) {
	reader := newCSVReader(bytes.NewReader(body))
	columns := FeatureColumns
	var people []Passenger
	for line := 1; ; line++ {
		row := len(people) + 1
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err, "", row)
		}
		if position, bad := notUTF8(fields); bad {
			return nil, &FieldError{Row: row, Position: position, Got: "bytes that are not UTF-8", Expected: "text in UTF-8"}
		}
		if line == 1 && slices.ContainsFunc(fields, isColumn) {
			if columns, err = requestHeader(fields); err != nil {
				return nil, err
			}
			continue
		}
		if len(fields) != len(columns) {
			return nil, &FieldError{Row: row, Got: count(len(fields)),
				Expected: fmt.Sprintf("%d: %s", len(columns), strings.Join(columns, ","))}
		}
		var parsed Labelled
		for i, column := range columns {
			if text := strings.TrimSpace(fields[i]); !parsed.set(column, text) {
				return nil, &FieldError{Row: row, Position: i + 1, Column: column, Got: show(text), Expected: expectations[column]}
			}
		}
		people = append(people, parsed.Passenger)
	}
	return people, someone(people)
}

func isColumn(text string) bool {
	return slices.Contains(LabelledColumns, strings.TrimSpace(text))
}

// requestHeader returns the columns in the order sent. passenger_id and survived are allowed, so that
// rows of the data file can be sent as they are; an unknown name is more likely a typing error than data.
func requestHeader(fields []string) ([]string, error) {
	header := make([]string, len(fields))
	for i, field := range fields {
		name := strings.TrimSpace(field)
		if !isColumn(name) || slices.Contains(header[:i], name) {
			return nil, &FieldError{Position: i + 1, Got: show(name),
				Expected: "each of " + strings.Join(FeatureColumns, ",") + " once"}
		}
		header[i] = name
	}
	for _, column := range FeatureColumns {
		if column != ColumnAge && !slices.Contains(header, column) {
			return nil, &FieldError{Column: column, Got: "a header without it",
				Expected: "each of " + strings.Join(FeatureColumns, ",") + " once"}
		}
	}
	return header, nil
}

// DecodeJSON reads the passengers of an application/json request: {"instances":[...]} or a plain array.
// Each element is an object with column names or an array in the order pclass,sex,age,sibsp,parch.
func DecodeJSON(body []byte) ([]Passenger, error) {
	const wanted = `{"instances":[{"pclass":3,"sex":"male","age":22,"sibsp":1,"parch":0}]} or the array alone`
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	elements := trimmed
	if len(trimmed) > 0 && trimmed[0] == '{' {
		var envelope map[string]json.RawMessage
		if err := json.Unmarshal(trimmed, &envelope); err != nil {
			return nil, &FieldError{Row: 1, Got: "JSON that cannot be read (" + err.Error() + ")", Expected: wanted}
		}
		var found bool
		if elements, found = envelope["instances"]; !found {
			return nil, &FieldError{Row: 1, Got: `an object without "instances"`, Expected: wanted}
		}
	}
	var instances []json.RawMessage
	if err := json.Unmarshal(elements, &instances); err != nil {
		got := "JSON that cannot be read (" + err.Error() + ")"
		if len(trimmed) == 0 {
			got = "an empty body"
		}
		return nil, &FieldError{Row: 1, Got: got, Expected: wanted}
	}
	people := make([]Passenger, 0, len(instances))
	for i, instance := range instances {
		person, err := decodeInstance(instance, i+1)
		if err != nil {
			return nil, err
		}
		people = append(people, person)
	}
	return people, someone(people)
}

// DecodeJSONLines reads the passengers of an application/jsonlines request: one object or array per
// line. Blank lines are skipped.
func DecodeJSONLines(body []byte) ([]Passenger, error) {
	scanner := bufio.NewScanner(bytes.NewReader(body))
	scanner.Buffer(nil, len(body)+1) // one line may be the whole body, whose size the server has bounded
	var people []Passenger
	for scanner.Scan() {
		line := bytes.TrimSpace(scanner.Bytes())
		if len(line) == 0 {
			continue
		}
		person, err := decodeInstance(line, len(people)+1)
		if err != nil {
			return nil, err
		}
		people = append(people, person)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read the request line by line: %w", err)
	}
	return people, someone(people)
}

// decodeInstance reads one JSON object or array.
func decodeInstance(raw []byte, row int) (Passenger, error) {
	fail := func(position int, column, got, expected string) (Passenger, error) {
		return Passenger{}, &FieldError{Row: row, Position: position, Column: column, Got: got, Expected: expected}
	}
	if !utf8.Valid(raw) {
		return fail(0, "", "bytes that are not UTF-8", "text in UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	if err == nil && decoder.More() {
		err = errors.New("something follows the value")
	}
	if err != nil {
		return fail(0, "", "JSON that cannot be read ("+err.Error()+")", "one object per passenger")
	}

	var parsed Labelled
	switch value := value.(type) {
	case map[string]any:
		for _, column := range FeatureColumns {
			field, sent := value[column]
			if !sent && column != ColumnAge {
				return fail(0, column, "an object without it", expectations[column])
			}
			if got, ok := parsed.setJSON(column, field); !ok {
				return fail(0, column, got, expectations[column])
			}
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if !slices.Contains(LabelledColumns, name) {
				return fail(0, "", "the unknown name "+show(name), strings.Join(FeatureColumns, ", "))
			}
		}
	case []any:
		if len(value) != len(FeatureColumns) {
			return fail(0, "", strconv.Itoa(len(value))+" values", fmt.Sprintf("%d: %s", len(FeatureColumns), strings.Join(FeatureColumns, ",")))
		}
		for i, column := range FeatureColumns {
			if got, ok := parsed.setJSON(column, value[i]); !ok {
				return fail(i+1, column, got, expectations[column])
			}
		}
	default:
		return fail(0, "", show(string(raw)), "an object with "+strings.Join(FeatureColumns, ", "))
	}
	return parsed.Passenger, nil
}

// setJSON stores one JSON value and returns how to show it when it does not fit. Numbers must be JSON
// numbers: a quoted 3 usually means that columns were mixed up.
func (l *Labelled) setJSON(column string, value any) (got string, ok bool) {
	switch value := value.(type) {
	case nil:
		return "nothing", column == ColumnAge && l.set(column, "")
	case string:
		return show(value), column == ColumnSex && l.set(column, value)
	case json.Number:
		return value.String(), column != ColumnSex && l.set(column, value.String())
	case bool:
		return strconv.FormatBool(value), false
	case []any:
		return "an array", false
	}
	return "an object", false
}

// someone refuses requests without passengers: an empty answer would hide a client's mistake.
func someone(people []Passenger) error {
	if len(people) == 0 {
		return &FieldError{Row: 1, Got: "no passengers", Expected: "at least one"}
	}
	return nil
}
