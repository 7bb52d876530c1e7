package objectstore

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// storageClasses are recorded and come back; all objects are the same files.
var storageClasses = []string{"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"}

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
			return errNotImplemented
		}
	}
	granted := slices.ContainsFunc(slices.Collect(maps.Keys(h)), func(name string) bool { return strings.HasPrefix(name, "X-Amz-Grant-") })
	if granted || !slices.Contains(ownACLs, h.Get("X-Amz-Acl")) {
		return errNoACLs
	}
	return nil
}

func (r *record) storageClass() string {
	if class := r.Headers[storageHeader]; class != "" {
		return class
	}
	return "STANDARD"
}

// setProperties takes storage class and encryption from a request. A copy has those of its own
// request, never its source's. S3 names only storage classes other than STANDARD.
func (r *record) setProperties(h http.Header) error {
	kept := maps.Clone(r.Headers)
	if kept == nil {
		kept = map[string]string{}
	}
	r.Headers = kept
	delete(kept, storageHeader)
	switch class := h.Get(storageHeader); {
	case class == "" || class == "STANDARD":
	case !slices.Contains(storageClasses, class):
		return errorf("InvalidStorageClass", http.StatusBadRequest, "The storage class you specified is not valid; the local engine has: %s", strings.Join(storageClasses, ", "))
	default:
		kept[storageHeader] = class
	}
	for _, name := range encryptionHeaders {
		delete(kept, name)
		if v := h.Get(name); v != "" {
			kept[name] = v
		}
	}
	return nil
}

// showEncryption tells the writer of an object what was recorded.
func (r *record) showEncryption(h http.Header) {
	for _, name := range encryptionHeaders {
		if v := r.Headers[name]; v != "" {
			h.Set(name, v)
		}
	}
}
