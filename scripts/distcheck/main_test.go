package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// release makes a directory as goreleaser leaves it; change may drop or alter files of an archive.
func release(t *testing.T, change func(file string, holds []string) []string) string {
	t.Helper()
	root := t.TempDir()
	dist := filepath.Join(root, "dist")
	var sums strings.Builder
	put := func(name string, body []byte) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(dist, "metadata.json"), []byte(`{"version":"1.2.3"}`))
	for _, a := range archives("1.2.3") {
		holds := change(a.file, append([]string{a.program}, documents...))
		if holds == nil {
			continue
		}
		body := pack(t, a.file, holds)
		put(filepath.Join(dist, a.file), body)
		fmt.Fprintf(&sums, "%s  %s\n", digest(body), a.file)
	}
	manifest, sbom := []byte(`{"version":1,"metadata":{"protocol_versions":["6.0"]}}`), []byte(`{}`)
	put(filepath.Join(root, "terraform-registry-manifest.json"), manifest)
	put(filepath.Join(root, "dist-sbom/sbom.json"), sbom)
	fmt.Fprintf(&sums, "%s  %s_1.2.3_manifest.json\n%s  %s_1.2.3_sbom.json\n", digest(manifest), project, digest(sbom), project)
	put(filepath.Join(dist, project+"_1.2.3_SHA256SUMS"), []byte(sums.String()))
	return dist
}

func pack(t *testing.T, file string, holds []string) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if strings.HasSuffix(file, ".zip") {
		z := zip.NewWriter(&b)
		for _, name := range holds {
			if _, err = z.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		err = z.Close()
	} else {
		g := gzip.NewWriter(&b)
		files := tar.NewWriter(g)
		for _, name := range holds {
			if err = files.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
		}
		if err = files.Close(); err == nil {
			err = g.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWholeRelease(t *testing.T) {
	var out bytes.Buffer
	if err := check(release(t, func(_ string, holds []string) []string { return holds }), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "all 22 archives of 1.2.3 are as promised; 24 checksums") {
		t.Errorf("got %s", out.String())
	}
}

func TestDefects(t *testing.T) {
	const lint, windows = "titanicml-lint_1.2.3_linux_amd64.tar.gz", project + "_1.2.3_windows_arm64.zip"
	for name, tc := range map[string]struct {
		change func(file string, holds []string) []string
		after  func(dist string) error
		want   string
	}{
		"archive missing": {change: func(file string, holds []string) []string {
			if file == windows {
				return nil
			}
			return holds
		}, want: windows},
		"licence missing": {change: func(file string, holds []string) []string {
			if file == lint {
				return []string{"titanicml-lint", "README.md", "CHANGELOG.md"}
			}
			return holds
		}, want: lint + " holds [CHANGELOG.md README.md titanicml-lint], want [CHANGELOG.md LICENSE README.md titanicml-lint]"},
		"archive changed": {after: func(dist string) error {
			f, err := os.OpenFile(filepath.Join(dist, lint), os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("\x00")
			}
			return err
		}, want: lint},
		"another protocol": {after: func(dist string) error {
			return os.WriteFile(filepath.Join(dist, "../terraform-registry-manifest.json"), []byte(`{"metadata":{"protocol_versions":["5.0"]}}`), 0o644)
		}, want: "names protocols [5.0], want [6.0]"},
		"no release": {after: func(dist string) error { return os.Remove(filepath.Join(dist, "metadata.json")) }, want: "run make release-snapshot first"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.change == nil {
				tc.change = func(_ string, holds []string) []string { return holds }
			}
			dist := release(t, tc.change)
			if tc.after != nil {
				if err := tc.after(dist); err != nil {
					t.Fatal(err)
				}
			}
			if err := check(dist, io.Discard); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
