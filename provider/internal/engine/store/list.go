package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// SortBy is what a list is ordered by.
type SortBy string

// The orders the service offers.
const (
	ByName     SortBy = "Name"
	ByCreation SortBy = "CreationTime"
	ByStatus   SortBy = "Status"
)

// Query selects a page of records. Zero fields select everything.
type Query struct {
	Kind           Kind
	Region         string
	Family         *string // exactly this family; "" selects records without one
	Members        bool    // only members of some family
	NameContains   string  // ignoring case
	Status         string
	Approval       string
	CreatedAfter   time.Time
	CreatedBefore  time.Time
	ModifiedAfter  time.Time
	ModifiedBefore time.Time
	SortBy         SortBy
	Descending     bool
	After          *Cursor // the last record of the page before
	Limit          int
}

// Cursor is a place in a list: it stays valid while records come and go.
type Cursor struct {
	Text string // the sort key of a list by name or status
	Time int64  // microseconds; the creation time
	ID   int64
}

// List returns up to Limit records and, when there are more, the cursor for them.
func (s *Store) List(ctx context.Context, q Query) ([]*Record, *Cursor, error) {
	statement, args := q.statement()
	rows, err := s.read.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, nil, s.explain(err)
	}
	defer rows.Close()
	var page []*Record
	for rows.Next() {
		record, err := scan(rows)
		if err != nil {
			return nil, nil, err
		}
		page = append(page, record)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, s.explain(err)
	}
	if len(page) <= q.Limit {
		return page, nil, nil
	}
	page = page[:q.Limit]
	return page, q.cursor(page[q.Limit-1]), nil
}

func (q *Query) cursor(last *Record) *Cursor {
	cursor := &Cursor{Time: last.Created.UnixMicro(), ID: last.ID}
	switch q.SortBy {
	case ByName:
		cursor.Text = last.SortName
	case ByStatus:
		cursor.Text = last.Status
	}
	return cursor
}

// statement reads one record more than the limit, to know whether there is another
// page. The order of every sort is that of an index, so no page sorts.
func (q *Query) statement() (string, []any) {
	where := []string{"kind = ?", "region = ?"}
	args := []any{q.Kind, q.Region}
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	if q.Family != nil {
		add("family = ?", *q.Family)
	}
	if q.Members {
		add("family <> ''")
	}
	if q.Status != "" {
		add("status = ?", q.Status)
	}
	if q.Approval != "" {
		add("approval = ?", q.Approval)
	}
	if q.NameContains != "" {
		add("instr(lower(name), ?) > 0", strings.ToLower(q.NameContains))
	}
	for _, bound := range []struct {
		condition string
		at        time.Time
	}{
		{"created > ?", q.CreatedAfter}, {"created < ?", q.CreatedBefore},
		{"modified > ?", q.ModifiedAfter}, {"modified < ?", q.ModifiedBefore},
	} {
		if !bound.at.IsZero() {
			add(bound.condition, bound.at.UnixMicro())
		}
	}
	keys := []string{"created", "id"}
	switch q.SortBy {
	case ByName:
		keys = []string{"sort_name", "id"}
	case ByStatus:
		keys = []string{"status", "created", "id"}
	}
	compare, direction := ">", ""
	if q.Descending {
		compare, direction = "<", " DESC"
	}
	if q.After != nil {
		values := map[string]any{"created": q.After.Time, "id": q.After.ID, "sort_name": q.After.Text, "status": q.After.Text}
		marks := strings.Repeat("?, ", len(keys))
		place := make([]any, len(keys))
		for i, key := range keys {
			place[i] = values[key]
		}
		add(fmt.Sprintf("(%s) %s (%s)", strings.Join(keys, ", "), compare, strings.TrimSuffix(marks, ", ")), place...)
	}
	statement := fmt.Sprintf("SELECT %s FROM resources WHERE %s ORDER BY %s LIMIT %d",
		columns, strings.Join(where, " AND "), strings.Join(keys, direction+", ")+direction, q.Limit+1)
	return statement, args
}

// Alive returns every record of a kind, in all regions, whose status is one of
// those given: what a restarted engine has to take up again.
func (s *Store) Alive(ctx context.Context, kind Kind, statuses ...string) ([]*Record, error) {
	args := []any{kind}
	for _, status := range statuses {
		args = append(args, status)
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(statuses)), ", ")
	rows, err := s.read.QueryContext(ctx, "SELECT "+columns+" FROM resources WHERE kind = ? AND status IN ("+marks+") ORDER BY id", args...)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var records []*Record
	for rows.Next() {
		record, err := scan(rows)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, rows.Err()
}

// Count returns how many records of a kind there are, in all regions.
func (s *Store) Count(ctx context.Context, kind Kind) (int, error) {
	var count int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM resources WHERE kind = ?", kind).Scan(&count); err != nil {
		return 0, s.explain(err)
	}
	return count, nil
}
