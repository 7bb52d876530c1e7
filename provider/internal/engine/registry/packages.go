package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/catalog"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/store"
)

const (
	maxMetadata       = 50
	maxSpecifications = 15
	rememberedTokens  = 32 // client tokens of the newest versions, for SDKs that retry
)

// CreatePackage answers CreateModelPackage: a version of a group, or an unversioned
// package with a name of its own.
func (g *Registry) CreatePackage(ctx context.Context, r api.Request) (api.Document, error) {
	in := r.Input
	name, group := in.Text("ModelPackageName"), in.Text("ModelPackageGroupName")
	switch {
	case name != "" && group != "":
		return nil, api.PackageNameAndGroup.With()
	case name == "" && group == "":
		return nil, api.NoPackageNameNorGroup.With()
	}
	described := in.Has("InferenceSpecification") || in.Has("SourceAlgorithmSpecification") || in.Has("SourceUri")
	if !described && in.Text("ModelPackageRegistrationType") != "Logged" {
		return nil, api.PackageWithoutSpec.With()
	}
	document := in.Clone()
	delete(document, "ClientToken")
	document["CreatedBy"] = user(r.Caller)
	document["CertifyForMarketplace"] = in.Flag("CertifyForMarketplace")
	if group != "" {
		return g.createVersion(ctx, r, document)
	}
	if in.Has("ModelApprovalStatus") {
		return nil, api.ApprovalOfUnversioned.With()
	}
	record := &store.Record{Kind: store.ModelPackage, Name: name, Status: "Completed", Document: document}
	err := g.catalog.Create(ctx, r, record, func(arn string) error { return api.ModelPackageExists.With(arn) })
	if err != nil {
		return nil, err
	}
	return api.Document{"ModelPackageArn": record.ARN()}, nil
}

// repeated carries the version that an earlier request with the same client token
// made out of the transaction.
type repeated struct{ version int64 }

func (e *repeated) Error() string {
	return fmt.Sprintf("client token made version %d already", e.version)
}

func (g *Registry) createVersion(ctx context.Context, r api.Request, document api.Document) (api.Document, error) {
	if r.Input.Has("Tags") && len(r.Input.List("Tags")) > 0 {
		return nil, api.VersionedTags.With()
	}
	delete(document, "Tags")
	group, err := catalog.NameOf(store.ModelPackageGroup, r.Region, r.Input.Text("ModelPackageGroupName"))
	if err != nil {
		return nil, err
	}
	document["ModelPackageGroupName"] = group
	document["ModelPackageName"] = group
	approval := r.Input.Text("ModelApprovalStatus")
	if approval == "" {
		approval = "PendingManualApproval"
	}
	record, err := g.catalog.Store.InsertMember(ctx, store.ModelPackageGroup, r.Region, group, func(parent *store.Record) (*store.Record, error) {
		client := r.Input.Text("ClientToken")
		tokens := parent.Document.List(usedTokens)
		for _, used := range tokens {
			if client != "" && used.Text("Token") == client {
				version, _ := used.Integer("Version")
				return nil, &repeated{version}
			}
		}
		version, _ := parent.Document.Integer(lastVersion)
		version++
		parent.Document[lastVersion] = version
		if client != "" {
			kept := []any{map[string]any{"Token": client, "Version": version}}
			for _, used := range tokens[:min(len(tokens), rememberedTokens-1)] {
				kept = append(kept, map[string]any(used))
			}
			parent.Document[usedTokens] = kept
		}
		document["ModelPackageVersion"] = version
		now := g.catalog.Now()
		return &store.Record{
			Kind: store.ModelPackage, Region: r.Region, Family: group,
			Name: fmt.Sprintf("%s/%d", group, version), SortName: fmt.Sprintf("%s/%09d", group, version),
			Status: "Completed", Approval: approval, Created: now, Modified: now, Document: document,
		}, nil
	})
	var again *repeated
	switch {
	case errors.As(err, &again):
		return api.Document{"ModelPackageArn": api.ResourceARN(r.Region, string(store.ModelPackage), fmt.Sprintf("%s/%d", group, again.version))}, nil
	case errors.Is(err, store.ErrNotFound):
		return nil, catalog.Missing(store.ModelPackageGroup, r.Region, group)
	case err != nil:
		return nil, err
	}
	return api.Document{"ModelPackageArn": record.ARN()}, nil
}

// DescribePackage answers DescribeModelPackage.
func (g *Registry) DescribePackage(ctx context.Context, r api.Request) (api.Document, error) {
	record, err := g.Package(ctx, r.Region, r.Input.Text("ModelPackageName"))
	if err != nil {
		return nil, err
	}
	return PackageDocument(record), nil
}

// Package finds a model package by name, "group/version" or ARN.
func (g *Registry) Package(ctx context.Context, region, nameOrARN string) (*store.Record, error) {
	name, err := catalog.NameOf(store.ModelPackage, region, nameOrARN)
	if err != nil {
		return nil, err
	}
	return g.catalog.Get(ctx, store.ModelPackage, region, name)
}

// PackageDocument returns a model package as it is described and searched.
func PackageDocument(record *store.Record) api.Document {
	result := record.Document.Clone()
	result["ModelPackageArn"] = record.ARN()
	result["ModelPackageStatus"] = record.Status
	// There is no validation to run and no scanner here: both lists are empty, as for
	// a package of the service without a validation specification.
	result["ModelPackageStatusDetails"] = map[string]any{"ValidationStatuses": []any{}, "ImageScanStatuses": []any{}}
	if record.Approval != "" {
		result["ModelApprovalStatus"] = record.Approval
	}
	result.SetTime("CreationTime", record.Created)
	return result
}

