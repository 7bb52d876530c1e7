package s3api

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// maxFields bounds what comes before the file in a form, in bytes.
const maxFields = 20 << 10

// postForm answers PostObject: an upload in a form, under a policy whose signature is not checked.
// Programs send such forms too; those of web pages are refused before.
func (h *server) postForm(w http.ResponseWriter, r request) error {
	if _, err := h.s.Bucket(r.bucket); err != nil {
		return err
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return wire.Errorf("PreconditionFailed", http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold").
			With("Condition", "Bucket POST must be of the enclosure-type multipart/form-data")
	}
	fields, file, err := readFields(reader)
	if err != nil {
		return err
	}
	if fields["key"] == "" {
		return missingField("key")
	}
	allowed, err := h.formPolicy(r.bucket, fields)
	if err != nil {
		return err
	}
	key := strings.ReplaceAll(fields["key"], "${filename}", file.FileName())
	header, err := formHeader(fields)
	if err != nil {
		return err
	}
	rec, err := objectstore.NewRecord(header)
	if err != nil {
		return err
	}
	e, err := wire.Expect(header, -1, nil)
	if err != nil {
		return err
	}
	e.ByDefault()
	if err := h.s.Write(r.Context(), r.bucket, key, &sizedReader{r: file, allowed: allowed}, rec, e, objectstore.Condition{}); err != nil {
		return err
	}
	return h.formStored(w, r, fields, rec)
}

func missingField(name string) error {
	return wire.Argument(name, "", fmt.Sprintf("Bucket POST must contain a field named '%s'.  If it is specified, please check the order of the fields.", name))
}

var errMalformedForm = wire.Errorf("MalformedPOSTRequest", http.StatusBadRequest, "The body of your POST request is not well-formed multipart/form-data.")

// readFields reads a form up to its file. Names are in lower case: S3 does not tell cases apart.
func readFields(reader *multipart.Reader) (map[string]string, *multipart.Part, error) {
	fields, left := map[string]string{}, int64(maxFields)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, nil, wire.Argument("file", "0", "POST requires exactly one file upload per request.")
		}
		if err != nil || part.FormName() == "" {
			return nil, nil, errMalformedForm
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			return fields, part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, nil, errMalformedForm
		}
		if left -= int64(len(name) + len(value)); left < 0 {
			return nil, nil, wire.Errorf("MaxPostPreDataLengthExceeded", http.StatusBadRequest, "Your POST request fields preceding the upload file were too large.")
		}
		fields[name] = string(value)
	}
}

// formHeader gives the fields that stand for headers the place that the headers have.
func formHeader(fields map[string]string) (http.Header, error) {
	header := http.Header{}
	for name, value := range fields {
		switch name {
		case "acl":
			header.Set("X-Amz-Acl", value)
		case "tagging":
			var in taggingXML
			if err := xml.Unmarshal([]byte(value), &in); err != nil {
				return nil, wire.ErrMalformedXML
			}
			tags := url.Values{}
			for _, t := range in.Tags {
				tags.Add(t.Key, t.Value)
			}
			header.Set("X-Amz-Tagging", tags.Encode())
		case "cache-control", "content-type", "content-disposition", "content-encoding", "content-language", "content-md5", "expires":
			header.Set(name, value)
		default:
			if strings.HasPrefix(name, "x-amz-") {
				header.Set(name, value)
			}
		}
	}
	return header, nil
}

// formStored answers as the form asks: with a redirection, a document, or nothing.
func (h *server) formStored(w http.ResponseWriter, r request, fields map[string]string, rec *objectstore.Record) error {
	at := url.URL{Scheme: "http", Host: r.Host, Path: "/" + r.bucket + "/" + rec.Key}
	w.Header().Set("ETag", wire.Quote(rec.ETag))
	w.Header().Set("Location", at.String())
	rec.ShowEncryption(w.Header())
	setChecksums(w.Header(), rec)
	redirect := fields["success_action_redirect"]
	if redirect == "" {
		redirect = fields["redirect"]
	}
	if to, err := url.Parse(redirect); err == nil && to.IsAbs() { // S3 passes over what is no URL
		if to.RawQuery != "" {
			to.RawQuery += "&"
		}
		to.RawQuery += "bucket=" + url.QueryEscape(r.bucket) + "&key=" + url.QueryEscape(rec.Key) + "&etag=" + url.QueryEscape(wire.Quote(rec.ETag))
		w.Header().Set("Location", to.String())
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	switch fields["success_action_status"] {
	case "200":
		w.WriteHeader(http.StatusOK)
	case "201":
		writeXML(w, http.StatusCreated, struct {
			XMLName  xml.Name `xml:"PostResponse"`
			Location string
			Bucket   string
			Key      string
			ETag     string
		}{Location: at.String(), Bucket: r.bucket, Key: rec.Key, ETag: wire.Quote(rec.ETag)})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// sizedReader ends with an error when the file is smaller or larger than the policy allows.
type sizedReader struct {
	r       io.Reader
	allowed sizes
	read    int64
}

// sizes are the least and the most bytes of a file.
type sizes struct{ least, most int64 }

func (s *sizedReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	switch {
	case s.read > s.allowed.most:
		return 0, wire.Errorf("EntityTooLarge", http.StatusBadRequest, "Your proposed upload exceeds the maximum allowed size")
	case errors.Is(err, io.EOF) && s.read < s.allowed.least:
		return 0, wire.Errorf("EntityTooSmall", http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size")
	}
	return n, err
}
