package objectstore

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// keptHeaders are stored with an object and come back with it.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"}

// NewRecord reads from a request what is stored besides the bytes.
func NewRecord(h http.Header) (*Record, error) {
	rec := &Record{Headers: map[string]string{}, User: map[string]string{}}
	for _, name := range keptHeaders {
		if v := h.Get(name); v != "" {
			rec.Headers[name] = v
		}
	}
	if enc, ok := rec.Headers["Content-Encoding"]; ok { // aws-chunked is of the transport
		var keep []string
		for e := range strings.SplitSeq(enc, ",") {
			if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
				keep = append(keep, e)
			}
		}
		rec.Headers["Content-Encoding"] = strings.Join(keep, ",")
		if len(keep) == 0 {
			delete(rec.Headers, "Content-Encoding")
		}
	}
	size := 0
	for name, v := range h {
		if user, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-"); ok {
			rec.User[user] = strings.Join(v, ",")
			size += len(user) + len(rec.User[user])
		}
	}
	if size > 2048 {
		return nil, wire.Errorf("MetadataTooLarge", http.StatusBadRequest, "Your metadata headers exceed the maximum allowed metadata size")
	}
	tags, err := url.ParseQuery(h.Get("X-Amz-Tagging"))
	if err != nil {
		return nil, wire.Errorf("InvalidArgument", http.StatusBadRequest, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	if len(tags) > 0 {
		rec.Tags = map[string]string{}
		for k, v := range tags {
			if len(v) > 1 {
				return nil, wire.Errorf("InvalidArgument", http.StatusBadRequest, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
			}
			rec.Tags[k] = v[0]
		}
	}
	if err := checkPromises(h); err != nil {
		return nil, err
	}
	if err := rec.SetProperties(h); err != nil {
		return nil, err
	}
	return rec, CheckTags(rec.Tags, 10)
}

// ChecksumType is S3's word for what the checksums are of.
func (r *Record) ChecksumType() string {
	if r.Composite {
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}

// storageClasses are recorded and come back; all objects are the same files.
var storageClasses = []string{"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"}

// redirectHeader is recorded and comes back; there are no websites here.
const redirectHeader = "X-Amz-Website-Redirect-Location"

const storageHeader = "X-Amz-Storage-Class"

// encryptionHeaders are recorded and come back; nothing here is encrypted.
var encryptionHeaders = []string{"X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled"}

// promises are headers whose effect a client relies on and the store does not have: keys of the
// client's own, locks, and appending.
var promises = []string{"X-Amz-Server-Side-Encryption-Customer-Algorithm", "X-Amz-Object-Lock-Mode", "X-Amz-Object-Lock-Retain-Until-Date",
	"X-Amz-Object-Lock-Legal-Hold", "X-Amz-Write-Offset-Bytes"}

// ownACLs are the canned lists that change nothing where the owner is enforced.
var ownACLs = []string{"", "private", "bucket-owner-full-control"}

// checkPromises refuses what would be passed over in silence.
func checkPromises(h http.Header) error {
	for _, name := range promises {
		if h.Get(name) != "" {
			return wire.ErrNotImplemented
		}
	}
	granted := slices.ContainsFunc(slices.Collect(maps.Keys(h)), func(name string) bool { return strings.HasPrefix(name, "X-Amz-Grant-") })
	if granted || !slices.Contains(ownACLs, h.Get("X-Amz-Acl")) {
		return wire.ErrNoACLs
	}
	return nil
}

// StorageClass is what was asked for when the object was written.
func (r *Record) StorageClass() string {
	if class := r.Headers[storageHeader]; class != "" {
		return class
	}
	return "STANDARD"
}

// SetProperties takes storage class, encryption and redirection from a request. A copy has those of its own
// request, never its source's. S3 names only storage classes other than STANDARD.
func (r *Record) SetProperties(h http.Header) error {
	kept := maps.Clone(r.Headers)
	if kept == nil {
		kept = map[string]string{}
	}
	r.Headers = kept
	delete(kept, storageHeader)
	switch class := h.Get(storageHeader); {
	case class == "" || class == "STANDARD":
	case !slices.Contains(storageClasses, class):
		return wire.Errorf("InvalidStorageClass", http.StatusBadRequest, "The storage class you specified is not valid; the local engine has: %s", strings.Join(storageClasses, ", "))
	default:
		kept[storageHeader] = class
	}
	for _, name := range append([]string{redirectHeader}, encryptionHeaders...) {
		delete(kept, name)
		if v := h.Get(name); v != "" {
			kept[name] = v
		}
	}
	return nil
}

// Changes tells whether a request asks for encryption or a redirection, which makes a copy of an
// object to itself one that S3 takes.
func (r *Record) Changes() bool {
	return slices.ContainsFunc(append([]string{redirectHeader}, encryptionHeaders...), func(name string) bool { return r.Headers[name] != "" })
}

// ShowEncryption tells the writer of an object what was recorded.
func (r *Record) ShowEncryption(h http.Header) {
	for _, name := range encryptionHeaders {
		if v := r.Headers[name]; v != "" {
			h.Set(name, v)
		}
	}
}

// PartRange is the range of a part that was uploaded as such; a plain object is its only part.
func (r *Record) PartRange(n int) (wire.ByteRange, error) {
	parts := r.Parts
	if len(parts) == 0 {
		parts = []int64{r.Size}
	}
	if n < 1 || n > len(parts) {
		return wire.ByteRange{}, wire.Errorf("InvalidPartNumber", http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable")
	}
	b := wire.ByteRange{}
	for _, size := range parts[:n-1] {
		b.Start += size
	}
	b.End = b.Start + parts[n-1] - 1
	return b, nil
}

// tagText is what S3 allows in a tag's key and value.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// CheckTags applies S3's limits: 10 tags on an object, 50 on a bucket.
func CheckTags(tags map[string]string, most int) error {
	if len(tags) > most {
		return wire.Errorf("BadRequest", http.StatusBadRequest, "Object tags cannot be greater than %d", most)
	}
	for k, v := range tags {
		if k == "" || utf8.RuneCountInString(k) > 128 {
			return wire.Errorf("InvalidTag", http.StatusBadRequest, "The TagKey you have provided is invalid")
		}
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return wire.Errorf("InvalidTag", http.StatusBadRequest, "System tags cannot be added/updated by requester")
		}
		if !tagText.MatchString(k) {
			return wire.Errorf("InvalidTag", http.StatusBadRequest, "The TagKey you have provided is invalid")
		}
		if utf8.RuneCountInString(v) > 256 || !tagText.MatchString(v) {
			return wire.Errorf("InvalidTag", http.StatusBadRequest, "The TagValue you have provided is invalid")
		}
	}
	return nil
}
