package objectstore

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
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

// checkTags applies S3's limits: 10 tags on an object, 50 on a bucket.
func checkTags(tags map[string]string, most int) error {
	if len(tags) > most {
		return errorf("BadRequest", http.StatusBadRequest, "Object tags cannot be greater than %d", most)
	}
	for k, v := range tags {
		if k == "" || utf8.RuneCountInString(k) > 128 {
			return errorf("InvalidTag", http.StatusBadRequest, "The TagKey you have provided is invalid")
		}
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return errorf("InvalidTag", http.StatusBadRequest, "System tags cannot be added/updated by requester")
		}
		if utf8.RuneCountInString(v) > 256 {
			return errorf("InvalidTag", http.StatusBadRequest, "The TagValue you have provided is invalid")
		}
	}
	return nil
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
				return errorf("InvalidTag", http.StatusBadRequest, "Cannot provide multiple Tags with the same key")
			}
			tags[t.Key] = t.Value
		}
		most := 10
		if r.key == "" {
			most = 50
		}
		if err := checkTags(tags, most); err != nil {
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
	return errNotAllowed
}

func (h *server) getTags(w http.ResponseWriter, r request) error {
	var tags map[string]string
	if r.key == "" {
		b, err := h.s.bucket(r.bucket)
		if err != nil {
			return err
		}
		if len(b.Tags) == 0 {
			return errorf("NoSuchTagSet", http.StatusNotFound, "The TagSet does not exist")
		}
		tags = b.Tags
	} else {
		rec, err := h.s.head(r.bucket, r.key)
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
		return h.s.update(r.bucket, r.key, func(rec *record) { rec.Tags = tags })
	}
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	b, err := h.s.bucket(r.bucket)
	if err != nil {
		return err
	}
	b.Tags = tags
	return h.s.replaceJSON(r.bucket+"/"+bucketFile, b)
}
