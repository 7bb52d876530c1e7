package objectstore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
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

// record is an object's metadata file. Renaming it into place is what commits an object; the bytes
// lie beside it under a name that is never used twice.
type record struct {
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
	Parts     []int64           `json:"parts,omitempty"` // sizes, of a multipart upload
}

type bucketRecord struct {
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

// EnsureBucket makes the bucket when it does not exist.
func (s *Store) EnsureBucket(_ context.Context, bucket string) error {
	err := s.createBucket(bucket, "")
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// createBucket returns fs.ErrExist for a bucket that exists.
func (s *Store) createBucket(bucket, location string) error {
	if !validBucket(bucket) {
		return errBucketName
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.root.Lstat(bucket + "/" + bucketFile); err == nil {
		return fs.ErrExist
	}
	if err := s.root.MkdirAll(bucket, 0o700); err != nil {
		return fmt.Errorf("make bucket %s: %w", bucket, err)
	}
	return s.replaceJSON(bucket+"/"+bucketFile, bucketRecord{Created: s.now().UTC(), Location: location})
}

func (s *Store) bucket(bucket string) (bucketRecord, error) {
	var b bucketRecord
	if !validBucket(bucket) {
		return b, errNoSuchBucket
	}
	raw, err := s.root.ReadFile(bucket + "/" + bucketFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return b, errNoSuchBucket
		}
		return b, fmt.Errorf("read bucket %s: %w", bucket, err)
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("read bucket %s: %w", bucket, err)
	}
	return b, nil
}

// Get opens an object for reading. The caller closes the reader; a later Put does not disturb it.
func (s *Store) Get(_ context.Context, bucket, key string) (io.ReadSeekCloser, Object, error) {
	f, rec, err := s.open(bucket, key)
	if err != nil {
		return nil, Object{}, fmt.Errorf("get s3://%s/%s: %w", bucket, key, err)
	}
	return f, rec.object(bucket), nil
}

// Head describes an object.
func (s *Store) Head(_ context.Context, bucket, key string) (Object, error) {
	rec, err := s.head(bucket, key)
	if err != nil {
		return Object{}, fmt.Errorf("head s3://%s/%s: %w", bucket, key, err)
	}
	return rec.object(bucket), nil
}

// Put writes an object: all of r or nothing.
func (s *Store) Put(ctx context.Context, bucket, key string, r io.Reader, o PutOptions) (Object, error) {
	rec := &record{User: o.Metadata, Headers: map[string]string{}}
	if o.ContentType != "" {
		rec.Headers["Content-Type"] = o.ContentType
	}
	c := condition{ifNoneMatch: o.IfNoneMatch, ifMatch: o.IfMatch}
	if err := s.write(ctx, bucket, key, r, rec, expectation{length: -1}, c); err != nil {
		return Object{}, fmt.Errorf("put s3://%s/%s: %w", bucket, key, err)
	}
	return rec.object(bucket), nil
}

// Delete removes an object; one that does not exist is no error.
func (s *Store) Delete(_ context.Context, bucket, key string) error {
	if err := s.remove(bucket, key); err != nil {
		return fmt.Errorf("delete s3://%s/%s: %w", bucket, key, err)
	}
	return nil
}

func (r *record) object(bucket string) Object {
	return Object{Bucket: bucket, Key: r.Key, Size: r.Size, ETag: r.ETag, ContentType: r.contentType(),
		Metadata: maps.Clone(r.User), LastModified: r.Modified}
}

func (r *record) contentType() string {
	if t := r.Headers["Content-Type"]; t != "" {
		return t
	}
	return "binary/octet-stream"
}

// condition is what must hold of the existing object for a write to happen.
type condition struct {
	ifNoneMatch bool   // it does not exist
	ifMatch     string // it has this ETag; "*": it exists
}

func (c condition) check(existing *record) error {
	switch {
	case c.ifNoneMatch && existing != nil:
		return errPrecondition
	case c.ifMatch != "" && existing == nil:
		return errNoSuchKey
	case c.ifMatch != "" && c.ifMatch != "*" && c.ifMatch != existing.ETag:
		return errPrecondition
	}
	return nil
}

// write stores body under key, filling in rec's content fields. The slow part, reading and
// syncing, happens outside the lock.
func (s *Store) write(ctx context.Context, bucket, key string, body io.Reader, rec *record, e expectation, c condition) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if _, err := s.bucket(bucket); err != nil {
		return err
	}
	if c != (condition{}) { // spare the upload when it is refused already
		existing, err := s.head(bucket, key)
		if err != nil && !errors.Is(err, ErrNoSuchKey) {
			return err
		}
		if err := c.check(existing); err != nil {
			return err
		}
	}
	tmp, sum, err := s.spool(ctx, body, e)
	if err != nil {
		return err
	}
	rec.Size, rec.ETag, rec.Checksums = sum.size, sum.etag(), sum.checksums()
	return s.commit(bucket, key, tmp, rec, c)
}

// spool writes body to a synced temporary file and checks it against what was said of it.
func (s *Store) spool(ctx context.Context, body io.Reader, e expectation) (tmp string, sum *sums, err error) {
	tmp = tmpDir + "/" + newID()
	f, err := s.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", nil, fmt.Errorf("make a temporary file: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			s.root.Remove(tmp)
		}
	}()
	sum = e.sums()
	if _, err := io.Copy(io.MultiWriter(f, sum), &cancelReader{ctx, body}); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return "", nil, errIncompleteBody
		}
		return "", nil, err
	}
	if err := e.verify(sum); err != nil {
		return "", nil, err
	}
	if err := f.Sync(); err != nil {
		return "", nil, err
	}
	return tmp, sum, f.Close()
}

