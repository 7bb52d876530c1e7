//go:build unix

package docs_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The secrets that TestNoSecretIsKept gives away, each recognisable wherever it turns up.
const (
	secretKey    = "Wq7secretKeyOfTheProviderBlock0000000000"
	sessionToken = "Wq7sessionTokenOfTheProviderBlock"
	environKey   = "Wq7secretKeyOfTheEnvironment000000000000"
	environToken = "Wq7sessionTokenOfTheEnvironment"
	containerKey = "Wq7passwordInTheContainersEnvironment"
	modelKey     = "Wq7licenceKeyInAHyperparameter"
)

const secretsConfig = `
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}

variable "container_key" {
  type      = string
  sensitive = true
}

variable "model_key" {
  type      = string
  sensitive = true
}

provider "titanicml" {
  access_key = "ada"
  secret_key = "` + secretKey + `"
  token      = "` + sessionToken + `"

  store        = "s3://titanicml-local/titanicml"
  local        = { images = { titanic = ["./model.sh"] } }
  default_tags = { project = "titanic", env = "dev", owner = "ada", managed_by = "terraform", cost_center = "docs" }
}

resource "titanicml_dataset" "part" {
  for_each = toset(["train", "holdout"])

  name      = "titanic-${each.key}"
  source    = "${each.key}.csv"
  id_column = "passenger_id"
}

resource "titanicml_training_run" "candidate" {
  name            = "titanic-survival"
  image           = "titanic"
  inputs          = { train = titanicml_dataset.part["train"].uri }
  hyperparameters = { features = "plain", cv_repeats = "0", licence = var.model_key }
  environment     = { PASSWORD = var.container_key }
}

resource "titanicml_evaluation" "holdout" {
  name             = "titanic-holdout"
  image            = "titanic"
  model_uri        = titanicml_training_run.candidate.artifact_uri
  model_sha256     = titanicml_training_run.candidate.artifact_sha256
  dataset          = titanicml_dataset.part["holdout"].uri
  training_dataset = titanicml_dataset.part["train"].uri
  id_column        = "passenger_id"
  environment      = { PASSWORD = var.container_key }
}

resource "titanicml_model_version" "candidate" {
  model_package_group = "titanic-survival"
  image               = "titanic"
  artifact_uri        = titanicml_training_run.candidate.artifact_uri
  artifact_sha256     = titanicml_training_run.candidate.artifact_sha256
  training_run        = titanicml_training_run.candidate.job_name
  evaluation          = titanicml_evaluation.holdout.id
}

resource "titanicml_promotion" "survival" {
  model_package_group = "titanic-survival"
  candidate           = titanicml_model_version.candidate.arn
  evaluation          = titanicml_evaluation.holdout.id
  requirements        = [{ metric = "auc", min = 0.7 }]
}

resource "titanicml_endpoint" "survival" {
  name        = "titanic-survival"
  serving     = titanicml_promotion.survival.serving
  instance    = { type = "ml.t2.medium", count = 1 }
  environment = { PASSWORD = var.container_key }
}
`

