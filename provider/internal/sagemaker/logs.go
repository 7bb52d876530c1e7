package sagemaker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// tailBytes bounds the log tail that goes into state and messages.
const tailBytes = 4096

// LogPlace says where a job's whole log is: a file on the local engine, a CloudWatch log group and stream prefix on AWS.
func (c *Client) LogPlace(kind Kind, name string) string {
	if c.Local {
		return filepath.Join(c.DataDir, "jobs", c.Region, string(kind), name, "stdout.log")
	}
	return fmt.Sprintf("CloudWatch log group %s, streams %s/", logGroup(kind), name)
}

func logGroup(kind Kind) string {
	if kind == Processing {
		return "/aws/sagemaker/ProcessingJobs"
	}
	return "/aws/sagemaker/TrainingJobs"
}

// LogTail returns the last lines of a job's log, at most maxLines; nothing when the job has no log. On AWS it is the log of the job's first
// instance. Secrets that the job was given in its environment or hyperparameters are masked.
func (c *Client) LogTail(ctx context.Context, job *Job, maxLines int) (string, error) {
	var tail string
	var err error
	switch {
	case c.Local:
		tail, err = tailFile(c.LogPlace(job.Kind, job.Name), maxLines)
	case c.logs != nil:
		tail, err = c.tailStream(ctx, job.Kind, job.Name, maxLines)
	}
	if err != nil {
		return "", fmt.Errorf("reading the log of %s: %w", job.Name, err)
	}
	return job.mask(tail), nil
}

// secretName tells by its name that a variable holds what nobody should read.
var secretName = regexp.MustCompile(`(?i)secret|passw(or)?d|credential|api_?key|access_?key|private_?key|(^|[_-])token$`)

// minSecret is the shortest value that is masked: a shorter one occurs by chance.
const minSecret = 6

// mask hides, in what a container printed, the values of variables that are named like secrets.
func (j *Job) mask(text string) string {
	var given []map[string]string
	if j.Training != nil {
		given = append(given, j.Training.Environment, j.Training.HyperParameters)
	}
	if j.Processing != nil {
		given = append(given, j.Processing.Environment)
	}
	names := map[string]string{} // by secret
	for _, vars := range given {
		for name, value := range vars {
			if len(value) >= minSecret && secretName.MatchString(name) && (names[value] == "" || name < names[value]) {
				names[value] = name
			}
		}
	}
	// The longest first: one may begin another, of which the rest would stay.
	secrets := slices.SortedFunc(maps.Keys(names), func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "<"+names[secret]+">")
	}
	return text
}

func tailFile(file string, maxLines int) (string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	from := max(0, size-tailBytes)
	body := make([]byte, size-from)
	if _, err := f.ReadAt(body, from); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return lastLines(body, from > 0, maxLines), nil
}

func (c *Client) tailStream(ctx context.Context, kind Kind, name string, maxLines int) (string, error) {
	group := logGroup(kind)
	streams, err := c.logs.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: &group, LogStreamNamePrefix: aws.String(name + "/"), Limit: aws.Int32(1)})
	if IsNotFound(err) || err == nil && len(streams.LogStreams) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	events, err := c.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &group, LogStreamName: streams.LogStreams[0].LogStreamName, Limit: aws.Int32(int32(maxLines)), StartFromHead: aws.Bool(false)})
	if err != nil {
		return "", err
	}
	var lines []string
	for _, e := range events.Events {
		lines = append(lines, strings.TrimRight(aws.ToString(e.Message), "\n"))
	}
	body := []byte(strings.Join(lines, "\n"))
	from := max(0, len(body)-tailBytes)
	return lastLines(body[from:], from > 0, maxLines), nil
}

// lastLines keeps whole lines of valid UTF-8: state must be able to hold whatever a container prints.
func lastLines(body []byte, cut bool, maxLines int) string {
	text := string(body)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if cut && len(lines) > 1 {
		lines = lines[1:]
	}
	if len(lines) > maxLines {
		lines = lines[len(lines)-maxLines:]
	}
	return strings.Join(lines, "\n")
}
