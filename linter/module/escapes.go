package module

import (
	"bytes"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// unescaped gives what was parsed out of a JSON string its places in the file. The parser sees the text that the string stands for, in which an
// escape is one character and \n begins a line; in the file an escape is two or more, and the string is on one line.
type unescaped struct {
	start hcl.Pos // behind the opening quote
	raw   []int   // offset in the string for each byte of the text, and for its end
	col   []int   // columns from start, likewise
}

// newUnescaped compares a string as written, without its quotes, with its text; nil when they are the same.
func newUnescaped(start hcl.Pos, written, text []byte) *unescaped {
	if bytes.IndexByte(written, '\\') < 0 {
		return nil
	}
	u := &unescaped{start: start, raw: make([]int, 0, len(text)+1), col: make([]int, 0, len(text)+1)}
	at, col := 0, 0
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRune(text[i:])
		n, columns := 1, 1
		switch {
		case at < len(written) && written[at] == '\\' && at+1 < len(written) && written[at+1] == 'u':
			n, columns = 6, 6
			if size == 4 { // a pair of surrogates
				n, columns = 12, 12
			}
		case at < len(written) && written[at] == '\\':
			n, columns = 2, 2
		case at < len(written):
			_, n = utf8.DecodeRune(written[at:])
		}
		for range size {
			u.raw, u.col = append(u.raw, at), append(u.col, col)
		}
		i, at, col = i+size, at+n, col+columns
	}
	u.raw, u.col = append(u.raw, at), append(u.col, col)
	return u
}

func (u *unescaped) pos(p *hcl.Pos) {
	i := min(max(p.Byte-u.start.Byte, 0), len(u.raw)-1)
	*p = hcl.Pos{Line: u.start.Line, Column: u.start.Column + u.col[i], Byte: u.start.Byte + u.raw[i]}
}

func (u *unescaped) ranges(list ...*hcl.Range) {
	for _, r := range list {
		u.pos(&r.Start)
		u.pos(&r.End)
	}
}

// place moves every node of an expression.
func (u *unescaped) place(e hclsyntax.Expression) {
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.LiteralValueExpr:
			u.ranges(&n.SrcRange)
		case *hclsyntax.TemplateExpr:
			u.ranges(&n.SrcRange)
		case *hclsyntax.TemplateWrapExpr:
			u.ranges(&n.SrcRange)
		case *hclsyntax.ScopeTraversalExpr:
			u.ranges(&n.SrcRange)
		case *hclsyntax.RelativeTraversalExpr:
			u.ranges(&n.SrcRange)
		case *hclsyntax.FunctionCallExpr:
			u.ranges(&n.NameRange, &n.OpenParenRange, &n.CloseParenRange)
		case *hclsyntax.TupleConsExpr:
			u.ranges(&n.SrcRange, &n.OpenRange)
		case *hclsyntax.ObjectConsExpr:
			u.ranges(&n.SrcRange, &n.OpenRange)
		case *hclsyntax.ForExpr:
			u.ranges(&n.SrcRange, &n.OpenRange, &n.CloseRange)
		case *hclsyntax.IndexExpr:
			u.ranges(&n.SrcRange, &n.OpenRange, &n.BracketRange)
		case *hclsyntax.SplatExpr:
			u.ranges(&n.SrcRange, &n.MarkerRange)
		case *hclsyntax.ConditionalExpr:
			u.ranges(&n.SrcRange)
		case *hclsyntax.BinaryOpExpr:
			u.ranges(&n.SrcRange)
		case *hclsyntax.UnaryOpExpr:
			u.ranges(&n.SrcRange, &n.SymbolRange)
		case *hclsyntax.ParenthesesExpr:
			u.ranges(&n.SrcRange)
		}
		return nil
	})
}
