package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/killpoint"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// NotOursError says that the name belongs to an endpoint that this configuration did not make.
type NotOursError struct{ Endpoint *Endpoint }

func (e *NotOursError) Error() string {
	return fmt.Sprintf("an endpoint named %q exists already and serves %s", e.Endpoint.Name, e.Endpoint.describeServed())
}

// RolledBackError says that SageMaker ended an update by putting the old configuration back in service.
type RolledBackError struct{ Wanted, Serving, Reason string }

func (e *RolledBackError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = "SageMaker gave no reason"
	}
	return fmt.Sprintf("SageMaker rolled the update back: %s. Wanted configuration %s; %s is still in service", reason, e.Wanted, e.Serving)
}

// FailedError says that the endpoint ended in a status that SageMaker cannot leave by itself.
type FailedError struct{ Name, Status, Reason string }

func (e *FailedError) Error() string {
	return fmt.Sprintf("endpoint %s is %s: %s", e.Name, e.Status, e.Reason)
}

// Create makes the endpoint and waits until it serves. An endpoint that a killed apply of the same spec left is
// finished; any other of that name is a *NotOursError. After an error the endpoint may exist.
func Create(ctx context.Context, c *sagemaker.Client, s Spec) (*Endpoint, error) {
	existing, err := Find(ctx, c, s.Endpoint)
	if err != nil {
		return nil, err
	}
	if existing != nil && existing.Status == string(types.EndpointStatusDeleting) {
		if existing, err = s.settled(ctx, c); err != nil {
			return nil, err
		}
	}
	if existing != nil && (!existing.Ours() || existing.Config != s.ConfigName()) {
		return nil, &NotOursError{existing}
	}
	if existing != nil && existing.Status == string(types.EndpointStatusFailed) {
		// What a killed apply left has failed since; SageMaker cannot update it.
		if err := deleteEndpoint(ctx, c, s.Endpoint); err != nil {
			return nil, err
		}
		existing = nil
	}
	if err := s.make(ctx, c); err != nil {
		return nil, err
	}
	killpoint.Here(killpoint.ConfigCreated)
	if existing == nil {
		err := c.Seen(ctx, func(ctx context.Context) error {
			_, err := c.SageMaker.CreateEndpoint(ctx, &sdk.CreateEndpointInput{
				EndpointName: &s.Endpoint, EndpointConfigName: aws.String(s.ConfigName()),
				Tags: sagemaker.Tags(merged(s.Tags, sagemaker.TagEndpoint, s.Endpoint))})
			return err
		})
		// A request that was sent twice finds the endpoint of the first: it is tagged with our name.
		if err != nil && !sagemaker.IsAlreadyExists(err) {
			return nil, fmt.Errorf("creating endpoint %s: %w", s.Endpoint, err)
		}
		killpoint.Here(killpoint.EndpointCreated)
	}
	return s.arrived(ctx, c)
}

// Update moves the endpoint to the spec. When it serves that already it changes nothing but tags; deployed tells. When
// the update does not arrive, what served before still does.
func Update(ctx context.Context, c *sagemaker.Client, s Spec, changeCount bool) (e *Endpoint, deployed bool, err error) {
	// An apply that was killed or interrupted may have left an update under way.
	now, err := s.settled(ctx, c)
	if err != nil {
		return nil, false, err
	}
	if now == nil {
		e, err := Create(ctx, c, s)
		return e, err == nil, err
	}
	switch types.EndpointStatus(now.Status) {
	case types.EndpointStatusFailed, types.EndpointStatusUpdateRollbackFailed:
		return now, false, &FailedError{now.Name, now.Status, now.FailureReason}
	}
	if now.Config != s.ConfigName() {
		if err := s.make(ctx, c); err != nil {
			return now, false, err
		}
		killpoint.Here(killpoint.ConfigCreated)
		if err := s.moveTo(ctx, c, s.ConfigName(), changeCount, s.deployment()); err != nil {
			return now, false, err
		}
		deployed = true
	}
	e, err = s.arrived(ctx, c)
	if err != nil {
		return e, deployed, err
	}
	return e, deployed, c.SyncTags(ctx, e.ARN, s.Tags)
}

