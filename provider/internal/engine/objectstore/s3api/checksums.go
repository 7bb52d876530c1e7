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
	Type      string `xml:"ChecksumType,omitempty"`
}

// newChecksums writes the checksums of an object; those of a part have no type.
func newChecksums(c map[string]string, kind string) checksumsXML {
	if len(c) == 0 {
		return checksumsXML{}
	}
	return checksumsXML{c["crc32"], c["crc32c"], c["crc64nvme"], c["sha1"], c["sha256"], kind}
}

// of returns the checksum of one algorithm.
func (c checksumsXML) of(algorithm string) string {
	return map[string]string{"crc32": c.CRC32, "crc32c": c.CRC32C, "crc64nvme": c.CRC64NVME, "sha1": c.SHA1, "sha256": c.SHA256}[algorithm]
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
		return "", false, wire.Errorf("InvalidRequest", http.StatusBadRequest, "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	switch {
	case kind != "" && kind != "COMPOSITE" && kind != "FULL_OBJECT":
		return "", false, wire.Errorf("InvalidRequest", http.StatusBadRequest, "Value for x-amz-checksum-type header is invalid.")
	case kind != "" && algorithm == "":
		return "", false, wire.Errorf("InvalidRequest", http.StatusBadRequest, "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case kind == "COMPOSITE" && algorithm == wire.DefaultAlgorithm, kind == "FULL_OBJECT" && strings.HasPrefix(algorithm, "sha"):
		return "", false, wire.Errorf("InvalidRequest", http.StatusBadRequest, "The %s checksum type cannot be used with the %s checksum algorithm.", kind, algorithm)
	}
	return algorithm, algorithm != "" && (kind == "COMPOSITE" || kind == "" && algorithm != wire.DefaultAlgorithm), nil
}
