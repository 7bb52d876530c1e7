package linter_test

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

// vanishing removes a directory when a file below it is first read.
type vanishing struct {
	*module.Disk
	dir  string
	once sync.Once
	tb   testing.TB
}

func (v *vanishing) ReadFile(name string, limit int64) ([]byte, error) {
	if path.Dir(name) == v.dir {
		v.once.Do(func() {
			if err := os.RemoveAll(filepath.Join(v.Root(), v.dir)); err != nil {
				v.tb.Error(err)
			}
		})
	}
	return v.Disk.ReadFile(name, limit)
}

// TestVanishing: a directory that is removed during the run is a failure that names its files, and the others are linted.
func TestVanishing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	group := "resource \"aws_cloudwatch_log_group\" \"a\" {}\n"
	write(t, dir, map[string]string{"gone/a.tf": group, "gone/b.tf": group, "stays/a.tf": group, "calls/main.tf": "module \"m\" { source = \"../gone\" }\n" + group})
	disk, err := module.OpenDisk(dir, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	result, err := linter.Run(context.Background(), linter.Options{Rules: rules.All(), Files: &vanishing{Disk: disk, dir: "gone", tb: t}, Dirs: []string{"."}, Top: ".", Recursive: true,
		Now: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), Flags: linter.Flags{Only: []string{"log_retention"}}})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range result.Findings {
		found = append(found, f.Range.Filename)
	}
	if got := strings.Join(found, " "); got != "calls/main.tf stays/a.tf" {
		t.Errorf("findings in %s", got)
	}
	if len(result.Failures) == 0 || !strings.Contains(result.Failures[0].Message, "gone/") {
		t.Errorf("failures %v", result.Failures)
	}
}

// TestUnreadable: a file and a directory that may not be read are failures with their names, and the rest is linted.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	group := "resource \"aws_cloudwatch_log_group\" \"a\" {}\n"
	write(t, dir, map[string]string{"a/a.tf": group, "a/b.tf": group, "b/a.tf": group})
	for name, mode := range map[string]os.FileMode{"a/b.tf": 0, "b": 0} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "b"), 0o700) }) // so that the directory can be removed
	result := lint(t, dir, linter.Options{Rules: rules.All(), Recursive: true, Flags: linter.Flags{Only: []string{"log_retention"}}})
	var said []string
	for _, f := range result.Failures {
		said = append(said, f.Message)
	}
	if got := strings.Join(said, "\n"); len(result.Findings) != 1 || !strings.Contains(got, "a/b.tf: permission denied") || !strings.Contains(got, "b: permission denied") {
		t.Errorf("%d findings, failures %s", len(result.Findings), got)
	}
}
