package s3api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
)

// credential is a header that names an identity; nobody checks the signature.
const credential = "AWS4-HMAC-SHA256 Credential=titanicml/20261128/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0"

// TestRefusals sends what SDKs would not: each answer has S3's status, code and further elements.
func TestRefusals(t *testing.T) {
	_, s := newClient(t)
	if _, err := s.Put(t.Context(), "bkt", "k", strings.NewReader("0123456789"), objectstore.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	handler := Handler(s)
	for _, tt := range []struct {
		request string   // method, target
		headers []string // name, value, ...
		body    string
		status  int
		want    []string // in the answer
	}{
		{"GET /bkt?max-keys=many", nil, "", 400, []string{"InvalidArgument", "not an integer or within integer range", "<ArgumentName>max-keys</ArgumentName><ArgumentValue>many</ArgumentValue>"}},
		{"GET /bkt?max-keys=2147483648", nil, "", 400, []string{"not an integer or within integer range"}},
		{"GET /bkt?max-keys=-1", nil, "", 400, []string{"Argument maxKeys must be an integer between 0 and 2147483647"}},
		{"GET /bkt?list-type=3", nil, "", 400, []string{"Invalid List Type specified in Request"}},
		{"GET /bkt?encoding-type=hex", nil, "", 400, []string{"Invalid Encoding Method specified in Request"}},
		{"GET /bkt/k", []string{"Range", "bytes=10-20"}, "", 416, []string{"InvalidRange", "<RangeRequested>bytes=10-20</RangeRequested><ActualObjectSize>10</ActualObjectSize>"}},
		{"GET /bkt/k?partNumber=1", []string{"Range", "bytes=0-1"}, "", 400, []string{"Cannot specify both Range header and partNumber query parameter"}},
		{"GET /bkt/k", []string{"If-Match", `"x"`}, "", 412, []string{"<Condition>If-Match</Condition>"}},
		{"PUT /bkt/k", []string{"If-None-Match", "*"}, "x", 412, []string{"<Condition>If-None-Match</Condition>"}},
		{"GET /bkt/k?versionId=3", nil, "", 400, []string{"Invalid version id specified"}},
		{"PUT /bkt/n", []string{"X-Amz-Checksum-Sha256", "zzz"}, "x", 400, []string{"Value for x-amz-checksum-sha256 header is invalid."}},
		{"PUT /bkt/n", []string{"X-Amz-Checksum-Crc32", "AAAAAA==", "X-Amz-Checksum-Crc32c", "AAAAAA=="}, "x", 400, []string{"Expecting a single x-amz-checksum- header"}},
		{"PUT /bkt/n", []string{"X-Amz-Sdk-Checksum-Algorithm", "SHA256"}, "x", 400, []string{"no corresponding x-amz-checksum-* or x-amz-trailer headers were found"}},
		{"PUT /bkt/n", []string{"X-Amz-Copy-Source", "bkt/k", "X-Amz-Metadata-Directive", "KEEP"}, "", 400, []string{"Unknown metadata directive."}},
		{"PUT /bkt/n", []string{"X-Amz-Copy-Source", "bkt/k", "X-Amz-Tagging-Directive", "KEEP"}, "", 400, []string{"Unknown tagging directive."}},
		{"PUT /bkt/n", []string{"X-Amz-Copy-Source", "bkt/k?versionId=3"}, "", 400, []string{"Invalid version id specified"}},
		{"POST /bkt?delete", nil, "<Delete><Object><Key>k</Key></Object></Delete>", 400, []string{"Missing required header for this request: Content-MD5"}},
		{"POST /bkt/n?uploads", []string{"X-Amz-Checksum-Algorithm", "SHA256", "X-Amz-Checksum-Type", "FULL_OBJECT"}, "", 400, []string{"The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm."}},
		{"POST /bkt/n?uploads", []string{"X-Amz-Checksum-Algorithm", "CRC64NVME", "X-Amz-Checksum-Type", "COMPOSITE"}, "", 400, []string{"The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."}},
		{"PUT /bkt/k?tagging", nil, "<Tagging><TagSet><Tag><Key>a&lt;b</Key><Value></Value></Tag></TagSet></Tagging>", 400, []string{"InvalidTag"}},
		{"GET /bkt/k?attributes", nil, "", 400, []string{"x-amz-object-attributes"}},
		{"PUT /xn--bucket", nil, "", 400, []string{"InvalidBucketName"}},
		{"PUT /new", nil, "<CreateBucketConfiguration><LocationConstraint>mars</LocationConstraint></CreateBucketConfiguration>", 400, []string{"InvalidLocationConstraint"}},
		{"PUT /new", nil, "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>", 400, []string{"IllegalLocationConstraintException", "The us-west-2 location constraint is incompatible"}},
		{"PUT /new", []string{"X-Amz-Bucket-Object-Lock-Enabled", "true"}, "", 501, []string{"NotImplemented"}},
		{"PUT /new", []string{"X-Amz-Acl", "public-read"}, "", 400, []string{"InvalidBucketAclWithObjectOwnership"}},
		{"GET /bkt/k", []string{"Authorization", ""}, "", 403, []string{"AccessDenied"}},
		{"DELETE /bkt/k", []string{"Authorization", ""}, "", 403, []string{"AccessDenied"}},
		{"GET /", []string{"Authorization", ""}, "", 403, []string{"AccessDenied"}},
		{"GET /bkt/k?X-Amz-Credential=a&X-Amz-Date=20250101T000000Z&X-Amz-Expires=60", []string{"Authorization", ""}, "", 403, []string{"Request has expired", "<X-Amz-Expires>60</X-Amz-Expires><Expires>2025-01-01T00:01:00Z</Expires>"}},
		{"GET /bkt/k?X-Amz-Credential=a&X-Amz-Date=20250101T000000Z&X-Amz-Expires=604801", []string{"Authorization", ""}, "", 400, []string{"AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds)"}},
	} {
		method, target, _ := strings.Cut(tt.request, " ")
		r := httptest.NewRequest(method, target, strings.NewReader(tt.body))
		r.Header.Set("Authorization", credential)
		for i := 0; i < len(tt.headers); i += 2 {
			r.Header.Set(tt.headers[i], tt.headers[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s %q: %d %s, want %d", tt.request, tt.headers, w.Code, w.Body, tt.status)
		}
		for _, want := range tt.want {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s %q: %s, want %s", tt.request, tt.headers, w.Body, want)
			}
		}
	}
}

// TestChecksumOfAnObjectWithoutOne: since December 2024 S3 keeps CRC64NVME of what came without a checksum.
func TestChecksumOfAnObjectWithoutOne(t *testing.T) {
	c, _ := newClientOf(t, objectstore.Options{Dir: t.TempDir()})
	ctx, bkt, key := t.Context(), aws.String("bkt"), aws.String("k")
	bare := s3.New(c.Options(), func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	out, err := bare.PutObject(ctx, &s3.PutObjectInput{Bucket: bkt, Key: key, Body: strings.NewReader("hello")})
	if err != nil || aws.ToString(out.ChecksumCRC64NVME) != "M3eFcAZSQlc=" || out.ChecksumType != types.ChecksumTypeFullObject {
		t.Errorf("put: %+v, %v", out, err)
	}
	copied, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bkt, Key: aws.String("copy"), CopySource: aws.String("bkt/k")})
	if err != nil || aws.ToString(copied.CopyObjectResult.ChecksumCRC64NVME) != "M3eFcAZSQlc=" || copied.CopyObjectResult.ChecksumType != types.ChecksumTypeFullObject {
		t.Errorf("copy: %+v, %v", copied.CopyObjectResult, err)
	}
}

// TestChecksumAlgorithms puts an empty object with each algorithm: values as published with the
// algorithms (xxHash's in its canonical, big-endian form).
func TestChecksumAlgorithms(t *testing.T) {
	_, s := newClient(t)
	handler := Handler(s)
	for algorithm, sum := range map[string]string{
		"crc32": "00000000", "crc32c": "00000000", "crc64nvme": "0000000000000000", "md5": "d41d8cd98f00b204e9800998ecf8427e",
		"sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha512":   "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
		"xxhash64": "ef46db3751d8e999", "xxhash3": "2d06800538d394c2", "xxhash128": "99aa06d3014798d86001c324468d497f",
	} {
		raw, err := hex.DecodeString(sum)
		if err != nil {
			t.Fatal(err)
		}
		want := base64.StdEncoding.EncodeToString(raw)
		for value, status := range map[string]int{want: http.StatusOK, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, len(raw))): http.StatusBadRequest} {
			r := httptest.NewRequest(http.MethodPut, "/bkt/"+algorithm, nil)
			r.Header.Set("Authorization", credential)
			r.Header.Set("X-Amz-Checksum-"+algorithm, value)
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, r); w.Code != status {
				t.Errorf("%s %s: %d %s", algorithm, value, w.Code, w.Body)
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/bkt/"+algorithm+"?attributes", nil)
		r.Header.Set("Authorization", credential)
		r.Header.Set("X-Amz-Object-Attributes", "Checksum")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if element := "<Checksum" + strings.ToUpper(algorithm) + ">" + want + "<"; !strings.Contains(w.Body.String(), element) {
			t.Errorf("%s: %s, want %s", algorithm, w.Body, element)
		}
	}
}

