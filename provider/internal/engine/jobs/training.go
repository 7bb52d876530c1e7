package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/archive"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/jobs/channel"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// CreateTraining answers CreateTrainingJob.
func (j *Jobs) CreateTraining(ctx context.Context, r api.Request) (api.Document, error) {
	if err := checkTraining(r.Input); err != nil {
		return nil, err
	}
	if err := j.checkChannels(ctx, r); err != nil {
		return nil, err
	}
	in := r.Input
	name := in.Text("TrainingJobName")
	document := in.Clone()
	if !in.Has("StoppingCondition") {
		document["StoppingCondition"] = map[string]any{"MaxRuntimeInSeconds": defaultMaxRuntime}
	} else if _, ok := in.Integer("StoppingCondition", "MaxRuntimeInSeconds"); !ok {
		condition := in.Child("StoppingCondition").Clone()
		condition["MaxRuntimeInSeconds"] = defaultMaxRuntime
		document["StoppingCondition"] = map[string]any(condition)
	}
	for _, flag := range []string{"EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"} {
		document[flag] = in.Flag(flag)
	}
	document["ModelArtifacts"] = map[string]any{"S3ModelArtifacts": artifactURI(in, name)}
	document["ProfilingStatus"] = "Disabled"
	if in.Has("ProfilerConfig") && !in.Flag("ProfilerConfig", "DisableProfiler") {
		document["ProfilingStatus"] = "Enabled"
	}
	transition(document, j.Catalog.Now(), "Starting", "Preparing the instances for training")
	record := &store.Record{Kind: store.TrainingJob, Name: name, Status: inProgress, Document: document}
	err := j.Catalog.Create(ctx, r, record, func(arn string) error { return api.TrainingJobExists.With(arn) })
	if err != nil {
		return nil, err
	}
	j.start(key{store.TrainingJob, r.Region, name})
	return api.Document{"TrainingJobArn": record.ARN()}, nil
}

// artifactURI is where the model of a job goes.
func artifactURI(in api.Document, name string) string {
	base := outputURI(in, name)
	if in.Text("OutputDataConfig", "CompressionType") == "NONE" {
		return base + "/model/"
	}
	return base + "/model.tar.gz"
}

func outputURI(in api.Document, name string) string {
	return strings.TrimSuffix(in.Text("OutputDataConfig", "S3OutputPath"), "/") + "/" + name + "/output"
}

// checkTraining refuses what the service refuses beyond the shapes, and what the
// engine cannot run.
func checkTraining(in api.Document) error {
	algorithm := in.Child("AlgorithmSpecification")
	if algorithm.Text("TrainingImage") == "" {
		return api.NotSupported.With("A training job without AlgorithmSpecification.TrainingImage", "Give the image that is mapped to a local command.")
	}
	if !in.Has("ResourceConfig") {
		return api.Invalid.With("1 validation error detected: Value null at 'resourceConfig' failed to satisfy constraint: Member must not be null")
	}
	if err := checkHosts(in.Child("ResourceConfig"), "training job"); err != nil {
		return err
	}
	if err := checkURI("S3OutputPath", in.Text("OutputDataConfig", "S3OutputPath")); err != nil {
		return err
	}
	if in.Flag("EnableManagedSpotTraining") {
		runtime, _ := in.Integer("StoppingCondition", "MaxRuntimeInSeconds")
		if wait, ok := in.Integer("StoppingCondition", "MaxWaitTimeInSeconds"); !ok || wait < runtime {
			return api.BadMaxWait.With()
		}
	}
	if checkpoints := in.Child("CheckpointConfig"); checkpoints != nil {
		if err := checkURI("S3Uri of CheckpointConfig", checkpoints.Text("S3Uri")); err != nil {
			return err
		}
		if path := checkpointPath(checkpoints); path != contractRoot && !strings.HasPrefix(filepath.Clean(path), contractRoot+"/") {
			return api.NotSupported.With(fmt.Sprintf("LocalPath %q of CheckpointConfig", path), "Give a directory below "+contractRoot+".")
		}
	}
	for _, definition := range algorithm.List("MetricDefinitions") {
		if _, err := regexp.Compile(definition.Text("Regex")); err != nil {
			return api.Invalid.With(fmt.Sprintf("The regular expression of metric %q cannot be used: %v", definition.Text("Name"), err))
		}
	}
	seen := map[string]bool{}
	for _, channel := range in.List("InputDataConfig") {
		name := channel.Text("ChannelName")
		if seen[name] {
			return api.Invalid.With(fmt.Sprintf("Channel names must be unique within a training job; %q is given more than once.", name))
		}
		seen[name] = true
		if err := checkChannel(name, channel, algorithm.Text("TrainingInputMode")); err != nil {
			return err
		}
	}
	return nil
}

