package provider

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// hands stand in front of an endpoint that accepts jobs and runs no containers. Every request is passed on and every answer is the
// endpoint's; when it has accepted a job, what the container would have written is put into its S3. Nothing else is done for it.
type hands struct {
	f     *foreign
	proxy *httputil.ReverseProxy
}

func newHands(f *foreign, endpoint string) (*httptest.Server, error) {
	target, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	h := &hands{f: f, proxy: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		// A connection that the endpoint has closed in the meantime cannot take a request with a body again.
		Transport: &http.Transport{DisableKeepAlives: true},
	}}
	return httptest.NewServer(h), nil
}

func (h *hands) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	work := map[string]func(context.Context, []byte) error{"CreateTrainingJob": h.train, "CreateProcessingJob": h.evaluate}[operation]
	if work == nil {
		h.proxy.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	h.proxy.ServeHTTP(answer, r)
	if answer.Code == http.StatusOK {
		if err := work(r.Context(), body); err != nil {
			http.Error(w, "the container's stand-in: "+err.Error(), http.StatusNotImplemented)
			return
		}
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	if _, err := w.Write(answer.Body.Bytes()); err != nil {
		return // the client is gone
	}
}

func (h *hands) client(ctx context.Context) (*sagemaker.Client, error) {
	return h.f.client(ctx, h.f.accessKey())
}

// train leaves the artifact where SageMaker puts it: under the job's output path.
func (h *hands) train(ctx context.Context, body []byte) error {
	var job sdk.CreateTrainingJobInput
	if err := json.Unmarshal(body, &job); err != nil {
		return err
	}
	quality, err := strconv.Atoi(job.HyperParameters["quality"])
	if err != nil {
		return fmt.Errorf("hyperparameter quality: %w", err)
	}
	archive, err := modelArchive(containerModel{Quality: quality})
	if err != nil {
		return err
	}
	c, err := h.client(ctx)
	if err != nil {
		return err
	}
	at := strings.TrimSuffix(aws.ToString(job.OutputDataConfig.S3OutputPath), "/") + "/" + aws.ToString(job.TrainingJobName) + "/output/model.tar.gz"
	_, err = c.Put(ctx, at, "application/gzip", archive)
	return err
}

// modelArchive is a model.tar.gz of the tests' container.
func modelArchive(m containerModel) ([]byte, error) {
	model, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	files := tar.NewWriter(zipped)
	err = files.WriteHeader(&tar.Header{Name: "model.json", Mode: 0o600, Size: int64(len(model))})
	if err == nil {
		_, err = files.Write(model)
	}
	err = errors.Join(err, files.Close(), zipped.Close())
	return archive.Bytes(), err
}

// evaluate runs the tests' own evaluation on the job's inputs and uploads what it wrote.
func (h *hands) evaluate(ctx context.Context, body []byte) error {
	var job sdk.CreateProcessingJobInput
	if err := json.Unmarshal(body, &job); err != nil {
		return err
	}
	c, err := h.client(ctx)
	if err != nil {
		return err
	}
	base, err := os.MkdirTemp("", "titanicml-hands")
	if err != nil {
		return err
	}
	defer os.RemoveAll(base)
	for _, in := range job.ProcessingInputs {
		uri := aws.ToString(in.S3Input.S3Uri)
		o, err := c.Get(ctx, uri)
		if err != nil {
			return fmt.Errorf("input %s: %w", aws.ToString(in.InputName), err)
		}
		dir := filepath.Join(base, "processing/input", aws.ToString(in.InputName))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, uri[strings.LastIndexByte(uri, '/')+1:]), o.Body, 0o600); err != nil {
			return err
		}
	}
	if err := containerEvaluate(base, job.Environment["CONTAINER_BEHAVIOUR"]); err != nil {
		return err
	}
	out := filepath.Join(base, "processing/output")
	to := aws.ToString(job.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri)
	return filepath.WalkDir(out, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(out, file)
		if err != nil {
			return err
		}
		_, err = c.Put(ctx, to+"/"+filepath.ToSlash(name), "text/plain", content)
		return err
	})
}