// TestNoSecretIsKept applies everything with secrets in every place that takes one, at the most talkative log level, and looks
// for them in every file that is left, and in what was printed. Credentials may be nowhere. What a user gives to a container
// has to reach it: it is where Terraform and SageMaker keep a job's own arguments, and nowhere else.
func TestNoSecretIsKept(t *testing.T) {
	w := newWorkspace(t)
	passengers, err := os.ReadFile("../examples/titanic/data/titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "all.csv", string(passengers))
	w.write(t, "main.tf", secretsConfig)
	// The workload takes no hyperparameter that it does not know: a container that has its own keeps it to itself.
	w.write(t, "model.sh", `#!/bin/sh
config="$SAGEMAKER_BASE_DIR/input/config/hyperparameters.json"
if [ "$1" = train ]; then
  tr -d '\n' <"$config" | sed -E 's/, *"licence": *"[^"]*"//' >"$config.known" && mv "$config.known" "$config"
fi
exec `+filepath.Join(w.programs.bin, "titanic")+` "$@"
`)
	environment := fmt.Sprintf("export AWS_ACCESS_KEY_ID=bob AWS_SECRET_ACCESS_KEY=%s AWS_SESSION_TOKEN=%s TF_VAR_container_key=%s TF_VAR_model_key=%s\n", environKey, environToken, containerKey, modelKey)
	trace := "TF_LOG=TRACE TF_LOG_PATH=$PWD/trace.log "
	var printed strings.Builder
	for _, command := range []string{
		"titanic split --input all.csv --train train.csv --holdout holdout.csv --percent 30",
		"terraform init",
		trace + "terraform plan -out plan",
		trace + "terraform apply -auto-approve plan",
		trace + "terraform plan -detailed-exitcode",
		// The same through the AWS SDK's own way to credentials, which has a log of its own.
		`export AWS_ENDPOINT_URL=$(titanicml-local status --json | sed -nE 's/.*"url": *"([^"]*)".*/\1/p' | head -n 1) AWS_REGION=eu-west-1 TITANICML_ENGINE=sagemaker
TF_LOG=TRACE TF_LOG_PATH=$PWD/sdk.log terraform plan -refresh-only`,
		"terraform show -json > state.json",
		"titanicml-local report --group titanic-survival --output report.html",
		"titanicml-local status --json && titanicml-local stop",
	} {
		output, err := w.run(environment + command)
		printed.WriteString(output)
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, output)
		}
	}

	// A pattern of paths, and the secrets that may be there. The first that matches counts.
	places := []struct {
		pattern, allowed, reason string
	}{
		{`^main\.tf$`, secretKey + " " + sessionToken, "the configuration itself"},
		{`^plan$`, secretKey + " " + sessionToken + " " + containerKey + " " + modelKey, "a plan file holds the configuration and variables that it was made of; it is an archive besides"},
		{`^(terraform\.tfstate|state\.json)$`, containerKey + " " + modelKey, "Terraform keeps every argument of a resource in state, sensitive ones too"},
		{`^\.titanicml/engine\.db(-wal|-shm)?$`, containerKey + " " + modelKey, "DescribeTrainingJob and its like answer with them, as SageMaker's do"},
		{`^\.titanicml/(jobs|endpoints)/.*(hyperparameters|trainingjobconfig|processingjobconfig|resourceconfig)\.json$`, containerKey + " " + modelKey, "the container's own input"},
	}
	found := map[string]bool{}
	files := 0
	err = filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		name, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		allowed := ""
		for _, p := range places {
			if regexp.MustCompile(p.pattern).MatchString(name) {
				allowed = p.allowed
				break
			}
		}
		for _, secret := range []string{secretKey, sessionToken, environKey, environToken, containerKey, modelKey} {
			switch {
			case !bytes.Contains(content, []byte(secret)):
			case strings.Contains(allowed, secret):
				found[secret] = true
			default:
				at := bytes.Index(content, []byte(secret))
				t.Errorf("%s holds %s: ...%q", name, secret, content[max(0, at-120):at+len(secret)])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{secretKey, sessionToken, environKey, environToken, containerKey, modelKey} {
		if strings.Contains(printed.String(), secret) {
			t.Errorf("the commands print %s", secret)
		}
	}
	// A test that finds nothing anywhere proves nothing: what has to be somewhere was found there.
	for _, secret := range []string{secretKey, containerKey, modelKey} {
		if !found[secret] {
			t.Errorf("%s was found nowhere, not even where it has to be", secret)
		}
	}
	if log, err := os.ReadFile(filepath.Join(w.dir, "trace.log")); err != nil || !bytes.Contains(log, []byte("titanicml_promotion")) || len(log) < 100_000 {
		t.Errorf("the trace holds %d bytes: %v", len(log), err)
	}
	if log, err := os.ReadFile(filepath.Join(w.dir, "sdk.log")); err != nil || !bytes.Contains(log, []byte("Retrieved credentials")) {
		t.Errorf("the SDK's log does not tell of credentials: %v", err)
	}
	for _, kept := range []string{"s3/titanicml-local/titanicml/decisions", "progress", "jobs"} {
		if entries, err := os.ReadDir(filepath.Join(w.dir, ".titanicml", kept)); err != nil || len(entries) == 0 {
			t.Errorf("nothing is in %s to look at: %v", kept, err)
		}
	}
	t.Logf("looked at %d files", files)
}
