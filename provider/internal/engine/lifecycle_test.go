package engine_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

// spawn starts an engine as a process of its own on the suite's directory.
func (s *suite) spawn() *exec.Cmd {
	s.t.Helper()
	program, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	command := exec.Command(program, engineArgument, s.dataDir)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://") {
		s.t.Fatalf("the engine says %q, %v", line, err)
	}
	s.engine, s.url = nil, strings.TrimSpace(line)
	s.as("titanicml", homeRegion)
	return command
}

func (s *suite) kill(command *exec.Cmd) {
	s.t.Helper()
	if err := command.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	_ = command.Wait()
}

// TestKilledEngineIsTakenUpWhereItWas kills an engine with SIGKILL while a job runs,
// a job stops and an endpoint serves, and starts another one.
func TestKilledEngineIsTakenUpWhereItWas(t *testing.T) {
	s := &suite{t: t, ctx: t.Context(), dataDir: t.TempDir()}
	first := s.spawn()
	if _, err := s.s3.CreateBucket(s.ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	s.put("data/train.csv", "a,b\n1,2\n")
	gate := filepath.Join(t.TempDir(), "open")
	for name, image := range map[string]string{"runs": "blocked", "stops": "deaf"} {
		in := training(name, image, func(in *sagemaker.CreateTrainingJobInput) { in.Environment = map[string]string{"GATE": gate} })
		if _, err := s.CreateTrainingJob(s.ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	s.model("blue", "good", "blue ")
	s.endpoint("titanic", "blue")
	deaf := filepath.Join(s.dataDir, "jobs", homeRegion, "training", "stops", "ml", "started")
	eventually(t, "the deaf container runs", func() bool { _, err := os.Stat(deaf); return err == nil })
	eventually(t, "the blocked container runs", func() bool {
		out, err := s.DescribeTrainingJob(s.ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: aws.String("runs")})
		return err == nil && out.SecondaryStatus == types.SecondaryStatusTraining
	})
	if _, err := s.StopTrainingJob(s.ctx, &sagemaker.StopTrainingJobInput{TrainingJobName: aws.String("stops")}); err != nil {
		t.Fatal(err)
	}
	s.kill(first)

	s.spawn()
	if out := s.ended("stops"); out.TrainingJobStatus != types.TrainingJobStatusStopped {
		t.Errorf("the stopping job is %s", out.TrainingJobStatus)
	}
	s.wantAnswer("titanic", "x", "blue :x")
	if err := os.WriteFile(gate, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := s.ended("runs")
	if out.TrainingJobStatus != types.TrainingJobStatusCompleted {
		t.Errorf("the running job is %s, %q", out.TrainingJobStatus, aws.ToString(out.FailureReason))
	}
	var statuses []string
	for _, transition := range out.SecondaryStatusTransitions {
		statuses = append(statuses, string(transition.Status))
	}
	if want := "[Starting Downloading Training Restarting Downloading Training Uploading Completed]"; sprint(statuses) != want {
		t.Errorf("transitions %v, want %s", statuses, want)
	}
	if leftovers := containersOf(t, s.dataDir); len(leftovers) > 1 { // the endpoint's one
		t.Errorf("processes of the dead engine live on: %v", leftovers)
	}
}

// TestKilledDuringAnUpdate kills the engine while an endpoint moves: the old
// configuration is back at once and the update is carried on.
func TestKilledDuringAnUpdate(t *testing.T) {
	s := &suite{t: t, ctx: t.Context(), dataDir: t.TempDir()}
	first := s.spawn()
	s.model("blue", "good", "blue ")
	s.model("green", "good", "green ")
	s.endpoint("titanic", "blue")
	if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{
		EndpointName: aws.String("titanic"), EndpointConfigName: aws.String("green"),
		DeploymentConfig: &types.DeploymentConfig{BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{
			TrafficRoutingConfiguration: &types.TrafficRoutingConfig{
				Type: types.TrafficRoutingConfigTypeCanary, WaitIntervalInSeconds: aws.Int32(2),
				CanarySize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(10)},
			},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	s.kill(first)
	s.spawn()
	if _, err := s.invoke("titanic", "x"); err != nil {
		t.Errorf("invoke after the restart: %v", err)
	}
	s.inService("titanic")
	if out := s.describe("titanic"); aws.ToString(out.EndpointConfigName) != "green" || out.FailureReason != nil {
		t.Errorf("got %s, %q", aws.ToString(out.EndpointConfigName), aws.ToString(out.FailureReason))
	}
	s.wantAnswer("titanic", "x", "green :x")
}

// TestUpdateRightAfterARestart asks a restarted engine for an update before it has
// brought the endpoint back: the update waits for that, and is carried out.
func TestUpdateRightAfterARestart(t *testing.T) {
	s := &suite{t: t, ctx: t.Context(), dataDir: t.TempDir()}
	first := s.spawn()
	s.model("blue", "good", "blue ")
	s.model("green", "good", "green ")
	s.endpoint("titanic", "blue")
	s.kill(first)
	s.spawn()
	if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String("titanic"), EndpointConfigName: aws.String("green")}); err != nil {
		t.Fatal(err)
	}
	s.inService("titanic")
	if out := s.describe("titanic"); aws.ToString(out.EndpointConfigName) != "green" || out.FailureReason != nil {
		t.Errorf("got %s, %q", aws.ToString(out.EndpointConfigName), aws.ToString(out.FailureReason))
	}
	s.wantAnswer("titanic", "x", "green :x")
}

// TestKilledDuringADelete starts an engine on a store that says Deleting, as a kill
// between the request and the removal leaves it.
func TestKilledDuringADelete(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "")
	s.endpoint("titanic", "blue")
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(s.ctx, filepath.Join(s.dataDir, datadir.DBFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Update(s.ctx, store.Endpoint, homeRegion, "titanic", func(r *store.Record) error { r.Status = "Deleting"; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.open()
	eventually(t, "the endpoint goes", func() bool {
		_, err := s.DescribeEndpoint(s.ctx, &sagemaker.DescribeEndpointInput{EndpointName: aws.String("titanic")})
		return err != nil
	})
}

// TestTerminatedDuringAnUpdate ends the engine cleanly while traffic moves: that is no failure of the update, and the next engine
// carries it on.
func TestTerminatedDuringAnUpdate(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.model("green", "good", "green ")
	s.endpoint("titanic", "blue")
	if _, err := s.UpdateEndpoint(s.ctx, &sagemaker.UpdateEndpointInput{
		EndpointName: aws.String("titanic"), EndpointConfigName: aws.String("green"),
		DeploymentConfig: &types.DeploymentConfig{BlueGreenUpdatePolicy: &types.BlueGreenUpdatePolicy{
			TrafficRoutingConfiguration: &types.TrafficRoutingConfig{
				Type: types.TrafficRoutingConfigTypeCanary, WaitIntervalInSeconds: aws.Int32(1),
				CanarySize: &types.CapacitySize{Type: types.CapacitySizeTypeCapacityPercent, Value: aws.Int32(10)},
			},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	s.open()
	if out := s.describe("titanic"); out.EndpointStatus != types.EndpointStatusUpdating || out.FailureReason != nil {
		t.Errorf("the next engine finds it %s, %q", out.EndpointStatus, aws.ToString(out.FailureReason))
	}
	s.inService("titanic")
	if out := s.describe("titanic"); aws.ToString(out.EndpointConfigName) != "green" || out.FailureReason != nil {
		t.Errorf("got %s, %q", aws.ToString(out.EndpointConfigName), aws.ToString(out.FailureReason))
	}
	s.wantAnswer("titanic", "x", "green :x")
}

// TestKilledDuringARollback starts an engine on a store that says RollingBack: the old configuration serves, and the update is over.
func TestKilledDuringARollback(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "blue ")
	s.endpoint("titanic", "blue")
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(s.ctx, filepath.Join(s.dataDir, datadir.DBFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Update(s.ctx, store.Endpoint, homeRegion, "titanic", func(r *store.Record) error {
		r.Status, r.Document["_Pending"] = "RollingBack", map[string]any{"ConfigName": "green"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.open()
	s.wantAnswer("titanic", "x", "blue :x")
	s.inService("titanic")
	out := s.describe("titanic")
	if aws.ToString(out.EndpointConfigName) != "blue" || !strings.Contains(aws.ToString(out.FailureReason), "The update was rolled back") || out.PendingDeploymentSummary != nil {
		t.Errorf("got %s, %q, pending %v", aws.ToString(out.EndpointConfigName), aws.ToString(out.FailureReason), out.PendingDeploymentSummary)
	}
}

// TestDataDirGone removes the data directory under an engine that serves, as "rm -rf .titanicml" does, and puts another in its place.
func TestDataDirGone(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "")
	s.endpoint("titanic", "blue")
	served := make(chan error, 1)
	go func() { served <- s.engine.Serve(context.WithoutCancel(t.Context())) }()
	if err := os.RemoveAll(s.dataDir); err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(s.dataDir, datadir.Endpoints, homeRegion, "titanic", "fleet", "1", "theirs")
	if err := os.MkdirAll(filepath.Dir(theirs), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-served:
		if !errors.Is(err, engine.ErrDataDirGone) || !strings.Contains(err.Error(), s.dataDir) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the engine serves on without its data directory")
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Errorf("what is in its place was touched: %v", err)
	}
}

// TestEndpointThatCannotComeBackFails loses the program of an endpoint while no
// engine runs.
func TestEndpointThatCannotComeBackFails(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "")
	s.endpoint("titanic", "blue")
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	o := options(s.dataDir)
	o.Images = map[string][]string{"good": image("exit")}
	e, err := engine.Open(s.ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s.url = e.URL()
	s.as("titanicml", homeRegion)
	eventually(t, "the endpoint fails", func() bool { return s.describe("titanic").EndpointStatus == types.EndpointStatusFailed })
	if reason := aws.ToString(s.describe("titanic").FailureReason); !strings.Contains(reason, "did not come back after a restart") {
		t.Errorf("reason %q", reason)
	}
}

func TestOpenRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	spoilt := t.TempDir()
	if err := os.WriteFile(filepath.Join(spoilt, datadir.DBFile), []byte(strings.Repeat("spoilt", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options engine.Options
		want    string
	}{
		"every address":    {engine.Options{DataDir: t.TempDir(), Listen: "0.0.0.0:0"}, "listens on loopback only"},
		"no port":          {engine.Options{DataDir: t.TempDir(), Listen: "127.0.0.1"}, "want host:port"},
		"a taken port":     {engine.Options{DataDir: t.TempDir(), Listen: taken.Addr().String()}, "another program has this port"},
		"a file":           {engine.Options{DataDir: file}, "not a directory"},
		"no data dir":      {engine.Options{}, "empty path"},
		"a spoilt store":   {engine.Options{DataDir: spoilt}, "is corrupted"},
		"an empty command": {engine.Options{DataDir: t.TempDir(), Images: map[string][]string{"x": {}}}, "empty command"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := engine.Open(t.Context(), c.options)
			if err == nil {
				e.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if c.options.DataDir != "" && c.options.DataDir != file {
				if _, living, _ := datadir.Find(c.options.DataDir); living {
					t.Error("the data directory stays locked")
				}
			}
		})
	}
}

func TestSecondEngineNamesTheFirst(t *testing.T) {
	s := newSuite(t)
	_, err := engine.Open(t.Context(), engine.Options{DataDir: s.dataDir})
	var held *datadir.HeldError
	if !errors.As(err, &held) || held.Holder.PID != os.Getpid() || held.Holder.URL != s.url {
		t.Fatalf("got %v", err)
	}
}

func TestIdleEngineEnds(t *testing.T) {
	s := newSuite(t)
	s.model("blue", "good", "")
	s.endpoint("titanic", "blue")
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	o := options(s.dataDir)
	o.IdleExit = 200 * time.Millisecond
	e, err := engine.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s.engine, s.url = e, e.URL()
	s.as("titanicml", homeRegion)
	served := make(chan error, 1)
	go func() { served <- e.Serve(context.WithoutCancel(t.Context())) }()
	select {
	case err := <-served:
		t.Fatalf("ended with an endpoint: %v", err)
	case <-time.After(time.Second):
	}
	if _, err := s.DeleteEndpoint(s.ctx, &sagemaker.DeleteEndpointInput{EndpointName: aws.String("titanic")}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-served:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		e.Close()
		t.Fatal("an idle engine does not end")
	}
	if _, err := s.ListEndpoints(s.ctx, &sagemaker.ListEndpointsInput{}); err == nil {
		t.Error("it still answers")
	}
}

func TestStartIsQuick(t *testing.T) {
	s := newSuite(t)
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	s.open()
	if _, err := s.ListTrainingJobs(s.ctx, &sagemaker.ListTrainingJobsInput{}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("start to first answer took %s", took)
	}
}
