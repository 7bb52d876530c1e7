//go:build linux || darwin

package world

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Record is a decision record as the checks read it: from its bytes, without the provider's own code.
type Record struct {
	Outcome         string `json:"outcome"`
	DryRun          bool   `json:"dry_run"`
	Key             string `json:"key"`
	ModelPackageARN string `json:"model_package_arn"`
	Version         int    `json:"version"`
	Image           string `json:"image"`
	ArtifactURI     string `json:"artifact_uri"`
	ArtifactSHA256  string `json:"artifact_sha256"`
	Replaces        string `json:"replaces"`
	Reason          string `json:"reason"`

	URI     string `json:"-"`
	Intact  bool   `json:"-"` // the bytes are those that its name says
	Quality int    `json:"-"` // of the model in its artifact
	Body    []byte `json:"-"`
}

// Approves says that the record lets its version serve.
func (r *Record) Approves() bool { return r.Intact && r.Outcome == "approved" && !r.DryRun }

// History is everything that was ever seen recorded. What is in it must stay.
type History struct {
	Mu      sync.Mutex
	records map[string]*Record // by URI
	// deleted holds what somebody deleted in the console, which is allowed to be missing.
	deleted map[string]bool
	names   map[string]map[string]bool // kind to names: packages, jobs, evidence
	// rogues are the models that somebody put into service in the console, by configuration.
	Rogues map[string]int
}

// NewHistory returns a history of nothing.
func NewHistory() *History {
	return &History{records: map[string]*Record{}, deleted: map[string]bool{}, names: map[string]map[string]bool{}, Rogues: map[string]int{}}
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Learn reads the decision records that are there, and returns the URIs that it found.
func (h *History) Learn(ctx context.Context, c *sagemaker.Client) (map[string]bool, error) {
	infos, err := c.List(ctx, c.Store.Join("decisions"))
	if err != nil {
		return nil, err
	}
	present := map[string]bool{}
	for _, info := range infos {
		present[info.URI] = true
		h.Mu.Lock()
		known := h.records[info.URI] != nil
		h.Mu.Unlock()
		if known {
			continue
		}
		o, err := c.Get(ctx, info.URI)
		if sagemaker.IsNotFound(err) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		r := &Record{URI: info.URI, Body: o.Body}
		if err := json.Unmarshal(o.Body, r); err != nil {
			return nil, fmt.Errorf("%s: %w", info.URI, err)
		}
		r.Intact = strings.HasSuffix(info.URI, "/"+digest(o.Body)+".json")
		artifact, _, err := c.Open(ctx, r.ArtifactURI)
		if err != nil {
			return nil, fmt.Errorf("the artifact of %s: %w", info.URI, err)
		}
		r.Quality, err = workload.Quality(artifact)
		artifact.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.ArtifactURI, err)
		}
		h.Mu.Lock()
		h.records[info.URI] = r
		h.Mu.Unlock()
	}
	return present, nil
}

// Approved are the records that let something serve, oldest version first.
func (h *History) Approved() []*Record { return h.Choose((*Record).Approves) }

// Choose returns the records that are wanted, deleted ones included.
func (h *History) Choose(wanted func(*Record) bool) []*Record {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	var found []*Record
	for _, uri := range slices.Sorted(maps.Keys(h.records)) {
		if r := h.records[uri]; wanted(r) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b *Record) int { return a.Version - b.Version })
	return found
}

// Present are the records that nobody has deleted.
func (h *History) Present(wanted func(*Record) bool) []*Record {
	all := h.Choose(wanted)
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return slices.DeleteFunc(all, func(r *Record) bool { return h.deleted[r.URI] })
}

// deleting notes that somebody deletes a record.
func (h *History) deleting(uri string) {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	h.deleted[uri] = true
}

// rogue notes that somebody puts a model into service under this configuration.
func (h *History) rogue(config string, quality int) {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	h.Rogues[config] = quality
}

func (h *History) isRogue(config string) bool {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	_, is := h.Rogues[config]
	return is
}

// mayAnswer says whether an answer with this quality is that of an approved model, or of one that somebody put there.
func (h *History) mayAnswer(quality int) bool {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	for _, r := range h.records {
		if r.Approves() && r.Quality == quality {
			return true
		}
	}
	for _, q := range h.Rogues {
		if q == quality {
			return true
		}
	}
	return false
}

// Keep remembers names of a kind, and returns those known before that are missing now.
func (h *History) Keep(kind string, present map[string]bool) []string {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if h.names[kind] == nil {
		h.names[kind] = map[string]bool{}
	}
	var missing []string
	for name := range h.names[kind] {
		if !present[name] {
			missing = append(missing, name)
		}
	}
	for name := range present {
		h.names[kind][name] = true
	}
	slices.Sort(missing)
	return missing
}
