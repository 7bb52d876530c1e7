// Package evidence reads the documents of phases, stages and iterations. In goes the Markdown text, out come the sections that are missing or
// empty.
package evidence

import (
	"regexp"
	"strings"
	"unicode"
)

// The seven sections that every document of a phase, a stage or an iteration has, in Spanish or English.

// section is one of the seven: how it is called in messages, and the words that a heading has, folded.
type section struct {
	title string
	words []string
}

var sevenSections = []section{
	{"Goal and context (Objetivo y contexto)", []string{"objetivo", "proposito", "contexto", "goal", "objective", "purpose", "context"}},
	{"Technical decisions and dropped alternatives (Decisiones técnicas y alternativas descartadas)", []string{"decision", "alternativ"}},
	{"IAM used (IAM usado)", []string{"iam", "permiso", "permission"}},
	{"Commands run and expected result (Comandos ejecutados y resultado esperado)", []string{"comando", "command"}},
	{"Evidence (Evidencia)", []string{"evidencia", "evidence"}},
	{"Risks and pending (Riesgos/pendientes)", []string{"riesgo", "pendiente", "risk", "pending"}},
	{"Next step (Próximo paso)", []string{"proximo", "siguiente", "next"}},
}

// SectionsText is the paragraph about them for the rules' pages.
const SectionsText = `The seven sections, with headings in Spanish or English, numbered or not: goal and context (objetivo y contexto); technical
decisions and dropped alternatives (decisiones técnicas y alternativas descartadas); IAM used (IAM usado); commands run and expected result
(comandos ejecutados y resultado esperado); evidence (evidencia); risks and pending (riesgos/pendientes); next step (próximo paso). A section
is empty when nothing stands under it but headings, comments or placeholders such as TODO.`

// foundHeading is one heading of a Markdown document with what stands under it, subsections included.
type foundHeading struct {
	level, line int
	title       string
	filled      bool
}

// Fault is a missing or empty section; Line is that of the empty one, 1 for a missing one.
type Fault struct {
	Line  int
	Empty bool
	Title string
}

// Faults compares a document with the seven sections.
func Faults(text string) []Fault {
	headings := headingsOf(text)
	best := map[int]*foundHeading{}
	for i := range headings {
		h := &headings[i]
		if n := sectionOf(h.title); n >= 0 && (best[n] == nil || h.filled && !best[n].filled) {
			best[n] = h
		}
	}
	var out []Fault
	for n, s := range sevenSections {
		switch h := best[n]; {
		case h == nil:
			out = append(out, Fault{Line: 1, Title: s.title})
		case !h.filled:
			out = append(out, Fault{Line: h.line, Empty: true, Title: h.title})
		}
	}
	return out
}

// sectionOf tells which section a heading begins: the one whose word comes first in it. It is -1 for other headings.
func sectionOf(title string) int {
	words := strings.FieldsFunc(fold(title), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, w := range words {
		for n, s := range sevenSections {
			for _, k := range s.words {
				if w == k || len(k) > 3 && strings.HasPrefix(w, k) {
					return n
				}
			}
		}
	}
	return -1
}

var accents = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n")

func fold(s string) string { return accents.Replace(strings.ToLower(s)) }

var (
	atxHeading = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))?[ \t]*#*[ \t]*$`)
	fenceMark  = regexp.MustCompile("^ {0,3}(```+|~~~+)")
	underline  = regexp.MustCompile(`^ {0,3}(=+|-{2,})[ \t]*$`)
	htmlNote   = regexp.MustCompile(`(?s)<!--.*?-->`)
	// placeholder is a line that says only that something is still to be written.
	placeholder = regexp.MustCompile(`^(?:todo|tbd|fixme|wip|por (?:completar|definir|hacer|escribir)|to be (?:written|done|defined)|lorem ipsum.*|<[^>]*>)?[\s.:…*_]*$`)
)

// headingsOf lists the headings below the title, outside fenced blocks. The first heading is the title when no other has its level.
func headingsOf(text string) []foundHeading {
	text = htmlNote.ReplaceAllStringFunc(text, func(note string) string { return strings.Repeat("\n", strings.Count(note, "\n")) })
	var out []foundHeading
	open, before := "", "" // the open fence's mark; the last line of text, which an underline may still make a heading
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		heading, fence := atxHeading.FindStringSubmatch(line), fenceMark.FindStringSubmatch(line)
		if open != "" {
			if fence != nil && strings.HasPrefix(fence[1], open) {
				open = ""
			} else {
				fill(out, line)
			}
			continue
		}
		if before != "" && underline.MatchString(line) {
			level := 2
			if strings.Contains(line, "=") {
				level = 1
			}
			out, before = append(out, foundHeading{level: level, line: i, title: before}), ""
			continue
		}
		fill(out, before)
		before = ""
		switch {
		case fence != nil:
			open = fence[1]
		case heading != nil:
			out = append(out, foundHeading{level: len(heading[1]), line: i + 1, title: strings.TrimSpace(heading[2])})
		default:
			before = strings.TrimSpace(line)
		}
	}
	fill(out, before)
	if len(out) > 1 {
		alone := true
		for _, h := range out[1:] {
			alone = alone && h.level > out[0].level
		}
		if alone {
			out = out[1:]
		}
	}
	return out
}

// fill marks the headings that a line of text stands under: the last one and those it is nested in.
func fill(headings []foundHeading, line string) {
	line = strings.Trim(fold(line), " \t*_->|`[]")
	if placeholder.MatchString(line) || !strings.ContainsFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return
	}
	level := 7
	for i := len(headings) - 1; i >= 0 && level > 1; i-- {
		if headings[i].level < level {
			headings[i].filled = true
			level = headings[i].level
		}
	}
}
