package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

// workspace is a copy of the stages that keeps its state in files instead of S3. Sources stay where and as they
// are, so that a stage's digest is the one of the repository plus two override files that both environments share.
type workspace struct{ root, dir string }

// newWorkspace copies what the stages read. The rest, such as built programs, is linked.
func newWorkspace(root, dir string, emulator bool) (workspace, error) {
	w := workspace{root: root, dir: dir}
	if err := os.RemoveAll(dir); err != nil {
		return w, fmt.Errorf("clear the working copy: %w", err)
	}
	for _, name := range []string{"terraform", "docs", "examples/titanic/data"} {
		if err := copyTree(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			return w, err
		}
	}
	if err := os.Symlink(filepath.Join(root, "bin"), filepath.Join(dir, "bin")); err != nil {
		return w, fmt.Errorf("link the built programs: %w", err)
	}
	for _, sub := range []string{"state", "plans", "vars"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return w, fmt.Errorf("make the working copy: %w", err)
		}
	}
	for _, stage := range project.Stages {
		if err := w.override(stage, emulator); err != nil {
			return w, err
		}
	}
	return w, nil
}

func (w workspace) stage(name string) string { return filepath.Join(w.dir, "terraform", name) }

var remoteState = regexp.MustCompile(`data "terraform_remote_state" "([a-z_]+)"`)

// standInIDs rewrites the IDs that the stand-in makes up: they hold an underscore, which SageMaker refuses in a VpcConfig.
const standInIDs = `
output "subnet_ids" {
  value = [for zone in local.zones : replace(aws_subnet.private[zone].id, "_", "-")]
}

output "workload_security_group_id" {
  value = replace(aws_security_group.workload.id, "_", "-")
}
`

// override keeps state, and the states of earlier stages, in files.
func (w workspace) override(stage string, emulator bool) error {
	var text strings.Builder
	text.WriteString("terraform {\n  backend \"local\" {}\n}\n")
	upstream, err := os.ReadFile(filepath.Join(w.stage(stage), "upstream.tf"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read what %s uses: %w", stage, err)
	}
	for _, match := range remoteState.FindAllStringSubmatch(string(upstream), -1) {
		source := stageCalled(match[1])
		if source == "" {
			return fmt.Errorf("%s/upstream.tf reads the state %q, which is no stage", stage, match[1])
		}
		fmt.Fprintf(&text, "\ndata \"terraform_remote_state\" %q {\n  backend = \"local\"\n  config  = { path = \"../../state/${var.env}.%s.tfstate\" }\n}\n", match[1], source)
	}
	if !emulator && stage == "2_networking" {
		text.WriteString(standInIDs)
	}
	if emulator {
		text.WriteString("\nprovider \"aws\" {\n  s3_use_path_style           = true\n  skip_credentials_validation = true\n  skip_metadata_api_check     = true\n}\n")
	}
	if err := os.WriteFile(filepath.Join(w.stage(stage), "rehearsal_override.tf"), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write the overrides of %s: %w", stage, err)
	}
	return nil
}

func stageCalled(name string) string {
	for _, stage := range project.Stages {
		if stage[2:] == name {
			return stage
		}
	}
	return ""
}

// variables writes a variable file and returns its path.
func (w workspace) variables(env string, values map[string]any) (string, error) {
	encoded, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode the variables of %s: %w", env, err)
	}
	file := filepath.Join(w.dir, "vars", env+".tfvars.json")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		return "", fmt.Errorf("write the variables of %s: %w", env, err)
	}
	return file, nil
}

func copyTree(from, to string) error {
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch {
		case entry.IsDir() && entry.Name() == ".terraform":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case entry.Name() == ".terraform.lock.hcl" || !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}
