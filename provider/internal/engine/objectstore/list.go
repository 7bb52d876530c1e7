package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore/wire"
)

// Query selects what a listing returns.
type Query struct {
	Prefix    string
	Delimiter string
	After     string // keys and common prefixes up to and including this one are left out
	Max       int    // of keys and common prefixes together; < 0: no limit
}

// page is one listing.
type page struct {
	Objects   []*Record
	Prefixes  []string
	Truncated bool
	Last      string // the last key or common prefix
}

var errPageFull = errors.New("page full")

// Page walks the keys of a bucket in the order of their bytes.
func (s *Store) Page(bucket string, q Query) (page, error) {
	var p page
	if _, err := s.Bucket(bucket); err != nil {
		return p, err
	}
	if q.Max == 0 {
		return p, nil
	}
	skip := "" // subtree that is rolled up already
	w := walker{s: s,
		enter: func(prefix string) bool {
			if !strings.HasPrefix(prefix, q.Prefix) && !strings.HasPrefix(q.Prefix, prefix) {
				return false
			}
			if skip != "" && strings.HasPrefix(prefix, skip) {
				return false
			}
			return prefix > q.After || strings.HasPrefix(q.After, prefix)
		},
		key: func(key, dir string) error {
			if !strings.HasPrefix(key, q.Prefix) || key <= q.After || skip != "" && strings.HasPrefix(key, skip) {
				return nil
			}
			common := ""
			if q.Delimiter != "" {
				if i := strings.Index(key[len(q.Prefix):], q.Delimiter); i >= 0 {
					common = key[:len(q.Prefix)+i+len(q.Delimiter)]
				}
			}
			if common != "" && common == q.After { // the former page ended with it
				skip = common
				return nil
			}
			if q.Max > 0 && len(p.Objects)+len(p.Prefixes) == q.Max {
				p.Truncated = true
				return errPageFull
			}
			if common != "" {
				skip = common
				p.Prefixes = append(p.Prefixes, common)
				p.Last = common
				return nil
			}
			rec, err := s.readRecord(dir)
			if errors.Is(err, ErrNoSuchKey) { // deleted since the folder was read
				return nil
			}
			if err != nil {
				return err
			}
			rec.Key = key
			p.Objects = append(p.Objects, rec)
			p.Last = key
			return nil
		}}
	err := w.walk(bucket, "", "")
	if err != nil && !errors.Is(err, errPageFull) {
		return page{}, err
	}
	return p, nil
}

// walker visits keys in order. enter decides on the subtree of keys with a prefix that ends in "/".
type walker struct {
	s     *Store
	enter func(prefix string) bool
	key   func(key, dir string) error
}

// branch is either an object at a folder or the subtree below it.
type branch struct {
	name    string // of the object, or with "/" of the subtree: their order is the keys' order
	dir     string
	subtree bool
}

