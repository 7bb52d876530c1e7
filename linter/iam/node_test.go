package iam

import (
	"encoding/json"
	"strings"
	"testing"
)

func validJSON(text string) bool { return json.Valid([]byte(text)) }

// strictly reports whether the node holds no number, whose spelling ParseNode judges loosely since IAM takes it as text.
func strictly(n Node) bool {
	if n.Kind == TextNode && (isNumber(n.Text)) {
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
		_, err := ParseNode(text)
		if err == nil || err.Error() != want {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
}

func TestHostilePolicies(t *testing.T) {
	statement := func(element string, items int, item func(int) string) string {
		var b strings.Builder
		b.WriteString(`{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","` + element + `":[`)
		for i := range items {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + item(i) + `"`)
		}
		b.WriteString(`]}]}`)
		return b.String()
	}
	letters := func(i int) string { return string([]byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26)}) }
	for name, text := range map[string]string{
		"wildcards over all services": statement("Action", 5000, func(i int) string { return letters(i) + "*:*" + letters(i*7) + "*" }),
		"long wildcards":              statement("Action", 10, func(i int) string { return "s3:" + strings.Repeat("*a", 20000) + letters(i) }),
		"misspelt actions":            statement("Action", 5000, func(i int) string { return "ec2:DescribeInstance" + letters(i) }),
		"resources":                   statement("Resource", 5000, func(i int) string { return "arn:aws:ec2:*:*:" + letters(i) + "*/*" }),
		"statements":                  `{"Statement":[` + strings.Repeat(`{"Effect":"Allow","Action":["iam:PassRole","iam:Pass*"],"Resource":"arn:aws:iam::1:role/*"},`, 2000) + `{}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			p.Check(Identity)
		})
	}
}
