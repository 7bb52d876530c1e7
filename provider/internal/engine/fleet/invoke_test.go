package fleet

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestInvocationTimeout(t *testing.T) {
	f, _ := newFleet(t)
	f.o.InvocationTimeout = 50 * time.Millisecond
	deploy(t, f, config("v", "hang"))
	w := invoke(f, "x")
	if w.Code != http.StatusFailedDependency || !strings.Contains(w.Body.String(), `"OriginalStatusCode":0`) || !strings.Contains(w.Body.String(), "timed out") {
		t.Error(w.Code, w.Body)
	}
}

func TestInvocationErrors(t *testing.T) {
	for _, tt := range []struct {
		behaviour, body string
		status          int
		code, want      string
	}{
		{"fine", "x", 200, "", "v:x"},
		{"fine", "", 200, "", "v:"},
		{"fine", strings.Repeat("x", MaxBody-2), 200, "", "v:xxx"},
		{"fine", strings.Repeat("x", MaxBody+1), 400, "ValidationError", "larger than"},
		{"400", "x", 424, "ModelError", `"OriginalMessage":"row 3, column age: want a number\n","OriginalStatusCode":400`},
		{"500", "x", 424, "ModelError", `"OriginalStatusCode":500`},
		{"huge", "x", 424, "ModelError", "larger than"},
	} {
		f, _ := newFleet(t)
		deploy(t, f, config("v", tt.behaviour))
		w := invoke(f, tt.body, "Accept", "text/csv", "X-Amzn-SageMaker-Custom-Attributes", "trace=1")
		if w.Code != tt.status || w.Header().Get("X-Amzn-Errortype") != tt.code || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %v %.300s", tt.behaviour, w.Code, w.Header(), w.Body)
		}
		if tt.status == 200 && (w.Header().Get("Content-Type") != "text/csv" || w.Header().Get("X-Amzn-SageMaker-Custom-Attributes") != "trace=1" || w.Header().Get(variantHeader) != "main") {
			t.Errorf("headers %v", w.Header())
		}
	}
	f, _ := newFleet(t)
	if w := invoke(f, "x"); w.Code != 400 || !strings.Contains(w.Body.String(), "Endpoint titanic of account 000000000000 not found.") {
		t.Error(w.Code, w.Body)
	}
	// A client that leaves is no failure of the container, and nothing waits for it.
	deploy(t, f, config("v", "hang"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	f.Invoke(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")).WithContext(ctx), key)
	if w.Code != http.StatusFailedDependency {
		t.Error(w.Code, w.Body)
	}
}

func BenchmarkInvoke(b *testing.B) {
	f, err := New(Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Deploy(b.Context(), key, config("v", "fine"), Rollout{}, nil); err != nil {
		b.Fatal(err)
	}
	direct := f.endpoint(key, false).route.Load().serving.instances()[0].URL() + "/invocations"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.Invoke(w, r, key) }))
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	for _, to := range []struct{ name, url string }{{"direct", direct}, {"fleet", srv.URL}} {
		b.Run(to.name, func(b *testing.B) {
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					resp, err := client.Post(to.url, "text/csv", strings.NewReader("3,male,22,1,0,7.25"))
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					if resp.StatusCode != http.StatusOK {
						b.Error(resp.Status)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}
