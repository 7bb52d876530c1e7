//go:build unix

package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// recipe is a fragment of a promotion, and the block of the page that shows what the gate says to it.
type recipe struct {
	name     string
	fragment block
	answer   *block
}

// recipesOf finds the fragments of a page: its hcl blocks without a title. A text block before the next one is the answer.
func recipesOf(p *page) []recipe {
	var recipes []recipe
	open := false
	for i, b := range p.blocks {
		switch {
		case b.language == "hcl" && b.attributes["title"] == "":
			recipes = append(recipes, recipe{name: fmt.Sprintf("r%d", b.line), fragment: b})
			open = true
		case b.language == "text" && open:
			recipes[len(recipes)-1].answer = &p.blocks[i]
			open = false
		default:
			open = false
		}
	}
	return recipes
}

const recipeHeader = `
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

provider "titanicml" {
  local        = { data_dir = "../.titanicml" }
  default_tags = { project = "titanic", env = "dev", owner = "ada", managed_by = "terraform", cost_center = "docs" }
}

data "terraform_remote_state" "candidates" {
  backend = "local"
  config  = { path = "../candidates/terraform.tfstate" }
}

locals {
  candidates = data.terraform_remote_state.candidates.outputs.recipes
}
`

// resource makes a promotion of a fragment: of the weak candidate, where the page does not say another, and with a
// requirement that anything meets, where the fragment has none. instead="VALUE => OTHER" asks for what the page says below it,
// where a bound that a person would write refuses nothing here.
func (r recipe) resource() string {
	candidate := r.fragment.attributes["candidate"]
	if candidate == "" {
		candidate = "weak"
	}
	body := r.fragment.text
	if old, value, ok := strings.Cut(r.fragment.attributes["instead"], " => "); ok {
		body = strings.ReplaceAll(body, old, value)
	}
	if !strings.Contains(body, "requirements = [") {
		body += "requirements = [{ metric = \"accuracy\", min = 0.1 }]\n"
	}
	return fmt.Sprintf("\nresource \"titanicml_promotion\" %q {\n  model_package_group = local.candidates.%[2]s.group\n  candidate = local.candidates.%[2]s.candidate\n"+
		"  evaluation = local.candidates.%[2]s.evaluation\n%s}\n", r.name, candidate, body)
}

// diagnostics takes Terraform's framed errors apart: the text of each by the name of its promotion.
func diagnostics(output string) map[string]string {
	found := map[string]string{}
	with := regexp.MustCompile(`(?m)^  with titanicml_promotion\.(\w+),$`)
	for _, part := range strings.Split(output, "╷\n")[1:] {
		text := excerpt("╷\n"+part, nil)
		if m := with.FindStringSubmatch(text); m != nil && strings.HasPrefix(text, "Error:") {
			found[m[1]] = text
		}
	}
	return found
}

// table is what a refusal says, without the rows that passed.
func table(diagnostic string) string {
	_, rest, ok := strings.Cut(diagnostic, "fail")
	_, rest, found := strings.Cut(rest, "\n\n")
	if !ok || !found {
		return diagnostic
	}
	rows, _, _ := strings.Cut(rest, "\n\n")
	var kept []string
	for line := range strings.Lines(rows) {
		if !strings.HasPrefix(line, "  pass ") {
			kept = append(kept, strings.TrimPrefix(strings.TrimRight(line, " \n"), "  "))
		}
	}
	return strings.Join(kept, "\n") + "\n"
}

// invalid is what a fragment with a mistake is told: the message under the line of the configuration.
func invalid(diagnostic string) string {
	parts := strings.Split(strings.TrimSpace(diagnostic), "\n\n")
	return "Error: Invalid gate\n\n" + parts[len(parts)-1] + "\n"
}

