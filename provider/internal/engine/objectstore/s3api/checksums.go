package s3api

import (
	"net/http"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// checksumsXML are an object's or a part's checksums as documents have them.
type checksumsXML struct {
	CRC32     string `xml:"ChecksumCRC32,omitempty"`
	CRC32C    string `xml:"ChecksumCRC32C,omitempty"`
	CRC64NVME string `xml:"ChecksumCRC64NVME,omitempty"`
	SHA1      string `xml:"ChecksumSHA1,omitempty"`
	SHA256    string `xml:"ChecksumSHA256,omitempty"`
	SHA512    string `xml:"ChecksumSHA512,omitempty"`
	MD5       string `xml:"ChecksumMD5,omitempty"`
	XXHASH64  string `xml:"ChecksumXXHASH64,omitempty"`
	XXHASH3   string `xml:"ChecksumXXHASH3,omitempty"`
	XXHASH128 string `xml:"ChecksumXXHASH128,omitempty"`
	Type      string `xml:"ChecksumType,omitempty"`
}

// newChecksums writes the checksums of an object; those of a part have no type.
func newChecksums(c map[string]string, kind string) checksumsXML {
	if len(c) == 0 {
		return checksumsXML{}
	}
	return checksumsXML{CRC32: c["crc32"], CRC32C: c["crc32c"], CRC64NVME: c["crc64nvme"], SHA1: c["sha1"], SHA256: c["sha256"],
		SHA512: c["sha512"], MD5: c["md5"], XXHASH64: c["xxhash64"], XXHASH3: c["xxhash3"], XXHASH128: c["xxhash128"], Type: kind}
}

// of returns the checksum of one algorithm.
func (c checksumsXML) of(algorithm string) string {
	return map[string]string{"crc32": c.CRC32, "crc32c": c.CRC32C, "crc64nvme": c.CRC64NVME, "sha1": c.SHA1, "sha256": c.SHA256,
		"sha512": c.SHA512, "md5": c.MD5, "xxhash64": c.XXHASH64, "xxhash3": c.XXHASH3, "xxhash128": c.XXHASH128}[algorithm]
}

// setPartChecksums tells the checksum of one part to who reads just that: where the object's is of
// the parts' checksums, or where there is but one part.
func setPartChecksums(h http.Header, rec *objectstore.Record, n int) {
	if len(rec.PartSums) < n || !rec.Composite && len(rec.PartSums) > 1 {
		return
	}
	for a := range rec.Checksums {
		h.Set(wire.ChecksumHeader+a, rec.PartSums[n-1])
		h.Set("X-Amz-Checksum-Type", rec.ChecksumType())
	}
}

func setChecksums(h http.Header, rec *objectstore.Record) {
	for a, v := range rec.Checksums {
		h.Set(wire.ChecksumHeader+a, v)
	}
	if len(rec.Checksums) > 0 {
		h.Set("X-Amz-Checksum-Type", rec.ChecksumType())
	}
}

// uploadChecksum reads what checksum an upload is begun with. S3's defaults: CRC64NVME covers the
// whole object, the others the parts' checksums. Only the linear ones can cover a whole whose parts
// come in any order, and CRC64NVME covers nothing else.
func uploadChecksum(h http.Header) (algorithm string, composite bool, err error) {
	algorithm = strings.ToLower(h.Get("X-Amz-Checksum-Algorithm"))
	kind := strings.ToUpper(h.Get("X-Amz-Checksum-Type"))
	if _, ok := wire.Algorithms[algorithm]; algorithm != "" && !ok {
		return "", false, wire.ErrAlgorithm
	}
	switch {
	case kind != "" && kind != "COMPOSITE" && kind != "FULL_OBJECT":
		return "", false, wire.Errorf("InvalidRequest", http.StatusBadRequest, "Value for x-amz-checksum-type header is invalid.")
	case kind != "" && algorithm == "":
		return "", false, wire.Errorf("InvalidRequest", http.StatusBadRequest, "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case kind == "COMPOSITE" && algorithm == wire.DefaultAlgorithm, kind == "FULL_OBJECT" && !strings.HasPrefix(algorithm, "crc"):
		return "", false, wire.Errorf("InvalidRequest", http.StatusBadRequest, "The %s checksum type cannot be used with the %s checksum algorithm.", kind, algorithm)
	}
	return algorithm, algorithm != "" && (kind == "COMPOSITE" || kind == "" && algorithm != wire.DefaultAlgorithm), nil
}
