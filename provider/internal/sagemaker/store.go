package sagemaker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Location is an S3 bucket and key (or key prefix).
type Location struct{ Bucket, Key string }

// ParseLocation reads "s3://bucket/key"; the key may be empty.
func ParseLocation(uri string) (Location, error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	if !ok {
		return Location{}, fmt.Errorf("%q is not an S3 URI: expected s3://bucket/key", uri)
	}
	bucket, key, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return Location{}, fmt.Errorf("%q names no bucket: expected s3://bucket/key", uri)
	}
	return Location{Bucket: bucket, Key: strings.Trim(key, "/")}, nil
}

// Join is the location under l at the given path elements. None leads out of the one before it: names from HCL and from
// documents take part, and "../uploads" must not be a way from evaluations/ to where others may write.
func (l Location) Join(elem ...string) Location {
	key := l.Key
	for _, e := range elem {
		key = path.Join(key, path.Clean("/"+e))
	}
	return Location{Bucket: l.Bucket, Key: strings.TrimPrefix(key, "/")}
}

// URI is the "s3://" form.
func (l Location) URI() string {
	if l.Key == "" {
		return "s3://" + l.Bucket
	}
	return "s3://" + l.Bucket + "/" + l.Key
}

// Object is a whole object in memory. SHA256 is the lower-case hex digest of Body, computed here and never taken from metadata.
type Object struct {
	URI      string
	Body     []byte
	ETag     string
	SHA256   string
	Modified time.Time
}

// Info is what a HEAD request or a listing says about an object.
type Info struct {
	URI, ETag string
	Bytes     int64
	Modified  time.Time
}

// maxObject and maxDocument bound what is read into memory at once: predictions, and what this project writes itself.
const (
	maxObject   = 1 << 30
	maxDocument = 32 << 20
)

// ConflictError says that a conditional write lost: the object holds something else than expected.
type ConflictError struct {
	URI string
	// Current is what is there now; nil when the object does not exist.
	Current *Object
}

func (e *ConflictError) Error() string {
	if e.Current == nil {
		return fmt.Sprintf("%s was deleted by someone else", e.URI)
	}
	return fmt.Sprintf("%s was written by someone else (it now has sha256 %s)", e.URI, e.Current.SHA256)
}

// Get reads an object. A missing one satisfies IsNotFound.
func (c *Client) Get(ctx context.Context, uri string) (*Object, error) {
	return c.read(ctx, uri, maxObject)
}

// Document reads an object that this project writes itself, such as a pointer or a record: what is larger than those get is
// something else, and is refused before it is in memory. A missing one satisfies IsNotFound.
func (c *Client) Document(ctx context.Context, uri string) (*Object, error) {
	return c.read(ctx, uri, maxDocument)
}

func (c *Client) read(ctx context.Context, uri string, limit int64) (*Object, error) {
	loc, err := ParseLocation(uri)
	if err != nil {
		return nil, err
	}
	out, err := c.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: &loc.Bucket, Key: &loc.Key})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", uri, err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", uri, err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("reading %s: it is larger than %d MiB", uri, limit>>20)
	}
	sum := sha256.Sum256(body)
	return &Object{URI: uri, Body: body, ETag: aws.ToString(out.ETag), SHA256: hex.EncodeToString(sum[:]), Modified: aws.ToTime(out.LastModified)}, nil
}

// Open streams an object; the caller closes it.
func (c *Client) Open(ctx context.Context, uri string) (io.ReadCloser, Info, error) {
	loc, err := ParseLocation(uri)
	if err != nil {
		return nil, Info{}, err
	}
	out, err := c.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: &loc.Bucket, Key: &loc.Key})
	if err != nil {
		return nil, Info{}, fmt.Errorf("reading %s: %w", uri, err)
	}
	return out.Body, Info{URI: uri, ETag: aws.ToString(out.ETag), Bytes: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified)}, nil
}

