package stage

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree writes files below a fresh directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		put(t, filepath.Join(dir, name), content)
	}
	return dir
}

func put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

var example = map[string]string{
	"1_a/main.tf": `module "x" { source = "../modules/x" }
module "registry" { source = "hashicorp/consul/aws" }`,
	"1_a/more.tf.json":              `{"module": {"y": {"source": "./y"}}}`,
	"1_a/y/y.tf":                    "",
	"1_a/unused/z.tf":               "",
	"1_a/templates/p.json.tftpl":    "{}",
	"1_a/.terraform/modules/m.tf":   "",
	"1_a/.terraform/t.tftpl":        "",
	"1_a/.terraform.lock.hcl":       "lock",
	"1_a/terraform.tfstate":         "{}",
	"1_a/dev.tfvars":                "a = 1",
	"1_a/README.md":                 "text",
	"modules/x/main.tf":             `module "deep" { source = "../w" }`,
	"modules/w/main.tf":             `module "back" { source = "../x" }`,
	"modules/x/.terraform.lock.hcl": "not a root's",
}

func TestDigestCovers(t *testing.T) {
	dir := tree(t, example)
	s, err := Digest(filepath.Join(dir, "1_a"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"../modules/w/main.tf", "../modules/x/main.tf", ".terraform.lock.hcl", "main.tf", "more.tf.json", "templates/p.json.tftpl", "y/y.tf"}
	if !slices.Equal(s.Files, want) {
		t.Errorf("got %v, want %v", s.Files, want)
	}
	for name := range example {
		rel, _ := filepath.Rel("1_a", name)
		put(t, filepath.Join(dir, name), example[name]+"\n# changed")
		changed, err := Digest(filepath.Join(dir, "1_a"))
		put(t, filepath.Join(dir, name), example[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if covered := slices.Contains(want, filepath.ToSlash(rel)); (changed.SHA256 != s.SHA256) != covered {
			t.Errorf("%s: covered is %v, but the digest says otherwise", name, covered)
		}
	}
}

// The digest names files relative to the stage, so another checkout has the same.
func TestDigestIsPortable(t *testing.T) {
	a, errA := Digest(filepath.Join(tree(t, example), "1_a"))
	b, errB := Digest(filepath.Join(tree(t, example), "1_a"))
	if errA != nil || errB != nil || a.SHA256 != b.SHA256 {
		t.Errorf("%s (%v) and %s (%v)", a.SHA256, errA, b.SHA256, errB)
	}
}

func TestDigestErrors(t *testing.T) {
	dir := tree(t, map[string]string{"1_a/notes.md": "", "2_b/main.tf": `module "m" { source = "../gone" }`, "3_c/a.tf": "", "3_d/a.tf": ""})
	for name, want := range map[string]string{"1_a": "there is no .tf file", "2_b": "module \"../gone\" called in main.tf", "9_x": "no such file"} {
		if _, err := Digest(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	if _, err := Neighbour(filepath.Join(dir, "2_b"), 3); err == nil || !strings.Contains(err.Error(), "ambiguous: 3_c and 3_d") {
		t.Errorf("got %v", err)
	}
	if got, err := Neighbour(filepath.Join(dir, "2_b"), 1); err != nil || filepath.Base(got) != "1_a" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestReadDocument(t *testing.T) {
	seven := strings.Repeat("## A title\n\nText.\n\n", 7)
	for _, c := range []struct{ name, text, want string }{
		{"complete", "# Phase\n\n" + seven, ""},
		{"short", strings.Repeat("## A\ntext\n", 6), "has 6 sections"},
		{"empty section", seven + "## Next step\n\n### Later\n", "sections without text: Next step"},
		{"headings in output", "```\n" + seven + "```\n", "has 0 sections"},
	} {
		file := filepath.Join(t.TempDir(), "doc.md")
		put(t, file, c.text)
		_, err := ReadDocument(file)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestParseURI(t *testing.T) {
	ledger, number, name, ok := ParseURI("s3://b/p/stages/dev/7_observability_cost.json")
	if !ok || ledger != "s3://b/p/stages/dev" || number != 7 || name != "observability_cost" {
		t.Errorf("got %q %d %q %v", ledger, number, name, ok)
	}
	for _, bad := range []string{"", "s3://b", "s3://b/x.json", "http://b/1_a.json"} {
		if _, _, _, ok := ParseURI(bad); ok {
			t.Errorf("%q was accepted", bad)
		}
	}
}