// moveTo asks for an update; SageMaker may still be busy with the one before.
func (s Spec) moveTo(ctx context.Context, c *sagemaker.Client, config string, changeCount bool, how *types.DeploymentConfig) error {
	in := &sdk.UpdateEndpointInput{EndpointName: &s.Endpoint, EndpointConfigName: &config, DeploymentConfig: how}
	if !s.serverless() {
		// Capacity belongs to autoscaling, unless this very apply changes it.
		in.RetainAllVariantProperties = aws.Bool(true)
		if changeCount {
			in.ExcludeRetainedVariantProperties = []types.VariantProperty{{VariantPropertyType: types.VariantPropertyTypeDesiredInstanceCount}}
		}
	}
	update := func(ctx context.Context) error {
		_, err := c.SageMaker.UpdateEndpoint(ctx, in)
		return err
	}
	return c.Wait(ctx, func(ctx context.Context) (bool, error) {
		err := c.Seen(ctx, update) // the configuration was created a moment ago
		if err == nil {
			killpoint.Here(killpoint.EndpointUpdating)
			return true, nil
		}
		if sagemaker.IsConflict(err) {
			return false, nil
		}
		// The request may have been sent twice, and the endpoint be on its way.
		now, findErr := Find(ctx, c, s.Endpoint)
		if findErr == nil && now != nil && now.Status == string(types.EndpointStatusUpdating) {
			return true, nil
		}
		return false, fmt.Errorf("updating endpoint %s to %s: %w", s.Endpoint, config, err)
	})
}

// arrived waits for the endpoint and tells apart the ways in which it can end.
func (s Spec) arrived(ctx context.Context, c *sagemaker.Client) (*Endpoint, error) {
	e, err := s.settled(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, fmt.Errorf("endpoint %s was deleted while it was waited for; apply again to create it", s.Endpoint)
	case e.Status != string(types.EndpointStatusInService):
		return e, &FailedError{e.Name, e.Status, e.FailureReason}
	case e.Config != s.ConfigName():
		return e, &RolledBackError{Wanted: s.ConfigName(), Serving: e.Config, Reason: e.FailureReason}
	}
	killpoint.Here(killpoint.EndpointUpdated)
	return e, nil
}

// PutBack returns an endpoint to the configuration that served before, at once, and waits for it.
func PutBack(ctx context.Context, c *sagemaker.Client, s Spec, config string) error {
	if err := s.moveTo(ctx, c, config, false, nil); err != nil {
		return err
	}
	e, err := s.settled(ctx, c)
	if err != nil {
		return err
	}
	if e == nil || e.Status != string(types.EndpointStatusInService) || e.Config != config {
		return fmt.Errorf("putting configuration %s back in service did not succeed; look at endpoint %s in the console", config, s.Endpoint)
	}
	return nil
}

// Delete deletes the endpoint and the configurations and models that were made for it.
func Delete(ctx context.Context, c *sagemaker.Client, name string) error {
	if err := deleteEndpoint(ctx, c, name); err != nil {
		return err
	}
	return CleanUp(ctx, c, name)
}

func deleteEndpoint(ctx context.Context, c *sagemaker.Client, name string) error {
	return c.Wait(ctx, func(ctx context.Context) (bool, error) {
		out, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &name})
		if sagemaker.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("waiting for the end of endpoint %s: %w", name, err)
		}
		if out.EndpointStatus == types.EndpointStatusDeleting {
			return false, nil
		}
		_, err = c.SageMaker.DeleteEndpoint(ctx, &sdk.DeleteEndpointInput{EndpointName: &name})
		if err != nil && !sagemaker.IsNotFound(err) && !sagemaker.IsConflict(err) {
			return false, fmt.Errorf("deleting endpoint %s: %w", name, err)
		}
		return false, nil
	})
}

