package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/report"
)

// TestFilter turns the page's filters in a real browser, where there is one, and counts what it still shows.
func TestFilter(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	finding := func(rule string, severity linter.Severity, message string) *linter.Finding {
		return &linter.Finding{Rule: &linter.Rule{Name: rule}, Severity: severity, Message: message, Range: hcl.Range{Filename: "main.tf", Start: hcl.InitialPos, End: hcl.InitialPos}}
	}
	var page bytes.Buffer
	err = report.Write(&page, "html", report.Input{Findings: []*linter.Finding{
		finding("one", linter.Error, "a <b> & \"c\""), finding("one", linter.Warning, "second"), finding("two", linter.Notice, "third")}})
	if err != nil {
		t.Fatal(err)
	}
	const probe = `<script>
const said = [];
function set(id, value) {
  const e = document.getElementById(id);
  e.value = value;
  e.dispatchEvent(new Event("input"));
  said.push(id + "=" + value + ": " + document.getElementById("n").textContent);
}
set("r", "one"); set("s", "warning"); set("r", ""); set("s", ""); set("q", "THIRD"); set("q", "<b> & \""); set("q", "");
document.title = said.join("; ");
</script>`
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(strings.Replace(page.String(), "</body>", probe+"</body>", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--dump-dom", "file://"+file).Output()
	if err != nil {
		t.Fatalf("chromium: %s", err)
	}
	_, title, _ := strings.Cut(string(out), "<title>")
	title, _, _ = strings.Cut(title, "</title>")
	const want = `r=one: 2 of 3; s=warning: 1 of 3; r=: 1 of 3; s=: 3 of 3; q=THIRD: 1 of 3; q=&lt;b&gt; &amp; ": 1 of 3; q=: 3 of 3`
	if title != want {
		t.Errorf("the filters show\n%s, want\n%s", title, want)
	}
}
