package s3api

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// hostID stands where S3 names the host that answered.
const hostID = "titanicml-local"

type errorXML struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string
	Message    string
	Key        string `xml:",omitempty"`
	BucketName string `xml:",omitempty"`
	Resource   string
	RequestID  string `xml:"RequestId"`
	HostID     string `xml:"HostId"`
	Details    []detailXML
}

// detailXML is an element whose name the error decides.
type detailXML struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

// request is one S3 call, split into what the routing needs.
type request struct {
	*http.Request
	bucket, key string
	query       url.Values
	id          string
}

// handlerFunc answers a request or returns the error to answer with.
type handlerFunc func(w http.ResponseWriter, r request) error

// server routes requests: its own handlers where gofakes3 lacks something, gofakes3 for the rest.
type server struct {
	s    *objectstore.Store
	rest http.Handler
}

// Handler serves the S3 REST API, path-style, at the root of its URL space. It must see the path
// as the client sent it: http.ServeMux in front of it would "clean" keys such as "a//b".
func Handler(s *objectstore.Store) http.Handler {
	fake := gofakes3.New(&backend{s},
		gofakes3.WithMetadataSizeLimit(0), // tokens in X-Amz- headers would count
		gofakes3.WithTimeSkewLimit(0),     // one machine, one clock
		gofakes3.WithoutVersioning())
	return &server{s: s, rest: fake.Server()}
}

// ServeHTTP answers one S3 request.
func (h *server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := request{Request: hr, query: hr.URL.Query(), id: objectstore.NewID()}
	r.bucket, r.key, _ = strings.Cut(strings.TrimPrefix(hr.URL.Path, "/"), "/")
	w.Header().Set("Server", "AmazonS3")
	w.Header().Set("X-Amz-Request-Id", r.id)
	w.Header().Set("X-Amz-Id-2", hostID)
	if hr.Header.Get("Origin") != "" {
		// Only browsers send it. gofakes3 would let any web page in, and nothing here is
		// protected by a secret.
		h.fail(w, r, wire.Errorf("AccessDenied", http.StatusForbidden, "Access Denied: requests of web pages are refused"))
		return
	}
	if anonymous(r) {
		h.fail(w, r, wire.ErrAnonymous)
		return
	}
	if err := h.expired(r); err != nil {
		h.fail(w, r, err)
		return
	}
	if owner := hr.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != accountID {
		h.fail(w, r, wire.Errorf("AccessDenied", http.StatusForbidden, "Access Denied"))
		return
	}
	handle := h.route(r)
	if handle == nil {
		h.rest.ServeHTTP(w, hr)
		return
	}
	if err := handle(w, r); err != nil {
		h.fail(w, r, err)
	}
}

// subresources that belong to features the store does not have. Taken for plain requests, a PUT
// of one would overwrite the object itself.
var subresources = []string{"accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering",
	"inventory", "legal-hold", "lifecycle", "logging", "metadataConfiguration", "metadataTable", "metrics", "notification",
	"object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "renameObject", "replication",
	"requestPayment", "restore", "retention", "select", "session", "torrent", "versions", "website"}

// route returns the handler of a request, nil for gofakes3.
func (h *server) route(r request) handlerFunc {
	for _, q := range subresources {
		if r.query.Has(q) {
			if !objectstore.ValidBucket(r.bucket) {
				return func(http.ResponseWriter, request) error { return wire.ErrBucketName }
			}
			return h.configuration(q)
		}
	}
	method := r.Method
	switch {
	case r.bucket == "":
		return h.listBuckets
	case !objectstore.ValidBucket(r.bucket):
		return func(http.ResponseWriter, request) error { return wire.ErrBucketName }
	case r.query.Has("tagging"):
		return h.tagging
	case r.key == "":
		switch {
		case method == http.MethodHead:
			return h.headBucket
		case method == http.MethodPut && !r.query.Has("versioning"):
			return h.createBucket
		case method == http.MethodGet && r.query.Has("location"):
			return h.location
		case method == http.MethodGet && r.query.Has("versioning"):
			return h.versioning
		case method == http.MethodGet && r.query.Has("uploads"):
			return h.listUploads
		case method == http.MethodGet:
			return h.listObjects
		case method == http.MethodPost && r.query.Has("delete"):
			return h.deleteObjects
		case method == http.MethodPost:
			return h.postForm
		}
		return nil
	case r.query.Has("uploads") && method == http.MethodPost:
		return h.createUpload
	case r.query.Has("uploadId"):
		switch method {
		case http.MethodPut:
			return h.uploadPart
		case http.MethodPost:
			return h.completeUpload
		case http.MethodGet:
			return h.listParts
		}
		return nil
	case versionID(r.query.Get("versionId")) != nil:
		return func(_ http.ResponseWriter, r request) error { return versionID(r.query.Get("versionId")) }
	case method == http.MethodGet, method == http.MethodHead:
		return h.getObject
	case method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return h.copyObject
	case method == http.MethodPut:
		return h.putObject
	case method == http.MethodDelete:
		return h.deleteObject
	}
	return func(http.ResponseWriter, request) error { return wire.ErrNotAllowed }
}

