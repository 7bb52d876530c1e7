package objectstore

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// upload is the record of a multipart upload, kept with its parts in +uploads/<id> until it is
// completed or aborted; it survives a restart.
type upload struct {
	ID        string    `json:"id"`
	Bucket    string    `json:"bucket"`
	Key       string    `json:"key"`
	Started   time.Time `json:"started"`
	Object    *record   `json:"object"`
	Algorithm string    `json:"algorithm,omitempty"`
	Composite bool      `json:"composite,omitempty"`
}

type part struct {
	Number    int               `json:"number"`
	Blob      string            `json:"blob"`
	Size      int64             `json:"size"`
	ETag      string            `json:"etag"`
	Checksums map[string]string `json:"checksums,omitempty"`
	Modified  time.Time         `json:"modified"`
}

// minPart is the least size of every part but the last.
const minPart = 5 << 20

var uploadID = regexp.MustCompile(`^[0-9a-f]{24}$`)

func (h *server) createUpload(w http.ResponseWriter, r request) error {
	if _, err := h.s.bucket(r.bucket); err != nil {
		return err
	}
	if err := checkKey(r.key); err != nil {
		return err
	}
	rec, err := newRecord(r.Header)
	if err != nil {
		return err
	}
	u := upload{ID: newID(), Bucket: r.bucket, Key: r.key, Started: h.s.now().UTC(), Object: rec,
		Algorithm: strings.ToLower(r.Header.Get("X-Amz-Checksum-Algorithm"))}
	if _, ok := checksumHashes[u.Algorithm]; u.Algorithm != "" && !ok {
		return errorf("InvalidRequest", http.StatusBadRequest, "Checksum algorithm provided is unsupported.")
	}
	// S3's defaults: CRC64NVME covers the whole object, the others the parts' checksums.
	kind := strings.ToUpper(r.Header.Get("X-Amz-Checksum-Type"))
	u.Composite = kind == "COMPOSITE" || kind == "" && u.Algorithm != "crc64nvme"
	if err := h.s.root.MkdirAll(uploadsDir+"/"+u.ID, 0o700); err != nil {
		return err
	}
	if err := h.s.replaceJSON(uploadsDir+"/"+u.ID+"/upload.json", u); err != nil {
		return err
	}
	if u.Algorithm != "" {
		w.Header().Set("X-Amz-Checksum-Algorithm", strings.ToUpper(u.Algorithm))
		w.Header().Set("X-Amz-Checksum-Type", (&record{Composite: u.Composite}).checksumType())
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

func (s *Store) readUpload(bucket, key, id string) (upload, error) {
	var u upload
	if !uploadID.MatchString(id) {
		return u, errNoSuchUpload
	}
	raw, err := s.root.ReadFile(uploadsDir + "/" + id + "/upload.json")
	if errors.Is(err, fs.ErrNotExist) {
		return u, errNoSuchUpload
	}
	if err != nil {
		return u, err
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		return u, err
	}
	if u.Bucket != bucket || key != "" && u.Key != key {
		return u, errNoSuchUpload
	}
	return u, nil
}

func (h *server) uploadPart(w http.ResponseWriter, r request) error {
	n, err := strconv.Atoi(r.query.Get("partNumber"))
	if err != nil || n < 1 || n > 10000 {
		return errorf("InvalidArgument", http.StatusBadRequest, "Part number must be an integer between 1 and 10000, inclusive")
	}
	u, err := h.s.readUpload(r.bucket, r.key, r.query.Get("uploadId"))
	if err != nil {
		return err
	}
	copying := r.Header.Get("X-Amz-Copy-Source") != ""
	var body io.Reader
	var e expectation
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
		e = expectation{length: size}
	} else {
		b, length, trailers, err := decodeBody(r.Request)
		if err != nil {
			return err
		}
		if length < 0 {
			return errorf("MissingContentLength", http.StatusLengthRequired, "You must provide the Content-Length HTTP header.")
		}
		body = b
		if e, err = expect(r.Header, length, trailers); err != nil {
			return err
		}
	}
	if u.Algorithm != "" && !slices.Contains(e.algorithms, u.Algorithm) {
		e.algorithms = append(e.algorithms, u.Algorithm)
	}
	tmp, sum, err := h.s.spool(r.Context(), body, e)
	if err != nil {
		return err
	}
	p := part{Number: n, Size: sum.size, ETag: sum.etag(), Checksums: sum.checksums(), Modified: h.s.now().UTC()}
	if err := h.s.addPart(u, p, tmp); err != nil {
		h.s.root.Remove(tmp)
		return err
	}
	if copying {
		writeXML(w, http.StatusOK, struct {
			XMLName      xml.Name `xml:"CopyPartResult"`
			Xmlns        string   `xml:"xmlns,attr"`
			LastModified gofakes3.ContentTime
			ETag         string
		}{Xmlns: xmlns, LastModified: gofakes3.NewContentTime(p.Modified), ETag: quote(p.ETag)})
		return nil
	}
	w.Header().Set("ETag", quote(p.ETag))
	for a, v := range p.Checksums {
		w.Header().Set(checksumHeader+a, v)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// addPart takes a part in, replacing an earlier one of its number.
func (s *Store) addPart(u upload, p part, tmp string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := uploadsDir + "/" + u.ID
	if _, err := s.readUpload(u.Bucket, u.Key, u.ID); err != nil { // aborted meanwhile
		return err
	}
	old, _ := s.readPart(u.ID, p.Number)
	p.Blob = blobPrefix + newID()
	if err := s.root.Rename(tmp, dir+"/"+p.Blob); err != nil {
		return err
	}
	if err := s.replaceJSON(fmt.Sprintf("%s/part-%05d.json", dir, p.Number), p); err != nil {
		return err
	}
	if old.Blob != "" {
		s.root.Remove(dir + "/" + old.Blob)
	}
	return nil
}

func (s *Store) readPart(id string, n int) (part, error) {
	var p part
	raw, err := s.root.ReadFile(fmt.Sprintf("%s/%s/part-%05d.json", uploadsDir, id, n))
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(raw, &p)
}

// parts lists an upload's parts in order.
func (s *Store) parts(id string) ([]part, error) {
	entries, err := s.readDir(uploadsDir + "/" + id)
	if err != nil {
		return nil, err
	}
	var out []part
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "part-%05d.json", &n); err != nil {
			continue
		}
		p, err := s.readPart(id, n)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b part) int { return a.Number - b.Number })
	return out, nil
}

