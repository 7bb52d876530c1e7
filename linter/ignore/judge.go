package ignore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter/match"
)

// Problems says why the comment does not count; nothing when it does. known are the names of all rules, documented those that need a document;
// docExists says what is wrong with one.
func (ig *Ignore) Problems(known, documented []string, now time.Time, docExists func(doc string) error) []string {
	if ig.Err != nil {
		return []string{"ignore comment is malformed: " + ig.Err.Error()}
	}
	var out []string
	needsDoc := slices.ContainsFunc(ig.Rules, func(n string) bool { return slices.Contains(documented, n) })
	for _, n := range ig.Rules {
		if !slices.Contains(known, n) {
			out = append(out, fmt.Sprintf("ignore names the rule %q, which does not exist%s", n, match.DidYouMean(n, known)))
		}
	}
	list := strings.Join(ig.Rules, ", ")
	if ig.Reason == "" {
		out = append(out, fmt.Sprintf("ignore of %s gives no reason and does not count; add reason=\"...\"", list))
	}
	if !ig.Until.IsZero() && !now.Before(ig.Until.AddDate(0, 0, 1)) {
		out = append(out, fmt.Sprintf("ignore of %s expired on %s and does not count; repair the finding or decide again", list, ig.Until.Format(time.DateOnly)))
	}
	switch {
	case needsDoc && ig.Doc == "":
		out = append(out, fmt.Sprintf("ignore of %s names no document and does not count; add doc=\"docs/FILE.md#heading\"", list))
	case ig.Doc != "":
		if err := docExists(ig.Doc); err != nil {
			out = append(out, fmt.Sprintf("ignore of %s: %v; it does not count", list, err))
		}
	}
	return out
}

// HasHeading reports whether a Markdown document has a heading or anchor of that name.
func HasHeading(document []byte, heading string) bool {
	for _, line := range strings.Split(string(document), "\n") {
		if h := strings.TrimLeft(line, "#"); h != line && slug(h) == strings.ToLower(heading) {
			return true
		}
		if strings.Contains(line, `id="`+heading+`"`) || strings.Contains(line, `name="`+heading+`"`) {
			return true
		}
	}
	return false
}

// slug is the anchor that GitHub gives a Markdown heading.
func slug(heading string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case c == ' ' || c == '-':
			b.WriteByte('-')
		case c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c > 127:
			b.WriteRune(c)
		}
	}
	return b.String()
}
