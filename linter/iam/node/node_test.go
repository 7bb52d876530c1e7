package node

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzNode compares with encoding/json: what it accepts, Parse accepts, unless it nests too deep.
func FuzzNode(f *testing.F) {
	for _, s := range []string{`{}`, `[1,2.5e3,true,null,"a\u00e9\ud83d\ude00\n"]`, `{"a":{"b":[]}}`, `"`, `[1,]`, `{"a":1,}`, "\"\U0010FFFE\"", `-`, `+1`, ` [ ] `} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		accepted := validJSON(text)
		if accepted && err != nil && !strings.Contains(err.Error(), "nest deeper") {
			t.Errorf("%q is refused: %v", text, err)
		}
		if !accepted && err == nil && !strings.Contains(text, Hole) && strictly(n) {
			t.Errorf("%q is accepted", text)
		}
	})
}

func validJSON(text string) bool { return json.Valid([]byte(text)) }

// strictly reports whether the node holds no number, whose spelling Parse judges loosely since IAM takes it as text.
func strictly(n Node) bool {
	if n.Kind == Text && (isNumber(n.Text)) {
		return false
	}
	for _, e := range n.Elems {
		if !strictly(e) {
			return false
		}
	}
	return true
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "line 1, column 1: the policy ends where a value is expected",
		"{\n  \"a\": 1\n  \"b\": 2\n}": "line 3, column 3: a comma or } is expected in the object",
		"{\"a\": [1, 2,]}":             "line 1, column 13: a comma stands before the end of a list",
		"{\"a\": 1,}":                  "line 1, column 9: a comma stands before the end of an object",
		"{a: 1}":                       "line 1, column 2: a key in quotes is expected",
		"{\"a\" 1}":                    "line 1, column 6: a colon is expected after the key \"a\"",
		"\"abc":                        "line 1, column 1: the string has no end",
		"\"a\nb\"":                     "line 1, column 3: a string has a line break or control character",
		"\"\\x\"":                      "line 1, column 2: \"\\x\" is no escape",
		"{} {}":                        "line 1, column 4: something follows the end of the policy",
		"truth":                        "line 1, column 1: \"truth\" is no JSON value",
		strings.Repeat("[", 40):        "line 1, column 34: values nest deeper than 32",
		strings.Repeat(" ", MaxText+1): "line 1, column 1: the text has 1048577 bytes; a policy has at most 1048576",
		"{\"é\": tru}":                 "line 1, column 7: \"tru\" is no JSON value",
	} {
		_, err := Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
}
