// Package rules holds the linter's rules, one file each. Input: the evaluated configuration that a linter.Pass shows.
// Output: findings.
package rules

//go:generate go run ../internal/rulepages

import "github.com/titanicml/terraform-provider-titanicml/linter"

// All lists every rule, in the order of the documentation. The slice is new on every call; the rules are shared.
func All() []*linter.Rule {
	return []*linter.Rule{
		RequiredTags,
		DefaultTags,
		IAMWildcardAction,
		IAMWildcardResource,
		IAMNotAction,
		IAMWildcardPrincipal,
		IAMPassRole,
		IAMAdminPolicy,
		IAMUnknownAction,
		IAMPrivilegeEscalation,
		IAMSharedRole,
		StageSkipped,
		StageContract,
		StageEvidence,
		PhaseDocs,
		IterationDocs,
		EndpointUngated,
		PromotionWithoutRequirements,
		PromotionWeakened,
		AWSSchema,
		HardcodedSecret,
		LogRetention,
		ResourceNaming,
		BackendState,
		VersionPinned,
		EC2Unjustified,
		MissingBudget,
		MissingAlarm,
		NonprodSchedule,
		WorkflowGate,
		WorkflowOIDC,
		WorkflowPinned,
		IgnoreInvalid,
		IgnoreUnused,
	}
}