type completeXML struct {
	Parts []struct {
		PartNumber int
		ETag       string
	} `xml:"Part"`
}

func (h *server) completeUpload(w http.ResponseWriter, r request) error {
	u, err := h.s.readUpload(r.bucket, r.key, r.query.Get("uploadId"))
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
		return errMalformedXML
	}
	for i, want := range in.Parts[1:] {
		if want.PartNumber <= in.Parts[i].PartNumber {
			return errorf("InvalidPartOrder", http.StatusBadRequest, "The list of parts was not in ascending order. Parts must be ordered by part number.")
		}
	}
	var chosen []part
	for i, want := range in.Parts {
		p, err := h.s.readPart(u.ID, want.PartNumber)
		if err != nil || p.ETag != unquote(want.ETag) {
			return errInvalidPart
		}
		if i < len(in.Parts)-1 && p.Size < minPart {
			return errorf("EntityTooSmall", http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size")
		}
		chosen = append(chosen, p)
	}
	rec, err := h.s.assemble(r, u, chosen, c)
	if err != nil {
		return err
	}
	if err := h.s.abort(u.ID); err != nil { // the object stands; leftovers are only disk space
		h.s.log.Warn("object store: remove a completed upload", "id", u.ID, "error", err)
	}
	setChecksums(w.Header(), rec)
	rec.showEncryption(w.Header())
	writeXML(w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"CompleteMultipartUploadResult"`
		Xmlns    string   `xml:"xmlns,attr"`
		Location string
		Bucket   string
		Key      string
		ETag     string
	}{Xmlns: xmlns, Location: fmt.Sprintf("http://%s/%s/%s", r.Host, r.bucket, r.key), Bucket: r.bucket, Key: r.key, ETag: quote(rec.ETag)})
	return nil
}

// assemble writes the parts as one object with S3's multipart ETag.
func (s *Store) assemble(r request, u upload, chosen []part, c condition) (*record, error) {
	rec := u.Object
	tagHash := md5.New()
	var sumOfSums []byte
	var readers []io.Reader
	var size int64
	for _, p := range chosen {
		f, err := s.root.Open(uploadsDir + "/" + u.ID + "/" + p.Blob)
		if err != nil {
			return nil, errInvalidPart
		}
		defer f.Close()
		readers = append(readers, f)
		raw, _ := hex.DecodeString(p.ETag)
		tagHash.Write(raw)
		raw, _ = base64.StdEncoding.DecodeString(p.Checksums[u.Algorithm])
		sumOfSums = append(sumOfSums, raw...)
		size += p.Size
		rec.Parts = append(rec.Parts, p.Size)
	}
	e := expectation{length: size}
	if u.Algorithm != "" && !u.Composite {
		e.algorithms = []string{u.Algorithm}
	}
	if c != (condition{}) {
		existing, err := s.head(u.Bucket, u.Key)
		if err != nil && !errors.Is(err, ErrNoSuchKey) {
			return nil, err
		}
		if err := c.check(existing); err != nil {
			return nil, err
		}
	}
	tmp, sum, err := s.spool(r.Context(), io.MultiReader(readers...), e)
	if err != nil {
		return nil, err
	}
	rec.Size, rec.Checksums = sum.size, sum.checksums()
	rec.ETag = fmt.Sprintf("%x-%d", tagHash.Sum(nil), len(chosen))
	if u.Algorithm != "" && u.Composite {
		h := checksumHashes[u.Algorithm]()
		h.Write(sumOfSums)
		rec.Composite = true
		rec.Checksums = map[string]string{u.Algorithm: fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(h.Sum(nil)), len(chosen))}
	}
	return rec, s.commit(u.Bucket, u.Key, tmp, rec, c)
}

// abort forgets an upload.
func (s *Store) abort(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root.RemoveAll(uploadsDir + "/" + id)
}

// uploads lists the uploads of a bucket, by key and start.
func (s *Store) uploads(bucket string) ([]upload, error) {
	entries, err := s.readDir(uploadsDir)
	if err != nil {
		return nil, err
	}
	var out []upload
	for _, e := range entries {
		if u, err := s.readUpload(bucket, "", e.Name()); err == nil {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b upload) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return a.Started.Compare(b.Started)
	})
	return out, nil
}
