package objectstore

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"
)

// checksumHashes are S3's checksum algorithms by the suffix of their x-amz-checksum- header.
var checksumHashes = map[string]func() hash.Hash{
	"crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9A6C9329AC4BC9B5)) },
	"sha1":      sha1.New,
	"sha256":    sha256.New,
}

const checksumHeader = "X-Amz-Checksum-"

// sums hashes what is written to it.
type sums struct {
	md5    hash.Hash
	sha256 hash.Hash // nil unless the payload hash is to be checked
	check  map[string]hash.Hash
	w      io.Writer
	size   int64
}

func newSums(payloadHash bool, algorithms ...string) *sums {
	s := &sums{md5: md5.New(), check: map[string]hash.Hash{}}
	ws := []io.Writer{s.md5}
	if payloadHash {
		s.sha256 = sha256.New()
		ws = append(ws, s.sha256)
	}
	for _, a := range algorithms {
		if mk, ok := checksumHashes[a]; ok && s.check[a] == nil {
			s.check[a] = mk()
			ws = append(ws, s.check[a])
		}
	}
	s.w = io.MultiWriter(ws...)
	return s
}

func (s *sums) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	return s.w.Write(p)
}

func (s *sums) etag() string { return hex.EncodeToString(s.md5.Sum(nil)) }

func (s *sums) checksums() map[string]string {
	if len(s.check) == 0 {
		return nil
	}
	out := make(map[string]string, len(s.check))
	for a, h := range s.check {
		out[a] = base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	return out
}

// expectation is what a client said of the body it sends.
type expectation struct {
	length     int64 // -1: unknown
	md5        string
	sha256     string            // hex, of the payload
	checksums  map[string]string // algorithm to base64
	algorithms []string          // to compute, though no value was sent
	trailers   func() http.Header
}

// expect reads the integrity headers of a request; the body decoder's trailers come later.
func expect(h http.Header, length int64, trailers func() http.Header) (expectation, error) {
	e := expectation{length: length, checksums: map[string]string{}, trailers: trailers}
	if v, ok := h["Content-Md5"]; ok {
		raw, err := base64.StdEncoding.DecodeString(v[0])
		if err != nil || len(raw) != md5.Size {
			return e, errInvalidDigest
		}
		e.md5 = hex.EncodeToString(raw)
	}
	if v := h.Get("X-Amz-Content-Sha256"); len(v) == 2*sha256.Size {
		e.sha256 = strings.ToLower(v)
	}
	for a := range checksumHashes {
		if v := h.Get(checksumHeader + a); v != "" {
			e.checksums[a] = v
			e.algorithms = append(e.algorithms, a)
		}
	}
	for _, name := range []string{"X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Checksum-Algorithm"} {
		if a := strings.ToLower(h.Get(name)); a != "" {
			if _, ok := checksumHashes[a]; !ok {
				return e, errorf("InvalidRequest", http.StatusBadRequest, "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
			}
			e.algorithms = append(e.algorithms, a)
		}
	}
	for name := range strings.SplitSeq(h.Get("X-Amz-Trailer"), ",") {
		if a, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(name)), "x-amz-checksum-"); ok {
			e.algorithms = append(e.algorithms, a)
		}
	}
	return e, nil
}

func (e expectation) sums() *sums { return newSums(e.sha256 != "", e.algorithms...) }

// verify compares a body that was read to its end with what was said of it.
func (e expectation) verify(s *sums) error {
	if e.length >= 0 && s.size != e.length {
		return errIncompleteBody
	}
	if e.md5 != "" && e.md5 != s.etag() {
		return errorf("BadDigest", http.StatusBadRequest, "The Content-MD5 you specified did not match what we received.")
	}
	if e.sha256 != "" && e.sha256 != hex.EncodeToString(s.sha256.Sum(nil)) {
		return errorf("XAmzContentSHA256Mismatch", http.StatusBadRequest, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	want := e.checksums
	if e.trailers != nil {
		for name, v := range e.trailers() {
			if a, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-checksum-"); ok && len(v) > 0 {
				want[a] = v[0]
			}
		}
	}
	got := s.checksums()
	for a, w := range want {
		if g, ok := got[a]; ok && g != w {
			return errorf("BadDigest", http.StatusBadRequest, "The %s you specified did not match the calculated checksum.", strings.ToUpper(a))
		}
	}
	return nil
}
