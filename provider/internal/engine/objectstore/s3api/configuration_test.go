package s3api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// TestQuestionsAboutABucket asks what infrastructure tools ask of every bucket they read.
func TestQuestionsAboutABucket(t *testing.T) {
	c, _ := newClient(t)
	put(t, c, "k", "v")
	ctx, bkt, key := t.Context(), aws.String("bkt"), aws.String("k")
	for code, ask := range map[string]func() error{
		"NoSuchCORSConfiguration": func() error { _, err := c.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: bkt}); return err },
		"ServerSideEncryptionConfigurationNotFoundError": func() error {
			_, err := c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: bkt})
			return err
		},
		"NoSuchLifecycleConfiguration": func() error {
			_, err := c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: bkt})
			return err
		},
		"ObjectLockConfigurationNotFoundError": func() error {
			_, err := c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: bkt})
			return err
		},
		"NoSuchObjectLockConfiguration": func() error {
			_, err := c.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: bkt, Key: key})
			return err
		},
		"OwnershipControlsNotFoundError": func() error {
			_, err := c.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: bkt})
			return err
		},
		"NoSuchBucketPolicy": func() error {
			_, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bkt})
			return err
		},
		"NoSuchPublicAccessBlockConfiguration": func() error {
			_, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bkt})
			return err
		},
		"ReplicationConfigurationNotFoundError": func() error {
			_, err := c.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: bkt})
			return err
		},
		"NoSuchWebsiteConfiguration": func() error {
			_, err := c.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: bkt})
			return err
		},
		"NoSuchBucket": func() error {
			_, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("absent")})
			return err
		},
		"NoSuchKey": func() error {
			_, err := c.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: bkt, Key: aws.String("absent")})
			return err
		},
	} {
		wantCode(t, ask(), code, http.StatusNotFound)
	}
	if out, err := c.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: bkt}); err != nil || out.Payer != types.PayerBucketOwner {
		t.Errorf("payer %+v, %v", out, err)
	}
	if out, err := c.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: bkt}); err != nil || out.LoggingEnabled != nil {
		t.Errorf("logging %+v, %v", out, err)
	}
	if out, err := c.GetBucketAccelerateConfiguration(ctx, &s3.GetBucketAccelerateConfigurationInput{Bucket: bkt}); err != nil || out.Status != "" {
		t.Errorf("acceleration %+v, %v", out, err)
	}
	if _, err := c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: bkt}); err != nil {
		t.Error(err)
	}
	acl, err := c.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: bkt})
	if err != nil || len(acl.Grants) != 1 || acl.Grants[0].Permission != types.PermissionFullControl ||
		aws.ToString(acl.Grants[0].Grantee.ID) != aws.ToString(acl.Owner.ID) || acl.Grants[0].Grantee.Type != types.TypeCanonicalUser {
		t.Errorf("access control %+v, %v", acl, err)
	}
	_, err = c.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: bkt, ACL: types.BucketCannedACLPublicRead})
	wantCode(t, err, "AccessControlListNotSupported", http.StatusBadRequest)
	if _, err := c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bkt}); err != nil {
		t.Errorf("deleting a policy that there is not: %v", err)
	}
	_, err = c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bkt, Policy: aws.String("{}")})
	wantCode(t, err, "NotImplemented", http.StatusNotImplemented)
	_, err = c.RenameObject(ctx, &s3.RenameObjectInput{Bucket: bkt, Key: key, RenameSource: aws.String("bkt/other")})
	wantCode(t, err, "NotImplemented", http.StatusNotImplemented)
	if got := get(t, c, "k"); got != "v" {
		t.Errorf("after what is not implemented the object is %q", got)
	}
}

