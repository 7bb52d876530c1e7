package s3api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
)

// newClient serves a fresh store to an SDK client with default settings but the address.
func newClient(t *testing.T) (*s3.Client, *objectstore.Store) {
	t.Helper()
	return newClientOf(t, objectstore.Options{Dir: t.TempDir()})
}

func newClientOf(t *testing.T, o objectstore.Options) (*s3.Client, *objectstore.Store) {
	t.Helper()
	s, err := objectstore.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(Handler(s))
	t.Cleanup(func() { srv.Close(); s.Close() })
	c := s3.New(s3.Options{Region: "eu-west-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("titanicml", "local", "")})
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bkt"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}}); err != nil {
		t.Fatal(err)
	}
	return c, s
}

func put(t *testing.T, c *s3.Client, key, body string) string {
	t.Helper()
	out, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bkt"), Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
	return aws.ToString(out.ETag)
}

func get(t *testing.T, c *s3.Client, key string) string {
	t.Helper()
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: &key})
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wantCode checks an S3 error's code and HTTP status.
func wantCode(t *testing.T, err error, code string, status int) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("got %v, want error %s", err, code)
	}
	var resp interface{ HTTPStatusCode() int }
	if api.ErrorCode() != code || !errors.As(err, &resp) || resp.HTTPStatusCode() != status {
		t.Fatalf("got %s %v, want %s %d", api.ErrorCode(), err, code, status)
	}
}

func TestConditionalPut(t *testing.T) {
	c, _ := newClient(t)
	etag := put(t, c, "there", "1")
	for _, tt := range []struct {
		name, key, ifMatch, ifNone string
		code                       string
	}{
		{"new key", "new", "", "*", ""},
		{"existing key", "there", "", "*", "PreconditionFailed"},
		{"wrong etag", "there", `"0123"`, "", "PreconditionFailed"},
		{"missing key", "missing", etag, "", "NoSuchKey"},
		{"right etag", "there", etag, "", ""},
		{"overwritten etag", "there", etag, "", "PreconditionFailed"},
	} {
		in := &s3.PutObjectInput{Bucket: aws.String("bkt"), Key: &tt.key, Body: strings.NewReader("body of " + tt.name)}
		if tt.ifMatch != "" {
			in.IfMatch = &tt.ifMatch
		}
		if tt.ifNone != "" {
			in.IfNoneMatch = &tt.ifNone
		}
		_, err := c.PutObject(t.Context(), in)
		switch {
		case tt.code == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.code == "NoSuchKey":
			wantCode(t, err, tt.code, 404)
		case tt.code != "":
			wantCode(t, err, tt.code, 412)
		}
	}
	if got := get(t, c, "there"); got != "body of right etag" {
		t.Errorf("content %q", got)
	}
}

func TestOneWriterWinsARace(t *testing.T) {
	c, _ := newClient(t)
	var wins int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			_, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("pointer"),
				Body: strings.NewReader(fmt.Sprint(i)), IfNoneMatch: aws.String("*")})
			var api smithy.APIError
			switch {
			case err == nil:
				mu.Lock()
				wins++
				mu.Unlock()
			case !errors.As(err, &api) || api.ErrorCode() != "PreconditionFailed":
				t.Errorf("a loser got %v, want PreconditionFailed", err)
			}
		})
	}
	wg.Wait()
	if wins != 1 {
		t.Errorf("%d writers won, want 1", wins)
	}
}

// awkwardKeys would traverse, collide or break encodings if they were taken for paths.
var awkwardKeys = []string{"a", "a/b", "a/b/", "a//b", "/abs", "../../etc/passwd", "..", "a/../b", "+object.json",
	"+data-x", "x/+tmp", "A", "ä/ö", "sp ace", "per%cent", "per%25cent", "q?x=1&y#z", "new\nline", ".hidden", "con", "aux.txt",
	strings.Repeat("long", 100), strings.Repeat(".", 300), strings.Repeat("é/", 200) + "end", "a+b", "a b+c"}

