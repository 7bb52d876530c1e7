package provider

import (
	"context"
	"fmt"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// listed is one object that a list finds: the ID to import it by, and what people call it.
type listed struct{ id, display string }

// listResults turns what was found into the answer to a list, up to its limit. Whole resources, where they are asked for, are read as an
// import reads them. The first error ends the list; one of type skipped only warns.
func listResults(ctx context.Context, req list.ListRequest, r resource.ResourceWithImportState, what string, objects iter.Seq2[listed, error]) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		var count int64
		for object, err := range objects {
			if skip, ok := err.(skipped); ok {
				var warning list.ListResult
				warning.Diagnostics.AddWarning(what+" not listed", string(skip))
				if !push(warning) {
					return
				}
				continue
			}
			if err != nil {
				push(failedList(what, err))
				return
			}
			result, ok := listResult(ctx, req, r, object)
			if !ok {
				continue
			}
			count++
			if !push(result) || count == req.Limit {
				return
			}
		}
	}
}

// skipped is why an object that was found is left out of a list.
type skipped string

// Error is the reason.
func (s skipped) Error() string { return string(s) }

func failedList(what string, err error) list.ListResult {
	var result list.ListResult
	addError(&result.Diagnostics, what+" list not read", err)
	return result
}

// listResult is not ok when the object was deleted since it was found.
func listResult(ctx context.Context, req list.ListRequest, r resource.ResourceWithImportState, object listed) (list.ListResult, bool) {
	result := req.NewListResult(ctx)
	result.DisplayName = object.display
	for name := range result.Identity.Schema.GetAttributes() {
		result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root(name), object.id)...)
	}
	if !req.IncludeResource {
		return result, true
	}
	empty := tfsdk.State{Raw: result.Resource.Raw, Schema: result.Resource.Schema}
	imported := resource.ImportStateResponse{State: empty}
	r.ImportState(ctx, resource.ImportStateRequest{ID: object.id}, &imported)
	result.Diagnostics.Append(imported.Diagnostics...)
	if imported.Diagnostics.HasError() {
		return result, true
	}
	read := resource.ReadResponse{State: imported.State}
	r.Read(ctx, resource.ReadRequest{State: imported.State}, &read)
	result.Diagnostics.Append(read.Diagnostics...)
	result.Resource.Raw = read.State.Raw
	return result, read.Diagnostics.HasError() || !read.State.Raw.IsNull()
}

// listConfig reads the configuration of a list and connects; nil after an error, which stream then says.
func listConfig(ctx context.Context, s *session, req list.ListRequest, stream *list.ListResultsStream, what string, config any) *sagemaker.Client {
	var diags diag.Diagnostics
	if d := req.Config.Get(ctx, config); d.HasError() {
		diags.Append(d...)
	} else if s == nil {
		diags.AddError(what+" list not read", "The provider is not configured.")
	} else if c, err := s.client(ctx); err != nil {
		addError(&diags, what+" list not read", err)
	} else {
		return c
	}
	stream.Results = list.ListResultsStreamDiagnostics(diags)
	return nil
}

// jobsOf lists the jobs of runs that this provider started, with the given name, status and tags where these are not empty.
func jobsOf(ctx context.Context, c *sagemaker.Client, kind sagemaker.Kind, name, status string, tags map[string]string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for job, err := range c.Jobs(ctx, kind, sagemaker.Filter{NameContains: name, Status: status}) {
			if err != nil {
				yield(listed{}, err)
				return
			}
			if run, _, ok := sagemaker.SplitJobName(job.Name); !ok || name != "" && run != name {
				continue
			}
			has, err := c.ListTags(ctx, job.ARN)
			if sagemaker.IsNotFound(err) {
				continue
			}
			if err != nil {
				yield(listed{}, err)
				return
			}
			if has[sagemaker.TagHash] == "" || !hasAll(has, tags) {
				continue
			}
			if !yield(listed{job.Name, fmt.Sprintf("%s, %s", job.Name, job.Status)}, nil) {
				return
			}
		}
	}
}
