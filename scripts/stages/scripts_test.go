package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeAWS answers like a healthy environment, but for what BROKEN names.
const fakeAWS = `#!/usr/bin/env bash
case "$1 $2" in
"sagemaker list-pipeline-executions") [[ $BROKEN == pipeline ]] && echo Failed || echo Succeeded ;;
"sagemaker list-model-packages") [[ $BROKEN == model ]] && echo 0 || echo 1 ;;
"sagemaker describe-endpoint") [[ $BROKEN == endpoint ]] && echo Failed || echo InService ;;
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
		{"", "ok    costs: spent 40 of 150.0 USD, forecast not known yet"},
		{"pipeline", "FAIL  pipeline: last execution of titanic-dev-survival: Failed"},
		{"model", "FAIL  model: approved versions of titanic-dev-survival: 0"},
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
	command := exec.Command(bash, append([]string{filepath.Join("..", name)}, args...)...)
	command.Env = append(append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH")), env...)
	out, err := command.CombinedOutput()
	return string(out), err
}
