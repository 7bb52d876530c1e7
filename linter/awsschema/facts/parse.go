package main

import (
	"fmt"
	"regexp"
	"strings"
)

// source is what one TypeScript file says of one type.
type source struct {
	typeName   string // aws_s3_bucket
	dataSource bool
	provider   string // version of hashicorp/aws
	class      string // the class of the type itself
	classes    map[string][]field
}

// field is an attribute (class is empty, kind is its type) or a nested structure (class holds its fields, kind its nesting).
type field struct {
	name  string
	flag  byte   // r required, o optional, b optional and computed, c computed
	kind  string // s n b A, prefixed by L S M for list, set, map; nested: l s 1 m, then 1 for at most one, a for attribute syntax
	class string
}

var (
	classLine   = regexp.MustCompile(`^export class (\w+) extends cdktf\.(\w+) `)
	typeLine    = regexp.MustCompile(`tfResourceType = "(\w+)"`)
	versionLine = regexp.MustCompile(`providerVersion: '([\d.]+)'`)
	fieldLine   = regexp.MustCompile(`^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$`)
	privateLine = regexp.MustCompile(`^  private _\w+\?: (.*); ?$`)
	nestedLine  = regexp.MustCompile(`^  private _\w+ = new ([\w.]+)\(this, "\w+"(?:, (true|false))?\);`)
	getterLine  = regexp.MustCompile(`^    return (?:cdktf\.Token\.asNumberList\()?(cdktf\.Fn\.tolist\()?this\.(\w+)\('\w+'\)`)
	hclFunction = regexp.MustCompile(`^export function \w+ToHclTerraform\(struct\?: ([^)]*)\)`)
	hclName     = regexp.MustCompile(`^      ?(?:  )?"?(\w+)"?: \{$|^    "?(\w+)"?: \{$`)
	hclValue    = regexp.MustCompile(`^ +value: (.*),$`)
	hclBlock    = regexp.MustCompile(`^ +isBlock: (true|false),$`)
	hclType     = regexp.MustCompile(`^ +type: "(\w+)",$`)
)

// written is what the synthesis part of a class says of one field: how it is spelled in HCL.
type written struct {
	value, kind string
	block       bool
}

func parse(text string) (*source, error) {
	s := &source{classes: map[string][]field{}}
	shapes := map[string]map[string]written{} // class -> field -> how it is written
	class, shapeOf, shapeName := "", "", ""
	var shape written
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if m := classLine.FindStringSubmatch(line); m != nil {
			class, shapeOf = strings.TrimSuffix(m[1], "OutputReference"), ""
			switch m[2] {
			case "TerraformResource", "TerraformDataSource":
				s.class, s.dataSource = m[1], m[2] == "TerraformDataSource"
			case "ComplexObject":
			default:
				class = ""
				continue
			}
			s.classes[class] = nil // a structure may have no fields
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			s.typeName = m[1]
		}
		if m := versionLine.FindStringSubmatch(line); m != nil {
			s.provider = m[1]
		}
		if m := hclFunction.FindStringSubmatch(line); m != nil {
			for _, name := range strings.Split(m[1], " | ") {
				if !strings.Contains(name, ".") {
					shapeOf = strings.TrimSuffix(name, "OutputReference")
				}
			}
			continue
		}
		if strings.Contains(line, "synthesizeHclAttributes()") {
			shapeOf = class
			continue
		}
		if shapeOf != "" {
			if m := hclName.FindStringSubmatch(line); m != nil {
				shapeName, shape = m[1]+m[2], written{}
			} else if m := hclValue.FindStringSubmatch(line); m != nil {
				shape.value = m[1]
			} else if m := hclBlock.FindStringSubmatch(line); m != nil {
				shape.block = m[1] == "true"
			} else if m := hclType.FindStringSubmatch(line); m != nil {
				shape.kind = m[1]
				if shapes[shapeOf] == nil {
					shapes[shapeOf] = map[string]written{}
				}
				shapes[shapeOf][shapeName] = shape
			}
		}
		if m := fieldLine.FindStringSubmatch(line); m != nil && class != "" {
			if i+2 >= len(lines) {
				return nil, fmt.Errorf("%s.%s: the file ends", class, m[1])
			}
			f, err := parseField(m, lines[i+1], lines[i+2])
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", class, m[1], err)
			}
			s.classes[class] = append(s.classes[class], f)
		}
	}
	return s, s.apply(shapes)
}