func (h *server) fail(w http.ResponseWriter, r request, err error) {
	e := wire.AsError(err)
	if e.Code == "InternalError" {
		h.s.Log().Error("object store", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if e.Status == http.StatusNotModified || r.Method == http.MethodHead {
		w.WriteHeader(e.Status)
		return
	}
	body := errorXML{Code: e.Code, Message: e.Message, Resource: r.URL.Path, RequestID: r.id, HostID: hostID}
	if e.Code == "NoSuchKey" {
		body.Key = r.key
	}
	if e.Code == "NoSuchBucket" {
		body.BucketName = r.bucket
	}
	for _, d := range e.Details {
		body.Details = append(body.Details, detailXML{xml.Name{Local: d.Name}, d.Value})
	}
	w.Header().Del("Content-Length")
	writeXML(w, e.Status, body)
}

func writeXML(w http.ResponseWriter, status int, v any) {
	raw, err := xml.Marshal(v)
	if err != nil { // our own types always marshal
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// S3 writes quotes, which every ETag has, by name; the AWS common runtime reads them in no other form.
	// In the messages of errors they stand as they are, where tools and people look for them.
	quote, apostrophe := "&quot;", "&#39;"
	if _, failed := v.(errorXML); failed {
		quote, apostrophe = `"`, "'"
	}
	raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("&#34;"), []byte(quote)), []byte("&#39;"), []byte(apostrophe))
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(xml.Header)+len(raw)))
	w.WriteHeader(status)
	io.WriteString(w, xml.Header)
	w.Write(raw)
}

// readXML decodes a request's body, of at most 2 MiB, as S3 limits its documents.
func readXML(r request, v any) error {
	body, length, trailers, err := wire.DecodeBody(r.Request)
	if err != nil {
		return err
	}
	header := r.Header
	if r.query.Has("uploadId") { // the checksums of a completing request are of the object
		header = r.Header.Clone()
		for a := range wire.Algorithms {
			header.Del(wire.ChecksumHeader + a)
		}
	}
	e, err := wire.Expect(header, length, trailers)
	if err != nil {
		return err
	}
	sum := e.Sums()
	raw, err := io.ReadAll(io.TeeReader(io.LimitReader(body, 2<<20), sum))
	if err != nil {
		return wire.ErrIncompleteBody
	}
	if err := e.Verify(sum); err != nil {
		return err
	}
	if err := xml.Unmarshal(raw, v); err != nil {
		return wire.ErrMalformedXML
	}
	return nil
}

const xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"

// writeCondition reads the preconditions of a write.
func writeCondition(h http.Header) (objectstore.Condition, error) {
	var c objectstore.Condition
	if v := h.Get("If-None-Match"); v != "" {
		if v != "*" {
			return c, wire.ErrNotImplemented // as S3: only "*" is accepted here
		}
		c.IfNoneMatch = true
	}
	if v := h.Get("If-Match"); v != "" {
		c.IfMatch = wire.Unquote(v)
	}
	if c.IfNoneMatch && c.IfMatch != "" {
		return c, wire.ErrNotImplemented
	}
	return c, nil
}

func (h *server) putObject(w http.ResponseWriter, r request) error {
	rec, err := objectstore.NewRecord(r.Header)
	if err != nil {
		return err
	}
	c, err := writeCondition(r.Header)
	if err != nil {
		return err
	}
	body, length, trailers, err := wire.DecodeBody(r.Request)
	if err != nil {
		return err
	}
	if length < 0 {
		return wire.Errorf("MissingContentLength", http.StatusLengthRequired, "You must provide the Content-Length HTTP header.")
	}
	e, err := wire.Expect(r.Header, length, trailers)
	if err != nil {
		return err
	}
	e.ByDefault()
	if err := h.s.Write(r.Context(), r.bucket, r.key, body, rec, e, c); err != nil {
		return err
	}
	w.Header().Set("ETag", wire.Quote(rec.ETag))
	rec.ShowEncryption(w.Header())
	setChecksums(w.Header(), rec)
	w.WriteHeader(http.StatusOK)
	return nil
}
