package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestProgress reads, while a job runs, the file that the plan named, and lets the job end only then.
func TestProgress(t *testing.T) {
	h := newHarness(t)
	training := filepath.Join(h.data, "progress", "training-tiny.txt")
	seen := make(chan string, 1)
	look := func() {
		var text string
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			b, _ := os.ReadFile(training)
			if text = string(b); strings.Contains(text, "waiting, and careless") {
				break
			}
		}
		h.write("finish", "")
		seen <- text
	}
	h.run(
		resource.TestStep{
			PreConfig: func() { go look() },
			Config: h.config(strings.Replace(servedConfig(`quality = "800", behaviour = "until-file", file = "${dir}/finish"`, ""),
				"metric_definitions", "environment = { API_KEY = \"hush-hush\" }\n  metric_definitions", 1)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(trainingAddress, tfjsonpath.New("progress_file"), knownvalue.StringExact(training)),
				plancheck.ExpectKnownValue(endpointAddress, tfjsonpath.New("progress_file"), knownvalue.StringExact(filepath.Join(h.data, "progress", "endpoint-tiny.txt"))),
			}},
		},
	)
	during := <-seen
	for _, want := range []string{"training job tiny-", "status   InProgress, Training, for ", "wait     until ", "stdout.log", "titanicml-local jobs stop ", "careless with <API_KEY>"} {
		if !strings.Contains(during, want) {
			t.Errorf("while the job ran, the file did not say %q:\n%s", want, during)
		}
	}
	for name, want := range map[string]string{"training-tiny": "status   Completed\n", "evaluation-tiny-holdout": "status   Completed\n", "endpoint-tiny": "status   InService\n"} {
		b, err := os.ReadFile(filepath.Join(h.data, "progress", name+".txt"))
		if err != nil || !strings.Contains(string(b), want) || strings.Contains(string(b), "hush") {
			t.Errorf("%s says, at the end (%v):\n%s", name, err, b)
		}
	}
}
