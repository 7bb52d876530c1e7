package jobs

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// TestFinish: a job that was told Stopping ends Stopped, even when its container came to its end first.
func TestFinish(t *testing.T) {
	records, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "engine.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	j := New(Options{Catalog: &catalog.Catalog{Store: records, Now: time.Now}})
	for _, c := range []struct{ name, status, ended, want, secondary string }{
		{"completed", inProgress, completed, completed, "Completed"},
		{"completed-while-stopping", stopping, completed, stopped, "Stopped"},
		{"failed-while-stopping", stopping, failed, failed, "Failed"},
	} {
		k := key{store.TrainingJob, "eu-west-1", c.name}
		err := records.Insert(t.Context(), &store.Record{Kind: k.kind, Region: k.region, Name: k.name, Status: c.status, Document: api.Document{}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.finish(t.Context(), k, ending{status: c.ended, secondary: map[string]string{completed: "Completed", failed: "Failed"}[c.ended]}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		record, err := j.Catalog.Get(t.Context(), k.kind, k.region, k.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := record.Document.Text("SecondaryStatus"); record.Status != c.want || got != c.secondary {
			t.Errorf("%s: got %s (%s), want %s (%s)", c.name, record.Status, got, c.want, c.secondary)
		}
	}
}

// TestTogether: of several hosts the one that failed first tells why, since the others were only ended for it.
func TestTogether(t *testing.T) {
	at := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	host := func(outcome container.Outcome, reason string, started, ended int, loss float64) container.Result {
		return container.Result{Outcome: outcome, FailureReason: reason, StartedAt: at.Add(time.Duration(started) * time.Second), EndedAt: at.Add(time.Duration(ended) * time.Second),
			Metrics: []container.Metric{{Name: "loss", Value: loss, Time: at.Add(time.Duration(ended) * time.Second)}}}
	}
	got := together([]container.Result{
		host(container.Failed, "its peer went away", 1, 9, 0.1), host(container.Stopped, "", 0, 8, 0.2), host(container.Failed, "out of memory", 2, 7, 0.3)}, 2)
	if got.FailureReason != "out of memory" {
		t.Errorf("got the reason %q, want that of the first host that failed", got.FailureReason)
	}
	if !got.StartedAt.Equal(at) || !got.EndedAt.Equal(at.Add(9*time.Second)) {
		t.Errorf("got %s to %s, want the first start and the last end", got.StartedAt, got.EndedAt)
	}
	if len(got.Metrics) != 1 || got.Metrics[0].Value != 0.1 {
		t.Errorf("got metrics %v, want the last value that any host printed", got.Metrics)
	}
	got = together([]container.Result{host(container.Completed, "", 0, 1, 1), host(container.Stopped, "", 0, 1, 1)}, -1)
	if got.Outcome != container.Stopped {
		t.Errorf("got %v, want Stopped: one completed host does not complete the job", got.Outcome)
	}
}
