package workflow

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

type mapTree struct{ fstest.MapFS }

func (t mapTree) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.MapFS, name) }

func tree(files map[string]string) mapTree {
	t := mapTree{fstest.MapFS{}}
	for name, text := range files {
		t.MapFS[name] = &fstest.MapFile{Data: []byte(text), Mode: os.FileMode(0o644)}
	}
	return t
}

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		commands, subcommand string
		want                 bool
	}{
		{"terraform apply plan.out", "apply", true},
		{"tofu -chdir=x apply", "apply", true},
		{`"${TF}" apply`, "apply", true},
		{"$(TF) fmt -check", "fmt", true},
		{"kubectl apply -f x.yml", "apply", false},
		{"terraform plan -out=apply.tfplan", "plan", true},
		{"terraform plan -out=reapply", "apply", false},
		{"terraform apply-all", "apply", false},
		{"terraform plan\necho apply", "apply", false},
		{"", "apply", false},
	} {
		if got := Runs(c.commands, c.subcommand); got != c.want {
			t.Errorf("Runs(%q, %q) = %v", c.commands, c.subcommand, got)
		}
	}
}

func TestLoad(t *testing.T) {
	r := Load(tree(map[string]string{
		".github/workflows/a.yml": `
on: [push, pull_request]
permissions: {contents: read, id-token: write}
jobs:
  last:
    needs: [middle]
    runs-on: x
    environment: {name: prod}
    steps:
      - run: |
          make -j2 \
            deploy ENV=prod
      - uses: ./.github/actions/own
  middle: {needs: first, runs-on: x, steps: [{run: "true"}]}
  first: {needs: last, name: Dev, runs-on: x, steps: [{run: "# production is elsewhere\necho prod\ntrue"}]}
`,
		".github/workflows/broken.yml":   "on: [",
		".github/workflows/notes.txt":    "on: push",
		".github/actions/own/action.yml": "runs:\n  steps:\n    - run: tflint\n",
		"Makefile":                       "TOOL := go run ./tool\ninclude more.mk\nLATE = $(TOOL) validate \\\n  --all\ndeploy: build | dir\n\t@./run.sh\nbuild dir: ; terraform init\ndeploy: ; @echo done\n",
		"more.mk":                        "check: ; $(LATE)\ndeploy: check\n",
		"tool/main.go":                   "package main // runs terraform\n",
		"run.sh":                         "./run.sh again\nterraform apply\n",
	}), ".")
	if len(r.Files) != 1 || len(r.Broken) != 1 || r.Broken[0].At.Filename != ".github/workflows/broken.yml" || r.Broken[0].At.Start.Line != 1 || r.Broken[0].Problem == "" {
		t.Fatalf("%d files, broken %+v", len(r.Files), r.Broken)
	}
	f := r.Files[0]
	if strings.Join(f.Events, " ") != "push pull_request" || !f.Permissions.Allows("id-token", "write") || f.Permissions.Allows("contents", "write") {
		t.Errorf("events %v, permissions %+v", f.Events, f.Permissions)
	}
	last, middle, first := f.Jobs[0], f.Jobs[1], f.Jobs[2]
	if last.ID != "last" || last.At.Start.Line != 5 || last.At.Start.Column != 3 || last.Environment != "prod" || !last.Prod() || last.Dev() {
		t.Errorf("last: %+v", last)
	}
	if middle.Prod() || middle.Dev() || first.Prod() || !first.Dev() {
		t.Error("a comment and an echo make a job about production")
	}
	commands := last.Commands()
	for _, want := range []string{"terraform init", "terraform apply", "echo done", "tflint", "./run.sh", "terraform validate"} {
		if !strings.Contains(commands, want) {
			t.Errorf("%q is not in\n%s", want, commands)
		}
	}
	if n := strings.Count(last.Commands(), "terraform apply"); n != 1 {
		t.Errorf("a script that calls itself is read %d times", n)
	}
	isFirst := func(j *Job) bool { return j.ID == "first" }
	if !last.After(isFirst) || !middle.After(isFirst) || first.After(isFirst) {
		t.Error("the order of the jobs, which form a cycle, is wrong")
	}
	if Load(tree(nil), ".") != nil || Load(tree(map[string]string{".github/workflows/x.txt": ""}), ".") != nil {
		t.Error("a repository without workflows is not nil")
	}
}
