// Command sbom writes a CycloneDX 1.5 list of the modules that this one's programs are built from.
//
// Usage: sbom -out FILE
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "sbom: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	out := flags.String("out", "", "`file` to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("-out is needed")
	}
	listed, err := exec.Command("go", "list", "-deps", "-json=Module", "./...").Output()
	if err != nil {
		return fmt.Errorf("list the modules: %w", err)
	}
	document, err := bill(bytes.NewReader(listed))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	if err := os.WriteFile(*out, document, 0o644); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}

type module struct {
	Path, Version string
	Main          bool
}

type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl"`
}

// bill makes the document from what go list prints: a package after the other, each with its module.
func bill(listed io.Reader) ([]byte, error) {
	var mainModule component
	found := map[string]component{}
	for decoder := json.NewDecoder(listed); ; {
		var pkg struct{ Module *module }
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the list of modules: %w", err)
		}
		if pkg.Module == nil {
			continue // the standard library
		}
		c := component{Type: "library", Name: pkg.Module.Path, Version: pkg.Module.Version, PURL: "pkg:golang/" + pkg.Module.Path}
		if c.Version != "" {
			c.PURL += "@" + c.Version
		}
		if pkg.Module.Main {
			c.Type = "application"
			mainModule = c
			continue
		}
		found[c.Name] = c
	}
	if mainModule.Name == "" {
		return nil, errors.New("the list has no main module")
	}
	components := make([]component, 0, len(found))
	for _, c := range found {
		components = append(components, c)
	}
	slices.SortFunc(components, func(a, b component) int { return strings.Compare(a.Name, b.Name) })
	document, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata": map[string]any{"component": mainModule}, "components": components,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the list: %w", err)
	}
	return append(document, '\n'), nil
}
