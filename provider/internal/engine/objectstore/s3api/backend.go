package s3api

import (
	"errors"
	"io"

	"github.com/johannesboyne/gofakes3"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// backend gives gofakes3 what it still answers: deletion of buckets and ends of multipart uploads.
type backend struct{ s *objectstore.Store }

var (
	_ gofakes3.Backend          = (*backend)(nil)
	_ gofakes3.MultipartBackend = (*backend)(nil)
)

// translate turns the store's errors into gofakes3's.
func translate(err error) error {
	if err == nil {
		return nil
	}
	e := wire.AsError(err)
	return gofakes3.ErrorMessage(gofakes3.ErrorCode(e.Code), e.Message)
}

func (b *backend) BucketExists(name string) (bool, error) {
	_, err := b.s.Bucket(name)
	if errors.Is(err, objectstore.ErrNoSuchBucket) {
		return false, nil
	}
	return err == nil, translate(err)
}

func (b *backend) DeleteBucket(name string) error { return translate(b.s.DeleteBucket(name)) }

func (b *backend) AbortMultipartUpload(bucket, key string, id gofakes3.UploadID) error {
	u, err := b.s.FindUpload(bucket, key, string(id))
	if err != nil {
		return translate(err)
	}
	return translate(b.s.Abort(u.ID))
}

// The rest of the interface is for routes that server answers itself.

func (b *backend) ListMultipartUploads(string, *gofakes3.UploadListMarker, gofakes3.Prefix, int64) (*gofakes3.ListMultipartUploadsResult, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) ListParts(string, string, gofakes3.UploadID, int, int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) ListBuckets() ([]gofakes3.BucketInfo, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) ListBucket(string, *gofakes3.Prefix, gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) CreateBucket(string) error { return gofakes3.ErrNotImplemented }

func (b *backend) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }

func (b *backend) GetObject(string, string, *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) HeadObject(string, string) (*gofakes3.Object, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) DeleteObject(string, string) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) PutObject(string, string, map[string]string, io.Reader, int64, *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	return gofakes3.PutObjectResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) DeleteMulti(string, ...string) (gofakes3.MultiDeleteResult, error) {
	return gofakes3.MultiDeleteResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) CopyObject(string, string, string, string, map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObjectResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) CreateMultipartUpload(string, string, map[string]string) (gofakes3.UploadID, error) {
	return "", gofakes3.ErrNotImplemented
}

func (b *backend) UploadPart(string, string, gofakes3.UploadID, int, int64, io.Reader) (string, error) {
	return "", gofakes3.ErrNotImplemented
}

func (b *backend) CompleteMultipartUpload(string, string, gofakes3.UploadID, *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	return "", "", gofakes3.ErrNotImplemented
}
