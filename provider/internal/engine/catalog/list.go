package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// defaultPage is the page size of every list when the caller names none.
const defaultPage = 10

// Listing says how one List operation differs from the others.
type Listing struct {
	Kind         store.Kind
	Member       string   // output member that holds the summaries
	NewestFirst  bool     // the default order
	Family       *string  // only members of this family; "" those of none
	Members      bool     // only members of some family
	EmptyFor     []string // filters that select nothing here (warm pools, other accounts)
	Summary      func(*store.Record) api.Document
	ApprovalFrom string // input member that filters on the approval status
}

// List answers a List operation: filters, order, page size and token come from the
// request's input under the names all of them share.
func (c *Catalog) List(ctx context.Context, r api.Request, l Listing) (api.Document, error) {
	in := r.Input
	query := store.Query{
		Kind:           l.Kind,
		Region:         r.Region,
		Family:         l.Family,
		Members:        l.Members,
		NameContains:   in.Text("NameContains"),
		Status:         in.Text("StatusEquals"),
		CreatedAfter:   bound(in, "CreationTimeAfter"),
		CreatedBefore:  bound(in, "CreationTimeBefore"),
		ModifiedAfter:  bound(in, "LastModifiedTimeAfter"),
		ModifiedBefore: bound(in, "LastModifiedTimeBefore"),
		SortBy:         store.SortBy(in.Text("SortBy")),
		Descending:     l.NewestFirst,
		Limit:          defaultPage,
	}
	if query.SortBy == "" {
		query.SortBy = store.ByCreation
	}
	if order := in.Text("SortOrder"); order != "" {
		query.Descending = order == "Descending"
	}
	if limit, ok := in.Integer("MaxResults"); ok {
		query.Limit = int(limit)
	}
	if l.ApprovalFrom != "" {
		query.Approval = in.Text(l.ApprovalFrom)
	}
	for _, member := range l.EmptyFor {
		if in.Has(member) {
			return api.Document{l.Member: []any{}}, nil
		}
	}
	fingerprint := fingerprint(r)
	if given := in.Text("NextToken"); given != "" {
		var err error
		if query.After, err = decodeToken(given, fingerprint); err != nil {
			return nil, err
		}
	}
	page, next, err := c.Store.List(ctx, query)
	if err != nil {
		return nil, err
	}
	summaries := make([]any, len(page))
	for i, record := range page {
		summaries[i] = l.Summary(record)
	}
	result := api.Document{l.Member: summaries}
	if next != nil {
		if result["NextToken"], err = encodeToken(next, fingerprint); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func bound(in api.Document, member string) time.Time {
	if !in.Has(member) {
		return time.Time{}
	}
	return in.Time(member)
}

// token is what a NextToken carries: a place, and the list it is a place in, so
// that a token used with other filters is refused instead of skipping records.
type token struct {
	List string `json:"l"`
	store.Cursor
}

func fingerprint(r api.Request) string {
	in := r.Input.Clone()
	delete(in, "NextToken")
	delete(in, "MaxResults")
	// encoding/json sorts map keys; a document always encodes.
	body, _ := json.Marshal(map[string]any(in))
	sum := sha256.Sum256([]byte(r.Operation + "\n" + r.Region + "\n" + string(body)))
	return hex.EncodeToString(sum[:6])
}

func encodeToken(next *store.Cursor, list string) (string, error) {
	body, err := json.Marshal(token{List: list, Cursor: *next})
	return base64.RawURLEncoding.EncodeToString(body), err
}

func decodeToken(given, list string) (*store.Cursor, error) {
	body, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil {
		return nil, api.BadNextToken.With()
	}
	var t token
	if err := json.Unmarshal(body, &t); err != nil || t.List != list {
		return nil, api.BadNextToken.With()
	}
	return &t.Cursor, nil
}
