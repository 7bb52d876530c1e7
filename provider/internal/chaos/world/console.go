//go:build linux || darwin

package world

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
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/schedule"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/workload"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Console carries actions out.
type Console struct {
	W       *World
	H       *History
	created atomic.Int64 // numbers what it creates
}

// ErrNothing says that there was nothing to do the action to.
var ErrNothing = errors.New("nothing to do it to")

// Do carries an action out for a state and notes it.
func (p *Console) Do(ctx context.Context, a schedule.Action, s *State, pick int) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	c, err := p.W.Console(ctx)
	if err == nil {
		err = p.CarryOut(ctx, c, a, s, pick)
	}
	if err != nil {
		p.W.Note("console, %s: %s: %v", s.Spec.State, a, err)
		return
	}
	p.W.Note("console, %s: %s", s.Spec.State, a)
	p.W.Tally.Add("console: " + string(a))
}

// CarryOut does the action, or returns ErrNothing.
func (p *Console) CarryOut(ctx context.Context, c *sagemaker.Client, a schedule.Action, s *State, pick int) error {
	switch a {
	case schedule.RejectChampion:
		pointer, err := p.Champion(ctx, c)
		if err != nil {
			return err
		}
		return c.SetApproval(ctx, pointer.ModelPackageARN, types.ModelApprovalStatusRejected, "chaos")
	case schedule.ApproveRejected:
		return p.approveRejected(ctx, c, pick)
	case schedule.PointAtRejected:
		if _, err := p.H.Learn(ctx, c); err != nil {
			return err
		}
		rejected := p.H.Present(func(r *Record) bool { return r.Intact && r.Outcome == "rejected" })
		if len(rejected) == 0 {
			return ErrNothing
		}
		return p.point(ctx, c, rejected[pick%len(rejected)])
	case schedule.ApproveNewest:
		return p.Approve(ctx, c)
	case schedule.SwapEndpoint:
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
	case schedule.SwapToApproved:
		approved := p.H.Approved()
		if len(approved) == 0 {
			return ErrNothing
		}
		r := approved[pick%len(approved)]
		return p.swap(ctx, c, s, r.ArtifactURI, r.Quality)
	case schedule.DeleteEndpoint:
		_, err := c.SageMaker.DeleteEndpoint(ctx, &sdk.DeleteEndpointInput{EndpointName: aws.String(s.Spec.Endpoint())})
		return err
	case schedule.StopJobs:
		return p.stopJobs(ctx, c)
	case schedule.DeleteRecord, schedule.EditRecord:
		pointer, err := p.Champion(ctx, c)
		if err != nil {
			return err
		}
		if _, err := p.H.Learn(ctx, c); err != nil {
			return err
		}
		p.H.deleting(pointer.DecisionURI)
		if a == schedule.EditRecord {
			_, err := c.Put(ctx, pointer.DecisionURI, "application/json", []byte("{\"outcome\": \"approved\"}\n"))
			return err
		}
		return c.Remove(ctx, pointer.DecisionURI)
	case schedule.DeletePointer:
		if _, err := c.Head(ctx, p.PointerURI(c)); err != nil {
			return errors.Join(ErrNothing, err)
		}
		return c.Remove(ctx, p.PointerURI(c))
	case schedule.SpoilPointer:
		if _, err := p.Champion(ctx, c); err != nil {
			return err
		}
		_, err := c.Put(ctx, p.PointerURI(c), "application/json", []byte("{\n"))
		return err
	case schedule.MovePointer:
		approved := p.H.Present((*Record).Approves)
		if len(approved) == 0 {
			return ErrNothing
		}
		return p.point(ctx, c, approved[pick%len(approved)])
	}
	return fmt.Errorf("unknown action %q", a)
}

