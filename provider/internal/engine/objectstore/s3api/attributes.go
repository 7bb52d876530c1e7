package s3api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// attributes answers GetObjectAttributes.
func (h *server) attributes(w http.ResponseWriter, r request) error {
	rec, err := h.s.Record(r.bucket, r.key)
	if err != nil {
		return err
	}
	var out struct {
		XMLName      xml.Name      `xml:"GetObjectAttributesResponse"`
		Xmlns        string        `xml:"xmlns,attr"`
		ETag         string        `xml:",omitempty"`
		Checksum     *checksumsXML `xml:",omitempty"`
		ObjectParts  *objectParts  `xml:",omitempty"`
		StorageClass string        `xml:",omitempty"`
		ObjectSize   *int64        `xml:",omitempty"`
	}
	out.Xmlns = xmlns
	asked := false
	for _, line := range r.Header.Values("X-Amz-Object-Attributes") {
		for name := range strings.SplitSeq(line, ",") {
			switch strings.TrimSpace(name) {
			case "ETag":
				out.ETag = rec.ETag
			case "Checksum":
				if c := rec.Checksums; len(c) > 0 {
					bare := map[string]string{} // here S3 leaves out how many parts a composite checksum is of
					for a, sum := range c {
						bare[a], _, _ = strings.Cut(sum, "-")
					}
					sums := newChecksums(bare, rec.ChecksumType())
					out.Checksum = &sums
				}
			case "ObjectParts":
				if out.ObjectParts, err = newObjectParts(r.Header, rec); err != nil {
					return err
				}
			case "StorageClass":
				out.StorageClass = rec.StorageClass()
			case "ObjectSize":
				out.ObjectSize = &rec.Size
			default:
				return wire.Argument("x-amz-object-attributes", line, "Invalid attribute name specified.")
			}
			asked = true
		}
	}
	if !asked {
		return wire.Errorf("InvalidRequest", http.StatusBadRequest, "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	w.Header().Set("Last-Modified", rec.Modified.UTC().Format(http.TimeFormat))
	writeXML(w, http.StatusOK, out)
	return nil
}

type attributePartXML struct {
	PartNumber int
	Size       int64
	checksumsXML
}

// objectParts is what GetObjectAttributes tells of an object's parts; of each of them only where a
// composite checksum needs theirs, as S3 does.
type objectParts struct {
	PartsCount           int
	PartNumberMarker     int `xml:",omitempty"`
	NextPartNumberMarker int `xml:",omitempty"`
	MaxParts             int `xml:",omitempty"`
	IsTruncated          bool
	Parts                []attributePartXML `xml:"Part"`
}

func newObjectParts(h http.Header, rec *objectstore.Record) (*objectParts, error) {
	if len(rec.Parts) == 0 {
		return nil, nil
	}
	out := &objectParts{PartsCount: len(rec.Parts)}
	if !rec.Composite || len(rec.PartSums) != len(rec.Parts) {
		return out, nil
	}
	paging := url.Values{"max-parts": {h.Get("X-Amz-Max-Parts")}, "part-number-marker": {h.Get("X-Amz-Part-Number-Marker")}}
	var err error
	if out.MaxParts, err = limit(paging, "max-parts", "max-parts", 1000); err != nil {
		return nil, err
	}
	if paging.Get("part-number-marker") != "" {
		if out.PartNumberMarker, err = limit(paging, "part-number-marker", "part-number-marker", 10000); err != nil {
			return nil, err
		}
	}
	for i := out.PartNumberMarker; i < len(rec.Parts); i++ {
		if len(out.Parts) == out.MaxParts {
			out.IsTruncated = true
			break
		}
		var sums map[string]string
		for a := range rec.Checksums {
			sums = map[string]string{a: rec.PartSums[i]}
		}
		out.Parts = append(out.Parts, attributePartXML{i + 1, rec.Parts[i], newChecksums(sums, "")})
		out.NextPartNumberMarker = i + 1
	}
	return out, nil
}
