package iam

import (
	"sort"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/node"
)

// sharedIssuers are identity providers that sign tokens for everybody who has an account there, with the token's claim that tells
// whose token it is. A trust without a condition on it trusts the whole world of that provider.
var sharedIssuers = []struct {
	host   string
	claims []string
	say    string
}{
	{"token.actions.githubusercontent.com", []string{"sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "enterprise", "enterprise_id"}, "a repository"},
	{"gitlab.com", []string{"sub", "project_path", "namespace_path", "project_id", "namespace_id"}, "a project"},
	{"app.terraform.io", []string{"sub", "terraform_organization_id", "terraform_organization_name", "terraform_project_id", "terraform_workspace_id"}, "an organization and workspace"},
	{"cognito-identity.amazonaws.com", []string{"aud"}, "an identity pool"},
	{"accounts.google.com", []string{"sub", "aud", "oaud", "hd", "email"}, "a subject or audience"},
	{"graph.facebook.com", []string{"app_id", "id"}, "an application"},
	{"www.amazon.com", []string{"app_id", "user_id"}, "an application"},
	{"agent.buildkite.com", []string{"sub", "organization_slug", "pipeline_slug"}, "an organization"},
	{"api.bitbucket.org", []string{"sub", "aud"}, "a repository"},
}

// issuer returns the shared identity provider that a federated principal names.
func issuer(principal string) (host string, claims []string, say string, ok bool) {
	_, name, found := strings.Cut(principal, ":oidc-provider/")
	if !found {
		name = principal
	}
	name = strings.ToLower(name)
	for _, i := range sharedIssuers {
		if name == i.host || strings.HasPrefix(name, i.host+"/") {
			return i.host, i.claims, i.say, true
		}
	}
	if strings.HasPrefix(name, "oidc.eks.") && strings.Contains(name, ".amazonaws.com") {
		return name, []string{"sub"}, "a service account", true // of everything that runs in the cluster
	}
	return "", nil, "", false
}

// issuerOfKeys returns the shared identity provider that the statement's conditions speak of, for a principal that is not known.
func (s *Statement) issuerOfKeys() (host string, claims []string, say string, ok bool) {
	for i := range s.Conditions {
		if name, _, found := cutLast(s.Conditions[i].Key, ":"); found {
			if host, claims, say, ok = issuer(name); ok {
				return host, claims, say, true
			}
		}
	}
	return "", nil, "", false
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// limitsIssuer reports whether the statement says whose tokens of the provider it takes.
func (s *Statement) limitsIssuer(host string, claims []string) bool {
	return s.ConditionsPartial || s.restrictedBy(func(key string) (keyKind, bool) {
		for _, c := range claims {
			if key != host+":"+c && (!strings.HasPrefix(key, host+"/") || !strings.HasSuffix(key, ":"+c)) {
				continue
			}
			switch {
			case c == "sub" && strings.HasPrefix(host, "token.actions."):
				return githubSubject, true
			case c == "sub", c == "repository", c == "job_workflow_ref", c == "project_path", c == "namespace_path":
				return subjectKey, true
			}
			return plainKey, true
		}
		return 0, false
	})
}

// githubOwners are the labels of GitHub's subjects behind which stands somebody's own. What follows another label, such as workflow or
// environment, everybody can name as they like.
var githubOwners = []string{"repo:", "repository:", "repository_owner:", "repository_id:", "repository_owner_id:", "enterprise:", "enterprise_id:", "job_workflow_ref:"}

// namesOwner reports whether a token's subject says whose it is: behind its label stands a name that ends before the first wildcard, as in
// repo:octo-org/*. In repo:octo-org* it does not end, and octo-organization is somebody else.
func namesOwner(kind keyKind, subject string) bool {
	literal, unknown := subject, false
	if i := strings.IndexAny(subject, "*?"); i >= 0 {
		literal = subject[:i]
	}
	if i := strings.Index(literal, node.Hole); i >= 0 {
		literal, unknown = literal[:i], true
	}
	labelled := false
	for _, label := range githubOwners {
		if strings.HasPrefix(literal, label) {
			labelled = true
		}
	}
	if kind == githubSubject && !labelled {
		return unknown && literal == ""
	}
	name := strings.TrimPrefix(literal, "system:serviceaccount:")
	if label, rest, found := strings.Cut(name, ":"); found && name == literal && !strings.ContainsAny(label, "/{") {
		name = rest
	}
	switch {
	case unknown:
		return true
	case literal == subject:
		return name != ""
	}
	return strings.IndexAny(name, "/:") > 0
}

// family groups service principals that one role may serve: they run the same workload.
var family = map[string]string{
	"edgelambda": "lambda", "lambda": "lambda",
	"events": "scheduling", "scheduler": "scheduling", "pipes": "scheduling",
	"ecs": "ecs", "ecs-tasks": "ecs",
	"autoscaling": "application-autoscaling", "application-autoscaling": "application-autoscaling",
	"sagemaker": "sagemaker", "airflow": "airflow", "airflow-env": "airflow",
	"eks": "eks", "eks-fargate-pods": "eks", "pods.eks": "eks",
	"codedeploy": "codedeploy", "spotfleet": "ec2", "ec2": "ec2", "ssm": "ec2",
	"apigateway": "apigateway", "ops.apigateway": "apigateway",
}

// WorkloadServices returns the service principals that a trust policy's Allow statements name, one for each family of services
// that run the same workload, sorted. More than one means that a role is shared.
func (p *Policy) WorkloadServices() []string {
	seen := map[string]string{}
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect != Allow {
			continue
		}
		for _, e := range s.Principal.Entries {
			if e.Kind != "Service" || !e.Value.Known() {
				continue
			}
			name := strings.ToLower(e.Value.S)
			if f := serviceFamily(name); seen[f] == "" || name < seen[f] {
				seen[f] = name
			}
		}
	}
	var out []string
	for _, name := range seen {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// serviceFamily maps sagemaker.amazonaws.com, states.eu-west-1.amazonaws.com and the like to a family.
func serviceFamily(principal string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(principal, ".cn"), ".amazonaws.com")
	if host, region, ok := strings.Cut(name, "."); ok && strings.Count(region, "-") >= 2 {
		name = host
	}
	if f, ok := family[name]; ok {
		return f
	}
	return name
}

// adminPolicies are the AWS managed policies that make their holder an administrator, or let it become one.
var adminPolicies = map[string]string{
	"AdministratorAccess":         "allows everything",
	"AdministratorAccess-Amplify": "lets its holder create, change and pass roles",
	"AWSOrganizationsFullAccess":  "rules every account of the organization",
	"IAMFullAccess":               "lets its holder grant itself everything",
	"PowerUserAccess":             "allows everything but managing users, groups and the organization",
}

// AdminPolicy reports whether the ARN names an AWS managed policy that makes its holder an administrator, and how.
func AdminPolicy(arn string) (consequence string, ok bool) {
	f := strings.SplitN(arn, ":", 6)
	if len(f) < 6 || f[2] != "iam" || f[4] != "aws" {
		return "", false
	}
	consequence, ok = adminPolicies[strings.TrimPrefix(f[5], "policy/")]
	return consequence, ok
}
