// Package node reads JSON in which parts are unknown, as policies of an evaluated configuration have them. In goes a text, out comes a tree of
// nodes with the place of each, or where the text stops being JSON.
package node

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Hole stands for an unknown part inside a text. It is a code point that no text may use for interchange.
const Hole = "\U0010FFFE"

// MaxText is the size in bytes above which a policy is refused. AWS takes at most 20 KiB (resource policies of S3); the rest
// is room for whitespace and for policies that AWS will refuse with a better message.
const MaxText = 1 << 20

// maxDepth bounds nesting; a policy needs five levels.
const maxDepth = 32

// Kind tells what a Node holds.
type Kind uint8

// The kinds of nodes. Unknown is a value of which nothing is known.
const (
	Unknown Kind = iota
	Null
	Text // also numbers and booleans, which IAM takes as text
	List
	Object
)

// Node is a JSON value that may have unknown parts. Policies are built from it, whether they come from text or from
// evaluated HCL.
type Node struct {
	Kind Kind
	// Text of a Text, with a Hole for every unknown part.
	Text string
	// Keys of an Object; the values stand at the same positions of Elems.
	Keys []string
	// Elems of a List, or the values of an Object.
	Elems []Node
	// Partial: the list or object may have further members that are unknown.
	Partial bool
	// Origin is handed through to what is built from the node: a source position, for instance.
	Origin any
}

// SyntaxError says where a policy's text stops being JSON.
type SyntaxError struct {
	Line, Column int
	Message      string
}

// Error names the place and what was expected there.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Offset is the Origin of nodes that Parse makes: a byte offset in the text.
type Offset int

// Parse reads JSON in which a Hole may stand inside strings, and for whole values, list elements and object members.
// Unlike encoding/json it keeps the order and duplicates of keys, and where each value stood.
func Parse(text string) (Node, error) {
	if len(text) > MaxText {
		return Node{}, &SyntaxError{1, 1, fmt.Sprintf("the text has %d bytes; a policy has at most %d", len(text), MaxText)}
	}
	p := jsonParser{text: text}
	n, err := p.value(0)
	if err == nil {
		if p.space(); p.at < len(text) && strings.Trim(text[p.at:], Hole+" \t\r\n") != "" {
			err = p.fail("something follows the end of the policy")
		}
	}
	return n, err
}

type jsonParser struct {
	text string
	at   int
}

func (p *jsonParser) fail(format string, args ...any) error {
	before := p.text[:min(p.at, len(p.text))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &SyntaxError{line, column, fmt.Sprintf(format, args...)}
}

func (p *jsonParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *jsonParser) hole() bool {
	if strings.HasPrefix(p.text[p.at:], Hole) {
		p.at += len(Hole)
		return true
	}
	return false
}

func (p *jsonParser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *jsonParser) value(depth int) (Node, error) {
	p.space()
	n := Node{Origin: Offset(p.at)}
	if depth > maxDepth {
		return n, p.fail("values nest deeper than %d", maxDepth)
	}
	if p.hole() {
		// What follows may continue the unknown value, as in ${a}${b} or ${n}0.
		for p.at < len(p.text) && strings.IndexByte(",]} \t\r\n", p.text[p.at]) < 0 {
			p.at++
		}
		return n, nil
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(n, depth)
	case c == '[':
		return p.list(n, depth)
	case c == '"':
		s, err := p.str()
		n.Kind, n.Text = Text, s
		return n, err
	case c == 0:
		return n, p.fail("the policy ends where a value is expected")
	}
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(",]} \t\r\n", p.text[p.at]) < 0 {
		p.at++
	}
	word := p.text[start:p.at]
	switch {
	case word == "null":
		n.Kind = Null
	case word == "true", word == "false", isNumber(word):
		n.Kind, n.Text = Text, word
	case strings.Contains(word, Hole):
		n.Kind = Unknown
	default:
		p.at = start
		return n, p.fail("%s is no JSON value", Quote(word))
	}
	return n, nil
}

func isNumber(s string) bool {
	digits := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case strings.IndexByte("+-.eE", c) < 0:
			return false
		}
	}
	return digits
}

func (p *jsonParser) list(n Node, depth int) (Node, error) {
	n.Kind = List
	p.at++
	for {
		if p.space(); p.next() == ']' {
			p.at++
			return n, nil
		}
		if strings.HasPrefix(p.text[p.at:], Hole) {
			n.Partial = true // one interpolation may write several elements
		}
		e, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		if e.Kind != Unknown {
			n.Elems = append(n.Elems, e)
		} else {
			n.Partial = true
		}
		p.space()
		switch {
		case p.next() == ',':
			p.at++
			if p.space(); p.next() == ']' && !n.Partial {
				return n, p.fail("a comma stands before the end of a list")
			}
		case p.next() == ']' || n.Partial && strings.HasPrefix(p.text[p.at:], Hole):
		default:
			return n, p.fail("a comma or ] is expected in the list")
		}
	}
}

func (p *jsonParser) object(n Node, depth int) (Node, error) {
	n.Kind = Object
	p.at++
	for {
		p.space()
		if p.next() == '}' {
			p.at++
			return n, nil
		}
		if p.hole() {
			n.Partial = true
			if p.space(); p.next() == ',' {
				p.at++
			}
			continue
		}
		if p.next() != '"' {
			return n, p.fail("a key in quotes is expected")
		}
		key, err := p.str()
		if err != nil {
			return n, err
		}
		if p.space(); p.next() != ':' {
			return n, p.fail("a colon is expected after the key %s", Quote(key))
		}
		p.at++
		v, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.Keys, n.Elems = append(n.Keys, key), append(n.Elems, v)
		p.space()
		switch {
		case p.next() == ',':
			p.at++
			if p.space(); p.next() == '}' {
				return n, p.fail("a comma stands before the end of an object")
			}
		case p.next() == '}' || strings.HasPrefix(p.text[p.at:], Hole):
		default:
			return n, p.fail("a comma or } is expected in the object")
		}
	}
}

func (p *jsonParser) str() (string, error) {
	start := p.at
	p.at++
	var b strings.Builder
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		case c < 0x20:
			return "", p.fail("a string has a line break or control character")
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	p.at = start
	return "", p.fail("the string has no end")
}

func (p *jsonParser) escape() (rune, error) {
	if p.at+1 >= len(p.text) {
		return 0, p.fail("the string has no end")
	}
	c := p.text[p.at+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		p.at += 2
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	r, ok := p.hex(p.at)
	if !ok {
		return 0, p.fail("%s is no escape", Quote(p.text[p.at:p.at+2]))
	}
	p.at += 6
	if utf16.IsSurrogate(r) {
		if low, ok := p.hex(p.at); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				p.at += 6
				return full, nil
			}
		}
		return utf8.RuneError, nil
	}
	return r, nil
}

func (p *jsonParser) hex(at int) (rune, bool) {
	if at+6 > len(p.text) || p.text[at] != '\\' || p.text[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[at+2:at+6], 16, 16)
	return rune(n), err == nil
}

// Quote shows a text in a message: quoted, shortened, unknown parts as dots.
func Quote(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most-3]
		for !utf8.ValidString(s) && len(s) > most-8 {
			s = s[:len(s)-1]
		}
		s += "..."
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), Hole, "…")
	return `"` + strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '"' {
			return '\''
		}
		return r
	}, s) + `"`
}
