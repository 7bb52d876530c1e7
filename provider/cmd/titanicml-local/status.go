package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// state is what status shows; its JSON form is for scripts.
type state struct {
	Running   bool            `json:"running"`
	DataDir   string          `json:"data_dir"`
	URL       string          `json:"url,omitempty"`
	PID       int             `json:"pid,omitempty"`
	StartedAt *time.Time      `json:"started_at,omitempty"`
	Region    string          `json:"region"`
	Jobs      []jobState      `json:"jobs"`
	Endpoints []endpointState `json:"endpoints"`
}

type jobState struct {
	Kind      string     `json:"kind"` // training or processing
	Name      string     `json:"name"`
	Status    string     `json:"status"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Reason    string     `json:"failure_reason,omitempty"`
}

type endpointState struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Config string `json:"config"`
	URL    string `json:"url"`
	Reason string `json:"failure_reason,omitempty"`
}

// errNotRunning makes status fail without a second message.
var errNotRunning = errors.New("no engine is running")

func statusCommand(o *options) *cobra.Command {
	var asJSON bool
	var limit int
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the engine, its jobs and endpoints",
		Long: `Shows whether an engine lives on the data directory, where it answers, and the newest jobs and the
endpoints of the region. Never starts an engine. Exits with 1 when none is running.`,
		Example: `  titanicml-local status
  titanicml-local status --json | jq -r .url`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s := state{DataDir: o.dataDir, Region: o.region, Jobs: []jobState{}, Endpoints: []endpointState{}}
			i, running, err := launch.Find(o.dataDir)
			if err != nil {
				return err
			}
			if running {
				s.Running, s.DataDir, s.URL, s.PID, s.StartedAt = true, i.DataDir, i.URL, i.PID, &i.StartedAt
				if err := s.fill(c.Context(), sagemakerClient(i, o.region, defaultIdentity), limit); err != nil {
					return plain(err)
				}
			}
			if asJSON {
				enc := json.NewEncoder(c.OutOrStdout())
				enc.SetIndent("", "  ")
				err = enc.Encode(s)
			} else {
				err = s.print(c.OutOrStdout())
			}
			if err == nil && !running {
				err = fmt.Errorf("%w on %s", errNotRunning, o.dataDir)
				if _, missing := os.Stat(o.dataDir); errors.Is(missing, fs.ErrNotExist) {
					err = fmt.Errorf("%w: no such directory; --data-dir names another", err)
				}
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().IntVar(&limit, "limit", 20, "how many of the newest jobs to show")
	return c
}

func (s *state) fill(ctx context.Context, client *sagemaker.Client, limit int) error {
	if limit > 0 {
		if err := s.jobs(ctx, client, int32(min(limit, 100))); err != nil {
			return err
		}
		slices.SortStableFunc(s.Jobs, func(a, b jobState) int { return b.CreatedAt.Compare(a.CreatedAt) })
		s.Jobs = s.Jobs[:min(len(s.Jobs), limit)]
	}
	pages := sagemaker.NewListEndpointsPaginator(client, &sagemaker.ListEndpointsInput{SortBy: types.EndpointSortKeyName, SortOrder: types.OrderKeyAscending})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, e := range page.Endpoints {
			d, err := client.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: e.EndpointName})
			if err != nil {
				return err
			}
			name := aws.ToString(d.EndpointName)
			s.Endpoints = append(s.Endpoints, endpointState{Name: name, Status: string(d.EndpointStatus), Config: aws.ToString(d.EndpointConfigName),
				URL: s.URL + "/endpoints/" + name + "/invocations", Reason: aws.ToString(d.FailureReason)})
		}
	}
	return nil
}

func (s *state) jobs(ctx context.Context, client *sagemaker.Client, limit int32) error {
	training, err := client.ListTrainingJobs(ctx, &sagemaker.ListTrainingJobsInput{MaxResults: &limit, SortBy: types.SortByCreationTime, SortOrder: types.SortOrderDescending})
	if err != nil {
		return err
	}
	for _, j := range training.TrainingJobSummaries {
		job := jobState{Kind: "training", Name: aws.ToString(j.TrainingJobName), Status: string(j.TrainingJobStatus), CreatedAt: aws.ToTime(j.CreationTime), EndedAt: j.TrainingEndTime}
		if j.TrainingJobStatus == types.TrainingJobStatusFailed {
			d, err := client.DescribeTrainingJob(ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: j.TrainingJobName})
			if err != nil {
				return err
			}
			job.Reason = aws.ToString(d.FailureReason)
		}
		s.Jobs = append(s.Jobs, job)
	}
	processing, err := client.ListProcessingJobs(ctx, &sagemaker.ListProcessingJobsInput{MaxResults: &limit, SortBy: types.SortByCreationTime, SortOrder: types.SortOrderDescending})
	if err != nil {
		return err
	}
	for _, j := range processing.ProcessingJobSummaries {
		s.Jobs = append(s.Jobs, jobState{Kind: "processing", Name: aws.ToString(j.ProcessingJobName), Status: string(j.ProcessingJobStatus),
			CreatedAt: aws.ToTime(j.CreationTime), EndedAt: j.ProcessingEndTime, Reason: aws.ToString(j.FailureReason)})
	}
	return nil
}

func (s *state) print(w io.Writer) error {
	if !s.Running {
		return nil // the error says it
	}
	fmt.Fprintf(w, "engine  %s  (pid %d, since %s)\ndata    %s\nregion  %s\n", s.URL, s.PID, s.StartedAt.Local().Format(time.DateTime), s.DataDir, s.Region)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(s.Jobs) == 0 {
		fmt.Fprintln(t, "\nno jobs")
	} else {
		fmt.Fprintln(t, "\nJOB\tKIND\tSTATUS\tCREATED\tTOOK")
	}
	for _, j := range s.Jobs {
		took := "-"
		if j.EndedAt != nil {
			took = j.EndedAt.Sub(j.CreatedAt).Round(100 * time.Millisecond).String()
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", j.Name, j.Kind, j.Status, j.CreatedAt.Local().Format(time.DateTime), took)
	}
	if len(s.Endpoints) == 0 {
		fmt.Fprintln(t, "\nno endpoints")
	} else {
		fmt.Fprintln(t, "\nENDPOINT\tSTATUS\tCONFIG\tURL")
	}
	for _, e := range s.Endpoints {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", e.Name, e.Status, e.Config, e.URL)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, j := range s.Jobs {
		if j.Reason != "" {
			fmt.Fprintf(w, "\n%s: %s\n", j.Name, j.Reason)
		}
	}
	for _, e := range s.Endpoints {
		if e.Reason != "" {
			fmt.Fprintf(w, "\n%s: %s\n", e.Name, e.Reason)
		}
	}
	return nil
}
