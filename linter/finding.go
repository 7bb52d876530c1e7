package linter

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/titanicml/terraform-provider-titanicml/linter/baseline"
)

// Severity orders findings; the exit status compares it with a threshold.
type Severity uint8

// The severities, weakest first, with tflint's names.
const (
	Notice Severity = iota + 1
	Warning
	Error
)

var severities = []string{Notice: "notice", Warning: "warning", Error: "error"}

// String is the name used in configuration, flags and output.
func (s Severity) String() string {
	if s < Notice || s > Error {
		return "unknown"
	}
	return severities[s]
}

// ParseSeverity reads a severity's name.
func ParseSeverity(s string) (Severity, error) {
	for v := Notice; v <= Error; v++ {
		if severities[v] == s {
			return v, nil
		}
	}
	return 0, fmt.Errorf("severity %q: use notice, warning or error", s)
}

// Finding is one result of a rule.
type Finding struct {
	Rule     *Rule
	Severity Severity
	// Message: lower case, no full stop, address and value first, then the consequence or the fix. Never a secret.
	Message string
	Range   hcl.Range
	// Callers are the module blocks that lead there, innermost first.
	Callers []hcl.Range
	// Address is the resource instance's address, empty for findings that belong to none.
	Address string
	// Evidence is what the finding rests on, for the baseline: it must not change when lines move, nor with what the linter learns. When it
	// is empty the message is used, without the advice behind its first semicolon.
	Evidence string
	// Secret hides the source line in every output, and the lines of other findings in the same place.
	Secret bool
	// Fix edits the sources so that the finding goes away; nil when a person has to decide.
	Fix []Edit
	// Snippet holds the source lines of the range, at most three, when they may be shown.
	Snippet []string
}

// Fingerprint identifies a finding as long as its rule, directory, address and evidence stay the same, wherever its lines move.
func (f *Finding) Fingerprint() string {
	evidence := f.Evidence
	if evidence == "" {
		evidence, _, _ = strings.Cut(f.Message, "; ")
	}
	place := path.Dir(f.Range.Filename)
	if f.Address == "" {
		place = f.Range.Filename
	}
	evidence = strings.ToLower(strings.Join(strings.Fields(evidence), " "))
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule.Name, place, f.Address, evidence}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Accepted is the finding as an entry of a baseline.
func (f *Finding) Accepted() baseline.Entry {
	return baseline.Entry{Fingerprint: f.Fingerprint(), Rule: f.Rule.Name, Directory: path.Dir(f.Range.Filename), Address: f.Address, Message: f.Message, Count: 1}
}

// Edit replaces a range of a file; an empty range inserts.
type Edit struct {
	Range hcl.Range
	Text  string
}

// Failure is an error of the run itself: a file that does not parse, a cycle, a rule that panicked.
type Failure struct {
	Message string
	Range   hcl.Range // the zero Range when it belongs to no file
}

func compareRange(a, b hcl.Range) int {
	return cmp.Or(strings.Compare(a.Filename, b.Filename), comparePos(a.Start, b.Start), comparePos(a.End, b.End))
}

func comparePos(a, b hcl.Pos) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// compareFindings is the order of every output: place, rule, message, address, callers.
func compareFindings(a, b *Finding) int {
	return cmp.Or(compareRange(a.Range, b.Range), strings.Compare(a.Rule.Name, b.Rule.Name), strings.Compare(a.Message, b.Message),
		strings.Compare(a.Address, b.Address), slices.CompareFunc(a.Callers, b.Callers, compareRange))
}
