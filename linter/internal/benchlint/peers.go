package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter/internal/corpus"
)

// peer is another linter on the same corpus.
type peer struct {
	name string
	// bound is how many times as long as ours it must take at least.
	bound float64
	args  []string
	env   []string
	// count reads from the output how many findings it has of what ours calls rule.
	rule  string
	count func([]byte) (int, error)
}

// tflintConfig turns on the rule that tflint shares with ours.
const tflintConfig = `plugin "aws" {
  enabled = true
}

rule "aws_resource_missing_tags" {
  enabled = true
  tags    = ["project", "env", "owner", "managed_by", "cost_center"]
}
`

// peers compares with the linters in bin, on a corpus of n root modules.
func peers(lint, bin string, n int) error {
	dir, err := os.MkdirTemp("", "benchlint")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	at := filepath.Join(dir, "corpus")
	size, err := corpus.Write(at, n)
	if err != nil {
		return err
	}
	// Without its ruleset for AWS tflint does too little for its bound to count.
	config, text, bound := filepath.Join(dir, "tflint.hcl"), tflintConfig, 100.0
	if _, err := os.Stat(filepath.Join(bin, "tflint-ruleset-aws")); errors.Is(err, os.ErrNotExist) {
		fmt.Println("tflint runs without tflint-ruleset-aws, which is not there")
		text, bound = "", 0
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	fmt.Printf("peers on %d root modules, %d files, %d lines\n", size.Roots, size.Files, size.Lines)
	var out []byte
	var runs []sample // three, since one of so short a process is chance
	for range 3 {
		var took sample
		if took, out, err = output(at, nil, lint, "--root", at, "--recursive", "--format", "json", at); err != nil {
			return err
		}
		runs = append(runs, took)
	}
	took := median(runs)
	fmt.Printf("%-14s %10s wall %10s cpu\n", "titanicml-lint", took.wall.Round(time.Millisecond), took.cpu.Round(time.Millisecond))
	short := false
	for _, p := range []peer{
		{"tfsec", 15, []string{"--format", "json", "--no-colour", "--force-all-dirs", at}, nil, "iam_wildcard_action", func(out []byte) (int, error) {
			var r struct {
				Results []struct {
					ID string `json:"long_id"`
				}
			}
			err := json.Unmarshal(out, &r)
			n := 0
			for _, f := range r.Results {
				if f.ID == "aws-iam-no-policy-wildcards" {
					n++
				}
			}
			return n, err
		}},
		{"tflint", bound, []string{"--recursive", "--format", "json", "--config", config}, []string{"TFLINT_PLUGIN_DIR=" + bin}, "required_tags", func(out []byte) (int, error) {
			return issues(out, "aws_resource_missing_tags")
		}},
	} {
		name := filepath.Join(bin, p.name)
		if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
			fmt.Printf("%-14s is not in %s\n", p.name, bin)
			continue
		}
		slow, theirs, err := output(at, p.env, name, p.args...)
		if err != nil {
			return err
		}
		n, err := p.count(theirs)
		if err != nil {
			return fmt.Errorf("read the output of %s: %w", p.name, err)
		}
		ours, err := issues(out, p.rule)
		if err != nil {
			return err
		}
		ratio := float64(slow.wall) / float64(took.wall)
		short = short || ratio < p.bound
		fmt.Printf("%-14s %10s wall %10s cpu: %.1f times as long (at least %.0f wanted), %.1f times the cpu; %d findings, ours of %s: %d\n", p.name,
			slow.wall.Round(time.Millisecond), slow.cpu.Round(time.Millisecond), ratio, p.bound, float64(slow.cpu)/float64(took.cpu), n, p.rule, ours)
	}
	if short {
		return errors.New("a ratio misses its bound")
	}
	return nil
}

// output runs a linter; that it finds something is no error.
func output(dir string, env []string, name string, args ...string) (sample, []byte, error) {
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	took := sample{wall: time.Since(start)}
	if cmd.ProcessState != nil {
		took.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err != nil && (!errors.As(err, new(*exec.ExitError)) || stdout.Len() == 0) {
		return took, nil, fmt.Errorf("%s: %w: %s", name, err, stderr.String())
	}
	return took, stdout.Bytes(), nil
}

// issues counts the findings of a rule in the form of JSON that tflint and ours share.
func issues(out []byte, rule string) (int, error) {
	var r struct {
		Issues []struct{ Rule struct{ Name string } }
	}
	err := json.Unmarshal(out, &r)
	n := 0
	for _, i := range r.Issues {
		if i.Rule.Name == rule {
			n++
		}
	}
	return n, err
}
