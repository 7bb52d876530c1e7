// Package fix applies the edits of findings. In go findings, out come new contents of files in which their rules find less; nothing is written.
package fix

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// Result is the outcome of Apply: new contents by file, and how many findings they repair.
type Result struct {
	Files    map[string][]byte
	Repaired int
	// Refused lists findings whose edits did not parse or did not make the finding go away.
	Refused []*linter.Finding
}

// overlay shows edited files in the place of those on disk.
type overlay struct {
	linter.Files
	edited map[string][]byte
}

// ReadFile reads a file as edited.
func (o overlay) ReadFile(name string, limit int64) ([]byte, error) {
	if text, ok := o.edited[name]; ok {
		return text, nil
	}
	return o.Files.ReadFile(name, limit)
}

// Apply applies the edits of the findings, file by file and rule by rule. Edits are kept only when the file still parses and the
// rule finds less in it than before. Nothing is written: the caller does that.
func Apply(ctx context.Context, o linter.Options, findings []*linter.Finding) (*Result, error) {
	out := &Result{Files: map[string][]byte{}}
	type group struct {
		rule *linter.Rule
		file string
	}
	groups := map[group][]*linter.Finding{}
	var order []group
	for _, f := range findings {
		if len(f.Fix) == 0 {
			continue
		}
		g := group{f.Rule, f.Fix[0].Range.Filename}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], f)
	}
	o.Baseline, o.DiffBase, o.Progress = nil, "", nil
	for _, g := range order {
		if out.Files[g.file] != nil {
			continue // positions have moved; the next run fixes what another rule finds here
		}
		before, err := o.Files.ReadFile(g.file, module.MaxSource)
		if err != nil {
			return nil, fmt.Errorf("fix %s: %w", g.file, err)
		}
		var edits []linter.Edit
		for _, f := range groups[g] {
			edits = append(edits, f.Fix...)
		}
		after, err := applyEdits(g.file, before, edits)
		if err != nil {
			out.Refused = append(out.Refused, groups[g]...)
			continue
		}
		clean, err := repairs(ctx, o, g.rule, g.file, after, out.Files)
		if err != nil {
			return nil, err
		}
		if !clean {
			out.Refused = append(out.Refused, groups[g]...)
			continue
		}
		out.Files[g.file] = after
		out.Repaired += len(groups[g])
	}
	return out, nil
}

// applyEdits edits a text from its end to its start, and formats it if it was formatted before.
func applyEdits(name string, text []byte, edits []linter.Edit) ([]byte, error) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b linter.Edit) int { return b.Range.Start.Byte - a.Range.Start.Byte })
	bom := bytes.HasPrefix(text, []byte("\xef\xbb\xbf"))
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	crlf := bytes.Contains(text, []byte("\r\n"))
	after := slices.Clone(text)
	last := len(text)
	for i, e := range edits {
		from, to := e.Range.Start.Byte, e.Range.End.Byte
		if e.Range.Filename != name || from > to || to > last {
			return nil, fmt.Errorf("edits of %s overlap", name)
		}
		if i > 0 && from == edits[i-1].Range.Start.Byte && edits[i-1].Text == e.Text {
			continue // two instances of one block ask for the same
		}
		insert := e.Text
		if crlf {
			insert = strings.ReplaceAll(insert, "\n", "\r\n")
		}
		after = slices.Concat(after[:from], []byte(insert), after[to:])
		last = from
	}
	if _, diags := module.Parse(name, after); diags.HasErrors() {
		return nil, diags
	}
	if bytes.Equal(hclwrite.Format(text), text) {
		after = hclwrite.Format(after)
	}
	if bom {
		after = append([]byte("\xef\xbb\xbf"), after...)
	}
	return after, nil
}

// repairs reports whether the rule finds nothing fixable in the file any more.
func repairs(ctx context.Context, o linter.Options, rule *linter.Rule, file string, after []byte, others map[string][]byte) (bool, error) {
	edited := map[string][]byte{file: after}
	for n, t := range others {
		edited[n] = t
	}
	o.Files = overlay{o.Files, edited}
	o.Flags = linter.Flags{Only: []string{rule.Name}}
	result, err := linter.Run(ctx, o)
	if err != nil {
		return false, err
	}
	for _, f := range result.Failures {
		if f.Range.Filename == file {
			return false, nil
		}
	}
	for _, f := range result.Findings {
		if len(f.Fix) > 0 && f.Fix[0].Range.Filename == file {
			return false, nil
		}
	}
	return true, nil
}
