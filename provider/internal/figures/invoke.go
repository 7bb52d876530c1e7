package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

const (
	role = "arn:aws:iam::000000000000:role/figures"
	// passenger is one row without its label, in the order of the training file's columns.
	passenger = "3,male,22,1,0\n"
)

// measureInvocations trains a model, serves it through the engine and, from the same artifact, by a
// container started here, and compares the two.
func measureInvocations(ctx context.Context, s settings) ([]proof.Figure, error) {
	dataDir := filepath.Join(s.work, "invoke-engine")
	instance, err := launch.Ensure(ctx, dataDir, map[string][]string{"titanic": {s.titanic}})
	if err != nil {
		return nil, err
	}
	defer launch.Stop(context.WithoutCancel(ctx), dataDir)

	begin := time.Now()
	model, err := s.train(ctx)
	if err != nil {
		return nil, err
	}
	training := time.Since(begin)
	if err := deploy(ctx, instance.URL, model); err != nil {
		return nil, err
	}
	direct, stop, err := s.serveDirectly(ctx, model)
	if err != nil {
		return nil, err
	}
	defer stop()

	engine := instance.URL + "/endpoints/figures/invocations"
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 10 * time.Second}
	// Both are measured in turn, so that a slow second of the machine hits both.
	var viaEngine, viaContainer []time.Duration
	for i := range 6000 {
		for _, target := range []struct {
			url   string
			times *[]time.Duration
		}{{engine, &viaEngine}, {direct, &viaContainer}} {
			begin := time.Now()
			if err := invoke(ctx, client, target.url); err != nil {
				return nil, err
			}
			if i >= 1000 {
				*target.times = append(*target.times, time.Since(begin))
			}
		}
	}
	p50 := quantile(viaEngine, 0.5) - quantile(viaContainer, 0.5)
	p99 := quantile(viaEngine, 0.99) - quantile(viaContainer, 0.99)

	fmt.Printf("  loading the endpoint for %s\n", s.sustained)
	rate, failures, first := load(ctx, client, engine, s.sustained)
	if first != nil {
		fmt.Printf("  first failure: %v\n", first)
	}
	return []proof.Figure{
		{Name: "training on 1,309 passengers, whole process", Value: millis(training), Bound: "< 1 s", OK: training < time.Second},
		{Name: "added by the engine, p50 of 5,000 (direct " + millis(quantile(viaContainer, 0.5)) + ")", Value: millis(p50), Bound: "<= 1 ms", OK: p50 <= time.Millisecond},
		{Name: "added by the engine, p99 of 5,000 (direct " + millis(quantile(viaContainer, 0.99)) + ")", Value: millis(p99), Bound: "<= 5 ms", OK: p99 <= 5*time.Millisecond},
		{Name: fmt.Sprintf("sustained for %s by 16 clients", s.sustained), Value: fmt.Sprintf("%.0f/s", rate), Bound: ">= 2000/s", OK: rate >= 2000},
		{Name: "failed of these", Value: strconv.FormatInt(failures, 10), Bound: "0", OK: failures == 0},
	}, nil
}

// train makes a model with the workload as its container would, and returns model.tar.gz.
func (s settings) train(ctx context.Context) ([]byte, error) {
	base := filepath.Join(s.work, "train")
	for _, dir := range []string{"input/config", "input/data/train", "model", "output"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			return nil, err
		}
	}
	data, err := os.ReadFile(s.data)
	if err != nil {
		return nil, err
	}
	for name, content := range map[string][]byte{
		"input/data/train/train.csv":          data,
		"input/config/hyperparameters.json":   []byte(`{"features":"full"}`),
		"input/config/inputdataconfig.json":   []byte(`{"train":{"ContentType":"text/csv","TrainingInputMode":"File"}}`),
		"input/config/resourceconfig.json":    []byte(`{"current_host":"algo-1","hosts":["algo-1"]}`),
		"input/config/trainingjobconfig.json": []byte(`{}`),
	} {
		if err := os.WriteFile(filepath.Join(base, name), content, 0o644); err != nil {
			return nil, err
		}
	}
	command := exec.CommandContext(ctx, s.titanic, "train")
	command.Env = append(os.Environ(), "SAGEMAKER_BASE_DIR="+base)
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("training: %w\n%s", err, out)
	}
	return exec.CommandContext(ctx, "tar", "-czf", "-", "-C", filepath.Join(base, "model"), ".").Output()
}

