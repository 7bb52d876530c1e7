package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

const lockFile = ".terraform.lock.hcl"

// pinned is the content of a stage's lock file: the versions of terraform/providers.lock.hcl, by the registry of the CLI. ok is false
// when git has a lock file there, which then decides.
func pinned(ctx context.Context, t terraform) (content []byte, ok bool, err error) {
	tracked := exec.CommandContext(ctx, "git", "ls-files", "--error-unmatch", lockFile)
	tracked.Dir = t.dir
	if tracked.Run() == nil {
		return nil, false, nil
	}
	file := filepath.Join(t.dir, "..", "providers.lock.hcl")
	content, err = os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the versions of the providers: %w", err)
	}
	version, err := t.output(ctx, "version")
	if err != nil {
		return nil, false, err
	}
	if bytes.HasPrefix(version, []byte("OpenTofu")) {
		content = bytes.ReplaceAll(content, []byte("registry.terraform.io/"), []byte("registry.opentofu.org/"))
	}
	return content, true, nil
}

// initPinned runs init with the pinned versions, and leaves a lock file that is the same on every machine: without checksums.
func initPinned(ctx context.Context, t terraform, initialise func() error) error {
	content, ok, err := pinned(ctx, t)
	if err != nil {
		return err
	}
	if !ok {
		return initialise()
	}
	if err := writeLock(t.dir, content); err != nil {
		return err
	}
	if err := initialise(); err != nil {
		return err
	}
	made, err := os.ReadFile(filepath.Join(t.dir, lockFile))
	if err != nil {
		return fmt.Errorf("read the lock file of %s: %w", filepath.Base(t.dir), err)
	}
	if got, want := selections(made), selections(content); !slices.Equal(got, want) {
		return fmt.Errorf("init of %s selected %s, expected %s: bring terraform/providers.lock.hcl up to date with the stage's required_providers",
			filepath.Base(t.dir), strings.Join(got, ", "), strings.Join(want, ", "))
	}
	return writeLock(t.dir, content)
}

// lockPredecessor makes the lock file of the stage before, when only one stage is run: it belongs to the sources that the ledger
// compares.
func lockPredecessor(ctx context.Context, t terraform, stage string) error {
	position := slices.Index(project.Stages, stage)
	if position < 1 {
		return nil
	}
	t.dir = filepath.Join(filepath.Dir(t.dir), project.Stages[position-1])
	content, ok, err := pinned(ctx, t)
	if err != nil || !ok {
		return err
	}
	return writeLock(t.dir, content)
}

func writeLock(dir string, content []byte) error {
	if err := os.WriteFile(filepath.Join(dir, lockFile), content, 0o644); err != nil {
		return fmt.Errorf("write the lock file of %s: %w", filepath.Base(dir), err)
	}
	return nil
}

var selection = regexp.MustCompile(`(?m)^provider "([^"]+)" \{\n\s+version\s+= "([^"]+)"`)

// selections are the providers of a lock file with their versions, sorted.
func selections(lock []byte) []string {
	var all []string
	for _, match := range selection.FindAllSubmatch(lock, -1) {
		all = append(all, string(match[1])+" "+string(match[2]))
	}
	slices.Sort(all)
	return all
}
