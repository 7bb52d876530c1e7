package jobs

import (
	"context"
	"math"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// ending is how a job ended. Secondary status and message are a training job's.
type ending struct {
	status      string
	secondary   string
	message     string
	reason      string
	exitMessage string
	metrics     []container.Metric
	started     time.Time // of the container; zero when it never ran
	ended       time.Time
	interrupted bool // by the end of the engine: not an end at all
}

// advance moves a job in progress to its next secondary status, or returns
// errStopping when it was asked to stop. Processing jobs have no secondary status;
// for them only change applies.
func (j *Jobs) advance(ctx context.Context, k key, secondary, message string, change func(api.Document)) error {
	_, err := j.Catalog.Update(ctx, k.kind, k.region, k.name, func(record *store.Record) error {
		if record.Status == stopping {
			return errStopping
		}
		if err := states.Check(record.Status, inProgress); err != nil {
			return err
		}
		if k.kind == store.TrainingJob {
			transition(record.Document, j.Catalog.Now(), secondary, message)
		}
		if change != nil {
			change(record.Document)
		}
		return nil
	})
	return err
}

// finish records the end of a job. A stop that came in while the container ended
// by itself wins: the caller was told Stopping.
func (j *Jobs) finish(ctx context.Context, k key, end ending) error {
	_, err := j.Catalog.Update(ctx, k.kind, k.region, k.name, func(record *store.Record) error {
		if record.Status == stopping && end.status == completed {
			end.status, end.secondary, end.message = stopped, "Stopped", "Training job stopped"
		}
		if err := states.Check(record.Status, end.status); err != nil {
			return err
		}
		record.Status = end.status
		now := j.Catalog.Now()
		document := record.Document
		if end.reason != "" {
			document["FailureReason"] = catalog.Reason(end.reason)
		}
		if k.kind == store.ProcessingJob {
			if end.exitMessage != "" {
				document["ExitMessage"] = catalog.Reason(end.exitMessage)
			}
			document.SetTime("ProcessingEndTime", now)
			return nil
		}
		transition(document, now, end.secondary, end.message)
		closeTransition(document, now)
		document.SetTime("TrainingEndTime", now)
		if started := document.Time("TrainingStartTime"); !started.IsZero() {
			seconds := int(math.Max(1, math.Ceil(now.Sub(started).Seconds())))
			document["TrainingTimeInSeconds"] = seconds
			document["BillableTimeInSeconds"] = seconds
		}
		if list := finalMetrics(end.metrics); len(list) > 0 {
			document["FinalMetricDataList"] = list
		}
		return nil
	})
	return err
}

// finalMetrics leaves out what is not a finite number: CloudWatch, where the
// service's list comes from, takes none.
func finalMetrics(metrics []container.Metric) []any {
	var list []any
	for _, metric := range metrics {
		if math.IsNaN(metric.Value) || math.IsInf(metric.Value, 0) {
			continue
		}
		list = append(list, map[string]any{"MetricName": metric.Name, "Value": metric.Value, "Timestamp": api.Epoch(metric.Time)})
	}
	return list
}

// transition appends a secondary status and ends the one before it.
func transition(document api.Document, at time.Time, secondary, message string) {
	closeTransition(document, at)
	document["SecondaryStatus"] = secondary
	list, _ := document["SecondaryStatusTransitions"].([]any)
	document["SecondaryStatusTransitions"] = append(list, map[string]any{
		"Status": secondary, "StartTime": api.Epoch(at), "StatusMessage": message,
	})
}

func closeTransition(document api.Document, at time.Time) {
	list := document.List("SecondaryStatusTransitions")
	if len(list) == 0 {
		return
	}
	if last := list[len(list)-1]; !last.Has("EndTime") {
		last.SetTime("EndTime", at)
	}
}
