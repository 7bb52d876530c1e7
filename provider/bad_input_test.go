package provider

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// TestDatasetChangedAfterThePlan changes the file between a saved plan and its apply. Terraform plans once more while it applies, so
// that its own comparison meets the change first; whoever meets it, nothing is stored.
func TestDatasetChangedAfterThePlan(t *testing.T) {
	h := newHarness(t)
	config := h.config(datasetConfig)
	planned, changed := "id,label\n1,0\n2,1\n", "id,label\n1,0\n2,0\n"
	h.run(
		resource.TestStep{
			Config:           config,
			ConfigPlanChecks: beforeApply(func() { h.write("train.csv", changed) }),
			ExpectError:      saysAll("inconsistent final plan", "for titanicml_dataset.d", "invalid new value for .sha256: was", digest(planned), "but now", digest(changed)),
		},
		resource.TestStep{
			PreConfig: func() {
				c := h.client()
				if err := c.EnsureBucket(t.Context(), c.Store.Bucket); err != nil {
					t.Fatal(err)
				}
				if objects, err := c.List(t.Context(), c.Store.Join("data")); err != nil || len(objects) > 0 {
					t.Errorf("the refused apply stored %v, %v", objects, err)
				}
			},
			Config: config,
			Check:  attribute("titanicml_dataset.d", "sha256", digest(changed)),
		},
	)
}

// saysAll matches diagnostics that hold all these words, in this order.
func saysAll(words ...string) *regexp.Regexp {
	patterns := make([]string, len(words))
	for i, w := range words {
		patterns[i] = says(w).String()
	}
	return regexp.MustCompile(`(?s)` + strings.Join(patterns, ".*"))
}

// TestUploadOfAChangedFile changes the file after the last plan, when only the upload can notice.
func TestUploadOfAChangedFile(t *testing.T) {
	h := newHarness(t)
	c := h.client()
	before, after := "id,label\n1,0\n", "id,label\n1,1\n"
	m := datasetModel{Source: types.StringValue(h.write("late.csv", after)), SHA256: types.StringValue(digest(before)), Columns: types.MapNull(types.StringType)}
	var diags diag.Diagnostics
	m.upload(t.Context(), c, &diags)
	if len(diags) != 1 || diags[0].Summary() != "Dataset changed between plan and apply" {
		t.Fatalf("got %v", diags)
	}
	for _, words := range []string{m.Source.ValueString(), digest(before), digest(after), "Nothing was uploaded.", "Run the plan again"} {
		if !strings.Contains(diags[0].Detail(), words) {
			t.Errorf("%q lacks %q", diags[0].Detail(), words)
		}
	}
}

// TestUnusableDataDirectory lets the provider start real engines on directories that cannot work.
func TestUnusableDataDirectory(t *testing.T) {
	readOnly := "/sys/titanicml"
	if runtime.GOOS == "darwin" {
		readOnly = "/System/titanicml"
	}
	for name, tc := range map[string]struct {
		spoil func(h *harness)
		want  []string
	}{
		"read-only": {func(h *harness) { h.data = readOnly }, []string{"needs to write in its data directory " + readOnly + "; make it writable or choose another data_dir"}},
		"a file":    {func(h *harness) { h.data = h.write("file", "") }, []string{"/file is a file, or lies below one; choose another data_dir"}},
		"corrupted": {func(h *harness) { h.makeData(); h.write("data/engine.db", strings.Repeat("spoilt", 1000)) },
			[]string{"/data/engine.db is corrupted (file is not a database", "was left untouched: restore it from a backup; or salvage it with", ".recover", "or move", "away to start without jobs"}},
		"locked":         {func(h *harness) { h.makeData(); h.lockDatabase() }, []string{"another program has locked", "/data/engine.db.", "Close what has it open"}},
		"spoilt mapping": {func(h *harness) { h.makeData(); h.write("data/images.json", "{") }, []string{"/data/images.json is not a JSON object of image name to command words, such as"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			tc.spoil(h)
			h.refused(New("test", Options{}), append([]string{"Dataset not stored", "starting the local engine on " + h.data + ":"}, tc.want...)...)
			if _, running, err := datadir.Find(h.data); running {
				t.Errorf("an engine holds the directory (%v)", err)
			}
		})
	}
}

// TestFullDisk meets a full disk where the engine is started.
func TestFullDisk(t *testing.T) {
	h := newHarness(t)
	full := func(_ context.Context, dir string, _ map[string][]string) (string, error) {
		return "", datadir.Explain(dir, &fs.PathError{Op: "write", Path: dir, Err: syscall.ENOSPC})
	}
	h.refused(New("test", Options{StartEngine: full}), "the disk that holds the engine's data directory "+h.data+" is full; free some space")
}

