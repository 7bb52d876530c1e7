package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// What cannot be the ID of a resource is refused before anything is asked.
func TestImportRefusals(t *testing.T) {
	for _, tt := range []struct {
		r            resource.ResourceWithImportState
		id, expected string
	}{
		{&datasetResource{}, "passengers", "expected the URI of the stored object"},
		{&datasetResource{}, "s3://bucket", "expected the URI of the stored object"},
		{&datasetResource{}, "s3://bucket/", "expected the URI of the stored object"},
		{&stageResource{}, "s3://bucket/stages/dev/data.json", "expected the URI of an entry"},
		{&promotionResource{}, "a/b", "expected the name of a model package group"},
		{&endpointResource{}, "-", "expected the endpoint's name"},
		{&modelVersionResource{}, "titanic-survival/1", "titanic-survival/1"},
	} {
		var resp resource.ImportStateResponse
		tt.r.ImportState(t.Context(), resource.ImportStateRequest{ID: tt.id}, &resp)
		if errs := resp.Diagnostics.Errors(); len(errs) != 1 || !says(tt.expected).MatchString(errs[0].Detail()) {
			t.Errorf("%T %q: %v, want %q", tt.r, tt.id, errs, tt.expected)
		}
	}
}
