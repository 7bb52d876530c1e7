package s3api

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

type tagXML struct {
	Key   string
	Value string
}

type taggingXML struct {
	XMLName xml.Name `xml:"Tagging"`
	Xmlns   string   `xml:"xmlns,attr,omitempty"`
	Tags    []tagXML `xml:"TagSet>Tag"`
}

// tagging answers Get, Put and Delete of an object's and a bucket's tags.
func (h *server) tagging(w http.ResponseWriter, r request) error {
	switch r.Method {
	case http.MethodGet:
		return h.getTags(w, r)
	case http.MethodPut:
		var in taggingXML
		if err := readXML(r, &in); err != nil {
			return err
		}
		tags := map[string]string{}
		for _, t := range in.Tags {
			if _, twice := tags[t.Key]; twice {
				return wire.Errorf("InvalidTag", http.StatusBadRequest, "Cannot provide multiple Tags with the same key")
			}
			tags[t.Key] = t.Value
		}
		most := 10
		if r.key == "" {
			most = 50
		}
		if err := objectstore.CheckTags(tags, most); err != nil {
			return err
		}
		if err := h.setTags(r, tags); err != nil {
			return err
		}
		if r.key == "" {
			w.WriteHeader(http.StatusNoContent)
		} else {
			w.WriteHeader(http.StatusOK)
		}
		return nil
	case http.MethodDelete:
		if err := h.setTags(r, nil); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return wire.ErrNotAllowed
}

func (h *server) getTags(w http.ResponseWriter, r request) error {
	var tags map[string]string
	if r.key == "" {
		b, err := h.s.Bucket(r.bucket)
		if err != nil {
			return err
		}
		if len(b.Tags) == 0 {
			return wire.Errorf("NoSuchTagSet", http.StatusNotFound, "The TagSet does not exist")
		}
		tags = b.Tags
	} else {
		rec, err := h.s.Record(r.bucket, r.key)
		if err != nil {
			return err
		}
		tags = rec.Tags
	}
	out := taggingXML{Xmlns: xmlns}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, tagXML{k, tags[k]})
	}
	writeXML(w, http.StatusOK, out)
	return nil
}

func (h *server) setTags(r request, tags map[string]string) error {
	if r.key != "" {
		return h.s.Update(r.bucket, r.key, func(rec *objectstore.Record) { rec.Tags = tags })
	}
	return h.s.SetBucketTags(r.bucket, tags)
}
