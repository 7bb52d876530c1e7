package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sdktypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// watched stands between provider and engine. It keeps the updates that are asked for, and may put another status into descriptions:
// the engine has no way into some of them.
type watched struct {
	mu      sync.Mutex
	server  *httptest.Server
	updates []map[string]any
	status  string
	refuses []refusal
}

// refusal is what the service answers to the next requests of an operation instead of doing them.
type refusal struct {
	operation, code, message string
	times                    int
}

func watchUpdates(h *harness) *watched {
	w := &watched{}
	h.front = func(engine string) string {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.server == nil {
			target, err := url.Parse(engine)
			if err != nil {
				h.t.Fatal(err)
			}
			proxy := &httputil.ReverseProxy{
				Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
				ModifyResponse: w.answer,
			}
			w.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				if !w.refused(out, r) {
					w.ask(r)
					proxy.ServeHTTP(out, r)
				}
			}))
			h.t.Cleanup(w.server.Close)
		}
		return w.server.URL
	}
	return w
}

func (w *watched) refuse(refusals ...refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuses = refusals
}

func (w *watched) refused(out http.ResponseWriter, r *http.Request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.refuses {
		f := &w.refuses[i]
		if f.times == 0 || r.Header.Get("X-Amz-Target") != "SageMaker."+f.operation {
			continue
		}
		f.times--
		out.Header().Set("Content-Type", "application/x-amz-json-1.1")
		out.WriteHeader(http.StatusBadRequest)
		if err := json.NewEncoder(out).Encode(map[string]string{"__type": f.code, "message": f.message}); err != nil {
			return true // the client is gone
		}
		return true
	}
	return false
}

// unused lists refusals that nothing asked for.
func (w *watched) unused() (left []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.refuses {
		if f.times > 0 {
			left = append(left, f.operation)
		}
	}
	return left
}

