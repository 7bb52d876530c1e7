package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func targz(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	tw := tar.NewWriter(gz)
	for _, h := range headers {
		body := ""
		if h.Typeflag == tar.TypeReg {
			body = "content"
			if h.Size > 0 {
				body = strings.Repeat("x", int(h.Size))
			}
			h.Size = int64(len(body))
		}
		if err := tw.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// followed packs an archive anew with so many zeros after its end.
func followed(t testing.TB, archive []byte, zeros int) []byte {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	_, err = io.Copy(gz, io.MultiReader(unzipped, bytes.NewReader(make([]byte, zeros))))
	if err := errors.Join(err, gz.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestUnpackRefusals(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644} }
	good := targz(t, file("./model.json"), file("sub/deep/x"), tar.Header{Typeflag: tar.TypeDir, Name: "empty/"})
	plain := bytes.Repeat([]byte("not an archive"), 100)
	sized := func(name string, size int64) tar.Header {
		return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}
	}
	broken := bytes.Clone(good)
	broken[len(broken)-6] ^= 0xff
	for _, tt := range []struct {
		name string
		data []byte
		want string // part of the error, "" for none
	}{
		{"good", good, ""},
		{"twice the same file", targz(t, file("a"), file("a")), ""},
		{"deep", targz(t, file(strings.Repeat("d/", 65)+"f")), "131 bytes in 65 directories, at most 4096 in 64"},
		{"long name", targz(t, file(strings.Repeat("n", 5000))), "its name has 5000 bytes"},
		{"parent", targz(t, file("../evil")), `entry "../evil": its name leads out`},
		{"hidden parent", targz(t, file("a/../../evil")), "leads out"},
		{"absolute", targz(t, file("/etc/evil")), "is absolute"},
		{"symlink", targz(t, tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "/etc"}, file("l/evil")), `it is a link to "/etc"`},
		{"hard link", targz(t, tar.Header{Typeflag: tar.TypeLink, Name: "l", Linkname: "/etc/passwd"}), "it is a link"},
		{"device", targz(t, tar.Header{Typeflag: tar.TypeChar, Name: "d"}), "neither a file nor a directory"},
		{"pipe", targz(t, tar.Header{Typeflag: tar.TypeFifo, Name: "p"}), "neither a file nor a directory"},
		{"file below file", targz(t, file("a"), file("a/b")), `entry "a/b"`},
		{"as deep as may be", targz(t, file(strings.Repeat("d/", 64)+"f")), ""},
		{"as large as may be", targz(t, sized("big", 1000)), ""},
		{"one byte more", targz(t, sized("big", 1001)), "more than 1000 bytes"},
		{"too large together", targz(t, sized("half", 600), sized("other", 600)), `entry "other": the archive unpacks to more than 1000 bytes`},
		{"as many as may be", targz(t, file("1"), file("2"), file("3"), file("4")), ""},
		{"backslash", targz(t, file(`a\..\evil`)), "has a character that no file name may have"},
		{"padded", followed(t, good, 512<<10), ""},
		{"endless", followed(t, good, 2<<20), "more than 1048576 bytes follow the end of the archive"},
		{"too large", targz(t, tar.Header{Typeflag: tar.TypeReg, Name: "big", Size: 2000}), "more than 1000 bytes"},
		{"too many", targz(t, file("1"), file("2"), file("3"), file("4"), file("5")), "more than 4 entries"},
		{"not gzip", plain, "not a gzip file"},
		{"empty", nil, "ends too early"},
		{"cut", good[:len(good)/2], "ends too early"},
		{"wrong checksum", broken, "checksum"},
	} {
		dir := filepath.Join(t.TempDir(), "in")
		err := Unpack(t.Context(), bytes.NewReader(tt.data), dir, Limits{Bytes: 1000, Entries: 4})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if around, _ := os.ReadDir(filepath.Dir(dir)); len(around) != 1 {
			t.Errorf("%s: wrote outside its directory: %v", tt.name, around)
		}
	}
}

func TestPackIsDeterministicAndComesBack(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"model.json": 0o644, "bin/run": 0o755, "b": 0o600} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("model.json", filepath.Join(dir, "latest")); err != nil {
		t.Fatal(err)
	}
	pack := func() []byte {
		var b bytes.Buffer
		if err := Pack(t.Context(), dir, &b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	first := pack()
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "b"), later, later); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, pack()) {
		t.Error("two packs of the same content differ")
	}
	out := t.TempDir()
	if err := Unpack(t.Context(), bytes.NewReader(first), out, Limits{}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(out, "latest")); string(got) != "model.json" || err != nil {
		t.Errorf("link: %s %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(out, "bin/run")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "evil")); err != nil {
		t.Fatal(err)
	}
	if err := Pack(t.Context(), dir, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "evil") {
		t.Errorf("a link out of the model was packed: %v", err)
	}
	var empty bytes.Buffer
	if err := Pack(t.Context(), t.TempDir(), &empty); err != nil {
		t.Fatal(err)
	}
	if err := Unpack(t.Context(), &empty, t.TempDir(), Limits{}); err != nil {
		t.Errorf("an empty archive: %v", err)
	}
}

// FuzzUnpack looks for anything that leaves its directory, makes a link, or breaks the limits.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte("no archive"), true)
	f.Add(targz(f, tar.Header{Typeflag: tar.TypeReg, Name: "a/b"}), false)
	f.Add(targz(f, tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: ".."}, tar.Header{Typeflag: tar.TypeReg, Name: "l/x"}), false)
	f.Fuzz(func(t *testing.T, data []byte, wrap bool) {
		if wrap { // let the fuzzer work on the tar, not on gzip's checksums
			var b bytes.Buffer
			gz := gzip.NewWriter(&b)
			gz.Write(data)
			gz.Close()
			data = b.Bytes()
		}
		top := t.TempDir()
		dir := filepath.Join(top, "in")
		err := Unpack(t.Context(), bytes.NewReader(data), dir, Limits{Bytes: 1 << 20, Entries: 100})
		var total int64
		walkErr := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if path != top && path != dir && !strings.HasPrefix(path, dir+string(filepath.Separator)) {
				t.Errorf("%s is outside", path)
			}
			if !info.IsDir() && !info.Mode().IsRegular() {
				t.Errorf("%s is %s", path, info.Mode())
			}
			if info.Mode().IsRegular() {
				total += info.Size()
			}
			return nil
		})
		if walkErr != nil {
			t.Fatal(walkErr)
		}
		if total > 1<<20 {
			t.Errorf("%d bytes were written, err %v", total, err)
		}
	})
}
