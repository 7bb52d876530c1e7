package sagemaker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// Kind tells training from processing jobs.
type Kind string

// The kinds of jobs, spelled as in the engine's data directory.
const (
	Training   Kind = "training"
	Processing Kind = "processing"
)

// Job statuses, the same words for both kinds.
const (
	JobInProgress = "InProgress"
	JobStopping   = "Stopping"
	JobCompleted  = "Completed"
	JobFailed     = "Failed"
	JobStopped    = "Stopped"
)

// Job is one attempt at a run.
type Job struct {
	Kind                                              Kind
	Name, ARN, Status, SecondaryStatus, FailureReason string
	Created, Started, Ended                           time.Time
	// Training or Processing is the whole answer, by kind.
	Training   *sdk.DescribeTrainingJobOutput
	Processing *sdk.DescribeProcessingJobOutput
}

// Done reports whether the job has reached a final status.
func (j *Job) Done() bool {
	return j.Status == JobCompleted || j.Status == JobFailed || j.Status == JobStopped
}

// MaxRunName is the longest run name: a job name is at most 63 characters and ends in "-<10 of hash>-<attempt>".
const MaxRunName = 63 - 1 - hashInName - 1 - 4

const hashInName = 10

// InputHash is the hex SHA-256 of inputs in canonical JSON (map keys sorted).
func InputHash(inputs any) (string, error) {
	body, err := json.Marshal(inputs)
	if err != nil {
		return "", fmt.Errorf("hashing the inputs of a run: %w", err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// JobName is the only link between a run and its job when state is lost: name, input hash and attempt.
func JobName(name, hash string, attempt int) string {
	return fmt.Sprintf("%s-%s-%d", name, hash[:hashInName], attempt)
}

var jobNameEnd = regexp.MustCompile(`^(.+)-([0-9a-f]{10})-([0-9]{1,4})$`)

// SplitJobName takes a job name apart; ok is false for jobs this project did not name.
func SplitJobName(job string) (name string, attempt int, ok bool) {
	m := jobNameEnd.FindStringSubmatch(job)
	if m == nil {
		return job, 0, false
	}
	attempt, err := strconv.Atoi(m[3])
	return m[1], attempt, err == nil
}

// DescribeJob reads a job. A missing one satisfies IsNotFound.
func (c *Client) DescribeJob(ctx context.Context, kind Kind, name string) (*Job, error) {
	j := &Job{Kind: kind, Name: name}
	if kind == Training {
		out, err := c.SageMaker.DescribeTrainingJob(ctx, &sdk.DescribeTrainingJobInput{TrainingJobName: &name})
		if err != nil {
			return nil, fmt.Errorf("describing training job %s: %w", name, err)
		}
		j.Training, j.ARN, j.Status = out, aws.ToString(out.TrainingJobArn), string(out.TrainingJobStatus)
		j.SecondaryStatus, j.FailureReason = string(out.SecondaryStatus), aws.ToString(out.FailureReason)
		j.Created, j.Started, j.Ended = aws.ToTime(out.CreationTime), aws.ToTime(out.TrainingStartTime), aws.ToTime(out.TrainingEndTime)
		return j, nil
	}
	out, err := c.SageMaker.DescribeProcessingJob(ctx, &sdk.DescribeProcessingJobInput{ProcessingJobName: &name})
	if err != nil {
		return nil, fmt.Errorf("describing processing job %s: %w", name, err)
	}
	j.Processing, j.ARN, j.Status = out, aws.ToString(out.ProcessingJobArn), string(out.ProcessingJobStatus)
	j.FailureReason = aws.ToString(out.FailureReason)
	if exit := aws.ToString(out.ExitMessage); exit != "" && j.FailureReason == "" {
		j.FailureReason = exit
	}
	j.Created, j.Started, j.Ended = aws.ToTime(out.CreationTime), aws.ToTime(out.ProcessingStartTime), aws.ToTime(out.ProcessingEndTime)
	return j, nil
}

// attempt is a job of a run.
type attempt struct {
	Summary
	number int
}

// attempts lists the jobs of a run with the given inputs, newest attempt first.
func (c *Client) attempts(ctx context.Context, kind Kind, name, hash string) ([]attempt, error) {
	prefix := name + "-" + hash[:hashInName] + "-"
	var found []attempt
	for s, err := range c.Jobs(ctx, kind, Filter{NameContains: prefix}) {
		if err != nil {
			return nil, fmt.Errorf("looking for jobs named %s*: %w", prefix, err)
		}
		if n, err := strconv.Atoi(s.Name[min(len(prefix), len(s.Name)):]); err == nil && s.Name == prefix+strconv.Itoa(n) {
			found = append(found, attempt{s, n})
		}
	}
	slices.SortFunc(found, func(a, b attempt) int { return b.number - a.number })
	return found, nil
}

// Run is what StartJob needs to find or start a job.
type Run struct {
	Kind       Kind
	Name, Hash string
	// Tags are the user's tags; the project's own are added.
	Tags map[string]string
	// Create starts the job under the given name and tags.
	Create func(ctx context.Context, jobName string, tags []types.Tag) error
}

// StartJob adopts the newest attempt that is InProgress or Completed, was started with the same inputs and was not released;
// without one it starts the next attempt. It does not wait. A job started by a create whose answer was lost is adopted, too.
func (c *Client) StartJob(ctx context.Context, r Run) (job *Job, adopted bool, err error) {
	who, err := c.Identity(ctx)
	if err != nil {
		return nil, false, err
	}
	for tries := 0; tries < 5; tries++ {
		found, err := c.attempts(ctx, r.Kind, r.Name, r.Hash)
		if err != nil {
			return nil, false, err
		}
		next := 1
		if len(found) > 0 {
			next = found[0].number + 1
		}
		for _, a := range found {
			if a.Status != JobInProgress && a.Status != JobCompleted {
				continue
			}
			tags, err := c.ListTags(ctx, a.ARN)
			if err != nil {
				return nil, false, err
			}
			if tags[TagHash] != r.Hash || tags[TagReleased] == "true" {
				continue
			}
			job, err := c.DescribeJob(ctx, r.Kind, a.Name)
			return job, true, err
		}
		name := JobName(r.Name, r.Hash, next)
		tags := maps.Clone(r.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		tags[TagHash], tags[TagAttempt], tags[TagPrincipal] = r.Hash, strconv.Itoa(next), who.ARN
		err = r.Create(ctx, name, Tags(tags))
		if IsAlreadyExists(err) {
			continue // our own create delivered twice, or somebody was faster: look again
		}
		if err != nil {
			return nil, false, fmt.Errorf("starting %s job %s: %w", r.Kind, name, err)
		}
		var job *Job
		err = c.Wait(ctx, func(ctx context.Context) (bool, error) {
			// Right after the create AWS may not know the job everywhere yet.
			if job, err = c.DescribeJob(ctx, r.Kind, name); IsNotFound(err) {
				return false, nil
			}
			return true, err
		})
		return job, false, err
	}
	return nil, false, errors.New("another apply goes on starting the same run; wait for it and run this one again")
}

// WaitJob waits until the job is done. look, if not nil, sees every status on the way.
func (c *Client) WaitJob(ctx context.Context, kind Kind, name string, look func(*Job)) (*Job, error) {
	var job *Job
	err := c.Wait(ctx, func(ctx context.Context) (bool, error) {
		now, err := c.DescribeJob(ctx, kind, name)
		if err != nil {
			return false, err
		}
		job = now
		if look != nil {
			look(now)
		}
		return now.Done(), nil
	})
	return job, err
}

// ReleaseJob marks a job so that no later create adopts it. A missing job is no error.
func (c *Client) ReleaseJob(ctx context.Context, arn string) error {
	err := c.AddTags(ctx, arn, map[string]string{TagReleased: "true"})
	if IsNotFound(err) {
		return nil
	}
	return err
}

// StopJob asks a job to stop and waits until it has; a job that is done or missing is no error.
func (c *Client) StopJob(ctx context.Context, kind Kind, name string) error {
	var err error
	if kind == Training {
		_, err = c.SageMaker.StopTrainingJob(ctx, &sdk.StopTrainingJobInput{TrainingJobName: &name})
	} else {
		_, err = c.SageMaker.StopProcessingJob(ctx, &sdk.StopProcessingJobInput{ProcessingJobName: &name})
	}
	if IsNotFound(err) {
		return nil
	}
	if code, _ := code(err); err != nil && code != "ValidationException" {
		return fmt.Errorf("stopping %s job %s: %w", kind, name, err)
	}
	_, err = c.WaitJob(ctx, kind, name, nil)
	if IsNotFound(err) {
		return nil
	}
	return err
}

// DeleteTrainingJob removes a finished training job; a missing one is no error. Processing jobs cannot be removed.
func (c *Client) DeleteTrainingJob(ctx context.Context, name string) error {
	if _, err := c.SageMaker.DeleteTrainingJob(ctx, &sdk.DeleteTrainingJobInput{TrainingJobName: &name}); err != nil && !IsNotFound(err) {
		return fmt.Errorf("deleting training job %s: %w", name, err)
	}
	return nil
}

// StopCommand is what a person types to stop a job that was left running. The local engine needs no aws CLI for it.
func (c *Client) StopCommand(kind Kind, name string) string {
	if c.Local {
		return fmt.Sprintf("titanicml-local jobs stop --data-dir %s --region %s %s", shellWord(c.DataDir), c.Region, name)
	}
	return fmt.Sprintf("aws sagemaker stop-%s-job --%s-job-name %s --region %s", kind, kind, name, c.Region)
}

var plainWord = regexp.MustCompile(`^[a-zA-Z0-9_./:@%+=,-]+$`)

// shellWord quotes a path so that a shell takes it as one word.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
