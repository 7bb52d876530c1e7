package iam

import (
	"fmt"
	"sort"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/iam/actions"
)

// directEscalations are actions that, on resources of the caller's choice, give it the rights of another identity or let it
// write its own. The limits are condition keys that take the danger out when the statement sets them.
var directEscalations = []struct {
	action, how string
	limits      []string
}{
	{"iam:AddUserToGroup", "joins any group", nil},
	{"iam:AttachGroupPolicy", "attaches any policy", []string{"iam:policyarn"}},
	{"iam:AttachRolePolicy", "attaches any policy", []string{"iam:policyarn", "iam:permissionsboundary"}},
	{"iam:AttachUserPolicy", "attaches any policy", []string{"iam:policyarn", "iam:permissionsboundary"}},
	{"iam:CreateAccessKey", "makes keys of other users", nil},
	{"iam:CreateLoginProfile", "sets passwords of other users", nil},
	{"iam:CreatePolicyVersion", "rewrites policies", nil},
	{"iam:CreateSAMLProvider", "trusts an identity provider of its own", nil},
	{"iam:CreateServiceSpecificCredential", "makes credentials of other users", nil},
	{"iam:DeleteRolePermissionsBoundary", "removes boundaries", nil},
	{"iam:DeleteUserPermissionsBoundary", "removes boundaries", nil},
	{"iam:PutGroupPolicy", "writes inline policies", nil},
	{"iam:PutRolePolicy", "writes inline policies", []string{"iam:permissionsboundary"}},
	{"iam:PutUserPolicy", "writes inline policies", []string{"iam:permissionsboundary"}},
	{"iam:SetDefaultPolicyVersion", "brings back older versions of policies", nil},
	{"iam:UpdateAssumeRolePolicy", "lets itself assume roles", nil},
	{"iam:UpdateLoginProfile", "changes passwords of other users", nil},
	{"iam:UpdateSAMLProvider", "replaces the keys of an identity provider", nil},
	{"sts:AssumeRole", "assumes every role that trusts the account", []string{"aws:resourceaccount"}},

	{"cloudformation:UpdateStack", "changes what a stack's role creates", nil},
	{"ec2:ModifyInstanceAttribute", "replaces the start script of instances with other roles", nil},
	{"ec2-instance-connect:SendSSHPublicKey", "logs in to instances with other roles", nil},
	{"ecs:ExecuteCommand", "runs commands in tasks with other roles", nil},
	{"glue:UpdateDevEndpoint", "logs in to endpoints with other roles", nil},
	{"glue:UpdateJob", "replaces the script of jobs with other roles", nil},
	{"lambda:UpdateFunctionCode", "replaces the code of functions with other roles", nil},
	{"lambda:UpdateFunctionConfiguration", "puts a layer under functions with other roles", nil},
	{"codebuild:StartBuild", "overrides the commands of projects with other roles", nil},
	{"codebuild:UpdateProject", "replaces the commands of projects with other roles", nil},
	{"sagemaker:CreatePresignedDomainUrl", "opens the studio of other users", nil},
	{"sagemaker:CreatePresignedNotebookInstanceUrl", "opens notebooks with other roles", nil},
	{"sagemaker:UpdateNotebookInstanceLifecycleConfig", "replaces the start script of notebooks with other roles", nil},
	{"ssm:SendCommand", "runs commands on instances with other roles", nil},
	{"ssm:StartSession", "logs in to instances with other roles", nil},
}

