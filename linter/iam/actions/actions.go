// Package actions holds the embedded table of AWS actions: their access levels, the resources they take, their condition keys. In goes a
// name or a pattern of a policy, out come the actions that exist. Only the services that are asked for are decoded.
package actions

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/agext/levenshtein"

	"github.com/titanicml/terraform-provider-titanicml/linter/internal/facttable"
)

//go:embed actions.facts
var actionsData string

var actionsTable = sync.OnceValues(func() (*facttable.Table, error) { return facttable.Open(actionsData) })

// services caches what FindService has parsed, by prefix.
var services sync.Map

// Level is the access level of an action, as the service authorization reference gives it.
type Level uint8

// The access levels, harmless first.
const (
	List Level = iota
	Read
	Write
	Tagging
	PermissionManagement
	levels
)

// String names the level as in a sentence.
func (l Level) String() string {
	return [...]string{"list", "read", "write", "tagging", "permission management"}[l]
}

const levelLetters = "LRWTP"

// Service holds the actions of one service prefix.
type Service struct {
	// Prefix is what stands before the colon: "sagemaker".
	Prefix string
	// Actions in the order of their names.
	Actions []Action
	// Resources are the types of resources that the service's actions can be limited to.
	Resources []ResourceType
	// ConditionKeys are the keys that the service itself defines or honours.
	ConditionKeys []ConditionKey

	byName    map[string]int
	typeWords []string
}

// ResourceType is a type of resource. ARN is its pattern, with ${Name} for each variable part.
type ResourceType struct {
	Name, ARN     string
	ConditionKeys []string
}

// ConditionKey is a condition key. Type is String, ARN, Numeric, Bool, ArrayOfString, …; empty when it is not documented.
type ConditionKey struct{ Name, Type string }

// Action is one action.
type Action struct {
	// Name without the prefix: "CreateTrainingJob".
	Name  string
	Level Level
	// Resources that the action can be limited to.
	Resources []ActionResource
	// ConditionKeys that the action honours beside the global ones.
	ConditionKeys []string
	// Dependent are actions that the caller needs too.
	Dependent []string
}

// ActionResource is a type of resource that an action takes.
type ActionResource struct {
	Type     *ResourceType
	Required bool
}

// Support says whether an action can be limited to resources.
type Support uint8

const (
	// NoResource: only Resource "*" allows the action.
	NoResource Support = iota
	// OptionalResource: it takes a resource, but is also called without one.
	OptionalResource
	// NeedsResource: every call is about a resource, which a policy can name.
	NeedsResource
)

// Support says whether the action can be limited to resources. A required resource type decides; several types of which
// none is required are alternatives (a bucket or an access point), so each call has one; a single type that is not
// required may be missing.
func (a *Action) Support() Support {
	for _, r := range a.Resources {
		if r.Required {
			return NeedsResource
		}
	}
	return Support(min(len(a.Resources), int(NeedsResource)))
}

// FindService returns the service with this prefix; ok is false when there is none. Case does not matter.
func FindService(prefix string) (*Service, bool) {
	prefix = strings.ToLower(prefix)
	if s, ok := services.Load(prefix); ok {
		return s.(*Service), true
	}
	t, err := actionsTable()
	if err != nil {
		return nil, false
	}
	text, ok, err := t.Text(prefix)
	if err != nil || !ok {
		return nil, false
	}
	s, err := parseService(prefix, text)
	if err != nil {
		return nil, false
	}
	services.Store(prefix, s)
	return s, true
}

// Find returns the action with this full name, whatever its case.
func Find(name string) (*Action, bool) {
	prefix, rest, ok := strings.Cut(name, ":")
	if !ok {
		return nil, false
	}
	s, ok := FindService(prefix)
	if !ok {
		return nil, false
	}
	return s.Action(rest)
}

