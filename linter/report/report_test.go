package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/report"
)

func at(file string, line, from, to int) hcl.Range {
	return hcl.Range{Filename: file, Start: hcl.Pos{Line: line, Column: from}, End: hcl.Pos{Line: line, Column: to}}
}

// input holds what formats trip over: control characters, markup, names to escape, a failure without a place.
func input() report.Input {
	rule := &linter.Rule{Name: "log_retention", Title: "log groups must end", Text: "Long text about `logs`.", Severity: linter.Error, Since: "0.1.0"}
	return report.Input{Rules: []*linter.Rule{rule}, Version: "1.2.3",
		Findings: []*linter.Finding{
			{Rule: rule, Severity: linter.Error, Message: "a_b.c is <b>\"bold\"</b> & \x1b[31mred\u202e, 100%\nnext", Range: at("dir with space/ä:b,c.tf", 2, 3, 7),
				Address: "a_b.c", Snippet: []string{"\tx = \x1b]0;title\x07\"<script>\""}, Callers: []hcl.Range{at("main.tf", 9, 1, 12)}},
			{Rule: rule, Severity: linter.Notice, Message: "same", Range: at("main.tf", 5, 1, 1)},
			{Rule: rule, Severity: linter.Notice, Message: "same", Range: at("main.tf", 8, 1, 1)},
		},
		Failures: []linter.Failure{{Message: "no place"}, {Message: "with place", Range: at("main.tf", 1, 1, 2)}},
	}
}

func render(t *testing.T, format string, in report.Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, format, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSARIF validates against the published schema, and tells equal findings apart by their ordinal.
func TestSARIF(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile("testdata/sarif-2.1.0.schema.json") // OASIS, without its descriptions
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]report.Input{"full": input(), "empty": {}} {
		text := render(t, "sarif", in)
		result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewStringLoader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, e := range result.Errors() {
			t.Errorf("%s: %s", name, e)
		}
		if name == "empty" {
			continue
		}
		doc, err := sarif.FromBytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		results := doc.Runs[0].Results
		if len(results) != 3 || *results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI != "dir%20with%20space/%C3%A4:b%2Cc.tf" &&
			*results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI != "dir%20with%20space/%C3%A4:b,c.tf" {
			t.Errorf("results %v", text)
		}
		region, caller := results[0].Locations[0].PhysicalLocation.Region, results[0].RelatedLocations[0].PhysicalLocation.Region
		if got := fmt.Sprint(*region.StartLine, *region.StartColumn, *region.EndLine, *region.EndColumn, *caller.StartLine, *caller.StartColumn, *caller.EndLine, *caller.EndColumn); got != "2 3 2 7 9 1 9 12" {
			t.Errorf("regions %s", got)
		}
		if empty := results[1].Locations[0].PhysicalLocation.Region; *empty.StartLine != 5 || *empty.StartColumn != 1 || empty.EndLine != nil {
			t.Errorf("the region of a point is %+v", empty)
		}
		over := at("main.tf", 3, 9, 2)
		over.End.Line = 5
		long, err := sarif.FromBytes([]byte(render(t, "sarif", report.Input{Findings: []*linter.Finding{{Rule: in.Rules[0], Severity: linter.Error, Message: "m", Range: over}}})))
		if err != nil {
			t.Fatal(err)
		}
		if r := long.Runs[0].Results[0].Locations[0].PhysicalLocation.Region; *r.StartLine != 3 || *r.StartColumn != 9 || *r.EndLine != 5 || *r.EndColumn != 2 {
			t.Errorf("the region of lines is %+v", r)
		}
		one, two := results[1].PartialFingerprints, results[2].PartialFingerprints
		if one["titanicmlFingerprint/v1"] == "" || one["titanicmlFingerprint/v1"] == two["titanicmlFingerprint/v1"] {
			t.Errorf("fingerprints %v %v", one, two)
		}
	}
}

// TestFormats: every format is well formed, empty or not, and lets no control character through.
func TestFormats(t *testing.T) {
	t.Parallel()
	for _, name := range report.Formats() {
		for _, in := range []report.Input{input(), {}} {
			out := render(t, name, in)
			switch name {
			case "json", "sarif":
				if !json.Valid([]byte(out)) {
					t.Errorf("%s: not JSON", name)
				}
			case "junit", "checkstyle":
				dec := xml.NewDecoder(strings.NewReader(out))
				for {
					if _, err := dec.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Errorf("%s: %v", name, err)
						break
					}
				}
			}
			if strings.ContainsAny(out, "\x1b\x07\u202e") && name != "json" && name != "sarif" {
				t.Errorf("%s lets control characters through: %q", name, out)
			}
		}
	}
	if out := render(t, "html", input()); strings.Contains(out, "<b>") || strings.Contains(out, "\"<script>") {
		t.Error("html does not escape")
	}
	if out := render(t, "github", input()); strings.Count(out, "\n") != 5 || !strings.Contains(out, "file=dir with space/ä%3Ab%2Cc.tf") || !strings.Contains(out, "100%25") {
		t.Errorf("github: %s", out)
	}
	if err := report.Write(io.Discard, "jsno", input()); err == nil || !strings.Contains(err.Error(), `did you mean "json"`) {
		t.Errorf("unknown format: %v", err)
	}
}