// passEscalations are actions that start something under a role which iam:PassRole hands over, with the service that takes it.
var passEscalations = []struct{ action, service string }{
	{"apprunner:CreateService", "tasks.apprunner.amazonaws.com"},
	{"appsync:CreateDataSource", "appsync.amazonaws.com"},
	{"autoscaling:CreateLaunchConfiguration", "ec2.amazonaws.com"},
	{"batch:RegisterJobDefinition", "ecs-tasks.amazonaws.com"},
	{"bedrock:CreateAgent", "bedrock.amazonaws.com"},
	{"bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore.amazonaws.com"},
	{"cloudformation:CreateChangeSet", "cloudformation.amazonaws.com"},
	{"cloudformation:CreateStack", "cloudformation.amazonaws.com"},
	{"cloudformation:CreateStackSet", "cloudformation.amazonaws.com"},
	{"cloudformation:UpdateStack", "cloudformation.amazonaws.com"},
	{"codebuild:CreateProject", "codebuild.amazonaws.com"},
	{"codebuild:UpdateProject", "codebuild.amazonaws.com"},
	{"codepipeline:CreatePipeline", "codepipeline.amazonaws.com"},
	{"codepipeline:UpdatePipeline", "codepipeline.amazonaws.com"},
	{"cognito-identity:SetIdentityPoolRoles", "cognito-identity.amazonaws.com"},
	{"datapipeline:PutPipelineDefinition", "datapipeline.amazonaws.com"},
	{"ec2:AssociateIamInstanceProfile", "ec2.amazonaws.com"},
	{"ec2:CreateFleet", "ec2.amazonaws.com"},
	{"ec2:ReplaceIamInstanceProfileAssociation", "ec2.amazonaws.com"},
	{"ec2:RequestSpotFleet", "ec2.amazonaws.com"},
	{"ec2:RequestSpotInstances", "ec2.amazonaws.com"},
	{"ec2:RunInstances", "ec2.amazonaws.com"},
	{"ecs:RegisterTaskDefinition", "ecs-tasks.amazonaws.com"},
	{"ecs:RunTask", "ecs-tasks.amazonaws.com"},
	{"ecs:StartTask", "ecs-tasks.amazonaws.com"},
	{"elasticmapreduce:RunJobFlow", "elasticmapreduce.amazonaws.com"},
	{"emr-serverless:StartJobRun", "emr-serverless.amazonaws.com"},
	{"events:PutTargets", "events.amazonaws.com"},
	{"glue:CreateDevEndpoint", "glue.amazonaws.com"},
	{"glue:CreateJob", "glue.amazonaws.com"},
	{"glue:CreateSession", "glue.amazonaws.com"},
	{"glue:UpdateJob", "glue.amazonaws.com"},
	{"iot:CreateTopicRule", "iot.amazonaws.com"},
	{"kinesisanalytics:CreateApplication", "kinesisanalytics.amazonaws.com"},
	{"lambda:CreateFunction", "lambda.amazonaws.com"},
	{"lambda:UpdateFunctionConfiguration", "lambda.amazonaws.com"},
	{"omics:StartRun", "omics.amazonaws.com"},
	{"pipes:CreatePipe", "pipes.amazonaws.com"},
	{"robomaker:CreateSimulationJob", "robomaker.amazonaws.com"},
	{"sagemaker:CreateAutoMLJobV2", "sagemaker.amazonaws.com"},
	{"sagemaker:CreateDomain", "sagemaker.amazonaws.com"},
	{"sagemaker:CreateHyperParameterTuningJob", "sagemaker.amazonaws.com"},
	{"sagemaker:CreateModel", "sagemaker.amazonaws.com"},
	{"sagemaker:CreateNotebookInstance", "sagemaker.amazonaws.com"},
	{"sagemaker:CreatePipeline", "sagemaker.amazonaws.com"},
	{"sagemaker:CreateProcessingJob", "sagemaker.amazonaws.com"},
	{"sagemaker:CreateTrainingJob", "sagemaker.amazonaws.com"},
	{"sagemaker:CreateUserProfile", "sagemaker.amazonaws.com"},
	{"scheduler:CreateSchedule", "scheduler.amazonaws.com"},
	{"ssm:StartAutomationExecution", "ssm.amazonaws.com"},
	{"states:CreateStateMachine", "states.amazonaws.com"},
	{"states:UpdateStateMachine", "states.amazonaws.com"},
}