// Action returns the action with this name, whatever its case.
func (s *Service) Action(name string) (*Action, bool) {
	i, ok := s.byName[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	return &s.Actions[i], true
}

// ServicePrefixes returns all prefixes, sorted.
func ServicePrefixes() []string {
	t, err := actionsTable()
	if err != nil {
		return nil
	}
	return t.Names("")
}

// parseService reads the lines of one service: k key type; r name ARN keys; a name level resources keys dependents,
// separated by tabs. Lists hold positions of earlier lines; a resource that is required has "!" behind it.
func parseService(prefix, text string) (*Service, error) {
	s := &Service{Prefix: prefix, byName: map[string]int{}}
	keys := func(list string) ([]string, error) {
		var out []string
		for id := range strings.SplitSeq(list, ",") {
			if id == "" {
				continue
			}
			i, err := strconv.Atoi(id)
			if err != nil || i < 0 || i >= len(s.ConditionKeys) {
				return nil, fmt.Errorf("service %s: condition key %q", prefix, id)
			}
			out = append(out, s.ConditionKeys[i].Name)
		}
		return out, nil
	}
	var err error
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Split(line, "\t")
		switch {
		case f[0] == "k" && len(f) == 3:
			s.ConditionKeys = append(s.ConditionKeys, ConditionKey{f[1], f[2]})
		case f[0] == "r" && len(f) == 4:
			r := ResourceType{Name: f[1], ARN: f[2]}
			if r.ConditionKeys, err = keys(f[3]); err != nil {
				return nil, err
			}
			s.Resources = append(s.Resources, r)
		case f[0] == "a" && len(f) == 6:
			a := Action{Name: f[1], Level: Level(strings.Index(levelLetters, f[2]))}
			for id := range strings.SplitSeq(f[3], ",") {
				if id == "" {
					continue
				}
				id, required := strings.CutSuffix(id, "!")
				i, err := strconv.Atoi(id)
				if err != nil || i < 0 || i >= len(s.Resources) {
					return nil, fmt.Errorf("service %s: resource %q", prefix, id)
				}
				a.Resources = append(a.Resources, ActionResource{&s.Resources[i], required})
			}
			if a.ConditionKeys, err = keys(f[4]); err != nil {
				return nil, err
			}
			if f[5] != "" {
				a.Dependent = strings.Split(f[5], ",")
			}
			s.byName[strings.ToLower(a.Name)] = len(s.Actions)
			s.Actions = append(s.Actions, a)
		case line != "":
			return nil, fmt.Errorf("service %s: line %q", prefix, line)
		}
	}
	s.typeWords = typeWords(prefix, s.Resources)
	return s, nil
}

// Grant counts the actions that a pattern matches.
type Grant struct {
	Total   int
	ByLevel [levels]int
}

// Count counts the actions that a pattern such as "s3:Get*" or "*" matches. A pattern for a whole service, or for all of them,
// is answered from the index.
func Count(pattern string) Grant {
	var g Grant
	t, err := actionsTable()
	if err != nil {
		return g
	}
	service, name, ok := strings.Cut(pattern, ":")
	if !ok {
		if OnlyStars(pattern) {
			name = "*"
		} else {
			return g // "s3*" without a colon matches nothing
		}
	}
	whole := OnlyStars(name)
	for _, prefix := range matchingServices(t, service) {
		if whole {
			note, _ := t.Note(prefix)
			for i, n := range strings.Fields(note) {
				if c, err := strconv.Atoi(n); err == nil && i < int(levels) {
					g.ByLevel[i] += c
					g.Total += c
				}
			}
			continue
		}
		s, ok := FindService(prefix)
		if !ok {
			continue
		}
		for i := range s.Actions {
			if Match(name, s.Actions[i].Name) {
				g.ByLevel[s.Actions[i].Level]++
				g.Total++
			}
		}
	}
	return g
}

