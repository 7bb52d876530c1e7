package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/hosting"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/jobs"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/registry"
)

func TestEveryOperationHasAHandler(t *testing.T) {
	table := operations(&catalog.Catalog{}, registry.New(nil), jobs.New(jobs.Options{}), hosting.New(hosting.Options{}))
	for _, name := range api.Operations {
		if table[name] == nil {
			t.Errorf("operation %s has no handler", name)
		}
	}
	if len(table) != len(api.Operations) {
		t.Errorf("%d handlers for %d operations", len(table), len(api.Operations))
	}
}

// TestDataDirErrorsSayWhatToDo starts from the errors themselves: the tests may run
// as root, to whom no directory is read-only.
func TestDataDirErrorsSayWhatToDo(t *testing.T) {
	for err, want := range map[error]string{
		&os.PathError{Op: "open", Path: "/d/engine.lock", Err: syscall.EACCES}: "make it writable or choose another data_dir",
		&os.PathError{Op: "mkdir", Path: "/d", Err: syscall.EROFS}:             "make it writable or choose another data_dir",
		fmt.Errorf("write: %w", syscall.ENOSPC):                                "is full; free some space",
		fs.ErrPermission:                                                       "needs to write in its data directory /d",
	} {
		got := explainDataDir("/d", err)
		if !strings.Contains(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("got %v, want %q", got, want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.8.9.1": true, "::1": true, "[::1]": true, "localhost": true, "LOCALHOST": true,
		"0.0.0.0": false, "": false, "10.0.0.1": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false, "::": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("loopback(%q) is %v", host, got)
		}
	}
}