func parseField(m []string, first, second string) (field, error) {
	f := field{name: m[1]}
	switch m[2] + m[3] + m[4] {
	case "falsefalsetrue":
		f.flag = 'r'
	case "falsetruefalse":
		f.flag = 'o'
	case "truetruefalse":
		f.flag = 'b'
	case "truefalsefalse":
		f.flag = 'c'
	default:
		return f, fmt.Errorf("unexpected combination %v", m[2:])
	}
	if p := privateLine.FindStringSubmatch(first); p != nil {
		var err error
		f.kind, err = kindOf(p[1])
		return f, err
	}
	if p := nestedLine.FindStringSubmatch(first); p != nil {
		switch p[1] {
		case "cdktf.StringMap":
			f.kind = "Ms"
		case "cdktf.NumberMap":
			f.kind = "Mn"
		case "cdktf.BooleanMap":
			f.kind = "Mb"
		case "cdktf.AnyMap", "cdktf.StringMapList":
			f.kind = "A"
		default:
			f.class, f.kind = p[1], "1"
			if base, ok := strings.CutSuffix(p[1], "OutputReference"); ok {
				f.class = base
			} else if base, ok := strings.CutSuffix(p[1], "List"); ok {
				f.class, f.kind = base, "l"
				if p[2] == "true" {
					f.kind = "s"
				}
			} else if base, ok := strings.CutSuffix(p[1], "Map"); ok {
				f.class, f.kind = base, "m"
			}
		}
		return f, nil
	}
	if p := getterLine.FindStringSubmatch(second); p != nil {
		kinds := map[string]string{"getStringAttribute": "s", "getNumberAttribute": "n", "getBooleanAttribute": "b",
			"getListAttribute": "Ls", "getNumberListAttribute": "Ln", "interpolationForAttribute": "A"}
		kind, ok := kinds[p[2]]
		if !ok {
			return f, fmt.Errorf("unknown getter %s", p[2])
		}
		if p[1] != "" {
			kind = "S" + kind[1:]
		}
		f.kind = kind
		return f, nil
	}
	return f, fmt.Errorf("cannot read %q, %q", first, second)
}

// kindOf reads a TypeScript type; lists become sets later, when the synthesis part says so.
func kindOf(t string) (string, error) {
	t = strings.TrimSuffix(t, " | cdktf.IResolvable")
	switch t {
	case "string":
		return "s", nil
	case "number":
		return "n", nil
	case "boolean", "(boolean | cdktf.IResolvable)":
		return "b", nil
	case "any":
		return "A", nil
	}
	if inner, ok := strings.CutSuffix(t, "[]"); ok {
		k, err := kindOf(inner)
		return "L" + k, err
	}
	if inner, ok := strings.CutPrefix(t, "{ [key: string]: "); ok {
		k, err := kindOf(strings.TrimSuffix(inner, " }"))
		return "M" + k, err
	}
	return "", fmt.Errorf("unknown type %q", t)
}

// apply corrects the nesting of every field that can be written by what the synthesis part says of it.
func (s *source) apply(shapes map[string]map[string]written) error {
	for class, fields := range s.classes {
		for i := range fields {
			f := &fields[i]
			w, ok := shapes[class][f.name]
			if !ok {
				if f.flag != 'c' && s.class != "" {
					return fmt.Errorf("%s.%s: can be set, but is not written", class, f.name)
				}
				if f.class != "" {
					f.kind += "a"
				}
				continue
			}
			if f.class == "" {
				if w.kind == "set" && strings.HasPrefix(f.kind, "L") {
					f.kind = "S" + f.kind[1:]
				}
				continue
			}
			nesting, attribute, single := "", "", ""
			switch w.kind {
			case "list":
				nesting = "l"
			case "set":
				nesting = "s"
			case "struct":
				nesting = "1"
			case "map":
				nesting, attribute = "m", "a"
			default:
				return fmt.Errorf("%s.%s: unknown nesting %q", class, f.name, w.kind)
			}
			mapped := strings.Contains(w.value, "listMapperHcl(")
			if (nesting == "l" || nesting == "s") && !mapped {
				single = "1"
			}
			// An object that can be computed is an attribute; so is a list whose mapper says it is no block.
			if !w.block || strings.Contains(w.value, ", false)") || nesting == "1" && f.flag == 'b' {
				attribute = "a"
			}
			f.kind = nesting + single + attribute
		}
	}
	return nil
}