func matchingServices(t *facttable.Table, pattern string) []string {
	if !strings.ContainsAny(pattern, "*?") {
		if _, ok := t.Note(strings.ToLower(pattern)); ok {
			return []string{strings.ToLower(pattern)}
		}
		return nil
	}
	var out []string
	for _, prefix := range t.Names("") {
		if Match(pattern, prefix) {
			out = append(out, prefix)
		}
	}
	return out
}

// String says what the grant holds, as in "matches 34 actions, 6 of them permission management".
func (g Grant) String() string {
	if g.Total == 0 {
		return "matches no action"
	}
	s := fmt.Sprintf("matches %d actions", g.Total)
	if g.Total == 1 {
		s = "matches 1 action"
	}
	for _, l := range []Level{PermissionManagement, Write} {
		switch n := g.ByLevel[l]; {
		case n == 0:
		case g.Total == 1:
			return s + ", which is " + l.String()
		case n == g.Total:
			return s + ", all of them " + l.String()
		default:
			return fmt.Sprintf("%s, %d of them %s", s, n, l)
		}
	}
	return s
}

// Match reports whether a pattern, in which * stands for any text and ? for any character, matches the whole text. Case does
// not matter, as for actions.
func Match(pattern, text string) bool {
	return Glob(strings.ToLower(pattern), strings.ToLower(text))
}

// Glob matches with case. It takes len(pattern)*len(text) steps at most.
func Glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// OnlyStars reports whether the pattern matches every text: nothing but *, at least one.
func OnlyStars(pattern string) bool { return pattern != "" && strings.Trim(pattern, "*") == "" }

// Nearest returns the action, with its prefix, whose name is closest to one that does not exist; ok is false when nothing is close.
func Nearest(name string) (nearest string, ok bool) {
	prefix, rest, _ := strings.Cut(name, ":")
	if len(name) > 128 {
		return "", false
	}
	prefix = strings.ToLower(prefix)
	s, found := FindService(prefix)
	if !found {
		best := closest(prefix, ServicePrefixes())
		if best == "" {
			return "", false
		}
		s, _ = FindService(best)
		if a, ok := s.Action(rest); ok {
			return best + ":" + a.Name, true
		}
		return best + ":" + rest, true
	}
	names := make([]string, len(s.Actions))
	for i := range s.Actions {
		names[i] = s.Actions[i].Name
	}
	if best := closest(rest, names); best != "" {
		return s.Prefix + ":" + best, true
	}
	return "", false
}

// closest returns the candidate at the least edit distance, the first in order among equals, and "" when none is near.
func closest(name string, candidates []string) string {
	best, limit := "", max(1, len(name)/3)
	lower := strings.ToLower(name)
	for _, c := range candidates {
		if d := len(c) - len(name); d > limit || -d > limit {
			continue
		}
		if d := levenshtein.Distance(lower, strings.ToLower(c), nil); d <= limit && (best == "" || d < limit) {
			best, limit = c, d
		}
	}
	return best
}

// TypeWords returns the words with which the resource part of the service's ARNs begin: training-job, log-group. They tell
// a type from a name, as in arn:aws:s3:::bucket/*, whose bucket is no type.
func TypeWords(service string) []string {
	if s, ok := FindService(service); ok {
		return s.typeWords
	}
	return nil
}

func typeWords(prefix string, resources []ResourceType) []string {
	var out []string
	for i := range resources {
		f := strings.SplitN(resources[i].ARN, ":", 6)
		if len(f) < 6 || !strings.EqualFold(f[2], prefix) {
			continue
		}
		first, _, typed := CutSegment(strings.TrimPrefix(f[5], "/"))
		if typed && !strings.Contains(first, "$") && !slices.Contains(out, first) {
			out = append(out, first)
		}
	}
	return out
}

// CutSegment cuts a resource name at its first / or colon.
func CutSegment(name string) (first, rest string, found bool) {
	if i := strings.IndexAny(name, "/:"); i >= 0 {
		return name[:i], name[i+1:], true
	}
	return name, "", false
}
