package linter

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Baseline is a list of findings that were accepted when the linter was introduced. It knows no line numbers.
type Baseline struct {
	Version  int             `json:"version"`
	Findings []BaselineEntry `json:"findings"`
}

// BaselineEntry is one accepted finding. Only Fingerprint and Count decide; the rest is for the reader.
type BaselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Directory   string `json:"directory"`
	Address     string `json:"address,omitempty"`
	Message     string `json:"message"`
	Count       int    `json:"count"`
}

// Fingerprint identifies a finding as long as its rule, directory, address and evidence stay the same, wherever its lines move.
func (f *Finding) Fingerprint() string {
	evidence := f.Evidence
	if evidence == "" {
		evidence, _, _ = strings.Cut(f.Message, "; ")
	}
	place := path.Dir(f.Range.Filename)
	if f.Address == "" {
		place = f.Range.Filename
	}
	evidence = strings.ToLower(strings.Join(strings.Fields(evidence), " "))
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule.Name, place, f.Address, evidence}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// ParseBaseline reads a baseline file.
func ParseBaseline(name string, text []byte) (*Baseline, error) {
	var b Baseline
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("baseline %s: %w", name, err)
	}
	if b.Version != 1 {
		return nil, fmt.Errorf("baseline %s: version %d, this linter reads version 1", name, b.Version)
	}
	return &b, nil
}

// NewBaseline accepts findings.
func NewBaseline(findings []*Finding) *Baseline {
	entries := map[string]*BaselineEntry{}
	for _, f := range findings {
		k := f.Fingerprint()
		if e := entries[k]; e != nil {
			e.Count++
			continue
		}
		entries[k] = &BaselineEntry{Fingerprint: k, Rule: f.Rule.Name, Directory: path.Dir(f.Range.Filename), Address: f.Address, Message: f.Message, Count: 1}
	}
	b := &Baseline{Version: 1, Findings: []BaselineEntry{}}
	for _, e := range entries {
		b.Findings = append(b.Findings, *e)
	}
	slices.SortFunc(b.Findings, func(x, y BaselineEntry) int {
		return cmp.Or(strings.Compare(x.Directory, y.Directory), strings.Compare(x.Rule, y.Rule), strings.Compare(x.Address, y.Address),
			strings.Compare(x.Fingerprint, y.Fingerprint))
	})
	return b
}

// Encode writes the file, one entry per line so that merges stay small.
func (b *Baseline) Encode() ([]byte, error) {
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

// filter drops the accepted findings, and lists the entries that are no longer needed.
func (b *Baseline) filter(findings []*Finding) (kept []*Finding, removable []BaselineEntry) {
	left := map[string]int{}
	for _, e := range b.Findings {
		left[e.Fingerprint] += max(e.Count, 1)
	}
	for _, f := range findings {
		if k := f.Fingerprint(); left[k] > 0 {
			left[k]--
		} else {
			kept = append(kept, f)
		}
	}
	for _, e := range b.Findings {
		if n := left[e.Fingerprint]; n > 0 {
			e.Count = n
			left[e.Fingerprint] = 0
			removable = append(removable, e)
		}
	}
	return kept, removable
}
