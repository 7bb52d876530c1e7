package s3api

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

type uploadXML struct {
	Key               string
	UploadID          string `xml:"UploadId"`
	Initiator         ownerXML
	Owner             ownerXML
	StorageClass      string
	Initiated         string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

// checksumWords are an upload's algorithm and type as documents have them.
func checksumWords(u objectstore.Upload) (algorithm, kind string) {
	if u.Algorithm == "" {
		return "", ""
	}
	return strings.ToUpper(u.Algorithm), (&objectstore.Record{Composite: u.Composite}).ChecksumType()
}

// listUploads answers ListMultipartUploads: by key, and by start where a key has several.
func (h *server) listUploads(w http.ResponseWriter, r request) error {
	if _, err := h.s.Bucket(r.bucket); err != nil {
		return err
	}
	q, encode, err := listQuery(r)
	if err != nil {
		return err
	}
	most, err := limit(r.query, "max-uploads", "max-uploads", 1000)
	if err != nil {
		return err
	}
	all, err := h.s.Uploads(r.bucket)
	if err != nil {
		return err
	}
	keyMarker, idMarker := r.query.Get("key-marker"), r.query.Get("upload-id-marker")
	if keyMarker == "" { // S3 passes over the second marker without the first
		idMarker = ""
	}
	out := struct {
		XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
		Xmlns              string   `xml:"xmlns,attr"`
		Bucket             string
		KeyMarker          string
		UploadIDMarker     string `xml:"UploadIdMarker"`
		NextKeyMarker      string `xml:",omitempty"`
		NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
		Delimiter          string `xml:",omitempty"`
		Prefix             string
		EncodingType       string `xml:",omitempty"`
		MaxUploads         int
		IsTruncated        bool
		Uploads            []uploadXML             `xml:"Upload"`
		CommonPrefixes     []gofakes3.CommonPrefix `xml:",omitempty"`
	}{Xmlns: xmlns, Bucket: r.bucket, KeyMarker: encode(keyMarker), UploadIDMarker: idMarker, Delimiter: encode(q.Delimiter),
		Prefix: encode(q.Prefix), EncodingType: r.query.Get("encoding-type"), MaxUploads: most}
	passed, common := idMarker == "", ""
	for _, u := range all {
		if !strings.HasPrefix(u.Key, q.Prefix) || u.Key < keyMarker || u.Key == keyMarker && idMarker == "" {
			continue
		}
		if u.Key == keyMarker && !passed { // the last page ended within this key
			passed = u.ID == idMarker
			continue
		}
		rolled := ""
		if i := strings.Index(u.Key[len(q.Prefix):], q.Delimiter); q.Delimiter != "" && i >= 0 {
			rolled = u.Key[:len(q.Prefix)+i+len(q.Delimiter)]
		}
		if rolled != "" && (rolled == common || rolled == keyMarker) {
			continue
		}
		if len(out.Uploads)+len(out.CommonPrefixes) == most {
			out.IsTruncated = most > 0
			break
		}
		if rolled != "" {
			common = rolled
			out.CommonPrefixes = append(out.CommonPrefixes, gofakes3.CommonPrefix{Prefix: encode(rolled)})
			out.NextKeyMarker, out.NextUploadIDMarker = encode(rolled), ""
			continue
		}
		algorithm, kind := checksumWords(u)
		out.Uploads = append(out.Uploads, uploadXML{encode(u.Key), u.ID, account, account, u.Object.StorageClass(), listTime(u.Started), algorithm, kind})
		out.NextKeyMarker, out.NextUploadIDMarker = encode(u.Key), u.ID
	}
	if !out.IsTruncated {
		out.NextKeyMarker, out.NextUploadIDMarker = "", ""
	}
	writeXML(w, http.StatusOK, out)
	return nil
}

type partXML struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	checksumsXML
}

// listParts answers ListParts.
func (h *server) listParts(w http.ResponseWriter, r request) error {
	u, err := h.s.FindUpload(r.bucket, r.key, r.query.Get("uploadId"))
	if err != nil {
		return err
	}
	most, err := limit(r.query, "max-parts", "max-parts", 1000)
	if err != nil {
		return err
	}
	marker := 0
	if v := r.query.Get("part-number-marker"); v != "" {
		if marker, err = strconv.Atoi(v); err != nil || marker < 0 {
			return wire.Argument("part-number-marker", v, "Provided part-number-marker not an integer or within integer range")
		}
	}
	parts, err := h.s.Parts(u.ID)
	if err != nil {
		return err
	}
	algorithm, kind := checksumWords(u)
	out := struct {
		XMLName              xml.Name `xml:"ListPartsResult"`
		Xmlns                string   `xml:"xmlns,attr"`
		Bucket               string
		Key                  string
		UploadID             string `xml:"UploadId"`
		Initiator            ownerXML
		Owner                ownerXML
		StorageClass         string
		PartNumberMarker     int
		NextPartNumberMarker int
		MaxParts             int
		IsTruncated          bool
		ChecksumAlgorithm    string    `xml:",omitempty"`
		ChecksumType         string    `xml:",omitempty"`
		Parts                []partXML `xml:"Part"`
	}{Xmlns: xmlns, Bucket: r.bucket, Key: r.key, UploadID: u.ID, Initiator: account, Owner: account, StorageClass: u.Object.StorageClass(),
		PartNumberMarker: marker, MaxParts: most, ChecksumAlgorithm: algorithm, ChecksumType: kind}
	for _, p := range parts {
		if p.Number <= marker {
			continue
		}
		if len(out.Parts) == most {
			out.IsTruncated = most > 0
			break
		}
		out.Parts = append(out.Parts, partXML{p.Number, listTime(p.Modified), wire.Quote(p.ETag), p.Size, newChecksums(p.Checksums, "")})
		out.NextPartNumberMarker = p.Number
	}
	writeXML(w, http.StatusOK, out)
	return nil
}
