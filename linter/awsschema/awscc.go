package awsschema

import (
	_ "embed"
	"strings"
)

//go:embed awscc.facts
var ccData string

// CloudControlTags says how a resource type of hashicorp/awscc takes tags: "list" for a list of objects of key and value, "map", or empty for a
// type that takes none or does not exist.
func CloudControlTags(typ string) string {
	_, rest, _ := strings.Cut(ccData, "\n"+typ+" ")
	switch form, _, _ := strings.Cut(rest, "\n"); form {
	case "l":
		return "list"
	case "m":
		return "map"
	}
	return ""
}