func TestAwkwardKeys(t *testing.T) {
	dir := t.TempDir()
	c, _ := newClientOf(t, objectstore.Options{Dir: dir})
	for _, k := range awkwardKeys {
		put(t, c, k, "content of "+k)
	}
	for _, k := range awkwardKeys {
		if got := get(t, c, k); got != "content of "+k {
			t.Errorf("key %q has %q", k, got)
		}
	}
	var listed []string
	p := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("bkt"), MaxKeys: aws.Int32(3)})
	for p.HasMorePages() {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			listed = append(listed, *o.Key)
		}
	}
	want := slices.Sorted(slices.Values(awkwardKeys))
	if !slices.Equal(listed, want) {
		t.Errorf("listed %q\nwant   %q", listed, want)
	}
	_, err := c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("bkt")})
	wantCode(t, err, "BucketNotEmpty", 409)
	var ids []types.ObjectIdentifier
	for _, k := range awkwardKeys {
		ids = append(ids, types.ObjectIdentifier{Key: &k})
	}
	out, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("bkt"), Delete: &types.Delete{Objects: ids}})
	if err != nil || len(out.Errors) > 0 || len(out.Deleted) != len(ids) {
		t.Fatalf("delete: %v %v", out, err)
	}
	left, err := os.ReadDir(filepath.Join(dir, "bkt"))
	if err != nil || len(left) != 1 {
		t.Errorf("the bucket's folder still has %v, %v", left, err)
	}
	if _, err := c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("bkt")}); err != nil {
		t.Error(err)
	}
	_, err = c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bkt")})
	wantCode(t, err, "NoSuchBucket", 404)
}

func TestListDelimiter(t *testing.T) {
	c, _ := newClient(t)
	for _, k := range []string{"a-b", "a", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b/1", "c"} {
		put(t, c, k, "")
	}
	for _, tt := range []struct {
		prefix, delimiter, after string
		want                     string
	}{
		{"", "/", "", "a a-b a/ a0 b/ c"},
		{"a", "/", "", "a a-b a/ a0"},
		{"a/", "/", "", "a/1 a/2/ a/3"},
		{"a/2", "", "", "a/2/x a/2/y"},
		{"", "", "a/2/x", "a/2/y a/3 a0 b/1 c"},
		{"", "-", "", "a a- a/1 a/2/x a/2/y a/3 a0 b/1 c"},
		{"zz", "/", "", ""},
	} {
		for _, size := range []int32{1, 2, 1000} {
			var got []string
			in := &s3.ListObjectsV2Input{Bucket: aws.String("bkt"), Prefix: &tt.prefix, Delimiter: &tt.delimiter, StartAfter: &tt.after, MaxKeys: &size}
			p := s3.NewListObjectsV2Paginator(c, in)
			for p.HasMorePages() {
				page, err := p.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Contents {
					got = append(got, *o.Key)
				}
				for _, o := range page.CommonPrefixes {
					got = append(got, *o.Prefix)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("prefix %q delimiter %q after %q by %d: got %q, want %q", tt.prefix, tt.delimiter, tt.after, size, got, tt.want)
			}
		}
	}
}

func TestConditionalGetAndRanges(t *testing.T) {
	c, _ := newClient(t)
	etag := put(t, c, "k", "0123456789")
	for _, tt := range []struct {
		name string
		in   s3.GetObjectInput
		want string // "!" and a status for errors
	}{
		{"whole", s3.GetObjectInput{}, "0123456789"},
		{"range", s3.GetObjectInput{Range: aws.String("bytes=2-4")}, "234"},
		{"open range", s3.GetObjectInput{Range: aws.String("bytes=7-")}, "789"},
		{"suffix", s3.GetObjectInput{Range: aws.String("bytes=-3")}, "789"},
		{"past the end", s3.GetObjectInput{Range: aws.String("bytes=10-")}, "!416"},
		{"match", s3.GetObjectInput{IfMatch: &etag}, "0123456789"},
		{"no match", s3.GetObjectInput{IfMatch: aws.String(`"x"`)}, "!412"},
		{"not modified", s3.GetObjectInput{IfNoneMatch: &etag}, "!304"},
		{"modified", s3.GetObjectInput{IfNoneMatch: aws.String(`"x"`)}, "0123456789"},
		{"checked", s3.GetObjectInput{ChecksumMode: types.ChecksumModeEnabled}, "0123456789"},
	} {
		tt.in.Bucket, tt.in.Key = aws.String("bkt"), aws.String("k")
		out, err := c.GetObject(t.Context(), &tt.in)
		got := ""
		if err != nil {
			var resp interface{ HTTPStatusCode() int }
			if !errors.As(err, &resp) {
				t.Fatal(err)
			}
			got = fmt.Sprintf("!%d", resp.HTTPStatusCode())
		} else {
			b, err := io.ReadAll(out.Body)
			if err != nil {
				t.Fatal(err)
			}
			got = string(b)
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("none")})
	wantCode(t, err, "NoSuchKey", 404)
	_, err = c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("none")})
	wantCode(t, err, "NotFound", 404)
	_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("none"), Key: aws.String("none")})
	wantCode(t, err, "NoSuchBucket", 404)
}

