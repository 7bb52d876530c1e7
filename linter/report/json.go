package report

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter"
)

// The JSON shape is tflint's, with address and fingerprint beside it.
type (
	jsonReport struct {
		Issues []jsonIssue `json:"issues"`
		Errors []jsonError `json:"errors"`
	}
	jsonIssue struct {
		Rule        jsonRule    `json:"rule"`
		Message     string      `json:"message"`
		Range       jsonRange   `json:"range"`
		Callers     []jsonRange `json:"callers"`
		Address     string      `json:"address"`
		Fingerprint string      `json:"fingerprint"`
		Fixable     bool        `json:"fixable"`
	}
	jsonRule struct {
		Name     string `json:"name"`
		Severity string `json:"severity"`
		Link     string `json:"link"`
	}
	jsonError struct {
		Message string     `json:"message"`
		Range   *jsonRange `json:"range,omitempty"`
	}
	jsonRange struct {
		Filename string  `json:"filename"`
		Start    jsonPos `json:"start"`
		End      jsonPos `json:"end"`
	}
	jsonPos struct {
		Line   int `json:"line"`
		Column int `json:"column"`
	}
)

func rangeJSON(r hcl.Range) jsonRange {
	return jsonRange{r.Filename, jsonPos{r.Start.Line, r.Start.Column}, jsonPos{r.End.Line, r.End.Column}}
}

func jsonText(b *bytes.Buffer, in Input) error {
	out := jsonReport{Issues: []jsonIssue{}, Errors: []jsonError{}}
	for _, f := range in.Findings {
		issue := jsonIssue{Rule: jsonRule{f.Rule.Name, f.Severity.String(), link(f.Rule)}, Message: f.Message, Range: rangeJSON(f.Range),
			Callers: []jsonRange{}, Address: f.Address, Fingerprint: f.Fingerprint(), Fixable: f.Fix != nil}
		for _, c := range f.Callers {
			issue.Callers = append(issue.Callers, rangeJSON(c))
		}
		out.Issues = append(out.Issues, issue)
	}
	for _, f := range in.Failures {
		e := jsonError{Message: f.Message}
		if f.Range.Filename != "" {
			r := rangeJSON(f.Range)
			e.Range = &r
		}
		out.Errors = append(out.Errors, e)
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

type obj = map[string]any

// sarif writes SARIF 2.1.0. Fingerprints know no lines, so that code scanning follows a finding when code above it moves.
func sarif(b *bytes.Buffer, in Input) error {
	rules, index := []obj{}, map[string]int{}
	for _, r := range in.Rules {
		index[r.Name] = len(rules)
		rules = append(rules, obj{"id": r.Name, "name": r.Name, "shortDescription": obj{"text": r.Title}, "fullDescription": obj{"text": r.Title},
			"help": obj{"text": r.Text, "markdown": r.Text}, "helpUri": link(r), "defaultConfiguration": obj{"level": level(r.Severity), "enabled": !r.Disabled},
			"properties": obj{"tags": []string{"terraform"}, "since": r.Since}})
	}
	results := []obj{}
	seen := map[string]int{}
	for _, f := range in.Findings {
		print := f.Fingerprint()
		seen[print]++
		res := obj{"ruleId": f.Rule.Name, "level": level(f.Severity), "message": obj{"text": f.Message}, "locations": []obj{location(f.Range, f.Address)}}
		if i, ok := index[f.Rule.Name]; ok {
			res["ruleIndex"] = i
		}
		res["partialFingerprints"] = obj{"titanicmlFingerprint/v1": ordinal(print, seen[print])}
		var related []obj
		for i, c := range f.Callers {
			l := location(c, "")
			l["id"] = i + 1
			l["message"] = obj{"text": "called here"}
			related = append(related, l)
		}
		if related != nil {
			res["relatedLocations"] = related
		}
		results = append(results, res)
	}
	notes := []obj{}
	for _, f := range in.Failures {
		n := obj{"level": "error", "message": obj{"text": f.Message}}
		if f.Range.Filename != "" {
			n["locations"] = []obj{location(f.Range, "")}
		}
		notes = append(notes, n)
	}
	driver := obj{"name": "titanicml-lint", "informationUri": "https://github.com/titanicml/terraform-provider-titanicml", "rules": rules}
	if in.Version != "" {
		driver["version"] = in.Version
	}
	doc := obj{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []obj{{
		"tool": obj{"driver": driver}, "results": results, "columnKind": "unicodeCodePoints",
		"invocations": []obj{{"executionSuccessful": len(in.Failures) == 0, "toolExecutionNotifications": notes}},
	}}}
	enc := json.NewEncoder(b)
	enc.SetIndent("", " ")
	return enc.Encode(doc)
}

func ordinal(print string, n int) string {
	if n == 1 {
		return print
	}
	return print + ":" + strconv.Itoa(n)
}

func level(s linter.Severity) string {
	if s == linter.Notice {
		return "note"
	}
	return s.String()
}

func location(r hcl.Range, address string) obj {
	region := obj{"startLine": max(r.Start.Line, 1), "startColumn": max(r.Start.Column, 1)}
	if r.End.Line > r.Start.Line || r.End.Line == r.Start.Line && r.End.Column > r.Start.Column {
		region["endLine"], region["endColumn"] = r.End.Line, max(r.End.Column, 1)
	}
	l := obj{"physicalLocation": obj{"artifactLocation": obj{"uri": uri(r.Filename)}, "region": region}}
	if address != "" {
		l["logicalLocations"] = []obj{{"fullyQualifiedName": address, "kind": "resource"}}
	}
	return l
}
