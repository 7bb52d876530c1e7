//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// action is something that a person does in the console, or with the AWS CLI, past Terraform.
type action string

// The actions. Each does nothing where there is nothing to do it to.
const (
	rejectChampion  action = "approval of the champion withdrawn"
	approveRejected action = "rejected version approved"
	approveNewest   action = "newest version approved"
	swapEndpoint    action = "endpoint updated to a model nobody approved"
	swapToApproved  action = "endpoint updated to an earlier approved model"
	deleteEndpoint  action = "endpoint deleted"
	stopJobs        action = "running jobs stopped"
	deleteRecord    action = "decision record of the champion deleted"
	editRecord      action = "decision record of the champion edited"
	deletePointer   action = "champion pointer deleted"
	spoilPointer    action = "champion pointer overwritten with rubbish"
	movePointer     action = "champion pointer moved to an earlier approved version"
	pointAtRejected action = "champion pointer moved to a rejected version"
)

var actions = []action{rejectChampion, approveRejected, approveNewest, swapEndpoint, swapToApproved, deleteEndpoint, stopJobs,
	deleteRecord, editRecord, deletePointer, spoilPointer, movePointer, pointAtRejected}

// console carries actions out.
type console struct {
	w       *world
	h       *history
	created atomic.Int64 // numbers what it creates
}

// errNothing says that there was nothing to do the action to.
var errNothing = errors.New("nothing to do it to")

// do carries an action out for a state and notes it.
func (p *console) do(ctx context.Context, a action, s *state, pick int) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	c, err := p.w.console(ctx)
	if err == nil {
		err = p.carryOut(ctx, c, a, s, pick)
	}
	if err != nil {
		p.w.note("console, %s: %s: %v", s.spec.State, a, err)
		return
	}
	p.w.note("console, %s: %s", s.spec.State, a)
	p.w.tally.add("console: " + string(a))
}

func (p *console) carryOut(ctx context.Context, c *sagemaker.Client, a action, s *state, pick int) error {
	switch a {
	case rejectChampion:
		pointer, err := p.champion(ctx, c)
		if err != nil {
			return err
		}
		return c.SetApproval(ctx, pointer.ModelPackageARN, types.ModelApprovalStatusRejected, "chaos")
	case approveRejected:
		return p.approveRejected(ctx, c, pick)
	case pointAtRejected:
		if _, err := p.h.learn(ctx, c); err != nil {
			return err
		}
		rejected := p.h.present(func(r *record) bool { return r.intact && r.Outcome == "rejected" })
		if len(rejected) == 0 {
			return errNothing
		}
		return p.point(ctx, c, rejected[pick%len(rejected)])
	case approveNewest:
		return p.approve(ctx, c)
	case swapEndpoint:
		// Below every quality that is trained, so that its answers are known.
		quality := int(p.created.Add(1))
		artifact, err := workload.Artifact(quality)
		if err != nil {
			return err
		}
		uri := c.Store.Join("console", fmt.Sprintf("rogue-%d", quality), "model.tar.gz").URI()
		if _, err := c.Upload(ctx, uri, "", bytes.NewReader(artifact)); err != nil {
			return err
		}
		return p.swap(ctx, c, s, uri, quality)
	case swapToApproved:
		approved := p.h.approved()
		if len(approved) == 0 {
			return errNothing
		}
		r := approved[pick%len(approved)]
		return p.swap(ctx, c, s, r.ArtifactURI, r.quality)
	case deleteEndpoint:
		_, err := c.SageMaker.DeleteEndpoint(ctx, &sdk.DeleteEndpointInput{EndpointName: aws.String(s.spec.endpoint())})
		return err
	case stopJobs:
		return p.stopJobs(ctx, c)
	case deleteRecord, editRecord:
		pointer, err := p.champion(ctx, c)
		if err != nil {
			return err
		}
		if _, err := p.h.learn(ctx, c); err != nil {
			return err
		}
		p.h.deleting(pointer.DecisionURI)
		if a == editRecord {
			_, err := c.Put(ctx, pointer.DecisionURI, "application/json", []byte("{\"outcome\": \"approved\"}\n"))
			return err
		}
		return c.Remove(ctx, pointer.DecisionURI)
	case deletePointer:
		if _, err := c.Head(ctx, p.pointerURI(c)); err != nil {
			return errors.Join(errNothing, err)
		}
		return c.Remove(ctx, p.pointerURI(c))
	case spoilPointer:
		if _, err := p.champion(ctx, c); err != nil {
			return err
		}
		_, err := c.Put(ctx, p.pointerURI(c), "application/json", []byte("{\n"))
		return err
	case movePointer:
		approved := p.h.present((*record).approves)
		if len(approved) == 0 {
			return errNothing
		}
		return p.point(ctx, c, approved[pick%len(approved)])
	}
	return fmt.Errorf("unknown action %q", a)
}

// pointer is the part of a champion pointer that the checks read.
type pointer struct {
	Schema            int    `json:"schema"`
	ModelPackageGroup string `json:"model_package_group"`
	ModelPackageARN   string `json:"model_package_arn"`
	Version           int    `json:"version"`
	Image             string `json:"image"`
	ArtifactURI       string `json:"artifact_uri"`
	ArtifactSHA256    string `json:"artifact_sha256"`
	DecisionURI       string `json:"decision_uri"`
	DecisionSHA256    string `json:"decision_sha256"`
}

