package objectstore

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// Upload is the record of a multipart upload, kept with its parts in +uploads/<id> until it is
// completed or aborted; it survives a restart.
type Upload struct {
	ID        string    `json:"id"`
	Bucket    string    `json:"bucket"`
	Key       string    `json:"key"`
	Started   time.Time `json:"started"`
	Object    *Record   `json:"object"`
	Algorithm string    `json:"algorithm,omitempty"`
	Composite bool      `json:"composite,omitempty"`
}

type Part struct {
	Number    int               `json:"number"`
	Blob      string            `json:"blob"`
	Size      int64             `json:"size"`
	ETag      string            `json:"etag"`
	Checksums map[string]string `json:"checksums,omitempty"`
	Modified  time.Time         `json:"modified"`
}

var uploadID = regexp.MustCompile(`^[0-9a-f]{24}$`)

// Begin keeps the record of an upload.
func (s *Store) Begin(u Upload) error {
	if err := s.root.MkdirAll(uploadsDir+"/"+u.ID, 0o700); err != nil {
		return err
	}
	return s.replaceJSON(uploadsDir+"/"+u.ID+"/upload.json", u)
}

// FindUpload reads the record of an upload of the bucket and key; an empty key is any.
func (s *Store) FindUpload(bucket, key, id string) (Upload, error) {
	var u Upload
	if !uploadID.MatchString(id) {
		return u, wire.ErrNoSuchUpload
	}
	raw, err := s.root.ReadFile(uploadsDir + "/" + id + "/upload.json")
	if errors.Is(err, fs.ErrNotExist) {
		return u, wire.ErrNoSuchUpload
	}
	if err != nil {
		return u, err
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		return u, err
	}
	if u.Bucket != bucket || key != "" && u.Key != key {
		return u, wire.ErrNoSuchUpload
	}
	return u, nil
}

// WritePart reads a part and takes it in.
func (s *Store) WritePart(ctx context.Context, u Upload, n int, body io.Reader, e wire.Expectation) (Part, error) {
	tmp, sum, err := s.spool(ctx, body, e)
	if err != nil {
		return Part{}, err
	}
	p := Part{Number: n, Size: sum.Size, ETag: sum.ETag(), Checksums: sum.Checksums(), Modified: s.now().UTC()}
	if err := s.addPart(u, p, tmp); err != nil {
		s.root.Remove(tmp)
		return Part{}, err
	}
	return p, nil
}

// addPart takes a part in, replacing an earlier one of its number.
func (s *Store) addPart(u Upload, p Part, tmp string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := uploadsDir + "/" + u.ID
	if _, err := s.FindUpload(u.Bucket, u.Key, u.ID); err != nil { // aborted meanwhile
		return err
	}
	old, _ := s.FindPart(u.ID, p.Number)
	p.Blob = blobPrefix + NewID()
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

// FindPart reads the record of a part.
func (s *Store) FindPart(id string, n int) (Part, error) {
	var p Part
	raw, err := s.root.ReadFile(fmt.Sprintf("%s/%s/part-%05d.json", uploadsDir, id, n))
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(raw, &p)
}

// Parts lists an upload's parts in order.
func (s *Store) Parts(id string) ([]Part, error) {
	entries, err := s.readDir(uploadsDir + "/" + id)
	if err != nil {
		return nil, err
	}
	var out []Part
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "part-%05d.json", &n); err != nil {
			continue
		}
		p, err := s.FindPart(id, n)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Part) int { return a.Number - b.Number })
	return out, nil
}

// Assemble writes the parts as one object with S3's multipart ETag. whole is the checksum that it
// has to have, "" for any.
func (s *Store) Assemble(ctx context.Context, u Upload, chosen []Part, whole string, c Condition) (*Record, error) {
	rec := u.Object
	rec.Upload = u.ID
	tagHash := md5.New()
	var sumOfSums []byte
	var readers []io.Reader
	var size int64
	for _, p := range chosen {
		f, err := s.root.Open(uploadsDir + "/" + u.ID + "/" + p.Blob)
		if err != nil {
			return nil, wire.ErrInvalidPart
		}
		defer f.Close()
		readers = append(readers, f)
		raw, _ := hex.DecodeString(p.ETag)
		tagHash.Write(raw)
		raw, _ = base64.StdEncoding.DecodeString(p.Checksums[u.Algorithm])
		sumOfSums = append(sumOfSums, raw...)
		size += p.Size
		rec.Parts = append(rec.Parts, p.Size)
		if u.Algorithm != "" {
			rec.PartSums = append(rec.PartSums, p.Checksums[u.Algorithm])
		}
	}
	e := wire.Expectation{Length: size}
	if u.Algorithm != "" {
		e.Algorithms = []string{u.Algorithm}
	}
	e.ByDefault()
	if c != (Condition{}) {
		existing, err := s.Record(u.Bucket, u.Key)
		if err != nil && !errors.Is(err, ErrNoSuchKey) {
			return nil, err
		}
		if err := c.check(existing); err != nil {
			return nil, err
		}
	}
	tmp, sum, err := s.spool(ctx, io.MultiReader(readers...), e)
	if err != nil {
		return nil, err
	}
	rec.Size, rec.Checksums = sum.Size, sum.Checksums()
	rec.ETag = fmt.Sprintf("%x-%d", tagHash.Sum(nil), len(chosen))
	if u.Composite {
		h := wire.Algorithms[u.Algorithm]()
		h.Write(sumOfSums)
		rec.Composite = true
		rec.Checksums = map[string]string{u.Algorithm: fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(h.Sum(nil)), len(chosen))}
	}
	for a, sum := range rec.Checksums {
		// A client may leave out how many parts a composite checksum is of.
		if bare, _, _ := strings.Cut(sum, "-"); whole != "" && whole != sum && whole != bare {
			s.root.Remove(tmp)
			return nil, wire.Errorf("BadDigest", http.StatusBadRequest, "The %s you specified did not match the calculated checksum.", a)
		}
	}
	return rec, s.commit(u.Bucket, u.Key, tmp, rec, c)
}

// Abort forgets an upload.
func (s *Store) Abort(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root.RemoveAll(uploadsDir + "/" + id)
}

// Uploads lists the uploads of a bucket, by key and start.
func (s *Store) Uploads(bucket string) ([]Upload, error) {
	entries, err := s.readDir(uploadsDir)
	if err != nil {
		return nil, err
	}
	var out []Upload
	for _, e := range entries {
		if u, err := s.FindUpload(bucket, "", e.Name()); err == nil {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b Upload) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return a.Started.Compare(b.Started)
	})
	return out, nil
}