// Digest streams an object through SHA-256 and returns the lower-case hex digest and what was read.
func (c *Client) Digest(ctx context.Context, uri string) (string, Info, error) {
	body, info, err := c.Open(ctx, uri)
	if err != nil {
		return "", Info{}, err
	}
	defer body.Close()
	h := sha256.New()
	n, err := io.Copy(h, body)
	if err != nil {
		return "", Info{}, fmt.Errorf("reading %s: %w", uri, err)
	}
	info.Bytes = n
	return hex.EncodeToString(h.Sum(nil)), info, nil
}

// Head asks for an object's size and ETag. A missing one satisfies IsNotFound.
func (c *Client) Head(ctx context.Context, uri string) (Info, error) {
	loc, err := ParseLocation(uri)
	if err != nil {
		return Info{}, err
	}
	out, err := c.S3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &loc.Bucket, Key: &loc.Key})
	if err != nil {
		return Info{}, fmt.Errorf("looking at %s: %w", uri, err)
	}
	return Info{URI: uri, ETag: aws.ToString(out.ETag), Bytes: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified)}, nil
}

// List returns every object whose key starts with the location's key, in key order.
func (c *Client) List(ctx context.Context, under Location) ([]Info, error) {
	var found []Info
	pages := s3.NewListObjectsV2Paginator(c.S3, &s3.ListObjectsV2Input{Bucket: &under.Bucket, Prefix: optional(under.Key)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			if IsNotFound(err) {
				return nil, nil
			}
			return nil, fmt.Errorf("listing %s: %w", under.URI(), err)
		}
		for _, o := range page.Contents {
			found = append(found, Info{URI: Location{under.Bucket, aws.ToString(o.Key)}.URI(), ETag: aws.ToString(o.ETag),
				Bytes: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)})
		}
	}
	return found, nil
}

// Put writes an object whatever is there now and returns its ETag.
func (c *Client) Put(ctx context.Context, uri, contentType string, body []byte) (string, error) {
	return c.put(ctx, uri, contentType, bytes.NewReader(body), func(*s3.PutObjectInput) {})
}

// Upload writes an object from a stream that can be rewound, such as a file.
func (c *Client) Upload(ctx context.Context, uri, contentType string, body io.ReadSeeker) (string, error) {
	return c.put(ctx, uri, contentType, body, func(*s3.PutObjectInput) {})
}

// PutNew writes an object that must not exist yet. When it exists with the same content, that is success (this is how a
// write repeated after a lost answer or a crash converges) and created is false; with other content, a *ConflictError.
func (c *Client) PutNew(ctx context.Context, uri, contentType string, body []byte) (etag string, created bool, err error) {
	return c.conditional(ctx, uri, contentType, body, func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })
}

// PutOver writes an object only if it still has the given ETag; the outcomes are those of PutNew.
func (c *Client) PutOver(ctx context.Context, uri, contentType string, body []byte, etag string) (newETag string, written bool, err error) {
	return c.conditional(ctx, uri, contentType, body, func(in *s3.PutObjectInput) { in.IfMatch = &etag })
}

func (c *Client) conditional(ctx context.Context, uri, contentType string, body []byte, cond func(*s3.PutObjectInput)) (string, bool, error) {
	etag, err := c.put(ctx, uri, contentType, bytes.NewReader(body), cond)
	if err == nil {
		return etag, true, nil
	}
	// If-Match on a key that is gone is NoSuchKey, a lost race is 412: what is there now decides.
	if !IsPreconditionFailed(err) && !IsNotFound(err) {
		return "", false, err
	}
	now, getErr := c.Get(ctx, uri)
	switch {
	case getErr != nil && IsNotFound(getErr):
		return "", false, &ConflictError{URI: uri}
	case getErr != nil:
		return "", false, errors.Join(err, getErr)
	case bytes.Equal(now.Body, body):
		return now.ETag, false, nil
	}
	return "", false, &ConflictError{URI: uri, Current: now}
}

// conflictRetries is how often a 409 (a concurrent conditional write in flight) is tried again.
const conflictRetries = 8

