package tabular

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func TestScan(t *testing.T) {
	rules := Rules{IDColumn: "id", Columns: map[string]Column{
		"id": {Type: "integer"}, "age": {Type: "number", Nullable: true}, "sex": {Type: "string", Allowed: []string{"f", "m"}}, "alive": {Type: "boolean"},
	}}
	for _, tc := range []struct{ name, file, want string }{
		{"sound", "id,age,sex,alive\n1,2.5,f,true\n2,,m,0\n", ""},
		{"byte order mark", "\xEF\xBB\xBFid,age,sex,alive\n1,1,f,1\n", ""},
		{"text in a number", "id,age,sex,alive\n1,1,f,1\nx,1,f,1\n", `line 3, field 1, column "id": got "x", expected an integer`},
		{"infinite", "id,age,sex,alive\n1,Inf,f,1\n", `line 2, field 2, column "age": got "Inf", expected a finite number`},
		{"null", "id,age,sex,alive\n1,1,,1\n", `column "sex": got an empty cell, expected a value`},
		{"no id", "id,age,sex,alive\n,1,f,1\n", `column "id": got an empty cell`},
		{"no rows", "id,age,sex,alive\n", "got a header and no rows"},
		{"same column twice", "id,age,sex,alive,age\n1,1,f,1,1\n", `field 5, column "age": got the same name as field 2`},
		{"not UTF-8", "id,age,sex,alive\n1,1,\xff,1\n", `got "\xff", expected UTF-8 text`},
		{"open quote", "id,age,sex,alive\n1,1,\"f,1\n2,1,f,1\n", `line 2: got a quoted field that goes on to line 3 and is not closed there, expected quotes around a whole field, and "" for one within`},
		{"quote within", "id,age,sex,alive\n1,1,f\"f,1\n", "line 2: got a quote out of place at byte 6 of the line, expected quotes around a whole field"},
		{"ragged", "id,age,sex,alive\n1,1,f,1\n2,1\n", "line 3: got 2 fields, expected 4 fields as in the header"},
		{"UTF-16", "\xFF\xFEi\x00d\x00\n\x00", "got UTF-16, expected CSV in UTF-8"},
		{"a spreadsheet", "PK\x03\x04\x14\x00", "got a ZIP archive, as spreadsheet files are, expected CSV in UTF-8"},
		{"compressed", "\x1F\x8B\x08\x00", "got gzip, expected CSV in UTF-8"},
		{"semicolons", "id;age;sex;alive\n1;1;f;1\n", `line 1: got one column, separated by ';' as it seems, expected columns separated by commas`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Scan(iotest.OneByteReader(strings.NewReader(tc.file)), "x.CSV", rules)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(tc.file))
			if s.SHA256 != hex.EncodeToString(sum[:]) || s.Bytes != int64(len(tc.file)) {
				t.Errorf("digest %s of %d bytes does not cover the whole file", s.SHA256, s.Bytes)
			}
			got := fmt.Sprint(s.Err())
			if tc.want == "" {
				tc.want = "<nil>"
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestScanNameWithASemicolon takes a column for what it is when its name is declared, or none is.
func TestScanNameWithASemicolon(t *testing.T) {
	for _, rules := range []Rules{{}, {IDColumn: "a;b"}, {Columns: map[string]Column{"a;b": {Type: "string"}}}} {
		s, err := Scan(strings.NewReader("a;b\nx\n"), "x.csv", rules)
		if err != nil || s.Err() != nil {
			t.Errorf("%v: %v, %v", rules, err, s.Err())
		}
	}
}

// endless is a reader of one record without an end.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

func TestScanIsBounded(t *testing.T) {
	for _, tc := range []struct {
		name string
		file io.Reader
		want string
	}{
		{"an open quote", io.MultiReader(strings.NewReader("a,b\n1,2\n\""), &endless{left: 200 << 20}), `line 3: got a record of more than 16 MiB, expected one line for each row, and quotes that close`},
		{"an endless header", &endless{left: 200 << 20}, "got a record of more than 16 MiB"},
		{"many columns", strings.NewReader(strings.Repeat("a,", 20_000) + "b\n"), "line 1: got 20001 columns, expected at most 10000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, err := Scan(tc.file, "x.csv", Rules{})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(s.Err()); !strings.Contains(got, tc.want) {
				t.Errorf("got %s\nwant %s", got, tc.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 160<<20 {
				t.Errorf("%d MiB were allocated for it", used>>20)
			}
		})
	}
}

func TestScanKeepsCountingProblems(t *testing.T) {
	s, err := Scan(strings.NewReader("n\n"+strings.Repeat("x\n", 1000)), "x.csv", Rules{Columns: map[string]Column{"n": {Type: "number"}}})
	if err != nil || s.Broken != 1000 || len(s.Problems) != maxProblems || !strings.HasSuffix(s.Err().Error(), "and 990 more") {
		t.Errorf("%d problems, %d kept, %v", s.Broken, len(s.Problems), err)
	}
}

func TestScanOfOtherFiles(t *testing.T) {
	s, err := Scan(strings.NewReader("\x00binary"), "model.bin", Rules{})
	if err != nil || s.CSV || s.Err() != nil || s.Bytes != 7 {
		t.Error(s, err)
	}
	if s, err := Scan(strings.NewReader("x"), "model.bin", Rules{IDColumn: "id"}); err != nil || s.Err() == nil {
		t.Error("columns of a file that is no CSV were accepted", err)
	}
	broken := errors.New("disk on fire")
	if _, err := Scan(io.MultiReader(strings.NewReader("a\n1\n"), iotest.ErrReader(broken)), "x.csv", Rules{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

// FuzzScan takes any file. However it arrives, it is summarised the same, its digest covers it, and what is
// found sound has the rows that encoding/csv reads.
func FuzzScan(f *testing.F) {
	for _, file := range []string{"id,age\n1,2.5\n2,\n", "\xEF\xBB\xBFid,age\n1,1\n", "id;age\n1;1\n", "id,age\n1,\"1\n", "id,age\n1,\"1\"\"2\"\n", "PK\x03\x04", ""} {
		f.Add(file)
	}
	rules := Rules{IDColumn: "id", Columns: map[string]Column{"id": {Type: "integer"}, "age": {Type: "number", Nullable: true}}}
	f.Fuzz(func(t *testing.T, file string) {
		s, err := Scan(strings.NewReader(file), "x.csv", rules)
		if err != nil {
			t.Fatal(err)
		}
		slow, err := Scan(iotest.OneByteReader(strings.NewReader(file)), "x.csv", rules)
		if err != nil || fmt.Sprint(slow) != fmt.Sprint(s) {
			t.Errorf("byte by byte: %v, %v\nat once: %v", slow, err, s)
		}
		sum := sha256.Sum256([]byte(file))
		if s.SHA256 != hex.EncodeToString(sum[:]) || s.Bytes != int64(len(file)) {
			t.Errorf("digest %s of %d bytes does not cover the file", s.SHA256, s.Bytes)
		}
		if (s.Broken == 0) != (s.Err() == nil) || len(s.Problems) > s.Broken {
			t.Errorf("%d broken, %d kept, %v", s.Broken, len(s.Problems), s.Err())
		}
		if s.Broken > 0 {
			return
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\xEF\xBB\xBF"))).ReadAll()
		if err != nil || int64(len(rows)-1) != s.Rows {
			t.Errorf("%d rows found sound; encoding/csv reads %d lines (%v)", s.Rows, len(rows), err)
		}
	})
}
