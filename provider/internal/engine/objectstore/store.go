package objectstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// Region is where the bucket was made; S3 leaves us-east-1 out.
func (b BucketRecord) Region() string {
	if b.Location == "" {
		return "us-east-1"
	}
	return b.Location
}

// Options configures a Store.
type Options struct {
	Dir   string           // where buckets lie, one folder each; made when missing
	Clock func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: discard
}

// Object is what the store knows of an object besides its bytes.
type Object struct {
	Bucket       string
	Key          string
	Size         int64
	ETag         string // without quotes: the MD5 in hex, "<md5 of md5s>-<parts>" after a multipart upload
	ContentType  string
	Metadata     map[string]string // user metadata, names in lower case without "x-amz-meta-"
	LastModified time.Time
}

// PutOptions goes with a Put. The zero value writes unconditionally.
type PutOptions struct {
	ContentType string // "" becomes binary/octet-stream, as on S3
	Metadata    map[string]string
	IfNoneMatch bool   // write only when the key does not exist
	IfMatch     string // write only over this ETag (without quotes)
}

// Errors of the Go API, to compare with errors.Is.
var (
	ErrNoSuchBucket       error = wire.ErrNoSuchBucket
	ErrNoSuchKey          error = wire.ErrNoSuchKey
	ErrPreconditionFailed error = wire.ErrPrecondition
)

// Store is an S3 object store over plain files. One Store per folder: the engine's data directory
// lock sees to that.
type Store struct {
	root *os.Root // every access goes through it, so that no link leads out
	now  func() time.Time
	log  *slog.Logger

	// mu makes a precondition and the rename that follows it one step, and an object's record
	// and the opening of its bytes another.
	mu sync.RWMutex
}

// Record is an object's metadata file. Renaming it into place is what commits an object; the bytes
// lie beside it under a name that is never used twice.
type Record struct {
	Key       string            `json:"key"`
	Blob      string            `json:"blob"`
	Size      int64             `json:"size"`
	ETag      string            `json:"etag"`
	Modified  time.Time         `json:"modified"`
	Headers   map[string]string `json:"headers,omitempty"` // Content-Type, Cache-Control, ...
	User      map[string]string `json:"user,omitempty"`
	Checksums map[string]string `json:"checksums,omitempty"`
	Composite bool              `json:"composite,omitempty"` // the checksums are of the parts' checksums
	Tags      map[string]string `json:"tags,omitempty"`
	Parts     []int64           `json:"parts,omitempty"`     // sizes, of a multipart upload
	PartSums  []string          `json:"part_sums,omitempty"` // of the parts, where the upload named an algorithm
	Upload    string            `json:"upload,omitempty"`    // the multipart upload that made it
}

