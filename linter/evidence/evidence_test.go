package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHeadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"title alone on its level", "# T\n\n## A\nx\n## B\n", "A+ B-"},
		{"several of the first level", "# A\nx\n# B\ny\n", "A+ B+"},
		{"subsection fills", "# T\n## A\n### a\nx\n## B\n### b\n", "A+ a+ B- b-"},
		{"underlined", "T\n=\nA\n---\nx\n\nB\n-----\n", "A+ B-"},
		{"text right before an underlined heading", "# T\n## A\nx\n\nB\n--\n", "A+ B-"},
		{"fence hides headings and is text", "# T\n## A\n```\n# x\n```\n## B\n~~~\n~~~\n", "A+ B-"},
		{"comments and placeholders are no text", "# T\n## A\n<!-- x\ny -->\n## B\n- TODO\n## C\n...\n## D\n- **TBD**.\n", "A- B- C- D-"},
		{"a table's head is text", "# T\n## A\n| x |\n|---|\n", "A+"},
		{"CRLF", "# T\r\n## A\r\nx\r\n## B\r\n", "A+ B-"},
		{"closing marks", "# T #\n## A ##\nx\n", "A+"},
		{"unclosed fence", "# T\n## A\n```\n## B\n", "A+"},
		{"nothing", "", ""},
	} {
		var got []string
		for _, h := range headingsOf(c.text) {
			got = append(got, h.title+map[bool]string{true: "+", false: "-"}[h.filled])
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}

// TestFaults: a section is there when one heading of it has something under it; an empty one is told with its line, a missing one at the first.
func TestFaults(t *testing.T) {
	t.Parallel()
	const text = "# Stage 1\n## Goal\nx\n## Decisions\nx\n## IAM\nx\n## Commands\n\n## Commands run\nx\n## Evidence\n<!-- later\n-->\n\n## Risks\nTODO\n"
	var got []string
	for _, f := range Faults(text) {
		got = append(got, fmt.Sprintf("%d %t %s", f.Line, f.Empty, f.Title))
	}
	want := []string{"12 true Evidence", "16 true Risks", "1 false Next step (Próximo paso)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSectionOf(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]int{
		"1. Objetivo y contexto.": 0, "Goal": 0, "Decisiones técnicas y alternativas descartadas": 1, "Alternatives dropped": 1, "IAM usado (roles/policies)": 2,
		"Permissions": 2, "Comandos ejecutados y resultado esperado": 3, "Evidencia (outputs, logs, métricas)": 4, "Evidence of the commands": 4,
		"Riesgos/pendientes": 5, "PRÓXIMO PASO": 6, "Next steps": 6, "Validation": -1, "Iambic": -1, "": -1,
	} {
		if got := sectionOf(title); got != want {
			t.Errorf("%q is section %d, want %d", title, got, want)
		}
	}
}

func FuzzSectionFaults(f *testing.F) {
	f.Add("# T\n## Goal\n```\n<!-- -->")
	f.Add("A\n===\n\x00\r\n####### x")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, fault := range Faults(text) {
			if fault.Line < 1 || fault.Line > lines {
				t.Errorf("line %d of %d", fault.Line, lines)
			}
		}
	})
}
