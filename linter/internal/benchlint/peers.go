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

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
	"github.com/titanicml/terraform-provider-titanicml/linter/internal/corpus"
)

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
func peers(lint, bin string, n, rounds int) ([]proof.Figure, error) {
	dir, err := os.MkdirTemp("", "benchlint")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	at := filepath.Join(dir, "corpus")
	size, err := corpus.Write(at, n)
	if err != nil {
		return nil, err
	}
	fmt.Printf("  peers on %d root modules, %d files, %d lines\n", size.Roots, size.Files, size.Lines)
	config, text := filepath.Join(dir, "tflint.hcl"), ""
	ruleset := exists(filepath.Join(bin, "tflint-ruleset-aws"))
	if ruleset {
		text = tflintConfig
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	var ours []byte
	self := func() (s sample, err error) {
		s, ours, err = output(at, nil, lint, "--root", at, "--recursive", "--format", "json", at)
		return s, err
	}
	var figures []proof.Figure
	times := func(name string, bound float64, rounds int, env []string, args ...string) ([]byte, error) {
		var theirs []byte
		c, err := compare(rounds, func() (s sample, err error) {
			s, theirs, err = output(at, env, args[0], args[1:]...)
			return s, err
		}, self)
		if err != nil {
			return nil, err
		}
		f := proof.Figure{Name: fmt.Sprintf("%s on %d root modules, %d files, %d lines: its time over ours", name, size.Roots, size.Files, size.Lines), OK: c.wall >= bound,
			Value: fmt.Sprintf("%.1fx (%s / %s; processor time %.1fx)", c.wall, c.a.wall.Round(time.Millisecond), c.b.wall.Round(time.Millisecond), c.cpu)}
		if bound > 0 {
			f.Bound = fmt.Sprintf(">= %gx", bound)
		}
		figures = append(figures, f)
		return theirs, nil
	}
	if tfsec := filepath.Join(bin, "tfsec"); exists(tfsec) {
		if _, err := times("tfsec v1.26.0", 15, rounds, nil, tfsec, "--format", "json", "--no-colour", "--force-all-dirs", at); err != nil {
			return nil, err
		}
		same, differences, err := compareShared(lint, tfsec, filepath.Join(dir, "shared"))
		figures = append(figures, proof.Figure{Name: "policies on which tfsec's aws-iam-no-policy-wildcards and our iam_wildcard_* agree",
			Value: fmt.Sprintf("%d of %d", same, len(policyCases)), Bound: "every difference judged", OK: err == nil})
		for _, d := range differences {
			figures = append(figures, proof.Figure{Name: "difference: " + d, Value: "judged", OK: true})
		}
		if err != nil {
			fmt.Println("  " + err.Error())
		}
	} else {
		figures = append(figures, proof.Figure{Name: "tfsec v1.26.0: its time over ours", Value: "not measured: it could not be built", Bound: ">= 15x"})
	}
	if tflint := filepath.Join(bin, "tflint"); exists(tflint) {
		name, bound, args := "tflint v0.64.0 --recursive with its bundled terraform ruleset only", 0.0, []string{tflint, "--recursive", "--format", "json", "--config", config}
		if ruleset {
			name, bound = "tflint v0.64.0 --recursive with its aws ruleset", 100
		}
		theirs, err := times(name, bound, 1, []string{"TFLINT_PLUGIN_DIR=" + bin}, args...)
		if err != nil {
			return nil, err
		}
		if ruleset {
			n, err := issues(theirs, "aws_resource_missing_tags")
			if err != nil {
				return nil, fmt.Errorf("read the output of tflint: %w", err)
			}
			m, err := issues(ours, "required_tags")
			if err != nil {
				return nil, err
			}
			figures = append(figures, proof.Figure{Name: "findings of tflint's aws_resource_missing_tags and of our required_tags", Value: fmt.Sprintf("%d and %d", n, m), OK: true})
		}
	}
	if !ruleset {
		figures = append(figures, proof.Figure{Name: "tflint with its aws ruleset, to be at least 100x as long", Value: "not measured: the ruleset is no Go module that can be installed by name; BENCH_TFLINT_AWS names a built one", OK: true})
	}
	return figures, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
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
