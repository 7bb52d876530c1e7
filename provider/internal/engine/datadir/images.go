package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxImages bounds the file: thousands of images with long commands fit.
const maxImages = 1 << 20

// ReadImages returns the image mappings of a data directory: image name to the command that
// stands for it. A missing file is an empty mapping.
func ReadImages(dir string) (map[string][]string, error) {
	path := filepath.Join(dir, ImagesFile)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return map[string][]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the image mappings: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxImages+1))
	if err != nil {
		return nil, fmt.Errorf("read the image mappings: %w", err)
	}
	if len(b) > maxImages {
		return nil, fmt.Errorf("%s is larger than %d bytes, which no mapping of images is", path, maxImages)
	}
	images := map[string][]string{}
	if err := json.Unmarshal(b, &images); err != nil {
		return nil, fmt.Errorf("%s is not a JSON object of image name to command words, such as {\"titanic\":[\"/abs/bin/titanic\"]}: %w", path, err)
	}
	if err := checkImages(images); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return images, nil
}

// MergeImages adds images to the mappings of dir, replacing those of the same name, and
// returns the whole. It is safe between processes. Nothing is written when nothing changes.
func MergeImages(dir string, images map[string][]string) (map[string][]string, error) {
	if err := checkImages(images); err != nil {
		return nil, err
	}
	if len(images) == 0 {
		return ReadImages(dir)
	}
	unlock, err := lockImages(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	all, err := ReadImages(dir)
	if err != nil {
		return nil, err
	}
	before := maps.Clone(all)
	maps.Copy(all, images)
	if maps.EqualFunc(before, all, slices.Equal[[]string]) {
		return all, nil
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := writeAtomic(filepath.Join(dir, ImagesFile), append(b, '\n')); err != nil {
		return nil, fmt.Errorf("write the image mappings: %w", err)
	}
	return all, nil
}

func checkImages(images map[string][]string) error {
	for name, command := range images {
		if name == "" {
			return fmt.Errorf("an image mapping has an empty image name")
		}
		if len(command) == 0 || command[0] == "" {
			return fmt.Errorf("image %q maps to an empty command; give the program and its first arguments", name)
		}
	}
	return nil
}

// lockImages serialises read-modify-write of images.json between processes; writers hold it
// for a millisecond, so waiting a second means that something is wrong.
func lockImages(dir string) (func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, "."+ImagesFile+".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the image mappings: %w", err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		ok, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock the image mappings: %w", err)
		}
		if ok {
			return func() { f.Close() }, nil
		}
		if time.Now().After(deadline) {
			f.Close()
			return nil, fmt.Errorf("lock the image mappings: %s is held by another process for more than 5s", f.Name())
		}
	}
}
