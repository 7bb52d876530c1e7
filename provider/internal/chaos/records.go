//go:build linux || darwin

package main

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

// record is a decision record as the checks read it: from its bytes, without the provider's own code.
type record struct {
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

	uri     string
	intact  bool // the bytes are those that its name says
	quality int  // of the model in its artifact
	body    []byte
}

func (r *record) approves() bool { return r.intact && r.Outcome == "approved" && !r.DryRun }

// history is everything that was ever seen recorded. What is in it must stay.
type history struct {
	mu      sync.Mutex
	records map[string]*record // by URI
	// deleted holds what somebody deleted in the console, which is allowed to be missing.
	deleted map[string]bool
	names   map[string]map[string]bool // kind to names: packages, jobs, evidence
	// rogues are the models that somebody put into service in the console, by configuration.
	rogues map[string]int
}

func newHistory() *history {
	return &history{records: map[string]*record{}, deleted: map[string]bool{}, names: map[string]map[string]bool{}, rogues: map[string]int{}}
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// learn reads the decision records that are there, and returns the URIs that it found.
func (h *history) learn(ctx context.Context, c *sagemaker.Client) (map[string]bool, error) {
	infos, err := c.List(ctx, c.Store.Join("decisions"))
	if err != nil {
		return nil, err
	}
	present := map[string]bool{}
	for _, info := range infos {
		present[info.URI] = true
		h.mu.Lock()
		known := h.records[info.URI] != nil
		h.mu.Unlock()
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
		r := &record{uri: info.URI, body: o.Body}
		if err := json.Unmarshal(o.Body, r); err != nil {
			return nil, fmt.Errorf("%s: %w", info.URI, err)
		}
		r.intact = strings.HasSuffix(info.URI, "/"+digest(o.Body)+".json")
		artifact, _, err := c.Open(ctx, r.ArtifactURI)
		if err != nil {
			return nil, fmt.Errorf("the artifact of %s: %w", info.URI, err)
		}
		r.quality, err = workload.Quality(artifact)
		artifact.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.ArtifactURI, err)
		}
		h.mu.Lock()
		h.records[info.URI] = r
		h.mu.Unlock()
	}
	return present, nil
}

// approved are the records that let something serve, oldest version first.
func (h *history) approved() []*record { return h.choose((*record).approves) }

func (h *history) choose(wanted func(*record) bool) []*record {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*record
	for _, uri := range slices.Sorted(maps.Keys(h.records)) {
		if r := h.records[uri]; wanted(r) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b *record) int { return a.Version - b.Version })
	return found
}

// present are the records that nobody has deleted.
func (h *history) present(wanted func(*record) bool) []*record {
	all := h.choose(wanted)
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(all, func(r *record) bool { return h.deleted[r.uri] })
}

// deleting notes that somebody deletes a record.
func (h *history) deleting(uri string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deleted[uri] = true
}

// rogue notes that somebody puts a model into service under this configuration.
func (h *history) rogue(config string, quality int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rogues[config] = quality
}

func (h *history) isRogue(config string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, is := h.rogues[config]
	return is
}

// mayAnswer says whether an answer with this quality is that of an approved model, or of one that somebody put there.
func (h *history) mayAnswer(quality int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.records {
		if r.approves() && r.quality == quality {
			return true
		}
	}
	for _, q := range h.rogues {
		if q == quality {
			return true
		}
	}
	return false
}

// keep remembers names of a kind, and returns those known before that are missing now.
func (h *history) keep(kind string, present map[string]bool) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
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
