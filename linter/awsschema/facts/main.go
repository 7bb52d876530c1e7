// Command facts turns the npm package @cdktf/provider-aws, given as the .tgz that `npm pack` writes, into the compact table
// that package awsschema embeds: every resource type and data source of hashicorp/aws with its attributes and blocks.
//
// The package is generated from the provider's own schema. Each JavaScript file carries its TypeScript source in its source
// map; that text is regular, so lines are matched, nothing is executed, and no code or prose reaches the table.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/internal/facttable"
)

func main() {
	log.SetFlags(0)
	out := flag.String("o", "linter/awsschema/types.facts", "table to write")
	cc := flag.String("awscc", "", "write the table of hashicorp/awscc to this file; the package is then the wheel of cdktn-provider-awscc")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: facts [-o FILE] cdktf-provider-aws-VERSION.tgz | facts -awscc FILE cdktn_provider_awscc-VERSION.whl")
	}
	write, file := run, *out
	if *cc != "" {
		write, file = writeCC, *cc
	}
	if err := write(flag.Arg(0), file); err != nil {
		log.Fatal(err)
	}
}

func run(archive, out string) error {
	var entries []facttable.Entry
	sources, version, err := read(archive)
	if err != nil {
		return fmt.Errorf("reading %s: %w", archive, err)
	}
	provider, resources := "", 0
	for dir, text := range sources {
		s, err := parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if s.class == "" {
			continue // the provider's own configuration, and the package's index
		}
		if provider == "" {
			provider = s.provider
		}
		e, err := encode(s)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if !s.dataSource {
			resources++
		}
		entries = append(entries, e)
	}
	if resources < 1000 {
		return fmt.Errorf("%s has only %d resource types: the layout of the package has changed", archive, resources)
	}
	var table bytes.Buffer
	source := fmt.Sprintf("npm @cdktf/provider-aws %s (MPL-2.0), generated from hashicorp/aws %s", version, provider)
	if err := facttable.Write(&table, source, entries); err != nil {
		return err
	}
	return os.WriteFile(out, table.Bytes(), 0o644)
}

// read returns the TypeScript source of every lib/<dir> (large types are spread over several files) and the package's version.
func read(archive string) (sources map[string]string, version string, err error) {
	file, err := os.Open(archive)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, "", err
	}
	sources = map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return sources, version, nil
		}
		if err != nil {
			return nil, "", err
		}
		name := strings.TrimPrefix(h.Name, "package/")
		if name == "package.json" {
			var p struct{ Version string }
			if err := json.NewDecoder(r).Decode(&p); err != nil {
				return nil, "", fmt.Errorf("%s: %w", name, err)
			}
			version = p.Version
		}
		if !strings.HasPrefix(name, "lib/") || !strings.HasSuffix(name, ".js") {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		const mark = "sourceMappingURL=data:application/json;base64,"
		i := bytes.LastIndex(data, []byte(mark))
		if i < 0 {
			return nil, "", fmt.Errorf("%s has no source map", name)
		}
		raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(data[i+len(mark):])))
		if err != nil {
			return nil, "", fmt.Errorf("%s: source map: %w", name, err)
		}
		var m struct{ SourcesContent []string }
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, "", fmt.Errorf("%s: source map: %w", name, err)
		}
		dir, _, _ := strings.Cut(strings.TrimPrefix(name, "lib/"), "/")
		sources[dir] += strings.Join(m.SourcesContent, "\n") + "\n"
	}
}

// encode writes one type as lines; package awsschema says what they mean.
func encode(s *source) (facttable.Entry, error) {
	var text strings.Builder
	notes := map[byte]bool{}
	var write func(fields []field, depth int) error
	write = func(fields []field, depth int) error {
		if depth > 40 {
			return fmt.Errorf("blocks nest deeper than 40")
		}
		for _, f := range fields {
			if f.class == "" {
				mark := ""
				if !s.dataSource && f.flag != 'c' && f.kind == "s" {
					if kind := policyKind(s.typeName, f.name); kind != 0 {
						mark, notes['p'] = " "+string(kind), true
					}
				}
				fmt.Fprintf(&text, "%s %c %s%s\n", f.name, f.flag, f.kind, mark)
				continue
			}
			children, ok := s.classes[f.class]
			if !ok {
				return fmt.Errorf("%s: class %s is missing", f.name, f.class)
			}
			fmt.Fprintf(&text, "%s %c {%s\n", f.name, f.flag, f.kind)
			if err := write(children, depth+1); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			text.WriteString("}\n")
		}
		return nil
	}
	root := s.classes[s.class]
	if err := write(root, 0); err != nil {
		return facttable.Entry{}, err
	}
	for _, f := range root {
		switch {
		case f.name == "tags" && f.flag != 'c' && f.kind == "Ms":
			notes['t'] = true
		case f.name == "tags_all":
			notes['d'] = true
		case f.name == "tag" && f.class != "":
			notes['g'] = true
		case f.name == "tag_specifications" && f.class != "":
			notes['s'] = true
		}
	}
	note := ""
	for _, c := range []byte("tdgsp") {
		if notes[c] {
			note += string(c)
		}
	}
	kind := "r:"
	if s.dataSource {
		kind = "d:"
	}
	return facttable.Entry{Name: kind + s.typeName, Note: note, Text: text.String()}, nil
}
