package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

// containersOf lists the processes whose environment names a directory of the data
// directory.
func containersOf(t *testing.T, dataDir string) []string {
	t.Helper()
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range environments {
		// Processes come and go between the two calls.
		environment, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(environment), "SAGEMAKER_BASE_DIR="+dataDir) {
			found = append(found, path)
		}
	}
	return found
}

// TestTerminatedEngineLeavesNoProcess ends an engine cleanly while a container that
// ignores SIGTERM runs.
func TestTerminatedEngineLeavesNoProcess(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "")
	s.endpoint("titanic", "blue")
	if _, err := s.CreateTrainingJob(s.ctx, training("long", "hang")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both run", func() bool { return len(containersOf(t, s.dataDir)) == 2 })
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if left := containersOf(t, s.dataDir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if _, living, err := datadir.Find(s.dataDir); living || err != nil {
		t.Errorf("the lock is held: %v, %v", living, err)
	}
	s.open()
	s.wantAnswer("titanic", "x", ":x")
	out, err := s.DescribeTrainingJob(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("long")})
	if err != nil || out.TrainingJobStatus != types.TrainingJobStatusInProgress {
		t.Errorf("the interrupted job is %v, %v", out.TrainingJobStatus, err)
	}
}