// commit makes the spooled file the object of key, if the condition holds at that moment.
func (s *Store) commit(bucket, key, tmp string, rec *record, c condition) error {
	rec.Key, rec.Blob = key, blobPrefix+newID()
	rec.Modified = s.now().UTC().Truncate(time.Millisecond)
	raw, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	meta, _, err := s.spool(context.Background(), strings.NewReader(string(raw)), expectation{length: -1})
	if err != nil {
		s.root.Remove(tmp)
		return err
	}
	dir := bucket + "/" + keyPath(key)
	if err := s.publish(bucket, key, dir, tmp, meta, rec, c); err != nil {
		s.root.Remove(tmp)
		s.root.Remove(meta)
		return err
	}
	return s.syncDir(dir)
}

func (s *Store) publish(bucket, key, dir, tmp, meta string, rec *record, c condition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.bucket(bucket); err != nil { // deleted while the body was read
		return err
	}
	existing, err := s.read(bucket, key)
	if err != nil && !errors.Is(err, ErrNoSuchKey) {
		return err
	}
	if err := c.check(existing); err != nil {
		return err
	}
	if err := s.root.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := s.root.Rename(tmp, dir+"/"+rec.Blob); err != nil {
		return err
	}
	if err := s.root.Rename(meta, dir+"/"+objectFile); err != nil {
		return err
	}
	s.sweep(dir, rec.Blob)
	return nil
}

// sweep removes the bytes of earlier versions, and of a put that a crash cut in the middle.
func (s *Store) sweep(dir, keep string) {
	entries, err := s.readDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), blobPrefix) && e.Name() != keep {
			s.root.Remove(dir + "/" + e.Name())
		}
	}
}

// head reads an object's record.
func (s *Store) head(bucket, key string) (*record, error) {
	if _, err := s.bucket(bucket); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.read(bucket, key)
}

// open reads an object's record and opens its bytes as one step.
func (s *Store) open(bucket, key string) (*os.File, *record, error) {
	if _, err := s.bucket(bucket); err != nil {
		return nil, nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rec, err := s.read(bucket, key)
	if err != nil {
		return nil, nil, err
	}
	f, err := s.root.Open(bucket + "/" + keyPath(key) + "/" + rec.Blob)
	if err != nil {
		return nil, nil, fmt.Errorf("the object's bytes are gone: %w", err)
	}
	return f, rec, nil
}

func (s *Store) read(bucket, key string) (*record, error) {
	if checkKey(key) != nil {
		return nil, errNoSuchKey
	}
	return s.readRecord(bucket + "/" + keyPath(key))
}

func (s *Store) readRecord(dir string) (*record, error) {
	raw, err := s.root.ReadFile(dir + "/" + objectFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errNoSuchKey
		}
		return nil, err
	}
	rec := &record{}
	if err := json.Unmarshal(raw, rec); err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	if !strings.HasPrefix(rec.Blob, blobPrefix) || path.Base(rec.Blob) != rec.Blob {
		return nil, fmt.Errorf("read %s: %q is no name of the store's", dir, rec.Blob)
	}
	return rec, nil
}

func (s *Store) remove(bucket, key string) error {
	if _, err := s.bucket(bucket); err != nil {
		return err
	}
	if checkKey(key) != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := bucket + "/" + keyPath(key)
	if err := s.root.Remove(dir + "/" + objectFile); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	s.sweep(dir, "")
	for dir != bucket && s.root.Remove(dir) == nil { // up to the first folder in use
		dir = path.Dir(dir)
	}
	return nil
}

// update rewrites an object's record in place, under the lock.
func (s *Store) update(bucket, key string, change func(*record)) error {
	if _, err := s.bucket(bucket); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, err := s.read(bucket, key)
	if err != nil {
		return err
	}
	change(rec)
	return s.replaceJSON(bucket+"/"+keyPath(key)+"/"+objectFile, rec)
}

func (s *Store) replaceJSON(name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp, _, err := s.spool(context.Background(), strings.NewReader(string(raw)), expectation{length: -1})
	if err != nil {
		return err
	}
	if err := s.root.Rename(tmp, name); err != nil {
		s.root.Remove(tmp)
		return err
	}
	return s.syncDir(path.Dir(name))
}

func (s *Store) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // deleted again meanwhile
			return nil
		}
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (s *Store) readDir(dir string) ([]fs.DirEntry, error) {
	d, err := s.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.ReadDir(-1)
}

// bucketNames lists the buckets in order.
func (s *Store) bucketNames() ([]string, error) {
	entries, err := s.readDir(".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && validBucket(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func checkKey(key string) error {
	if key == "" {
		return errorf("InvalidRequest", 400, "The key must not be empty.")
	}
	if len(key) > 1024 {
		return errKeyTooLong
	}
	return nil
}

func newID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// cancelReader ends a copy when its context does.
type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
