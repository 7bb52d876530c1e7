package s3api

import (
	"encoding/xml"
	"net/http"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// maxDeletes is how many objects one DeleteObjects takes.
const maxDeletes = 1000

func (h *server) deleteObject(w http.ResponseWriter, r request) error {
	for _, name := range []string{"X-Amz-If-Match-Last-Modified-Time", "X-Amz-If-Match-Size"} {
		if r.Header.Get(name) != "" { // a condition that is passed over deletes what it should protect
			return wire.ErrNotImplemented
		}
	}
	if err := h.s.Remove(r.bucket, r.key, objectstore.Condition{IfMatch: wire.Unquote(r.Header.Get("If-Match"))}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type deleteXML struct {
	Quiet   bool
	Objects []struct {
		Key              string
		VersionID        string `xml:"VersionId"`
		ETag             string
		Size             *int64
		LastModifiedTime string
	} `xml:"Object"`
}

type deletedXML struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
}

type notDeletedXML struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

// digested tells whether a request carries a digest of its body, which S3 wants of a deletion of
// many objects.
func digested(h http.Header) bool {
	if h.Get("Content-Md5") != "" || h.Get("X-Amz-Trailer") != "" {
		return true
	}
	for a := range wire.Algorithms {
		if h.Get(wire.ChecksumHeader+a) != "" {
			return true
		}
	}
	return false
}

// deleteObjects answers DeleteObjects: each object has its own outcome.
func (h *server) deleteObjects(w http.ResponseWriter, r request) error {
	if _, err := h.s.Bucket(r.bucket); err != nil {
		return err
	}
	if !digested(r.Header) {
		return wire.ErrNoDeleteDigest
	}
	var in deleteXML
	if err := readXML(r, &in); err != nil {
		return err
	}
	if len(in.Objects) == 0 || len(in.Objects) > maxDeletes {
		return wire.ErrMalformedXML
	}
	out := struct {
		XMLName xml.Name        `xml:"DeleteResult"`
		Xmlns   string          `xml:"xmlns,attr"`
		Deleted []deletedXML    `xml:"Deleted"`
		Errors  []notDeletedXML `xml:"Error"`
	}{Xmlns: xmlns}
	for _, o := range in.Objects {
		var err error
		switch {
		case o.VersionID != "" && o.VersionID != "null":
			err = versionID(o.VersionID)
		case o.Size != nil || o.LastModifiedTime != "":
			err = wire.ErrNotImplemented
		default:
			err = h.s.Remove(r.bucket, o.Key, objectstore.Condition{IfMatch: wire.Unquote(o.ETag)})
		}
		if err != nil {
			e := wire.AsError(err)
			out.Errors = append(out.Errors, notDeletedXML{o.Key, o.VersionID, e.Code, e.Message})
		} else if !in.Quiet {
			out.Deleted = append(out.Deleted, deletedXML{o.Key, o.VersionID})
		}
	}
	writeXML(w, http.StatusOK, out)
	return nil
}