// escalations reports the known ways in which the policy lets its holder gain rights: one finding for each statement that has a
// direct way, one for each that passes a role to something the policy lets it start.
func (c *checker) escalations() {
	var starts map[string]bool // what of passEscalations some statement allows
	for i := range c.policy.Statements {
		s := &c.policy.Statements[i]
		if s.Effect != Allow || c.admin[i] || !s.Action.Present {
			continue
		}
		resource, ok := widest(s)
		if !ok {
			continue
		}
		c.direct(i, s, resource)
		if s.allows("iam:PassRole") {
			if starts == nil {
				starts = c.starts()
			}
			c.passed(i, s, resource, starts)
		}
	}
}

// starts finds which of passEscalations the policy allows. Each distinct action of the policy is compared once.
func (c *checker) starts() map[string]bool {
	found, seen := map[string]bool{}, map[string]bool{}
	for i := range c.policy.Statements {
		s := &c.policy.Statements[i]
		if s.Effect != Allow || c.admin[i] {
			continue
		}
		for _, a := range s.Action.Items {
			if seen[a.S] || !a.Known() {
				continue
			}
			seen[a.S] = true
			for _, e := range passEscalations {
				found[e.action] = found[e.action] || actions.Match(a.S, e.action)
			}
		}
	}
	return found
}

func (c *checker) direct(i int, s *Statement, resource Text) {
	var found []string
	how := ""
	for _, e := range directEscalations {
		if !s.allows(e.action) || s.limitedBy(append([]string{"aws:resourcetag/", "iam:resourcetag/"}, e.limits...)) {
			continue
		}
		if found = append(found, e.action); how == "" {
			how = e.how
		}
	}
	if len(found) > 0 {
		c.report("iam_privilege_escalation", i, resource, "allows %s on %s, with which its holder %s; name the resources that it needs", listed(found), resource, how)
	}
}

func (c *checker) passed(i int, s *Statement, resource Text, starts map[string]bool) {
	var found []string
	for _, e := range passEscalations {
		if starts[e.action] && s.passesTo(e.service) {
			found = append(found, e.action)
		}
	}
	if len(found) > 0 {
		c.report("iam_privilege_escalation", i, resource, "allows iam:PassRole on %s together with %s, so its holder can run code with the rights of any such role; name the role's ARN", resource, listed(found))
	}
}

// allows reports whether an Action element of the statement, by itself or by a wildcard, contains the action.
func (s *Statement) allows(action string) bool {
	for _, a := range s.Action.Items {
		if a.Known() && actions.Match(a.S, action) {
			return true
		}
	}
	return false
}

// widest returns a resource that is wide; ok is false when all are named.
func widest(s *Statement) (Text, bool) {
	best, found := Text{}, false
	for _, r := range s.Resource.Items {
		switch w, _ := ResourceWidth(r.S); w {
		case EveryResource:
			return r, true
		case WidePart:
			if !found {
				best, found = r, true
			}
		}
	}
	return best, found
}

// limitedBy reports whether a condition on one of the keys limits the statement; a key that ends in "/" stands for all behind it.
func (s *Statement) limitedBy(keys []string) bool {
	return s.ConditionsPartial || s.restrictedBy(func(key string) (keyKind, bool) {
		for _, k := range keys {
			if key == k || strings.HasSuffix(k, "/") && strings.HasPrefix(key, k) {
				return plainKey, true
			}
		}
		return plainKey, false
	})
}

// passesTo reports whether the statement's conditions let a role be passed to the service.
func (s *Statement) passesTo(service string) bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !strings.EqualFold(c.Key, "iam:PassedToService") || c.Values.Partial {
			continue
		}
		match, _, ok := operator(c.Operator)
		if !ok {
			continue
		}
		passes := false
		for _, v := range c.Values.Items {
			passes = passes || !v.Known() || strings.EqualFold(v.S, service) || match && actions.Match(v.S, service)
		}
		if !passes {
			return false
		}
	}
	return true
}

// listed joins names as in "a", "a and b", "a, b and 5 more".
func listed(names []string) string {
	names = append([]string(nil), names...)
	sort.Strings(names)
	switch {
	case len(names) <= 1:
		return strings.Join(names, "")
	case len(names) <= 3:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
	return fmt.Sprintf("%s, %s and %d more", names[0], names[1], len(names)-2)
}