// TestCopyToItself is taken where the request changes something, be it only the encryption.
func TestCopyToItself(t *testing.T) {
	c, _ := newClient(t)
	put(t, c, "k", "v")
	for _, in := range []s3.CopyObjectInput{{ServerSideEncryption: types.ServerSideEncryptionAes256}, {WebsiteRedirectLocation: aws.String("/there")}, {StorageClass: types.StorageClassStandardIa}} {
		in.Bucket, in.Key, in.CopySource = aws.String("bkt"), aws.String("k"), aws.String("bkt/k")
		if _, err := c.CopyObject(t.Context(), &in); err != nil {
			t.Errorf("%+v: %v", in, err)
		}
		if in.WebsiteRedirectLocation == nil {
			continue
		}
		if h, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key}); err != nil || aws.ToString(h.WebsiteRedirectLocation) != "/there" {
			t.Errorf("redirection %+v, %v", h, err)
		}
	}
}

// TestUploadChecksums: what a client says of parts and of the whole is compared, and comes back.
func TestUploadChecksums(t *testing.T) {
	c, _ := newClient(t)
	ctx, bkt, key := t.Context(), aws.String("bkt"), aws.String("k")
	begin := func(algorithm types.ChecksumAlgorithm, kind types.ChecksumType) *s3.CompleteMultipartUploadInput {
		t.Helper()
		up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bkt, Key: key, ChecksumAlgorithm: algorithm, ChecksumType: kind})
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bkt, Key: key, UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("q"), ChecksumAlgorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		return &s3.CompleteMultipartUploadInput{Bucket: bkt, Key: key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{
			{PartNumber: aws.Int32(1), ETag: p.ETag, ChecksumSHA256: p.ChecksumSHA256, ChecksumCRC32: p.ChecksumCRC32}}}}
	}
	wrong := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("0"), 32))

	parts := begin(types.ChecksumAlgorithmSha256, "")
	_, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bkt, Key: key, UploadId: parts.UploadId, PartNumber: aws.Int32(2), Body: strings.NewReader("q"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	wantCode(t, err, "InvalidRequest", http.StatusBadRequest)
	right := parts.MultipartUpload.Parts[0].ChecksumSHA256
	parts.MultipartUpload.Parts[0].ChecksumSHA256 = &wrong
	_, err = c.CompleteMultipartUpload(ctx, parts)
	wantCode(t, err, "InvalidPart", http.StatusBadRequest)
	parts.MultipartUpload.Parts[0].ChecksumSHA256 = right
	one := sha256.Sum256([]byte("q"))
	whole := sha256.Sum256(one[:])
	want := base64.StdEncoding.EncodeToString(whole[:]) + "-1"
	out, err := c.CompleteMultipartUpload(ctx, parts)
	if err != nil || aws.ToString(out.ChecksumSHA256) != want || out.ChecksumType != types.ChecksumTypeComposite {
		t.Errorf("composite: %+v, %v, want %s", out, err, want)
	}
	attributes, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: bkt, Key: key, ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesObjectParts, types.ObjectAttributesChecksum}})
	if err != nil || aws.ToInt32(attributes.ObjectParts.TotalPartsCount) != 1 || len(attributes.ObjectParts.Parts) != 1 || aws.ToString(attributes.ObjectParts.Parts[0].ChecksumSHA256) != *right ||
		aws.ToString(attributes.Checksum.ChecksumSHA256)+"-1" != want {
		t.Errorf("attributes: %+v %+v, %v", attributes.ObjectParts, attributes.Checksum, err)
	}
	first, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bkt, Key: key, PartNumber: aws.Int32(1), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil || aws.ToString(first.ChecksumSHA256) != *right {
		t.Errorf("head of a part: %+v, %v", first, err)
	}

	full := begin(types.ChecksumAlgorithmCrc32, types.ChecksumTypeFullObject)
	crc := full.MultipartUpload.Parts[0].ChecksumCRC32
	full.ChecksumCRC32 = aws.String("AAAAAA==")
	_, err = c.CompleteMultipartUpload(ctx, full)
	wantCode(t, err, "BadDigest", http.StatusBadRequest)
	full.ChecksumCRC32, full.MpuObjectSize = crc, aws.Int64(7)
	_, err = c.CompleteMultipartUpload(ctx, full)
	wantCode(t, err, "InvalidRequest", http.StatusBadRequest)
	full.MpuObjectSize, full.ChecksumType = aws.Int64(1), types.ChecksumTypeComposite
	_, err = c.CompleteMultipartUpload(ctx, full)
	wantCode(t, err, "InvalidRequest", http.StatusBadRequest)
	full.ChecksumType = types.ChecksumTypeFullObject
	if out, err := c.CompleteMultipartUpload(ctx, full); err != nil || aws.ToString(out.ChecksumCRC32) != *crc || out.ChecksumType != types.ChecksumTypeFullObject {
		t.Errorf("full: %+v, %v", out, err)
	}
}

