package survival

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive packs entries; a nil body makes a symbolic link to /etc/passwd.
func archive(t testing.TB, names []string, bodies [][]byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	out := tar.NewWriter(zipped)
	for i, name := range names {
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(bodies[i]))}
		if bodies[i] == nil {
			header.Typeflag, header.Linkname = tar.TypeSymlink, "/etc/passwd"
		}
		if err := out.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(bodies[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func fittedModel(t testing.TB) (*Model, []byte) {
	t.Helper()
	model, err := Fit(everybody(t), DefaultSettings)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := model.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return model, encoded
}

func TestOpen(t *testing.T) {
	model, encoded := fittedModel(t)
	for _, file := range []struct {
		name    string
		content []byte
	}{
		{ModelFile, encoded},
		{ArchiveFile, archive(t, []string{"notes.txt", "./model.json"}, [][]byte{[]byte("hello"), encoded})},
	} {
		t.Run(file.name, func(t *testing.T) {
			directory := t.TempDir()
			if err := os.WriteFile(filepath.Join(directory, file.name), file.content, 0o600); err != nil {
				t.Fatal(err)
			}
			opened, err := Open(directory)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range everybody(t) {
				if got, want := opened.Score(row.Passenger), model.Score(row.Passenger); got != want {
					t.Fatalf("passenger %d scores %v, before saving it was %v", row.ID, got, want)
				}
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	_, encoded := fittedModel(t)
	whole := archive(t, []string{ModelFile}, [][]byte{encoded})
	many, empty := make([]string, mostEntries+1), make([][]byte, mostEntries+1)
	for i := range many {
		many[i], empty[i] = "x", []byte{}
	}
	tests := []struct {
		name    string
		file    string
		content []byte
		want    string
	}{
		{"nothing there", "other.bin", nil, "has neither model.json nor model.tar.gz"},
		{"not gzip", ArchiveFile, []byte("hello"), "not a gzip file"},
		{"cut short", ArchiveFile, whole[:len(whole)/2], "unexpected EOF"},
		{"no model", ArchiveFile, archive(t, []string{"readme"}, [][]byte{[]byte("x")}), "no model.json in the archive"},
		{"two models", ArchiveFile, archive(t, []string{ModelFile, "./model.json"}, [][]byte{encoded, encoded}), "twice"},
		{"climbs out", ArchiveFile, archive(t, []string{"../model.json"}, [][]byte{encoded}), `"../model.json" points outside`},
		{"climbs out after the model", ArchiveFile, archive(t, []string{ModelFile, "a/../../b"}, [][]byte{encoded, []byte("x")}), "points outside"},
		{"absolute", ArchiveFile, archive(t, []string{"/etc/model.json"}, [][]byte{encoded}), "points outside"},
		{"link", ArchiveFile, archive(t, []string{ModelFile}, [][]byte{nil}), "neither a file nor a directory"},
		{"too many entries", ArchiveFile, archive(t, many, empty), "more than 1000 entries"},
		{"a bomb", ArchiveFile, archive(t, []string{ModelFile}, [][]byte{make([]byte, mostModelBytes+1)}), "larger than 16 MiB"},
		{"not JSON", ModelFile, []byte("{"), "decode the model"},
		{"another kind", ModelFile, []byte(`{"schema":1,"kind":"forest"}`), `got kind "forest" of schema 1`},
		{"renamed term", ModelFile, bytes.Replace(encoded, []byte(`"female"`), []byte(`"male"`), 1), `term 1 is "male", expected "female"`},
		{"missing term", ModelFile, bytes.Replace(encoded, []byte(`"features": "full"`), []byte(`"features": "plain"`), 1), "got 19 terms, expected 6"},
		{"unknown features", ModelFile, bytes.Replace(encoded, []byte(`"features": "full"`), []byte(`"features": "x"`), 1), `features "x" is not known`},
		{"threshold", ModelFile, bytes.Replace(encoded, []byte(`"threshold": 0.5`), []byte(`"threshold": 5`), 1), "threshold is 5"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			directory := t.TempDir()
			if err := os.WriteFile(filepath.Join(directory, test.file), test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(directory); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, expected %q", err, test.want)
			}
		})
	}
}