func TestMetadataChecksumsTagsAndCopy(t *testing.T) {
	c, _ := newClient(t)
	in := &s3.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), Body: strings.NewReader("hello"),
		ContentType: aws.String("text/csv"), CacheControl: aws.String("no-store"), Metadata: map[string]string{"Run": "r-1"},
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, Tagging: aws.String("env=dev&owner=me")}
	out, err := c.PutObject(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	const sha = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
	if aws.ToString(out.ChecksumSHA256) != sha {
		t.Errorf("put returned checksum %q", aws.ToString(out.ChecksumSHA256))
	}
	if _, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy"), CopySource: aws.String("bkt/k")}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"k", "copy"} {
		h, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bkt"), Key: &key, ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		if h.Metadata["run"] != "r-1" || *h.ContentType != "text/csv" || *h.CacheControl != "no-store" || aws.ToString(h.ChecksumSHA256) != sha || *h.ContentLength != 5 {
			t.Errorf("%s: %+v", key, h)
		}
		tags, err := c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: aws.String("bkt"), Key: &key})
		if err != nil || len(tags.TagSet) != 2 || *tags.TagSet[0].Value != "dev" {
			t.Errorf("%s: tags %v %v", key, tags, err)
		}
	}
	if _, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy"), CopySource: aws.String("bkt/k"),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"new": "1"}}); err != nil {
		t.Fatal(err)
	}
	h, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy")})
	if err != nil || h.Metadata["new"] != "1" || h.Metadata["run"] != "" {
		t.Errorf("replaced metadata: %v %v", h.Metadata, err)
	}
	if _, err := c.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: aws.String("bkt"), Key: aws.String("k"),
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("x"), Value: aws.String("y")}}}}); err != nil {
		t.Fatal(err)
	}
	if get(t, c, "k") != "hello" {
		t.Error("tagging changed the content")
	}
	_, err = c.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: aws.String("bkt")})
	wantCode(t, err, "NoSuchTagSet", 404)
	_, err = c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("bad"), Body: strings.NewReader("hello"),
		ChecksumSHA256: aws.String("AAAAul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")})
	wantCode(t, err, "BadDigest", 400)
	_, err = c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bkt"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
	wantCode(t, err, "BucketAlreadyOwnedByYou", 409)
	_, err = c.GetObjectAcl(t.Context(), &s3.GetObjectAclInput{Bucket: aws.String("bkt"), Key: aws.String("k")})
	if err != nil {
		t.Error(err)
	}
	loc, err := c.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: aws.String("bkt")})
	if err != nil || loc.LocationConstraint != "eu-west-1" {
		t.Errorf("location %v %v", loc, err)
	}
	bs, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil || len(bs.Buckets) != 1 || *bs.Buckets[0].Name != "bkt" {
		t.Errorf("buckets %v %v", bs, err)
	}
}

