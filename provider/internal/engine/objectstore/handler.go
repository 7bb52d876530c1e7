package objectstore

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
)

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
	s    *Store
	rest http.Handler
}

// Handler serves the S3 REST API, path-style, at the root of its URL space. It must see the path
// as the client sent it: http.ServeMux in front of it would "clean" keys such as "a//b".
func (s *Store) Handler() http.Handler {
	fake := gofakes3.New(&backend{s},
		gofakes3.WithMetadataSizeLimit(0), // tokens in X-Amz- headers would count
		gofakes3.WithTimeSkewLimit(0),     // one machine, one clock
		gofakes3.WithoutVersioning())
	return &server{s: s, rest: fake.Server()}
}

// ServeHTTP answers one S3 request.
func (h *server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := request{Request: hr, query: hr.URL.Query(), id: newID()}
	r.bucket, r.key, _ = strings.Cut(strings.TrimPrefix(hr.URL.Path, "/"), "/")
	w.Header().Set("Server", "AmazonS3")
	w.Header().Set("X-Amz-Request-Id", r.id)
	if hr.Header.Get("Origin") != "" {
		// Only browsers send it. gofakes3 would let any web page in, and nothing here is
		// protected by a secret.
		h.fail(w, r, errorf("AccessDenied", http.StatusForbidden, "Access Denied: requests of web pages are refused"))
		return
	}
	if h.expired(r) {
		h.fail(w, r, errorf("AccessDenied", http.StatusForbidden, "Request has expired"))
		return
	}
	if owner := hr.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != accountID {
		h.fail(w, r, errorf("AccessDenied", http.StatusForbidden, "Access Denied"))
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
		return err == nil && secondsErr == nil && h.s.now().After(signed.Add(time.Duration(seconds)*time.Second))
	}
	if v := r.query.Get("Expires"); v != "" && r.query.Has("Signature") {
		until, err := strconv.ParseInt(v, 10, 64)
		return err == nil && h.s.now().After(time.Unix(until, 0))
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
			if !validBucket(r.bucket) {
				return func(http.ResponseWriter, request) error { return errBucketName }
			}
			return h.configuration(q)
		}
	}
	method := r.Method
	switch {
	case r.bucket == "":
		return h.listBuckets
	case !validBucket(r.bucket):
		return func(http.ResponseWriter, request) error { return errBucketName }
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
		return func(http.ResponseWriter, request) error { return errNoSuchVersion }
	case method == http.MethodGet, method == http.MethodHead:
		return h.getObject
	case method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return h.copyObject
	case method == http.MethodPut:
		return h.putObject
	case method == http.MethodDelete:
		return h.deleteObject
	}
	return func(http.ResponseWriter, request) error { return errNotAllowed }
}

func (h *server) notImplemented(http.ResponseWriter, request) error { return errNotImplemented }

