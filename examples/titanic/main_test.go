package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// programVariable makes the test binary be the program, for tests that need a process of its own.
const programVariable = "TITANIC_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		main()
	}
	os.Exit(m.Run())
}

// job is a container directory and what a program left in it.
type job struct {
	base           string
	code           int
	stdout, stderr string
}

// newJob lays out files, given by their path below the base directory.
func newJob(t testing.TB, files map[string]string) *job {
	t.Helper()
	j := &job{base: t.TempDir()}
	for name, content := range files {
		j.put(t, name, []byte(content))
	}
	return j
}

func (j *job) put(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := writeFile(filepath.Join(j.base, name), content); err != nil {
		t.Fatal(err)
	}
}

func (j *job) read(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(j.base, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (j *job) getenv(name string) string {
	if name == baseDirVariable {
		return j.base
	}
	return ""
}

func (j *job) run(t testing.TB, args ...string) *job {
	t.Helper()
	var stdout, stderr bytes.Buffer
	j.code = run(context.Background(), args, j.getenv, &stdout, &stderr)
	j.stdout, j.stderr = stdout.String(), stderr.String()
	return j
}

// titanic returns the committed data file.
func titanic(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile("data/titanic.csv")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTrain(t *testing.T) {
	var first []byte
	for range 2 {
		j := newJob(t, map[string]string{
			"input/data/train/titanic.csv":            titanic(t),
			"input/config/hyperparameters.json":       `{"seed":"3","cv_repeats":"2","features":"\"full\"","sagemaker_region":"\"eu-west-1\""}`,
			"input/config/inputdataconfig.json":       `{"train":{}}`,
			"input/data/train/.hidden-file-to-ignore": "x",
		})
		if j.run(t, "train"); j.code != 0 {
			t.Fatalf("exit %d: %s", j.code, j.stderr)
		}
		for metric, least := range map[string]float64{"train_accuracy": 0.8, "train_auc": 0.85, "cv_accuracy": 0.79, "cv_auc": 0.84, "train_rows": 1309} {
			found := regexp.MustCompile(metric + `=([0-9.]+);`).FindStringSubmatch(j.stdout)
			if found == nil {
				t.Errorf("%s is not printed:\n%s", metric, j.stdout)
				continue
			}
			if value, err := strconv.ParseFloat(found[1], 64); err != nil || value < least {
				t.Errorf("%s=%s, expected at least %v", metric, found[1], least)
			}
		}
		model := j.read(t, "model/model.json")
		if first == nil {
			first = model
		} else if !bytes.Equal(first, model) {
			t.Errorf("the same training gave another model:\n%s\n%s", first, model)
		}
	}
}

func TestTrainFails(t *testing.T) {
	const header = "passenger_id,survived,pclass,sex,age,sibsp,parch\n"
	tests := []struct {
		name            string
		hyperparameters string
		files           map[string]string
		want            string
	}{
		{"no data", `{}`, nil, "read the data of channel train: "},
		{"empty file", `{}`, map[string]string{"a.csv": ""}, "train/a.csv line 1: got an empty file, expected a header line with"},
		{"missing column", `{}`, map[string]string{"a.csv": "passenger_id,survived\n"}, "train/a.csv line 1, column pclass: got a header without it"},
		{"text in a number", `{}`, map[string]string{"a.csv": header + "1,0,3,male,?,0,0\n"}, `train/a.csv line 2, column 5 (age): got "?", expected years`},
		{"NaN", `{}`, map[string]string{"a.csv": header + "1,0,3,male,nan,0,0\n"}, `train/a.csv line 2, column 5 (age): got "nan"`},
		{"not UTF-8", `{}`, map[string]string{"a.csv": header + "1,0,3,\xe9,2,0,0\n"}, "train/a.csv line 2, column 4 (sex): got bytes that are not UTF-8"},
		{"one class", `{}`, map[string]string{"a.csv": header + "1,0,3,male,2,0,0\n2,0,3,male,2,0,0\n"},
			"train/a.csv line 2, column survived: got 0 here and in all other of the 2 rows, expected both 0 and 1"},
		{"passenger in two files", `{}`, map[string]string{"a.csv": header + "1,0,3,male,2,0,0\n", "b.csv": header + "1,1,3,male,2,0,0\n"},
			"train/b.csv: got passenger 1, which train/a.csv has too"},
		{"features", `{"features":"best"}`, map[string]string{"a.csv": titanic(t)}, `hyperparameter features: got "best", expected one of full, plain, weak`},
		{"l2", `{"l2":"NaN"}`, map[string]string{"a.csv": titanic(t)}, `hyperparameter l2: got "NaN", expected a number from 0 to 1e+06`},
		{"unknown hyperparameter", `{"feature":"full"}`, map[string]string{"a.csv": titanic(t)}, "hyperparameter feature is not known, expected some of cv_folds,"},
		{"hyperparameters that are no strings", `{"l2":1}`, map[string]string{"a.csv": titanic(t)}, "expected an object of strings"},
		{"too few iterations", `{"max_iterations":"1"}`, map[string]string{"a.csv": titanic(t)}, "did not converge in 1 iterations"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := newJob(t, map[string]string{"input/config/hyperparameters.json": test.hyperparameters})
			for name, content := range test.files {
				j.put(t, "input/data/train/"+name, []byte(content))
			}
			if j.run(t, "train"); j.code != 1 {
				t.Fatalf("exit %d, expected 1: %s", j.code, j.stderr)
			}
			if failure := string(j.read(t, "output/failure")); !strings.Contains(failure, test.want) || !strings.Contains(j.stderr, test.want) {
				t.Errorf("output/failure: %sstandard error: %swant %s", failure, j.stderr, test.want)
			}
			if _, err := os.Stat(filepath.Join(j.base, "model", "model.json")); err == nil {
				t.Error("a failed training left a model")
			}
		})
	}
}

// archiveOf packs a file as SageMaker packs a model directory.
func archiveOf(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	out := tar.NewWriter(zipped)
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// trained returns the model file that the given features give on the training part of the data.
func trained(t testing.TB, features string) []byte {
	t.Helper()
	j := newJob(t, map[string]string{
		"titanic.csv":                       titanic(t),
		"input/config/hyperparameters.json": `{"cv_repeats":"0","features":"` + features + `"}`,
	})
	j.run(t, "split", "--input", filepath.Join(j.base, "titanic.csv"), "--train", filepath.Join(j.base, "input/data/train/train.csv"),
		"--holdout", filepath.Join(j.base, "holdout.csv"), "--percent", "30")
	if j.code != 0 {
		t.Fatalf("split: exit %d: %s", j.code, j.stderr)
	}
	if j.run(t, "train"); j.code != 0 {
		t.Fatalf("train: exit %d: %s", j.code, j.stderr)
	}
	return j.read(t, "model/model.json")
}

func TestEvaluate(t *testing.T) {
	j := newJob(t, map[string]string{"titanic.csv": titanic(t)})
	j.run(t, "split", "--input", filepath.Join(j.base, "titanic.csv"), "--train", filepath.Join(j.base, "train.csv"),
		"--holdout", filepath.Join(j.base, "processing/input/data/holdout.csv"), "--percent", "30")
	j.put(t, "processing/input/model/model.tar.gz", archiveOf(t, "model.json", trained(t, "full")))
	j.put(t, "processing/input/baseline/model.json", trained(t, "weak"))
	if j.run(t, "evaluate"); j.code != 0 {
		t.Fatalf("exit %d: %s", j.code, j.stderr)
	}

	accuracy := map[string]float64{}
	for _, part := range []string{"", "baseline/"} {
		var report struct {
			Binary struct {
				Accuracy struct{ Value float64 }
			} `json:"binary_classification_metrics"`
			Performance map[string]struct{ Value float64 }
		}
		if err := json.Unmarshal(j.read(t, "processing/output/"+part+"evaluation.json"), &report); err != nil {
			t.Fatal(err)
		}
		accuracy[part] = report.Binary.Accuracy.Value
		if latency := report.Performance["p95_latency_ms"].Value; !(latency > 0 && latency < 50) {
			t.Errorf("%sp95_latency_ms = %v", part, latency)
		}
		records, err := csv.NewReader(bytes.NewReader(j.read(t, "processing/output/"+part+"predictions.csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(records[0], ","); got != "passenger_id,label,score,pclass,sex" {
			t.Errorf("%spredictions.csv has the header %s", part, got)
		}
		right := 0
		for _, record := range records[1:] {
			value, err := strconv.ParseFloat(record[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			if (value >= 0.5) == (record[1] == "1") {
				right++
			}
		}
		if recomputed := float64(right) / float64(len(records)-1); recomputed != accuracy[part] {
			t.Errorf("%saccuracy is %v by the predictions and %v by the report", part, recomputed, accuracy[part])
		}
	}
	if accuracy[""] < 0.78 || accuracy["baseline/"] > 0.7 {
		t.Errorf("accuracy %v, expected the full model above 0.78 and the weak baseline below 0.7", accuracy)
	}
	if !strings.Contains(j.stdout, "\nbaseline_examples=") {
		t.Errorf("the baseline's metrics are not printed:\n%s", j.stdout)
	}
}

func TestEvaluateFails(t *testing.T) {
	j := newJob(t, map[string]string{"processing/input/data/holdout.csv": titanic(t)})
	j.put(t, "processing/input/model/model.tar.gz", archiveOf(t, "../../model.json", trained(t, "full")))
	if j.run(t, "evaluate"); j.code != 1 {
		t.Fatalf("exit %d, expected 1", j.code)
	}
	if message := string(j.read(t, "output/message")); !strings.Contains(message, `entry "../../model.json" points outside the archive`) {
		t.Errorf("output/message is %s", message)
	}
	if _, err := os.Stat(filepath.Join(j.base, "processing/output/evaluation.json")); err == nil {
		t.Error("a failed evaluation left a report")
	}
}

func TestCommandLine(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing", nil, 2, "titanic split"},
		{"unknown", []string{"predict"}, 2, `got "predict", expected train, evaluate, serve or split`},
		{"help", []string{"--help"}, 0, "titanic predicts who survived"},
		{"split without files", []string{"split"}, 2, "--input, --train and --holdout are needed"},
		{"split percent", []string{"split", "--input", "a", "--train", "b", "--holdout", "c", "--percent", "NaN"}, 2, "--percent: got NaN"},
		{"split argument", []string{"split", "x"}, 2, `got the argument "x"`},
		{"split of nothing", []string{"split", "--input", "/nonexistent", "--train", "b", "--holdout", "c"}, 1, "open /nonexistent"},
		{"serve without a model", []string{"serve"}, 1, "has neither model.json nor model.tar.gz"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := newJob(t, nil).run(t, test.args...)
			if j.code != test.code || !strings.Contains(j.stdout+j.stderr, test.want) {
				t.Errorf("exit %d, %s%s, expected exit %d and %q", j.code, j.stdout, j.stderr, test.code, test.want)
			}
		})
	}
}
