package wire

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/zeebo/xxh3"
)

// Algorithms are S3's checksum algorithms by the suffix of their x-amz-checksum- header.
var Algorithms = map[string]func() hash.Hash{
	"crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9A6C9329AC4BC9B5)) },
	"md5":       md5.New,
	"sha1":      sha1.New,
	"sha256":    sha256.New,
	"sha512":    sha512.New,
	"xxhash64":  func() hash.Hash { return xxhash.New() },
	"xxhash3":   func() hash.Hash { return xxh3.New() },
	"xxhash128": func() hash.Hash { return xxh3.New128() },
}

// ErrAlgorithm is for an algorithm that S3 does not have.
var ErrAlgorithm = Errorf("InvalidRequest", http.StatusBadRequest, "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128]")

// ChecksumHeader begins the name of a header that carries a checksum.
const ChecksumHeader = "X-Amz-Checksum-"

// DefaultAlgorithm is what S3 computes since December 2024 where a client asks for no checksum.
const DefaultAlgorithm = "crc64nvme"

// Sums hashes what is written to it.
type Sums struct {
	md5    hash.Hash
	sha256 hash.Hash // nil unless the payload hash is to be checked
	check  map[string]hash.Hash
	w      io.Writer
	Size   int64
}

func newSums(payloadHash bool, algorithms ...string) *Sums {
	s := &Sums{md5: md5.New(), check: map[string]hash.Hash{}}
	ws := []io.Writer{s.md5}
	if payloadHash {
		s.sha256 = sha256.New()
		ws = append(ws, s.sha256)
	}
	for _, a := range algorithms {
		if mk, ok := Algorithms[a]; ok && s.check[a] == nil {
			s.check[a] = mk()
			ws = append(ws, s.check[a])
		}
	}
	s.w = io.MultiWriter(ws...)
	return s
}

func (s *Sums) Write(p []byte) (int, error) {
	s.Size += int64(len(p))
	return s.w.Write(p)
}

// ETag is the MD5 in hex.
func (s *Sums) ETag() string { return hex.EncodeToString(s.md5.Sum(nil)) }

// Checksums are the sums by algorithm, in base64; nil without any.
func (s *Sums) Checksums() map[string]string {
	if len(s.check) == 0 {
		return nil
	}
	out := make(map[string]string, len(s.check))
	for a, h := range s.check {
		out[a] = base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	return out
}

// Expectation is what a client said of the body it sends.
type Expectation struct {
	Length     int64 // -1: unknown
	md5        string
	sha256     string            // hex, of the payload
	checksums  map[string]string // algorithm to base64
	Algorithms []string          // to compute, though no value was sent
	sent       []string          // those whose value was sent or is announced
	trailers   func() http.Header
}

// Expect reads the integrity headers of a request; the body decoder's trailers come later.
func Expect(h http.Header, length int64, trailers func() http.Header) (Expectation, error) {
	e := Expectation{Length: length, checksums: map[string]string{}, trailers: trailers}
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
	if err := e.expectChecksum(h); err != nil {
		return e, err
	}
	for _, name := range []string{"X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Checksum-Algorithm"} {
		if a := strings.ToLower(h.Get(name)); a != "" {
			if _, ok := Algorithms[a]; !ok {
				return e, ErrAlgorithm
			}
			e.Algorithms = append(e.Algorithms, a)
		}
	}
	for name := range strings.SplitSeq(h.Get("X-Amz-Trailer"), ",") {
		if a, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(name)), "x-amz-checksum-"); ok {
			e.Algorithms = append(e.Algorithms, a)
			e.sent = append(e.sent, a)
		}
	}
	if h.Get("X-Amz-Sdk-Checksum-Algorithm") != "" && len(e.sent) == 0 && e.md5 == "" {
		return e, errNoChecksum
	}
	return e, nil
}

// expectChecksum reads the checksum in the headers, of which there may be one.
func (e *Expectation) expectChecksum(h http.Header) error {
	for a, algorithm := range Algorithms {
		v := h.Get(ChecksumHeader + a)
		if v == "" {
			continue
		}
		if len(e.sent) > 0 {
			return errManyChecksums
		}
		if raw, err := base64.StdEncoding.DecodeString(v); err != nil || len(raw) != algorithm().Size() {
			return Errorf("InvalidRequest", http.StatusBadRequest, "Value for x-amz-checksum-%s header is invalid.", a)
		}
		e.checksums[a] = v
		e.Algorithms = append(e.Algorithms, a)
		e.sent = append(e.sent, a)
	}
	return nil
}

// Sent are the algorithms of which the client gives a value, in a header or a trailer.
func (e Expectation) Sent() []string { return e.sent }

// ByDefault adds the checksum that S3 keeps of an object that came without one.
func (e *Expectation) ByDefault() {
	if len(e.Algorithms) == 0 {
		e.Algorithms = []string{DefaultAlgorithm}
	}
}

// Sums returns what hashes all that Verify compares.
func (e Expectation) Sums() *Sums { return newSums(e.sha256 != "", e.Algorithms...) }

// Verify compares a body that was read to its end with what was said of it.
func (e Expectation) Verify(s *Sums) error {
	if e.Length >= 0 && s.Size != e.Length {
		return ErrIncompleteBody
	}
	if e.md5 != "" && e.md5 != s.ETag() {
		return Errorf("BadDigest", http.StatusBadRequest, "The Content-MD5 you specified did not match what we received.")
	}
	if e.sha256 != "" && e.sha256 != hex.EncodeToString(s.sha256.Sum(nil)) {
		return Errorf("XAmzContentSHA256Mismatch", http.StatusBadRequest, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	want := e.checksums
	if e.trailers != nil {
		for name, v := range e.trailers() {
			if a, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-checksum-"); ok && len(v) > 0 {
				want[a] = v[0]
			}
		}
	}
	got := s.Checksums()
	for a, w := range want {
		if g, ok := got[a]; ok && g != w {
			return Errorf("BadDigest", http.StatusBadRequest, "The %s you specified did not match the calculated checksum.", strings.ToUpper(a))
		}
	}
	return nil
}
