package s3api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// form is what TestForms sends: fields in order, then a file unless it is "-".
type form struct {
	policy string   // conditions, each after a comma; "" sends none
	fields []string // name, value, ...
	file   string
}

func (f form) request(t *testing.T) *http.Request {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	fields := slices.Clone(f.fields)
	if f.policy != "" {
		policy := f.policy
		if !strings.HasPrefix(policy, "{") {
			policy = `{"expiration": "2026-11-29T00:00:00Z", "conditions": [{"bucket": "bkt"}, ["starts-with", "$key", "up/"]` + f.policy + `]}`
		}
		fields = append(fields, "policy", base64.StdEncoding.EncodeToString([]byte(policy)), "AWSAccessKeyId", "alice", "signature", "unchecked")
	}
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if f.file != "-" {
		part, err := w.CreateFormFile("file", "data.csv")
		if err != nil {
			t.Fatal(err)
		}
		part.Write([]byte(f.file))
	}
	w.Close()
	r := httptest.NewRequest(http.MethodPost, "/bkt", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// TestForms uploads with forms as S3 documents them for POST, under the conditions of a policy.
func TestForms(t *testing.T) {
	_, s := newClientOf(t, objectstore.Options{Dir: t.TempDir(), Clock: func() time.Time { return time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC) }})
	handler := Handler(s)
	key := []string{"key", "up/${filename}"}
	for _, tt := range []struct {
		name   string
		form   form
		status int
		want   string // in the answer, or in its Location
	}{
		{"plain", form{" ", key, "hello"}, 204, "/bkt/up/data.csv"},
		{"document", form{`, {"success_action_status": "201"}`, append(key, "success_action_status", "201"), "hello"}, 201, `<Bucket>bkt</Bucket><Key>up/data.csv</Key><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag>`},
		{"redirection", form{`, ["starts-with", "$success_action_redirect", ""]`, append(key, "success_action_redirect", "http://here.example/done?a=b"), "hello"}, 303, "http://here.example/done?a=b&bucket=bkt&key=up%2Fdata.csv&etag=%225d41402abc4b2a76b9719d911017c592%22"},
		{"metadata", form{`, ["eq", "$x-amz-meta-a", "b"], {"Content-Type": "text/csv"}`, append(key, "x-amz-meta-a", "b", "Content-Type", "text/csv"), "hello"}, 204, ""},
		{"tags", form{`, ["starts-with", "$tagging", ""]`, append(key, "tagging", "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"), "hello"}, 204, ""},
		{"within the range", form{`, ["content-length-range", 1, 5]`, key, "hello"}, 204, ""},
		{"too large", form{`, ["content-length-range", 1, 4]`, key, "hello"}, 400, "EntityTooLarge"},
		{"too small", form{`, ["content-length-range", 6, 9]`, key, "hello"}, 400, "EntityTooSmall"},
		{"another key", form{" ", []string{"key", "elsewhere"}, "hello"}, 403, `Policy Condition failed: ["starts-with`},
		{"an extra field", form{" ", append(key, "x-amz-meta-a", "b"), "hello"}, 403, "Extra input fields: x-amz-meta-a"},
		{"an ignored field", form{" ", append(key, "x-ignore-a", "b"), "hello"}, 204, ""},
		{"another checksum", form{`, ["starts-with", "$x-amz-checksum-crc32", ""]`, append(key, "x-amz-checksum-crc32", "AAAAAA=="), "hello"}, 400, "BadDigest"},
		{"no key", form{" ", nil, "hello"}, 400, "Bucket POST must contain a field named 'key'"},
		{"no file", form{" ", key, "-"}, 400, "POST requires exactly one file upload per request."},
		{"a field without a name", form{" ", append(key, "", "x"), "hello"}, 400, "MalformedPOSTRequest"},
		{"no policy", form{"", key, "hello"}, 403, "AccessDenied"},
		{"policy without signature", form{"", append(key, "policy", "e30=", "AWSAccessKeyId", "alice"), "hello"}, 400, "a field named 'Signature'"},
		{"expired", form{`{"expiration": "2026-11-27T00:00:00Z", "conditions": []}`, key, "hello"}, 403, "Policy expired."},
		{"names in any case", form{`{"expiration": "2026-11-29T00:00:00Z", "conditions": [{"bUcKeT": "bkt"}, ["StArTs-WiTh", "$KeY", "up/"]]}`, key, "hello"}, 204, ""},
		{"a policy's members in another case", form{`{"Expiration": "2026-11-29T00:00:00Z", "conditions": []}`, key, "hello"}, 400, "Policy missing expiration."},
		{"no word of the bucket", form{`{"expiration": "2026-11-29T00:00:00Z", "conditions": [["starts-with", "$key", "up/"]]}`, key, "hello"}, 403, "Extra input fields: bucket"},
		{"an empty condition", form{", {}", key, "hello"}, 400, "InvalidPolicyDocument"},
		{"a range with one end", form{`, ["content-length-range", 1]`, key, "hello"}, 400, "InvalidPolicyDocument"},
		{"a negative range", form{`, ["content-length-range", -1, 5]`, key, "hello"}, 400, "InvalidPolicyDocument"},
		{"no expiration", form{`{"conditions": []}`, key, "hello"}, 400, "Policy missing expiration."},
		{"no conditions", form{`{"expiration": "2026-11-29T00:00:00Z"}`, key, "hello"}, 400, "Policy missing conditions."},
		{"no JSON", form{`{`, key, "hello"}, 400, "InvalidPolicyDocument"},
		{"a condition that is none", form{`, ["like", "$key", "x"]`, key, "hello"}, 400, "InvalidPolicyDocument"},
		{"long fields", form{`, ["starts-with", "$x-amz-meta-a", ""]`, append(key, "x-amz-meta-a", strings.Repeat("a", 21<<10)), "hello"}, 400, "MaxPostPreDataLengthExceeded"},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, tt.form.request(t))
		if w.Code != tt.status || !strings.Contains(w.Body.String()+w.Header().Get("Location"), tt.want) {
			t.Errorf("%s: %d %s %s, want %d %s", tt.name, w.Code, w.Header().Get("Location"), w.Body, tt.status, tt.want)
		}
	}
	rec, err := s.Record("bkt", "up/data.csv")
	if err != nil || rec.Size != 5 {
		t.Errorf("stored %+v, %v", rec, err)
	}
}

