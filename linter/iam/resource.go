package iam

import (
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
)

// Width says how wide a resource of a policy is.
type Width uint8

// The widths.
const (
	// Named: one resource, or those below a named one, or those with a common beginning of their names.
	Named Width = iota
	// WidePart: everything in one position of the ARN.
	WidePart
	// EveryResource: "*".
	EveryResource
)

// ResourceWidth judges a resource by its ARN's segments. A wildcard as the whole resource, or in the position of service, region,
// account or resource type, or as the whole name of the resource, is wide; one behind a named beginning (bucket/*,
// training-job/titanic-*) is not, and neither is one in the position of the partition. The part says what is wide,
// as in "every region". Unknown parts are taken as named.
func ResourceWidth(resource string) (w Width, part string) {
	if actions.OnlyStars(resource) {
		return EveryResource, "every resource"
	}
	f := strings.SplitN(resource, ":", 6)
	if len(f) < 6 || !strings.EqualFold(f[0], "arn") || strings.Contains(f[0]+f[2], node.Hole) {
		// Not an ARN that can be taken apart: a part that is unknown, or something AWS will refuse. A pattern such as
		// "arn:*" still reaches everything.
		if wild(f[0]) && !strings.Contains(resource, node.Hole) || len(f) < 6 && len(f) > 1 && actions.OnlyStars(f[len(f)-1]) && !strings.Contains(resource, node.Hole) {
			return EveryResource, "every resource"
		}
		return Named, ""
	}
	service, region, account, name := f[2], f[3], f[4], f[5]
	switch {
	case wild(service):
		return WidePart, "services by a wildcard"
	case wild(account):
		return WidePart, "other accounts by a wildcard in the account's position"
	case wild(region):
		return WidePart, "other regions by a wildcard in the region's position"
	}
	return nameWidth(service, strings.TrimPrefix(name, "/"))
}

func nameWidth(service, name string) (Width, string) {
	if strings.Trim(name, "*/:") == "" && strings.Contains(name, "*") {
		if _, ok := actions.FindService(service); !ok {
			return WidePart, "every resource of the service"
		}
		return WidePart, "every " + service + " resource"
	}
	first, rest, typed := actions.CutSegment(name)
	types := actions.TypeWords(service)
	if wild(first) {
		if actions.OnlyStars(first) {
			return WidePart, "resources of every name"
		}
		for _, t := range types {
			if !strings.Contains(first, node.Hole) && actions.Glob(first, t) {
				return WidePart, "several resource types"
			}
		}
		return Named, ""
	}
	if !typed {
		return Named, ""
	}
	for _, t := range types {
		if t != first {
			continue
		}
		if whole, _, _ := actions.CutSegment(rest); actions.OnlyStars(whole) {
			return WidePart, "every " + first
		}
	}
	return Named, ""
}

func wild(s string) bool { return strings.ContainsAny(s, "*?") }
