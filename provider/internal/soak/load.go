package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
)

const (
	role         = "arn:aws:iam::000000000000:role/soak"
	region       = "eu-west-1"
	endpointName = "soak"
	bucket       = "soak"
)

// endpoint is the endpoint under load. Its models are numbered, and each answers with its number.
type endpoint struct {
	api     *sagemaker.Client
	objects *s3.Client
	url     string
	every   time.Duration
	// served is the newest number that the engine has said to be in service, asked the newest that it was asked for: between
	// both an answer has to lie.
	served, asked atomic.Int64
	updates       atomic.Int64
}

func deploy(ctx context.Context, url string, every time.Duration) (*endpoint, error) {
	config := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("soak", "local", ""), BaseEndpoint: &url}
	e := &endpoint{api: sagemaker.NewFromConfig(config), url: url, every: every,
		objects: s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })}
	if _, err := e.objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		return nil, err
	}
	e.asked.Store(1)
	if err := e.make(ctx, 1); err != nil {
		return nil, err
	}
	if _, err := e.api.CreateEndpoint(ctx, &sagemaker.CreateEndpointInput{EndpointName: aws.String(endpointName), EndpointConfigName: aws.String(name(1))}); err != nil {
		return nil, err
	}
	return e, e.arrived(ctx, 1)
}

func name(n int64) string { return fmt.Sprintf("soak-%d", n) }

// make creates the artifact, model and configuration with number n.
func (e *endpoint) make(ctx context.Context, n int64) error {
	artifact, err := workload.Artifact(int(n))
	if err != nil {
		return err
	}
	key := name(n) + "/model.tar.gz"
	if _, err := e.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: bytes.NewReader(artifact)}); err != nil {
		return err
	}
	if _, err := e.api.CreateModel(ctx, &sagemaker.CreateModelInput{ModelName: aws.String(name(n)), ExecutionRoleArn: aws.String(role),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("tiny"), ModelDataUrl: aws.String("s3://" + bucket + "/" + key)}}); err != nil {
		return err
	}
	_, err = e.api.CreateEndpointConfig(ctx, &sagemaker.CreateEndpointConfigInput{EndpointConfigName: aws.String(name(n)),
		ProductionVariants: []types.ProductionVariant{{VariantName: aws.String("all"), ModelName: aws.String(name(n)),
			InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1), InitialVariantWeight: aws.Float32(1)}}})
	return err
}

// remove deletes what make has created.
func (e *endpoint) remove(ctx context.Context, n int64) error {
	if _, err := e.api.DeleteEndpointConfig(ctx, &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: aws.String(name(n))}); err != nil {
		return err
	}
	if _, err := e.api.DeleteModel(ctx, &sagemaker.DeleteModelInput{ModelName: aws.String(name(n))}); err != nil {
		return err
	}
	_, err := e.objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String(name(n) + "/model.tar.gz")})
	return err
}

// arrived waits until the endpoint serves number n, and fails when it went back to another one.
func (e *endpoint) arrived(ctx context.Context, n int64) error {
	waiter := sagemaker.NewEndpointInServiceWaiter(e.api, func(o *sagemaker.EndpointInServiceWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 200*time.Millisecond
	})
	out, err := waiter.WaitForOutput(ctx, &sagemaker.DescribeEndpointInput{EndpointName: aws.String(endpointName)}, time.Minute)
	if err != nil {
		return fmt.Errorf("waiting for configuration %s: %w", name(n), err)
	}
	if got := aws.ToString(out.EndpointConfigName); got != name(n) {
		return fmt.Errorf("the endpoint went back to configuration %s instead of %s: %s", got, name(n), aws.ToString(out.FailureReason))
	}
	e.served.Store(n)
	return nil
}

// keepUpdating moves the endpoint to a new model again and again until ctx ends.
func (e *endpoint) keepUpdating(ctx context.Context) error {
	ticker := time.NewTicker(e.every)
	defer ticker.Stop()
	for n := int64(2); ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		// An update that was begun is finished, so that the end of the time fails nothing.
		if err := e.update(context.WithoutCancel(ctx), n); err != nil {
			return fmt.Errorf("update %d: %w", n-1, err)
		}
	}
}

func (e *endpoint) update(ctx context.Context, n int64) error {
	if err := e.make(ctx, n); err != nil {
		return err
	}
	e.asked.Store(n)
	if _, err := e.api.UpdateEndpoint(ctx, &sagemaker.UpdateEndpointInput{EndpointName: aws.String(endpointName), EndpointConfigName: aws.String(name(n))}); err != nil {
		return err
	}
	if err := e.arrived(ctx, n); err != nil {
		return err
	}
	e.updates.Add(1)
	return e.remove(ctx, n-1)
}

// load invokes the endpoint at a rate.
type load struct {
	endpoint *endpoint
	answered atomic.Int64
	failed   atomic.Int64 // no answer, or not with status 200
	wrong    atomic.Int64 // the answer of a model that must not serve any more, or not yet
	first    atomic.Pointer[string]
}

// clients share the rate; each keeps one request under way at most.
const clients = 16

func (l *load) run(ctx context.Context, rate int) {
	// No proxy, and one connection for each client.
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			ticker := time.NewTicker(time.Second * clients / time.Duration(rate))
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
				l.invoke(context.WithoutCancel(ctx), client)
			}
		})
	}
	group.Wait()
}

func (l *load) invoke(ctx context.Context, client *http.Client) {
	oldest := l.endpoint.served.Load()
	n, err := l.ask(ctx, client)
	newest := l.endpoint.asked.Load()
	switch {
	case err != nil:
		l.failed.Add(1)
	case n < oldest || n > newest:
		l.wrong.Add(1)
		err = fmt.Errorf("model %d answered while %d to %d were to serve", n, oldest, newest)
	default:
		l.answered.Add(1)
		return
	}
	text := time.Now().UTC().Format(time.TimeOnly) + " " + err.Error()
	l.first.CompareAndSwap(nil, &text)
}

// ask returns the number of the model that answers. The signature is not checked by the engine, which reads the region and the
// identity from it.
func (l *load) ask(ctx context.Context, client *http.Client) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.endpoint.url+"/endpoints/"+endpointName+"/invocations", bytes.NewReader([]byte("3,male,22\n")))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=soak/20260101/"+region+"/sagemaker/aws4_request, SignedHeaders=host, Signature=0")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("status %s: %s", response.Status, body)
	}
	return strconv.ParseInt(string(bytes.TrimSpace(body)), 10, 64)
}