func (h *server) fail(w http.ResponseWriter, r request, err error) {
	e := asAPIError(err)
	if e.code == "InternalError" {
		h.s.log.Error("object store", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if e.status == http.StatusNotModified || r.Method == http.MethodHead {
		w.WriteHeader(e.status)
		return
	}
	body := errorXML{Code: e.code, Message: e.message, Resource: r.URL.Path, RequestID: r.id, HostID: "titanicml-local"}
	if e.code == "NoSuchKey" {
		body.Key = r.key
	}
	if e.code == "NoSuchBucket" {
		body.BucketName = r.bucket
	}
	w.Header().Del("Content-Length")
	writeXML(w, e.status, body)
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
	body, length, trailers, err := decodeBody(r.Request)
	if err != nil {
		return err
	}
	e, err := expect(r.Header, length, trailers)
	if err != nil {
		return err
	}
	sum := e.sums()
	raw, err := io.ReadAll(io.TeeReader(io.LimitReader(body, 2<<20), sum))
	if err != nil {
		return errIncompleteBody
	}
	if err := e.verify(sum); err != nil {
		return err
	}
	if err := xml.Unmarshal(raw, v); err != nil {
		return errMalformedXML
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
	err := h.s.createBucket(r.bucket, location)
	// In us-east-1, and only there, S3 takes making one's own bucket again for a success.
	if errors.Is(err, fs.ErrExist) && !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/s3/") {
		return errorf("BucketAlreadyOwnedByYou", http.StatusConflict, "Your previous request to create the named bucket succeeded and you already own it.")
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	w.Header().Set("Location", "/"+r.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (h *server) location(w http.ResponseWriter, r request) error {
	b, err := h.s.bucket(r.bucket)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, gofakes3.GetBucketLocation{Xmlns: xmlns, LocationConstraint: b.Location})
	return nil
}

// versioning answers that versioning was never enabled: with an empty element, as S3 does.
func (h *server) versioning(w http.ResponseWriter, r request) error {
	if _, err := h.s.bucket(r.bucket); err != nil {
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

func newContent(rec *record, key string) contentXML {
	c := contentXML{Key: key, LastModified: listTime(rec.Modified), ETag: quote(rec.ETag), Size: rec.Size, StorageClass: rec.storageClass()}
	for a := range rec.Checksums {
		c.ChecksumAlgorithm = append(c.ChecksumAlgorithm, strings.ToUpper(a))
		c.ChecksumType = rec.checksumType()
	}
	return c
}

// listQuery reads what all lists have in common. encode is for the keys of the answer.
func listQuery(r request) (q query, encode func(string) string, err error) {
	q = query{prefix: r.query.Get("prefix"), delimiter: r.query.Get("delimiter"), max: 1000}
	if v := r.query.Get("max-keys"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return q, nil, errorf("InvalidArgument", http.StatusBadRequest, "Provided max-keys not an integer or within integer range")
		}
		q.max = min(n, 1000)
	}
	switch r.query.Get("encoding-type") {
	case "":
		return q, func(s string) string { return s }, nil
	case "url":
		return q, func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }, nil
	}
	return q, nil, errorf("InvalidArgument", http.StatusBadRequest, "Invalid Encoding Method specified in Request")
}

// listVersions answers ListObjectVersions: without versioning each object is its only version, null.
func (h *server) listVersions(w http.ResponseWriter, r request) error {
	q, encode, err := listQuery(r)
	if err != nil {
		return err
	}
	q.after = r.query.Get("key-marker")
	p, err := h.s.list(r.bucket, q)
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
	}{Xmlns: xmlns, Name: r.bucket, Prefix: encode(q.prefix), Delimiter: encode(q.delimiter), KeyMarker: encode(q.after),
		VersionIDMarker: r.query.Get("version-id-marker"), MaxKeys: q.max, EncodingType: r.query.Get("encoding-type"), IsTruncated: p.truncated}
	if p.truncated {
		out.NextKeyMarker, out.NextVersionIDMarker = encode(p.last), "null"
	}
	for _, rec := range p.objects {
		c := newContent(rec, encode(rec.Key))
		c.VersionID, c.IsLatest, c.Owner = "null", true, &account
		out.Version = append(out.Version, c)
	}
	for _, c := range p.prefixes {
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
	out := listXML{Xmlns: xmlns, Name: r.bucket, Prefix: encode(q.prefix), Delimiter: encode(q.delimiter),
		MaxKeys: q.max, EncodingType: r.query.Get("encoding-type")}
	v2 := r.query.Get("list-type") == "2"
	if v2 {
		q.after = r.query.Get("start-after")
		out.StartAfter = encode(q.after)
		if r.query.Has("continuation-token") {
			out.ContinuationToken = r.query.Get("continuation-token")
			after, err := url.PathUnescape(strings.TrimPrefix(out.ContinuationToken, "1/"))
			if err != nil || !strings.HasPrefix(out.ContinuationToken, "1/") {
				return errorf("InvalidArgument", http.StatusBadRequest, "The continuation token provided is incorrect")
			}
			q.after = after
		}
	} else {
		q.after = r.query.Get("marker")
		marker := encode(q.after)
		out.Marker = &marker
	}
	p, err := h.s.list(r.bucket, q)
	if err != nil {
		return err
	}
	out.IsTruncated = p.truncated
	for _, rec := range p.objects {
		c := newContent(rec, encode(rec.Key))
		if !v2 || r.query.Get("fetch-owner") == "true" {
			c.Owner = &account
		}
		out.Contents = append(out.Contents, c)
	}
	for _, c := range p.prefixes {
		out.CommonPrefixes = append(out.CommonPrefixes, gofakes3.CommonPrefix{Prefix: encode(c)})
	}
	switch count := len(p.objects) + len(p.prefixes); {
	case v2:
		out.KeyCount = &count
		if p.truncated {
			out.NextContinuationToken = "1/" + url.PathEscape(p.last)
		}
	case p.truncated && q.delimiter != "":
		out.NextMarker = encode(p.last)
	}
	writeXML(w, http.StatusOK, out)
	return nil
}

func quote(etag string) string { return `"` + etag + `"` }

func unquote(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

// writeCondition reads the preconditions of a write.
func writeCondition(h http.Header) (condition, error) {
	var c condition
	if v := h.Get("If-None-Match"); v != "" {
		if v != "*" {
			return c, errNotImplemented // as S3: only "*" is accepted here
		}
		c.ifNoneMatch = true
	}
	if v := h.Get("If-Match"); v != "" {
		c.ifMatch = unquote(v)
	}
	if c.ifNoneMatch && c.ifMatch != "" {
		return c, errNotImplemented
	}
	return c, nil
}

// keptHeaders are stored with an object and come back with it.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"}

// newRecord reads from a request what is stored besides the bytes.
func newRecord(h http.Header) (*record, error) {
	rec := &record{Headers: map[string]string{}, User: map[string]string{}}
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
		return nil, errorf("MetadataTooLarge", http.StatusBadRequest, "Your metadata headers exceed the maximum allowed metadata size")
	}
	tags, err := url.ParseQuery(h.Get("X-Amz-Tagging"))
	if err != nil {
		return nil, errorf("InvalidArgument", http.StatusBadRequest, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	if len(tags) > 0 {
		rec.Tags = map[string]string{}
		for k, v := range tags {
			if len(v) > 1 {
				return nil, errorf("InvalidArgument", http.StatusBadRequest, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
			}
			rec.Tags[k] = v[0]
		}
	}
	if err := checkPromises(h); err != nil {
		return nil, err
	}
	if err := rec.setProperties(h); err != nil {
		return nil, err
	}
	return rec, checkTags(rec.Tags, 10)
}

func (h *server) putObject(w http.ResponseWriter, r request) error {
	rec, err := newRecord(r.Header)
	if err != nil {
		return err
	}
	c, err := writeCondition(r.Header)
	if err != nil {
		return err
	}
	body, length, trailers, err := decodeBody(r.Request)
	if err != nil {
		return err
	}
	if length < 0 {
		return errorf("MissingContentLength", http.StatusLengthRequired, "You must provide the Content-Length HTTP header.")
	}
	e, err := expect(r.Header, length, trailers)
	if err != nil {
		return err
	}
	if err := h.s.write(r.Context(), r.bucket, r.key, body, rec, e, c); err != nil {
		return err
	}
	w.Header().Set("ETag", quote(rec.ETag))
	rec.showEncryption(w.Header())
	setChecksums(w.Header(), rec)
	w.WriteHeader(http.StatusOK)
	return nil
}

func setChecksums(h http.Header, rec *record) {
	for a, v := range rec.Checksums {
		h.Set(checksumHeader+a, v)
	}
	if len(rec.Checksums) > 0 {
		h.Set("X-Amz-Checksum-Type", rec.checksumType())
	}
}

func (r *record) checksumType() string {
	if r.Composite {
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}
