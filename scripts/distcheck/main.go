// Command distcheck looks at what goreleaser left in a directory: every archive that a release promises, with what belongs into it, the
// checksums, the registry's manifest and the list of modules. It prints what it found, and ends with 1 when something is missing.
//
// Usage: distcheck DIST
package main

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: distcheck DIST")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "distcheck: %v\n", err)
		os.Exit(1)
	}
}

const project = "terraform-provider-titanicml"

// documents are in every archive.
var documents = []string{"CHANGELOG.md", "LICENSE", "README.md"}

// archive is a file of the release and the program in it.
type archive struct{ file, program string }

// archives that a version promises.
func archives(version string) []archive {
	var all []archive
	for _, system := range []string{"darwin", "linux", "windows"} {
		exe := ""
		if system == "windows" {
			exe = ".exe"
		}
		for _, machine := range []string{"amd64", "arm64"} {
			target := system + "_" + machine
			all = append(all,
				archive{fmt.Sprintf("%s_%s_%s.zip", project, version, target), fmt.Sprintf("%s_v%s%s", project, version, exe)},
				archive{fmt.Sprintf("titanicml-lint_%s_%s.tar.gz", version, target), "titanicml-lint" + exe},
				archive{fmt.Sprintf("tflint-ruleset-titanicml_%s.zip", target), "tflint-ruleset-titanicml" + exe})
			if system != "windows" { // the local engine runs on Linux and macOS
				all = append(all, archive{fmt.Sprintf("titanicml-local_%s_%s.tar.gz", version, target), "titanicml-local"})
			}
		}
	}
	return all
}

// check reports every defect, not only the first.
func check(dist string, out io.Writer) error {
	var release struct {
		Version string `json:"version"`
	}
	if err := readJSON(filepath.Join(dist, "metadata.json"), &release); err != nil {
		return fmt.Errorf("%w; run make release-snapshot first", err)
	}
	sums, err := readSums(filepath.Join(dist, project+"_"+release.Version+"_SHA256SUMS"))
	if err != nil {
		return err
	}
	var defects []error
	defect := func(format string, args ...any) { defects = append(defects, fmt.Errorf(format, args...)) }
	for _, a := range archives(release.Version) {
		name := filepath.Join(dist, a.file)
		holds, err := contents(name)
		if err != nil {
			defect("%s: %w", a.file, err)
			continue
		}
		want := append(slices.Clone(documents), a.program)
		slices.Sort(want)
		slices.Sort(holds)
		if !slices.Equal(holds, want) {
			defect("%s holds %v, want %v", a.file, holds, want)
		}
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if got := digest(body); sums[a.file] != got {
			defect("%s has sha256 %s, its checksum file says %q", a.file, got, sums[a.file])
		}
		if _, err := fmt.Fprintf(out, "%-62s %6.1f MiB  %s\n", a.file, float64(len(body))/(1<<20), a.program); err != nil {
			return err
		}
	}
	// These two lie outside of dist and are released from there.
	for suffix, source := range map[string]string{"manifest.json": "terraform-registry-manifest.json", "sbom.json": "dist-sbom/sbom.json"} {
		name := project + "_" + release.Version + "_" + suffix
		body, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Clean(dist)), source))
		if err != nil {
			return err
		}
		if got := digest(body); sums[name] != got {
			defect("%s has sha256 %s, the checksum file says %q for %s", source, got, sums[name], name)
		}
	}
	var manifest struct {
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		} `json:"metadata"`
	}
	if err := readJSON(filepath.Join(filepath.Dir(filepath.Clean(dist)), "terraform-registry-manifest.json"), &manifest); err != nil {
		return err
	}
	if !slices.Equal(manifest.Metadata.Protocols, []string{"6.0"}) {
		defect("terraform-registry-manifest.json names protocols %v, want [6.0]", manifest.Metadata.Protocols)
	}
	if len(defects) == 0 {
		_, err := fmt.Fprintf(out, "all %d archives of %s are as promised; %d checksums\n", len(archives(release.Version)), release.Version, len(sums))
		return err
	}
	return errors.Join(defects...)
}

func readJSON(name string, into any) error {
	body, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// readSums reads lines of a digest, two spaces and a file name.
func readSums(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading the checksums: %w", err)
	}
	defer f.Close()
	sums := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		sum, file, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			return nil, fmt.Errorf("reading the checksums: %s: got %q, expected a digest and a file name", name, lines.Text())
		}
		sums[file] = sum
	}
	return sums, lines.Err()
}

// contents names the files of an archive.
func contents(name string) ([]string, error) {
	if strings.HasSuffix(name, ".zip") {
		z, err := zip.OpenReader(name)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		var names []string
		for _, f := range z.File {
			names = append(names, f.Name)
		}
		return names, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var names []string
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		names = append(names, header.Name)
	}
}
