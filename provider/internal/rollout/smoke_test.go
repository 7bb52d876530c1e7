package rollout

import (
	"errors"
	"strings"
	"testing"
)

func ptr[T any](v T) *T { return &v }

func TestJudge(t *testing.T) {
	const predictions = `{"predictions":[{"score":0.1234,"predicted_label":0},{"score":1e-3}],"model":"v3"}`
	for name, c := range map[string]struct {
		test SmokeTest
		body string
		want string // part of the error; empty: none
	}{
		"nothing asked":         {SmokeTest{}, "", ""},
		"whole answer":          {SmokeTest{Equals: ptr("ok")}, "ok\n", ""},
		"whole answer differs":  {SmokeTest{Equals: ptr("ok")}, "no", `got "no" at the answer, expected "ok"`},
		"json in bounds":        {SmokeTest{JSONPath: "predictions[0].score", Min: ptr(0.0), Max: ptr(1.0)}, predictions, ""},
		"json dollar":           {SmokeTest{JSONPath: "$.predictions[1].score", Max: ptr(0.001)}, predictions, ""},
		"json above":            {SmokeTest{JSONPath: "predictions[0].score", Max: ptr(0.1)}, predictions, "got 0.1234 at predictions[0].score, expected a number <= 0.1"},
		"json text":             {SmokeTest{JSONPath: "model", Equals: ptr("v3")}, predictions, ""},
		"json text as number":   {SmokeTest{JSONPath: "model", Min: ptr(0.0)}, predictions, `got "v3" at model, expected a number >= 0`},
		"json number as text":   {SmokeTest{JSONPath: "predictions[0].predicted_label", Equals: ptr("0")}, predictions, ""},
		"json no member":        {SmokeTest{JSONPath: "predictions[0].nope"}, predictions, `no member "nope"`},
		"json no element":       {SmokeTest{JSONPath: "predictions[9]"}, predictions, "no element [9]"},
		"json through a number": {SmokeTest{JSONPath: "predictions[0].score.x"}, predictions, `no member "x"`},
		"not json":              {SmokeTest{JSONPath: "a"}, "<html>", "not JSON"},
		"csv":                   {SmokeTest{CSVColumn: ptr(int64(1)), Equals: ptr("0")}, "0.12,0\n0.9,1\n", ""},
		"csv no column":         {SmokeTest{CSVColumn: ptr(int64(2))}, "0.12,0\n", "expected a value in column 2"},
		"csv empty":             {SmokeTest{CSVColumn: ptr(int64(0))}, "", "expected a value in column 0"},
		"csv not a number":      {SmokeTest{CSVColumn: ptr(int64(0)), Min: ptr(0.0)}, "NaN,0\n", "expected a number >= 0"},
	} {
		err := c.test.judge([]byte(c.body))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		case c.want != "":
			var smoke *SmokeError
			if !errors.As(err, &smoke) {
				t.Errorf("%s: %T is not the endpoint's fault", name, err)
			}
		}
	}
}

func TestParsePath(t *testing.T) {
	for path, ok := range map[string]bool{"": true, "$": true, "a": true, "a.b[0][1].c": true, "[0]": true, "$[0].x": true,
		"a..b": false, "a[": false, "a[x]": false, "a[-1]": false, ".": true, "a[0": false} {
		if err := ParsePath(path); (err == nil) != ok {
			t.Errorf("ParsePath(%q) = %v, want ok = %v", path, err, ok)
		}
	}
}

func FuzzPick(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1}]}`), "a[0].b")
	f.Add([]byte(`[]`), "$[0]")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		got, err := pick(body, path)
		if err != nil && got != "" {
			t.Errorf("pick(%q, %q) = %q with error %v", body, path, got, err)
		}
	})
}
