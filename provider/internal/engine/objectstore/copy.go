package objectstore

import (
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// copySource opens the object that X-Amz-Copy-Source names and checks the copy's preconditions.
func (h *server) copySource(r request) (*os.File, *record, string, error) {
	source, _, _ := strings.Cut(r.Header.Get("X-Amz-Copy-Source"), "?versionId=null")
	if strings.Contains(source, "?") {
		return nil, nil, "", errNotImplemented
	}
	decoded, err := url.PathUnescape(source)
	if err != nil {
		return nil, nil, "", errorf("InvalidArgument", http.StatusBadRequest, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	bucket, key, ok := strings.Cut(strings.TrimPrefix(decoded, "/"), "/")
	if !ok || key == "" {
		return nil, nil, "", errorf("InvalidArgument", http.StatusBadRequest, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	f, rec, err := h.s.open(bucket, key)
	if err != nil {
		return nil, nil, "", err
	}
	if err := readCondition(r.Header, "X-Amz-Copy-Source-", rec); err != nil {
		f.Close()
		return nil, nil, "", err
	}
	return f, rec, bucket, nil
}

func (h *server) copyObject(w http.ResponseWriter, r request) error {
	src, from, bucket, err := h.copySource(r)
	if err != nil {
		return err
	}
	defer src.Close()
	rec, err := newRecord(r.Header)
	if err != nil {
		return err
	}
	c, err := writeCondition(r.Header)
	if err != nil {
		return err
	}
	replace := strings.EqualFold(r.Header.Get("X-Amz-Metadata-Directive"), "REPLACE")
	if !replace {
		if bucket == r.bucket && from.Key == r.key && rec.storageClass() == from.storageClass() {
			return errorf("InvalidRequest", http.StatusBadRequest, "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		rec.Headers, rec.User = maps.Clone(from.Headers), maps.Clone(from.User)
		if err := rec.setProperties(r.Header); err != nil {
			return err
		}
	}
	if !strings.EqualFold(r.Header.Get("X-Amz-Tagging-Directive"), "REPLACE") {
		rec.Tags = maps.Clone(from.Tags)
	}
	e := expectation{length: from.Size}
	for a := range from.Checksums {
		e.algorithms = append(e.algorithms, a)
	}
	if a := strings.ToLower(r.Header.Get("X-Amz-Checksum-Algorithm")); a != "" {
		e.algorithms = []string{a}
	}
	if err := h.s.write(r.Context(), r.bucket, r.key, src, rec, e, c); err != nil {
		return err
	}
	rec.showEncryption(w.Header())
	writeXML(w, http.StatusOK, struct {
		XMLName      xml.Name `xml:"CopyObjectResult"`
		Xmlns        string   `xml:"xmlns,attr"`
		LastModified string
		ETag         string
	}{Xmlns: xmlns, LastModified: listTime(rec.Modified), ETag: quote(rec.ETag)})
	return nil
}

// copyRange limits a part's source to X-Amz-Copy-Source-Range.
func copyRange(r request, src *os.File, size int64) (io.Reader, int64, error) {
	v := r.Header.Get("X-Amz-Copy-Source-Range")
	if v == "" {
		return src, size, nil
	}
	b, ok, err := parseRange(v, size)
	if err != nil || !ok {
		return nil, 0, errorf("InvalidArgument", http.StatusBadRequest, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	return io.NewSectionReader(src, b.start, b.end-b.start+1), b.end - b.start + 1, nil
}
