package objectstore

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// byteRange is a part of an object, both ends included.
type byteRange struct{ start, end int64 }

// String is the value of Content-Range without the total.
func (b byteRange) String() string { return fmt.Sprintf("bytes %d-%d", b.start, b.end) }

// parseRange reads a Range header. Like S3 it serves one range; anything it cannot read is
// ignored (ok is false), a range beyond the end is errInvalidRange.
func parseRange(header string, size int64) (b byteRange, ok bool, err error) {
	spec, found := strings.CutPrefix(header, "bytes=")
	if !found || strings.Contains(spec, ",") {
		return b, false, nil
	}
	first, last, found := strings.Cut(strings.TrimSpace(spec), "-")
	if !found {
		return b, false, nil
	}
	if first == "" { // the last n bytes
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return b, false, nil
		}
		if n == 0 || size == 0 {
			return b, false, errInvalidRange
		}
		return byteRange{max(size-n, 0), size - 1}, true, nil
	}
	b.start, err = strconv.ParseInt(first, 10, 64)
	if err != nil || b.start < 0 {
		return b, false, nil
	}
	b.end = size - 1
	if last != "" {
		end, err := strconv.ParseInt(last, 10, 64)
		if err != nil || end < b.start {
			return b, false, nil
		}
		b.end = min(end, size-1)
	}
	if b.start >= size {
		return b, false, errInvalidRange
	}
	return b, true, nil
}

// partRange is the range of a part that was uploaded as such; a plain object is its only part.
func (r *record) partRange(n int) (byteRange, error) {
	parts := r.Parts
	if len(parts) == 0 {
		parts = []int64{r.Size}
	}
	if n < 1 || n > len(parts) {
		return byteRange{}, errorf("InvalidPartNumber", http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable")
	}
	b := byteRange{}
	for _, size := range parts[:n-1] {
		b.start += size
	}
	b.end = b.start + parts[n-1] - 1
	return b, nil
}

var errNotModified = errorf("NotModified", http.StatusNotModified, "Not Modified")

// readCondition applies the preconditions of a read in the order of RFC 9110, as S3 does.
func readCondition(h http.Header, prefix string, rec *record) error {
	modified := rec.Modified.Truncate(time.Second) // headers carry seconds
	if v := h.Get(prefix + "If-Match"); v != "" {
		if !etagIn(v, rec.ETag) {
			return errPrecondition
		}
	} else if t, err := http.ParseTime(h.Get(prefix + "If-Unmodified-Since")); err == nil && modified.After(t) {
		return errPrecondition
	}
	failed := false
	if v := h.Get(prefix + "If-None-Match"); v != "" {
		failed = etagIn(v, rec.ETag)
	} else if t, err := http.ParseTime(h.Get(prefix + "If-Modified-Since")); err == nil {
		failed = !modified.After(t)
	}
	switch {
	case failed && prefix == "":
		return errNotModified
	case failed: // of a copy's source
		return errPrecondition
	}
	return nil
}

func etagIn(list, etag string) bool {
	for v := range strings.SplitSeq(list, ",") {
		if v = strings.TrimSpace(v); v == "*" || unquote(v) == etag {
			return true
		}
	}
	return false
}

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
	f, rec, err := h.s.open(r.bucket, r.key)
	if err != nil {
		return err
	}
	defer f.Close()
	head := w.Header()
	head.Set("ETag", quote(rec.ETag))
	head.Set("Last-Modified", rec.Modified.UTC().Format(http.TimeFormat))
	if err := readCondition(r.Header, "", rec); err != nil {
		return err
	}
	b, partial := byteRange{0, rec.Size - 1}, false
	if v := r.query.Get("partNumber"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return errorf("InvalidArgument", http.StatusBadRequest, "Part number must be an integer between 1 and 10000, inclusive")
		}
		if b, err = rec.partRange(n); err != nil {
			return err
		}
		partial = rec.Size > 0
		if len(rec.Parts) > 0 {
			head.Set("X-Amz-Mp-Parts-Count", strconv.Itoa(len(rec.Parts)))
		}
	} else if v := r.Header.Get("Range"); v != "" {
		var wanted byteRange
		if wanted, partial, err = parseRange(v, rec.Size); err != nil {
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
	head.Set("Content-Type", rec.contentType())
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
	if strings.EqualFold(r.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") && !partial {
		setChecksums(head, rec)
	}
	head.Set("Accept-Ranges", "bytes")
	head.Set("Content-Length", strconv.FormatInt(b.end-b.start+1, 10))
	status := http.StatusOK
	if partial {
		head.Set("Content-Range", fmt.Sprintf("%s/%d", b, rec.Size))
		status = http.StatusPartialContent
	}
	if _, err := f.Seek(b.start, io.SeekStart); err != nil {
		return err
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	// After the status there is no way to answer with an error; a short body tells the client.
	if _, err := io.CopyN(w, f, b.end-b.start+1); err != nil {
		h.s.log.Debug("object store: send object", "key", r.key, "error", err)
	}
	return nil
}
