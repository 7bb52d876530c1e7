package s3api

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// minPart is the least size of every part but the last.
const minPart = 5 << 20

func (h *server) createUpload(w http.ResponseWriter, r request) error {
	if _, err := h.s.Bucket(r.bucket); err != nil {
		return err
	}
	if err := objectstore.CheckKey(r.key); err != nil {
		return err
	}
	rec, err := objectstore.NewRecord(r.Header)
	if err != nil {
		return err
	}
	u := objectstore.Upload{ID: objectstore.NewID(), Bucket: r.bucket, Key: r.key, Started: h.s.Now().UTC(), Object: rec,
		Algorithm: strings.ToLower(r.Header.Get("X-Amz-Checksum-Algorithm"))}
	if _, ok := wire.Algorithms[u.Algorithm]; u.Algorithm != "" && !ok {
		return wire.Errorf("InvalidRequest", http.StatusBadRequest, "Checksum algorithm provided is unsupported.")
	}
	// S3's defaults: CRC64NVME covers the whole object, the others the parts' checksums.
	kind := strings.ToUpper(r.Header.Get("X-Amz-Checksum-Type"))
	u.Composite = kind == "COMPOSITE" || kind == "" && u.Algorithm != "crc64nvme"
	if err := h.s.Begin(u); err != nil {
		return err
	}
	if u.Algorithm != "" {
		w.Header().Set("X-Amz-Checksum-Algorithm", strings.ToUpper(u.Algorithm))
		w.Header().Set("X-Amz-Checksum-Type", (&objectstore.Record{Composite: u.Composite}).ChecksumType())
	}
	writeXML(w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		Xmlns    string   `xml:"xmlns,attr"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{Xmlns: xmlns, Bucket: r.bucket, Key: r.key, UploadID: u.ID})
	return nil
}

func (h *server) uploadPart(w http.ResponseWriter, r request) error {
	n, err := strconv.Atoi(r.query.Get("partNumber"))
	if err != nil || n < 1 || n > 10000 {
		return wire.Errorf("InvalidArgument", http.StatusBadRequest, "Part number must be an integer between 1 and 10000, inclusive")
	}
	u, err := h.s.FindUpload(r.bucket, r.key, r.query.Get("uploadId"))
	if err != nil {
		return err
	}
	copying := r.Header.Get("X-Amz-Copy-Source") != ""
	var body io.Reader
	var e wire.Expectation
	if copying {
		src, from, _, err := h.copySource(r)
		if err != nil {
			return err
		}
		defer src.Close()
		var size int64
		if body, size, err = copyRange(r, src, from.Size); err != nil {
			return err
		}
		e = wire.Expectation{Length: size}
	} else {
		b, length, trailers, err := wire.DecodeBody(r.Request)
		if err != nil {
			return err
		}
		if length < 0 {
			return wire.Errorf("MissingContentLength", http.StatusLengthRequired, "You must provide the Content-Length HTTP header.")
		}
		body = b
		if e, err = wire.Expect(r.Header, length, trailers); err != nil {
			return err
		}
	}
	if u.Algorithm != "" && !slices.Contains(e.Algorithms, u.Algorithm) {
		e.Algorithms = append(e.Algorithms, u.Algorithm)
	}
	p, err := h.s.WritePart(r.Context(), u, n, body, e)
	if err != nil {
		return err
	}
	if copying {
		writeXML(w, http.StatusOK, struct {
			XMLName      xml.Name `xml:"CopyPartResult"`
			Xmlns        string   `xml:"xmlns,attr"`
			LastModified gofakes3.ContentTime
			ETag         string
		}{Xmlns: xmlns, LastModified: gofakes3.NewContentTime(p.Modified), ETag: wire.Quote(p.ETag)})
		return nil
	}
	w.Header().Set("ETag", wire.Quote(p.ETag))
	for a, v := range p.Checksums {
		w.Header().Set(wire.ChecksumHeader+a, v)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

type completeXML struct {
	Parts []struct {
		PartNumber int
		ETag       string
	} `xml:"Part"`
}

func (h *server) completeUpload(w http.ResponseWriter, r request) error {
	u, err := h.s.FindUpload(r.bucket, r.key, r.query.Get("uploadId"))
	if err != nil {
		return err
	}
	var in completeXML
	if err := readXML(r, &in); err != nil {
		return err
	}
	c, err := writeCondition(r.Header)
	if err != nil {
		return err
	}
	if len(in.Parts) == 0 {
		return wire.ErrMalformedXML
	}
	for i, want := range in.Parts[1:] {
		if want.PartNumber <= in.Parts[i].PartNumber {
			return wire.Errorf("InvalidPartOrder", http.StatusBadRequest, "The list of parts was not in ascending order. Parts must be ordered by part number.")
		}
	}
	var chosen []objectstore.Part
	for i, want := range in.Parts {
		p, err := h.s.FindPart(u.ID, want.PartNumber)
		if err != nil || p.ETag != wire.Unquote(want.ETag) {
			return wire.ErrInvalidPart
		}
		if i < len(in.Parts)-1 && p.Size < minPart {
			return wire.Errorf("EntityTooSmall", http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size")
		}
		chosen = append(chosen, p)
	}
	rec, err := h.s.Assemble(r.Context(), u, chosen, c)
	if err != nil {
		return err
	}
	if err := h.s.Abort(u.ID); err != nil { // the object stands; leftovers are only disk space
		h.s.Log().Warn("object store: remove a completed upload", "id", u.ID, "error", err)
	}
	setChecksums(w.Header(), rec)
	rec.ShowEncryption(w.Header())
	writeXML(w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"CompleteMultipartUploadResult"`
		Xmlns    string   `xml:"xmlns,attr"`
		Location string
		Bucket   string
		Key      string
		ETag     string
	}{Xmlns: xmlns, Location: fmt.Sprintf("http://%s/%s/%s", r.Host, r.bucket, r.key), Bucket: r.bucket, Key: r.key, ETag: wire.Quote(rec.ETag)})
	return nil
}
