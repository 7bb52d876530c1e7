package module

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Parse reads one file. It always returns a File; what is wrong with the text is in the diagnostics.
func Parse(name string, text []byte) (*File, hcl.Diagnostics) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	_, json := SourceName(path.Base(name))
	s := stem(path.Base(name))
	f := &File{Path: name, Bytes: text, JSON: json, Override: s == "override" || strings.HasSuffix(s, "_override"),
		Body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}}}
	fail := func(summary string, at hcl.Pos) hcl.Diagnostics {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Subject: &hcl.Range{Filename: name, Start: at, End: at}}}
	}
	const nul = "the file holds NUL bytes, as text in UTF-16 does; save it in UTF-8"
	if !utf8.Valid(text) {
		return f, fail("the file is not valid UTF-8; save it in that encoding", firstInvalid(text))
	}
	syntax := Native
	if json {
		syntax = JSON
	}
	if TooDeep(text, syntax) {
		return f, fail(fmt.Sprintf("the file nests deeper than %d levels", maxNesting), hcl.InitialPos)
	}
	if TooLong(text, syntax) {
		return f, fail("a heredoc has too many lines to be read", hcl.InitialPos)
	}
	if json {
		if bytes.IndexByte(text, 0) >= 0 {
			return f, fail(nul, hcl.InitialPos)
		}
		body, diags := parseJSON(name, text)
		if body != nil {
			f.Body = body
		}
		return f, diags
	}
	diags := f.parse(hcl.InitialPos)
	if diags.HasErrors() && bytes.IndexByte(text, 0) >= 0 {
		return f, fail(nul, hcl.InitialPos)
	}
	return f, diags
}

// maxParts bounds how often the parser starts again behind a mistake.
const maxParts = 100

// parse reads the text from a position on. The parser gives up on all that follows some mistakes, so it starts again at the next
// line that begins a block.
func (f *File) parse(from hcl.Pos) hcl.Diagnostics {
	var all hcl.Diagnostics
	for part := 0; part < maxParts; part++ {
		parsed, diags := hclsyntax.ParseConfig(f.Bytes[from.Byte:], f.Path, from)
		all = append(all, diags...)
		if parsed == nil {
			return all
		}
		b, ok := parsed.Body.(*hclsyntax.Body)
		if !ok || b == nil {
			return all
		}
		if part == 0 {
			f.Body = b
		} else {
			f.Body.Blocks = append(f.Body.Blocks, b.Blocks...)
		}
		if !diags.HasErrors() {
			return all
		}
		seen := from
		for _, d := range diags {
			if d.Subject != nil && d.Subject.Start.Byte > seen.Byte {
				seen = d.Subject.Start
			}
		}
		for _, inner := range b.Blocks { // what it did read behind the mistake
			if end := inner.CloseBraceRange.End; inner.TypeRange.Start.Byte > seen.Byte && end.Byte > seen.Byte {
				seen = end
			}
		}
		if from, ok = nextBlock(f.Bytes, seen); !ok {
			return all
		}
	}
	return all
}

// blockTypes are the blocks that stand alone in a file.
var blockTypes = []string{"resource", "data", "module", "variable", "output", "provider", "locals", "terraform", "check", "import", "moved", "removed", "ephemeral", "action"}

// nextBlock finds the first line behind a position that begins a block in its first column, as formatted files have it.
func nextBlock(text []byte, from hcl.Pos) (hcl.Pos, bool) {
	for {
		i := bytes.IndexByte(text[from.Byte:], '\n')
		if i < 0 {
			return from, false
		}
		from = hcl.Pos{Line: from.Line + 1, Column: 1, Byte: from.Byte + i + 1}
		line, _, _ := bytes.Cut(text[from.Byte:], []byte("\n"))
		for _, typ := range blockTypes {
			if rest, ok := bytes.CutPrefix(line, []byte(typ)); ok && len(rest) > 0 && (rest[0] == ' ' || rest[0] == '{') && bytes.IndexByte(rest, '{') >= 0 {
				return from, true
			}
		}
	}
}

func firstInvalid(text []byte) hcl.Pos {
	pos := hcl.InitialPos
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			return pos
		}
		pos.Byte += n
		pos.Column++
		if r == '\n' {
			pos.Line++
			pos.Column = 1
		}
		text = text[n:]
	}
	return pos
}

// ParseVars reads a .tfvars or .tfvars.json file: arguments at the top level.
func ParseVars(name string, text []byte) (*File, hcl.Diagnostics) {
	if !strings.HasSuffix(name, ".json") {
		return Parse(name, text)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	f := &File{Path: name, Bytes: text, JSON: true}
	body, diags := jsonArguments(name, text)
	f.Body = body
	return f, diags
}
