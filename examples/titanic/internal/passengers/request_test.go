package passengers

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

var (
	decoders = map[string]func([]byte) ([]Passenger, error){"csv": DecodeCSV, "json": DecodeJSON, "jsonl": DecodeJSONLines}
	boy      = Passenger{Class: 3, Age: 4, AgeKnown: true, Siblings: 1, Parents: 2}
	lady     = Passenger{Class: 1, Female: true}
)

func TestDecodeTakes(t *testing.T) {
	tests := []struct{ name, format, body string }{
		{"rows", "csv", "3,male,4,1,2\n1,female,,0,0\n"},
		{"rows without a last line end", "csv", "3,male,4,1,2\n1,female,,0,0"},
		{"header", "csv", "pclass,sex,age,sibsp,parch\n3,male,4,1,2\n1,female,,0,0\n"},
		{"header in another order", "csv", "sex,pclass,parch,sibsp,age\r\nmale,3,2,1,4\r\nfemale,1,0,0,\r\n"},
		{"rows of the data file", "csv", "passenger_id,survived,pclass,sex,age,sibsp,parch\n1,0,3,male,4,1,2\n2,1,1,female,,0,0\n"},
		{"objects", "json", `{"instances":[{"pclass":3,"sex":"male","age":4,"sibsp":1,"parch":2},{"pclass":1,"sex":"female","age":null,"sibsp":0,"parch":0}]}`},
		{"absent age", "json", `{"instances":[{"pclass":3,"sex":"male","age":4,"sibsp":1,"parch":2},{"pclass":1,"sex":"female","sibsp":0,"parch":0}]}`},
		{"array alone", "json", ` [{"pclass":3,"sex":"male","age":4.0,"sibsp":1,"parch":2},[1,"female",null,0,0]]`},
		{"lines", "jsonl", "{\"pclass\":3,\"sex\":\"male\",\"age\":4,\"sibsp\":1,\"parch\":2}\n\n[1,\"female\",null,0,0]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			people, err := decoders[test.format]([]byte(test.body))
			if err != nil || !slices.Equal(people, []Passenger{boy, lady}) {
				t.Errorf("got %+v, %v", people, err)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct{ name, format, body, want string }{
		{"text in a number", "csv", "3,male,4,1,2\n3,male,old,1,2\n", `row 2, column 3 (age): got "old", expected years from 0 to 120, or nothing when the age is not known`},
		{"row after a header", "csv", "sex,pclass,parch,sibsp,age\nmale,9,2,1,4\n", `row 1, column 2 (pclass): got "9", expected 1, 2 or 3`},
		{"fields", "csv", "3,male,4\n", "row 1: got 3 fields, expected 5: pclass,sex,age,sibsp,parch"},
		{"unknown header", "csv", "pclass,sex,years,sibsp,parch\n", `header, column 3: got "years", expected each of pclass,sex,age,sibsp,parch once`},
		{"header without sex", "csv", "pclass,age,sibsp,parch\n3,4,1,1\n", "header, column sex: got a header without it"},
		{"not UTF-8", "csv", "3,m\xe4le,4,1,2\n", "row 1, column 2: got bytes that are not UTF-8"},
		{"nothing", "csv", "", "row 1: got no passengers, expected at least one"},
		{"header alone", "csv", "pclass,sex,age,sibsp,parch\n", "got no passengers"},
		{"quoted number", "json", `[{"pclass":"3","sex":"male","sibsp":1,"parch":2}]`, `row 1, column pclass: got "3", expected 1, 2 or 3`},
		{"missing sex", "json", `[[3,"male",4,1,2],{"pclass":3,"sibsp":1,"parch":2}]`, `row 2, column sex: got an object without it, expected "female" or "male"`},
		{"null class", "json", `[{"pclass":null,"sex":"male","sibsp":1,"parch":2}]`, `row 1, column pclass: got nothing`},
		{"misspelt age", "json", `[{"pclass":3,"sex":"male","Age":4,"sibsp":1,"parch":2}]`, `row 1: got the unknown name "Age", expected pclass, sex, age, sibsp, parch`},
		{"nested", "json", `[{"pclass":[3],"sex":"male","sibsp":1,"parch":2}]`, "column pclass: got an array"},
		{"bool", "json", `[{"pclass":true,"sex":"male","sibsp":1,"parch":2}]`, "column pclass: got true"},
		{"short array", "json", `[[3,"male"]]`, "row 1: got 2 values, expected 5"},
		{"number sex", "json", `[[3,1,4,1,2]]`, "row 1, column 2 (sex): got 1"},
		{"element", "json", `["x"]`, "row 1: got "},
		{"no instances", "json", `{"data":[]}`, `row 1: got an object without "instances", expected {"instances":[{"pclass":3`},
		{"no passengers", "json", `{"instances":[]}`, "got no passengers"},
		{"broken", "json", `{"instances":[`, "JSON that cannot be read"},
		{"empty", "json", ``, "got an empty body"},
		{"a number", "json", `5`, "JSON that cannot be read"},
		{"line", "jsonl", "[3,\"male\",4,1,2]\n{\"pclass\":3\n", "row 2: got JSON that cannot be read"},
		{"two on a line", "jsonl", "[3,\"male\",4,1,2] [3,\"male\",4,1,2]\n", "row 1: got JSON that cannot be read (something follows the value)"},
		{"no lines", "jsonl", "\n\n", "got no passengers"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := decoders[test.format]([]byte(test.body))
			var field *FieldError
			if !errors.As(err, &field) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// checkDecoded fails when a decoder lets something through that no passenger can be.
func checkDecoded(t *testing.T, people []Passenger, err error) {
	if err != nil {
		if len(people) > 0 {
			t.Errorf("got passengers together with %v", err)
		}
		return
	}
	if len(people) == 0 {
		t.Error("got neither passengers nor an error")
	}
	for _, p := range people {
		if p.Class < 1 || p.Class > 3 || !(p.Age >= 0 && p.Age <= 120) || p.Siblings < 0 || p.Parents < 0 || (!p.AgeKnown && p.Age != 0) {
			t.Errorf("got the impossible passenger %+v", p)
		}
	}
}

func FuzzDecodeCSV(f *testing.F) {
	f.Add([]byte("3,male,4,1,2\n"))
	f.Add([]byte("\ufeffsex,pclass,parch,sibsp,age\nmale,3,2,1,\"4\"\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		people, err := DecodeCSV(body)
		checkDecoded(t, people, err)
	})
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(`{"instances":[{"pclass":3,"sex":"male","age":4,"sibsp":1,"parch":2}]}`))
	f.Add([]byte(`[[1,"female",null,0,0]]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		people, err := DecodeJSON(body)
		checkDecoded(t, people, err)
	})
}

func FuzzDecodeJSONLines(f *testing.F) {
	f.Add([]byte("{\"pclass\":3,\"sex\":\"male\",\"age\":4,\"sibsp\":1,\"parch\":2}\n[1,\"female\",null,0,0]\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		people, err := DecodeJSONLines(body)
		checkDecoded(t, people, err)
	})
}

func FuzzReadTable(f *testing.F) {
	f.Add([]byte(header + "5,1,3,female,0.75,2,1\n"))
	f.Add([]byte("name," + header + "\"x\n\",5,1,3,female,,2,1\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, err := ReadTable(strings.NewReader(string(content)), "f.csv")
		people := make([]Passenger, len(rows))
		for i, row := range rows {
			people[i] = row.Passenger
		}
		checkDecoded(t, people, err)
		var field *FieldError
		if err != nil && !errors.As(err, &field) {
			t.Errorf("got %v, expected an error with its place", err)
		}
	})
}
