package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

// fakeAWS answers like a healthy environment, but for what BROKEN names.
const fakeAWS = `#!/usr/bin/env bash
case "$1 $2" in
"sagemaker list-pipeline-executions") [[ $BROKEN == pipeline ]] && echo Failed || echo Succeeded ;;
"sagemaker list-model-packages") [[ $BROKEN == none ]] && echo None || printf 'arn:g/3\tarn:g/2\n' ;;
"sagemaker describe-model-package") [[ $4 == arn:g/2 && $BROKEN != model ]] && echo s3://b/model || echo s3://b/other ;;
"sagemaker describe-endpoint-config") echo m ;;
"sagemaker describe-model") echo s3://b/model ;;
"sagemaker describe-endpoint")
  [[ $* == *EndpointConfigName* ]] && echo c || { [[ $BROKEN == endpoint ]] && echo Failed || echo InService; } ;;
"sagemaker-runtime invoke-endpoint")
  for last; do :; done
  [[ $BROKEN == answer ]] && echo '{"predictions":[{"score":null}]}' >"$last" || echo '{"predictions":[{"score":0.11}]}' >"$last" ;;
"cloudwatch describe-alarms") [[ $BROKEN == alarms ]] && echo ALARM || echo OK ;;
"sts get-caller-identity") echo 123456789012 ;;
"budgets describe-budget")
  spent=40; [[ $BROKEN == costs ]] && spent=151
  echo "{\"Budget\":{\"BudgetLimit\":{\"Amount\":\"150.0\",\"Unit\":\"USD\"},\"CalculatedSpend\":{\"ActualSpend\":{\"Amount\":\"$spent\"}}}}" ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`

func TestReleaseCheck(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq, which the script uses, is not installed")
	}
	tests := []struct{ broken, want string }{
		{"", "ok    model: endpoint titanic-dev-survival serves version 2, which is approved"},
		{"", "ok    costs: spent 40 of 150.0 USD, forecast not known yet"},
		{"pipeline", "FAIL  pipeline: last execution of titanic-dev-survival: Failed"},
		{"model", "FAIL  model: endpoint titanic-dev-survival serves s3://b/model, which no approved version has"},
		{"none", "FAIL  model: endpoint titanic-dev-survival serves s3://b/model, which no approved version has"},
		{"endpoint", "FAIL  endpoint: endpoint titanic-dev-survival: Failed"},
		{"answer", "FAIL  endpoint:"},
		{"alarms", "FAIL  alarms: alarm titanic-dev-release-health: ALARM"},
		{"costs", "FAIL  costs: spent 151 of 150.0 USD"},
	}
	for _, test := range tests {
		t.Run("broken "+test.broken, func(t *testing.T) {
			out, err := script(t, "aws", fakeAWS, []string{"BROKEN=" + test.broken}, "release-check.sh", "dev", "pipeline", "model", "endpoint", "alarms", "costs")
			if (err != nil) != (test.broken != "") {
				t.Errorf("the exit status is wrong: %v", err)
			}
			if !strings.Contains(out, test.want) {
				t.Errorf("got\n%sexpected %q", out, test.want)
			}
			if failed := strings.Count(out, "FAIL"); test.broken != "" && failed != 1 {
				t.Errorf("%d checks failed, expected one:\n%s", failed, out)
			}
		})
	}
}

func TestReleaseCheckRefusesAnUnknownCheck(t *testing.T) {
	out, err := script(t, "aws", fakeAWS, nil, "release-check.sh", "dev", "weather")
	if err == nil || !strings.Contains(out, "expected pipeline, model, endpoint, alarms or costs") {
		t.Errorf("got %v:\n%s", err, out)
	}
}

func TestDevEvidence(t *testing.T) {
	gh := "#!/usr/bin/env bash\n[[ $GREEN ]] && echo https://github.com/o/n/actions/runs/7\nexit 0\n"
	out, err := script(t, "gh", gh, []string{"GREEN=1"}, "dev-evidence.sh", "o/n", "abc")
	if err != nil || strings.TrimSpace(out) != "https://github.com/o/n/actions/runs/7" {
		t.Errorf("got %v: %s", err, out)
	}
	out, err = script(t, "gh", gh, []string{"GREEN="}, "dev-evidence.sh", "o/n", "abc")
	if err == nil || !strings.Contains(out, "has no green run of abc") {
		t.Errorf("got %v: %s", err, out)
	}
}

