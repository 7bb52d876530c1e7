// Package baseline keeps the findings that were accepted when the linter was introduced. In go fingerprints, out come those that are new and
// the entries that are needed no more. It knows no line numbers.
package baseline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// File is a baseline file.
type File struct {
	Version  int     `json:"version"`
	Findings []Entry `json:"findings"`
}

// Entry is one accepted finding. Only Fingerprint and Count decide; the rest is for the reader.
type Entry struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Directory   string `json:"directory"`
	Address     string `json:"address,omitempty"`
	Message     string `json:"message"`
	Count       int    `json:"count"`
}

// Parse reads a baseline file.
func Parse(name string, text []byte) (*File, error) {
	var b File
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("baseline %s: %w", name, err)
	}
	if b.Version != 1 {
		return nil, fmt.Errorf("baseline %s: version %d, this linter reads version 1", name, b.Version)
	}
	return &b, nil
}

// New accepts findings; equal ones become one entry with their count.
func New(findings []Entry) *File {
	entries := map[string]*Entry{}
	for _, f := range findings {
		e := entries[f.Fingerprint]
		if e == nil {
			e = &f
			e.Count = 0
			entries[f.Fingerprint] = e
		}
		e.Count++
	}
	b := &File{Version: 1, Findings: []Entry{}}
	for _, e := range entries {
		b.Findings = append(b.Findings, *e)
	}
	slices.SortFunc(b.Findings, func(x, y Entry) int {
		return cmp.Or(strings.Compare(x.Directory, y.Directory), strings.Compare(x.Rule, y.Rule), strings.Compare(x.Address, y.Address),
			strings.Compare(x.Fingerprint, y.Fingerprint))
	})
	return b
}

// Encode writes the file, one entry per line so that merges stay small.
func (b *File) Encode() ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "{\"version\": %d, \"findings\": [", b.Version)
	for i, e := range b.Findings {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n  ")
		out.Write(line)
	}
	out.WriteString("\n]}\n")
	return []byte(out.String()), nil
}

// Matcher uses up the entries of a file.
type Matcher struct {
	file *File
	left map[string]int
}

// Matcher starts a comparison.
func (b *File) Matcher() *Matcher {
	m := &Matcher{b, map[string]int{}}
	for _, e := range b.Findings {
		m.left[e.Fingerprint] += max(e.Count, 1)
	}
	return m
}

// Accepts reports whether an entry is left for a finding, and uses it up.
func (m *Matcher) Accepts(fingerprint string) bool {
	if m.left[fingerprint] == 0 {
		return false
	}
	m.left[fingerprint]--
	return true
}

// Removable lists the entries that no finding has used up.
func (m *Matcher) Removable() []Entry {
	var out []Entry
	for _, e := range m.file.Findings {
		if n := m.left[e.Fingerprint]; n > 0 {
			e.Count = n
			m.left[e.Fingerprint] = 0
			out = append(out, e)
		}
	}
	return out
}
