package s3api

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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
	u := objectstore.Upload{ID: objectstore.NewID(), Bucket: r.bucket, Key: r.key, Started: h.s.Now().UTC(), Object: rec}
	if u.Algorithm, u.Composite, err = uploadChecksum(r.Header); err != nil {
		return err
	}
	if err := h.s.Begin(u); err != nil {
		return err
	}
	if algorithm, kind := checksumWords(u); algorithm != "" {
		w.Header().Set("X-Amz-Checksum-Algorithm", algorithm)
		w.Header().Set("X-Amz-Checksum-Type", kind)
	}
	rec.ShowEncryption(w.Header())
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
		return wire.Argument("partNumber", r.query.Get("partNumber"), "Part number must be an integer between 1 and 10000, inclusive")
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
		if sent := e.Sent(); u.Algorithm != "" && len(sent) > 0 && !slices.Contains(sent, u.Algorithm) {
			return wire.Errorf("InvalidRequest", http.StatusBadRequest, "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", u.Algorithm, sent[0])
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
			LastModified string
			ETag         string
			checksumsXML
		}{Xmlns: xmlns, LastModified: listTime(p.Modified), ETag: wire.Quote(p.ETag), checksumsXML: newChecksums(p.Checksums, "")})
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
		checksumsXML
	} `xml:"Part"`
}

func (h *server) completeUpload(w http.ResponseWriter, r request) error {
	id := r.query.Get("uploadId")
	u, err := h.s.FindUpload(r.bucket, r.key, id)
	if errors.Is(err, wire.ErrNoSuchUpload) {
		if rec, recErr := h.s.Record(r.bucket, r.key); recErr == nil && rec.Upload != "" && rec.Upload == id {
			// The answer to an earlier request got lost: S3 gives it again.
			return h.completed(w, r, rec)
		}
	}
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
		if sum := want.of(u.Algorithm); sum != "" && sum != p.Checksums[u.Algorithm] {
			return wire.ErrInvalidPart
		}
		if i < len(in.Parts)-1 && p.Size < minPart {
			return wire.Errorf("EntityTooSmall", http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size")
		}
		chosen = append(chosen, p)
	}
	whole, err := h.wholeObject(r, u, chosen)
	if err != nil {
		return err
	}
	rec, err := h.s.Assemble(r.Context(), u, chosen, whole, c)
	if err != nil {
		return err
	}
	if err := h.s.Abort(u.ID); err != nil { // the object stands; leftovers are only disk space
		h.s.Log().Warn("object store: remove a completed upload", "id", u.ID, "error", err)
	}
	return h.completed(w, r, rec)
}

// wholeObject reads what a completing request says of the object: its size, its checksum's type,
// and its checksum, which is returned.
func (h *server) wholeObject(r request, u objectstore.Upload, chosen []objectstore.Part) (sum string, err error) {
	var size int64
	for _, p := range chosen {
		size += p.Size
	}
	if v := r.Header.Get("X-Amz-Mp-Object-Size"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return "", wire.Errorf("InvalidRequest", http.StatusBadRequest, "Value for x-amz-mp-object-size header is invalid.")
		}
		if n != size {
			return "", wire.Errorf("InvalidRequest", http.StatusBadRequest, "The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", n, size)
		}
	}
	_, kind := checksumWords(u)
	if v := strings.ToUpper(r.Header.Get("X-Amz-Checksum-Type")); v != "" && kind != "" && v != kind {
		return "", wire.Errorf("InvalidRequest", http.StatusBadRequest, "The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", kind)
	}
	algorithm := u.Algorithm
	if algorithm == "" {
		algorithm = wire.DefaultAlgorithm
	}
	return r.Header.Get(wire.ChecksumHeader + algorithm), nil
}

// completed writes the answer of a completed upload.
func (h *server) completed(w http.ResponseWriter, r request, rec *objectstore.Record) error {
	rec.ShowEncryption(w.Header())
	at := url.URL{Scheme: "http", Host: r.Host, Path: "/" + r.bucket + "/" + r.key}
	writeXML(w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"CompleteMultipartUploadResult"`
		Xmlns    string   `xml:"xmlns,attr"`
		Location string
		Bucket   string
		Key      string
		ETag     string
		checksumsXML
	}{Xmlns: xmlns, Location: at.String(), Bucket: r.bucket, Key: r.key, ETag: wire.Quote(rec.ETag), checksumsXML: newChecksums(rec.Checksums, rec.ChecksumType())})
	return nil
}