func TestDestroyIsForDev(t *testing.T) {
	out, err := script(t, "terraform", "#!/bin/sh\nexit 1\n", nil, "destroy.sh", "prod")
	if err == nil || !strings.Contains(out, "prod is not destroyed by a script") {
		t.Errorf("got %v: %s", err, out)
	}
}

// script runs a script of this repository with a program of the given name in front of the path.
func script(t *testing.T, program, text string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash, which the scripts are written in, is not installed")
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, program), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	// A lock file counts to the sources of a stage, so that none that a script makes may stay.
	for _, stage := range project.Stages {
		lock := filepath.Join("../../terraform", stage, lockFile)
		if _, err := os.Stat(lock); err != nil {
			t.Cleanup(func() { _ = os.Remove(lock) }) // nothing to remove is as well
		}
	}
	command := exec.Command(bash, append([]string{filepath.Join("..", name)}, args...)...)
	command.Env = append(append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+extra(env)+os.Getenv("PATH")), env...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestBootstrap runs the script against stand-ins for aws, gh and terraform that say what they were asked.
func TestBootstrap(t *testing.T) {
	account := strings.TrimSpace(mustRun(t, "go", "run", ".", "account", "--env", "dev"))
	aws := `#!/usr/bin/env bash
echo "aws $1 $2" >>"$LOG"
case "$1 $2" in
"sts get-caller-identity") echo "$ACCOUNT" ;;
"iam create-service-linked-role") echo "Service role name AWSServiceRoleForECS has been taken" >&2; exit 254 ;;
"s3api head-object") [[ $STATE ]] ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`
	gh := `#!/usr/bin/env bash
echo "gh $*" | sed 's/ --input -//' >>"$LOG"
[[ $1 == auth || $* == *user* || $* == *--method* ]]
`
	terraform := `#!/usr/bin/env bash
case "$*" in
version) echo "Terraform v1.11.4" ;;
*) for arg; do case $arg in -chdir=*) ;; *) echo -n "$arg " ;; esac; done | sed 's/^/terraform /' >>"$LOG"; echo >>"$LOG" ;;
esac
`
	first := []string{
		"aws sts get-caller-identity", "aws iam create-service-linked-role", "aws s3api head-object",
		"terraform init -reconfigure", "terraform apply -var-file=../project.tfvars -var-file=env/dev.tfvars", "terraform init -migrate-state -force-copy -backend-config=bucket=titanic-dev-state-" + account,
		"gh auth status", "environments/dev", "--method PUT", "deployment-branch-policies -f name=main",
	}
	for _, test := range []struct {
		name, account, state string
		want                 []string // in this order
		never, says          string
	}{
		{"first", account, "", first, "backend-config=path", "dev is ready"},
		{"later", account, "1", []string{"terraform init -reconfigure -backend-config=bucket", "terraform apply"}, "-migrate-state", "dev is ready"},
		{"elsewhere", "999999999999", "", nil, "terraform", "the credentials are for account 999999999999"},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			bin := t.TempDir()
			for name, text := range map[string]string{"gh": gh, "terraform": terraform} {
				if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			out, err := script(t, "aws", aws, []string{"LOG=" + log, "ACCOUNT=" + test.account, "STATE=" + test.state, "TERRAFORM=" + filepath.Join(bin, "terraform"), "EXTRA=" + bin}, "bootstrap.sh", "dev")
			if (err != nil) != (test.want == nil) || !strings.Contains(out, test.says) {
				t.Errorf("got %v:\n%s", err, out)
			}
			did, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			rest := string(did)
			for _, want := range test.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("%q was not done, or not in this order:\n%s", want, did)
				}
				rest = after
			}
			if strings.Contains(string(did), test.never) {
				t.Errorf("%q was done:\n%s", test.never, did)
			}
			if _, err := os.Stat("../../terraform/1_foundation/bootstrap_override.tf"); err == nil {
				t.Error("the override is still there")
			}
		})
	}
}

