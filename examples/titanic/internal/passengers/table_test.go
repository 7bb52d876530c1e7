package passengers

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

const header = "passenger_id,survived,pclass,sex,age,sibsp,parch\n"

func TestReadTableRefuses(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"empty", "", "people.csv line 1: got an empty file, expected a header line with passenger_id,survived,pclass,sex,age,sibsp,parch"},
		{"header alone", header, "people.csv line 2: got no rows after the header, expected at least one passenger"},
		{"missing column", "passenger_id,survived,pclass,sex,sibsp,parch\n1,1,1,male,0,0\n",
			`people.csv line 1, column age: got a header without it: "passenger_id,survived,pclass,sex,sibsp,parch", expected a header with`},
		{"column twice", "passenger_id,survived,pclass,sex,age,sibsp,parch,age\n", "people.csv line 1, column 8 (age): got the name a second time, expected it once, as in column 5"},
		{"text in a number", header + "1,1,1,male,30,0,0\n2,0,3,male,thirty,0,0\n",
			`people.csv line 3, column 5 (age): got "thirty", expected years from 0 to 120, or nothing when the age is not known`},
		{"NaN", header + "1,1,1,male,NaN,0,0\n", `people.csv line 2, column 5 (age): got "NaN"`},
		{"infinity", header + "1,1,1,male,+Inf,0,0\n", `people.csv line 2, column 5 (age): got "+Inf"`},
		{"negative age", header + "1,1,1,male,-1,0,0\n", `got "-1"`},
		{"class", header + "1,1,4,male,1,0,0\n", `people.csv line 2, column 3 (pclass): got "4", expected 1, 2 or 3`},
		{"empty class", header + "1,1,,male,1,0,0\n", `people.csv line 2, column 3 (pclass): got nothing, expected 1, 2 or 3`},
		{"sex", header + "1,1,1,Male,1,0,0\n", `people.csv line 2, column 4 (sex): got "Male", expected "female" or "male"`},
		{"label", header + "1,yes,1,male,1,0,0\n", `people.csv line 2, column 2 (survived): got "yes", expected 0 or 1`},
		{"id", header + "0,1,1,male,1,0,0\n", `people.csv line 2, column 1 (passenger_id): got "0", expected a positive integer`},
		{"id twice", header + "7,1,1,male,1,0,0\n8,1,1,male,1,0,0\n7,1,1,male,1,0,0\n",
			`people.csv line 4, column 1 (passenger_id): got 7, expected an id that no other row has; line 2 has it too`},
		{"too few fields", header + "1,1,1,male\n", "people.csv line 2: got 4 fields, expected 7 as in the header"},
		{"one field", header + "hello\n", "people.csv line 2: got 1 field, expected 7 as in the header"},
		{"not UTF-8", header + "1,1,1,m\xe4le,1,0,0\n", "people.csv line 2, column 4 (sex): got bytes that are not UTF-8, expected text in UTF-8"},
		{"UTF-16", "\xff\xfep\x00a\x00s\x00s\x00", "people.csv line 1, column 1: got bytes that are not UTF-8, expected a CSV file saved as UTF-8"},
		{"quoting", header + "1,1,1,\"male,1,0,0\n", "people.csv line 2: got broken quoting"},
		{"long field", header + "1,1,1," + strings.Repeat("x", 10_000) + ",1,0,0\n", `got "` + strings.Repeat("x", 60) + `"…, expected`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadTable(strings.NewReader(test.content), "people.csv")
			var field *FieldError
			if !errors.As(err, &field) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestReadTableTakes(t *testing.T) {
	tests := []struct{ name, content string }{
		{"as we write it", header + "5,1,3,female,0.75,2,1\n"},
		{"spreadsheet", "\ufeff" + strings.ReplaceAll(header+"5,1,3,female,0.75,2,1\n", "\n", "\r\n")},
		{"other order and more columns", "name,sex,age,sibsp,parch,passenger_id,survived,pclass\n\"Doe, Jane\",female,0.75,2,1,5,1,3\n"},
		{"numbers that were floats", header + "5,1,3.0,female,0.75,2.0,1.0\n"},
		{"blanks and quotes", " passenger_id,survived,pclass,sex,age,sibsp,parch\n5, 1,3 ,\"female\", 0.75,2,1"},
	}
	want := Labelled{ID: 5, Survived: true, Passenger: Passenger{Class: 3, Female: true, Age: 0.75, AgeKnown: true, Siblings: 2, Parents: 1}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows, err := ReadTable(strings.NewReader(test.content), "people.csv")
			if err != nil || len(rows) != 1 || rows[0] != want {
				t.Errorf("got %+v, %v, expected %+v", rows, err, want)
			}
		})
	}
}

// TestDataFile reads the committed data, checks what its README says and writes it back byte for byte.
func TestDataFile(t *testing.T) {
	content, err := os.ReadFile("../../data/titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := ReadTable(bytes.NewReader(content), "titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	survivors, ageless := 0, 0
	for _, row := range rows {
		if row.Survived {
			survivors++
		}
		if !row.AgeKnown {
			ageless++
		}
	}
	if len(rows) != 1309 || survivors != 500 || ageless != 263 {
		t.Errorf("got %d passengers, %d survivors, %d without age, expected 1309, 500 and 263", len(rows), survivors, ageless)
	}
	var written bytes.Buffer
	if err := WriteTable(&written, rows); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written.Bytes(), content) {
		t.Error("reading and writing changed the file")
	}
}

func TestSplit(t *testing.T) {
	var rows []Labelled
	for id := range int64(20_000) {
		rows = append(rows, Labelled{ID: id + 1})
	}
	training, holdout := Split(rows, 30)
	if len(training)+len(holdout) != len(rows) {
		t.Fatalf("got %d and %d rows of %d", len(training), len(holdout), len(rows))
	}
	if share := float64(len(holdout)) / float64(len(rows)); share < 0.29 || share > 0.31 {
		t.Errorf("the held-out part is %v, expected about 0.3", share)
	}
	for _, row := range rows {
		if HeldOut(row.ID, 20) && !HeldOut(row.ID, 30) {
			t.Fatalf("passenger %d is in the smaller held-out part but not in the larger one", row.ID)
		}
	}
	// The ids are part of what a split means: evaluations of yesterday compare with those of today.
	var first []int64
	for _, row := range holdout[:5] {
		first = append(first, row.ID)
	}
	if got, want := first, []int64{4, 13, 16, 17, 19}; !slices.Equal(got, want) {
		t.Errorf("the first held-out ids are %v, expected %v", got, want)
	}
}
