package s3api

import (
	"encoding/xml"
	"net/http"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// accountID is the engine's only account, which owns every bucket.
const accountID = "000000000000"

// account owns every bucket and object.
var account = ownerXML{ID: "a3f6c4a1f3b54e0f9a7c2d8e5b1047c6a3f6c4a1f3b54e0f9a7c2d8e5b1047c6", DisplayName: "titanicml-local"}

type ownerXML struct {
	ID          string
	DisplayName string
}

// unset are the questions about a configuration that no bucket and no object here has, with S3's
// answer that there is none. Clients ask them of every bucket they look at.
var unset = map[string]*wire.Error{
	"cors":              wire.Errorf("NoSuchCORSConfiguration", http.StatusNotFound, "The CORS configuration does not exist"),
	"encryption":        wire.Errorf("ServerSideEncryptionConfigurationNotFoundError", http.StatusNotFound, "The server side encryption configuration was not found"),
	"legal-hold":        wire.Errorf("NoSuchObjectLockConfiguration", http.StatusNotFound, "The specified object does not have a ObjectLock configuration"),
	"lifecycle":         wire.Errorf("NoSuchLifecycleConfiguration", http.StatusNotFound, "The lifecycle configuration does not exist"),
	"object-lock":       wire.Errorf("ObjectLockConfigurationNotFoundError", http.StatusNotFound, "Object Lock configuration does not exist for this bucket"),
	"ownershipControls": wire.Errorf("OwnershipControlsNotFoundError", http.StatusNotFound, "The bucket ownership controls were not found"),
	"policy":            wire.Errorf("NoSuchBucketPolicy", http.StatusNotFound, "The bucket policy does not exist"),
	"policyStatus":      wire.Errorf("NoSuchBucketPolicy", http.StatusNotFound, "The bucket policy does not exist"),
	"publicAccessBlock": wire.Errorf("NoSuchPublicAccessBlockConfiguration", http.StatusNotFound, "The public access block configuration was not found"),
	"replication":       wire.Errorf("ReplicationConfigurationNotFoundError", http.StatusNotFound, "The replication configuration was not found"),
	"retention":         wire.Errorf("NoSuchObjectLockConfiguration", http.StatusNotFound, "The specified object does not have a ObjectLock configuration"),
	"website":           wire.Errorf("NoSuchWebsiteConfiguration", http.StatusNotFound, "The specified bucket does not have a website configuration"),
}

// empty are those that S3 answers with an empty document.
var empty = map[string]string{
	"accelerate":   "AccelerateConfiguration",
	"logging":      "BucketLoggingStatus",
	"notification": "NotificationConfiguration",
}

// configuration answers what is asked about features that the store does not have: reading says
// that nothing is configured, deleting succeeds, writing is refused by name.
func (h *server) configuration(name string) handlerFunc {
	return func(w http.ResponseWriter, r request) error {
		read := r.Method == http.MethodGet
		switch {
		case read && name == "versions" && r.key == "":
			return h.listVersions(w, r)
		case read && name == "attributes" && r.key != "":
			return h.attributes(w, r)
		case name == "acl" && (read || r.Method == http.MethodPut):
			return h.acl(w, r)
		case read && name == "requestPayment" && r.key == "":
			return h.answerEmpty(w, r, "RequestPaymentConfiguration", "BucketOwner")
		case read && empty[name] != "" && r.key == "":
			return h.answerEmpty(w, r, empty[name], "")
		case (read || r.Method == http.MethodDelete) && unset[name] != nil:
			if err := h.present(r); err != nil {
				return err
			}
			if read {
				return unset[name]
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return wire.Errorf("NotImplemented", http.StatusNotImplemented, "The local engine's S3 does not implement %s ?%s.", r.Method, name)
	}
}

// present checks that the bucket, or the object, of a request exists.
func (h *server) present(r request) error {
	if r.key != "" {
		_, err := h.s.Record(r.bucket, r.key)
		return err
	}
	_, err := h.s.Bucket(r.bucket)
	return err
}

func (h *server) answerEmpty(w http.ResponseWriter, r request, name, payer string) error {
	if err := h.present(r); err != nil {
		return err
	}
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name
		Xmlns   string `xml:"xmlns,attr"`
		Payer   string `xml:",omitempty"`
	}{XMLName: xml.Name{Local: name}, Xmlns: xmlns, Payer: payer})
	return nil
}

// acl answers as for a bucket whose owner is enforced, which is what new buckets are on S3: the
// owner may do everything, and lists cannot be set.
func (h *server) acl(w http.ResponseWriter, r request) error {
	if err := h.present(r); err != nil {
		return err
	}
	if r.Method == http.MethodPut {
		return wire.ErrNoACLs
	}
	type grantee struct {
		Xsi  string `xml:"xmlns:xsi,attr"`
		Type string `xml:"xsi:type,attr"`
		ownerXML
	}
	type grant struct {
		Grantee    grantee
		Permission string
	}
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"AccessControlPolicy"`
		Xmlns   string   `xml:"xmlns,attr"`
		Owner   ownerXML
		Grants  []grant `xml:"AccessControlList>Grant"`
	}{Xmlns: xmlns, Owner: account, Grants: []grant{{grantee{"http://www.w3.org/2001/XMLSchema-instance", "CanonicalUser", account}, "FULL_CONTROL"}}})
	return nil
}

// listTime is how documents write times: of whole seconds, so that a list and a header agree.
func listTime(at time.Time) string {
	return at.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
}