func mustRun(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// extra is a further directory of programs that a test puts in front of the path, with its separator.
func extra(env []string) string {
	for _, setting := range env {
		if directory, ok := strings.CutPrefix(setting, "EXTRA="); ok {
			return directory + string(os.PathListSeparator)
		}
	}
	return ""
}

// TestSetUp lets the script build nothing and looks whether the configuration that it names is there.
func TestSetUp(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"scripts/set-up.sh", "tools/mirror.sh", "VERSION"} {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, root, name, string(content))
		if err := os.Chmod(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root, "bin/terraform-provider-titanicml", "")
	write(t, root, "fake/make", "#!/bin/sh\necho building\n")
	if err := os.Chmod(filepath.Join(root, "fake/make"), 0o755); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(filepath.Join(root, "scripts/set-up.sh"))
	command.Env = append(os.Environ(), "PATH="+filepath.Join(root, "fake")+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	file, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "TF_CLI_CONFIG_FILE=")
	if _, err := os.Stat(file); !ok || err != nil {
		t.Errorf("got %q: %v", out, err)
	}
}

// TestDrift plans with a CLI whose plans change what CHANGES says, in every stage.
func TestDrift(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq, which the script uses, is not installed")
	}
	terraform := `#!/usr/bin/env bash
case "$1" in
version) echo "Terraform v1.11.4" ;;
plan) for arg; do case $arg in -out=*) : >"${arg#-out=}" ;; esac; done ;;
show) echo "{\"resource_changes\":[$CHANGES]}" ;;
esac
`
	change := func(address, action string) string {
		return `{"mode":"managed","address":"` + address + `","change":{"actions":["` + action + `"]}}`
	}
	for _, test := range []struct{ name, env, changes, says string }{
		{"none", "dev", "", "5_serving: no drift"},
		{"somebody's change", "dev", change("aws_vpc.main", "update"), "- `aws_vpc.main`: update"},
		{"suspended", "dev", change("titanicml_endpoint.survival", "create"), "5_serving: no drift"},
		{"gone in prod", "prod", change("titanicml_endpoint.survival", "create"), "- `titanicml_endpoint.survival`: create"},
		{"changed in dev", "dev", change("titanicml_endpoint.survival", "update"), "- `titanicml_endpoint.survival`: update"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := script(t, "terraform", terraform, []string{"CHANGES=" + test.changes, "TERRAFORM=terraform"}, "drift.sh", test.env)
			if (err != nil) != strings.HasPrefix(test.says, "-") || !strings.Contains(out, test.says) {
				t.Errorf("got %v:\n%s", err, out)
			}
		})
	}
}

// TestDestroyForgetsModels follows what the script asks for.
func TestDestroyForgetsModels(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	aws := `#!/usr/bin/env bash
echo "aws $*" >>"$LOG"
[[ $2 == list-model-packages ]] && printf 'arn:x/2\tarn:x/1\n'
exit 0
`
	terraform := `#!/usr/bin/env bash
[[ $1 == version ]] && echo "Terraform v1.11.4"
[[ $1 == destroy ]] && echo "destroy $(basename "$PWD")" >>"$LOG"
exit 0
`
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "terraform"), []byte(terraform), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := script(t, "aws", aws, []string{"LOG=" + log, "EXTRA=" + bin, "TERRAFORM=terraform"}, "destroy.sh", "dev"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	did, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	rest := string(did)
	for _, want := range []string{"destroy 7_observability_cost", "destroy 5_serving", "delete-model-package --model-package-name arn:x/2", "delete-model-package --model-package-name arn:x/1", "s3 rm --recursive s3://titanic-dev-store-", "/titanicml/champions/", "destroy 4_ml_training", "destroy 2_networking"} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q was not done, or not in this order:\n%s", want, did)
		}
		rest = after
	}
}

