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
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// Condition is what must hold of the existing object for a write to happen.
type Condition struct {
	IfNoneMatch bool   // it does not exist
	IfMatch     string // it has this ETag; "*": it exists
}

func (c Condition) check(existing *Record) error {
	switch {
	case c.IfNoneMatch && existing != nil:
		return wire.ErrPrecondition.With("Condition", "If-None-Match")
	case c.IfMatch != "" && existing == nil:
		return wire.ErrNoSuchKey
	case c.IfMatch != "" && c.IfMatch != "*" && c.IfMatch != existing.ETag:
		return wire.ErrPrecondition.With("Condition", "If-Match")
	}
	return nil
}

// Write stores body under key, filling in rec's content fields. The slow part, reading and
// syncing, happens outside the lock.
func (s *Store) Write(ctx context.Context, bucket, key string, body io.Reader, rec *Record, e wire.Expectation, c Condition) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if _, err := s.Bucket(bucket); err != nil {
		return err
	}
	if c != (Condition{}) { // spare the upload when it is refused already
		existing, err := s.Record(bucket, key)
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
	rec.Size, rec.ETag, rec.Checksums = sum.Size, sum.ETag(), sum.Checksums()
	return s.commit(bucket, key, tmp, rec, c)
}

// spool writes body to a synced temporary file and checks it against what was said of it.
func (s *Store) spool(ctx context.Context, body io.Reader, e wire.Expectation) (tmp string, sum *wire.Sums, err error) {
	tmp = tmpDir + "/" + NewID()
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
	sum = e.Sums()
	if _, err := io.Copy(io.MultiWriter(f, sum), &cancelReader{ctx, body}); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return "", nil, wire.ErrIncompleteBody
		}
		return "", nil, err
	}
	if err := e.Verify(sum); err != nil {
		return "", nil, err
	}
	if err := f.Sync(); err != nil {
		return "", nil, err
	}
	return tmp, sum, f.Close()
}

// commit makes the spooled file the object of key, if the condition holds at that moment.
func (s *Store) commit(bucket, key, tmp string, rec *Record, c Condition) error {
	rec.Key, rec.Blob = key, blobPrefix+NewID()
	rec.Modified = s.now().UTC().Truncate(time.Millisecond)
	raw, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	meta, _, err := s.spool(context.Background(), strings.NewReader(string(raw)), wire.Expectation{Length: -1})
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

func (s *Store) publish(bucket, key, dir, tmp, meta string, rec *Record, c Condition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.Bucket(bucket); err != nil { // deleted while the body was read
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

// Record reads an object's record.
func (s *Store) Record(bucket, key string) (*Record, error) {
	if _, err := s.Bucket(bucket); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.read(bucket, key)
}

// OpenRecord reads an object's record and opens its bytes as one step.
func (s *Store) OpenRecord(bucket, key string) (*os.File, *Record, error) {
	if _, err := s.Bucket(bucket); err != nil {
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

func (s *Store) read(bucket, key string) (*Record, error) {
	if CheckKey(key) != nil {
		return nil, wire.ErrNoSuchKey
	}
	return s.readRecord(bucket + "/" + keyPath(key))
}

func (s *Store) readRecord(dir string) (*Record, error) {
	raw, err := s.root.ReadFile(dir + "/" + objectFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, wire.ErrNoSuchKey
		}
		return nil, err
	}
	rec := &Record{}
	if err := json.Unmarshal(raw, rec); err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	if !strings.HasPrefix(rec.Blob, blobPrefix) || path.Base(rec.Blob) != rec.Blob {
		return nil, fmt.Errorf("read %s: %q is no name of the store's", dir, rec.Blob)
	}
	return rec, nil
}

// Remove deletes an object if the condition holds; one that does not exist is no error.
func (s *Store) Remove(bucket, key string, c Condition) error {
	if _, err := s.Bucket(bucket); err != nil {
		return err
	}
	if CheckKey(key) != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c != (Condition{}) {
		existing, err := s.read(bucket, key)
		if err != nil && !errors.Is(err, ErrNoSuchKey) {
			return err
		}
		if err := c.check(existing); err != nil {
			return err
		}
	}
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

// Update rewrites an object's record in place, under the lock.
func (s *Store) Update(bucket, key string, change func(*Record)) error {
	if _, err := s.Bucket(bucket); err != nil {
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
	tmp, _, err := s.spool(context.Background(), strings.NewReader(string(raw)), wire.Expectation{Length: -1})
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

// BucketNames lists the buckets in order.
func (s *Store) BucketNames() ([]string, error) {
	entries, err := s.readDir(".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && ValidBucket(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// CheckKey refuses keys that S3 refuses.
func CheckKey(key string) error {
	if key == "" {
		return wire.Errorf("InvalidRequest", 400, "The key must not be empty.")
	}
	if len(key) > 1024 {
		return wire.ErrKeyTooLong
	}
	return nil
}

// NewID returns an identifier that is never used twice.
func NewID() string {
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