func TestListVersionsAndAttributes(t *testing.T) {
	c, _ := newClient(t)
	ctx, bkt := t.Context(), aws.String("bkt")
	for _, key := range []string{"a", "b/1", "b/2", "c d"} {
		if _, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bkt, Key: &key, Body: strings.NewReader("body of " + key), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32}); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: bkt, MaxKeys: aws.Int32(1), EncodingType: types.EncodingTypeUrl})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			if aws.ToString(v.VersionId) != "null" || !aws.ToBool(v.IsLatest) || v.Owner == nil {
				t.Errorf("version %+v", v)
			}
			keys = append(keys, *v.Key)
			if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bkt, Key: aws.String("none of these"), VersionId: v.VersionId}); err != nil {
				t.Errorf("delete version null: %v", err)
			}
		}
	}
	if want := []string{"a", "b/1", "b/2", "c+d"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	deleted, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bkt, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("a"), VersionId: aws.String("null")}}}})
	if err != nil || len(deleted.Errors) > 0 {
		t.Errorf("delete a version: %+v, %v", deleted, err)
	}
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bkt, Key: aws.String("a")})
	wantCode(t, err, "NoSuchKey", http.StatusNotFound)

	out, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: bkt, Key: aws.String("b/1"),
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesEtag, types.ObjectAttributesChecksum, types.ObjectAttributesObjectSize, types.ObjectAttributesStorageClass}})
	if err != nil {
		t.Fatal(err)
	}
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bkt, Key: aws.String("b/1"), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	if wire.Quote(aws.ToString(out.ETag)) != aws.ToString(head.ETag) || aws.ToInt64(out.ObjectSize) != 11 || out.StorageClass != types.StorageClassStandard ||
		out.Checksum == nil || aws.ToString(out.Checksum.ChecksumCRC32) != aws.ToString(head.ChecksumCRC32) || out.Checksum.ChecksumType != types.ChecksumTypeFullObject {
		t.Errorf("attributes %+v, checksum %+v, head %+v", out, out.Checksum, head)
	}
}

func TestListBucketsPages(t *testing.T) {
	c, _ := newClient(t)
	for _, name := range []string{"other-1", "other-2", "third"} {
		if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	pages := s3.NewListBucketsPaginator(c, &s3.ListBucketsInput{Prefix: aws.String("other-"), MaxBuckets: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Buckets) != 1 {
			t.Fatalf("%d buckets in a page of one", len(page.Buckets))
		}
		names = append(names, *page.Buckets[0].Name)
	}
	if want := []string{"other-1", "other-2"}; !slices.Equal(names, want) {
		t.Errorf("buckets %q, want %q", names, want)
	}
	head, err := c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("bkt")})
	if err != nil || aws.ToString(head.BucketRegion) != "eu-west-1" {
		t.Errorf("bucket region %+v, %v", head, err)
	}
}

func TestStorageClassesAndTimesAgree(t *testing.T) {
	c, _ := newClient(t)
	ctx, bkt, key := t.Context(), aws.String("bkt"), aws.String("k")
	if _, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bkt, Key: key, StorageClass: types.StorageClassStandardIa}); err != nil {
		t.Fatal(err)
	}
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bkt, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bkt, FetchOwner: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if head.StorageClass != types.StorageClassStandardIa || list.Contents[0].StorageClass != types.ObjectStorageClassStandardIa || list.Contents[0].Owner == nil {
		t.Errorf("head %+v, list %+v", head, list.Contents[0])
	}
	if !head.LastModified.Equal(*list.Contents[0].LastModified) {
		t.Errorf("modified %s by its head, %s by the list", head.LastModified, list.Contents[0].LastModified)
	}
	// On S3 a change of its class is the reason to copy an object to itself.
	if _, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bkt, Key: key, CopySource: aws.String("bkt/k")}); err != nil {
		t.Fatal(err)
	}
	if head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bkt, Key: key}); err != nil || head.StorageClass != "" {
		t.Errorf("after a copy to STANDARD: %+v, %v", head, err)
	}
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bkt, Key: key, StorageClass: "COLD"})
	wantCode(t, err, "InvalidStorageClass", http.StatusBadRequest)
}

// TestWhatIsAskedOfAnObjectIsKeptOrRefused has no header that is passed over in silence.
func TestWhatIsAskedOfAnObjectIsKeptOrRefused(t *testing.T) {
	c, _ := newClient(t)
	ctx, bkt := t.Context(), aws.String("bkt")
	out, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bkt, Key: aws.String("kms"), ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("alias/k"),
		ACL: types.ObjectCannedACLBucketOwnerFullControl, ExpectedBucketOwner: aws.String("000000000000")})
	if err != nil || out.ServerSideEncryption != types.ServerSideEncryptionAwsKms || aws.ToString(out.SSEKMSKeyId) != "alias/k" {
		t.Errorf("put: %+v, %v", out, err)
	}
	if head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bkt, Key: aws.String("kms")}); err != nil || head.ServerSideEncryption != types.ServerSideEncryptionAwsKms {
		t.Errorf("head: %+v, %v", head, err)
	}
	if copied, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bkt, Key: aws.String("plain"), CopySource: aws.String("bkt/kms")}); err != nil || copied.ServerSideEncryption != "" {
		t.Errorf("copy: %+v, %v", copied, err)
	}
	for name, c2 := range map[string]struct {
		in     s3.PutObjectInput
		code   string
		status int
	}{
		"a lock":        {s3.PutObjectInput{ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn}, "NotImplemented", http.StatusNotImplemented},
		"its own key":   {s3.PutObjectInput{SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: aws.String("01234567890123456789012345678901")}, "NotImplemented", http.StatusNotImplemented},
		"a public list": {s3.PutObjectInput{ACL: types.ObjectCannedACLPublicRead}, "AccessControlListNotSupported", http.StatusBadRequest},
		"a grant":       {s3.PutObjectInput{GrantRead: aws.String("id=1")}, "AccessControlListNotSupported", http.StatusBadRequest},
		"another's":     {s3.PutObjectInput{ExpectedBucketOwner: aws.String("111122223333")}, "AccessDenied", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			c2.in.Bucket, c2.in.Key = bkt, aws.String("refused")
			_, err := c.PutObject(ctx, &c2.in)
			wantCode(t, err, c2.code, c2.status)
		})
	}
}

