//go:build linux || darwin

package driver

import (
	"fmt"
	"path/filepath"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/minicore"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
)

const (
	Group  = "tiny"
	Region = "eu-west-1"
	Store  = "s3://titanicml-local/titanicml"
	Role   = "arn:aws:iam::000000000000:role/chaos"

	// Minimum is the accuracy that the gate asks for, tightened the one after somebody has tightened it. In per mille, as the
	// qualities of the models are.
	Minimum   = 500
	tightened = 600
)

// Spec is all that differs between the configurations of a schedule.
type Spec struct {
	State   string // a or b; part of every name but the group's
	AWS     bool   // engine = "sagemaker", pointed at the proxy
	Dir     string // of the schedule
	DataDir string // the engine's
	Program string // this one, which is also the container
	Proxy   string // address

	Quality      int    // of the model to train
	Milliseconds int    // how long that takes
	Candidate    string // an earlier version to go back to; "" for the trained one
	Tightened    bool
	Hold         bool // on_rejection
	Approval     bool // a person has to approve
	Versus       bool // compare with the champion
	MaxAge       bool
	Smoke        bool // test the endpoint
}

// Endpoint is the endpoint's name.
func (s Spec) Endpoint() string { return "endpoint-" + s.State }

// TrainingFile is the data file that the configuration uploads.
func (s Spec) TrainingFile() string { return filepath.Join(s.Dir, "train-"+s.State+".csv") }

// config is what a person would write: data, training, evaluation, registration, gate and endpoint.
func (s Spec) config() minicore.Config {
	provider := map[string]any{"required_tags": []any{}}
	withRole := func(arguments map[string]any) map[string]any { return arguments }
	if s.AWS {
		provider["engine"], provider["environment"], provider["region"], provider["store"] = "sagemaker", "prod", Region, Store
		provider["access_key"], provider["secret_key"], provider["s3_use_path_style"] = "titanicml", "local", true
		provider["endpoints"] = map[string]any{"sagemaker": s.Proxy, "sagemaker_runtime": s.Proxy, "s3": s.Proxy, "sts": s.Proxy}
		withRole = func(arguments map[string]any) map[string]any {
			arguments["role_arn"] = Role
			return arguments
		}
	} else {
		provider["local"] = map[string]any{"data_dir": s.DataDir, "images": map[string]any{"tiny": []any{s.Program, workload.Argument}}}
	}
	ref := func(address, attribute string) minicore.Ref {
		return minicore.Ref{Address: address, Attribute: attribute}
	}
	bound := float64(Minimum) / 1000
	if s.Tightened {
		bound = float64(tightened) / 1000
	}
	requirements := []any{map[string]any{"metric": "accuracy", "min": bound}}
	evaluation := map[string]any{
		"name": "evaluation-" + s.State, "image": "tiny", "model_uri": ref("titanicml_training_run.t", "artifact_uri"),
		"model_sha256": ref("titanicml_training_run.t", "artifact_sha256"), "dataset": ref("titanicml_dataset.d", "uri"), "id_column": "id",
	}
	if s.Versus {
		evaluation["baseline_group"] = Group
		requirements = append(requirements, map[string]any{"metric": "accuracy", "versus_champion": map[string]any{"max_drop": 0.9}})
	}
	promotion := map[string]any{"model_package_group": Group, "requirements": requirements}
	if s.Candidate != "" {
		promotion["candidate"], promotion["reason"] = s.Candidate, "back to what was good"
	} else {
		promotion["candidate"], promotion["evaluation"] = ref("titanicml_model_version.v", "arn"), ref("titanicml_evaluation.e", "id")
	}
	if s.Hold {
		promotion["on_rejection"] = "hold"
	}
	if s.Approval {
		promotion["approval"] = map[string]any{"required": true, "distinct_from_trainer": true}
	}
	if s.MaxAge {
		promotion["evidence"] = map[string]any{"max_age": "24h"}
	}
	endpoint := map[string]any{
		"name": s.Endpoint(), "serving": ref("titanicml_promotion.p", "serving"),
		"instance": map[string]any{"type": "ml.m5.large", "count": int64(1)},
	}
	if s.Smoke {
		endpoint["smoke_test"] = map[string]any{"payload": "3,male", "content_type": "text/csv", "expected_status": int64(200)}
	}
	return minicore.Config{Provider: provider, Resources: []minicore.Resource{
		{Type: "titanicml_dataset", Name: "d", Arguments: map[string]any{"name": "train-" + s.State, "source": s.TrainingFile()}},
		{Type: "titanicml_training_run", Name: "t", Arguments: withRole(map[string]any{
			"name": "run-" + s.State, "image": "tiny", "inputs": map[string]any{"train": ref("titanicml_dataset.d", "uri")},
			"hyperparameters": map[string]any{"quality": fmt.Sprint(s.Quality), "milliseconds": fmt.Sprint(s.Milliseconds)},
		})},
		{Type: "titanicml_evaluation", Name: "e", Arguments: withRole(evaluation)},
		{Type: "titanicml_model_version", Name: "v", Arguments: map[string]any{
			"model_package_group": Group, "image": "tiny", "artifact_uri": ref("titanicml_training_run.t", "artifact_uri"),
			"training_run": ref("titanicml_training_run.t", "id"), "evaluation": ref("titanicml_evaluation.e", "id"),
		}},
		{Type: "titanicml_promotion", Name: "p", Arguments: promotion},
		{Type: "titanicml_endpoint", Name: "e", Arguments: withRole(endpoint)},
	}}
}
