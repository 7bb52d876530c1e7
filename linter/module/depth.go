package module

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	maxNesting  = 250    // brackets and interpolations
	maxChain    = 250    // unary operators in a row, template directives within each other
	maxBranches = 10_000 // conditionals in one file, since a chain of them nests
	// maxOperators bounds - and ! in one file: comments between them could hide a long chain of unary ones.
	maxOperators = 4_000
	// maxMarks bounds the punctuation of one directory. A token takes some 250 bytes of memory, so eight million bytes of
	// commas would take two gigabytes; real modules stay below a tenth of this.
	maxMarks = 600_000
)

// maxJoined bounds the lines of a heredoc or template times their bytes: the parser joins them one by one and copies what it has each time.
// At the bound that takes a second or two; a million short lines would take an hour.
const maxJoined = 5_000_000_000

// TooLong reports a heredoc, or a template, of so many lines that the parser would not end.
func TooLong(text []byte, syntax Syntax) bool {
	if n := len(text); syntax == JSON || n*n <= maxJoined || n*bytes.Count(text, []byte("\n")) <= maxJoined {
		return false
	}
	if syntax == Template {
		return true
	}
	tokens, _ := hclsyntax.LexConfig(text, "", hcl.InitialPos)
	lines, size := 0, 0
	for _, t := range tokens {
		if t.Type != hclsyntax.TokenStringLit {
			lines, size = 0, 0
			continue
		}
		if lines, size = lines+1, size+len(t.Bytes); lines*size > maxJoined {
			return true
		}
	}
	return false
}

// Syntax says how a text is read.
type Syntax uint8

// The three syntaxes of the language.
const (
	Native Syntax = iota
	JSON
	Template
)

// TooDeep reports text that a recursive parser must not be given, because Go cannot recover from an exhausted stack.
// A scan over the bytes clears ordinary files; only what looks suspicious is lexed to be sure.
func TooDeep(text []byte, syntax Syntax) bool {
	depth, deepest, questions, chain, longest, directives, operators := 0, 0, 0, 0, 0, 0, 0
	for i, c := range text {
		switch c {
		case '(', '[', '{':
			if depth++; depth > deepest {
				deepest = depth
			}
			if c == '{' && i > 0 && text[i-1] == '%' {
				directives++
			}
			chain = 0
		case ')', ']', '}':
			depth--
			chain = 0
		case '?':
			questions++
		case '-', '!':
			operators++
			if chain++; chain > longest {
				longest = chain
			}
		case ' ', '\t', '\r', '\n', '*', '/', '#':
		default:
			chain = 0
		}
	}
	if deepest <= maxNesting && (syntax == JSON || questions <= maxBranches && longest <= maxChain && directives <= maxChain && operators <= maxOperators) {
		return false
	}
	if syntax == JSON {
		return jsonDepth(text) > maxNesting
	}
	return lexedTooDeep(text, syntax)
}

func jsonDepth(text []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > deepest {
				deepest = depth
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}

func lexedTooDeep(text []byte, syntax Syntax) bool {
	lex := hclsyntax.LexConfig
	if syntax == Template {
		lex = hclsyntax.LexTemplate
	}
	tokens, _ := lex(text, "", hcl.InitialPos)
	depth, chain, questions, directives := 0, 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenTemplateInterp, hclsyntax.TokenOQuote:
			depth++
			chain = 0
		case hclsyntax.TokenTemplateControl:
			depth++
			directives++
		case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote:
			depth--
			chain = 0
		case hclsyntax.TokenMinus, hclsyntax.TokenBang:
			chain++
		case hclsyntax.TokenQuestion:
			questions++
			chain = 0
		case hclsyntax.TokenComment:
		case hclsyntax.TokenNewline:
			if depth <= 1 {
				questions, directives = 0, 0
				chain = 0
			}
		default:
			chain = 0
		}
		if depth > maxNesting || chain > maxChain || questions > maxChain || directives > maxBranches {
			return true
		}
	}
	return false
}

var isMark = func() (table [256]bool) {
	for _, c := range []byte("\n\",:=[](){}?!+-*/%<>&|.$#;@~`'\\") {
		table[c] = true
	}
	return table
}()

// marks estimates how many tokens a text has.
func marks(text []byte) int {
	n := 0
	for _, c := range text {
		if isMark[c] {
			n++
		}
	}
	return n
}
