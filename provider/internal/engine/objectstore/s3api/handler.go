package s3api

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

type errorXML struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string
	Message    string
	Key        string `xml:",omitempty"`
	BucketName string `xml:",omitempty"`
	Resource   string
	RequestID  string `xml:"RequestId"`
	HostID     string `xml:"HostId"`
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
	if hr.Header.Get("Origin") != "" {
		// Only browsers send it. gofakes3 would let any web page in, and nothing here is
		// protected by a secret.
		h.fail(w, r, wire.Errorf("AccessDenied", http.StatusForbidden, "Access Denied: requests of web pages are refused"))
		return
	}
	if h.expired(r) {
		h.fail(w, r, wire.Errorf("AccessDenied", http.StatusForbidden, "Request has expired"))
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

// expired tells whether a presigned URL, of signature version 4 or 2, was used too late. Its
// signature is not checked, but a client that shares URLs sees here what it will see on AWS.
func (h *server) expired(r request) bool {
	if v := r.query.Get("X-Amz-Expires"); v != "" {
		signed, err := time.Parse("20060102T150405Z", r.query.Get("X-Amz-Date"))
		seconds, secondsErr := strconv.ParseInt(v, 10, 32)
		return err == nil && secondsErr == nil && h.s.Now().After(signed.Add(time.Duration(seconds)*time.Second))
	}
	if v := r.query.Get("Expires"); v != "" && r.query.Has("Signature") {
		until, err := strconv.ParseInt(v, 10, 64)
		return err == nil && h.s.Now().After(time.Unix(until, 0))
	}
	return false
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
		case method == http.MethodGet && !r.query.Has("uploads"):
			return h.listObjects
		case method == http.MethodPost && r.query.Has("delete"):
			return h.deleteObjects
		case method == http.MethodPost: // a form's upload
			return h.notImplemented
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
		}
		return nil
	case r.query.Has("versionId") && r.query.Get("versionId") != "null":
		return func(http.ResponseWriter, request) error { return wire.ErrNoSuchVersion }
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

func (h *server) notImplemented(http.ResponseWriter, request) error { return wire.ErrNotImplemented }

func (h *server) fail(w http.ResponseWriter, r request, err error) {
	e := wire.AsError(err)
	if e.Code == "InternalError" {
		h.s.Log().Error("object store", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if e.Status == http.StatusNotModified || r.Method == http.MethodHead {
		w.WriteHeader(e.Status)
		return
	}
	body := errorXML{Code: e.Code, Message: e.Message, Resource: r.URL.Path, RequestID: r.id, HostID: "titanicml-local"}
	if e.Code == "NoSuchKey" {
		body.Key = r.key
	}
	if e.Code == "NoSuchBucket" {
		body.BucketName = r.bucket
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
	raw = bytes.ReplaceAll(raw, []byte("&#34;"), []byte("&quot;"))
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
	e, err := wire.Expect(r.Header, length, trailers)
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

func (h *server) createBucket(w http.ResponseWriter, r request) error {
	location := ""
	if r.ContentLength != 0 {
		var in struct {
			LocationConstraint string `xml:"LocationConstraint"`
		}
		if err := readXML(r, &in); err != nil {
			return err
		}
		location = in.LocationConstraint
	}
	err := h.s.CreateBucket(r.bucket, location)
	// In us-east-1, and only there, S3 takes making one's own bucket again for a success.
	if errors.Is(err, fs.ErrExist) && !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/s3/") {
		return wire.Errorf("BucketAlreadyOwnedByYou", http.StatusConflict, "Your previous request to create the named bucket succeeded and you already own it.")
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	w.Header().Set("Location", "/"+r.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (h *server) location(w http.ResponseWriter, r request) error {
	b, err := h.s.Bucket(r.bucket)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, gofakes3.GetBucketLocation{Xmlns: xmlns, LocationConstraint: b.Location})
	return nil
}

// versioning answers that versioning was never enabled: with an empty element, as S3 does.
func (h *server) versioning(w http.ResponseWriter, r request) error {
	if _, err := h.s.Bucket(r.bucket); err != nil {
		return err
	}
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"VersioningConfiguration"`
		Xmlns   string   `xml:"xmlns,attr"`
	}{Xmlns: xmlns})
	return nil
}

const xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"

type listXML struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Xmlns                 string   `xml:"xmlns,attr"`
	Name                  string
	Prefix                string
	Delimiter             string  `xml:",omitempty"`
	MaxKeys               int     `xml:"MaxKeys"`
	EncodingType          string  `xml:",omitempty"`
	KeyCount              *int    `xml:",omitempty"`
	Marker                *string `xml:",omitempty"`
	NextMarker            string  `xml:",omitempty"`
	StartAfter            string  `xml:",omitempty"`
	ContinuationToken     string  `xml:",omitempty"`
	NextContinuationToken string  `xml:",omitempty"`
	IsTruncated           bool
	Contents              []contentXML
	CommonPrefixes        []gofakes3.CommonPrefix
}

type contentXML struct {
	Key               string
	VersionID         string `xml:"VersionId,omitempty"`
	IsLatest          bool   `xml:",omitempty"`
	LastModified      string
	ETag              string
	ChecksumAlgorithm []string `xml:",omitempty"`
	ChecksumType      string   `xml:",omitempty"`
	Size              int64
	StorageClass      string
	Owner             *ownerXML `xml:",omitempty"`
}

func newContent(rec *objectstore.Record, key string) contentXML {
	c := contentXML{Key: key, LastModified: listTime(rec.Modified), ETag: wire.Quote(rec.ETag), Size: rec.Size, StorageClass: rec.StorageClass()}
	for a := range rec.Checksums {
		c.ChecksumAlgorithm = append(c.ChecksumAlgorithm, strings.ToUpper(a))
		c.ChecksumType = rec.ChecksumType()
	}
	return c
}

// listQuery reads what all lists have in common. encode is for the keys of the answer.
func listQuery(r request) (q objectstore.Query, encode func(string) string, err error) {
	q = objectstore.Query{Prefix: r.query.Get("prefix"), Delimiter: r.query.Get("delimiter"), Max: 1000}
	if v := r.query.Get("max-keys"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return q, nil, wire.Errorf("InvalidArgument", http.StatusBadRequest, "Provided max-keys not an integer or within integer range")
		}
		q.Max = min(n, 1000)
	}
	switch r.query.Get("encoding-type") {
	case "":
		return q, func(s string) string { return s }, nil
	case "url":
		return q, func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }, nil
	}
	return q, nil, wire.Errorf("InvalidArgument", http.StatusBadRequest, "Invalid Encoding Method specified in Request")
}

// listVersions answers ListObjectVersions: without versioning each object is its only version, null.
func (h *server) listVersions(w http.ResponseWriter, r request) error {
	q, encode, err := listQuery(r)
	if err != nil {
		return err
	}
	q.After = r.query.Get("key-marker")
	p, err := h.s.Page(r.bucket, q)
	if err != nil {
		return err
	}
	out := struct {
		XMLName             xml.Name `xml:"ListVersionsResult"`
		Xmlns               string   `xml:"xmlns,attr"`
		Name                string
		Prefix              string
		Delimiter           string `xml:",omitempty"`
		KeyMarker           string
		VersionIDMarker     string `xml:"VersionIdMarker"`
		NextKeyMarker       string `xml:",omitempty"`
		NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
		MaxKeys             int
		EncodingType        string `xml:",omitempty"`
		IsTruncated         bool
		Version             []contentXML
		CommonPrefixes      []gofakes3.CommonPrefix
	}{Xmlns: xmlns, Name: r.bucket, Prefix: encode(q.Prefix), Delimiter: encode(q.Delimiter), KeyMarker: encode(q.After),
		VersionIDMarker: r.query.Get("version-id-marker"), MaxKeys: q.Max, EncodingType: r.query.Get("encoding-type"), IsTruncated: p.Truncated}
	if p.Truncated {
		out.NextKeyMarker, out.NextVersionIDMarker = encode(p.Last), "null"
	}
	for _, rec := range p.Objects {
		c := newContent(rec, encode(rec.Key))
		c.VersionID, c.IsLatest, c.Owner = "null", true, &account
		out.Version = append(out.Version, c)
	}
	for _, c := range p.Prefixes {
		out.CommonPrefixes = append(out.CommonPrefixes, gofakes3.CommonPrefix{Prefix: encode(c)})
	}
	writeXML(w, http.StatusOK, out)
	return nil
}

// listObjects answers ListObjects and ListObjectsV2. gofakes3 knows no encoding-type, without
// which keys with control characters cannot be listed.
func (h *server) listObjects(w http.ResponseWriter, r request) error {
	q, encode, err := listQuery(r)
	if err != nil {
		return err
	}
	out := listXML{Xmlns: xmlns, Name: r.bucket, Prefix: encode(q.Prefix), Delimiter: encode(q.Delimiter),
		MaxKeys: q.Max, EncodingType: r.query.Get("encoding-type")}
	v2 := r.query.Get("list-type") == "2"
	if v2 {
		q.After = r.query.Get("start-after")
		out.StartAfter = encode(q.After)
		if r.query.Has("continuation-token") {
			out.ContinuationToken = r.query.Get("continuation-token")
			after, err := url.PathUnescape(strings.TrimPrefix(out.ContinuationToken, "1/"))
			if err != nil || !strings.HasPrefix(out.ContinuationToken, "1/") {
				return wire.Errorf("InvalidArgument", http.StatusBadRequest, "The continuation token provided is incorrect")
			}
			q.After = after
		}
	} else {
		q.After = r.query.Get("marker")
		marker := encode(q.After)
		out.Marker = &marker
	}
	p, err := h.s.Page(r.bucket, q)
	if err != nil {
		return err
	}
	out.IsTruncated = p.Truncated
	for _, rec := range p.Objects {
		c := newContent(rec, encode(rec.Key))
		if !v2 || r.query.Get("fetch-owner") == "true" {
			c.Owner = &account
		}
		out.Contents = append(out.Contents, c)
	}
	for _, c := range p.Prefixes {
		out.CommonPrefixes = append(out.CommonPrefixes, gofakes3.CommonPrefix{Prefix: encode(c)})
	}
	switch count := len(p.Objects) + len(p.Prefixes); {
	case v2:
		out.KeyCount = &count
		if p.Truncated {
			out.NextContinuationToken = "1/" + url.PathEscape(p.Last)
		}
	case p.Truncated && q.Delimiter != "":
		out.NextMarker = encode(p.Last)
	}
	writeXML(w, http.StatusOK, out)
	return nil
}

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
	if err := h.s.Write(r.Context(), r.bucket, r.key, body, rec, e, c); err != nil {
		return err
	}
	w.Header().Set("ETag", wire.Quote(rec.ETag))
	rec.ShowEncryption(w.Header())
	setChecksums(w.Header(), rec)
	w.WriteHeader(http.StatusOK)
	return nil
}

func setChecksums(h http.Header, rec *objectstore.Record) {
	for a, v := range rec.Checksums {
		h.Set(wire.ChecksumHeader+a, v)
	}
	if len(rec.Checksums) > 0 {
		h.Set("X-Amz-Checksum-Type", rec.ChecksumType())
	}
}
