package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
)

// uri escapes a shown path for SARIF; spaces and non-ASCII names must not break it.
func uri(name string) string { return (&url.URL{Path: strings.TrimPrefix(name, "./")}).EscapedPath() }

// grouped lists findings by file in their order, failures first.
func grouped(in Input) (names []string, findings map[string][]*linter.Finding, failures map[string][]linter.Failure) {
	findings, failures = map[string][]*linter.Finding{}, map[string][]linter.Failure{}
	note := func(name string) {
		if findings[name] == nil && failures[name] == nil {
			names = append(names, name)
		}
	}
	for _, f := range in.Failures {
		note(f.Range.Filename)
		failures[f.Range.Filename] = append(failures[f.Range.Filename], f)
	}
	for _, f := range in.Findings {
		note(f.Range.Filename)
		findings[f.Range.Filename] = append(findings[f.Range.Filename], f)
	}
	return names, findings, failures
}

type (
	checkstyleReport struct {
		XMLName xml.Name         `xml:"checkstyle"`
		Version string           `xml:"version,attr"`
		Files   []checkstyleFile `xml:"file"`
	}
	checkstyleFile struct {
		Name   string            `xml:"name,attr"`
		Errors []checkstyleError `xml:"error"`
	}
	checkstyleError struct {
		Line     int    `xml:"line,attr"`
		Column   int    `xml:"column,attr"`
		Severity string `xml:"severity,attr"`
		Message  string `xml:"message,attr"`
		Source   string `xml:"source,attr"`
	}
)

func checkstyle(b *bytes.Buffer, in Input) error {
	out := checkstyleReport{Version: "10.0"}
	names, findings, failures := grouped(in)
	for _, n := range names {
		file := checkstyleFile{Name: n}
		for _, f := range failures[n] {
			file.Errors = append(file.Errors, checkstyleError{f.Range.Start.Line, f.Range.Start.Column, "error", printable(f.Message), "titanicml-lint"})
		}
		for _, f := range findings[n] {
			severity := f.Severity.String()
			if f.Severity == linter.Notice {
				severity = "info"
			}
			file.Errors = append(file.Errors, checkstyleError{f.Range.Start.Line, f.Range.Start.Column, severity, printable(f.Message), f.Rule.Name})
		}
		out.Files = append(out.Files, file)
	}
	return writeXML(b, out)
}

type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		ClassName string       `xml:"classname,attr"`
		Failure   *junitDetail `xml:"failure,omitempty"`
		Error     *junitDetail `xml:"error,omitempty"`
	}
	junitDetail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit shows each finding as a failed test; a clean run is one test that passed.
func junit(b *bytes.Buffer, in Input) error {
	var out junitReport
	names, findings, failures := grouped(in)
	for _, n := range names {
		s := junitSuite{Name: n}
		for _, f := range failures[n] {
			s.Errors++
			s.Cases = append(s.Cases, junitCase{Name: place(f.Range), ClassName: "titanicml-lint",
				Error: &junitDetail{printable(f.Message), "failure", place(f.Range)}})
		}
		for _, f := range findings[n] {
			s.Failures++
			s.Cases = append(s.Cases, junitCase{Name: fmt.Sprintf("%s %s", f.Rule.Name, place(f.Range)), ClassName: f.Rule.Name,
				Failure: &junitDetail{printable(f.Message), f.Severity.String(), place(f.Range) + "\n" + link(f.Rule)}})
		}
		s.Tests = len(s.Cases)
		out.Tests, out.Failures, out.Errors = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors
		out.Suites = append(out.Suites, s)
	}
	if len(names) == 0 {
		out.Tests = 1
		out.Suites = []junitSuite{{Name: "titanicml-lint", Tests: 1, Cases: []junitCase{{Name: "no findings", ClassName: "titanicml-lint"}}}}
	}
	return writeXML(b, out)
}

func writeXML(b *bytes.Buffer, v any) error {
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(b)
	enc.Indent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.WriteByte('\n')
	return nil
}
