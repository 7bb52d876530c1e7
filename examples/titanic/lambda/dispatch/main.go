// Command dispatch is the Lambda function that starts a deployment workflow on GitHub. It decides nothing:
// the workflow applies the serving stage, and the gate there decides.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/awsjson"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/lambda/internal/function"
)

// Event carries the workflow's inputs: a candidate's ARN and its evaluation, or nothing for a plain deployment.
type Event struct {
	Inputs map[string]string `json:"inputs"`
}

// Result says what was started.
type Result struct {
	Workflow string `json:"workflow"`
	Ref      string `json:"ref"`
}

// dispatcher starts one workflow of one repository.
type dispatcher struct {
	api, repository, workflow, ref string
	http                           *http.Client
	token                          func(context.Context) (string, error)
}

func main() {
	function.Main(setUp)
}

func setUp(ctx context.Context, getenv func(string) string) (function.Handler[Event, Result], error) {
	env, err := function.Required(getenv, "REF", "REPOSITORY", "TOKEN_ARN", "WORKFLOW")
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the function's credentials: %w", err)
	}
	client := &http.Client{Timeout: 20 * time.Second}
	secrets := awsjson.Client{Config: cfg, Endpoint: "https://secretsmanager." + cfg.Region + ".amazonaws.com", Service: "secretsmanager", HTTP: client, Now: time.Now}
	d := dispatcher{api: "https://api.github.com", repository: env["REPOSITORY"], workflow: env["WORKFLOW"], ref: env["REF"], http: client,
		token: func(ctx context.Context) (string, error) { return readToken(ctx, secrets, env["TOKEN_ARN"]) }}
	return d.handle, nil
}

// readToken is called for every event, so that a rotated token needs no new deployment.
func readToken(ctx context.Context, secrets awsjson.Client, arn string) (string, error) {
	var out struct {
		SecretString string `json:"SecretString"`
	}
	if err := secrets.Call(ctx, "secretsmanager.GetSecretValue", map[string]string{"SecretId": arn}, &out); err != nil {
		return "", fmt.Errorf("%w; the secret starts without a value: put a fine-grained token with actions:write into it", err)
	}
	if out.SecretString == "" {
		return "", fmt.Errorf("the secret %s is empty; put a fine-grained token with actions:write into it", arn)
	}
	return out.SecretString, nil
}

func (d dispatcher) handle(ctx context.Context, event Event) (Result, error) {
	for name := range event.Inputs {
		if name != "candidate" && name != "evaluation" {
			return Result{}, fmt.Errorf("got the input %q, expected candidate or evaluation", name)
		}
	}
	token, err := d.token(ctx)
	if err != nil {
		return Result{}, err
	}
	body, err := json.Marshal(map[string]any{"ref": d.ref, "inputs": event.Inputs})
	if err != nil {
		return Result{}, fmt.Errorf("encode the inputs: %w", err)
	}
	url := fmt.Sprintf("%s/repos/%s/actions/workflows/%s/dispatches", d.api, d.repository, d.workflow)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Result{}, fmt.Errorf("start %s: %w", d.workflow, err)
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	response, err := d.http.Do(request)
	if err != nil {
		return Result{}, fmt.Errorf("start %s: %w", d.workflow, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusNoContent && response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1024))
		return Result{}, fmt.Errorf("start %s of %s: got %s: %s", d.workflow, d.repository, response.Status, text)
	}
	return Result{Workflow: d.workflow, Ref: d.ref}, nil
}
