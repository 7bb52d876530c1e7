package wire

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Quote writes an ETag as headers and documents have it.
func Quote(etag string) string { return `"` + etag + `"` }

// Unquote reads an ETag from a header.
func Unquote(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

// ByteRange is a part of an object, both ends included.
type ByteRange struct{ Start, End int64 }

// String is the value of Content-Range without the total.
func (b ByteRange) String() string { return fmt.Sprintf("bytes %d-%d", b.Start, b.End) }

// ParseRange reads a Range header. Like S3 it serves one range; anything it cannot read is
// ignored (ok is false), a range beyond the end is errInvalidRange.
func ParseRange(header string, size int64) (b ByteRange, ok bool, err error) {
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
			return b, false, unsatisfiable(header, size)
		}
		return ByteRange{max(size-n, 0), size - 1}, true, nil
	}
	b.Start, err = strconv.ParseInt(first, 10, 64)
	if err != nil || b.Start < 0 {
		return b, false, nil
	}
	b.End = size - 1
	if last != "" {
		end, err := strconv.ParseInt(last, 10, 64)
		if err != nil || end < b.Start {
			return b, false, nil
		}
		b.End = min(end, size-1)
	}
	if b.Start >= size {
		return b, false, unsatisfiable(header, size)
	}
	return b, true, nil
}

func unsatisfiable(header string, size int64) error {
	return errInvalidRange.With("RangeRequested", header, "ActualObjectSize", strconv.FormatInt(size, 10))
}

var errNotModified = Errorf("NotModified", http.StatusNotModified, "Not Modified")

// ReadCondition applies the preconditions of a read in the order of RFC 9110, as S3 does.
func ReadCondition(h http.Header, prefix, etag string, modified time.Time) error {
	modified = modified.Truncate(time.Second) // headers carry seconds
	if v := h.Get(prefix + "If-Match"); v != "" {
		if !etagIn(v, etag) {
			return ErrPrecondition.With("Condition", prefix+"If-Match")
		}
	} else if t, err := http.ParseTime(h.Get(prefix + "If-Unmodified-Since")); err == nil && modified.After(t) {
		return ErrPrecondition.With("Condition", prefix+"If-Unmodified-Since")
	}
	failed, condition := false, "If-None-Match"
	if v := h.Get(prefix + "If-None-Match"); v != "" {
		failed = etagIn(v, etag)
	} else if t, err := http.ParseTime(h.Get(prefix + "If-Modified-Since")); err == nil {
		failed, condition = !modified.After(t), "If-Modified-Since"
	}
	switch {
	case failed && prefix == "":
		return errNotModified
	case failed: // of a copy's source
		return ErrPrecondition.With("Condition", prefix+condition)
	}
	return nil
}

func etagIn(list, etag string) bool {
	for v := range strings.SplitSeq(list, ",") {
		if v = strings.TrimSpace(v); v == "*" || Unquote(v) == etag {
			return true
		}
	}
	return false
}