// refused applies a dataset with a provider that must say these words.
func (h *harness) refused(p func() provider.Provider, words ...string) {
	h.t.Helper()
	resource.UnitTest(h.t.(*testing.T), resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"titanicml": providerserver.NewProtocol6WithError(p())},
		Steps:                    []resource.TestStep{{Config: h.config(datasetConfig), ExpectError: saysAll(words...)}},
	})
}

func (h *harness) makeData() {
	h.t.Helper()
	if err := os.Mkdir(h.data, 0o700); err != nil {
		h.t.Fatal(err)
	}
}

// lockDatabase makes a sound store that another program has locked.
func (h *harness) lockDatabase() {
	h.t.Helper()
	h.client()
	h.stop()
	db, err := sql.Open("sqlite", filepath.Join(h.data, datadir.DBFile))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held (x)"); err != nil {
		h.t.Fatal(err)
	}
}

// TestTrainingRunBadContainers runs images that cannot work or do not end.
func TestTrainingRunBadContainers(t *testing.T) {
	image := func(name string) string {
		return strings.Replace(trainingConfig("", ""), `image           = "tiny"`, fmt.Sprintf("image = %q", name), 1)
	}
	for name, tc := range map[string]struct {
		config string
		want   []string
	}{
		"unknown image":   {image("registry.example/team/nobody:7"), []string{`image "registry.example/team/nobody:7" is not mapped to a local command (mapped are: ghost, tiny); map it with images = { "nobody" = ["/path/to/program"] }`}},
		"no such command": {image("ghost"), []string{`the command "/no/such/program" that stands for the image does not exist; map the image to a program that does, with local.images`}},
		"hangs":           {trainingConfig(`behaviour = "hang"`, `max_runtime = "1s"`), []string{"ended with status Stopped: It ran longer than max_runtime allows. Raise max_runtime", "The end of its log: waiting for SIGTERM"}},
		"evaluation hangs": {evaluationConfig(800, "max_runtime = \"1s\"\n environment = { CONTAINER_BEHAVIOUR = \"hang\" }"),
			[]string{"Evaluation not completed", "ran longer than its MaxRuntimeInSeconds of 1", "The end of its log: waiting for SIGTERM"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			config := strings.Replace(h.config(tc.config), "images = { ", `images = { ghost = ["/no/such/program"], `, 1)
			h.run(resource.TestStep{Config: config, ExpectError: saysAll(append(tc.want, "stdout.log", "The next apply starts a new attempt.")...)})
		})
	}
}

// TestTrainingRunFloods prints 100 MB before its metrics.
func TestTrainingRunFloods(t *testing.T) {
	h := newHarness(t)
	h.run(resource.TestStep{
		Config: h.config(trainingConfig(`quality = "800", behaviour = "flood"`, "")),
		Check: resource.ComposeTestCheckFunc(attribute(trainingAddress, "metrics.accuracy", "0.8"), func(s *terraform.State) error {
			attrs := s.RootModule().Resources[trainingAddress].Primary.Attributes
			if n := len(attrs["log_tail"]); n > 4096 || !strings.HasSuffix(attrs["log_tail"], "accuracy=0.800; auc=0.9123;") {
				t.Errorf("log_tail has %d bytes and ends %.80q", n, attrs["log_tail"][max(0, n-80):])
			}
			info, err := os.Stat(attrs["log_file"])
			if err == nil && info.Size() > 16<<20 {
				t.Errorf("the log has %d bytes", info.Size())
			}
			return err
		}),
	})
}

