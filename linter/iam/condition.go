package iam

import (
	"net/netip"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
)

// principalKeys are the condition keys that can limit who the caller is, or on whose behalf a service calls. Keys of
// tokens (…:sub, …:aud) are added by their suffix.
var principalKeys = map[string]keyKind{
	"aws:principalaccount":       accountKey,
	"aws:principalarn":           arnKey,
	"aws:principalorgid":         plainKey,
	"aws:principalorgpaths":      plainKey,
	"aws:sourceaccount":          accountKey,
	"aws:sourcearn":              arnKey,
	"aws:sourceorgid":            plainKey,
	"aws:sourceorgpaths":         plainKey,
	"aws:sourceowner":            accountKey,
	"aws:sourceip":               addressKey,
	"aws:sourcevpc":              plainKey,
	"aws:sourcevpcarn":           arnKey,
	"aws:sourcevpce":             plainKey,
	"aws:vpceaccount":            accountKey,
	"aws:vpceorgid":              plainKey,
	"aws:vpceorgpaths":           plainKey,
	"aws:userid":                 plainKey,
	"aws:principalservicename":   plainKey,
	"aws:ecsinstancearn":         arnKey,
	"aws:ec2instancesourcevpc":   plainKey,
	"ec2:sourceinstancearn":      arnKey,
	"kms:calleraccount":          accountKey,
	"s3:dataaccesspointaccount":  accountKey,
	"s3:dataaccesspointarn":      arnKey,
	"s3:accessgrantsinstancearn": arnKey,
	"lambda:sourcefunctionarn":   arnKey,
}

type keyKind uint8

const (
	plainKey keyKind = iota
	accountKey
	arnKey
	addressKey
	// subjectKey is a claim that names an owner, and perhaps more; githubSubject has labels that anybody can fill.
	subjectKey
	githubSubject
)

// Restricts reports whether the statement's conditions really limit who can use it: a positive operator on a key that
// identifies the caller or the source, whose values are not wildcards and which also holds when the key is missing.
// Unknown conditions count as restricting.
func (s *Statement) Restricts() bool {
	return s.ConditionsPartial || s.restrictedBy(func(key string) (keyKind, bool) {
		kind, ok := principalKeys[key]
		if !ok && (strings.HasSuffix(key, ":sub") || strings.HasSuffix(key, ":aud") || strings.HasSuffix(key, ":amr")) {
			return plainKey, true
		}
		return kind, ok
	})
}

// restrictedBy reports whether some condition on a key that known accepts limits the statement. Keys are given in lower case.
func (s *Statement) restrictedBy(known func(key string) (keyKind, bool)) bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if strings.Contains(c.Operator+c.Key, node.Hole) {
			return true
		}
		kind, ok := known(strings.ToLower(c.Key))
		if !ok {
			continue
		}
		match, optional, ok := operator(c.Operator)
		if !ok || optional && !s.keyRequired(c.Key) {
			continue
		}
		if c.Values.Partial && len(c.Values.Items) == 0 {
			return true
		}
		narrow := len(c.Values.Items) > 0
		for _, v := range c.Values.Items {
			narrow = narrow && restrictingValue(kind, match, v)
		}
		if narrow {
			return true
		}
	}
	return false
}

// keyRequired reports whether a Null condition makes the key a must, which takes the hole out of IfExists and ForAllValues.
func (s *Statement) keyRequired(key string) bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if strings.EqualFold(c.Operator, "Null") && strings.EqualFold(c.Key, key) && len(c.Values.Items) == 1 && strings.EqualFold(c.Values.Items[0].S, "false") {
			return true
		}
	}
	return false
}

// operator takes a condition operator apart. Match says whether it knows wildcards, optional whether it also holds when the
// key is missing; ok is false for those that exclude values (StringNotEquals), which leave all others in.
func operator(name string) (match, optional, ok bool) {
	name = strings.ToLower(name)
	if rest, found := strings.CutPrefix(name, "forallvalues:"); found {
		name, optional = rest, true // an empty set of values satisfies it
	}
	name = strings.TrimPrefix(name, "foranyvalue:")
	if rest, found := strings.CutSuffix(name, "ifexists"); found {
		name, optional = rest, true
	}
	switch name {
	case "stringequals", "stringequalsignorecase", "ipaddress", "bool", "numericequals":
		return false, optional, true
	case "stringlike", "arnlike", "arnequals": // ArnEquals and ArnLike do the same
		return true, optional, true
	}
	return false, false, false
}

func restrictingValue(kind keyKind, match bool, v Text) bool {
	switch kind {
	case addressKey:
		return !v.Known() || narrowAddress(v.S)
	case arnKey:
		if !match {
			return true
		}
		f := strings.SplitN(v.S, ":", 6)
		if len(f) < 6 {
			return !wild(v.S) || !v.Known() && !actions.OnlyStars(strings.ReplaceAll(v.S, node.Hole, ""))
		}
		if f[4] != "" {
			return !wild(f[4])
		}
		// Buckets have no account in their ARN, but their names are unique in the world.
		w, _ := ResourceWidth(v.S)
		return w == Named && !wild(strings.SplitN(f[5], "/", 2)[0])
	case subjectKey, githubSubject:
		return namesOwner(kind, v.S)
	case accountKey:
		return !match || !wild(v.S)
	}
	if !match {
		return true
	}
	// "o-*" is every organization, "vpc-*" every network: a wildcard beside nothing but such a word limits nothing.
	switch strings.ToLower(strings.Trim(v.S, "*?/:")) {
	case "", "o-", "vpc-", "vpce-", "aida", "aroa", "repo", ".amazonaws.com", "amazonaws.com":
		return !wild(v.S)
	}
	return true
}

// narrowAddress reports whether a network is smaller than what a stranger can pick: /8 in IPv4 and /16 in IPv6 are the widest taken.
func narrowAddress(s string) bool {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Addr().Is4() && p.Bits() >= 8 || p.Addr().Is6() && p.Bits() >= 16
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}