func (c *Client) put(ctx context.Context, uri, contentType string, body io.ReadSeeker, cond func(*s3.PutObjectInput)) (string, error) {
	loc, err := ParseLocation(uri)
	if err != nil {
		return "", err
	}
	if err := c.EnsureBucket(ctx, loc.Bucket); err != nil {
		return "", err
	}
	for attempt := 0; ; attempt++ {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return "", fmt.Errorf("rewinding the content of %s: %w", uri, err)
		}
		in := &s3.PutObjectInput{Bucket: &loc.Bucket, Key: &loc.Key, Body: body, ContentType: optional(contentType)}
		cond(in)
		out, err := c.S3.PutObject(ctx, in)
		if err == nil {
			return aws.ToString(out.ETag), nil
		}
		if !IsConflict(err) || attempt >= conflictRetries {
			return "", fmt.Errorf("writing %s: %w", uri, err)
		}
		if err := c.sleep(ctx, time.Duration(50*(attempt+1))*time.Millisecond); err != nil {
			return "", err
		}
	}
}

// Copy copies an object inside S3, but only the content that has the given ETag.
func (c *Client) Copy(ctx context.Context, from, etag, to string) error {
	src, err := ParseLocation(from)
	if err != nil {
		return err
	}
	dst, err := ParseLocation(to)
	if err != nil {
		return err
	}
	if err := c.EnsureBucket(ctx, dst.Bucket); err != nil {
		return err
	}
	source := src.Bucket + "/" + (&url.URL{Path: src.Key}).EscapedPath()
	_, err = c.S3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &dst.Bucket, Key: &dst.Key, CopySource: &source, CopySourceIfMatch: optional(etag)})
	if err != nil {
		return fmt.Errorf("copying %s to %s: %w", from, to, err)
	}
	return nil
}

// Remove deletes an object; a missing one is no error.
func (c *Client) Remove(ctx context.Context, uri string) error {
	loc, err := ParseLocation(uri)
	if err != nil {
		return err
	}
	if _, err := c.S3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &loc.Bucket, Key: &loc.Key}); err != nil && !IsNotFound(err) {
		return fmt.Errorf("deleting %s: %w", uri, err)
	}
	return nil
}

// EnsureBucket creates the local store's bucket when it is missing. On AWS buckets belong to another stage and are never created.
func (c *Client) EnsureBucket(ctx context.Context, bucket string) error {
	if !c.Local || bucket != c.Store.Bucket {
		return nil
	}
	c.bucketOnce.Lock()
	defer c.bucketOnce.Unlock()
	if c.bucketReady {
		return nil
	}
	_, err := c.S3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if IsNotFound(err) {
		in := &s3.CreateBucketInput{Bucket: &bucket}
		if c.Region != "us-east-1" {
			in.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(c.Region)}
		}
		_, err = c.S3.CreateBucket(ctx, in)
		if IsAlreadyExists(err) {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("preparing bucket %s: %w", bucket, err)
	}
	c.bucketReady = true
	return nil
}

// SetObjectTags replaces an object's tags.
func (c *Client) SetObjectTags(ctx context.Context, uri string, tags map[string]string) error {
	loc, err := ParseLocation(uri)
	if err != nil {
		return err
	}
	set := []s3types.Tag{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		set = append(set, s3types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	if _, err := c.S3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &loc.Bucket, Key: &loc.Key, Tagging: &s3types.Tagging{TagSet: set}}); err != nil {
		return fmt.Errorf("tagging %s: %w", uri, err)
	}
	return nil
}

// ObjectTags reads an object's tags.
func (c *Client) ObjectTags(ctx context.Context, uri string) (map[string]string, error) {
	loc, err := ParseLocation(uri)
	if err != nil {
		return nil, err
	}
	out, err := c.S3.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &loc.Bucket, Key: &loc.Key})
	if err != nil {
		return nil, fmt.Errorf("reading the tags of %s: %w", uri, err)
	}
	tags := map[string]string{}
	for _, t := range out.TagSet {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}
