package iam

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
)

var update = flag.Bool("update", false, "rewrite the expected findings")

// TestCheck runs the policies of testdata/*.txtar. A file NAME.KIND.json holds a policy, or a list of statements of one, in
// which … is an unknown part; NAME.want the findings, one "rule: message" per line, and none when it is missing.
func TestCheck(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	kinds := map[string]Kind{"identity": Identity, "trust": Trust, "resource": Resource, "account": AccountResource, "limit": Limit}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wants := map[string]string{}
			for _, f := range archive.Files {
				if name, ok := strings.CutSuffix(f.Name, ".want"); ok {
					wants[name] = string(f.Data)
				}
			}
			rewritten := &txtar.Archive{Comment: archive.Comment}
			for _, f := range archive.Files {
				name, ok := strings.CutSuffix(f.Name, ".json")
				if !ok {
					continue
				}
				name, kind, _ := strings.Cut(name, ".")
				k, ok := kinds[kind]
				if !ok {
					t.Fatalf("%s: unknown kind %q", f.Name, kind)
				}
				got := findings(t, string(f.Data), k)
				if got != wants[name] && !*update {
					t.Errorf("%s: got\n%swant\n%s", name, got, wants[name])
				}
				delete(wants, name)
				rewritten.Files = append(rewritten.Files, f)
				if got != "" {
					rewritten.Files = append(rewritten.Files, txtar.File{Name: name + ".want", Data: []byte(got)})
				}
			}
			for name := range wants {
				t.Errorf("%s.want belongs to no policy", name)
			}
			if len(rewritten.Files) == 0 {
				t.Error("no policy")
			}
			if out := txtar.Format(rewritten); *update && !bytes.Equal(out, txtar.Format(archive)) {
				if err := os.WriteFile(file, out, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func findings(t *testing.T, text string, kind Kind) string {
	t.Helper()
	text = strings.ReplaceAll(strings.TrimSpace(text), "…", node.Hole)
	if strings.HasPrefix(text, "[") {
		text = `{"Version":"2012-10-17","Statement":` + text + "}"
	}
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, problem := range p.Problems {
		fmt.Fprintf(&b, "problem: %s\n", problem.Message)
	}
	for _, f := range p.Check(kind) {
		if _, ok := f.Origin.(node.Offset); !ok {
			t.Errorf("%s has no place", f.Message)
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Rule, f.Message)
	}
	return b.String()
}

// TestEscalationActionsExist keeps the lists of known combinations from rotting.
func TestEscalationActionsExist(t *testing.T) {
	for _, e := range directEscalations {
		if _, ok := actions.Find(e.action); !ok {
			t.Errorf("%s does not exist", e.action)
		}
	}
	for _, e := range passEscalations {
		if _, ok := actions.Find(e.action); !ok {
			t.Errorf("%s does not exist", e.action)
		}
	}
}
