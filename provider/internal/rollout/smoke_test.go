package rollout

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
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

// TestRunJudgesStatusAndTime sends requests to a runtime that answers as a container would.
func TestRunJudgesStatusAndTime(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"ok": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Content-Type") != "text/csv" || r.Header.Get("Accept") != "application/json" {
				w.WriteHeader(http.StatusUnsupportedMediaType)
			}
			fmt.Fprint(w, "0.7")
		},
		"refuses": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "ModelError")
			w.WriteHeader(http.StatusFailedDependency)
			fmt.Fprint(w, `{"OriginalStatusCode":415,"OriginalMessage":"csv, please"}`)
		},
		"gone": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "ValidationError")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"Message":"Endpoint gone not found"}`)
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answers[strings.Split(r.URL.Path, "/")[2]](w, r) }))
	t.Cleanup(server.Close)
	c := &sagemaker.Client{Runtime: sagemakerruntime.New(sagemakerruntime.Options{Region: "eu-west-1", BaseEndpoint: &server.URL,
		Credentials: aws.AnonymousCredentials{}, RetryMaxAttempts: 1})}
	csv := SmokeTest{Payload: "1,2", ContentType: "text/csv", Accept: "application/json"}
	with := func(change func(*SmokeTest)) SmokeTest { s := csv; change(&s); return s }
	for _, x := range []struct {
		name, endpoint string
		test           SmokeTest
		want           string
		ours           bool
	}{
		{"answers", "ok", csv, "", false},
		{"in time", "ok", with(func(s *SmokeTest) { s.MaxLatency = time.Hour }), "", false},
		{"too late", "ok", with(func(s *SmokeTest) { s.MaxLatency = time.Nanosecond }), "expected one within 1ns", true},
		{"status expected and got", "refuses", with(func(s *SmokeTest) { s.Status = 415 }), "", false},
		{"status got", "refuses", csv, `got status 415: "csv, please", expected status 200`, true},
		{"another status", "refuses", with(func(s *SmokeTest) { s.Status = 400 }), "expected status 400", true},
		{"status not got", "ok", with(func(s *SmokeTest) { s.Status = 415 }), `got status 200: "0.7", expected status 415`, true},
		{"no endpoint", "gone", csv, "invoking endpoint gone", false},
	} {
		err := x.test.Run(t.Context(), c, x.endpoint)
		var smoke *SmokeError
		if (x.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), x.want) || errors.As(err, &smoke) != x.ours {
			t.Errorf("%s: got %v, want %q", x.name, err, x.want)
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
