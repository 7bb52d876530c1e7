package sagemaker

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// tailBytes bounds the log tail that goes into state and messages.
const tailBytes = 4096

// LogPlace says where a job's whole log is: a file on the local engine, a CloudWatch log group and stream prefix on AWS.
func (c *Client) LogPlace(kind Kind, name string) string {
	if c.Local {
		return filepath.Join(c.DataDir, "jobs", c.Region, string(kind), name, "stdout.log")
	}
	group := "/aws/sagemaker/TrainingJobs"
	if kind == Processing {
		group = "/aws/sagemaker/ProcessingJobs"
	}
	return fmt.Sprintf("CloudWatch log group %s, streams %s/", group, name)
}

// LogTail returns the last lines of a job's log, at most maxLines. On AWS logs are in CloudWatch and the tail is empty: LogPlace says where.
func (c *Client) LogTail(kind Kind, name string, maxLines int) (string, error) {
	if !c.Local {
		return "", nil
	}
	f, err := os.Open(c.LogPlace(kind, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the log of %s: %w", name, err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", fmt.Errorf("reading the log of %s: %w", name, err)
	}
	from := max(0, size-tailBytes)
	body := make([]byte, size-from)
	if _, err := f.ReadAt(body, from); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the log of %s: %w", name, err)
	}
	return lastLines(body, from > 0, maxLines), nil
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
