package s3api

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// overrides are the query parameters with which a reader chooses response headers.
var overrides = map[string]string{
	"response-cache-control":       "Cache-Control",
	"response-content-disposition": "Content-Disposition",
	"response-content-encoding":    "Content-Encoding",
	"response-content-language":    "Content-Language",
	"response-content-type":        "Content-Type",
	"response-expires":             "Expires",
}

// getObject answers GetObject and HeadObject.
func (h *server) getObject(w http.ResponseWriter, r request) error {
	f, rec, err := h.s.OpenRecord(r.bucket, r.key)
	if err != nil {
		return err
	}
	defer f.Close()
	head := w.Header()
	head.Set("ETag", wire.Quote(rec.ETag))
	head.Set("Last-Modified", rec.Modified.UTC().Format(http.TimeFormat))
	if err := wire.ReadCondition(r.Header, "", rec.ETag, rec.Modified); err != nil {
		return err
	}
	b, partial, part := wire.ByteRange{End: rec.Size - 1}, false, 0
	if v := r.query.Get("partNumber"); v != "" {
		if r.Header.Get("Range") != "" {
			return wire.ErrRangeAndPart
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			return wire.Errorf("InvalidArgument", http.StatusBadRequest, "Part number must be an integer between 1 and 10000, inclusive")
		}
		if b, err = rec.PartRange(n); err != nil {
			return err
		}
		partial, part = rec.Size > 0, n
		if len(rec.Parts) > 0 {
			head.Set("X-Amz-Mp-Parts-Count", strconv.Itoa(len(rec.Parts)))
		}
	} else if v := r.Header.Get("Range"); v != "" {
		var wanted wire.ByteRange
		if wanted, partial, err = wire.ParseRange(v, rec.Size); err != nil {
			head.Set("Content-Range", fmt.Sprintf("bytes */%d", rec.Size))
			return err
		}
		if partial {
			b = wanted
		}
	}
	for k, v := range rec.Headers {
		head.Set(k, v)
	}
	head.Set("Content-Type", rec.ContentType())
	for k, v := range rec.User {
		head["x-amz-meta-"+k] = []string{v} // in lower case, as S3 sends it
	}
	for param, name := range overrides {
		if v := r.query.Get(param); v != "" {
			head.Set(name, v)
		}
	}
	if len(rec.Tags) > 0 {
		head.Set("X-Amz-Tagging-Count", strconv.Itoa(len(rec.Tags)))
	}
	if strings.EqualFold(r.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		switch {
		case part > 0 && len(rec.Parts) > 0:
			setPartChecksums(head, rec, part)
		case part > 0 || !partial:
			setChecksums(head, rec)
		}
	}
	head.Set("Accept-Ranges", "bytes")
	head.Set("Content-Length", strconv.FormatInt(b.End-b.Start+1, 10))
	status := http.StatusOK
	if partial {
		head.Set("Content-Range", fmt.Sprintf("%s/%d", b, rec.Size))
		status = http.StatusPartialContent
	}
	if _, err := f.Seek(b.Start, io.SeekStart); err != nil {
		return err
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	// After the status there is no way to answer with an error; a short body tells the client.
	if _, err := io.CopyN(w, f, b.End-b.Start+1); err != nil {
		h.s.Log().Debug("object store: send object", "key", r.key, "error", err)
	}
	return nil
}