// deploy creates the endpoint "figures" from a model artifact and waits until it is in service.
func deploy(ctx context.Context, url string, model []byte) error {
	config := aws.Config{
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("figures", "local", ""),
		BaseEndpoint: &url,
	}
	objects := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("figures")}); err != nil {
		return err
	}
	if _, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("figures"), Key: aws.String("model.tar.gz"), Body: bytes.NewReader(model)}); err != nil {
		return err
	}
	api := sagemaker.NewFromConfig(config)
	name := aws.String("figures")
	if _, err := api.CreateModel(ctx, &sagemaker.CreateModelInput{ModelName: name, ExecutionRoleArn: aws.String(role),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("titanic"), ModelDataUrl: aws.String("s3://figures/model.tar.gz")}}); err != nil {
		return err
	}
	if _, err := api.CreateEndpointConfig(ctx, &sagemaker.CreateEndpointConfigInput{EndpointConfigName: name,
		ProductionVariants: []types.ProductionVariant{{VariantName: aws.String("all"), ModelName: name,
			InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1), InitialVariantWeight: aws.Float32(1)}}}); err != nil {
		return err
	}
	if _, err := api.CreateEndpoint(ctx, &sagemaker.CreateEndpointInput{EndpointName: name, EndpointConfigName: name}); err != nil {
		return err
	}
	waiter := sagemaker.NewEndpointInServiceWaiter(api, func(o *sagemaker.EndpointInServiceWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
	})
	return waiter.Wait(ctx, &sagemaker.DescribeEndpointInput{EndpointName: name}, time.Minute)
}

// serveDirectly starts the same container without the engine and returns its invocation address.
func (s settings) serveDirectly(ctx context.Context, model []byte) (url string, stop func(), err error) {
	base := filepath.Join(s.work, "direct")
	if err := os.MkdirAll(filepath.Join(base, "model"), 0o755); err != nil {
		return "", nil, err
	}
	unpack := exec.CommandContext(ctx, "tar", "-xzf", "-", "-C", filepath.Join(base, "model"))
	unpack.Stdin = bytes.NewReader(model)
	if out, err := unpack.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("unpacking the model: %w\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	command := exec.Command(s.titanic, "serve")
	command.Env = append(os.Environ(), "SAGEMAKER_BASE_DIR="+base, "SAGEMAKER_BIND_TO_PORT="+strconv.Itoa(port))
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(address + "/ping")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return address + "/invocations", stop, nil
			}
		}
	}
	stop()
	return "", nil, errors.New("the container did not answer /ping within 5 s")
}

// load invokes the endpoint from 16 clients until the time is over.
func load(ctx context.Context, client *http.Client, url string, length time.Duration) (rate float64, failures int64, first error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var done, failed atomic.Int64
	var once sync.Once
	var group sync.WaitGroup
	begin := time.Now()
	for range 16 {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := invoke(ctx, client, url); err == nil {
					done.Add(1)
				} else if ctx.Err() == nil {
					failed.Add(1)
					once.Do(func() { first = err })
				}
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(begin).Seconds(), failed.Load(), first
}

// invoke asks for one prediction. The signature is not checked by the engine, which reads the region
// and the identity from it.
func invoke(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(passenger)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=figures/20260101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || len(bytes.TrimSpace(body)) == 0 {
		return fmt.Errorf("%s: %s: %s", url, response.Status, body)
	}
	return nil
}

// quantile returns the q-quantile of times by the nearest rank.
func quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
