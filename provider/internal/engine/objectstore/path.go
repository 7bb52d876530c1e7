package objectstore

import (
	"fmt"
	"net"
	"path"
	"regexp"
	"runtime"
	"strings"
)

// Every key is a folder below its bucket's, so that "a" and "a/b" live side by side; the object
// itself is two files in it. Their names, like all names of the store's own, start with "+",
// which encoding a segment never produces.
const (
	objectFile = "+object.json"
	bucketFile = "+bucket.json"
	blobPrefix = "+data-"
	tmpDir     = "+tmp"
	uploadsDir = "+uploads"
)

// maxName keeps encoded segments below the 255 bytes that file systems allow for a name; longer
// ones continue in a folder inside.
const maxName = 200

// caseFolding file systems would take "A" and "a" for one name.
const caseFolding = runtime.GOOS == "darwin"

const hexDigits = "0123456789ABCDEF"

// keyPath maps a key to its folder relative to the bucket's. It is injective, and its result
// never contains "..", an empty or a hidden name, whatever the bytes of the key.
func keyPath(key string) string {
	var names []string
	for seg := range strings.SplitSeq(key, "/") {
		names = append(names, segmentNames(seg)...)
	}
	return path.Join(names...)
}

func segmentNames(seg string) []string {
	if seg == "" {
		return []string{"%"}
	}
	enc := escape(seg, false)
	if len(enc) <= maxName {
		return []string{enc}
	}
	// Cutting could leave a piece "..", so that long segments escape every dot.
	enc = escape(seg, true)
	var names []string
	for len(enc) > maxName {
		names = append(names, enc[:maxName]+"+")
		enc = enc[maxName:]
	}
	return append(names, enc)
}

func escape(seg string, dots bool) string {
	var b strings.Builder
	for i := 0; i < len(seg); i++ {
		c := seg[i]
		plain := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '=' ||
			c >= 'A' && c <= 'Z' && !caseFolding ||
			c == '.' && i > 0 && !dots
		if plain {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}

// unescape is the inverse of escape; ok is false for names the store did not make.
func unescape(name string) (seg string, ok bool) {
	if name == "%" {
		return "", true
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			b.WriteByte(name[i])
			continue
		}
		if i+2 >= len(name) {
			return "", false
		}
		hi, lo := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
		if hi < 0 || lo < 0 {
			return "", false
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), true
}

var bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// reservedName has the beginnings and ends that S3 keeps for itself.
var reservedName = regexp.MustCompile(`^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$`)

// ValidBucket applies S3's rules for bucket names.
func ValidBucket(name string) bool {
	return bucketPattern.MatchString(name) && net.ParseIP(name) == nil && !reservedName.MatchString(name) &&
		!strings.Contains(name, "..") && !strings.Contains(name, ".-") && !strings.Contains(name, "-.")
}

// ParseURI splits "s3://bucket/key" into its parts; the key may be empty.
func ParseURI(uri string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	if !ok {
		return "", "", fmt.Errorf("%q is not an S3 URI: expected s3://bucket/key", uri)
	}
	bucket, key, _ = strings.Cut(rest, "/")
	if !ValidBucket(bucket) {
		return "", "", fmt.Errorf("%q is not an S3 URI: %q is no valid bucket name", uri, bucket)
	}
	return bucket, key, nil
}
