package s3api

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
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

// attributes answers GetObjectAttributes.
func (h *server) attributes(w http.ResponseWriter, r request) error {
	rec, err := h.s.Record(r.bucket, r.key)
	if err != nil {
		return err
	}
	type checksum struct {
		CRC32     string `xml:"ChecksumCRC32,omitempty"`
		CRC32C    string `xml:"ChecksumCRC32C,omitempty"`
		CRC64NVME string `xml:"ChecksumCRC64NVME,omitempty"`
		SHA1      string `xml:"ChecksumSHA1,omitempty"`
		SHA256    string `xml:"ChecksumSHA256,omitempty"`
		Type      string `xml:"ChecksumType"`
	}
	type parts struct{ PartsCount int }
	var out struct {
		XMLName      xml.Name  `xml:"GetObjectAttributesResponse"`
		Xmlns        string    `xml:"xmlns,attr"`
		ETag         string    `xml:",omitempty"`
		Checksum     *checksum `xml:",omitempty"`
		ObjectParts  *parts    `xml:",omitempty"`
		StorageClass string    `xml:",omitempty"`
		ObjectSize   *int64    `xml:",omitempty"`
	}
	out.Xmlns = xmlns
	for _, line := range r.Header.Values("X-Amz-Object-Attributes") {
		for name := range strings.SplitSeq(line, ",") {
			switch strings.TrimSpace(name) {
			case "ETag":
				out.ETag = rec.ETag
			case "Checksum":
				if c := rec.Checksums; len(c) > 0 {
					out.Checksum = &checksum{c["crc32"], c["crc32c"], c["crc64nvme"], c["sha1"], c["sha256"], rec.ChecksumType()}
				}
			case "ObjectParts":
				if n := len(rec.Parts); n > 0 {
					out.ObjectParts = &parts{n}
				}
			case "StorageClass":
				out.StorageClass = rec.StorageClass()
			case "ObjectSize":
				out.ObjectSize = &rec.Size
			default:
				return wire.Errorf("InvalidArgument", http.StatusBadRequest, "Invalid attribute name specified.")
			}
		}
	}
	w.Header().Set("Last-Modified", rec.Modified.UTC().Format(http.TimeFormat))
	writeXML(w, http.StatusOK, out)
	return nil
}

// listBuckets answers ListBuckets, with the paging and the filters that it has had since 2024.
func (h *server) listBuckets(w http.ResponseWriter, r request) error {
	if r.Method != http.MethodGet {
		return wire.ErrNotAllowed
	}
	most := 10000
	if v := r.query.Get("max-buckets"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > most {
			return wire.Errorf("InvalidArgument", http.StatusBadRequest, "Argument max-buckets must be an integer between 1 and 10000.")
		}
		most = n
	}
	names, err := h.s.BucketNames()
	if err != nil {
		return err
	}
	type bucketXML struct {
		Name         string
		CreationDate string
		BucketRegion string
	}
	var out struct {
		XMLName           xml.Name `xml:"ListAllMyBucketsResult"`
		Xmlns             string   `xml:"xmlns,attr"`
		Owner             ownerXML
		Buckets           []bucketXML `xml:"Buckets>Bucket"`
		Prefix            string      `xml:",omitempty"`
		ContinuationToken string      `xml:",omitempty"`
	}
	out.Xmlns, out.Owner, out.Prefix = xmlns, account, r.query.Get("prefix")
	after, region := r.query.Get("continuation-token"), r.query.Get("bucket-region")
	for _, name := range names {
		rec, err := h.s.Bucket(name)
		if err != nil { // deleted since the folder was read, or a folder somebody else made
			continue
		}
		if !strings.HasPrefix(name, out.Prefix) || name <= after || region != "" && region != rec.Region() {
			continue
		}
		if len(out.Buckets) == most {
			out.ContinuationToken = out.Buckets[most-1].Name
			break
		}
		out.Buckets = append(out.Buckets, bucketXML{name, listTime(rec.Created), rec.Region()})
	}
	writeXML(w, http.StatusOK, out)
	return nil
}

// listTime is how documents write times: of whole seconds, so that a list and a header agree.
func listTime(at time.Time) string {
	return at.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
}

func (h *server) headBucket(w http.ResponseWriter, r request) error {
	b, err := h.s.Bucket(r.bucket)
	if err != nil {
		return err
	}
	w.Header().Set("X-Amz-Bucket-Region", b.Region())
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusOK)
	return nil
}
