//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/decision"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/gate/rules"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/manifest"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// seedDecision gives a running engine the evidence of an evaluation and, in each
// of two groups, an approved decision on version 1 of that group.
func seedDecision(dataDir string) error {
	ctx := context.Background()
	i, ok, err := launch.Find(dataDir)
	if err != nil || !ok {
		return fmt.Errorf("no engine: %w", err)
	}
	c, err := sagemaker.New(ctx, awsconfig.Settings{LocalURL: i.URL, Region: "eu-west-1", Store: defaultStore})
	if err != nil {
		return err
	}
	if err := c.EnsureBucket(ctx, c.Store.Bucket); err != nil {
		return err
	}
	put := func(name string, body []byte) (manifest.File, error) {
		at := c.Store.Join("evaluations", "holdout-1", name).URI()
		_, err := c.Put(ctx, at, "text/plain", body)
		sum := sha256.Sum256(body)
		return manifest.File{URI: at, SHA256: hex.EncodeToString(sum[:])}, err
	}
	rows := bytes.NewBufferString("id,label,score,sex\n")
	for k := range 40 {
		fmt.Fprintf(rows, "%d,%d,0.%02d,%s\n", k, k%2, 20+k+25*(k%2), [2]string{"female", "male"}[k/2%2])
	}
	e := manifest.Evidence{Evaluation: "holdout-1", CreatedAt: "2026-01-02T03:04:05Z", IDColumn: "id", LabelColumn: "label", ScoreColumn: "score", Examples: 40}
	predictions, err := put("output/predictions.csv", rows.Bytes())
	if err != nil {
		return err
	}
	e.Predictions = &predictions
	if e.Report, err = put("output/evaluation.json", []byte(`{"binary_classification_metrics":{"accuracy":{"value":0.8}}}`)); err != nil {
		return err
	}
	body, err := e.Encode()
	if err != nil {
		return err
	}
	at, err := put("evidence.json", body)
	if err != nil {
		return err
	}
	for _, group := range []string{"survival", "spending"} {
		name := aws.String(group)
		if _, err := c.SageMaker.CreateModelPackageGroup(ctx, &sdk.CreateModelPackageGroupInput{ModelPackageGroupName: name}); err != nil {
			return err
		}
		made, err := c.SageMaker.CreateModelPackage(ctx, &sdk.CreateModelPackageInput{ModelPackageGroupName: name, ModelApprovalStatus: types.ModelApprovalStatusApproved,
			CustomerMetadataProperties: map[string]string{sagemaker.MetaRun: "train-1"},
			InferenceSpecification: &types.InferenceSpecification{Containers: []types.ModelPackageContainerDefinition{{Image: aws.String("demo")}},
				SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"}}})
		if err != nil {
			return err
		}
		low, observed := 0.7, 0.8
		r, err := decision.Write(ctx, c, &decision.Record{Schema: 1, Kind: decision.KindPromotion, Outcome: gate.Approved, ModelPackageGroup: group,
			ModelPackageARN: aws.ToString(made.ModelPackageArn), Version: 1, Image: "demo", ArtifactURI: "s3://titanicml-local/model.tar.gz",
			Evaluation:   &decision.RecordEvaluation{Name: e.Evaluation, Manifest: at, Report: e.Report, Predictions: e.Predictions},
			Requirements: []rules.Requirement{{Metric: "accuracy", Min: &low}},
			Checks:       []gate.Check{{Requirement: "accuracy >= 0.7", Kind: "metric", Metric: "accuracy", Slice: "all", Observed: &observed, Bound: ">= 0.7", Severity: rules.Block, Verdict: gate.Pass}},
			DecidedAt:    time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)})
		if err != nil {
			return err
		}
		if err := decision.Point(ctx, c, &decision.Champion{}, r); err != nil {
			return err
		}
		fmt.Println(r.File.URI)
	}
	return nil
}

// rewrite puts other bytes at an object's place.
func rewrite(dataDir, uri string) error {
	ctx := context.Background()
	i, ok, err := launch.Find(dataDir)
	if err != nil || !ok {
		return fmt.Errorf("no engine: %w", err)
	}
	c, err := sagemaker.New(ctx, awsconfig.Settings{LocalURL: i.URL, Region: "eu-west-1", Store: defaultStore})
	if err != nil {
		return err
	}
	_, err = c.Put(ctx, uri, "text/plain", []byte("{}"))
	return err
}
