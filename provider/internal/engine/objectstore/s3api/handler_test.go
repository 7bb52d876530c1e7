package s3api

import (
	"encoding/xml"
	"net/http/httptest"
	"strconv"
	"testing"
)

// The AWS common runtime undoes &quot; and no other form of a quote.
func TestQuotesAreWrittenAsS3Does(t *testing.T) {
	w := httptest.NewRecorder()
	writeXML(w, 200, struct {
		XMLName xml.Name `xml:"R"`
		ETag    string
	}{ETag: `"abc-2"`})
	got := w.Body.String()
	if want := xml.Header + "<R><ETag>&quot;abc-2&quot;</ETag></R>"; got != want || w.Header().Get("Content-Length") != strconv.Itoa(len(want)) {
		t.Errorf("got %s (Content-Length %s), want %s", got, w.Header().Get("Content-Length"), want)
	}
}
