package provider

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/progress"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// The kinds of progress files.
const (
	progressTraining   = "training"
	progressEvaluation = "evaluation"
	progressEndpoint   = "endpoint"
)

const progressText = "File that shows, while Terraform waits, the status and the end of the log: look at it with `watch cat` or `tail -F`. It is named by kind and `name`, " +
	"in `progress` of the local engine's data directory, or in `titanicml/progress` of Terraform's own (`.terraform`) on AWS. A plan shows it before the wait begins."

// terraformDataDir is where Terraform keeps what belongs to a working directory and to no repository.
func terraformDataDir() string {
	if dir := os.Getenv("TF_DATA_DIR"); dir != "" {
		return dir
	}
	return ".terraform"
}

// progressFile is the path a user sees: relative where the data directory was given so, because state travels.
func (s *session) progressFile(kind, name string) string {
	return filepath.Join(s.progressDir, kind+"-"+name+".txt")
}

// planProgress names the progress file of what is to be made or changed, so that the plan shows it.
func (s *session) planProgress(ctx context.Context, kind string, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if s == nil || s.progressDir == "" || req.Plan.Raw.IsNull() {
		return
	}
	var name, file types.String
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("progress_file"), &file)...)
	if file.IsUnknown() && !name.IsUnknown() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("progress_file"), s.progressFile(kind, name.ValueString()))...)
	}
}

// watch is the progress of one apply. A file that cannot be written is told of once, by end.
type watch struct {
	file  *progress.File
	until time.Time
}

// watchFor takes the planned file, or names one where the plan could not.
func (s *session) watchFor(ctx context.Context, kind, name string, planned *types.String) *watch {
	if planned.IsUnknown() || planned.IsNull() {
		*planned = types.StringValue(s.progressFile(kind, name))
	}
	until, _ := ctx.Deadline()
	return &watch{file: progress.New(planned.ValueString(), s.clock), until: until}
}

// job shows a look at a job.
func (w *watch) job(ctx context.Context, c *sagemaker.Client, j *sagemaker.Job) {
	l := progress.Look{What: string(j.Kind) + " job " + j.Name, Status: j.Status, Detail: j.SecondaryStatus, Until: w.until, Final: j.Done(),
		Lines: [][2]string{{"log", c.LogPlace(j.Kind, j.Name)}},
		Tail:  func() (string, error) { return c.LogTail(ctx, j, logLines) }}
	if l.Detail == l.Status {
		l.Detail = ""
	}
	switch {
	case !j.Done():
		l.Since, l.Lines = j.Created, append(l.Lines, [2]string{"stop", c.StopCommand(j.Kind, j.Name)})
	case j.FailureReason != "":
		l.Lines = append(l.Lines, [2]string{"reason", j.FailureReason})
	}
	w.file.See(l)
}

// endpoint shows a look at an endpoint that is being deployed.
func (w *watch) endpoint(name, status, reason string) {
	final := status == inService || status == "Failed" || status == "UpdateRollbackFailed"
	w.file.See(progress.Look{What: "endpoint " + name, Status: status, Until: w.until, Final: final, Lines: [][2]string{{"reason", reason}}})
}

// end warns of a file that could not be written.
func (w *watch) end(diags *diag.Diagnostics) {
	if err := w.file.Err(); err != nil {
		diags.AddWarning("Progress not shown", "While this apply waited, "+err.Error()+". The wait itself was not affected.")
	}
}
