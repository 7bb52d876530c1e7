package objectstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be a writer that is killed: "write DIR".
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "write" {
		write(os.Args[2])
	}
	os.Exit(m.Run())
}

const crashSize = 2 << 20

// write puts ever new content under one key, each of one letter, and says what was acknowledged.
func write(dir string) {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		panic(err)
	}
	for i := 0; ; i++ {
		letter := byte('a' + i%26)
		if _, err := s.Put(context.Background(), "bkt", "k", bytes.NewReader(bytes.Repeat([]byte{letter}, crashSize)), PutOptions{Metadata: map[string]string{"letter": string(letter)}}); err != nil {
			panic(err)
		}
		fmt.Printf("%c\n", letter)
	}
}

func newStore(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.EnsureBucket(t.Context(), "bkt"); err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestKilledPutLeavesOldOrNew(t *testing.T) {
	first, dir := newStore(t)
	first.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 12 {
		cmd := exec.Command(self, "write", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan()
		last := lines.Text()
		time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, func() { cmd.Process.Kill() })
		for lines.Scan() {
			last = lines.Text()
		}
		cmd.Wait() // it was killed
		s, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		f, o, err := s.Get(t.Context(), "bkt", "k")
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		got, err := io.ReadAll(f)
		f.Close()
		if err != nil || len(got) != crashSize || o.Size != crashSize {
			t.Fatalf("round %d: %d bytes of %d, %v", round, len(got), crashSize, err)
		}
		letter := got[0]
		if !bytes.Equal(got, bytes.Repeat([]byte{letter}, crashSize)) || o.Metadata["letter"] != string(letter) {
			t.Fatalf("round %d: content and metadata are of different puts", round)
		}
		next := byte('a' + (last[0]-'a'+1)%26)
		if letter != last[0] && letter != next {
			t.Errorf("round %d: %c was acknowledged, %c is stored", round, last[0], letter)
		}
		if left, err := os.ReadDir(filepath.Join(dir, tmpDir)); err != nil || len(left) != 0 {
			t.Errorf("round %d: temporary files %v %v", round, left, err)
		}
		s.Close()
	}
}

func TestGoAPI(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	o, err := s.Put(ctx, "bkt", "a/b.txt", strings.NewReader("one"), PutOptions{ContentType: "text/plain", IfNoneMatch: true})
	if err != nil || o.Size != 3 || o.ETag != "f97c5d29941bfb1b2fdab0874906ab82" {
		t.Fatalf("%+v %v", o, err)
	}
	if _, err := s.Put(ctx, "bkt", "a/b.txt", strings.NewReader("two"), PutOptions{IfNoneMatch: true}); !errors.Is(err, ErrPreconditionFailed) {
		t.Error(err)
	}
	if _, err := s.Put(ctx, "bkt", "none", strings.NewReader("two"), PutOptions{IfMatch: o.ETag}); !errors.Is(err, ErrNoSuchKey) {
		t.Error(err)
	}
	f, _, err := s.Get(ctx, "bkt", "a/b.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(ctx, "bkt", "a/b.txt", strings.NewReader("two"), PutOptions{IfMatch: o.ETag}); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(f); string(b) != "one" || err != nil {
		t.Errorf("an open object changed to %q, %v", b, err)
	}
	f.Close()
	if _, err := s.Put(ctx, "bkt", "a/b.txt", io.MultiReader(strings.NewReader("x"), errorReader{}), PutOptions{}); err == nil {
		t.Error("a broken body was stored")
	}
	if h, err := s.Head(ctx, "bkt", "a/b.txt"); err != nil || h.Size != 3 || h.ContentType != "binary/octet-stream" {
		t.Errorf("%+v %v", h, err)
	}
	if err := s.Delete(ctx, "bkt", "a/b.txt"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(ctx, "bkt", "a/b.txt"); err != nil {
		t.Error(err)
	}
	if _, err := s.Head(ctx, "bkt", "a/b.txt"); !errors.Is(err, ErrNoSuchKey) {
		t.Error(err)
	}
	if _, err := s.Head(ctx, "other", "a"); !errors.Is(err, ErrNoSuchBucket) {
		t.Error(err)
	}
	if err := s.EnsureBucket(ctx, "../escape"); err == nil {
		t.Error("a bucket name with .. was accepted")
	}
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("the network broke") }

func TestDownloadAndUpload(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	src := t.TempDir()
	for name, body := range map[string]string{"x": "1", "sub/y": "2", "sub/deep/z": "3"} {
		if err := os.MkdirAll(filepath.Join(src, path.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(src, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Upload(ctx, src, "bkt", "out/"); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	for _, tt := range []struct {
		prefix string
		want   string // files, "!" for an error
	}{
		{"out", "sub/deep/z sub/y x"},
		{"out/", "sub/deep/z sub/y x"},
		{"out/sub", "deep/z y"},
		{"out/x", "x"},
		{"out/s", "sub/deep/z sub/y"},
		{"none", "!"},
	} {
		dir := t.TempDir()
		_, err := s.Download(ctx, "bkt", tt.prefix, dir)
		var got []string
		filepath.WalkDir(dir, func(p string, d os.DirEntry, _ error) error {
			if !d.IsDir() {
				rel, _ := filepath.Rel(dir, p)
				got = append(got, filepath.ToSlash(rel))
			}
			return nil
		})
		if tt.want == "!" && !errors.Is(err, ErrNoSuchKey) || tt.want != "!" && (err != nil || strings.Join(got, " ") != tt.want) {
			t.Errorf("%s: got %v %v, want %s", tt.prefix, got, err, tt.want)
		}
	}
	if _, err := s.Put(ctx, "bkt", "evil/../../x", strings.NewReader("x"), PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Download(ctx, "bkt", "evil/", t.TempDir()); err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Errorf("a key that leads out was downloaded: %v", err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(src, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Upload(ctx, src, "bkt", "out2"); err == nil || !strings.Contains(err.Error(), "link") {
		t.Errorf("a link out of the directory was uploaded: %v", err)
	}
}

func TestLinksInTheStoreLeadNowhere(t *testing.T) {
	s, dir := newStore(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, objectFile), []byte(`{"blob":"+data-1"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "bkt", "link")); err != nil {
		t.Fatal(err)
	}
	if o, err := s.List(t.Context(), "bkt", ""); err != nil || len(o) != 0 {
		t.Errorf("listed through a link: %v %v", o, err)
	}
	if _, err := s.Head(t.Context(), "bkt", "link"); err == nil {
		t.Error("read through a link")
	}
	if _, err := s.Put(t.Context(), "bkt", "link/x", strings.NewReader("x"), PutOptions{}); err == nil {
		t.Error("wrote through a link")
	}
}

// TestARecordNamesItsOwnBytes makes one object's record point at another's bytes.
func TestARecordNamesItsOwnBytes(t *testing.T) {
	s, dir := newStore(t)
	for _, key := range []string{"mine", "theirs"} {
		if _, err := s.Put(t.Context(), "bkt", key, strings.NewReader(key), PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	theirs, err := filepath.Glob(filepath.Join(dir, "bkt", "theirs", blobPrefix+"*"))
	if err != nil || len(theirs) != 1 {
		t.Fatal(theirs, err)
	}
	for _, blob := range []string{"../theirs/" + filepath.Base(theirs[0]), blobPrefix + "x/../../theirs/" + filepath.Base(theirs[0]), objectFile, ""} {
		if err := os.WriteFile(filepath.Join(dir, "bkt", "mine", objectFile), fmt.Appendf(nil, `{"key":"mine","blob":%q}`, blob), 0o600); err != nil {
			t.Fatal(err)
		}
		if f, _, err := s.Get(t.Context(), "bkt", "mine"); err == nil || !strings.Contains(err.Error(), "is no name of the store's") {
			t.Errorf("blob %q: %v, %v", blob, f, err)
		}
	}
}

// TestOverwrittenBytesGo counts what lies in the folder of an object that was written three times.
func TestOverwrittenBytesGo(t *testing.T) {
	s, dir := newStore(t)
	for _, body := range []string{"one", "two", "three"} {
		if _, err := s.Put(t.Context(), "bkt", "k", strings.NewReader(body), PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "bkt", "k", "*")); err != nil || len(left) != 2 {
		t.Errorf("an object is its record and its bytes; there are %v, %v", left, err)
	}
}

func TestParseURI(t *testing.T) {
	for in, want := range map[string]string{"s3://bkt/a/b": "bkt a/b", "s3://bkt": "bkt ", "s3://bkt/": "bkt ", "http://bkt/a": "", "s3:///a": "", "s3://B_d/a": "", "": ""} {
		bucket, key, err := ParseURI(in)
		if (err != nil) != (want == "") || err == nil && bucket+" "+key != want {
			t.Errorf("%s: %q %q %v", in, bucket, key, err)
		}
	}
}

// FuzzKeyPath checks that every key has a place of its own below its bucket.
func FuzzKeyPath(f *testing.F) {
	for _, k := range []string{"a", "a/b/", "a//b", "/abs", "../../etc/passwd", "a/../b", "+object.json", "x/+tmp", "ä/ö", "per%25cent", "new\nline", ".hidden",
		strings.Repeat("long", 100), strings.Repeat(".", 300)} {
		f.Add(k, k+"/")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		pa, pb := keyPath(a), keyPath(b)
		if (a == b) != (pa == pb) {
			t.Errorf("%q and %q have the places %q and %q", a, b, pa, pb)
		}
		if !filepath.IsLocal(pa) || pa == "." {
			t.Errorf("%q leads to %q", a, pa)
		}
		encoded := ""
		var segments []string
		for _, name := range strings.Split(pa, "/") {
			if strings.HasPrefix(name, "+") || strings.HasPrefix(name, ".") || len(name) > 255 {
				t.Errorf("%q has the name %q", a, name)
			}
			if part, more := strings.CutSuffix(name, "+"); more {
				encoded += part
				continue
			}
			seg, ok := unescape(encoded + name)
			if !ok {
				t.Errorf("%q does not come back from %q", a, pa)
			}
			segments = append(segments, seg)
			encoded = ""
		}
		if back := strings.Join(segments, "/"); back != a {
			t.Errorf("%q came back as %q", a, back)
		}
	})
}
