package catalog

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// Searched is a resource that Search finds: its records, and the document that
// filters read and answers hold.
type Searched struct {
	Kind     store.Kind
	Document func(*store.Record) api.Document
}

// scanned is how many records a search reads at a time.
const scanned = 1000

// Search returns the handler of Search over resources by the names they have
// there. A filter reads the document by its dotted path; a list on the way
// matches where one of its elements does. What no engine can hold (experiments,
// pipelines, feature groups) is found nowhere.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Search.html
func (c *Catalog) Search(resources map[string]Searched) api.Handler {
	return func(ctx context.Context, r api.Request) (api.Document, error) {
		resource := r.Input.Text("Resource")
		what, held := resources[resource]
		if resource == "Model" {
			return nil, api.NotSupported.With("Search of the resource Model", "Use ListModels and DescribeModel.")
		}
		if !held || r.Input.Text("CrossAccountFilterOption") == "CrossAccount" {
			return found(nil, 0), nil
		}
		condition, err := conditionOf(r.Input.Child("SearchExpression"), 1)
		if err != nil {
			return nil, err
		}
		matches, err := c.matching(ctx, r.Region, what, condition)
		if err != nil {
			return nil, err
		}
		order(matches, r.Input.Text("SortBy"), r.Input.Text("SortOrder") != "Ascending")
		return pageOf(matches, resource, r)
	}
}

func found(results []any, total int) api.Document {
	if results == nil {
		results = []any{}
	}
	return api.Document{"Results": results, "TotalHits": map[string]any{"Value": total, "Relation": "EqualTo"}}
}

