package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// documentSections is how many sections a phase document has, by the project's
// founding rules: objective, decisions, IAM, commands, evidence, risks, next step.
const documentSections = 7

// Document is a stage's evidence document.
type Document struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// ReadDocument reads an evidence document and says what keeps it from being
// complete: fewer than seven sections, or sections without text.
func ReadDocument(path string) (Document, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return Document{}, fmt.Errorf("reading the evidence document: %w", err)
	}
	sum := sha256.Sum256(body)
	d := Document{Path: path, SHA256: hex.EncodeToString(sum[:])}
	titles, empty := sections(string(body))
	switch {
	case len(titles) < documentSections:
		return d, fmt.Errorf("%s has %d sections (## headings), expected at least %d; it has: %s", path, len(titles), documentSections, orNone(titles))
	case len(empty) > 0:
		return d, fmt.Errorf("%s has sections without text: %s", path, strings.Join(empty, ", "))
	}
	return d, nil
}

// sections lists the second-level headings and those that nothing stands under.
// Headings inside fenced blocks are output, not structure.
func sections(text string) (titles, empty []string) {
	fenced, filled := false, true
	closeSection := func() {
		if len(titles) > 0 && !filled {
			empty = append(empty, titles[len(titles)-1])
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		title, heading := strings.CutPrefix(line, "## ")
		switch {
		case heading && !fenced:
			closeSection()
			titles, filled = append(titles, strings.TrimSpace(title)), false
		case line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "```"):
			filled = true
		}
	}
	closeSection()
	return titles, empty
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
