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
	ccTags    = regexp.MustCompile(`readonly (tags|\w+Tags)\??: (\{\s*\[key: string\]: string;?\s*\}|(\w+)\[\])`)
	ccVersion = regexp.MustCompile(`providers/hashicorp/awscc/([0-9.]+)/docs`)
)

// snake is the name in Terraform of what cdktn calls backupPlanTags.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// ownTags reports whether an attribute holds the tags of the resource itself: tags, resource_tags, or tags called after the resource, such as
// backup_plan_tags of awscc_backup_backup_plan. Others are tags of something else: of the repositories that ECR will make by a template, of what
// DataZone makes for a project.
func ownTags(typ, attribute string) bool {
	noun, named := strings.CutSuffix(attribute, "_tags")
	switch {
	case attribute == "tags":
		return true
	case !named || typ == "awscc_ecr_repository_creation_template" || typ == "awscc_datazone_project":
		return false
	}
	return noun == "resource" || strings.HasSuffix(typ, "_"+noun)
}

// writeCC makes the table of the resource types of hashicorp/awscc that take tags: a line with the type and "l" for a list of key and value, "m"
// for a map, and the attribute where it is not called tags. The wheel is PyPI's cdktn-provider-awscc, whose declarations are generated from the provider's schema.
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
			found := ccTags.FindAllSubmatch(config[1], -1)
			if i := slices.IndexFunc(found, func(tags [][]byte) bool { return string(tags[1]) == "tags" }); i >= 0 {
				found = found[i : i+1] // what else has tags there is about something else
			}
			for _, tags := range found {
				line := string(typ[1]) + " l"
				switch {
				case !ownTags(string(typ[1]), snake(string(tags[1]))):
					continue
				case len(tags[3]) == 0:
					line = string(typ[1]) + " m"
				case !holdsPairs(text, string(tags[3])):
					continue
				}
				if name := snake(string(tags[1])); name != "tags" {
					line += " " + name
				}
				lines = append(lines, line)
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
