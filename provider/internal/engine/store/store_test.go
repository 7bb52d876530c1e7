package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
)

var epoch = time.Date(2026, 4, 15, 2, 20, 0, 0, time.UTC)

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "engine.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func job(name string, at time.Time) *Record {
	return &Record{Kind: TrainingJob, Region: "eu-west-1", Name: name, Status: "InProgress", Created: at, Modified: at, Document: api.Document{"TrainingJobName": name}}
}

func TestInsertGetUpdateDelete(t *testing.T) {
	s, ctx := open(t), t.Context()
	if err := s.Insert(ctx, job("a", epoch), []Tag{{"k", "v"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Insert(ctx, job("a", epoch), nil); !errors.Is(err, ErrExists) {
		t.Fatalf("second insert: %v", err)
	}
	refused := errors.New("refused")
	if _, err := s.Update(ctx, TrainingJob, "eu-west-1", "a", func(r *Record) error { r.Status = "Failed"; return refused }); !errors.Is(err, refused) {
		t.Fatalf("refused update: %v", err)
	}
	got, err := s.Get(ctx, TrainingJob, "eu-west-1", "a")
	if err != nil || got.Status != "InProgress" || !got.Created.Equal(epoch) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := s.Get(ctx, TrainingJob, "us-east-1", "a"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("other region: %v", err)
	}
	if err := s.Delete(ctx, TrainingJob, "eu-west-1", "a", "", func(*Record) error { return refused }); !errors.Is(err, refused) {
		t.Fatalf("refused delete: %v", err)
	}
	if err := s.Delete(ctx, TrainingJob, "eu-west-1", "a", "", nil); err != nil {
		t.Fatal(err)
	}
	tags, err := s.Tags(ctx, got.ARN(), "", 50)
	if err != nil || len(tags) != 0 {
		t.Fatalf("tags outlive the record: %v, %v", tags, err)
	}
}

func TestMembersAreNumberedAndKeepTheirParent(t *testing.T) {
	s, ctx := open(t), t.Context()
	group := &Record{Kind: ModelPackageGroup, Region: "eu-west-1", Name: "g", Created: epoch, Modified: epoch, Document: api.Document{}}
	if err := s.Insert(ctx, group, nil); err != nil {
		t.Fatal(err)
	}
	add := func() (*Record, error) {
		return s.InsertMember(ctx, ModelPackageGroup, "eu-west-1", "g", func(parent *Record) (*Record, error) {
			n, _ := parent.Document.Integer("n")
			parent.Document["n"] = n + 1
			return &Record{Kind: ModelPackage, Region: "eu-west-1", Family: "g", Name: fmt.Sprintf("g/%d", n+1), Created: epoch, Modified: epoch, Document: api.Document{}}, nil
		})
	}
	results := make(chan error, 20)
	for range 20 {
		go func() { _, err := add(); results <- err }()
	}
	for range 20 {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(ctx, ModelPackageGroup, "eu-west-1", "g", ModelPackage, nil); !errors.Is(err, ErrExists) {
		t.Fatalf("deleted a group with members: %v", err)
	}
	if err := s.Delete(ctx, ModelPackage, "eu-west-1", "g/20", "", nil); err != nil {
		t.Fatal(err)
	}
	if member, err := add(); err != nil || member.Name != "g/21" {
		t.Fatalf("a number was used again: %v, %v", member, err)
	}
}

// TestListPagesThroughEveryOrder walks lists whose sort keys repeat: no record may
// be left out or come twice, in either direction, whatever the page size.
func TestListPagesThroughEveryOrder(t *testing.T) {
	s, ctx := open(t), t.Context()
	statuses := []string{"Completed", "Failed", "InProgress"}
	for i := range 47 {
		record := job(fmt.Sprintf("job-%02d", (i*7)%47), epoch.Add(time.Duration(i/5)*time.Second))
		record.Status = statuses[i%3]
		if err := s.Insert(ctx, record, nil); err != nil {
			t.Fatal(err)
		}
	}
	key := map[SortBy]func(*Record) string{
		ByName:     func(r *Record) string { return r.SortName },
		ByCreation: func(r *Record) string { return fmt.Sprintf("%d %03d", r.Created.Unix(), r.ID) },
		ByStatus:   func(r *Record) string { return fmt.Sprintf("%s %d %03d", r.Status, r.Created.Unix(), r.ID) },
	}
	for sortBy, keyOf := range key {
		for _, descending := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s descending=%v", sortBy, descending), func(t *testing.T) {
				q := Query{Kind: TrainingJob, Region: "eu-west-1", SortBy: sortBy, Descending: descending, Limit: 6}
				var keys []string
				for {
					page, next, err := s.List(ctx, q)
					if err != nil {
						t.Fatal(err)
					}
					for _, record := range page {
						keys = append(keys, keyOf(record))
					}
					if next == nil {
						break
					}
					q.After = next
				}
				if len(keys) != 47 {
					t.Fatalf("listed %d records, want 47", len(keys))
				}
				for i := 1; i < len(keys); i++ {
					if ordered := keys[i-1] < keys[i]; ordered == descending {
						t.Fatalf("%q comes before %q", keys[i-1], keys[i])
					}
				}
			})
		}
	}
}

func TestListFilters(t *testing.T) {
	s, ctx := open(t), t.Context()
	for i, name := range []string{"Alpha-1", "alpha-2", "beta-1", "beta_%"} {
		record := job(name, epoch.Add(time.Duration(i)*time.Hour))
		record.Modified = epoch.Add(time.Duration(10-i) * time.Hour)
		if i == 1 {
			record.Status = "Failed"
		}
		if err := s.Insert(ctx, record, nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		query Query
		want  string
	}{
		"name ignores case":   {Query{NameContains: "ALPHA"}, "Alpha-1 alpha-2"},
		"no wildcards":        {Query{NameContains: "_%"}, "beta_%"},
		"status":              {Query{Status: "Failed"}, "alpha-2"},
		"created after":       {Query{CreatedAfter: epoch.Add(time.Hour)}, "beta-1 beta_%"},
		"created before":      {Query{CreatedBefore: epoch.Add(time.Hour)}, "Alpha-1"},
		"modified after":      {Query{ModifiedAfter: epoch.Add(8 * time.Hour)}, "Alpha-1 alpha-2"},
		"modified before":     {Query{ModifiedBefore: epoch.Add(8 * time.Hour)}, "beta_%"},
		"together":            {Query{NameContains: "alpha", Status: "InProgress"}, "Alpha-1"},
		"members of a family": {Query{Members: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.query.Kind, c.query.Region, c.query.SortBy, c.query.Limit = TrainingJob, "eu-west-1", ByCreation, 10
			page, _, err := s.List(ctx, c.query)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, record := range page {
				names = append(names, record.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestListsReadAnIndexInOrder is what makes pages flat: no plan may sort or scan the
// whole table.
func TestListsReadAnIndexInOrder(t *testing.T) {
	s, ctx := open(t), t.Context()
	group := "g"
	for name, q := range map[string]Query{
		"creation":        {SortBy: ByCreation},
		"creation, place": {SortBy: ByCreation, Descending: true, After: &Cursor{Time: 5, ID: 5}},
		"name":            {SortBy: ByName, After: &Cursor{Text: "x", ID: 5}},
		"status":          {SortBy: ByStatus, After: &Cursor{Text: "x", Time: 5, ID: 5}},
		"one status":      {SortBy: ByCreation, Status: "Failed", After: &Cursor{Time: 5, ID: 5}},
		"family":          {SortBy: ByCreation, Family: &group, Descending: true},
	} {
		t.Run(name, func(t *testing.T) {
			q.Kind, q.Region, q.Limit = TrainingJob, "eu-west-1", 10
			statement, args := q.statement()
			rows, err := s.read.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, args...)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			steps := 0
			for ; rows.Next(); steps++ {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(detail, "TEMP B-TREE") || strings.HasPrefix(detail, "SCAN") {
					t.Errorf("%s: %s", statement, detail)
				}
			}
			if err := rows.Err(); err != nil || steps == 0 {
				t.Errorf("a plan of %d steps, %v", steps, err)
			}
		})
	}
}

func TestTagsAreLimited(t *testing.T) {
	s, ctx := open(t), t.Context()
	tags := make([]Tag, MaxTags)
	for i := range tags {
		tags[i] = Tag{fmt.Sprintf("k%02d", i), "v"}
	}
	if err := s.AddTags(ctx, "arn:x", tags); err != nil {
		t.Fatal(err)
	}
	if err := s.AddTags(ctx, "arn:x", []Tag{{"one more", "v"}}); !errors.Is(err, ErrTooManyTags) {
		t.Fatalf("51st tag: %v", err)
	}
	if err := s.AddTags(ctx, "arn:x", []Tag{{"k00", "changed"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteTags(ctx, "arn:x", []string{"k01", "absent"}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Tags(ctx, "arn:x", "", MaxTags)
	if err != nil || len(got) != MaxTags-1 || got[0] != (Tag{"k00", "changed"}) {
		t.Fatalf("got %d tags, first %v, %v", len(got), got[0], err)
	}
}

func TestOpenRefusesWhatItCannotTrust(t *testing.T) {
	write := func(change func(t *testing.T, path string)) func(*testing.T, string) { return change }
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  string
	}{
		"not a database": {write(func(t *testing.T, path string) {
			overwrite(t, path, 0, []byte(strings.Repeat("no database ", 400)))
		}), "corrupted"},
		"a spoilt page": {write(func(t *testing.T, path string) {
			overwrite(t, path, 4096, make([]byte, 8192))
		}), "corrupted"},
		"a later schema": {write(func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
				t.Fatal(err)
			}
		}), "schema version 99"},
		"a trigger": {write(execute("CREATE TRIGGER approve AFTER INSERT ON resources BEGIN UPDATE resources SET approval = 'Approved'; END")), "has a trigger approve that no engine made"},
		"a view":    {write(execute("CREATE VIEW more AS SELECT * FROM tags")), "has a view more that no engine made"},
		"a table":   {write(execute("CREATE TABLE more (x)")), "has a table more that no engine made"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "engine.db")
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 50 {
				if err := s.Insert(t.Context(), job(fmt.Sprint("j", i), epoch), nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v, want an error about %q that names the file", err, c.want)
			}
			after, err := os.ReadFile(path)
			if err != nil || string(before) != string(after) {
				t.Error("the refused file was changed")
			}
		})
	}
}

// execute changes a store behind the engine's back.
func execute(statement string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func overwrite(t *testing.T, path string, at int64, with []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(with, at); err != nil {
		t.Fatal(err)
	}
}

// TestWritesExplainTheDisk brings about SQLite's own errors for a full and for a
// read-only disk.
func TestWritesExplainTheDisk(t *testing.T) {
	for name, c := range map[string]struct{ pragma, code, text string }{
		"full":      {"PRAGMA max_page_count = 1", "ResourceLimitExceeded", "full"},
		"read-only": {"PRAGMA query_only = 1", "ServiceUnavailable", "read-only"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			if _, err := s.write.Exec(c.pragma); err != nil {
				t.Fatal(err)
			}
			record := job("a", epoch)
			record.Document["FailureReason"] = strings.Repeat("x", 1<<20)
			err := s.Insert(t.Context(), record, nil)
			if service := api.AsError(err); service.Code != c.code || !strings.Contains(service.Message, c.text) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestPathsMayHoldAnything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b%20c?d#e;f&g=h")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "engine.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestLockedStoreSaysSo(t *testing.T) {
	s := open(t)
	other, err := sql.Open("sqlite", s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	err = s.Insert(t.Context(), job("a", epoch), nil)
	if service := api.AsError(err); service.Code != "ServiceUnavailable" || !strings.Contains(service.Message, "another program has locked "+s.path) {
		t.Fatalf("got %v", err)
	}
}

func TestStateOutlivesTheProcessWithoutAClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.db")
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Insert(t.Context(), job("a", epoch), nil); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), path) // the first one is still open, as after SIGKILL nothing was folded
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	records, err := again.Alive(t.Context(), TrainingJob, "InProgress", "Stopping")
	if err != nil || len(records) != 1 {
		t.Fatalf("got %v, %v", records, err)
	}
}

// TestADirectoryInThePlaceOfTheStore is told for what it is.
func TestADirectoryInThePlaceOfTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.db")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), path+" has to be a file that you may read and write") {
		t.Errorf("got %v", err)
	}
}