// TestDeploy follows a deployment through stand-ins for terraform, aws and docker.
func TestDeploy(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq, which the script uses, is not installed")
	}
	aws := `#!/usr/bin/env bash
case "$1 $2" in
"cloudwatch put-metric-data") echo "metric $6 $8 ${12##*Stage=}" >>"$LOG" ;;
"sts get-caller-identity") echo 123456789012 ;;
"ecr describe-images") [[ $* == *titanic-dev-etl* ]] ;;
"ecr get-login-password") echo x ;;
"s3api head-object") [[ $SEEDED ]] ;;
"s3 cp") echo "seed $5" >>"$LOG" ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`
	docker := `#!/usr/bin/env bash
echo "docker $1" >>"$LOG"
[[ $1 != login ]] || cat >/dev/null
`
	terraform := `#!/usr/bin/env bash
stage=$(basename "$PWD")
case "$*" in
version) echo "Terraform v1.11.4" ;;
*"output -json") [[ $CHAMPION ]] && echo "{\"champion\":{\"value\":{\"model_package_arn\":\"$CHAMPION\"}}}" || echo '{}' ;;
"plan "*)
  for arg; do case $arg in -out=*) : >"${arg#-out=}" ;; esac; done
  echo "plan $stage ${TF_VAR_candidate:-bootstrap}" >>"$LOG" ;;
"show -json "*) [[ $stage == 1_foundation && $CHANGES ]] && echo '{"resource_changes":[{"mode":"managed","change":{"actions":["update"]}}]}' || echo '{}' ;;
"apply "*) echo "apply $stage" >>"$LOG"; [[ $stage != "$BROKEN" ]] ;;
esac
`
	const champion = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/titanic-dev-survival/4"
	for _, test := range []struct {
		name  string
		env   []string
		args  []string
		want  []string // in this order
		never string
		fails bool
	}{
		{"all", []string{"CHAMPION=" + champion}, nil, []string{
			"plan 1_foundation " + champion, "metric Succeeded 1 1_foundation", "apply 2_networking", "apply 3_data", "seed s3://titanic-dev-datasets-", "docker login", "docker build", "docker push",
			"metric Succeeded 1 3_data", "apply 4_ml_training", "plan 5_serving " + champion, "apply 5_serving", "plan 5_serving " + champion, "apply 5_serving", "apply 7_observability_cost",
		}, "apply 1_foundation", false},
		{"after a delivery", []string{"SEEDED=1"}, []string{"3_data"}, []string{"apply 3_data", "docker push"}, "seed", false},
		{"before the first promotion", nil, []string{"5_serving"}, []string{"plan 5_serving bootstrap"}, "1_foundation", false},
		{"a candidate", []string{"CANDIDATE=" + champion[:len(champion)-1] + "9", "CHAMPION=" + champion}, []string{"5_serving"}, []string{"plan 5_serving " + champion[:len(champion)-1] + "9"}, champion, false},
		{"a candidate of prod", []string{"CANDIDATE=" + strings.Replace(champion, "-dev-", "-prod-", 1)}, []string{"5_serving"}, nil, "plan", true},
		{"stage 1 has changes", []string{"CHANGES=1"}, nil, []string{"metric Failed 1 1_foundation"}, "2_networking", true},
		{"a stage fails", []string{"BROKEN=2_networking"}, nil, []string{"apply 2_networking", "metric Failed 1 2_networking"}, "3_data", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			bin := t.TempDir()
			for name, text := range map[string]string{"docker": docker, "terraform": terraform} {
				if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			out, err := script(t, "aws", aws, append(test.env, "LOG="+log, "TERRAFORM=terraform", "EXTRA="+bin), "deploy.sh", append([]string{"dev"}, test.args...)...)
			if (err != nil) != test.fails {
				t.Errorf("got %v:\n%s", err, out)
			}
			did, _ := os.ReadFile(log) // nothing may have been done
			rest := string(did)
			for _, want := range test.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("%q was not done, or not in this order:\n%s\n%s", want, did, out)
				}
				rest = after
			}
			if strings.Contains(string(did), test.never) {
				t.Errorf("%q was done:\n%s", test.never, did)
			}
		})
	}
}

func TestPlanNeedsItsBase(t *testing.T) {
	out, err := script(t, "terraform", "#!/bin/sh\nexit 1\n", []string{"TERRAFORM=terraform"}, "plan.sh", "dev", "no-such-revision")
	if err == nil || strings.Contains(out, "No stage changes") {
		t.Errorf("got %v: %s", err, out)
	}
	out, err = script(t, "terraform", "#!/bin/sh\nexit 1\n", []string{"TERRAFORM=terraform"}, "plan.sh", "dev", "HEAD")
	if err == nil && !strings.Contains(out, "No stage changes") {
		t.Errorf("got %v: %s", err, out)
	}
}