// TestEndpointOfABadArchive promotes an artifact that no container can get, and serves it.
func TestEndpointOfABadArchive(t *testing.T) {
	pack := func(name string) string {
		var b bytes.Buffer
		zipped := gzip.NewWriter(&b)
		files := tar.NewWriter(zipped)
		if err := errors.Join(files.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Typeflag: tar.TypeReg}), files.Close(), zipped.Close()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	whole := pack("model.json")
	for name, tc := range map[string]struct{ archive, want string }{
		"no archive": {"<html>not found</html>", "the archive is not a gzip file"},
		"cut short":  {whole[:len(whole)/2], "it ends too early, as if the upload was cut"},
		"leads out":  {pack("../../evil"), `entry "../../evil": its name leads out of the directory`},
	} {
		t.Run(name, func(t *testing.T) {
			r := registryOn(newHarness(t)) // it looks into the engine's data directory
			v := r.registerArtifact(survival, "bad", tc.archive)
			r.evaluate("eval-1", v, 0.85)
			r.run(resource.TestStep{
				Config: r.promotion(v, "eval-1", atLeast78, "") + `
resource "titanicml_endpoint" "e" {
  name     = "bad"
  serving  = titanicml_promotion.survival.serving
  instance = { type = "ml.m5.large", count = 1 }
}
`,
				ExpectError: saysAll("endpoint bad is Failed: the model data of production variant champion cannot be used: model data "+v.artifact+":", tc.want, "Correct the cause, then make it anew"),
			})
			err := filepath.WalkDir(r.dir, func(file string, _ fs.DirEntry, err error) error {
				if filepath.Base(file) == "evil" {
					t.Errorf("%s was unpacked", file)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPromotionWithoutTheMetric asks the gate for metrics that were never reported or are no numbers.
func TestPromotionWithoutTheMetric(t *testing.T) {
	for name, tc := range map[string]struct {
		requirement string
		want        []string
	}{
		"never printed": {`{ metric = "fairness", min = 0.5 }`, []string{"FAIL fairness", `there is no metric "fairness"; there are accuracy, auc,`}},
		"NaN":           {`{ metric = "odd", min = 0.5 }`, []string{"FAIL odd", "the report says NaN, a finite number is expected"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := unpromoted(t)
			v := r.register(survival, "one")
			r.evaluate("eval-1", v, 0.85, func(e *manifest.Evidence) {
				_, report := scored(0.85)
				e.Report = r.put("odd.json", strings.Replace(report, `"accuracy"`, `"odd":{"value":"NaN"},"accuracy"`, 1))
			})
			r.run(resource.TestStep{Config: r.promotion(v, "eval-1", atLeast78+", "+tc.requirement, ""), ExpectError: saysAll(append(tc.want, "Nothing was changed", "Next: improve the candidate")...)})
			if r.champion().Valid() {
				t.Error("it was promoted")
			}
		})
	}
}

// TestMissingMetricsAreNamed reads the warnings, which a step cannot expect.
func TestMissingMetricsAreNamed(t *testing.T) {
	defined := types.ListValueMust(metricDefinitionType, []attr.Value{types.ObjectValueMust(metricDefinitionType.AttrTypes,
		map[string]attr.Value{"name": types.StringValue("auc"), "regex": types.StringValue("auc=([0-9.]+)")})})
	var diags diag.Diagnostics
	c := &sagemaker.Client{Local: true, DataDir: "/data", Region: localRegion}
	(&trainingRunModel{MetricDefinitions: defined}).warnMissingMetrics(t.Context(), c, &sagemaker.Job{Name: "run-1", Training: &sdk.DescribeTrainingJobOutput{}}, &diags)
	metricsValue(map[string]float64{"loss": math.NaN(), "accuracy": 0.8}, "Job run-1", &diags)
	for i, words := range [][]string{
		{"Metric never printed", "Job run-1 completed without auc (nothing matched auc=([0-9.]+))", "Compare the regular expressions with the log: /data/jobs/eu-west-1/training/run-1/stdout.log"},
		{"Metric that is not a number", "Job run-1 reported loss = NaN", "a gate that asks for one of them rejects"},
	} {
		if len(diags) <= i {
			t.Fatalf("got %v", diags)
		}
		for _, w := range words {
			if text := diags[i].Summary() + "\n" + diags[i].Detail(); !strings.Contains(text, w) {
				t.Errorf("%q lacks %q", text, w)
			}
		}
	}
}

// TestNumbersThatDoNotFit asks for more than the API's 32 bits hold, which would come out as another number: 2^32+1 as 1.
func TestNumbersThatDoNotFit(t *testing.T) {
	h := newHarness(t)
	var steps []resource.TestStep
	for _, c := range []struct{ config, want string }{
		{trainingConfig("", "resources = { instance_count = 4294967297 }"), "instance_count value must be between 1 and 2147483647"},
		{trainingConfig("", "resources = { volume_size_gb = 4294967297 }"), "volume_size_gb value must be between 1 and 2147483647"},
		{trainingConfig("", `max_runtime = "1193047h"`), `max_runtime is "1193047h", longer than any job`},
		{`resource "titanicml_endpoint" "e" {` + "\nname = \"x\"\ninstance = { type = \"a\", count = 4294967297 }\n}\n", "count value must be between 1 and 2147483647"},
	} {
		steps = append(steps, resource.TestStep{Config: h.config(c.config), PlanOnly: true, ExpectError: says(c.want)})
	}
	h.run(steps...)
}
