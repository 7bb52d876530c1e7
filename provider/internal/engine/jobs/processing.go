package jobs

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// CreateProcessing answers CreateProcessingJob.
func (j *Jobs) CreateProcessing(ctx context.Context, r api.Request) (api.Document, error) {
	if err := checkProcessing(r.Input); err != nil {
		return nil, err
	}
	name := r.Input.Text("ProcessingJobName")
	document := r.Input.Clone()
	if !document.Has("StoppingCondition") {
		document["StoppingCondition"] = map[string]any{"MaxRuntimeInSeconds": defaultMaxRuntime}
	}
	record := &store.Record{Kind: store.ProcessingJob, Name: name, Status: inProgress, Document: document}
	err := j.Catalog.Create(ctx, r, record, func(arn string) error { return api.ProcessingJobExists.With(arn) })
	if err != nil {
		return nil, err
	}
	j.start(key{store.ProcessingJob, r.Region, name})
	return api.Document{"ProcessingJobArn": record.ARN()}, nil
}

const processingRoot = "/opt/ml/processing"

func checkProcessing(in api.Document) error {
	if err := checkHosts(in.Child("ProcessingResources", "ClusterConfig"), "processing job"); err != nil {
		return err
	}
	names := map[string]bool{}
	for _, input := range in.List("ProcessingInputs") {
		name, source := input.Text("InputName"), input.Child("S3Input")
		if names[name] {
			return api.Invalid.With(fmt.Sprintf("Input names must be unique within a processing job; %q is given more than once.", name))
		}
		names[name] = true
		if source == nil {
			return api.NotSupported.With(fmt.Sprintf("Processing input %q without an S3Input", name), "Use S3.")
		}
		if kind := source.Text("S3DataType"); kind != "S3Prefix" && kind != "ManifestFile" {
			return api.NotSupported.With(fmt.Sprintf("S3DataType %s of processing input %q", kind, name), "Use S3Prefix or ManifestFile.")
		}
		if source.Text("S3InputMode") == "Pipe" {
			return api.NotSupported.With(fmt.Sprintf("S3InputMode Pipe of processing input %q", name), "Use File.")
		}
		if source.Text("S3CompressionType") == "Gzip" {
			return api.NotSupported.With(fmt.Sprintf("S3CompressionType Gzip of processing input %q", name), "It belongs to Pipe mode; unpack in the container.")
		}
		if err := checkURI("S3Uri of processing input "+name, source.Text("S3Uri")); err != nil {
			return err
		}
		if err := checkLocalPath("input", name, source.Text("LocalPath")); err != nil {
			return err
		}
	}
	names = map[string]bool{}
	for _, output := range in.List("ProcessingOutputConfig", "Outputs") {
		name, target := output.Text("OutputName"), output.Child("S3Output")
		if names[name] {
			return api.Invalid.With(fmt.Sprintf("Output names must be unique within a processing job; %q is given more than once.", name))
		}
		names[name] = true
		if target == nil {
			return api.NotSupported.With(fmt.Sprintf("Processing output %q without an S3Output", name), "Use S3.")
		}
		if err := checkURI("S3Uri of processing output "+name, target.Text("S3Uri")); err != nil {
			return err
		}
		if err := checkLocalPath("output", name, target.Text("LocalPath")); err != nil {
			return err
		}
	}
	return nil
}

func checkLocalPath(direction, name, path string) error {
	if path != processingRoot && !strings.HasPrefix(filepath.Clean(path), processingRoot+"/") {
		return api.Invalid.With(fmt.Sprintf("LocalPath %q of processing %s %q must be %s or below it.", path, direction, name, processingRoot))
	}
	return nil
}

// DescribeProcessing answers DescribeProcessingJob.
func (j *Jobs) DescribeProcessing(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := j.Catalog.Get(ctx, store.ProcessingJob, r.Region, r.Input.Text("ProcessingJobName"))
	if err != nil {
		return nil, err
	}
	return describeProcessing(record), nil
}

func describeProcessing(record *store.Record) api.Document {
	result := record.Document.Clone()
	result["ProcessingJobArn"] = record.ARN()
	result["ProcessingJobStatus"] = record.Status
	result.SetTime("CreationTime", record.Created)
	result.SetTime("LastModifiedTime", record.Modified)
	return result
}

// ListProcessing answers ListProcessingJobs.
func (j *Jobs) ListProcessing(ctx context.Context, r api.Request) (api.Document, error) {
	return j.Catalog.List(ctx, r, catalog.Listing{
		Kind: store.ProcessingJob, Member: "ProcessingJobSummaries", Summary: describeProcessing,
	})
}

// StopProcessing answers StopProcessingJob. Stopping twice is no error.
func (j *Jobs) StopProcessing(ctx context.Context, r api.Request) (api.Document, error) {
	return j.stopJob(ctx, key{store.ProcessingJob, r.Region, r.Input.Text("ProcessingJobName")}, api.ProcessingJobFinished)
}

