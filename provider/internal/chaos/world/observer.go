//go:build linux || darwin

package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/chaos/driver"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
)

// Observer looks at the endpoints all the time while a schedule runs, and asks of each what it serves and who approved it.
type Observer struct {
	W       *World
	H       *History
	Checked map[string]bool // configurations that were found in order
	Told    map[string]bool // violations that were reported
}

// pause lies between two looks.
const pause = 40 * time.Millisecond

// Watch looks until the context ends.
func (o *Observer) Watch(ctx context.Context) {
	for ctx.Err() == nil {
		for _, s := range o.W.States {
			if c, err := o.W.Console(ctx); err == nil {
				o.look(ctx, c, s.Spec.Endpoint())
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (o *Observer) tell(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !o.Told[text] {
		o.Told[text] = true
		o.W.Violated("%s", text)
	}
}

// look checks one endpoint. An engine that does not answer says nothing about it.
func (o *Observer) look(ctx context.Context, c *sagemaker.Client, name string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := c.SageMaker.DescribeEndpoint(ctx, &sdk.DescribeEndpointInput{EndpointName: &name})
	if err != nil {
		return
	}
	o.W.Tally.Add("looks at an endpoint")
	if config := aws.ToString(out.EndpointConfigName); config != "" && out.EndpointStatus == "InService" && !o.Checked[config] && !o.H.isRogue(config) {
		if why, err := o.unapproved(ctx, c, config); err == nil {
			if o.Checked[config] = why == ""; why != "" && !o.H.isRogue(config) {
				o.tell("endpoint %s serves configuration %s: %s", name, config, why)
			}
		}
	}
	answer, err := c.Runtime.InvokeEndpoint(ctx, &sagemakerruntime.InvokeEndpointInput{EndpointName: &name, Body: []byte("3,male"), ContentType: aws.String("text/csv")})
	if err != nil {
		return
	}
	o.W.Tally.Add("answers of an endpoint")
	quality, err := strconv.Atoi(string(bytes.TrimSpace(answer.Body)))
	if err != nil {
		o.tell("endpoint %s answers %q", name, answer.Body)
		return
	}
	if o.H.mayAnswer(quality) {
		return
	}
	// The record may be newer than what is known; it was there before the model was.
	if _, err := o.H.Learn(ctx, c); err == nil && !o.H.mayAnswer(quality) {
		o.tell("endpoint %s answers with the model of quality %d, which no intact record approves", name, quality)
	}
}

// errUnknown says that a look came too late: what was to be described is gone.
var errUnknown = errors.New("gone")

// unapproved says why a configuration must not serve; "" when an approved decision names its model and the digests match.
func (o *Observer) unapproved(ctx context.Context, c *sagemaker.Client, config string) (string, error) {
	found, err := c.SageMaker.DescribeEndpointConfig(ctx, &sdk.DescribeEndpointConfigInput{EndpointConfigName: &config})
	if err != nil || len(found.ProductionVariants) == 0 {
		return "", errors.Join(errUnknown, err)
	}
	model, err := c.SageMaker.DescribeModel(ctx, &sdk.DescribeModelInput{ModelName: found.ProductionVariants[0].ModelName})
	if err != nil || model.PrimaryContainer == nil {
		return "", errors.Join(errUnknown, err)
	}
	artifact, image := aws.ToString(model.PrimaryContainer.ModelDataUrl), aws.ToString(model.PrimaryContainer.Image)
	if _, err := o.H.Learn(ctx, c); err != nil {
		return "", err
	}
	sha, _, err := c.Digest(ctx, artifact)
	if err != nil {
		return "", err
	}
	var near []string
	for _, r := range o.H.Approved() {
		switch {
		case r.ArtifactURI != artifact || r.Image != image:
		case r.ArtifactSHA256 != sha:
			near = append(near, fmt.Sprintf("%s approves sha256 %s, the artifact has %s", r.URI, r.ArtifactSHA256, sha))
		case r.Quality < driver.Minimum:
			near = append(near, fmt.Sprintf("%s approves a model of quality %d, below the minimum", r.URI, r.Quality))
		default:
			return "", nil
		}
	}
	return strings.Join(append([]string{"no approved decision names " + artifact + " with image " + image}, near...), "; "), nil
}
