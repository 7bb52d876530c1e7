package objectstore

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

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

// Errors of the Go API; compare with errors.Is. Over HTTP they are S3's own codes.
var (
	ErrNoSuchBucket       = errors.New("the specified bucket does not exist")
	ErrNoSuchKey          = errors.New("the specified key does not exist")
	ErrPreconditionFailed = errors.New("at least one of the pre-conditions you specified did not hold")
)

// Store is an S3 object store over plain files.
type Store struct{ o Options }

var errUnbuilt = errors.New("under construction")

// Open opens the store in o.Dir and clears what a crash left half written.
func Open(o Options) (*Store, error) { return nil, errUnbuilt }

// Handler serves the S3 REST API, path-style, at the root of its URL space.
func (s *Store) Handler() http.Handler { return http.NotFoundHandler() }

// EnsureBucket makes the bucket when it does not exist.
func (s *Store) EnsureBucket(ctx context.Context, bucket string) error { return errUnbuilt }

// Get opens an object for reading. The caller closes the reader; a later Put does not disturb it.
func (s *Store) Get(ctx context.Context, bucket, key string) (io.ReadSeekCloser, Object, error) {
	return nil, Object{}, errUnbuilt
}

// Head describes an object.
func (s *Store) Head(ctx context.Context, bucket, key string) (Object, error) {
	return Object{}, errUnbuilt
}

// Put writes an object: all of r or nothing.
func (s *Store) Put(ctx context.Context, bucket, key string, r io.Reader, o PutOptions) (Object, error) {
	return Object{}, errUnbuilt
}

// List returns the objects whose key starts with prefix, in the order of their keys.
func (s *Store) List(ctx context.Context, bucket, prefix string) ([]Object, error) {
	return nil, errUnbuilt
}

// Delete removes an object; one that does not exist is no error.
func (s *Store) Delete(ctx context.Context, bucket, key string) error { return errUnbuilt }

// Download copies what SageMaker gives a job for an S3Prefix: an object with exactly this key as
// one file in dir, or every object under the prefix at its path below it. It returns how many
// files it wrote, and ErrNoSuchKey when there is nothing at the prefix. Keys that would leave dir
// are refused.
func (s *Store) Download(ctx context.Context, bucket, prefix, dir string) (int, error) {
	return 0, errUnbuilt
}

// Upload copies the regular files under dir to prefix + "/" + their slash path. Symbolic links
// that leave dir are refused. It returns how many files it wrote.
func (s *Store) Upload(ctx context.Context, dir, bucket, prefix string) (int, error) {
	return 0, errUnbuilt
}

// ParseURI splits "s3://bucket/key" into its parts; the key may be empty.
func ParseURI(uri string) (bucket, key string, err error) { return "", "", errUnbuilt }
