//go:build unix

package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inlineLink    = regexp.MustCompile(`!?\[[^\]]*\]\(([^)#\s]*)(#[^)\s]+)?\)`)
	referenceLink = regexp.MustCompile(`(?m)^\[[^\]]+\]: ([^#\s]*)(#\S+)?$`)
	htmlLink      = regexp.MustCompile(`(?:href|src|id|name)="([^"#]*)(#[^"]+)?"`)
	anchorTag     = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	codeSpan      = regexp.MustCompile("`[^`]*`")
)

// TestLinks follows every relative link of every document: the file is there, and has the heading.
func TestLinks(t *testing.T) {
	checked := 0
	for _, name := range documents(t) {
		prose := proseOf(readPage(t, filepath.Join("..", name)))
		matches := append(inlineLink.FindAllStringSubmatch(prose, -1), referenceLink.FindAllStringSubmatch(prose, -1)...)
		for _, m := range htmlLink.FindAllStringSubmatch(prose, -1) {
			if strings.HasPrefix(m[0], "href") || strings.HasPrefix(m[0], "src") {
				matches = append(matches, m)
			}
		}
		for _, m := range matches {
			target, anchor := m[1], strings.TrimPrefix(m[2], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			checked++
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			info, err := os.Stat(filepath.Join("..", file))
			if err != nil && file == "docs/proof" {
				continue // make proof fills it
			}
			if err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, target)
				continue
			}
			if anchor != "" && strings.HasSuffix(file, ".md") && !info.IsDir() && !headings(t, file)[anchor] {
				t.Errorf("%s: %s has no heading #%s", name, file, anchor)
			}
		}
	}
	if checked < 150 {
		t.Errorf("found only %d links", checked)
	}
}

// proseOf is a page without its code.
func proseOf(p *page) string {
	var kept []string
	next := 0
	for _, b := range p.blocks {
		kept = append(kept, p.lines[next:b.from-1]...)
		next = b.to + 1
	}
	kept = append(kept, p.lines[next:]...)
	return codeSpan.ReplaceAllStringFunc(strings.Join(kept, "\n"), func(code string) string {
		if strings.Contains(code, "\n") {
			return code // two stray backquotes, not a span
		}
		return "`code`"
	})
}

// headings are the anchors that GitHub gives the headings of a document: a repeated one gets a number.
func headings(t *testing.T, file string) map[string]bool {
	t.Helper()
	p := readPage(t, filepath.Join("..", file))
	inCode := map[int]bool{}
	for _, b := range p.blocks {
		for i := b.from; i < b.to; i++ {
			inCode[i] = true
		}
	}
	found, count := map[string]bool{}, map[string]int{}
	for i, line := range p.lines {
		for _, m := range anchorTag.FindAllStringSubmatch(line, -1) {
			found[m[1]] = true
		}
		text := strings.TrimLeft(line, "#")
		if text == line || inCode[i] || !strings.HasPrefix(text, " ") {
			continue
		}
		anchor := strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), ""), " ", "-")
		if n := count[anchor]; n > 0 {
			found[anchor+"-"+string(rune('0'+n))] = true
		} else {
			found[anchor] = true
		}
		count[anchor]++
	}
	return found
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
