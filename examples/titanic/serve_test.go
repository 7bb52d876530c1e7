package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/survival"
)

// handlerOf returns the server's handler with a model of the full feature set.
func handlerOf(t testing.TB) http.Handler {
	t.Helper()
	model, err := survival.Decode(trained(t, "full"))
	if err != nil {
		t.Fatal(err)
	}
	return newHandler(model)
}

func TestInvocations(t *testing.T) {
	handler := handlerOf(t)
	const people = `{"instances":[{"pclass":1,"sex":"female","age":29,"sibsp":0,"parch":0},{"pclass":3,"sex":"male","sibsp":0,"parch":0}]}`
	tests := []struct {
		name, contentType, accept, body string
		status                          int
		answerType, want                string
	}{
		{"CSV", "text/csv", "", "1,female,29,0,0\n3,male,,0,0\n", 200, csvType, ",1\n0."},
		{"CSV with a charset", "text/csv; charset=utf-8", "*/*", "1,female,29,0,0\n3,male,,0,0\n", 200, csvType, ",1\n0."},
		{"JSON", "application/json", "", people, 200, jsonType, `"predicted_label":1},{"score":0.`},
		{"JSON Lines", "application/jsonlines", "", "[1,\"female\",29,0,0]\n[3,\"male\",null,0,0]\n", 200, jsonLinesType, "\"predicted_label\":1}\n{\"score\":0."},
		{"JSON in, CSV out", "application/json", "text/csv", people, 200, csvType, ",1\n0."},
		{"CSV in, the better of two out", "text/csv", "text/csv;q=0.5, application/json", "1,female,29,0,0\n3,male,,0,0\n", 200, jsonType, `"predicted_label":1},{`},
		{"accept any application", "text/csv", "application/*", "3,male,,0,0\n", 200, jsonType, `"predicted_label":0}]}`},
		{"accept nothing of ours", "text/csv", "image/png", "3,male,,0,0\n", 406, jsonType, `got accept \"image/png\", expected one of text/csv,`},
		{"accept nothing at all", "text/csv", "text/csv;q=0", "3,male,,0,0\n", 406, jsonType, "got accept"},
		{"other content", "application/xml", "", "<a/>", 415, jsonType, `got content type \"application/xml\", expected one of`},
		{"no content type", "", "", "3,male,,0,0\n", 415, jsonType, `got content type \"\"`},
		{"latin-1", "text/csv; charset=iso-8859-1", "", "3,male,,0,0\n", 415, jsonType, "in UTF-8"},
		{"bad row", "text/csv", "", "3,male,,0,0\n3,male,x,0,0\n", 400, jsonType, `"row":2,"position":3,"column":"age","got":"\"x\"","expected":"years from 0 to 120, or nothing`},
		{"empty", "application/json", "", "", 400, jsonType, "got an empty body"},
		{"too large", "text/csv", "", strings.Repeat("3,male,,0,0\n", mostBodyBytes/12+1), 413, jsonType, "expected at most that"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader(test.body))
			request.Header.Set("Content-Type", test.contentType)
			if test.accept != "" {
				request.Header.Set("Accept", test.accept)
			}
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			if answer.Code != test.status || answer.Header().Get("Content-Type") != test.answerType || !strings.Contains(answer.Body.String(), test.want) {
				t.Errorf("got %d %s %s\nwant %d %s %s", answer.Code, answer.Header().Get("Content-Type"), answer.Body, test.status, test.answerType, test.want)
			}
		})
	}
}

// TestFormatsAgree sends the same batch in each format and expects the same scores.
func TestFormatsAgree(t *testing.T) {
	handler := handlerOf(t)
	lines := strings.Split(strings.TrimSpace(titanic(t)), "\n")
	var csvBody, jsonLines strings.Builder
	var objects []string
	for _, line := range lines[1:] {
		f := strings.Split(line, ",")
		csvBody.WriteString(strings.Join(f[2:], ",") + "\n")
		age := f[4]
		if age == "" {
			age = "null"
		}
		object := `{"pclass":` + f[2] + `,"sex":"` + f[3] + `","age":` + age + `,"sibsp":` + f[5] + `,"parch":` + f[6] + `}`
		objects = append(objects, object)
		jsonLines.WriteString(object + "\n")
	}
	bodies := map[string]string{
		csvType: csvBody.String(), jsonLinesType: jsonLines.String(), jsonType: `{"instances":[` + strings.Join(objects, ",") + `]}`,
	}
	var first string
	for contentType, body := range bodies {
		request := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader(body))
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Accept", jsonType)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		var decoded struct{ Predictions []prediction }
		if err := json.Unmarshal(answer.Body.Bytes(), &decoded); err != nil || len(decoded.Predictions) != 1309 {
			t.Fatalf("%s: got %d predictions, %v", contentType, len(decoded.Predictions), err)
		}
		if first == "" {
			first = answer.Body.String()
		} else if first != answer.Body.String() {
			t.Errorf("%s gives other scores", contentType)
		}
	}
}