// Pointer is the part of a champion pointer that the checks read.
type Pointer struct {
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

// PointerURI is where the champion pointer lies.
func (p *Console) PointerURI(c *sagemaker.Client) string {
	return c.Store.Join("champions", driver.Group+".json").URI()
}

// Champion reads the pointer; ErrNothing without one.
func (p *Console) Champion(ctx context.Context, c *sagemaker.Client) (*Pointer, error) {
	o, err := c.Get(ctx, p.PointerURI(c))
	if sagemaker.IsNotFound(err) {
		return nil, ErrNothing
	}
	if err != nil {
		return nil, err
	}
	var found Pointer
	if json.Unmarshal(o.Body, &found) != nil || found.DecisionURI == "" {
		return nil, ErrNothing
	}
	return &found, nil
}

// point writes a pointer to a record, as somebody who knows the format would.
func (p *Console) point(ctx context.Context, c *sagemaker.Client, r *Record) error {
	body, err := json.Marshal(Pointer{Schema: 1, ModelPackageGroup: driver.Group, ModelPackageARN: r.ModelPackageARN, Version: r.Version, Image: r.Image,
		ArtifactURI: r.ArtifactURI, ArtifactSHA256: r.ArtifactSHA256, DecisionURI: r.URI, DecisionSHA256: digest(r.Body)})
	if err != nil {
		return err
	}
	_, err = c.Put(ctx, p.PointerURI(c), "application/json", body)
	return err
}

// Approve sets the newest version that waits to Approved, as somebody other than who trained it.
func (p *Console) Approve(ctx context.Context, c *sagemaker.Client) error {
	versions, err := c.ListPackages(ctx, driver.Group)
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
		return ErrNothing
	}
	return c.SetApproval(ctx, newest, types.ModelApprovalStatusApproved, "looked at it")
}

// approveRejected approves a version that no decision approves.
func (p *Console) approveRejected(ctx context.Context, c *sagemaker.Client, pick int) error {
	if _, err := p.H.Learn(ctx, c); err != nil {
		return err
	}
	good := map[string]bool{}
	for _, r := range p.H.Approved() {
		good[r.ModelPackageARN] = true
	}
	versions, err := c.ListPackages(ctx, driver.Group)
	if err != nil {
		return err
	}
	versions = slices.DeleteFunc(versions, func(v types.ModelPackageSummary) bool { return good[aws.ToString(v.ModelPackageArn)] })
	if len(versions) == 0 {
		return ErrNothing
	}
	return c.SetApproval(ctx, aws.ToString(versions[pick%len(versions)].ModelPackageArn), types.ModelApprovalStatusApproved, "chaos")
}

// swap puts an artifact into service past Terraform.
func (p *Console) swap(ctx context.Context, c *sagemaker.Client, s *State, artifact string, quality int) error {
	name := fmt.Sprintf("console-%d", p.created.Add(1))
	if _, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: aws.String(s.Spec.Endpoint())}); err != nil {
		return err
	}
	if _, err := c.SageMaker.CreateModel(ctx, &sdk.CreateModelInput{ModelName: &name, ExecutionRoleArn: aws.String(driver.Role),
		PrimaryContainer: &types.ContainerDefinition{Image: aws.String("tiny"), ModelDataUrl: &artifact}}); err != nil {
		return err
	}
	if _, err := c.SageMaker.CreateEndpointConfig(ctx, &sdk.CreateEndpointConfigInput{EndpointConfigName: &name, ProductionVariants: []types.ProductionVariant{{
		VariantName: aws.String("all"), ModelName: &name, InstanceType: types.ProductionVariantInstanceTypeMlM5Large, InitialInstanceCount: aws.Int32(1)}}}); err != nil {
		return err
	}
	p.H.rogue(name, quality)
	_, err := c.SageMaker.UpdateEndpoint(ctx, &sdk.UpdateEndpointInput{EndpointName: aws.String(s.Spec.Endpoint()), EndpointConfigName: &name})
	return err
}

// stopJobs stops what runs, or the first job that is started within two seconds.
func (p *Console) stopJobs(ctx context.Context, c *sagemaker.Client) error {
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := p.stopRunning(ctx, c)
		if err != ErrNothing || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
	}
}

func (p *Console) stopRunning(ctx context.Context, c *sagemaker.Client) error {
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
		return ErrNothing
	}
	return nil
}