func TestMultipart(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	bucket, key := aws.String("bkt"), aws.String("big")
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ContentType: aws.String("x/y")})
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)
	var done []types.CompletedPart
	for i, body := range [][]byte{whole, []byte("tail")} {
		p, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: up.UploadId, PartNumber: aws.Int32(int32(i + 1)), Body: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: p.ETag})
	}
	parts, err := c.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: up.UploadId})
	if err != nil || len(parts.Parts) != 2 {
		t.Fatalf("parts %v %v", parts, err)
	}
	ups, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})
	if err != nil || len(ups.Uploads) != 1 {
		t.Fatalf("uploads %v %v", ups, err)
	}
	complete := &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}
	complete.IfMatch = aws.String(`"x"`)
	_, err = c.CompleteMultipartUpload(ctx, complete)
	wantCode(t, err, "NoSuchKey", 404)
	put(t, c, "big", "earlier")
	complete.IfMatch, complete.IfNoneMatch = nil, aws.String("*")
	_, err = c.CompleteMultipartUpload(ctx, complete)
	wantCode(t, err, "PreconditionFailed", 412)
	complete.IfNoneMatch = nil
	out, err := c.CompleteMultipartUpload(ctx, complete)
	if err != nil || !strings.HasSuffix(aws.ToString(out.ETag), `-2"`) {
		t.Fatalf("complete: %v %v", out, err)
	}
	if get(t, c, "big") != string(whole)+"tail" {
		t.Error("content differs")
	}
	h, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key, PartNumber: aws.Int32(2)})
	if err != nil || *h.ContentLength != 4 || *h.PartsCount != 2 || *h.ETag != *out.ETag {
		t.Errorf("part head: %+v %v", h, err)
	}
	if again, err := c.CompleteMultipartUpload(ctx, complete); err != nil || *again.ETag != *out.ETag {
		t.Errorf("complete again: %+v, %v", again, err)
	}
	put(t, c, "big", "later")
	_, err = c.CompleteMultipartUpload(ctx, complete)
	wantCode(t, err, "NoSuchUpload", 404)
	up, err = c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("copy")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: aws.String("copy"), UploadId: up.UploadId, PartNumber: aws.Int32(1),
		CopySource: aws.String("bkt/big"), CopySourceRange: aws.String("bytes=0-4")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: aws.String("copy"), UploadId: up.UploadId}); err != nil {
		t.Fatal(err)
	}
}

func TestWebPagesAreRefused(t *testing.T) {
	_, s := newClient(t)
	if _, err := s.Put(t.Context(), "bkt", "k", strings.NewReader("x"), objectstore.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodOptions, http.MethodGet, http.MethodDelete, http.MethodPost} {
		r := httptest.NewRequest(method, "/bkt/k", nil)
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Access-Control-Request-Method", "DELETE")
		w := httptest.NewRecorder()
		Handler(s).ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
}

func TestChunkedBodies(t *testing.T) {
	s, err := objectstore.Open(objectstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.EnsureBucket(t.Context(), "bkt"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"trailer", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", 200},
		{"signed", "5;chunk-signature=" + strings.Repeat("a", 64) + "\r\nhello\r\n0;chunk-signature=" + strings.Repeat("b", 64) + "\r\n\r\n", 200},
		{"two chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 200},
		{"wrong trailer", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", 400},
		{"cut", "5\r\nhel", 400},
		{"short", "4\r\nhell\r\n0\r\n\r\n", 400},
		{"garbage", "zz\r\n", 400},
	} {
		r := httptest.NewRequest(http.MethodPut, "/bkt/k", strings.NewReader(tt.body))
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		r.Header.Set("X-Amz-Decoded-Content-Length", "5")
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		r.Header.Set("Authorization", credential)
		r.Header.Set("Content-Encoding", "aws-chunked")
		w := httptest.NewRecorder()
		Handler(s).ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
	}
	f, o, err := s.Get(t.Context(), "bkt", "k")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, _ := io.ReadAll(f); string(b) != "hello" || o.Size != 5 {
		t.Errorf("got %q", b)
	}
}

// TestBodiesAreHeldAgainstTheirDigests sends what the headers say of a body, and something else.
func TestBodiesAreHeldAgainstTheirDigests(t *testing.T) {
	s, err := objectstore.Open(objectstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.EnsureBucket(t.Context(), "bkt"); err != nil {
		t.Fatal(err)
	}
	const md5, sha256 = "XUFAKrxLKna5cZ2REBfFkg==", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of hello
	for _, tt := range []struct {
		header, value, body string
		code                string // "" is stored
	}{
		{"Content-MD5", md5, "hello", ""},
		{"Content-MD5", md5, "hallo", "BadDigest"},
		{"X-Amz-Content-Sha256", sha256, "hello", ""},
		{"X-Amz-Content-Sha256", sha256, "hallo", "XAmzContentSHA256Mismatch"},
	} {
		key := tt.header + "-" + tt.body
		r := httptest.NewRequest(http.MethodPut, "/bkt/"+key, strings.NewReader(tt.body))
		r.Header.Set("Authorization", credential)
		r.Header.Set(tt.header, tt.value)
		w := httptest.NewRecorder()
		Handler(s).ServeHTTP(w, r)
		_, err := s.Head(t.Context(), "bkt", key)
		if stored := err == nil; stored != (tt.code == "") || !strings.Contains(w.Body.String(), tt.code) {
			t.Errorf("%s of hello with %s: %d %s, stored: %v", tt.header, tt.body, w.Code, w.Body, stored)
		}
	}
}