// DeleteProcessing answers DeleteProcessingJob.
func (j *Jobs) DeleteProcessing(ctx context.Context, r api.Request) (api.Document, error) {
	return j.deleteJob(ctx, key{store.ProcessingJob, r.Region, r.Input.Text("ProcessingJobName")}, api.ProcessingJobRunning)
}

// process runs a processing job.
func (j *Jobs) process(r *run, record *store.Record) (ending, error) {
	in := record.Document
	application := in.Child("AppSpecification")
	command, err := j.command(application.Text("ImageUri"))
	if err != nil {
		return ending{}, err
	}
	hosts := clusterHosts(in.Child("ProcessingResources", "ClusterConfig"))
	layouts := make([]container.Layout, len(hosts))
	for i := range hosts {
		if layouts[i], err = j.prepareProcessing(r.key, record, hosts, i); err != nil {
			return ending{}, err
		}
		for _, input := range in.List("ProcessingInputs") {
			if err := j.processingInput(input, layouts[i], i, len(hosts)); err != nil {
				return ending{}, err
			}
			if r.stopRequested() {
				return ending{}, errStopping
			}
		}
	}
	err = j.advance(j.ctx, r.key, "", "", func(document api.Document) {
		document.SetTime("ProcessingStartTime", j.Catalog.Now())
	})
	if err != nil {
		return ending{}, err
	}
	var containers []container.Options
	for _, layout := range layouts {
		containers = append(containers, container.Options{
			Layout:     layout,
			Argv:       container.Command(command, application.Texts("ContainerEntrypoint"), application.Texts("ContainerArguments"), ""),
			MaxRuntime: maxRuntime(in),
			Now:        j.Catalog.Now,
			Log:        j.Catalog.Log,
		})
	}
	result, err := j.launch(r, containers)
	if err != nil {
		return ending{}, err
	}
	return j.endProcessing(record, layouts, result)
}

func (j *Jobs) processingInput(input api.Document, layout container.Layout, host, hosts int) error {
	data := input.Child("S3Input")
	dir, err := layout.Path(data.Text("LocalPath"))
	if err != nil {
		return clientError("input %s: %v", input.Text("InputName"), err)
	}
	return downloadError(j.source(data).Download(j.ctx, dir, host, hosts))
}

func (j *Jobs) prepareProcessing(k key, record *store.Record, hosts []container.Host, host int) (container.Layout, error) {
	in := record.Document
	config := map[string]any{"ProcessingJobArn": record.ARN()}
	for _, member := range []string{
		"ProcessingJobName", "Environment", "AppSpecification", "ProcessingInputs", "ProcessingOutputConfig",
		"ProcessingResources", "RoleArn", "StoppingCondition",
	} {
		config[member] = in[member]
	}
	spec := container.Processing{
		JobName: record.Name, JobARN: record.ARN(), Region: record.Region, Config: config,
		Hosts: hosts, Current: host, Environment: in.TextMap("Environment"),
	}
	for _, input := range in.List("ProcessingInputs") {
		spec.LocalPaths = append(spec.LocalPaths, input.Text("S3Input", "LocalPath"))
	}
	for _, output := range in.List("ProcessingOutputConfig", "Outputs") {
		spec.LocalPaths = append(spec.LocalPaths, output.Text("S3Output", "LocalPath"))
	}
	return container.PrepareProcessing(j.hostDir(k, hosts, host), spec)
}

// endProcessing uploads the outputs and says how the job ended. Outputs in
// Continuous mode are uploaded however it ended, as they would have been on the way.
func (j *Jobs) endProcessing(record *store.Record, layouts []container.Layout, result container.Result) (ending, error) {
	end := ending{started: result.StartedAt, ended: result.EndedAt, exitMessage: layouts[0].Output("message")}
	switch result.Outcome {
	case container.Interrupted:
		end.interrupted = true
		return end, nil
	case container.Failed:
		end.status, end.reason = failed, result.FailureReason
	case container.Stopped:
		end.status = stopped
	case container.MaxRuntime:
		end.status = stopped
		end.reason = fmt.Sprintf("ClientError: the processing job ran longer than its MaxRuntimeInSeconds of %.0f", maxRuntime(record.Document).Seconds())
	case container.Completed:
		end.status = completed
	}
	for _, output := range record.Document.List("ProcessingOutputConfig", "Outputs") {
		target := output.Child("S3Output")
		if end.status != completed && target.Text("S3UploadMode") != "Continuous" {
			continue
		}
		for _, layout := range layouts { // each host writes to the same place, as on AWS
			dir, err := layout.Path(target.Text("LocalPath"))
			if err == nil {
				err = j.upload(dir, target.Text("S3Uri"))
			}
			if err != nil && end.status == completed {
				end.status, end.reason = failed, reasonOf(err)
			}
		}
	}
	return end, nil
}
