package s3api

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// copySource opens the object that X-Amz-Copy-Source names and checks the copy's preconditions.
func (h *server) copySource(r request) (*os.File, *objectstore.Record, string, error) {
	source, version, _ := strings.Cut(r.Header.Get("X-Amz-Copy-Source"), "?versionId=")
	if err := versionID(version); err != nil {
		return nil, nil, "", err
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
	replace, err := directive(r.Header, "metadata")
	if err != nil {
		return err
	}
	replaceTags, err := directive(r.Header, "tagging")
	if err != nil {
		return err
	}
	rec, err := objectstore.NewRecord(r.Header)
	if err != nil {
		return err
	}
	c, err := writeCondition(r.Header)
	if err != nil {
		return err
	}
	if !replace {
		if bucket == r.bucket && from.Key == r.key && rec.StorageClass() == from.StorageClass() && !rec.Changes() {
			return wire.Errorf("InvalidRequest", http.StatusBadRequest, "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		rec.Headers, rec.User = maps.Clone(from.Headers), maps.Clone(from.User)
		if err := rec.SetProperties(r.Header); err != nil {
			return err
		}
	}
	if !replaceTags {
		rec.Tags = maps.Clone(from.Tags)
	}
	e := wire.Expectation{Length: from.Size}
	for a := range from.Checksums {
		e.Algorithms = append(e.Algorithms, a)
	}
	if a := strings.ToLower(r.Header.Get("X-Amz-Checksum-Algorithm")); a != "" {
		e.Algorithms = []string{a}
	}
	e.ByDefault()
	if err := h.s.Write(r.Context(), r.bucket, r.key, src, rec, e, c); err != nil {
		return err
	}
	rec.ShowEncryption(w.Header())
	writeXML(w, http.StatusOK, struct {
		XMLName      xml.Name `xml:"CopyObjectResult"`
		Xmlns        string   `xml:"xmlns,attr"`
		LastModified string
		ETag         string
		checksumsXML
	}{Xmlns: xmlns, LastModified: listTime(rec.Modified), ETag: wire.Quote(rec.ETag), checksumsXML: newChecksums(rec.Checksums, rec.ChecksumType())})
	return nil
}

// directive tells whether a copy takes its metadata or tags from the request, not from its source.
func directive(h http.Header, of string) (replace bool, err error) {
	name := "x-amz-" + of + "-directive"
	switch v := h.Get(name); v {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	default:
		return false, wire.Argument(name, v, "Unknown "+of+" directive.")
	}
}

var copyRangePattern = regexp.MustCompile(`^bytes=([0-9]+)-([0-9]+)$`)

// copyRange limits a part's source to X-Amz-Copy-Source-Range.
func copyRange(r request, src *os.File, size int64) (io.Reader, int64, error) {
	v := r.Header.Get("X-Amz-Copy-Source-Range")
	if v == "" {
		return src, size, nil
	}
	// Unlike a read's range, it has two ends, and both lie within the source.
	m := copyRangePattern.FindStringSubmatch(v)
	if m == nil {
		return nil, 0, wire.Argument("x-amz-copy-source-range", v, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	first, firstErr := strconv.ParseInt(m[1], 10, 64)
	last, lastErr := strconv.ParseInt(m[2], 10, 64)
	if firstErr != nil || lastErr != nil || first > last || last >= size {
		return nil, 0, wire.Argument("x-amz-copy-source-range", v, fmt.Sprintf("Range specified is not valid for source object of size: %d", size))
	}
	b := wire.ByteRange{Start: first, End: last}
	return io.NewSectionReader(src, b.Start, b.End-b.Start+1), b.End - b.Start + 1, nil
}