func TestRoutes(t *testing.T) {
	handler := handlerOf(t)
	tests := []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/ping", 200},
		{http.MethodPost, "/ping", 405},
		{http.MethodGet, "/invocations", 405},
		{http.MethodGet, "/", 404},
	}
	for _, test := range tests {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(test.method, test.path, nil))
		if answer.Code != test.status {
			t.Errorf("%s %s: got %d, expected %d", test.method, test.path, answer.Code, test.status)
		}
	}
}

func TestListenAddress(t *testing.T) {
	tests := []struct {
		base, port, want string
	}{
		{"", "", ":8080"},
		{"", "9000", ":9000"},
		{"/jobs/x/ml", "9000", "127.0.0.1:9000"},
		{"/jobs/x/ml", "", "127.0.0.1:8080"},
		{"", "http", `SAGEMAKER_BIND_TO_PORT: got "http", expected a port from 1 to 65535`},
		{"", "0", `SAGEMAKER_BIND_TO_PORT: got "0"`},
	}
	for _, test := range tests {
		got, err := listenAddress(func(name string) string {
			return map[string]string{baseDirVariable: test.base, "SAGEMAKER_BIND_TO_PORT": test.port}[name]
		})
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("base %q, port %q: got %s, expected %s", test.base, test.port, got, test.want)
		}
	}
}

// TestTerminationLetsRequestsFinish starts the program as a process, sends SIGTERM in the middle of a
// request and expects the answer and exit 0.
func TestTerminationLetsRequestsFinish(t *testing.T) {
	base := t.TempDir()
	if err := writeFile(filepath.Join(base, "model", "model.json"), trained(t, "plain")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	program := exec.CommandContext(ctx, os.Args[0], "serve")
	// A port that is free now may be taken later; the kernel rarely hands the same one out twice in a row.
	probe := httptest.NewServer(http.NotFoundHandler())
	address := strings.TrimPrefix(probe.URL, "http://")
	probe.Close()
	program.Env = append(os.Environ(), programVariable+"=1", baseDirVariable+"="+base, "SAGEMAKER_BIND_TO_PORT="+address[strings.LastIndex(address, ":")+1:])
	program.Stderr = os.Stderr
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || line != "serving a plain model on "+address+"\n" {
		t.Fatalf("got %q, %v", line, err)
	}

	body, halves := io.Pipe()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/invocations", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", csvType)
	// The first half leaves only after the server has begun to read the request.
	request.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 30 * time.Second}}
	answered := make(chan error, 1)
	go func() {
		answer, err := client.Do(request)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			_ = answer.Body.Close()
		}
		answered <- err
	}()
	if _, err := halves.Write([]byte("3,male,22,1,0\n")); err != nil { // returns once the request is being read
		t.Fatal(err)
	}
	waitUntilRefused := func() {
		if err := program.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for ctx.Err() == nil { // a closed listener shows that the shutdown has begun
			ping, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/ping", nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(ping)
			if err != nil {
				return
			}
			_ = answer.Body.Close()
		}
	}
	waitUntilRefused()
	if _, err := halves.Write([]byte("1,female,22,1,0\n")); err != nil {
		t.Fatal(err)
	}
	if err := halves.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the running request failed: %v", err)
	}
	if err := program.Wait(); err != nil {
		t.Errorf("the program ended with %v, expected exit 0", err)
	}
}

// BenchmarkInvocation answers one passenger per request, without the network.
func BenchmarkInvocation(b *testing.B) {
	handler := handlerOf(b)
	for b.Loop() {
		request := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader("3,male,22,1,0\n"))
		request.Header.Set("Content-Type", csvType)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			b.Fatal(answer.Body)
		}
	}
}
