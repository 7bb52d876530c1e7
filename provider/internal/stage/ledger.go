package stage

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Entry is what the ledger holds of one stage in one environment, at
// <ledger>/<number>_<name>.json.
type Entry struct {
	Schema      int    `json:"schema"`
	Environment string `json:"environment"`
	Number      int64  `json:"number"`
	Name        string `json:"name"`
	// SourceSHA256 is the digest of the sources that were applied.
	SourceSHA256 string          `json:"source_sha256"`
	SourceFiles  int             `json:"source_files"`
	Document     *Document       `json:"document"`
	Outputs      json.RawMessage `json:"outputs"`
	// Tombstone marks a destroyed stage.
	Tombstone bool `json:"tombstone"`
	// What is known about the apply; never compared.
	RecordedAt time.Time `json:"recorded_at"`
	RecordedBy string    `json:"recorded_by"`
	Commit     string    `json:"commit"`
	Actor      string    `json:"actor"`
	RunURL     string    `json:"run_url"`
	PlanSHA256 string    `json:"plan_sha256"`
}

// StoredEntry is an entry with its place.
type StoredEntry struct {
	Entry
	URI, SHA256 string
}

// Ledger is a folder of entries, one per environment.
type Ledger struct {
	Client *sagemaker.Client
	At     sagemaker.Location
}

// DefaultLedger is the ledger of an environment in a store.
func DefaultLedger(store sagemaker.Location, environment string) sagemaker.Location {
	return store.Join("stages", environment)
}

// URI of a stage's entry.
func (l Ledger) URI(number int64, name string) string {
	return l.At.Join(fmt.Sprintf("%d_%s.json", number, name)).URI()
}

// Read reads a stage's entry; nil when there is none.
func (l Ledger) Read(ctx context.Context, number int64, name string) (*StoredEntry, error) {
	return l.get(ctx, l.URI(number, name))
}

func (l Ledger) get(ctx context.Context, uri string) (*StoredEntry, error) {
	o, err := l.Client.Document(ctx, uri)
	if sagemaker.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the stage ledger: %w", err)
	}
	s := &StoredEntry{URI: uri, SHA256: o.SHA256}
	if err := json.Unmarshal(o.Body, &s.Entry); err != nil {
		return nil, fmt.Errorf("reading the stage ledger: %s is not an entry: %w", uri, err)
	}
	if s.Schema != 1 {
		return nil, fmt.Errorf("reading the stage ledger: %s has schema %d, this version reads 1", uri, s.Schema)
	}
	return s, nil
}

// Find reads the entry of a stage by its number alone; nil when there is none.
func (l Ledger) Find(ctx context.Context, number int64) (*StoredEntry, error) {
	under := l.At
	under.Key = strings.TrimPrefix(under.Key+"/"+strconv.FormatInt(number, 10)+"_", "/")
	infos, err := l.Client.List(ctx, under)
	if err != nil {
		return nil, fmt.Errorf("looking for stage %d in the ledger: %w", number, err)
	}
	var latest *StoredEntry
	for _, info := range infos {
		e, err := l.get(ctx, info.URI)
		if err != nil {
			return nil, err
		}
		// A renamed stage leaves its old entry; the one that stands counts.
		if e != nil && (latest == nil || latest.Tombstone || !e.Tombstone && e.RecordedAt.After(latest.RecordedAt)) {
			latest = e
		}
	}
	return latest, nil
}

// Entries reads every entry of the ledger, tombstones included, by number and name.
func (l Ledger) Entries(ctx context.Context) ([]*StoredEntry, error) {
	under := l.At
	under.Key = strings.TrimPrefix(under.Key+"/", "/")
	infos, err := l.Client.List(ctx, under)
	if err != nil {
		return nil, fmt.Errorf("listing the stage ledger: %w", err)
	}
	var entries []*StoredEntry
	for _, info := range infos {
		if ledger, _, _, ok := ParseURI(info.URI); !ok || ledger != l.At.URI() {
			continue // no entry, or one of a ledger below this one
		}
		e, err := l.get(ctx, info.URI)
		if err != nil {
			return nil, err
		}
		if e != nil {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b *StoredEntry) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Name, b.Name))
	})
	return entries, nil
}

// Write records an entry over the one before.
func (l Ledger) Write(ctx context.Context, e Entry) (*StoredEntry, error) {
	e.Schema = 1
	body, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("recording stage %d: %w", e.Number, err)
	}
	uri := l.URI(e.Number, e.Name)
	if _, err := l.Client.Put(ctx, uri, "application/json", append(body, '\n')); err != nil {
		return nil, fmt.Errorf("recording stage %d: %w", e.Number, err)
	}
	return &StoredEntry{Entry: e, URI: uri}, nil
}
