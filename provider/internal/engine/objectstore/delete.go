package objectstore

import (
	"encoding/xml"
	"net/http"
)

// maxDeletes is how many objects one DeleteObjects takes.
const maxDeletes = 1000

func (h *server) deleteObject(w http.ResponseWriter, r request) error {
	for _, name := range []string{"X-Amz-If-Match-Last-Modified-Time", "X-Amz-If-Match-Size"} {
		if r.Header.Get(name) != "" { // a condition that is passed over deletes what it should protect
			return errNotImplemented
		}
	}
	if err := h.s.remove(r.bucket, r.key, condition{ifMatch: unquote(r.Header.Get("If-Match"))}); err != nil {
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

// deleteObjects answers DeleteObjects: each object has its own outcome.
func (h *server) deleteObjects(w http.ResponseWriter, r request) error {
	if _, err := h.s.bucket(r.bucket); err != nil {
		return err
	}
	var in deleteXML
	if err := readXML(r, &in); err != nil {
		return err
	}
	if len(in.Objects) == 0 || len(in.Objects) > maxDeletes {
		return errMalformedXML
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
			err = errNoSuchVersion
		case o.Size != nil || o.LastModifiedTime != "":
			err = errNotImplemented
		default:
			err = h.s.remove(r.bucket, o.Key, condition{ifMatch: unquote(o.ETag)})
		}
		if err != nil {
			e := asAPIError(err)
			out.Errors = append(out.Errors, notDeletedXML{o.Key, o.VersionID, e.code, e.message})
		} else if !in.Quiet {
			out.Deleted = append(out.Deleted, deletedXML{o.Key, o.VersionID})
		}
	}
	writeXML(w, http.StatusOK, out)
	return nil
}