// TestCookbook plans every recipe and runs every console block of the cookbook, then those of the guide that takes over an
// endpoint. One champion and a few candidates are made
// first, from the Titanic passengers.
func TestCookbook(t *testing.T) {
	w := newPassengers(t)
	if output, err := w.run("cd candidates && terraform init && terraform apply -auto-approve"); err != nil {
		t.Fatalf("making the candidates: %v\n%s", err, output)
	}
	p := readPage(t, "guides/gate-cookbook.md")
	edits := map[int]string{}
	good, bad := recipeHeader, recipeHeader
	for _, r := range recipesOf(p) {
		if r.fragment.attributes["invalid"] != "" {
			bad += r.resource()
		} else {
			good += r.resource()
		}
	}
	w.write(t, "recipes/main.tf", good)
	w.write(t, "mistakes/main.tf", bad)
	if output, err := w.run("cd recipes && terraform init && terraform validate"); err != nil {
		t.Fatalf("a recipe is not valid: %v\n%s", err, output)
	}
	planned, err := w.run("cd recipes && terraform plan")
	if err == nil {
		t.Fatalf("no recipe is refused\n%s", planned)
	}
	validated, _ := w.run("cd mistakes && terraform init >/dev/null && terraform validate")
	said := diagnostics(planned)
	for name, text := range diagnostics(validated) {
		said[name] = text
	}
	for _, r := range recipesOf(p) {
		text, refused := said[r.name]
		if refused != (r.answer != nil) {
			t.Errorf("%s:%d: %s: refused is %t, the page shows an answer: %t\n%s", p.path, r.fragment.line, r.fragment.heading, refused, r.answer != nil, text)
			continue
		}
		if r.answer == nil {
			continue
		}
		got := table(text)
		if r.fragment.attributes["invalid"] != "" {
			got = invalid(text)
		}
		p.compare(t, *r.answer, got, edits)
	}
	p.write(t, edits)
	followIn(t, w, "gate", "guides/gate-cookbook.md")
	t.Run("Moving", func(t *testing.T) {
		legacyEndpoint(t, w)
		followIn(t, w, "moving", "guides/moving-from-aws-sagemaker-endpoint.md")
	})
}

// newPassengers is a workspace with the Titanic passengers, and a plain model of them as champion.
func newPassengers(t *testing.T) *workspace {
	t.Helper()
	w := newWorkspace(t)
	if err := os.CopyFS(w.dir, os.DirFS("testdata/cookbook")); err != nil {
		t.Fatal(err)
	}
	passengers, err := os.ReadFile("../examples/titanic/data/titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "all.csv", string(passengers))
	for _, command := range []string{
		"titanic split --input all.csv --train train.csv --holdout holdout.csv --percent 30", "chmod +x passenger.py",
		"cd champion && terraform init && terraform apply -auto-approve",
	} {
		if output, err := w.run(command); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, output)
		}
	}
	return w
}

// TestEngine follows the page about the engine, beside an endpoint that serves the champion.
func TestEngine(t *testing.T) {
	w := newPassengers(t)
	w.write(t, "main.tf", `terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

provider "titanicml" {
  default_tags = { project = "titanic", env = "dev", owner = "ada", managed_by = "terraform", cost_center = "docs" }
}

data "titanicml_champion" "survival" {
  model_package_group = "titanic-survival"
}

resource "titanicml_endpoint" "survival" {
  name     = "titanic-survival"
  serving  = data.titanicml_champion.survival.serving
  instance = { type = "ml.t2.medium", count = 1 }
}
`)
	if output, err := w.run("terraform init && terraform apply -auto-approve"); err != nil {
		t.Fatalf("making the endpoint: %v\n%s", err, output)
	}
	follow(t, w, "engine.md")
}

// followIn follows a page in a directory with a provider and the outputs of the candidates.
func followIn(t *testing.T, w *workspace, directory, page string) {
	t.Helper()
	w.write(t, filepath.Join(directory, "main.tf"), recipeHeader)
	w.within = directory
	defer func() { w.within = "" }()
	if output, err := w.run("terraform init"); err != nil {
		t.Fatalf("terraform init: %v\n%s", err, output)
	}
	follow(t, w, page)
}
