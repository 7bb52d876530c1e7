package awsschema

import (
	_ "embed"
	"strings"
)

//go:embed awscc.facts
var ccData string

// CloudControlTags says where a resource type of hashicorp/awscc takes tags, mostly in tags, and how: as a "list" of objects of key and value, or
// as a "map". Both are empty for a type that takes none or does not exist.
func CloudControlTags(typ string) (attribute, form string) {
	_, rest, found := strings.Cut(ccData, "\n"+typ+" ")
	line, _, _ := strings.Cut(rest, "\n")
	form, attribute, named := strings.Cut(line, " ")
	switch {
	case !found:
		return "", ""
	case !named:
		attribute = "tags"
	}
	return attribute, map[string]string{"l": "list", "m": "map"}[form]
}
