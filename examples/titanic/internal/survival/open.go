package survival

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const (
	// ModelFile is the name of the model inside the model directory and the artifact.
	ModelFile = "model.json"
	// ArchiveFile is the artifact as SageMaker hands it to processing jobs.
	ArchiveFile = "model.tar.gz"
	// mostModelBytes bounds what is read into memory; our models have a few kilobytes.
	mostModelBytes = 16 << 20
	// mostEntries bounds the names an archive may hold.
	mostEntries = 1000
)

// Open reads the model of a directory: model.json, or model.tar.gz that holds one. An archive is read in
// memory and never unpacked, so nothing in it can reach a file.
func Open(directory string) (*Model, error) {
	file, err := os.Open(filepath.Join(directory, ModelFile))
	if err == nil {
		defer func() { _ = file.Close() }() // only read
		encoded, err := readBounded(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file.Name(), err)
		}
		return Decode(encoded)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the model: %w", err)
	}
	archive, err := os.Open(filepath.Join(directory, ArchiveFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the model: %s has neither %s nor %s", directory, ModelFile, ArchiveFile)
	}
	if err != nil {
		return nil, fmt.Errorf("open the model: %w", err)
	}
	defer func() { _ = archive.Close() }() // only read
	encoded, err := modelInArchive(archive)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", archive.Name(), err)
	}
	return Decode(encoded)
}

// modelInArchive returns model.json of a tar.gz. The whole archive is walked, so that a hostile or torn
// one is refused even when the model comes first.
func modelInArchive(r io.Reader) ([]byte, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("not a gzip file: %w", err)
	}
	entries := tar.NewReader(unzipped)
	var encoded []byte
	for seen := 0; ; seen++ {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d of the archive: %w", seen+1, err)
		}
		if seen >= mostEntries {
			return nil, fmt.Errorf("more than %d entries in the archive", mostEntries)
		}
		name := path.Clean(header.Name)
		if path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") {
			return nil, fmt.Errorf("entry %q points outside the archive", header.Name)
		}
		switch header.Typeflag {
		case tar.TypeDir:
			continue
		case tar.TypeReg:
		default:
			return nil, fmt.Errorf("entry %q is neither a file nor a directory", header.Name)
		}
		if name != ModelFile {
			continue
		}
		if encoded != nil {
			return nil, fmt.Errorf("%s is in the archive twice", ModelFile)
		}
		if encoded, err = readBounded(entries); err != nil {
			return nil, fmt.Errorf("%s in the archive: %w", ModelFile, err)
		}
	}
	if encoded == nil {
		return nil, fmt.Errorf("no %s in the archive", ModelFile)
	}
	return encoded, nil
}

func readBounded(r io.Reader) ([]byte, error) {
	read, err := io.ReadAll(io.LimitReader(r, mostModelBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read it whole: %w", err)
	}
	if len(read) > mostModelBytes {
		return nil, fmt.Errorf("larger than %d MiB", mostModelBytes>>20)
	}
	return read, nil
}