func checkChannel(name string, channel api.Document, mode string) error {
	source := channel.Child("DataSource", "S3DataSource")
	if source == nil {
		return api.NotSupported.With(fmt.Sprintf("Channel %q without an S3DataSource", name), "Use S3.")
	}
	if kind := source.Text("S3DataType"); kind != "S3Prefix" && kind != "ManifestFile" {
		return api.NotSupported.With(fmt.Sprintf("S3DataType %s of channel %q", kind, name), "Use S3Prefix or ManifestFile.")
	}
	if given := channel.Text("InputMode"); given != "" {
		mode = given
	}
	if mode == "Pipe" && !container.PipeMode {
		return api.NotSupported.With(fmt.Sprintf("InputMode Pipe of channel %q", name), "Use File or FastFile.")
	}
	if channel.Text("CompressionType") == "Gzip" && mode != "Pipe" {
		return api.NotSupported.With(fmt.Sprintf("CompressionType Gzip of channel %q", name), "It belongs to Pipe mode; unpack in the container.")
	}
	return checkURI("S3Uri of channel "+name, source.Text("S3Uri"))
}

// checkChannels refuses inputs that do not exist when the job is created, as the
// service does.
func (j *Jobs) checkChannels(ctx context.Context, r api.Request) error {
	for _, channel := range r.Input.List("InputDataConfig") {
		uri := channel.Text("DataSource", "S3DataSource", "S3Uri")
		bucket, prefix, err := objectstore.ParseURI(uri)
		if err != nil {
			return err
		}
		if _, err = j.Objects.Head(ctx, bucket, prefix); err == nil && prefix != "" {
			continue
		}
		objects, err := j.Objects.List(ctx, bucket, prefix)
		if err != nil && !errors.Is(err, objectstore.ErrNoSuchBucket) && !errors.Is(err, objectstore.ErrNoSuchKey) {
			return err
		}
		if len(objects) == 0 {
			return api.NoInputObjects.With(uri, r.Region, r.Input.Text("RoleArn"), bucket)
		}
	}
	return nil
}

// DescribeTraining answers DescribeTrainingJob.
func (j *Jobs) DescribeTraining(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := j.Catalog.Get(ctx, store.TrainingJob, r.Region, r.Input.Text("TrainingJobName"))
	if err != nil {
		return nil, err
	}
	return TrainingDocument(record), nil
}

// TrainingDocument returns a training job as it is described and searched.
func TrainingDocument(record *store.Record) api.Document {
	result := record.Document.Clone()
	result["TrainingJobArn"] = record.ARN()
	result["TrainingJobStatus"] = record.Status
	result.SetTime("CreationTime", record.Created)
	result.SetTime("LastModifiedTime", record.Modified)
	return result
}

// ListTraining answers ListTrainingJobs.
func (j *Jobs) ListTraining(ctx context.Context, r api.Request) (api.Document, error) {
	return j.Catalog.List(ctx, r, catalog.Listing{
		Kind: store.TrainingJob, Member: "TrainingJobSummaries", Summary: TrainingDocument,
		EmptyFor: []string{"WarmPoolStatusEquals", "TrainingPlanArnEquals"},
	})
}

// StopTraining answers StopTrainingJob. Stopping twice is no error.
func (j *Jobs) StopTraining(ctx context.Context, r api.Request) (api.Document, error) {
	return j.stopJob(ctx, key{store.TrainingJob, r.Region, r.Input.Text("TrainingJobName")}, api.TrainingJobFinished)
}

// DeleteTraining answers DeleteTrainingJob.
func (j *Jobs) DeleteTraining(ctx context.Context, r api.Request) (api.Document, error) {
	return j.deleteJob(ctx, key{store.TrainingJob, r.Region, r.Input.Text("TrainingJobName")}, api.TrainingJobRunning)
}

