package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/spf13/cobra"
)

func approveCommand(o *options) *cobra.Command {
	var as, reason string
	var reject bool
	c := &cobra.Command{
		Use:   "approve --as NAME PACKAGE_ARN | GROUP [VERSION]",
		Short: "Approve or reject a model version as a named person",
		Long: `Sets the approval status of a model version, as a person does in SageMaker's console. The engine
records NAME as the approver, and a promotion with approval.distinct_from_trainer compares it with
who trained. Give a version's ARN, or a model package group and a version; without a version the
newest one that waits (PendingManualApproval) is taken. Approval never overrides requirements that
failed: run terraform apply afterwards.`,
		Example: `  titanicml-local approve --as alice titanic-survival
  titanicml-local approve --as alice --reason "checked recall by sex" titanic-survival 3
  titanicml-local approve --as bob --reject --reason "trained on last year's rows" titanic-survival 4`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			i, err := connect(c.Context(), o)
			if err != nil {
				return err
			}
			region := o.region
			if p := strings.Split(args[0], ":"); len(p) == 6 && p[0] == "arn" {
				region = p[3]
			}
			client := sagemakerClient(i, region, as)
			arn, err := findPackage(c.Context(), client, args)
			if err != nil {
				return err
			}
			status, done := types.ModelApprovalStatusApproved, "approved"
			if reject {
				status, done = types.ModelApprovalStatusRejected, "rejected"
			}
			in := &sagemaker.UpdateModelPackageInput{ModelPackageArn: &arn, ModelApprovalStatus: status}
			if reason != "" {
				in.ApprovalDescription = &reason
			}
			if _, err := client.UpdateModelPackage(c.Context(), in); err != nil {
				return plain(err)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s %s as %s\n", done, arn, as)
			return nil
		},
	}
	c.Flags().StringVar(&as, "as", "", "who approves; the engine takes it as the access key of the request")
	c.Flags().BoolVar(&reject, "reject", false, "reject instead of approving")
	c.Flags().StringVar(&reason, "reason", "", "why, kept with the version")
	if err := c.MarkFlagRequired("as"); err != nil {
		panic(err) // a flag of this command
	}
	return c
}

// findPackage turns the command's arguments into a version's ARN.
func findPackage(ctx context.Context, client *sagemaker.Client, args []string) (string, error) {
	if strings.HasPrefix(args[0], "arn:") {
		if len(args) > 1 {
			return "", errors.New("an ARN names its version already; give no VERSION with it")
		}
		return args[0], nil
	}
	group := args[0]
	wanted := 0
	if len(args) == 2 {
		var err error
		if wanted, err = strconv.Atoi(args[1]); err != nil || wanted < 1 {
			return "", fmt.Errorf("VERSION %q: want a positive number", args[1])
		}
	}
	in := &sagemaker.ListModelPackagesInput{ModelPackageGroupName: &group, SortBy: types.ModelPackageSortByCreationTime, SortOrder: types.SortOrderDescending}
	if wanted == 0 {
		in.ModelApprovalStatus = types.ModelApprovalStatusPendingManualApproval
	}
	newest := int32(0)
	arn := ""
	pages := sagemaker.NewListModelPackagesPaginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", plain(err)
		}
		for _, p := range page.ModelPackageSummaryList {
			v := aws.ToInt32(p.ModelPackageVersion)
			if wanted == 0 && v > newest || int(v) == wanted && wanted > 0 {
				newest, arn = v, aws.ToString(p.ModelPackageArn)
			}
		}
	}
	switch {
	case arn != "":
		return arn, nil
	case wanted > 0:
		return "", fmt.Errorf("group %s has no version %d", group, wanted)
	}
	return "", fmt.Errorf("no version of group %s waits for approval; give a VERSION to change one that was decided", group)
}