// CleanUp deletes the configurations and models that were made for an endpoint and that no endpoint uses: those of earlier
// versions, and what killed applies left. It never touches what it did not make.
func CleanUp(ctx context.Context, c *sagemaker.Client, name string) error {
	configs, err := madeFor(ctx, c, name)
	if err != nil || len(configs.names) == 0 && len(configs.models) == 0 {
		return err
	}
	used, err := inUse(ctx, c, name)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	var errs []error
	for _, config := range configs.names {
		if used[config] {
			keep[configs.modelOf[config]] = true
			continue
		}
		if _, err := c.SageMaker.DeleteEndpointConfig(ctx, &sdk.DeleteEndpointConfigInput{EndpointConfigName: &config}); err != nil && !sagemaker.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("deleting endpoint configuration %s: %w", config, err))
			keep[configs.modelOf[config]] = true
		}
	}
	for _, model := range configs.models {
		if keep[model] {
			continue
		}
		if _, err := c.SageMaker.DeleteModel(ctx, &sdk.DeleteModelInput{ModelName: &model}); err != nil && !sagemaker.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("deleting model %s: %w", model, err))
		}
	}
	return errors.Join(errs...)
}

// made is what carries an endpoint's tag.
type made struct {
	names, models []string
	modelOf       map[string]string
}

func madeFor(ctx context.Context, c *sagemaker.Client, name string) (made, error) {
	m := made{modelOf: map[string]string{}}
	// Names made here begin with the endpoint's, cut to leave room for the digest.
	part := name[:min(len(name), nameLimit-16)]
	configs := sdk.NewListEndpointConfigsPaginator(c.SageMaker, &sdk.ListEndpointConfigsInput{NameContains: &part, MaxResults: aws.Int32(100)})
	for configs.HasMorePages() {
		page, err := configs.NextPage(ctx)
		if err != nil {
			return m, fmt.Errorf("listing endpoint configurations: %w", err)
		}
		for _, found := range page.EndpointConfigs {
			ours, err := taggedFor(ctx, c, aws.ToString(found.EndpointConfigArn), name)
			if err != nil {
				return m, err
			}
			if !ours {
				continue
			}
			config, err := c.SageMaker.DescribeEndpointConfig(ctx, &sdk.DescribeEndpointConfigInput{EndpointConfigName: found.EndpointConfigName})
			if sagemaker.IsNotFound(err) {
				continue
			}
			if err != nil {
				return m, fmt.Errorf("describing endpoint configuration %s: %w", aws.ToString(found.EndpointConfigName), err)
			}
			m.names = append(m.names, aws.ToString(found.EndpointConfigName))
			if len(config.ProductionVariants) > 0 {
				m.modelOf[aws.ToString(found.EndpointConfigName)] = aws.ToString(config.ProductionVariants[0].ModelName)
			}
		}
	}
	models := sdk.NewListModelsPaginator(c.SageMaker, &sdk.ListModelsInput{NameContains: &part, MaxResults: aws.Int32(100)})
	for models.HasMorePages() {
		page, err := models.NextPage(ctx)
		if err != nil {
			return m, fmt.Errorf("listing models: %w", err)
		}
		for _, found := range page.Models {
			ours, err := taggedFor(ctx, c, aws.ToString(found.ModelArn), name)
			if err != nil {
				return m, err
			}
			if ours {
				m.models = append(m.models, aws.ToString(found.ModelName))
			}
		}
	}
	return m, nil
}

func taggedFor(ctx context.Context, c *sagemaker.Client, arn, endpoint string) (bool, error) {
	tags, err := c.ListTags(ctx, arn)
	if sagemaker.IsNotFound(err) {
		return false, nil
	}
	return tags[sagemaker.TagEndpoint] == endpoint, err
}

// inUse asks every endpoint that the role may read for its configuration: SageMaker deletes one that serves without a word.
func inUse(ctx context.Context, c *sagemaker.Client, name string) (map[string]bool, error) {
	used := map[string]bool{}
	pages := sdk.NewListEndpointsPaginator(c.SageMaker, &sdk.ListEndpointsInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing endpoints: %w", err)
		}
		for _, e := range page.Endpoints {
			out, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: e.EndpointName})
			if sagemaker.IsNotFound(err) || sagemaker.IsAccessDenied(err) && aws.ToString(e.EndpointName) != name {
				// A role for one endpoint cannot read the others. What carries this endpoint's tag was made for it.
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("describing endpoint %s: %w", aws.ToString(e.EndpointName), err)
			}
			used[aws.ToString(out.EndpointConfigName)] = true
		}
	}
	return used, nil
}

// DefaultTimeout is how long a create, or an update by a policy, may take at most.
func (p Policy) DefaultTimeout() time.Duration {
	return p.MaxExecution + p.TerminationWait + 15*time.Minute
}
