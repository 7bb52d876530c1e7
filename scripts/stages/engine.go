package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// engine is the local engine behind a rehearsal. dev reaches it as engine = "local"; prod, which refuses that, as
// engine = "sagemaker" with endpoints of the same data directory, so that prod sees dev's ledger.
type engine struct {
	root, dataDir, region, url string
	serving                    *exec.Cmd
}

func (e *engine) program() string { return filepath.Join(e.root, "bin", "titanicml-local") }

func (e *engine) images() map[string][]string {
	images := map[string][]string{}
	for _, env := range []string{"dev", "prod"} {
		images["titanic-"+env+"-workload"] = []string{filepath.Join(e.root, "bin", "titanic")}
	}
	return images
}

// settings is the variable titanicml of every stage.
func (e *engine) settings(env string) map[string]any {
	if env == "dev" {
		return map[string]any{"engine": "local", "local": map[string]any{"data_dir": e.dataDir, "images": e.images()}}
	}
	return map[string]any{"engine": "sagemaker", "endpoints": map[string]string{"s3": e.url, "sagemaker": e.url, "sagemaker_runtime": e.url, "sts": e.url}}
}

// become makes the engine answer for an environment and gives it that environment's store.
func (e *engine) become(ctx context.Context, env, account string) error {
	if env == "dev" {
		return e.stop(ctx)
	}
	if err := e.stop(ctx); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	args := []string{"serve", "--data-dir", e.dataDir, "--listen", address}
	for name, command := range e.images() {
		args = append(args, "--image", name+"="+command[0])
	}
	log, err := os.OpenFile(e.dataDir+".log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the engine's log: %w", err)
	}
	serving := exec.Command(e.program(), args...)
	serving.Stderr = log
	// The engine has the file by then, or was not started.
	if err := errors.Join(serving.Start(), log.Close()); err != nil {
		return fmt.Errorf("start the engine for %s: %w", env, err)
	}
	e.serving, e.url = serving, "http://"+address
	// What the provider signs with: on the engine the access key is the identity.
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "titanicml-" + env, "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": e.region} {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	if err := e.wait(ctx); err != nil {
		return err
	}
	return e.makeBucket(ctx, "titanic-"+env+"-store-"+account)
}

// wait asks until the engine answers.
func (e *engine) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url, nil)
		if err != nil {
			return fmt.Errorf("ask the engine: %w", err)
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			return response.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the engine does not answer at %s: %w", e.url, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// makeBucket makes the store's bucket, which stage 1 makes on AWS and a stand-in only seems to.
func (e *engine) makeBucket(ctx context.Context, name string) error {
	client := s3.New(s3.Options{Region: e.region, BaseEndpoint: aws.String(e.url), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("titanicml", "local", "")})
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(e.region)}})
	var there *types.BucketAlreadyOwnedByYou
	var exists *types.BucketAlreadyExists
	if err != nil && !errors.As(err, &there) && !errors.As(err, &exists) {
		return fmt.Errorf("make the store's bucket %s: %w", name, err)
	}
	return nil
}

// approve does what the person with the approver role does on AWS.
func (e *engine) approve(ctx context.Context, group string) error {
	out, err := exec.CommandContext(ctx, e.program(), "approve", "--data-dir", e.dataDir, "--region", e.region,
		"--as", "reviewer", "--reason", "rehearsal", group).CombinedOutput()
	if err != nil {
		return fmt.Errorf("approve the newest version of %s: %w\n%s", group, err, out)
	}
	return nil
}

func (e *engine) stop(ctx context.Context) error {
	if _, err := os.Stat(e.dataDir); err != nil {
		return nil // no data directory, no engine
	}
	out, err := exec.CommandContext(ctx, e.program(), "stop", "--data-dir", e.dataDir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("stop the engine: %w\n%s", err, out)
	}
	if e.serving != nil {
		// Its exit status says how it was stopped, which is known here.
		_ = e.serving.Wait()
		e.serving = nil
	}
	return nil
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	address := listener.Addr().String()
	return address, listener.Close()
}
