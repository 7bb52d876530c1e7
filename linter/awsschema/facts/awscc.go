package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The declarations of a resource of hashicorp/awscc, as cdktn writes them.
var (
	ccType    = regexp.MustCompile(`tfResourceType = "(awscc_\w+)"`)
	ccConfig  = regexp.MustCompile(`(?s)export interface \w+Config extends cdktn\.TerraformMetaArguments \{(.*?)\n\}`)
	ccTags    = regexp.MustCompile(`readonly tags\??: (\{\s*\[key: string\]: string;?\s*\}|(\w+)\[\])`)
	ccVersion = regexp.MustCompile(`providers/hashicorp/awscc/([0-9.]+)/docs`)
)

// writeCC makes the table of the resource types of hashicorp/awscc that take tags: a line with the type and "l" for a list of key and value, "m"
// for a map. The wheel is PyPI's cdktn-provider-awscc, whose declarations are generated from the provider's schema.
func writeCC(wheel, out string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("reading %s: %w", wheel, err)
	}
	defer archive.Close()
	var lines []string
	provider, release := "", ""
	for _, f := range archive.File {
		if path.Ext(f.Name) != ".tgz" {
			continue
		}
		_, release, _ = strings.Cut(strings.TrimSuffix(path.Base(f.Name), ".jsii.tgz"), "@")
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Name, err)
		}
		err = eachDeclaration(r, func(text []byte) {
			typ := ccType.FindSubmatch(text)
			config := ccConfig.FindSubmatch(text)
			if typ == nil || config == nil {
				return
			}
			if v := ccVersion.FindSubmatch(text); v != nil {
				provider = string(v[1])
			}
			tags := ccTags.FindSubmatch(config[1])
			switch {
			case tags == nil:
			case len(tags[2]) == 0:
				lines = append(lines, string(typ[1])+" m")
			case holdsPairs(text, string(tags[2])):
				lines = append(lines, string(typ[1])+" l")
			}
		})
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Name, err)
		}
	}
	if len(lines) < 1000 || provider == "" {
		return fmt.Errorf("%s has only %d types with tags of version %q: the layout of the package has changed", wheel, len(lines), provider)
	}
	slices.Sort(lines)
	header := fmt.Sprintf("# PyPI cdktn-provider-awscc %s (MPL-2.0), generated from hashicorp/awscc %s\n", release, provider)
	return os.WriteFile(out, []byte(header+strings.Join(slices.Compact(lines), "\n")+"\n"), 0o644)
}

// holdsPairs reports whether the structure of this name has a key and a value.
func holdsPairs(text []byte, name string) bool {
	_, body, ok := bytes.Cut(text, []byte("export interface "+name+" {"))
	body, _, _ = bytes.Cut(body, []byte("\n}"))
	return ok && bytes.Contains(body, []byte("readonly key?:")) && bytes.Contains(body, []byte("readonly value?:"))
}

// eachDeclaration calls f with the declarations of every resource and data source.
func eachDeclaration(r io.ReadCloser, f func([]byte)) error {
	defer r.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if path.Base(h.Name) == "index.d.ts" && !strings.Contains(h.Name, "/data-awscc-") {
			text, err := io.ReadAll(t)
			if err != nil {
				return err
			}
			f(text)
		}
	}
}
