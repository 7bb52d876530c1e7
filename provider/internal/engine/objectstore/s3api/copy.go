package s3api

import (
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// copySource opens the object that X-Amz-Copy-Source names and checks the copy's preconditions.
func (h *server) copySource(r request) (*os.File, *objectstore.Record, string, error) {
	source, _, _ := strings.Cut(r.Header.Get("X-Amz-Copy-Source"), "?versionId=null")
	if strings.Contains(source, "?") {
		return nil, nil, "", wire.ErrNotImplemented
	}
	decoded, err := url.PathUnescape(source)
	if err != nil {
		return nil, nil, "", wire.Errorf("InvalidArgument", http.StatusBadRequest, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	bucket, key, ok := strings.Cut(strings.TrimPrefix(decoded, "/"), "/")
	if !ok || key == "" {
		return nil, nil, "", wire.Errorf("InvalidArgument", http.StatusBadRequest, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	f, rec, err := h.s.OpenRecord(bucket, key)
	if err != nil {
		return nil, nil, "", err
	}
	if err := wire.ReadCondition(r.Header, "X-Amz-Copy-Source-", rec.ETag, rec.Modified); err != nil {
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
	rec, err := objectstore.NewRecord(r.Header)
	if err != nil {
		return err
	}
	c, err := writeCondition(r.Header)
	if err != nil {
		return err
	}
	replace := strings.EqualFold(r.Header.Get("X-Amz-Metadata-Directive"), "REPLACE")
	if !replace {
		if bucket == r.bucket && from.Key == r.key && rec.StorageClass() == from.StorageClass() {
			return wire.Errorf("InvalidRequest", http.StatusBadRequest, "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		rec.Headers, rec.User = maps.Clone(from.Headers), maps.Clone(from.User)
		if err := rec.SetProperties(r.Header); err != nil {
			return err
		}
	}
	if !strings.EqualFold(r.Header.Get("X-Amz-Tagging-Directive"), "REPLACE") {
		rec.Tags = maps.Clone(from.Tags)
	}
	e := wire.Expectation{Length: from.Size}
	for a := range from.Checksums {
		e.Algorithms = append(e.Algorithms, a)
	}
	if a := strings.ToLower(r.Header.Get("X-Amz-Checksum-Algorithm")); a != "" {
		e.Algorithms = []string{a}
	}
	if err := h.s.Write(r.Context(), r.bucket, r.key, src, rec, e, c); err != nil {
		return err
	}
	rec.ShowEncryption(w.Header())
	writeXML(w, http.StatusOK, struct {
		XMLName      xml.Name `xml:"CopyObjectResult"`
		Xmlns        string   `xml:"xmlns,attr"`
		LastModified string
		ETag         string
	}{Xmlns: xmlns, LastModified: listTime(rec.Modified), ETag: wire.Quote(rec.ETag)})
	return nil
}

// copyRange limits a part's source to X-Amz-Copy-Source-Range.
func copyRange(r request, src *os.File, size int64) (io.Reader, int64, error) {
	v := r.Header.Get("X-Amz-Copy-Source-Range")
	if v == "" {
		return src, size, nil
	}
	b, ok, err := wire.ParseRange(v, size)
	if err != nil || !ok {
		return nil, 0, wire.Errorf("InvalidArgument", http.StatusBadRequest, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	return io.NewSectionReader(src, b.Start, b.End-b.Start+1), b.End - b.Start + 1, nil
}