func (c *Catalog) matching(ctx context.Context, region string, what Searched, matches condition) ([]api.Document, error) {
	query := store.Query{Kind: what.Kind, Region: region, SortBy: store.ByCreation, Descending: true, Limit: scanned}
	var kept []api.Document
	for {
		page, next, err := c.Store.List(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, record := range page {
			document := what.Document(record)
			tags, err := c.Store.Tags(ctx, record.ARN(), "", store.MaxTags)
			if err != nil {
				return nil, err
			}
			delete(document, "Tags") // as they were when it was created
			if len(tags) > 0 {
				document["Tags"] = tagList(tags)
			}
			if matches(document) {
				kept = append(kept, document)
			}
		}
		if next == nil {
			return kept, nil
		}
		query.After = next
	}
}

// order sorts by a property, by default the last change; documents without it come last.
func order(documents []api.Document, by string, descending bool) {
	if by == "" {
		by = "LastModifiedTime"
	}
	slices.SortStableFunc(documents, func(a, b api.Document) int {
		x, y := property(a, by), property(b, by)
		if len(x) == 0 || len(y) == 0 {
			return cmp.Compare(len(y), len(x))
		}
		compared := compareValues(x[0], y[0])
		if descending {
			return -compared
		}
		return compared
	})
}

func compareValues(a, b any) int {
	x, isNumber := number(a)
	y, areNumbers := number(b)
	if isNumber && areNumbers {
		return cmp.Compare(x, y)
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

type place struct {
	Search string `json:"s"`
	Skip   int    `json:"n"`
}

func pageOf(matches []api.Document, resource string, r api.Request) (api.Document, error) {
	p := place{Search: fingerprint(r)}
	if given := r.Input.Text("NextToken"); given != "" {
		var at place
		body, err := base64.RawURLEncoding.DecodeString(given)
		if err != nil || json.Unmarshal(body, &at) != nil || at.Search != p.Search || at.Skip < 0 {
			return nil, api.BadNextToken.With()
		}
		p.Skip = at.Skip
	}
	limit := defaultPage
	if given, ok := r.Input.Integer("MaxResults"); ok {
		limit = int(given)
	}
	from := min(p.Skip, len(matches))
	to := min(from+limit, len(matches))
	var results []any
	for _, document := range matches[from:to] {
		results = append(results, map[string]any{resource: map[string]any(document)})
	}
	answer := found(results, len(matches))
	if to < len(matches) {
		p.Skip = to
		body, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		answer["NextToken"] = base64.RawURLEncoding.EncodeToString(body)
	}
	return answer, nil
}

// condition tells whether a document is searched for.
type condition func(api.Document) bool

// maxDepth is how deep AWS lets expressions stand in each other.
const maxDepth = 20

func conditionOf(expression api.Document, depth int) (condition, error) {
	if depth > maxDepth {
		return nil, api.Invalid.With(fmt.Sprintf("SearchExpression is nested more than %d deep.", maxDepth))
	}
	var parts []condition
	for _, given := range expression.List("Filters") {
		f, err := filterOf(given)
		if err != nil {
			return nil, err
		}
		parts = append(parts, func(d api.Document) bool { return f(property(d, given.Text("Name"))) })
	}
	for _, given := range expression.List("NestedFilters") {
		nested, err := nestedOf(given)
		if err != nil {
			return nil, err
		}
		parts = append(parts, nested)
	}
	for _, given := range expression.List("SubExpressions") {
		sub, err := conditionOf(given, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, sub)
	}
	or := expression.Text("Operator") == "Or"
	return func(d api.Document) bool {
		for _, part := range parts {
			if part(d) == or {
				return or
			}
		}
		return !or || len(parts) == 0
	}, nil
}

// nestedOf wants one element of a list to meet every filter, whose names begin with the list's.
func nestedOf(given api.Document) (condition, error) {
	list := given.Text("NestedPropertyName")
	filters := map[string][]filter{}
	for _, one := range given.List("Filters") {
		f, err := filterOf(one)
		if err != nil {
			return nil, err
		}
		name := one.Text("Name")
		rest, within := strings.CutPrefix(name, list+".")
		if !within {
			return nil, api.Invalid.With(fmt.Sprintf("The filter name %s does not begin with the nested property name %s.", name, list))
		}
		filters[rest] = append(filters[rest], f)
	}
	return func(d api.Document) bool {
		return slices.ContainsFunc(property(d, list), func(element any) bool {
			for name, all := range filters {
				for _, f := range all {
					if !f(along(element, strings.Split(name, "."))) {
						return false
					}
				}
			}
			return true
		})
	}, nil
}

// property returns the values at a dotted path. Tags and metrics are lists of
// names and values that a search names by their names.
func property(d api.Document, name string) []any {
	var list, key, value string
	switch {
	case strings.HasPrefix(name, "Tags."):
		list, key, value = "Tags", "Key", "Value"
	case strings.HasPrefix(name, "Metrics."):
		list, key, value = "FinalMetricDataList", "MetricName", "Value"
	default:
		return along(map[string]any(d), strings.Split(name, "."))
	}
	_, wanted, _ := strings.Cut(name, ".")
	for _, item := range d.List(list) {
		if item.Text(key) == wanted {
			return []any{item[value]}
		}
	}
	return nil
}

func along(value any, path []string) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case api.Document:
		value = map[string]any(v)
	case []any:
		var all []any
		for _, item := range v {
			all = append(all, along(item, path)...)
		}
		return all
	}
	if len(path) == 0 {
		return []any{value}
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	for used := len(path); used > 0; used-- { // a key of a map may hold dots itself
		if member, there := object[strings.Join(path[:used], ".")]; there {
			return along(member, path[used:])
		}
	}
	return nil
}

// filter judges the values of one property.
type filter func(values []any) bool

func filterOf(given api.Document) (filter, error) {
	name, operator, want := given.Text("Name"), cmp.Or(given.Text("Operator"), "Equals"), given.Text("Value")
	switch operator {
	case "Exists", "NotExists":
		if given.Has("Value") {
			return nil, api.Invalid.With(fmt.Sprintf("The filter on %s has the operator %s and a value; %s takes none.", name, operator, operator))
		}
		return func(values []any) bool { return (len(values) > 0) == (operator == "Exists") }, nil
	}
	if !given.Has("Value") {
		return nil, api.Invalid.With(fmt.Sprintf("The filter on %s has the operator %s and no value.", name, operator))
	}
	one := func(test func(any) bool) filter {
		return func(values []any) bool { return slices.ContainsFunc(values, test) }
	}
	switch operator {
	case "Equals":
		return one(func(v any) bool { return equals(v, want) }), nil
	case "NotEquals":
		return func(values []any) bool {
			return !slices.ContainsFunc(values, func(v any) bool { return equals(v, want) })
		}, nil
	case "Contains":
		return one(func(v any) bool { return strings.Contains(written(v), want) }), nil
	case "In":
		wanted := strings.Split(want, ",")
		return one(func(v any) bool {
			return slices.ContainsFunc(wanted, func(w string) bool { return equals(v, strings.TrimSpace(w)) })
		}), nil
	}
	bound, ok := number(want)
	if !ok {
		return nil, api.Invalid.With(fmt.Sprintf("The filter on %s has the operator %s, which wants a number or a time such as 2026-01-31T12:00:00Z; got %q.", name, operator, want))
	}
	return one(func(v any) bool {
		got, ok := number(v)
		if !ok {
			return false
		}
		switch c := cmp.Compare(got, bound); operator {
		case "GreaterThan":
			return c > 0
		case "GreaterThanOrEqualTo":
			return c >= 0
		case "LessThan":
			return c < 0
		default:
			return c <= 0
		}
	}), nil
}

func equals(v any, want string) bool {
	if written(v) == want {
		return true
	}
	if _, text := v.(string); text {
		return false
	}
	got, isNumber := number(v)
	wanted, wantsNumber := number(want)
	return isNumber && wantsNumber && got == wanted
}

func written(v any) string {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b)
	}
	return fmt.Sprint(v)
}

// number reads a number, or a time as its seconds since 1970.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f, true
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
			if at, err := time.Parse(layout, v); err == nil {
				return float64(at.UnixMilli()) / 1000, true
			}
		}
	}
	return 0, false
}