// BatchDescribePackages answers BatchDescribeModelPackage.
func (g *Registry) BatchDescribePackages(ctx context.Context, r api.Request) (api.Document, error) {
	found, failed := map[string]any{}, map[string]any{}
	for _, arn := range r.Input.Texts("ModelPackageArnList") {
		record, err := g.Package(ctx, r.Region, arn)
		if err != nil {
			service := api.AsError(err)
			if service.Code == api.InternalFailure.Code {
				return nil, err
			}
			failed[arn] = map[string]any{"ErrorCode": service.Code, "ErrorResponse": service.Message}
			continue
		}
		found[arn] = PackageDocument(record)
	}
	return api.Document{"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": failed}, nil
}

// ListPackages answers ListModelPackages: the versions of a group, or packages by
// type; without either, the unversioned ones.
func (g *Registry) ListPackages(ctx context.Context, r api.Request) (api.Document, error) {
	listing := catalog.Listing{
		Kind: store.ModelPackage, Member: "ModelPackageSummaryList", ApprovalFrom: "ModelApprovalStatus",
		Summary: func(record *store.Record) api.Document {
			summary := PackageDocument(record)
			if record.Family != "" {
				delete(summary, "ModelPackageName")
			}
			return summary
		},
	}
	if group := r.Input.Text("ModelPackageGroupName"); group != "" {
		record, err := g.group(ctx, r)
		if err != nil {
			return nil, err
		}
		listing.Family = &record.Name
		return g.catalog.List(ctx, r, listing)
	}
	switch r.Input.Text("ModelPackageType") {
	case "Versioned":
		listing.Members = true
	case "Both":
	default:
		listing.Family = new(string)
	}
	return g.catalog.List(ctx, r, listing)
}

// UpdatePackage answers UpdateModelPackage. Metadata is merged; what is named for
// removal goes first; everything else that is given replaces what was there.
func (g *Registry) UpdatePackage(ctx context.Context, r api.Request) (api.Document, error) {
	in := r.Input
	name, err := catalog.NameOf(store.ModelPackage, r.Region, in.Text("ModelPackageArn"))
	if err != nil {
		return nil, err
	}
	record, err := g.catalog.Update(ctx, store.ModelPackage, r.Region, name, func(record *store.Record) error {
		if approval := in.Text("ModelApprovalStatus"); approval != "" {
			if record.Family == "" {
				return api.ApprovalOfUnversioned.With()
			}
			if err := approvals.Check(record.Approval, approval); err != nil {
				return err
			}
			record.Approval = approval
		}
		for _, member := range []string{"ApprovalDescription", "InferenceSpecification", "SourceUri", "ModelCard", "ModelLifeCycle", "ModelPackageRegistrationType"} {
			if in.Has(member) {
				record.Document[member] = in[member]
			}
		}
		if err := mergeMetadata(record.Document, in); err != nil {
			return err
		}
		if err := addSpecifications(record.Document, in); err != nil {
			return err
		}
		record.Document["LastModifiedBy"] = user(r.Caller)
		record.Document.SetTime("LastModifiedTime", g.catalog.Now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.Document{"ModelPackageArn": record.ARN()}, nil
}

// approvals is the state machine of a version's approval: any decision can follow
// any other, and the same one again renews its description and its author.
var approvals = catalog.Machine{
	"PendingManualApproval": {"PendingManualApproval", "Approved", "Rejected"},
	"Approved":              {"PendingManualApproval", "Approved", "Rejected"},
	"Rejected":              {"PendingManualApproval", "Approved", "Rejected"},
}

func mergeMetadata(document, in api.Document) error {
	merged := map[string]any{}
	for key, value := range document.Child("CustomerMetadataProperties") {
		merged[key] = value
	}
	for _, key := range in.Texts("CustomerMetadataPropertiesToRemove") {
		delete(merged, key)
	}
	for key, value := range in.Child("CustomerMetadataProperties") {
		merged[key] = value
	}
	if len(merged) > maxMetadata {
		return api.TooMuchMetadata.With()
	}
	if len(merged) == 0 {
		delete(document, "CustomerMetadataProperties")
		return nil
	}
	document["CustomerMetadataProperties"] = merged
	return nil
}

func addSpecifications(document, in api.Document) error {
	added := in.List("AdditionalInferenceSpecificationsToAdd")
	if len(added) == 0 {
		return nil
	}
	var all []any
	var names []string
	for _, specification := range slices.Concat(document.List("AdditionalInferenceSpecifications"), added) {
		name := specification.Text("Name")
		if slices.Contains(names, name) {
			return api.DuplicateSpecification.With(name)
		}
		names = append(names, name)
		all = append(all, map[string]any(specification))
	}
	if len(all) > maxSpecifications {
		return api.TooManySpecifications.With(strings.Join(names, ", "))
	}
	document["AdditionalInferenceSpecifications"] = all
	return nil
}

// DeletePackage answers DeleteModelPackage.
func (g *Registry) DeletePackage(ctx context.Context, r api.Request) (api.Document, error) {
	name, err := catalog.NameOf(store.ModelPackage, r.Region, r.Input.Text("ModelPackageName"))
	if err != nil {
		return nil, err
	}
	err = g.catalog.Store.Delete(ctx, store.ModelPackage, r.Region, name, "", nil)
	if errors.Is(err, store.ErrNotFound) {
		return nil, catalog.Missing(store.ModelPackage, r.Region, name)
	}
	return api.Document{}, err
}
