package main

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateGuide = flag.Bool("update-guide", false, "write what the commands printed into docs/guides/cost-estimates.md")

// TestCostGuide runs the commands of the guide to estimates that need nothing but this repository, and compares what they print.
func TestCostGuide(t *testing.T) {
	t.Chdir("../../..")
	const name = "docs/guides/cost-estimates.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```console\n\\$ titanicml-lint ([^\n]*)\n(.*?)```\n")
	runs := 0
	got := block.ReplaceAllStringFunc(string(page), func(text string) string {
		args := block.FindStringSubmatch(text)[1]
		var out, errs bytes.Buffer
		if status := run(t.Context(), strings.Fields(args), streams{in: strings.NewReader(""), out: &out, err: &errs}); status != clean {
			t.Errorf("%s: status %d, %s", args, status, errs.String())
		}
		runs++
		return "```console\n$ titanicml-lint " + args + "\n" + out.String() + "```\n"
	})
	if runs < 3 {
		t.Errorf("ran %d commands of the guide, expected three", runs)
	}
	if *updateGuide {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), got); diff != "" {
		t.Errorf("the guide shows other output (-page +got); -update-guide writes it\n%s", diff)
	}
}
