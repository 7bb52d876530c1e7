package source

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Snippet is the source lines of a range, at most three.
func Snippet(text []byte, at hcl.Range) []string {
	var out []string
	last := min(at.End.Line, at.Start.Line+2)
	if at.End.Column == 1 && last == at.End.Line && last > at.Start.Line {
		last--
	}
	line := 1
	if b := at.Start.Byte; b > 0 && b <= len(text) {
		if from := bytes.LastIndexByte(text[:b], '\n') + 1; at.Start.Column > 1 || from == b {
			text, line = text[from:], at.Start.Line
		}
	}
	for ; line <= last && len(text) > 0; line++ {
		row, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		if line >= at.Start.Line {
			if len(row) > 400 {
				row = row[:400]
			}
			out = append(out, strings.ToValidUTF8(strings.TrimSuffix(string(row), "\r"), "\uFFFD"))
		}
	}
	return out
}
