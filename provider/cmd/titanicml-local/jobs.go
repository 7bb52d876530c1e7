package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

func jobsCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "jobs",
		Short: "Stop a training or processing job",
		Long: `Terraform leaves a job running when its wait is interrupted, and the next apply picks it up. This
stops such a job for good; status shows which there are.`,
		Args: cobra.NoArgs,
	}
	c.AddCommand(stopJobCommand(o))
	return c
}

func stopJobCommand(o *options) *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use:   "stop NAME",
		Short: "Stop a job and wait until it has ended",
		Long: `Stops a job as StopTrainingJob and StopProcessingJob do: its container gets SIGTERM and, when it does
not end, SIGKILL. Returns when the job has ended. A job that has ended before is no error.`,
		Example: `  titanicml-local jobs stop titanic-0f4c9a1b22-1`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			i, err := connect(c.Context(), o)
			if err != nil {
				return err
			}
			client, err := sagemaker.New(c.Context(), awsconfig.Settings{LocalURL: i.URL, DataDir: i.DataDir, Region: o.region})
			if err != nil {
				return err
			}
			job, err := findJob(c.Context(), client, o.region, kind, args[0])
			if err != nil {
				return err
			}
			if job.Done() {
				fmt.Fprintf(c.OutOrStdout(), "%s job %s has ended before: %s\n", job.Kind, job.Name, job.Status)
				return nil
			}
			if err := client.StopJob(c.Context(), job.Kind, job.Name); err != nil {
				return plain(err)
			}
			// It may have ended by itself before the stop reached it.
			if job, err = client.DescribeJob(c.Context(), job.Kind, job.Name); err != nil {
				return plain(err)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s job %s: %s\n", job.Kind, job.Name, job.Status)
			return nil
		},
	}
	c.Flags().StringVar(&kind, "kind", "", "training or processing; needed only when both have a job of that name")
	return c
}

// findJob returns the one job of a name; kind "" looks for both kinds.
func findJob(ctx context.Context, client *sagemaker.Client, region, kind, name string) (*sagemaker.Job, error) {
	kinds := []sagemaker.Kind{sagemaker.Training, sagemaker.Processing}
	if kind != "" {
		if !slices.Contains(kinds, sagemaker.Kind(kind)) {
			return nil, fmt.Errorf("--kind %q: want training or processing", kind)
		}
		kinds = []sagemaker.Kind{sagemaker.Kind(kind)}
	}
	var found []*sagemaker.Job
	for _, k := range kinds {
		job, err := client.DescribeJob(ctx, k, name)
		if sagemaker.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, plain(err)
		}
		found = append(found, job)
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("region %s has no job %s; titanicml-local status shows the jobs there are", region, name)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("there is a training and a processing job named %s; say which with --kind", name)
}
