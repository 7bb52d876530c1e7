package s3api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

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
		n, err := limit(r.query, "max-keys", "maxKeys", 1000)
		if err != nil {
			return q, nil, err
		}
		q.Max = n
	}
	switch r.query.Get("encoding-type") {
	case "":
		return q, func(s string) string { return s }, nil
	case "url":
		return q, func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }, nil
	}
	return q, nil, wire.Argument("encoding-type", r.query.Get("encoding-type"), "Invalid Encoding Method specified in Request")
}

// limit reads how many items a page may have; S3 gives at most 1000 of anything.
func limit(query url.Values, name, spoken string, most int) (int, error) {
	v := query.Get(name)
	if v == "" {
		return most, nil
	}
	n, err := strconv.ParseInt(v, 10, 32)
	switch {
	case err != nil:
		return 0, wire.Argument(name, v, "Provided "+name+" not an integer or within integer range")
	case n < 0:
		return 0, wire.Argument(spoken, v, "Argument "+spoken+" must be an integer between 0 and 2147483647")
	}
	return min(int(n), most), nil
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
	kind := r.query.Get("list-type")
	if kind != "" && kind != "1" && kind != "2" {
		return wire.Argument("list-type", kind, "Invalid List Type specified in Request")
	}
	v2 := kind == "2"
	if v2 {
		q.After = r.query.Get("start-after")
		out.StartAfter = encode(q.After)
		if r.query.Has("continuation-token") {
			out.ContinuationToken = r.query.Get("continuation-token")
			after, err := url.PathUnescape(strings.TrimPrefix(out.ContinuationToken, "1/"))
			if err != nil || !strings.HasPrefix(out.ContinuationToken, "1/") {
				return wire.Argument("continuation-token", out.ContinuationToken, "The continuation token provided is incorrect")
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