// FuzzFormPolicy takes any policy for a form of two fields. It is refused with a client's error, or it speaks of the
// bucket and of the key.
func FuzzFormPolicy(f *testing.F) {
	for _, policy := range []string{
		`{"expiration": "2026-11-29T00:00:00Z", "conditions": [{"bucket": "bkt"}, ["starts-with", "$key", "up/"]]}`,
		`{"expiration": "2026-11-29T00:00:00Z", "conditions": [{"bUcKeT": "bkt"}, ["eq", "$KEY", "up/x"], ["content-length-range", 1, "5"]]}`,
		`{"expiration": "2026-11-27T00:00:00Z", "conditions": []}`, `{"conditions": [{}, [], ["eq"], 1]}`, `[`, "null",
	} {
		f.Add(policy, "up/x")
	}
	store, err := objectstore.Open(objectstore.Options{Dir: f.TempDir(), Clock: func() time.Time { return time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC) }})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	h := &server{s: store}
	f.Fuzz(func(t *testing.T, policy, key string) {
		fields := map[string]string{"key": key, "policy": base64.StdEncoding.EncodeToString([]byte(policy)), "awsaccesskeyid": "alice", "signature": "unchecked"}
		allowed, err := h.formPolicy("bkt", fields)
		var refused *wire.Error
		switch {
		case errors.As(err, &refused) && refused.Status >= 400 && refused.Status < 500:
		case err != nil:
			t.Errorf("refused with %v", err)
		case allowed.least < 0 || allowed.most > largestForm:
			t.Errorf("a file of %d to %d bytes", allowed.least, allowed.most)
		default:
			var of struct{ Conditions []any }
			if err := json.Unmarshal([]byte(policy), &of); err != nil {
				t.Fatalf("taken, and no JSON: %v", err)
			}
			spoken := strings.ToLower(fmt.Sprint(of.Conditions))
			if !strings.Contains(spoken, "bucket") || !strings.Contains(spoken, "key") {
				t.Errorf("taken, and speaks of %s only", spoken)
			}
		}
	})
}

// FuzzFormFields takes any body for a form: it is refused with a client's error, or its fields are bounded and have
// names in lower case.
func FuzzFormFields(f *testing.F) {
	for _, body := range []string{
		"--b\r\nContent-Disposition: form-data; name=\"Key\"\r\n\r\nup/x\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nhello\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nup/x\r\n--b--\r\n", "--b\r\n\r\n--b--", "",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, file, err := readFields(multipart.NewReader(bytes.NewReader(body), "b"))
		var refused *wire.Error
		if err != nil {
			if !errors.As(err, &refused) || refused.Status < 400 || refused.Status > 499 {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if file == nil {
			t.Fatal("no error and no file")
		}
		size := 0
		for name, value := range fields {
			size += len(name) + len(value)
			if name != strings.ToLower(name) {
				t.Errorf("field %q", name)
			}
		}
		if size > maxFields {
			t.Errorf("fields of %d bytes", size)
		}
		if _, err := formHeader(fields); err != nil && !errors.As(err, &refused) {
			t.Errorf("header refused with %v", err)
		}
	})
}
