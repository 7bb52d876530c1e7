package hosting

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// TestSettle ends deployments well and badly, of endpoints that served before and that did not.
func TestSettle(t *testing.T) {
	document := func(served bool) api.Document {
		d := api.Document{"EndpointConfigName": "blue", "LastDeploymentConfig": "old", pending: map[string]any{"ConfigName": "green", "Variants": []any{"new"}, "Config": "how"}}
		if served {
			d[serving] = []any{"old"}
		}
		return d
	}
	long := errors.New(strings.Repeat("ä", 5000))
	for _, c := range []struct {
		name, from string
		served     bool
		err        error
		want       string // status and configuration
	}{
		{"created", creating, false, nil, inService + " green"},
		{"never came up", creating, false, long, failed + " blue"},
		{"updated", updating, true, nil, inService + " green"},
		{"update did not come up", updating, true, long, inService + " blue"},
		{"rolled back", rollingBack, true, long, inService + " blue"},
	} {
		r := &store.Record{Status: c.from, Document: document(c.served)}
		if err := settle(r, c.err); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		reason := r.Document.Text("FailureReason")
		if got := r.Status + " " + r.Document.Text("EndpointConfigName"); got != c.want || r.Document.Has(pending) || (reason != "") != (c.err != nil) || utf8.RuneCountInString(reason) > 1024 {
			t.Errorf("%s: %s, want %s; pending %v, a reason of %d characters", c.name, got, c.want, r.Document.Has(pending), utf8.RuneCountInString(reason))
		}
	}
	if err := settle(&store.Record{Status: deleting, Document: document(true)}, nil); err == nil {
		t.Error("an endpoint that is being deleted came into service")
	}
}
