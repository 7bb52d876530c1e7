package jobs

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

// source is the S3 data of a channel or of a processing input.
type source struct {
	uri      string
	manifest bool // uri names a manifest that lists the objects
	sharded  bool // each host gets its share of the objects
}

// maxManifest bounds a manifest, in bytes.
const maxManifest = 64 << 20

// matches lists the objects of a source with the paths they get, or a reason to fail the job.
func (j *Jobs) matches(ctx context.Context, s source) (bucket string, matches []objectstore.Match, err error) {
	var prefix string
	bucket, prefix, err = objectstore.ParseURI(s.uri)
	if err != nil {
		return "", nil, clientError("Data download failed: %v", err)
	}
	if s.manifest {
		bucket, matches, err = j.readManifest(ctx, bucket, prefix)
	} else {
		matches, err = j.Objects.Matches(ctx, bucket, prefix)
	}
	var told *failure
	switch {
	case errors.As(err, &told):
		return "", nil, err
	case errors.Is(err, objectstore.ErrNoSuchBucket):
		return "", nil, clientError("Data download failed: NoSuchBucket: the bucket of %s does not exist", s.uri)
	case errors.Is(err, objectstore.ErrNoSuchKey):
		return "", nil, clientError("Data download failed: No S3 objects found under S3 URL %q given in input data source", s.uri)
	case err != nil && ctx.Err() == nil:
		return "", nil, clientError("Data download failed: %s: %v", s.uri, err)
	}
	return bucket, matches, err
}

// readManifest reads a manifest as the service defines it: [{"prefix": "s3://bucket/path/"},
// "relative/key", ...].
func (j *Jobs) readManifest(ctx context.Context, bucket, key string) (string, []objectstore.Match, error) {
	body, _, err := j.Objects.Get(ctx, bucket, key)
	if err != nil {
		return "", nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxManifest))
	if err != nil {
		return "", nil, err
	}
	bad := func(detail string) error {
		return clientError("Data download failed: the manifest s3://%s/%s is not usable: %s; want [{\"prefix\": \"s3://bucket/path/\"}, \"key\", ...]", bucket, key, detail)
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
func (s source) share(matches []objectstore.Match, host, hosts int) []objectstore.Match {
	if !s.sharded || hosts == 1 {
		return matches
	}
	var share []objectstore.Match
	for i := host; i < len(matches); i += hosts {
		share = append(share, matches[i])
	}
	return share
}

// download puts a host's share of a source into dir.
func (j *Jobs) download(s source, dir string, host, hosts int) error {
	bucket, matches, err := j.matches(j.ctx, s)
	if err != nil {
		return err
	}
	_, err = j.Objects.Fetch(j.ctx, bucket, s.share(matches, host, hosts), dir)
	if err != nil && j.ctx.Err() == nil {
		return clientError("Data download failed: %s: %v", s.uri, err)
	}
	return err
}
