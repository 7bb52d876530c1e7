// Package channel brings the inputs of jobs to their containers: as files, or streamed through pipes. In go S3 URIs or manifests and a host's
// number, out comes that host's share.
package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
)

// Source is the S3 data of a channel or of a processing input.
type Source struct {
	Objects  *objectstore.Store
	URI      string
	Manifest bool // URI names a manifest that lists the objects
	Sharded  bool // each host gets its share of the objects
}

// Error is what is wrong with the data, for whoever named it.
type Error struct{ text string }

func (e *Error) Error() string { return e.text }

func errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// maxManifest bounds a manifest, in bytes.
const maxManifest = 64 << 20

// matches lists the objects of a source with the paths they get, or a reason to fail the job.
func (s Source) matches(ctx context.Context) (bucket string, matches []objectstore.Match, err error) {
	var prefix string
	bucket, prefix, err = objectstore.ParseURI(s.URI)
	if err != nil {
		return "", nil, errorf("%v", err)
	}
	if s.Manifest {
		bucket, matches, err = s.readManifest(ctx, bucket, prefix)
	} else {
		matches, err = s.Objects.Matches(ctx, bucket, prefix)
	}
	var told *Error
	switch {
	case errors.As(err, &told):
		return "", nil, err
	case errors.Is(err, objectstore.ErrNoSuchBucket):
		return "", nil, errorf("NoSuchBucket: the bucket of %s does not exist", s.URI)
	case errors.Is(err, objectstore.ErrNoSuchKey):
		return "", nil, errorf("No S3 objects found under S3 URL %q given in input data source", s.URI)
	case err != nil && ctx.Err() == nil:
		return "", nil, errorf("%s: %v", s.URI, err)
	}
	return bucket, matches, err
}

// readManifest reads a manifest as the service defines it: [{"prefix": "s3://bucket/path/"},
// "relative/key", ...].
func (s Source) readManifest(ctx context.Context, bucket, key string) (string, []objectstore.Match, error) {
	body, _, err := s.Objects.Get(ctx, bucket, key)
	if err != nil {
		return "", nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxManifest))
	if err != nil {
		return "", nil, err
	}
	bad := func(detail string) error {
		return errorf("the manifest s3://%s/%s is not usable: %s; want [{\"prefix\": \"s3://bucket/path/\"}, \"key\", ...]", bucket, key, detail)
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return "", nil, bad(err.Error())
	}
	var head struct {
		Prefix string `json:"prefix"`
	}
	if len(entries) == 0 || json.Unmarshal(entries[0], &head) != nil || head.Prefix == "" {
		return "", nil, bad("its first element names no prefix")
	}
	from, prefix, err := objectstore.ParseURI(head.Prefix)
	if err != nil {
		return "", nil, bad(err.Error())
	}
	var matches []objectstore.Match
	for i, entry := range entries[1:] {
		var name string
		if err := json.Unmarshal(entry, &name); err != nil {
			return "", nil, bad(fmt.Sprintf("element %d is no string", i+2))
		}
		matches = append(matches, objectstore.Match{Key: prefix + name, Path: strings.TrimPrefix(path.Clean("/"+name), "/")})
	}
	return from, matches, nil
}

// share returns what of a source's objects one host gets: all of them, or every so-many-th.
func (s Source) share(matches []objectstore.Match, host, hosts int) []objectstore.Match {
	if !s.Sharded || hosts == 1 {
		return matches
	}
	var share []objectstore.Match
	for i := host; i < len(matches); i += hosts {
		share = append(share, matches[i])
	}
	return share
}

// Download puts a host's share of a source into dir.
func (s Source) Download(ctx context.Context, dir string, host, hosts int) error {
	bucket, matches, err := s.matches(ctx)
	if err != nil {
		return err
	}
	_, err = s.Objects.Fetch(ctx, bucket, s.share(matches, host, hosts), dir)
	if err != nil && ctx.Err() == nil {
		return errorf("%s: %v", s.URI, err)
	}
	return err
}
