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
)

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

func (s *Store) remove(bucket, key string, c condition) error {
	if _, err := s.bucket(bucket); err != nil {
		return err
	}
	if checkKey(key) != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c != (condition{}) {
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