func (w *walker) walk(dir, prefix, encoded string) error {
	branches, err := w.branches(dir, encoded)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // deleted since its parent was read
			return nil
		}
		return err
	}
	slices.SortFunc(branches, func(a, b branch) int { return strings.Compare(a.name, b.name) })
	for _, b := range branches {
		if !b.subtree {
			if err := w.key(prefix+b.name, b.dir); err != nil {
				return err
			}
		} else if w.enter(prefix + b.name) {
			if err := w.walk(b.dir, prefix+b.name, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// branches reads one folder; encoded is the beginning of a long segment that continues in it.
func (w *walker) branches(dir, encoded string) ([]branch, error) {
	entries, err := w.s.readDir(dir)
	if err != nil {
		return nil, err
	}
	var out []branch
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || strings.HasPrefix(name, "+") {
			continue // the store's own files, and links, which are never followed
		}
		sub := dir + "/" + name
		if part, ok := strings.CutSuffix(name, "+"); ok {
			more, err := w.branches(sub, encoded+part)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			out = append(out, more...)
			continue
		}
		seg, ok := unescape(encoded + name)
		if !ok {
			continue
		}
		if _, err := w.s.root.Lstat(sub + "/" + objectFile); err == nil {
			out = append(out, branch{name: seg, dir: sub})
		}
		out = append(out, branch{name: seg + "/", dir: sub, subtree: true})
	}
	return out, nil
}

// List returns the objects whose key starts with prefix, in the order of their keys.
func (s *Store) List(_ context.Context, bucket, prefix string) ([]Object, error) {
	p, err := s.Page(bucket, Query{Prefix: prefix, Max: -1})
	if err != nil {
		return nil, fmt.Errorf("list s3://%s/%s: %w", bucket, prefix, err)
	}
	out := make([]Object, len(p.Objects))
	for i, r := range p.Objects {
		out[i] = r.object(bucket)
	}
	return out, nil
}

// Match is an object and the path of the file it becomes below a directory.
type Match struct {
	Key  string
	Path string
}

// Matches returns what SageMaker gives a job for an S3Prefix: an object with exactly this key as
// one file, or every object under the prefix at its path below it, in the order of the keys. The
// error is ErrNoSuchKey when there is nothing at the prefix.
func (s *Store) Matches(ctx context.Context, bucket, prefix string) ([]Match, error) {
	if prefix != "" {
		if _, err := s.Record(bucket, prefix); err == nil {
			return []Match{{prefix, path.Base(prefix)}}, nil
		}
	}
	objects, err := s.List(ctx, bucket, prefix)
	if err != nil {
		return nil, err
	}
	var matches []Match
	for _, o := range objects {
		rel := strings.TrimPrefix(o.Key, prefix)
		if prefix != "" && !strings.HasSuffix(prefix, "/") && !strings.HasPrefix(rel, "/") {
			// "runs/a" also begins "runs/ab": SageMaker takes these too, named by the rest of
			// the last segment's whole name.
			rel = o.Key[strings.LastIndexByte(prefix, '/')+1:]
		}
		rel = strings.TrimPrefix(rel, "/")
		if rel == "" || strings.HasSuffix(rel, "/") { // a console "folder"
			continue
		}
		matches = append(matches, Match{o.Key, rel})
	}
	if len(matches) == 0 {
		return nil, fmt.Errorf("download s3://%s/%s: %w", bucket, prefix, wire.ErrNoSuchKey)
	}
	return matches, nil
}

// Download copies the objects under an S3Prefix into dir, see Matches. It returns how many files it
// wrote. Keys that would leave dir are refused.
func (s *Store) Download(ctx context.Context, bucket, prefix, dir string) (int, error) {
	matches, err := s.Matches(ctx, bucket, prefix)
	if err != nil {
		return 0, err
	}
	return s.Fetch(ctx, bucket, matches, dir)
}

// Fetch copies objects to their paths below dir, which is made when missing.
func (s *Store) Fetch(ctx context.Context, bucket string, matches []Match, dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	for n, m := range matches {
		if err := s.fetch(ctx, root, bucket, m.Key, m.Path); err != nil {
			return n, err
		}
	}
	return len(matches), nil
}

func (s *Store) fetch(ctx context.Context, root *os.Root, bucket, key, rel string) error {
	if !filepath.IsLocal(rel) {
		return fmt.Errorf("download s3://%s/%s: the key leads out of the directory it is copied to", bucket, key)
	}
	src, _, err := s.Get(ctx, bucket, key)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := root.MkdirAll(path.Dir(rel), 0o755); err != nil {
		return fmt.Errorf("download s3://%s/%s: %w", bucket, key, err)
	}
	dst, err := root.Create(rel)
	if err != nil {
		return fmt.Errorf("download s3://%s/%s: %w", bucket, key, err)
	}
	if _, err := io.Copy(dst, &cancelReader{ctx, src}); err != nil {
		dst.Close()
		return fmt.Errorf("download s3://%s/%s: %w", bucket, key, err)
	}
	return dst.Close()
}

// Upload copies the regular files under dir to prefix + "/" + their slash path. Symbolic links
// that leave dir are refused. It returns how many files it wrote.
func (s *Store) Upload(ctx context.Context, dir, bucket, prefix string) (int, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("upload %s: %w", dir, err)
	}
	defer root.Close()
	n := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := root.Stat(name) // follows links, within dir only
		if err != nil {
			return fmt.Errorf("%s leads out of %s or to nothing: %w", name, dir, err)
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := s.Put(ctx, bucket, strings.TrimPrefix(strings.TrimSuffix(prefix, "/")+"/"+name, "/"), f, PutOptions{}); err != nil {
			return err
		}
		n++
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("upload %s: %w", dir, err)
	}
	return n, nil
}
