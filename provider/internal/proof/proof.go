// Package proof keeps measured figures as JSON beside the documents that quote them.
//
// In go a command and the figures that it printed; out comes one file with the date and the class of the machine, from which a
// page can be generated without anything typed by hand.
package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Figure is one measured value and the bound that the project promises for it.
type Figure struct {
	Name string `json:"name"`
	// Value is for people, with its unit.
	Value string `json:"value"`
	// Bound is what Value has to keep, "" for one that only informs.
	Bound string `json:"bound,omitempty"`
	OK    bool   `json:"ok"`
}

// Machine is the class of a machine, and nothing that names the one.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
	Processor  string `json:"processor,omitempty"`
}

// Run is one run of a command that measures.
type Run struct {
	Name    string    `json:"name"`
	Command string    `json:"command"`
	Date    time.Time `json:"date"`
	Machine Machine   `json:"machine"`
	Seconds float64   `json:"seconds"`
	Figures []Figure  `json:"figures"`
}

// ThisMachine describes the machine that the program runs on.
func ThisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.NumCPU()}
	if body, err := os.ReadFile("/proc/cpuinfo"); err == nil { // elsewhere the model stays out
		for line := range strings.Lines(string(body)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				m.Processor = strings.TrimSpace(value)
				break
			}
		}
	}
	return m
}

// OK says whether every figure keeps its bound.
func (r Run) OK() bool {
	for _, f := range r.Figures {
		if !f.OK {
			return false
		}
	}
	return true
}

// Table prints the figures, one a line, with what misses its bound marked.
func (r Run) Table() string {
	var b strings.Builder
	for _, f := range r.Figures {
		verdict := "ok"
		switch {
		case !f.OK:
			verdict = "MISSED"
		case f.Bound == "":
			verdict = ""
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-50s %18s   %-22s %s", f.Name, f.Value, f.Bound, verdict), " ") + "\n")
	}
	return b.String()
}

// Write stores the run at path.
func (r Run) Write(path string) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // bounds are written <=
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("encoding the figures of %s: %w", r.Name, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing the figures of %s: %w", r.Name, err)
	}
	if err := os.WriteFile(path, body.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the figures of %s: %w", r.Name, err)
	}
	return nil
}