func (w *watched) ask(r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "SageMaker.UpdateEndpoint" {
		return
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var update map[string]any
	if err == nil && json.Unmarshal(body, &update) == nil {
		w.mu.Lock()
		w.updates = append(w.updates, update)
		w.mu.Unlock()
	}
}

func (w *watched) answer(r *http.Response) error {
	w.mu.Lock()
	status := w.status
	w.mu.Unlock()
	if status == "" || r.StatusCode != http.StatusOK || r.Request.Header.Get("X-Amz-Target") != "SageMaker.DescribeEndpoint" {
		return nil
	}
	var described map[string]any
	if err := json.NewDecoder(r.Body).Decode(&described); err != nil {
		return err
	}
	described["EndpointStatus"], described["FailureReason"] = status, "the role was deleted"
	body, err := json.Marshal(described)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

func (w *watched) pretend(status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

// take returns the updates asked for since the last time, as JSON.
func (w *watched) take(t *testing.T) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range w.updates {
		delete(u, "EndpointConfigName")
	}
	body, err := json.Marshal(w.updates)
	if err != nil {
		t.Fatal(err)
	}
	w.updates = nil
	return string(body)
}

// instances is how many instances the endpoint has now.
func (h *harness) instances() int32 {
	h.t.Helper()
	out, err := h.client().SageMaker.DescribeEndpoint(h.t.Context(), &sdk.DescribeEndpointInput{EndpointName: aws.String("tiny")})
	if err != nil {
		h.t.Fatal(err)
	}
	return aws.ToInt32(out.ProductionVariants[0].CurrentInstanceCount)
}

// TestEndpointRollouts moves traffic in each way, keeps what autoscaling did, and lets an alarm roll an update back.
func TestEndpointRollouts(t *testing.T) {
	h := newHarness(t)
	w := watchUpdates(h)
	rollout := func(quality, count int, serve, how string) string {
		config := h.config(servedConfig(fmt.Sprintf(`quality = "%d", serve = %q`, quality, serve), "rollout = { "+how+" }"))
		return strings.Replace(config, `instance = { type = "ml.t2.medium", count = 1 }`, fmt.Sprintf(`instance = { type = "ml.t2.medium", count = %d }`, count), 1)
	}
	asked := func(want string) {
		t.Helper()
		if got := w.take(t); got != want {
			t.Errorf("asked for\n%s, want\n%s", got, want)
		}
	}
	routing := func(strategy string, retained string) string {
		return `[{"DeploymentConfig":{"BlueGreenUpdatePolicy":{"MaximumExecutionTimeoutInSeconds":600,"TerminationWaitInSeconds":0,"TrafficRoutingConfiguration":{` + strategy +
			`"WaitIntervalInSeconds":1}}},"EndpointName":"tiny",` + retained + `"RetainAllVariantProperties":true}]`
	}
	const limits = `bake = "1s", max_execution = "10m"`
	stop := func() {}
	h.run(
		resource.TestStep{Config: rollout(800, 2, "", `strategy = "all_at_once"`), Check: attribute(endpointAddress, "version", "1")},
		resource.TestStep{
			PreConfig: func() { asked(`null`) },
			Config:    rollout(820, 2, "", `strategy = "canary", size = 30, `+limits), Check: attribute(endpointAddress, "version", "2"),
		},
		resource.TestStep{
			PreConfig: func() {
				asked(routing(`"CanarySize":{"Type":"CAPACITY_PERCENT","Value":30},"Type":"CANARY",`, ""))
				// Autoscaling goes to three instances.
				_, err := h.client().SageMaker.UpdateEndpointWeightsAndCapacities(t.Context(), &sdk.UpdateEndpointWeightsAndCapacitiesInput{EndpointName: aws.String("tiny"),
					DesiredWeightsAndCapacities: []sdktypes.DesiredWeightAndCapacity{{VariantName: aws.String("champion"), DesiredInstanceCount: aws.Int32(3)}}})
				if err != nil {
					t.Fatal(err)
				}
				if err := h.client().Wait(t.Context(), func(context.Context) (bool, error) { return h.instances() == 3, nil }); err != nil {
					t.Fatal(err)
				}
			},
			Config: rollout(840, 2, "", `strategy = "linear", size = 50, `+limits), Check: attribute(endpointAddress, "version", "3"),
		},
		resource.TestStep{ // a deployment kept the three; another count in the configuration counts
			PreConfig: func() {
				asked(routing(`"LinearStepSize":{"Type":"CAPACITY_PERCENT","Value":50},"Type":"LINEAR",`, ""))
				if n := h.instances(); n != 3 {
					t.Errorf("a deployment left %d instances, want the 3 of autoscaling", n)
				}
			},
			Config: rollout(840, 1, "", `strategy = "all_at_once", `+limits),
		},
		resource.TestStep{ // the new version answers 500 while it is watched
			PreConfig: func() {
				asked(routing(`"Type":"ALL_AT_ONCE",`, `"ExcludeRetainedVariantProperties":[{"VariantPropertyType":"DesiredInstanceCount"}],`))
				if n := h.instances(); n != 1 {
					t.Errorf("%d instances, want 1", n)
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				c := h.client()
				go func() {
					defer close(done)
					for ctx.Err() == nil {
						// Half of them fail: they reach the new version.
						_, err := c.Runtime.InvokeEndpoint(ctx, &sagemakerruntime.InvokeEndpointInput{EndpointName: aws.String("tiny"), Body: []byte("{}"), ContentType: aws.String("application/json")})
						if err != nil {
							select {
							case <-ctx.Done():
							case <-time.After(10 * time.Millisecond):
							}
						}
					}
				}()
				stop = func() { cancel(); <-done }
			},
			Config:      rollout(900, 1, "error500", `strategy = "canary", size = 50, bake = "30s", max_execution = "10m", alarms = ["titanic-5xx"]`),
			ExpectError: saysAll("SageMaker rolled the update back: Alarm 5xx", "is still in service"),
		},
		resource.TestStep{
			PreConfig:    func() { stop(); h.onlyWhatServes() },
			RefreshState: true, ExpectNonEmptyPlan: true, Check: attribute(endpointAddress, "version", "3"),
		},
	)
}

// TestEndpointInAStatusItCannotLeave meets the statuses that end an update for good.
func TestEndpointInAStatusItCannotLeave(t *testing.T) {
	h := newHarness(t)
	w := watchUpdates(h)
	next := h.config(servedConfig(`quality = "900"`, ""))
	h.run(
		resource.TestStep{Config: h.config(servedConfig(`quality = "800"`, ""))},
		resource.TestStep{PreConfig: func() { w.pretend("UpdateRollbackFailed") }, Config: next,
			ExpectError: saysAll("endpoint tiny is UpdateRollbackFailed: the role was deleted", "with a mix of its old and its new configuration, so -replace would take it out of service", "then apply again")},
		resource.TestStep{PreConfig: func() { w.pretend("Failed") }, Config: next,
			ExpectError: saysAll("endpoint tiny is Failed: the role was deleted", "SageMaker cannot update an endpoint in this status", "terraform apply -replace=ADDRESS")},
		resource.TestStep{PreConfig: func() {
			w.pretend("")
			h.onlyWhatServes()
			if got := w.take(t); got != "null" {
				t.Errorf("an endpoint that cannot be updated was asked for %s", got)
			}
		}, Config: next, Check: attribute(endpointAddress, "version", "2")},
	)
}

// TestEndpointBeforeItsPartsAreSeen meets an AWS that does not know yet, everywhere, what it has just made.
func TestEndpointBeforeItsPartsAreSeen(t *testing.T) {
	h := newHarness(t)
	w := watchUpdates(h)
	unseen := func(operation, what string) refusal {
		return refusal{operation, "ValidationException", fmt.Sprintf("Could not find %s \"arn:aws:sagemaker:eu-west-1:000000000000:x/y\".", what), 3}
	}
	allUsed := func() {
		if left := w.unused(); len(left) > 0 {
			t.Errorf("nothing asked for %v", left)
		}
	}
	h.run(
		resource.TestStep{
			PreConfig: func() {
				w.refuse(unseen("CreateEndpointConfig", "model"), unseen("CreateEndpoint", "endpoint configuration"), unseen("DescribeTrainingJob", "training job"))
			},
			Config: h.config(servedConfig(`quality = "800"`, "")), Check: attribute(endpointAddress, "version", "1"),
		},
		resource.TestStep{
			PreConfig: func() { allUsed(); w.refuse(unseen("UpdateEndpoint", "endpoint configuration")) },
			Config:    h.config(servedConfig(`quality = "900"`, "")), Check: attribute(endpointAddress, "version", "2"),
		},
		resource.TestStep{ // what is never seen is an error, and what served serves on
			PreConfig: func() {
				allUsed()
				h.onlyWhatServes()
				never := unseen("UpdateEndpoint", "endpoint configuration")
				never.times = 100
				w.refuse(never)
			},
			Config: h.config(servedConfig(`quality = "950"`, "")), ExpectError: saysAll("updating endpoint tiny", "Could not find endpoint configuration"),
		},
		resource.TestStep{PreConfig: func() { w.refuse() }, Config: h.config(servedConfig(`quality = "950"`, "")), Check: attribute(endpointAddress, "version", "3")},
	)
	h.onlyNothing()
}

// onlyNothing fails unless endpoint configurations and models are all gone.
func (h *harness) onlyNothing() {
	h.t.Helper()
	if configs, models := h.objects(); len(configs)+len(models) > 0 {
		h.t.Errorf("there are configurations %v and models %v", configs, models)
	}
}

// TestRefusalsOfTheService gets what AWS answers to an account that may not, may not any more, or may not so much. Each says what to
// do, and the apply after it starts one job.
func TestRefusalsOfTheService(t *testing.T) {
	h := newHarness(t)
	w := watchUpdates(h)
	config := h.config(trainingConfig(`quality = "800"`, ""))
	var steps []resource.TestStep
	for _, c := range []struct{ code, message, want string }{
		{"AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/ci/run is not authorized to perform: sagemaker:CreateTrainingJob on resource: arn:aws:sagemaker:eu-west-1:111122223333:training-job/tiny-1 because no identity-based policy allows the sagemaker:CreateTrainingJob action",
			`{"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": "arn:aws:sagemaker:eu-west-1:111122223333:training-job/tiny-1"}`},
		{"ExpiredTokenException", "The security token included in the request is expired", "Sign in again (for example `aws sso login`) and run the same command"},
		{"ResourceLimitExceeded", "The account-level service limit 'ml.m5.large for training job usage' is 0 Instances", "ask for a higher quota in the Service Quotas console"},
		{"ValidationException", "1 validation error detected: Value at 'trainingJobName' failed to satisfy constraint", "1 validation error detected"},
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: func() { w.refuse(refusal{"CreateTrainingJob", c.code, c.message, 100}) }, Config: config, ExpectError: saysAll("Training run not completed", c.want),
		})
	}
	h.run(append(steps, resource.TestStep{PreConfig: func() { w.refuse() }, Config: config, Check: attribute(trainingAddress, "attempt", "1")})...)
	if n := h.jobs("training", "tiny-"); n != 1 {
		t.Errorf("got %d jobs, want one", n)
	}
}
