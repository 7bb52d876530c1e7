package objectstore

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// backend gives gofakes3 the store. The routes that server answers itself never reach it, but the
// interface wants them all, and each does what it says.
type backend struct{ s *Store }

var (
	_ gofakes3.Backend          = (*backend)(nil)
	_ gofakes3.MultipartBackend = (*backend)(nil)
)

// translate turns the store's errors into gofakes3's.
func translate(err error) error {
	if err == nil {
		return nil
	}
	e := asAPIError(err)
	return gofakes3.ErrorMessage(gofakes3.ErrorCode(e.code), e.message)
}

func (b *backend) ListBuckets() ([]gofakes3.BucketInfo, error) {
	names, err := b.s.bucketNames()
	if err != nil {
		return nil, translate(err)
	}
	var out []gofakes3.BucketInfo
	for _, name := range names {
		rec, err := b.s.bucket(name)
		if errors.Is(err, ErrNoSuchBucket) { // a folder somebody else made
			continue
		}
		if err != nil {
			return nil, translate(err)
		}
		out = append(out, gofakes3.BucketInfo{Name: name, CreationDate: gofakes3.NewContentTime(rec.Created)})
	}
	return out, nil
}

func (b *backend) ListBucket(name string, prefix *gofakes3.Prefix, pg gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	q := query{after: pg.Marker, max: int(pg.MaxKeys)}
	if prefix != nil {
		q.prefix, q.delimiter = prefix.Prefix, prefix.Delimiter
	}
	p, err := b.s.list(name, q)
	if err != nil {
		return nil, translate(err)
	}
	out := gofakes3.NewObjectList()
	for _, r := range p.objects {
		out.Add(&gofakes3.Content{Key: r.Key, LastModified: gofakes3.NewContentTime(r.Modified), ETag: quote(r.ETag), Size: r.Size})
	}
	for _, c := range p.prefixes {
		out.AddPrefix(c)
	}
	out.IsTruncated, out.NextMarker = p.truncated, p.last
	return out, nil
}

func (b *backend) CreateBucket(name string) error {
	err := b.s.createBucket(name, "")
	if errors.Is(err, fs.ErrExist) {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	}
	return translate(err)
}

func (b *backend) BucketExists(name string) (bool, error) {
	_, err := b.s.bucket(name)
	if errors.Is(err, ErrNoSuchBucket) {
		return false, nil
	}
	return err == nil, translate(err)
}

func (b *backend) DeleteBucket(name string) error {
	if _, err := b.s.bucket(name); err != nil {
		return translate(err)
	}
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	p, err := b.s.list(name, query{max: 1})
	if err != nil {
		return translate(err)
	}
	if len(p.objects) > 0 {
		return gofakes3.ErrorMessage(gofakes3.ErrBucketNotEmpty, "The bucket you tried to delete is not empty")
	}
	return translate(b.s.root.RemoveAll(name))
}

func (b *backend) ForceDeleteBucket(name string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	return translate(b.s.root.RemoveAll(name))
}

func (b *backend) GetObject(bucket, key string, want *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	f, rec, err := b.s.open(bucket, key)
	if err != nil {
		return nil, translate(err)
	}
	rng, err := want.Range(rec.Size)
	if err != nil {
		f.Close()
		return nil, err
	}
	o := rec.fake()
	o.Contents = f
	if o.Range = rng; rng != nil {
		o.Contents = struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, rng.Start, rng.Length), f}
	}
	return o, nil
}

func (r *record) fake() *gofakes3.Object {
	meta := map[string]string{"Content-Type": r.contentType(), "Last-Modified": r.Modified.Format("Mon, 02 Jan 2006 15:04:05") + " GMT"}
	for k, v := range r.User {
		meta["X-Amz-Meta-"+k] = v
	}
	sum, _, _ := strings.Cut(r.ETag, "-")
	hash, _ := hex.DecodeString(sum)
	return &gofakes3.Object{Name: r.Key, Size: r.Size, Hash: hash, Metadata: meta}
}

func (b *backend) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	rec, err := b.s.head(bucket, key)
	if err != nil {
		return nil, translate(err)
	}
	o := rec.fake()
	o.Contents = io.NopCloser(strings.NewReader(""))
	return o, nil
}

func (b *backend) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, translate(b.s.remove(bucket, key, condition{}))
}