func (p *console) pointerURI(c *sagemaker.Client) string {
	return c.Store.Join("champions", group+".json").URI()
}

// champion reads the pointer; errNothing without one.
func (p *console) champion(ctx context.Context, c *sagemaker.Client) (*pointer, error) {
	o, err := c.Get(ctx, p.pointerURI(c))
	if sagemaker.IsNotFound(err) {
		return nil, errNothing
	}
	if err != nil {
		return nil, err
	}
	var found pointer
	if json.Unmarshal(o.Body, &found) != nil || found.DecisionURI == "" {
		return nil, errNothing
	}
	return &found, nil
}

// point writes a pointer to a record, as somebody who knows the format would.
func (p *console) point(ctx context.Context, c *sagemaker.Client, r *record) error {
	body, err := json.Marshal(pointer{Schema: 1, ModelPackageGroup: group, ModelPackageARN: r.ModelPackageARN, Version: r.Version, Image: r.Image,
		ArtifactURI: r.ArtifactURI, ArtifactSHA256: r.ArtifactSHA256, DecisionURI: r.uri, DecisionSHA256: digest(r.body)})
	if err != nil {
		return err
	}
	_, err = c.Put(ctx, p.pointerURI(c), "application/json", body)
	return err
}

// approve sets the newest version that waits to Approved, as somebody other than who trained it.
func (p *console) approve(ctx context.Context, c *sagemaker.Client) error {
	versions, err := c.ListPackages(ctx, group)
	if err != nil {
		return err
	}
	newest := ""
	number := int32(-1)
	for _, v := range versions {
		if v.ModelApprovalStatus == types.ModelApprovalStatusPendingManualApproval && aws.ToInt32(v.ModelPackageVersion) > number {
			newest, number = aws.ToString(v.ModelPackageArn), aws.ToInt32(v.ModelPackageVersion)
		}
	}
	if newest == "" {
		return errNothing
	}
	return c.SetApproval(ctx, newest, types.ModelApprovalStatusApproved, "looked at it")
}

// approveRejected approves a version that no decision approves.
func (p *console) approveRejected(ctx context.Context, c *sagemaker.Client, pick int) error {
	if _, err := p.h.learn(ctx, c); err != nil {
		return err
	}
	good := map[string]bool{}
	for _, r := range p.h.approved() {
		good[r.ModelPackageARN] = true
	}
	versions, err := c.ListPackages(ctx, group)
	if err != nil {
		return err
	}
	versions = slices.DeleteFunc(versions, func(v types.ModelPackageSummary) bool { return good[aws.ToString(v.ModelPackageArn)] })
	if len(versions) == 0 {
		return errNothing
	}
	return c.SetApproval(ctx, aws.ToString(versions[pick%len(versions)].ModelPackageArn), types.ModelApprovalStatusApproved, "chaos")
}

// swap puts an artifact into service past Terraform.
func (p *console) swap(ctx context.Context, c *sagemaker.Client, s *state, artifact string, quality int) error {
	name := fmt.Sprintf("console-%d", p.created.Add(1))
	if _, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: aws.String(s.spec.endpoint())}); err != nil {
		return err
	}
	if _, err := c.SageMaker.CreateModel(ctx, &sdk.CreateModelInput{ModelName: &name, ExecutionRoleArn: aws.String(role),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("tiny"), ModelDataUrl: &artifact}}); err != nil {
		return err
	}
	if _, err := c.SageMaker.CreateEndpointConfig(ctx, &sdk.CreateEndpointConfigInput{EndpointConfigName: &name, ProductionVariants: []types.ProductionVariant{{
		VariantName: aws.String("all"), ModelName: &name, InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1)}}}); err != nil {
		return err
	}
	p.h.rogue(name, quality)
	_, err := c.SageMaker.UpdateEndpoint(ctx, &sdk.UpdateEndpointInput{EndpointName: aws.String(s.spec.endpoint()), EndpointConfigName: &name})
	return err
}

// stopJobs stops what runs, or the first job that is started within two seconds.
func (p *console) stopJobs(ctx context.Context, c *sagemaker.Client) error {
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := p.stopRunning(ctx, c)
		if err != errNothing || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
	}
}

func (p *console) stopRunning(ctx context.Context, c *sagemaker.Client) error {
	training, err := c.SageMaker.ListTrainingJobs(ctx, &sdk.ListTrainingJobsInput{StatusEquals: types.TrainingJobStatusInProgress})
	if err != nil {
		return err
	}
	processing, err := c.SageMaker.ListProcessingJobs(ctx, &sdk.ListProcessingJobsInput{StatusEquals: types.ProcessingJobStatusInProgress})
	if err != nil {
		return err
	}
	stopped := 0
	for _, job := range training.TrainingJobSummaries {
		if _, err := c.SageMaker.StopTrainingJob(ctx, &sdk.StopTrainingJobInput{TrainingJobName: job.TrainingJobName}); err == nil { // else it has just ended
			stopped++
		}
	}
	for _, job := range processing.ProcessingJobSummaries {
		if _, err := c.SageMaker.StopProcessingJob(ctx, &sdk.StopProcessingJobInput{ProcessingJobName: job.ProcessingJobName}); err == nil {
			stopped++
		}
	}
	if stopped == 0 {
		return errNothing
	}
	return nil
}