func (j *Jobs) stopJob(ctx context.Context, k key, finished api.Fault) (api.Document, error) {
	_, err := j.Catalog.Update(ctx, k.kind, k.region, k.name, func(record *store.Record) error {
		if record.Status == stopping {
			return nil
		}
		if states.Check(record.Status, stopping) != nil {
			return finished.With(record.Status)
		}
		record.Status = stopping
		if k.kind == store.TrainingJob {
			transition(record.Document, j.Catalog.Now(), "Stopping", "Stopping the training job")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	j.requestStop(k)
	return api.Document{}, nil
}

func (j *Jobs) deleteJob(ctx context.Context, k key, running api.Fault) (api.Document, error) {
	err := j.Catalog.Store.Delete(ctx, k.kind, k.region, k.name, "", func(record *store.Record) error {
		if !states.Final(record.Status) {
			return running.With(record.Status)
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, catalog.Missing(k.kind, k.region, k.name)
	}
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(j.dir(k)); err != nil {
		j.Catalog.Log.Warn("job is deleted, its directory stays", "job", k.name, "error", err)
	}
	return api.Document{}, nil
}

// train runs a training job.
func (j *Jobs) train(r *run, record *store.Record) (ending, error) {
	in := record.Document
	command, err := j.command(in.Text("AlgorithmSpecification", "TrainingImage"))
	if err != nil {
		return ending{}, err
	}
	err = j.advance(j.ctx, r.key, "Downloading", "Downloading the input data", func(document api.Document) {
		document.SetTime("TrainingStartTime", j.Catalog.Now())
	})
	if err != nil {
		return ending{}, err
	}
	hosts := clusterHosts(in.Child("ResourceConfig"))
	layouts := make([]container.Layout, len(hosts))
	for i := range hosts {
		var stop func()
		layouts[i], stop, err = j.prepareTraining(r, record, hosts, i)
		defer stop()
		if err != nil {
			return ending{}, err
		}
	}
	checkpoints := in.Child("CheckpointConfig")
	for _, layout := range layouts {
		if err := j.restoreCheckpoints(checkpoints, layout); err != nil {
			return ending{}, err
		}
	}
	if err := j.advance(j.ctx, r.key, "Training", "Training image download completed. Training in progress.", nil); err != nil {
		return ending{}, err
	}
	algorithm := in.Child("AlgorithmSpecification")
	var containers []container.Options
	for _, layout := range layouts {
		options := container.Options{
			Layout:     layout,
			Argv:       container.Command(command, algorithm.Texts("ContainerEntrypoint"), algorithm.Texts("ContainerArguments"), "train"),
			MaxRuntime: maxRuntime(in),
			Now:        j.Catalog.Now,
			Log:        j.Catalog.Log,
		}
		for _, definition := range algorithm.List("MetricDefinitions") {
			options.Metrics = append(options.Metrics, container.MetricDefinition{Name: definition.Text("Name"), Regex: definition.Text("Regex")})
		}
		containers = append(containers, options)
	}
	result, err := j.launch(r, containers)
	if err != nil {
		return ending{}, err
	}
	// However it ended: a later attempt goes on from there.
	for _, layout := range layouts {
		if err := j.keepCheckpoints(checkpoints, layout); err != nil {
			return ending{}, err
		}
	}
	if err := r.failure(); err != nil {
		return ending{}, err
	}
	for _, layout := range layouts[1:] {
		if err := gather(layouts[0].ModelDir(), layout.ModelDir()); err != nil {
			return ending{}, err
		}
		if err := gather(layouts[0].OutputDataDir(), layout.OutputDataDir()); err != nil {
			return ending{}, err
		}
	}
	return j.endTraining(r, record, layouts[0], result)
}

func maxRuntime(in api.Document) time.Duration {
	seconds, ok := in.Integer("StoppingCondition", "MaxRuntimeInSeconds")
	if !ok {
		seconds = defaultMaxRuntime
	}
	return time.Duration(seconds) * time.Second
}

// prepareTraining makes the directory of one host, with its share of the data in it. stop ends what
// feeds the host's pipes, also after an error.
func (j *Jobs) prepareTraining(r *run, record *store.Record, hosts []container.Host, host int) (layout container.Layout, stop func(), err error) {
	var feeds []func()
	stop = func() {
		for _, feed := range feeds {
			feed()
		}
	}
	in := record.Document
	spec := container.Training{
		JobName: record.Name, JobARN: record.ARN(), Region: record.Region,
		HyperParameters: in.TextMap("HyperParameters"), Environment: in.TextMap("Environment"),
		Hosts: hosts, Current: host,
	}
	var channels []api.Document
	for _, channel := range in.List("InputDataConfig") {
		if groups := channel.Texts("DataSource", "S3DataSource", "InstanceGroupNames"); len(groups) > 0 && !slices.Contains(groups, hosts[host].Group) {
			continue
		}
		channels = append(channels, channel)
		spec.Channels = append(spec.Channels, container.Channel{
			Name: channel.Text("ChannelName"), ContentType: channel.Text("ContentType"),
			InputMode:         cmp.Or(channel.Text("InputMode"), in.Text("AlgorithmSpecification", "TrainingInputMode")),
			DistributionType:  channel.Text("DataSource", "S3DataSource", "S3DataDistributionType"),
			RecordWrapperType: channel.Text("RecordWrapperType"), CompressionType: channel.Text("CompressionType"),
		})
	}
	if layout, err = container.PrepareTraining(j.hostDir(r.key, hosts, host), spec); err != nil {
		return layout, stop, err
	}
	for i, input := range channels {
		data := input.Child("DataSource", "S3DataSource")
		from := j.source(data)
		index, of := host, len(hosts)
		if groups := data.Texts("InstanceGroupNames"); len(groups) > 0 { // shares are of the hosts that get the channel
			index, of = 0, 0
			for n, h := range hosts {
				if slices.Contains(groups, h.Group) {
					if n < host {
						index++
					}
					of++
				}
			}
		}
		dir := layout.ChannelDir(input.Text("ChannelName"))
		if spec.Channels[i].InputMode != "Pipe" {
			if err := from.Download(j.ctx, dir, index, of); err != nil {
				return layout, stop, downloadError(err)
			}
			continue
		}
		pipe := channel.Pipe{Source: from, Gzipped: input.Text("CompressionType") == "Gzip", RecordIO: input.Text("RecordWrapperType") == "RecordIO"}
		feed, err := pipe.Feed(j.ctx, dir, index, of, func(err error) { r.fail(clientError("Data download failed: %v", err)) })
		if err != nil {
			return layout, stop, downloadError(err)
		}
		feeds = append(feeds, feed)
	}
	return layout, stop, nil
}

// endTraining uploads what the container left and says how the job ended. A stopped
// container's model is uploaded too: the time before the stop is for saving it.
func (j *Jobs) endTraining(r *run, record *store.Record, layout container.Layout, result container.Result) (ending, error) {
	end := ending{metrics: result.Metrics, started: result.StartedAt, ended: result.EndedAt}
	switch result.Outcome {
	case container.Interrupted:
		end.interrupted = true
		return end, nil
	case container.Failed:
		end.status, end.secondary, end.message, end.reason = failed, "Failed", "Training job failed", result.FailureReason
	case container.Stopped:
		end.status, end.secondary, end.message = stopped, "Stopped", "Training job stopped"
	case container.MaxRuntime:
		end.status, end.secondary = stopped, "MaxRuntimeExceeded"
		end.message = "Training job runtime exceeded MaxRuntimeInSeconds provided"
	case container.Completed:
		end.status, end.secondary, end.message = completed, "Completed", "Training job completed"
		err := j.advance(context.WithoutCancel(j.ctx), r.key, "Uploading", "Uploading generated training model", nil)
		if err != nil && !errors.Is(err, errStopping) {
			return end, err
		}
	}
	if err := j.uploadTraining(record, layout, end.status); err != nil {
		if end.status == failed { // the container's own reason says more
			return end, nil
		}
		end.status, end.secondary, end.message, end.reason = failed, "Failed", "Training job failed", reasonOf(err)
	}
	return end, nil
}

func (j *Jobs) uploadTraining(record *store.Record, layout container.Layout, status string) error {
	base := outputURI(record.Document, record.Name)
	if !isEmptyDir(layout.OutputDataDir()) {
		if err := j.uploadArchive(layout.OutputDataDir(), base+"/output.tar.gz"); err != nil {
			return err
		}
	}
	if status == failed || status == stopped && isEmptyDir(layout.ModelDir()) {
		return nil
	}
	if record.Document.Text("OutputDataConfig", "CompressionType") == "NONE" {
		return j.upload(layout.ModelDir(), base+"/model")
	}
	return j.uploadArchive(layout.ModelDir(), base+"/model.tar.gz")
}

// uploadArchive packs dir into an object. It is packed into a file first: the store
// takes an object whole or not at all, and so does a reader of the job.
func (j *Jobs) uploadArchive(dir, uri string) error {
	bucket, name, err := objectstore.ParseURI(uri)
	if err != nil {
		return clientError("Artifact upload failed: %v", err)
	}
	ctx := context.WithoutCancel(j.ctx)
	file, err := os.CreateTemp(path.Dir(path.Dir(dir)), ".archive-*")
	if err != nil {
		return fmt.Errorf("pack %s: %w", uri, err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := archive.Pack(ctx, dir, file); err != nil {
		return clientError("Artifact upload failed: pack %s: %v", path.Base(uri), err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		return err
	}
	if _, err := j.Objects.Put(ctx, bucket, name, file, objectstore.PutOptions{ContentType: "application/gzip"}); err != nil {
		return clientError("Artifact upload failed: %s: %v", uri, err)
	}
	return nil
}