func (b *backend) PutObject(bucket, key string, meta map[string]string, in io.Reader, size int64, want *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	rec := &record{Headers: map[string]string{}, User: map[string]string{}}
	for k, v := range meta {
		if user, ok := strings.CutPrefix(strings.ToLower(k), "x-amz-meta-"); ok {
			rec.User[user] = v
		} else if k == "Content-Type" || k == "Content-Encoding" || k == "Content-Disposition" {
			rec.Headers[k] = v
		}
	}
	var c condition
	if want != nil {
		c.ifNoneMatch = want.IfNoneMatch != nil
		if want.IfMatch != nil {
			c.ifMatch = unquote(*want.IfMatch)
		}
	}
	return gofakes3.PutObjectResult{}, translate(b.s.write(context.Background(), bucket, key, in, rec, expectation{length: size}, c))
}

func (b *backend) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	var out gofakes3.MultiDeleteResult
	for _, key := range keys {
		if err := b.s.remove(bucket, key, condition{}); err != nil {
			e := gofakes3.ErrorResultFromError(translate(err))
			e.Key = key
			out.Error = append(out.Error, e)
			continue
		}
		out.Deleted = append(out.Deleted, gofakes3.ObjectID{Key: key})
	}
	return out, nil
}

func (b *backend) CopyObject(srcBucket, srcKey, dstBucket, dstKey string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(b, srcBucket, srcKey, dstBucket, dstKey, meta)
}

func (b *backend) CreateMultipartUpload(string, string, map[string]string) (gofakes3.UploadID, error) {
	return "", gofakes3.ErrNotImplemented // server.createUpload answers it
}

func (b *backend) UploadPart(string, string, gofakes3.UploadID, int, int64, io.Reader) (string, error) {
	return "", gofakes3.ErrNotImplemented // server.uploadPart answers it
}

func (b *backend) CompleteMultipartUpload(string, string, gofakes3.UploadID, *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	return "", "", gofakes3.ErrNotImplemented // server.completeUpload answers it
}

func (b *backend) ListMultipartUploads(bucket string, marker *gofakes3.UploadListMarker, prefix gofakes3.Prefix, limit int64) (*gofakes3.ListMultipartUploadsResult, error) {
	all, err := b.s.uploads(bucket)
	if err != nil {
		return nil, translate(err)
	}
	out := &gofakes3.ListMultipartUploadsResult{Bucket: bucket, MaxUploads: limit, Prefix: prefix.Prefix, Delimiter: prefix.Delimiter}
	passed := marker == nil || marker.Object == ""
	if !passed {
		out.KeyMarker, out.UploadIDMarker = marker.Object, marker.UploadID
	}
	for _, u := range all {
		if !strings.HasPrefix(u.Key, prefix.Prefix) {
			continue
		}
		if !passed {
			if u.Key < marker.Object || u.Key == marker.Object && string(marker.UploadID) != "" && u.ID != string(marker.UploadID) {
				continue
			}
			passed = true
			if u.Key == marker.Object {
				continue
			}
		}
		if int64(len(out.Uploads)) == limit {
			out.IsTruncated = true
			break
		}
		out.Uploads = append(out.Uploads, gofakes3.ListMultipartUploadItem{Key: u.Key, UploadID: gofakes3.UploadID(u.ID), Initiated: gofakes3.NewContentTime(u.Started)})
		out.NextKeyMarker, out.NextUploadIDMarker = u.Key, gofakes3.UploadID(u.ID)
	}
	return out, nil
}

func (b *backend) ListParts(bucket, key string, id gofakes3.UploadID, marker int, limit int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	u, err := b.s.readUpload(bucket, key, string(id))
	if err != nil {
		return nil, translate(err)
	}
	parts, err := b.s.parts(u.ID)
	if err != nil {
		return nil, translate(err)
	}
	out := &gofakes3.ListMultipartUploadPartsResult{Bucket: bucket, Key: key, UploadID: id, PartNumberMarker: marker, MaxParts: limit}
	for _, p := range parts {
		if p.Number <= marker {
			continue
		}
		if int64(len(out.Parts)) == limit {
			out.IsTruncated = true
			break
		}
		out.Parts = append(out.Parts, gofakes3.ListMultipartUploadPartItem{PartNumber: p.Number, ETag: quote(p.ETag), Size: p.Size, LastModified: gofakes3.NewContentTime(p.Modified)})
		out.NextPartNumberMarker = p.Number
	}
	return out, nil
}

func (b *backend) AbortMultipartUpload(bucket, key string, id gofakes3.UploadID) error {
	u, err := b.s.readUpload(bucket, key, string(id))
	if err != nil {
		return translate(err)
	}
	return translate(b.s.abort(u.ID))
}