func TestRefusalsInTheWordsOfS3(t *testing.T) {
	c, _ := newClient(t)
	ctx, bkt, key := t.Context(), aws.String("bkt"), aws.String("k")
	put(t, c, "k", "v")
	_, err := c.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: bkt, Key: key, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("1")}}}})
	wantCode(t, err, "InvalidTag", http.StatusBadRequest)
	upload, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bkt, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for _, n := range []int32{2, 1} {
		out, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bkt, Key: key, UploadId: upload.UploadId, PartNumber: &n, Body: strings.NewReader("small")})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{PartNumber: &n, ETag: out.ETag})
	}
	complete := func(parts ...types.CompletedPart) error {
		_, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bkt, Key: key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	wantCode(t, complete(parts...), "InvalidPartOrder", http.StatusBadRequest)
	wantCode(t, complete(parts[1], parts[0]), "EntityTooSmall", http.StatusBadRequest)
}

func TestPresignedURLExpires(t *testing.T) {
	var passed time.Duration
	c, _ := newClientOf(t, objectstore.Options{Dir: t.TempDir(), Clock: func() time.Time { return time.Now().Add(passed) }})
	put(t, c, "k", "v")
	signed, err := s3.NewPresignClient(c).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	status := func() int {
		t.Helper()
		resp, err := http.Get(signed.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("in time: %d", got)
	}
	passed = 2 * time.Minute
	if got := status(); got != http.StatusForbidden {
		t.Errorf("too late: %d, want 403", got)
	}
}

// TestConditionalDelete deletes only what the client has seen.
func TestConditionalDelete(t *testing.T) {
	c, _ := newClient(t)
	ctx, bkt := t.Context(), aws.String("bkt")
	old := put(t, c, "k", "old")
	put(t, c, "k", "new")
	put(t, c, "other", "x")
	_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bkt, Key: aws.String("k"), IfMatch: &old})
	wantCode(t, err, "PreconditionFailed", http.StatusPreconditionFailed)
	_, err = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bkt, Key: aws.String("absent"), IfMatch: aws.String("*")})
	wantCode(t, err, "NoSuchKey", http.StatusNotFound)
	_, err = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bkt, Key: aws.String("k"), VersionId: aws.String("3")})
	wantCode(t, err, "InvalidArgument", http.StatusBadRequest)
	version := strings.Repeat("V", 32)
	_, err = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bkt, Key: aws.String("k"), VersionId: &version})
	wantCode(t, err, "NoSuchVersion", http.StatusNotFound)
	out, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bkt, Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: aws.String("k"), ETag: &old}, {Key: aws.String("other")}, {Key: aws.String("absent")}, {Key: aws.String("v"), VersionId: &version},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var deleted, refused []string
	for _, o := range out.Deleted {
		deleted = append(deleted, *o.Key)
	}
	for _, o := range out.Errors {
		refused = append(refused, *o.Key+" "+*o.Code)
	}
	if !slices.Equal(deleted, []string{"other", "absent"}) || !slices.Equal(refused, []string{"k PreconditionFailed", "v NoSuchVersion"}) {
		t.Errorf("deleted %q, refused %q", deleted, refused)
	}
	if got := get(t, c, "k"); got != "new" {
		t.Errorf("k is %q", got)
	}
	quiet, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bkt, Delete: &types.Delete{Quiet: aws.Bool(true), Objects: []types.ObjectIdentifier{{Key: aws.String("k")}}}})
	if err != nil || len(quiet.Deleted) != 0 || len(quiet.Errors) != 0 {
		t.Errorf("quiet: %+v, %v", quiet, err)
	}
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bkt, Key: aws.String("k")})
	wantCode(t, err, "NoSuchKey", http.StatusNotFound)
}
