// Package objects reads and writes S3 objects by their URI, with limits and digests.
package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// ErrMissing is returned, wrapped, for an object that is not there.
var ErrMissing = errors.New("there is no such object")

// Bucket is the part of the S3 client that is used here.
type Bucket struct{ Client *s3.Client }

// Split takes s3://BUCKET/KEY apart.
func Split(uri string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, key, slash := strings.Cut(rest, "/")
	if !ok || !slash || bucket == "" || key == "" {
		return "", "", fmt.Errorf("got %q, expected s3://BUCKET/KEY", uri)
	}
	return bucket, key, nil
}

// Read returns an object of at most limit bytes.
func (b Bucket) Read(ctx context.Context, uri string, limit int64) ([]byte, error) {
	body, err := b.open(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	content, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", uri, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", uri, limit)
	}
	return content, nil
}

// Digest returns the SHA-256 of an object, in hex, without holding it in memory.
func (b Bucket) Digest(ctx context.Context, uri string) (string, error) {
	body, err := b.open(ctx, uri)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, body); err != nil {
		return "", fmt.Errorf("read %s: %w", uri, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Write puts an object.
func (b Bucket) Write(ctx context.Context, uri, contentType string, content []byte) error {
	bucket, key, err := Split(uri)
	if err != nil {
		return err
	}
	if _, err := b.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content), ContentType: &contentType}); err != nil {
		return fmt.Errorf("write %s: %w", uri, err)
	}
	return nil
}

func (b Bucket) open(ctx context.Context, uri string) (io.ReadCloser, error) {
	bucket, key, err := Split(uri)
	if err != nil {
		return nil, err
	}
	out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	var missing *types.NoSuchKey
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("read %s: %w", uri, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", uri, err)
	}
	return out.Body, nil
}
