package hosting

import (
	"context"
	"fmt"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/archive"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// recoveryWait bounds how long an invocation waits for an endpoint that a restarted
// engine is bringing back.
const recoveryWait = 55 * time.Second

// goDeploy carries out the pending deployment of an endpoint, after the one that
// brings the endpoint back where the engine was restarted just now.
func (h *Hosting) goDeploy(key fleet.Key) {
	h.wait.Go(func() {
		h.mu.Lock()
		back := h.recovering[key]
		h.mu.Unlock()
		if back != nil {
			select {
			case <-back:
			case <-h.ctx.Done():
				return // the next engine deploys
			}
		}
		h.deployPending(key)
	})
}

func (h *Hosting) deployPending(key fleet.Key) {
	record, err := h.Catalog.Get(h.ctx, store.Endpoint, key.Region, key.Endpoint)
	if err != nil {
		h.complain(key, "read the endpoint to deploy", err)
		return
	}
	if !record.Document.Has(pending) {
		return // the endpoint did not come back after a restart, and has failed
	}
	plan := record.Document.Child(pending)
	variants := plan.List("Variants")
	err = h.Fleet.Deploy(h.ctx, key, h.config(plan.Text("ConfigName"), variants),
		rollout(plan.Child("Config"), variants), func(p fleet.Progress) { h.report(key, p) })
	h.mu.Lock()
	delete(h.progress, key)
	h.mu.Unlock()
	if h.ctx.Err() != nil && err != nil {
		return // going down: the next engine deploys again
	}
	_, updateErr := h.Catalog.Update(context.WithoutCancel(h.ctx), store.Endpoint, key.Region, key.Endpoint, func(record *store.Record) error {
		return settle(record, err)
	})
	if updateErr != nil {
		h.complain(key, "record the end of a deployment", updateErr)
	}
}

// settle puts the outcome of its pending deployment into an endpoint. One that
// served before goes on serving the old configuration when the new one failed.
func settle(record *store.Record, deployment error) error {
	document := record.Document
	plan := document.Child(pending)
	delete(document, pending)
	next := inService
	if deployment != nil {
		document["FailureReason"] = catalog.Reason(deployment.Error())
		if !document.Has(serving) {
			next = failed
		}
	} else {
		document[serving] = plan["Variants"]
		document["EndpointConfigName"] = plan["ConfigName"]
		for member, from := range map[string]string{"LastDeploymentConfig": "Config", "DataCaptureConfig": "DataCapture"} {
			delete(document, member)
			if plan.Has(from) {
				document[member] = plan[from]
			}
		}
	}
	if err := states.Check(record.Status, next); err != nil {
		return err
	}
	record.Status = next
	return nil
}

// report notes how a deployment gets on; a rollback is a status of its own.
func (h *Hosting) report(key fleet.Key, p fleet.Progress) {
	h.mu.Lock()
	h.progress[key] = p
	h.mu.Unlock()
	if p.Phase != fleet.RollingBack {
		return
	}
	_, err := h.Catalog.Update(context.WithoutCancel(h.ctx), store.Endpoint, key.Region, key.Endpoint, func(record *store.Record) error {
		if record.Status != updating {
			return nil
		}
		record.Status = rollingBack
		return nil
	})
	if err != nil {
		h.complain(key, "record a rollback", err)
	}
}

// goReweigh changes weights and counts of the variants in service.
func (h *Hosting) goReweigh(key fleet.Key, desired map[string]fleet.Weights) {
	h.wait.Go(func() {
		err := h.Fleet.Update(h.ctx, key, desired)
		if h.ctx.Err() != nil && err != nil {
			return
		}
		_, updateErr := h.Catalog.Update(context.WithoutCancel(h.ctx), store.Endpoint, key.Region, key.Endpoint, func(record *store.Record) error {
			if err := states.Check(record.Status, inService); err != nil {
				return err
			}
			record.Status = inService
			if err != nil {
				record.Document["FailureReason"] = catalog.Reason(err.Error())
				forgetWanted(record)
				return nil
			}
			takeWanted(record)
			return nil
		})
		if updateErr != nil {
			h.complain(key, "record new weights", updateErr)
		}
	})
}

// takeWanted makes the wanted weights and counts of an endpoint those in service.
func takeWanted(record *store.Record) {
	for _, variant := range record.Document.List(serving) {
		if weight, ok := variant[wantedWeight]; ok {
			variant["Weight"] = weight
		}
		if count, ok := variant[wantedCount]; ok {
			variant["Count"] = count
		}
		if serverless, ok := variant[wantedServer]; ok {
			variant["ServerlessConfig"] = serverless
		}
	}
	forgetWanted(record)
}

func forgetWanted(record *store.Record) {
	for _, variant := range record.Document.List(serving) {
		delete(variant, wantedWeight)
		delete(variant, wantedCount)
		delete(variant, wantedServer)
	}
}

// goRemove takes an endpoint out of service and forgets it.
func (h *Hosting) goRemove(key fleet.Key) {
	h.wait.Go(func() {
		if err := h.Fleet.Remove(h.ctx, key); err != nil {
			if h.ctx.Err() == nil {
				h.complain(key, "take the endpoint out of service", err)
			}
			return
		}
		err := h.Catalog.Store.Delete(context.WithoutCancel(h.ctx), store.Endpoint, key.Region, key.Endpoint, "", nil)
		if err != nil {
			h.complain(key, "forget the endpoint", err)
		}
	})
}

// Recover brings recorded endpoints back: what was in service is deployed again,
// then what was under way is carried on. It returns at once; AwaitRecovery waits.
func (h *Hosting) Recover(ctx context.Context) error {
	records, err := h.Catalog.Store.Alive(ctx, store.Endpoint, creating, inService, updating, rollingBack, deleting)
	if err != nil {
		return err
	}
	for _, record := range records {
		key := fleet.Key{Region: record.Region, Endpoint: record.Name}
		if record.Status == deleting {
			h.goRemove(key)
			continue
		}
		if !record.Document.Has(serving) {
			h.goDeploy(key)
			continue
		}
		back := make(chan struct{})
		h.mu.Lock()
		h.recovering[key] = back
		h.mu.Unlock()
		h.wait.Go(func() {
			h.bringBack(key, record)
			h.mu.Lock()
			delete(h.recovering, key)
			h.mu.Unlock()
			close(back)
			if record.Status == updating && record.Document.Has(pending) {
				h.deployPending(key)
			}
		})
	}
	return nil
}

// bringBack deploys what an endpoint served when its engine ended.
func (h *Hosting) bringBack(key fleet.Key, record *store.Record) {
	takeWanted(record) // a change of weights and capacities that was under way is carried out
	config := h.config(record.Document.Text("EndpointConfigName"), record.Document.List(serving))
	deployment := h.Fleet.Deploy(h.ctx, key, config, fleet.Rollout{Strategy: fleet.AllAtOnce}, nil)
	if h.ctx.Err() != nil && deployment != nil {
		return
	}
	_, err := h.Catalog.Update(context.WithoutCancel(h.ctx), store.Endpoint, key.Region, key.Endpoint, func(record *store.Record) error {
		switch {
		case deployment != nil:
			record.Status = failed
			delete(record.Document, pending)
			record.Document["FailureReason"] = catalog.Reason("The endpoint did not come back after a restart of the engine: " + deployment.Error())
		case record.Status == rollingBack:
			record.Status = inService
			delete(record.Document, pending)
			record.Document["FailureReason"] = "The update was rolled back; the engine was restarted meanwhile."
		case record.Status == updating && !record.Document.Has(pending):
			record.Status = inService
			takeWanted(record)
		}
		return nil
	})
	if err != nil {
		h.complain(key, "record the return of the endpoint", err)
	}
}

// AwaitRecovery waits while a restarted engine brings an endpoint back, so that a
// restart costs a caller time and not an error.
func (h *Hosting) AwaitRecovery(ctx context.Context, key fleet.Key) error {
	h.mu.Lock()
	back := h.recovering[key]
	h.mu.Unlock()
	if back == nil {
		return nil
	}
	timer := time.NewTimer(recoveryWait)
	defer timer.Stop()
	select {
	case <-back:
		return nil
	case <-timer.C:
		return api.EndpointRecovering.With(key.Endpoint)
	case <-h.ctx.Done():
		return api.ShuttingDown.With()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// config is a snapshot as the fleet takes it. An image without a command is not an
// error here: it is why the deployment fails.
func (h *Hosting) config(name string, variants []api.Document) fleet.Config {
	config := fleet.Config{Name: name}
	for _, variant := range variants {
		weight, _ := variant.Number("Weight")
		count, _ := variant.Integer("Count")
		v := fleet.Variant{
			Name: variant.Text("VariantName"), Model: variant.Text("ModelName"), Env: variant.TextMap("Environment"),
			Weight: weight, Count: int(count), Stage: h.stage(variant),
			StartupTimeout: seconds(variant, "ContainerStartupHealthCheckTimeoutInSeconds"),
		}
		if command, err := h.Images.Command(variant.Text("Image")); err != nil {
			v.Unmapped = err.Error()
		} else {
			v.Argv = container.Command(command, nil, nil, "serve")
		}
		config.Variants = append(config.Variants, v)
	}
	return config
}

// stage returns what puts a variant's model into the directory that stands for
// /opt/ml/model; nil without model data.
func (h *Hosting) stage(variant api.Document) func(ctx context.Context, dir string) error {
	uri := variant.Text("Data")
	if uri == "" {
		return nil
	}
	unpack := variant.Text("DataKind") == gzipped
	return func(ctx context.Context, dir string) error {
		bucket, key, err := objectstore.ParseURI(uri)
		if err != nil {
			return err
		}
		if !unpack {
			_, err := h.Objects.Download(ctx, bucket, key, dir)
			return wrapStage(uri, err)
		}
		body, _, err := h.Objects.Get(ctx, bucket, key)
		if err != nil {
			return wrapStage(uri, err)
		}
		defer body.Close()
		return wrapStage(uri, archive.Unpack(ctx, body, dir, archive.Limits{}))
	}
}

func wrapStage(uri string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("model data %s: %w", uri, err)
}

func (h *Hosting) complain(key fleet.Key, doing string, err error) {
	h.Catalog.Log.Error("endpoint", "name", key.Endpoint, "region", key.Region, "doing", doing, "error", err)
}
