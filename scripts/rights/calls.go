package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed calls.txt
var callsText string

// call is what one line of calls.txt says: actions that IAM judges by one resource in one context.
type call struct {
	line     int
	kind     string // resource type, or backend and workflow
	phase    string // read, write, delete
	resource string
	actions  []string
	context  map[string]string
	tagged   bool   // the resource carries this project's tags when the call is made
	when     string // an argument that has to be true
}

func parseCalls(text string) ([]call, error) {
	var calls []call
	for i, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) < 4 {
			return nil, fmt.Errorf("calls.txt:%d: got %q, expected a type, a phase, a resource and actions", i+1, line)
		}
		c := call{line: i + 1, kind: fields[0], phase: fields[1], resource: fields[2], context: map[string]string{}}
		if c.phase != "read" && c.phase != "write" && c.phase != "delete" {
			return nil, fmt.Errorf("calls.txt:%d: got the phase %q, expected read, write or delete", i+1, c.phase)
		}
		for _, field := range fields[3:] {
			key, value, pair := strings.Cut(field, "=")
			switch {
			case pair:
				c.context[key] = value
			case field == "tagged":
				c.tagged = true
			case strings.HasPrefix(field, "if:"):
				c.when = strings.TrimPrefix(field, "if:")
			case strings.Contains(field, ":"):
				c.actions = append(c.actions, field)
			default:
				return nil, fmt.Errorf("calls.txt:%d: got %q, expected an action, KEY=VALUE, tagged or if:ARGUMENT", i+1, field)
			}
		}
		if len(c.actions) == 0 {
			return nil, fmt.Errorf("calls.txt:%d: it names no action", i+1)
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// fill puts values where a line has {name}; ok is false when one is not known, as an ID before the resource is there.
func fill(pattern string, value func(name string) (string, bool)) (filled string, ok bool) {
	for {
		before, rest, found := strings.Cut(pattern, "{")
		if !found {
			return filled + pattern, true
		}
		name, after, _ := strings.Cut(rest, "}")
		text, known := value(name)
		if !known {
			return "", false
		}
		filled += before + text
		pattern = after
	}
}
