package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

// imageSources is what the images are built from.
var imageSources = []string{"examples/titanic", "go.mod", "go.sum"}

// imageTag is a digest of the committed sources: the same sources have the same tag, so that a commit that
// does not touch them neither builds an image nor trains again.
func imageTag(ctx context.Context, root string) (string, error) {
	if dirty, err := git(ctx, root, append([]string{"status", "--porcelain", "--"}, imageSources...)...); err != nil {
		return "", err
	} else if dirty != "" {
		return "", fmt.Errorf("the sources of the images have changes that are not committed, so that no tag can name them:\n%s", dirty)
	}
	tree, err := git(ctx, root, append([]string{"ls-tree", "HEAD", "--"}, imageSources...)...)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(tree))
	return hex.EncodeToString(sum[:])[:16], nil
}

var stagePath = regexp.MustCompile(`^terraform/([1-7]_[a-z_]+)/`)

// changedStages are the stages to plan for a change: those it touches, or all when it touches what all share.
func changedStages(ctx context.Context, root, base string) ([]string, error) {
	if base == "" || strings.HasPrefix(base, "-") {
		return nil, fmt.Errorf("changed: got --base %q, expected a revision", base)
	}
	diff, err := git(ctx, root, "diff", "--name-only", base+"...HEAD", "--")
	if err != nil {
		return nil, err
	}
	return stagesOf(strings.Fields(diff)), nil
}

func stagesOf(files []string) []string {
	touched := map[string]bool{}
	for _, file := range files {
		if match := stagePath.FindStringSubmatch(file); match != nil {
			touched[match[1]] = true
		} else if strings.HasPrefix(file, "terraform/modules/") || file == "terraform/project.tfvars" || strings.HasPrefix(file, "provider/") {
			return project.Stages
		}
	}
	return slices.DeleteFunc(slices.Clone(project.Stages), func(name string) bool { return !touched[name] })
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		detail := ""
		if exit, ok := err.(*exec.ExitError); ok {
			detail = ": " + strings.TrimSpace(string(exit.Stderr))
		}
		return "", fmt.Errorf("git %s: %w%s", args[0], err, detail)
	}
	return strings.TrimSpace(string(out)), nil
}