// BucketRecord is a bucket's metadata file.
type BucketRecord struct {
	Created  time.Time         `json:"created"`
	Location string            `json:"location,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
}

// Open opens the store in o.Dir and clears what a crash left half written.
func Open(o Options) (*Store, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the object store: %w", err)
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the object store: %w", err)
	}
	s := &Store{root: root, now: o.Clock, log: o.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := root.RemoveAll(tmpDir); err != nil {
		return nil, errors.Join(fmt.Errorf("clear the object store's temporary files: %w", err), root.Close())
	}
	for _, d := range []string{tmpDir, uploadsDir} {
		if err := root.MkdirAll(d, 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("make the object store: %w", err), root.Close())
		}
	}
	return s, nil
}

// Close releases the store's folder. Open objects stay readable.
func (s *Store) Close() error { return s.root.Close() }

// Now is the time by the store's clock.
func (s *Store) Now() time.Time { return s.now() }

// Log is where the store writes what nobody can be told.
func (s *Store) Log() *slog.Logger { return s.log }

// EnsureBucket makes the bucket when it does not exist.
func (s *Store) EnsureBucket(_ context.Context, bucket string) error {
	err := s.CreateBucket(bucket, "")
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// CreateBucket returns fs.ErrExist for a bucket that exists.
func (s *Store) CreateBucket(bucket, location string) error {
	if !ValidBucket(bucket) {
		return wire.ErrBucketName
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.root.Lstat(bucket + "/" + bucketFile); err == nil {
		return fs.ErrExist
	}
	if err := s.root.MkdirAll(bucket, 0o700); err != nil {
		return fmt.Errorf("make bucket %s: %w", bucket, err)
	}
	return s.replaceJSON(bucket+"/"+bucketFile, BucketRecord{Created: s.now().UTC(), Location: location})
}

// Bucket reads the record of a bucket.
func (s *Store) Bucket(bucket string) (BucketRecord, error) {
	var b BucketRecord
	if !ValidBucket(bucket) {
		return b, wire.ErrNoSuchBucket
	}
	raw, err := s.root.ReadFile(bucket + "/" + bucketFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return b, wire.ErrNoSuchBucket
		}
		return b, fmt.Errorf("read bucket %s: %w", bucket, err)
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("read bucket %s: %w", bucket, err)
	}
	return b, nil
}

// SetBucketTags replaces the tags of a bucket.
func (s *Store) SetBucketTags(bucket string, tags map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.Bucket(bucket)
	if err != nil {
		return err
	}
	b.Tags = tags
	return s.replaceJSON(bucket+"/"+bucketFile, b)
}

// DeleteBucket removes a bucket without objects.
func (s *Store) DeleteBucket(bucket string) error {
	if _, err := s.Bucket(bucket); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.Page(bucket, Query{Max: 1})
	if err != nil {
		return err
	}
	if len(p.Objects) > 0 {
		return wire.ErrBucketNotEmpty
	}
	return s.root.RemoveAll(bucket)
}

// Get opens an object for reading. The caller closes the reader; a later Put does not disturb it.
func (s *Store) Get(_ context.Context, bucket, key string) (io.ReadSeekCloser, Object, error) {
	f, rec, err := s.OpenRecord(bucket, key)
	if err != nil {
		return nil, Object{}, fmt.Errorf("get s3://%s/%s: %w", bucket, key, err)
	}
	return f, rec.object(bucket), nil
}

// Head describes an object.
func (s *Store) Head(_ context.Context, bucket, key string) (Object, error) {
	rec, err := s.Record(bucket, key)
	if err != nil {
		return Object{}, fmt.Errorf("head s3://%s/%s: %w", bucket, key, err)
	}
	return rec.object(bucket), nil
}

// Put writes an object: all of r or nothing.
func (s *Store) Put(ctx context.Context, bucket, key string, r io.Reader, o PutOptions) (Object, error) {
	rec := &Record{User: o.Metadata, Headers: map[string]string{}}
	if o.ContentType != "" {
		rec.Headers["Content-Type"] = o.ContentType
	}
	c := Condition{IfNoneMatch: o.IfNoneMatch, IfMatch: o.IfMatch}
	if err := s.Write(ctx, bucket, key, r, rec, wire.Expectation{Length: -1}, c); err != nil {
		return Object{}, fmt.Errorf("put s3://%s/%s: %w", bucket, key, err)
	}
	return rec.object(bucket), nil
}

// Delete removes an object; one that does not exist is no error.
func (s *Store) Delete(_ context.Context, bucket, key string) error {
	if err := s.Remove(bucket, key, Condition{}); err != nil {
		return fmt.Errorf("delete s3://%s/%s: %w", bucket, key, err)
	}
	return nil
}

func (r *Record) object(bucket string) Object {
	return Object{Bucket: bucket, Key: r.Key, Size: r.Size, ETag: r.ETag, ContentType: r.ContentType(),
		Metadata: maps.Clone(r.User), LastModified: r.Modified}
}

// ContentType is the object's, or S3's default.
func (r *Record) ContentType() string {
	if t := r.Headers["Content-Type"]; t != "" {
		return t
	}
	return "binary/octet-stream"
}