// TestUploadLists pages through uploads and parts, with a delimiter too.
func TestUploadLists(t *testing.T) {
	c, _ := newClient(t)
	ctx, bkt := t.Context(), aws.String("bkt")
	keys := []string{"u/a", "u/b/1", "u/b/2", "u/c", "u/c", "v"}
	var last *string
	for _, key := range keys {
		up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bkt, Key: &key, StorageClass: types.StorageClassStandardIa, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
		if err != nil {
			t.Fatal(err)
		}
		last = up.UploadId
	}
	list := func(in s3.ListMultipartUploadsInput) (found, prefixes []string) {
		t.Helper()
		in.Bucket, in.MaxUploads = bkt, aws.Int32(2)
		for p := s3.NewListMultipartUploadsPaginator(c, &in); p.HasMorePages(); {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range out.Uploads {
				found = append(found, *u.Key)
				if u.StorageClass != types.StorageClassStandardIa || u.ChecksumAlgorithm != types.ChecksumAlgorithmCrc32 || u.ChecksumType != types.ChecksumTypeComposite || u.Initiator == nil || u.Owner == nil {
					t.Errorf("upload %+v", u)
				}
			}
			for _, prefix := range out.CommonPrefixes {
				prefixes = append(prefixes, *prefix.Prefix)
			}
		}
		return found, prefixes
	}
	if found, _ := list(s3.ListMultipartUploadsInput{}); !slices.Equal(found, keys) {
		t.Errorf("uploads %q, want %q", found, keys)
	}
	found, prefixes := list(s3.ListMultipartUploadsInput{Prefix: aws.String("u/"), Delimiter: aws.String("/")})
	if !slices.Equal(found, []string{"u/a", "u/c", "u/c"}) || !slices.Equal(prefixes, []string{"u/b/"}) {
		t.Errorf("uploads %q, prefixes %q", found, prefixes)
	}

	for n := range int32(3) {
		if _, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bkt, Key: aws.String("v"), UploadId: last, PartNumber: aws.Int32(n + 1), Body: strings.NewReader("part")}); err != nil {
			t.Fatal(err)
		}
	}
	var numbers []int32
	for p := s3.NewListPartsPaginator(c, &s3.ListPartsInput{Bucket: bkt, Key: aws.String("v"), UploadId: last, MaxParts: aws.Int32(2)}); p.HasMorePages(); {
		out, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if out.StorageClass != types.StorageClassStandardIa || out.ChecksumAlgorithm != types.ChecksumAlgorithmCrc32 || out.Owner == nil {
			t.Errorf("parts %+v", out)
		}
		for _, part := range out.Parts {
			numbers = append(numbers, *part.PartNumber)
			if part.ChecksumCRC32 == nil || *part.Size != 4 {
				t.Errorf("part %+v", part)
			}
		}
	}
	if !slices.Equal(numbers, []int32{1, 2, 3}) {
		t.Errorf("parts %v", numbers)
	}
	_, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bkt, Key: aws.String("v"), UploadId: last, PartNumber: aws.Int32(1), CopySource: aws.String("bkt/absent")})
	wantCode(t, err, "NoSuchKey", http.StatusNotFound)
	put(t, c, "source", "0123")
	_, err = c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bkt, Key: aws.String("v"), UploadId: last, PartNumber: aws.Int32(1), CopySource: aws.String("bkt/source"), CopySourceRange: aws.String("bytes=0-4")})
	wantCode(t, err, "InvalidArgument", http.StatusBadRequest)
	copied, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bkt, Key: aws.String("v"), UploadId: last, PartNumber: aws.Int32(1), CopySource: aws.String("bkt/source"), CopySourceRange: aws.String("bytes=1-2")})
	if err != nil || copied.CopyPartResult.ChecksumCRC32 == nil {
		t.Errorf("copied part %+v, %v", copied, err)
	}
}
