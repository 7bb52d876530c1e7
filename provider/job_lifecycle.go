package provider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

var runName = regexp.MustCompile(`^[a-zA-Z0-9](-?[a-zA-Z0-9])*$`)

// logLines is how much of a job's log goes into state and messages.
const logLines = 20

// provisioning is added to a job's own limit to get the default create timeout: machines start, images and data are fetched.
const provisioning = 30 * time.Minute

// failedJob reports a job that ended without success: why, the end of its log, where the rest is, and what happens next.
func failedJob(ctx context.Context, c *sagemaker.Client, job *sagemaker.Job, summary, progress string, diags *diag.Diagnostics) {
	reason := job.FailureReason
	if reason == "" {
		reason = "SageMaker gives no reason."
	}
	if job.Status == sagemaker.JobStopped {
		reason = whyStopped(job)
	}
	detail := fmt.Sprintf("Job %s ended with status %s: %s", job.Name, job.Status, reason)
	tail, err := c.LogTail(ctx, job, logLines)
	switch {
	case err != nil:
		detail += fmt.Sprintf("\n\nIts log could not be read: %s.", err)
	case tail != "":
		detail += "\n\nThe end of its log:\n" + tail
	}
	detail += "\n\nLog: " + c.LogPlace(job.Kind, job.Name) + "\nLast seen: " + progress + "\nThe next apply starts a new attempt."
	diags.AddError(summary, detail)
}

// whyStopped says what a Stopped job ran into, as far as SageMaker tells: it names limits for training jobs only.
func whyStopped(job *sagemaker.Job) string {
	switch sdktypes.SecondaryStatus(job.SecondaryStatus) {
	case sdktypes.SecondaryStatusMaxRuntimeExceeded:
		return "It ran longer than max_runtime allows. Raise max_runtime if it needs more time; if it hangs, the log says where."
	case sdktypes.SecondaryStatusMaxWaitTimeExceeded:
		return "It did not end within max_wait, which covers waiting for spot capacity. Raise max_wait, or set use_spot = false."
	}
	if job.FailureReason != "" {
		return job.FailureReason
	}
	return "It was stopped from outside, or ran longer than max_runtime allows."
}

// interruptedWait reports a wait that ended before its job did.
func interruptedWait(c *sagemaker.Client, job *sagemaker.Job, summary, progress string, err error, diags *diag.Diagnostics) {
	why := "The wait for job " + job.Name + " ended: " + sagemaker.Explain(err) + "."
	switch {
	case errors.Is(err, context.Canceled):
		why = "Interrupted while job " + job.Name + " runs."
	case errors.Is(err, context.DeadlineExceeded):
		why = "Job " + job.Name + " did not end within the create timeout; a longer one goes into timeouts = { create = \"…\" }."
	}
	diags.AddError(summary, why+" The job goes on and the next apply picks it up. To stop it:\n  "+c.StopCommand(job.Kind, job.Name)+
		"\nLog: "+c.LogPlace(job.Kind, job.Name)+"\nWhile Terraform waits, its progress is in: "+progress)
}

// dropJob is what Delete does to a run's job, apart from its objects. It reports whether the job is finished with, so that objects may be deleted.
func dropJob(ctx context.Context, c *sagemaker.Client, kind sagemaker.Kind, name, onDestroy string, interrupted bool, diags *diag.Diagnostics) bool {
	job, err := c.DescribeJob(ctx, kind, name)
	if sagemaker.IsNotFound(err) {
		return true
	}
	if err != nil {
		addError(diags, "Job not released", err)
		return false
	}
	if !job.Done() {
		if onDestroy == onDestroyRetain {
			diags.AddWarning("Job left running", fmt.Sprintf("Job %s is %s and goes on; a run with the same inputs picks it up. To stop it:\n  %s",
				name, job.Status, c.StopCommand(kind, name)))
			return false
		}
		if err := c.StopJob(ctx, kind, name); err != nil {
			addError(diags, "Job not stopped", err)
			return false
		}
	}
	if interrupted && job.Status == sagemaker.JobCompleted && onDestroy != onDestroyDelete {
		return false
	}
	if err := c.ReleaseJob(ctx, job.ARN); err != nil {
		addError(diags, "Job not released", err)
		return false
	}
	return true
}

// updateJob brings a job's tags in line with the plan and returns tags_all; nothing else of a job can change.
func (s *session) updateJob(ctx context.Context, what string, arn types.String, own types.Map, diags *diag.Diagnostics) types.Map {
	tagsAll, tags := s.applyTags(ctx, own, diags)
	if diags.HasError() {
		return tagsAll
	}
	c, err := s.client(ctx)
	if err == nil {
		err = c.SyncTags(ctx, arn.ValueString(), tags)
	}
	if err != nil {
		addError(diags, what+" not updated", err)
	}
	return tagsAll
}

// jobDeletion is what the deletes of training runs and evaluations do not share.
type jobDeletion struct {
	what            string // as messages call it
	kind            sagemaker.Kind
	name, onDestroy string
	// interrupted says that nobody has seen the job's result, so that a later create may adopt it.
	interrupted bool
	// names are what a champion, an endpoint or a record could reference.
	names []string
	// remove deletes what the job made.
	remove func(context.Context, *sagemaker.Client) error
}

// deleteJob leaves, stops or deletes a job, as on_destroy has it.
func (s *session) deleteJob(ctx context.Context, limits timeouts.Value, d jobDeletion, diags *diag.Diagnostics) {
	timeout, dd := limits.Delete(ctx, 20*time.Minute)
	diags.Append(dd...)
	if diags.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := s.client(ctx)
	if err != nil {
		addError(diags, d.what+" not deleted", err)
		return
	}
	if d.onDestroy == onDestroyDelete && refuseReferenced(ctx, c, diags, d.what, d.names...) {
		return
	}
	if !dropJob(ctx, c, d.kind, d.name, d.onDestroy, d.interrupted, diags) || d.onDestroy != onDestroyDelete {
		return
	}
	if err := d.remove(ctx, c); err != nil {
		addError(diags, d.what+" not deleted", err)
	}
}
