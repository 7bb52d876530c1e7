package main

// The provider's schema says of a policy only that it is a string, so which attributes hold an IAM policy, and of what
// kind, is written here. The kinds are those of awsschema.PolicyKind.

// policyNames are attributes that hold a resource policy unless policyKinds says otherwise.
var policyNames = map[string]bool{
	"access_policies": true, "access_policy": true, "assume_role_policy": true, "delivery_destination_policy": true,
	"inline_policy": true, "policy": true, "policy_document": true, "repository_policy": true, "resource_policy": true,
}

// policyKinds corrects the default: i identity, t trust, a account-wide resource policy, l limit (grants nothing by itself),
// - not in the grammar of IAM. The key is the type, with the attribute where the type has several.
var policyKinds = map[string]byte{
	"aws_iam_group_policy":                      'i',
	"aws_iam_policy":                            'i',
	"aws_iam_role.assume_role_policy":           't',
	"aws_iam_role.policy":                       'i', // in its inline_policy blocks
	"aws_iam_role_policy":                       'i',
	"aws_iam_user_policy":                       'i',
	"aws_iot_policy":                            'i',
	"aws_ssoadmin_permission_set_inline_policy": 'i',

	"aws_cloudwatch_log_resource_policy":                'a',
	"aws_ecr_registry_policy":                           'a',
	"aws_glue_resource_policy":                          'a',
	"aws_organizations_resource_policy":                 'a',
	"aws_xray_resource_policy":                          'a',
	"aws_organizations_policy":                          'l', // its attribute is content
	"aws_odb_network.s3_policy_document":                'l',
	"aws_rolesanywhere_profile":                         'l',
	"aws_transfer_access":                               'l',
	"aws_transfer_user":                                 'l',
	"aws_vpc_endpoint":                                  'l',
	"aws_vpc_endpoint_policy":                           'l',
	"aws_cloudwatch_log_account_policy":                 '-',
	"aws_ecr_lifecycle_policy":                          '-',
	"aws_iot_policy_attachment":                         '-',
	"aws_networkmanager_core_network":                   '-',
	"aws_opensearchserverless_access_policy":            '-',
	"aws_opensearchserverless_lifecycle_policy":         '-',
	"aws_opensearchserverless_security_policy":          '-',
	"aws_cloudwatch_log_data_protection_policy":         '-',
	"aws_cloudwatch_log_index_policy":                   '-',
	"aws_networkmanager_core_network_policy_attachment": '-',
	"aws_ses_receipt_filter":                            '-',
	"aws_sns_topic_data_protection_policy":              '-',
	"aws_verifiedaccess_endpoint":                       '-',
	"aws_verifiedaccess_group":                          '-',
}

// otherPolicies are policy attributes whose name does not say so.
var otherPolicies = map[string]bool{
	"aws_odb_network.s3_policy_document":        true,
	"aws_organizations_policy.content":          true,
	"aws_organizations_resource_policy.content": true,
	"aws_rolesanywhere_profile.session_policy":  true,
}

// policyKind returns the kind of policy that the string attribute holds, or 0.
func policyKind(typeName, attr string) byte {
	if !policyNames[attr] && !otherPolicies[typeName+"."+attr] {
		return 0
	}
	kind, ok := policyKinds[typeName+"."+attr]
	if !ok {
		kind, ok = policyKinds[typeName]
	}
	if !ok {
		kind = 'r'
	}
	if kind == '-' {
		return 0
	}
	return kind
}
