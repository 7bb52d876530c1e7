// Package passengers reads people from CSV, JSON and JSON Lines. What comes out is either a complete,
// range-checked list or an error that names the place, what was there and what was expected.
package passengers

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Column names, as they stand in the header of the training file and in JSON requests.
const (
	ColumnID       = "passenger_id"
	ColumnSurvived = "survived"
	ColumnClass    = "pclass"
	ColumnSex      = "sex"
	ColumnAge      = "age"
	ColumnSiblings = "sibsp"
	ColumnParents  = "parch"
)

// FeatureColumns is the order of a request row that comes without a header.
var FeatureColumns = []string{ColumnClass, ColumnSex, ColumnAge, ColumnSiblings, ColumnParents}

// LabelledColumns are the columns a training or evaluation file needs, in the order we write them.
var LabelledColumns = append([]string{ColumnID, ColumnSurvived}, FeatureColumns...)

// Passenger is what a model may know about a person.
type Passenger struct {
	Class    int     // ticket class, 1 to 3
	Female   bool    // sex as the passenger list has it
	Age      float64 // years; 0 when AgeKnown is false
	AgeKnown bool
	Siblings int // siblings and spouses aboard
	Parents  int // parents and children aboard
}

// Sex returns the value of the sex column.
func (p Passenger) Sex() string {
	if p.Female {
		return "female"
	}
	return "male"
}

// Labelled is a passenger whose fate is known.
type Labelled struct {
	ID       int64
	Survived bool
	Passenger
}

// FieldError is a value that cannot be used. File is empty and Row set for requests, the other way
// round for files.
type FieldError struct {
	File     string // as the user knows it
	Line     int    // 1-based line of File
	Row      int    // 1-based row of a request, its header not counted; 0 is the header itself
	Position int    // 1-based field of the line, 0 when it is not known
	Column   string // column name, empty when the whole row is at fault
	Got      string // what was there, ready to print
	Expected string
}

// Error names the place first, then what was there and what should have been.
func (e *FieldError) Error() string {
	var place strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&place, "%s line %d", e.File, e.Line)
	case e.File != "":
		place.WriteString(e.File)
	case e.Row > 0:
		fmt.Fprintf(&place, "row %d", e.Row)
	default:
		place.WriteString("header")
	}
	switch {
	case e.Column != "" && e.Position > 0:
		fmt.Fprintf(&place, ", column %d (%s)", e.Position, e.Column)
	case e.Column != "":
		fmt.Fprintf(&place, ", column %s", e.Column)
	case e.Position > 0:
		fmt.Fprintf(&place, ", column %d", e.Position)
	}
	return fmt.Sprintf("%s: got %s, expected %s", place.String(), e.Got, e.Expected)
}

// expectations are the words for each column that error messages and documentation share.
var expectations = map[string]string{
	ColumnID:       "a positive integer",
	ColumnSurvived: "0 or 1",
	ColumnClass:    "1, 2 or 3",
	ColumnSex:      `"female" or "male"`,
	ColumnAge:      "years from 0 to 120, or nothing when the age is not known",
	ColumnSiblings: "an integer from 0 to 50",
	ColumnParents:  "an integer from 0 to 50",
}

// set stores the text of one field; ok is false when the text is not what the column holds.
// Columns that are no part of a passenger are checked and otherwise ignored in requests.
func (l *Labelled) set(column, text string) (ok bool) {
	switch column {
	case ColumnID:
		id, err := strconv.ParseInt(text, 10, 64)
		l.ID = id
		return err == nil && id > 0
	case ColumnSurvived:
		l.Survived = text == "1"
		return text == "0" || text == "1"
	case ColumnClass:
		l.Class, ok = integer(text, 1, 3)
		return ok
	case ColumnSex:
		l.Female = text == "female"
		return l.Female || text == "male"
	case ColumnAge:
		l.AgeKnown = text != ""
		if !l.AgeKnown {
			l.Age = 0
			return true
		}
		age, err := strconv.ParseFloat(text, 64)
		l.Age = age
		return err == nil && !math.IsNaN(age) && age >= 0 && age <= 120
	case ColumnSiblings:
		l.Siblings, ok = integer(text, 0, 50)
		return ok
	case ColumnParents:
		l.Parents, ok = integer(text, 0, 50)
		return ok
	}
	return false
}

// integer reads a whole number within bounds. Tools that went through floating point write 3 as 3.0,
// which is the same number, so it is taken.
func integer(text string, low, high int) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(text, ".0"))
	return n, err == nil && n >= low && n <= high
}

// show quotes what a user sent, shortened so that a megabyte in one field does not flood the message.
func show(text string) string {
	const most = 60
	if text == "" {
		return "nothing"
	}
	if utf8.RuneCountInString(text) > most {
		runes := []rune(text)
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(text)
}
