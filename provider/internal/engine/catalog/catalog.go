// Package catalog holds what all kinds of resources have in common: looking one up
// by name or ARN, tags, lists with their filters and tokens, and the rule that a
// status changes only along its kind's machine.
//
// Requests of the service go in; records of the store, result documents and the
// service's errors come out.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// Catalog is the store with the service's rules in front.
type Catalog struct {
	Store *store.Store
	Now   func() time.Time
	Log   *slog.Logger
}

// Machine is the state machine of a kind: each status with those it may change to.
type Machine map[string][]string

// Check returns an error unless a status may change to another.
func (m Machine) Check(from, to string) error {
	if !slices.Contains(m[from], to) {
		return fmt.Errorf("status %s cannot become %s", from, to)
	}
	return nil
}

// Final tells whether a status is one that nothing follows.
func (m Machine) Final(status string) bool { return len(m[status]) == 0 }

// maxReason is what the service allows in FailureReason and ExitMessage, in characters.
const maxReason = 1024

// Reason cuts a text to what FailureReason and ExitMessage may hold.
func Reason(text string) string {
	if utf8.RuneCountInString(text) <= maxReason {
		return text
	}
	return string([]rune(text)[:maxReason-1]) + "…"
}

// missing says for each kind, in the service's words, that there is no such
// resource. Some name it, some give its ARN.
var missing = map[store.Kind]func(region, name string) *api.Error{
	store.TrainingJob:   func(_, _ string) *api.Error { return api.NoTrainingJob.With() },
	store.ProcessingJob: func(_, name string) *api.Error { return api.NoProcessingJob.With(name) },
	store.ModelPackageGroup: func(region, name string) *api.Error {
		return api.NoModelPackageGroup.With(api.ResourceARN(region, string(store.ModelPackageGroup), name))
	},
	store.ModelPackage: func(region, name string) *api.Error {
		return api.NoModelPackage.With(api.ResourceARN(region, string(store.ModelPackage), name))
	},
	store.Model: func(region, name string) *api.Error {
		return api.NoModel.With(api.ResourceARN(region, string(store.Model), name))
	},
	store.EndpointConfig: func(region, name string) *api.Error {
		return api.NoEndpointConfig.With(api.ResourceARN(region, string(store.EndpointConfig), name))
	},
	store.Endpoint: func(region, name string) *api.Error {
		return api.NoEndpoint.With(api.ResourceARN(region, string(store.Endpoint), name))
	},
}

// Missing returns the service's error for a resource that does not exist.
func Missing(kind store.Kind, region, name string) *api.Error { return missing[kind](region, name) }

// Get returns a record or the service's error that there is none.
func (c *Catalog) Get(ctx context.Context, kind store.Kind, region, name string) (*store.Record, error) {
	record, err := c.Store.Get(ctx, kind, region, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, Missing(kind, region, name)
	}
	return record, err
}

// Update changes a record, or returns the service's error that there is none.
func (c *Catalog) Update(ctx context.Context, kind store.Kind, region, name string, change func(*store.Record) error) (*store.Record, error) {
	record, err := c.Store.Update(ctx, kind, region, name, func(record *store.Record) error {
		if err := change(record); err != nil {
			return err
		}
		record.Modified = c.Now()
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, Missing(kind, region, name)
	}
	return record, err
}

// Create adds a new record of the request's region, with the tags of its input.
// Document must not hold Tags. exists makes the error for a name that is taken.
func (c *Catalog) Create(ctx context.Context, r api.Request, record *store.Record, exists func(arn string) error) error {
	tags, err := TagsOf(r.Input)
	if err != nil {
		return err
	}
	record.Region = r.Region
	record.Created = c.Now()
	record.Modified = record.Created
	delete(record.Document, "Tags")
	err = c.Store.Insert(ctx, record, tags)
	if errors.Is(err, store.ErrExists) {
		return exists(record.ARN())
	}
	return err
}

// NameOf returns the name in "name" or in an ARN of this kind and region. A foreign
// ARN gives the error that there is no such resource, as the service has it.
func NameOf(kind store.Kind, region, nameOrARN string) (string, error) {
	if !strings.HasPrefix(nameOrARN, "arn:") {
		return nameOrARN, nil
	}
	parts := strings.SplitN(nameOrARN, ":", 6)
	if len(parts) == 6 {
		if name, ok := strings.CutPrefix(parts[5], string(kind)+"/"); ok && parts[3] == region && parts[4] == api.Account {
			return name, nil
		}
	}
	return "", api.ForeignARN.With(nameOrARN, kind, api.Account, region)
}
