package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
)

// policyCase is one policy of the comparison with tfsec, whose aws-iam-no-policy-wildcards looks for what our iam_wildcard_* rules do.
type policyCase struct {
	name, text string
	// judged says why the two differ; empty where they must agree.
	judged string
}

const managed = "resource \"aws_iam_policy\" \"%s\" {\n  name   = \"p\"\n  policy = %s\n}\n"

func statement(effect, action, resource string) string {
	return fmt.Sprintf("jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = %q, Action = %s, Resource = %s }] })", effect, action, resource)
}

func encoded(name, effect, action, resource string) string {
	return fmt.Sprintf(managed, name, statement(effect, action, resource))
}

var policyCases = []policyCase{
	{"named", encoded("named", "Allow", `["s3:GetObject"]`, `["arn:aws:s3:::b/data.csv"]`), ""},
	{"star", encoded("star", "Allow", `["*"]`, `["*"]`), ""},
	{"service", encoded("service", "Allow", `["s3:*"]`, `["arn:aws:s3:::b"]`), ""},
	{"anywhere", encoded("anywhere", "Allow", `["sqs:SendMessage"]`, `["*"]`), ""},
	{"deny", encoded("deny", "Deny", `["*"]`, `["*"]`), ""},
	{"document", "data \"aws_iam_policy_document\" \"document\" {\n  statement {\n    actions   = [\"dynamodb:*\"]\n    resources = [\"arn:aws:dynamodb:eu-west-1:111111111111:table/t\"]\n  }\n}\n" +
		fmt.Sprintf(managed, "document", "data.aws_iam_policy_document.document.json"), ""},
	{"objects", encoded("objects", "Allow", `["s3:GetObject"]`, `["arn:aws:s3:::b/*"]`), ""},
	{"verb", encoded("verb", "Allow", `["s3:Get*"]`, `["arn:aws:s3:::b"]`), ""},
	{"noresource", encoded("noresource", "Allow", `["ecr:GetAuthorizationToken"]`, `["*"]`), ""},
	{"inline", "resource \"aws_iam_role_policy\" \"inline\" {\n  role   = \"r\"\n  policy = " + statement("Allow", `["s3:*"]`, `["*"]`) + "\n}\n",
		"the role is named by a literal, and tfsec looks at the inline policies of roles that it sees only"},
	{"unknown", fmt.Sprintf(managed, "unknown", "<<-EOT\n    { \"Version\": \"2012-10-17\", \"Statement\": [{ \"Effect\": \"Allow\", \"Action\": \"dynamodb:*\", \"Resource\": \"${data.terraform_remote_state.s.outputs.arn}\" }] }\n  EOT"),
		"the ARN is known after apply only; the wildcard beside it is written there"},
}

// compareShared runs both on the cases and says where they differ. It is an error when they differ in a way that is not judged.
func compareShared(lint, tfsec, dir string) (same int, differences []string, err error) {
	for _, c := range policyCases {
		if err := write(filepath.Join(dir, c.name+".tf"), c.text); err != nil {
			return 0, nil, err
		}
	}
	_, theirs, err := output(dir, nil, tfsec, "--format", "json", "--no-colour", "--force-all-dirs", dir)
	if err != nil {
		return 0, nil, err
	}
	var r struct {
		Results []struct {
			ID       string `json:"long_id"`
			Location struct{ Filename string }
		}
	}
	if err := json.Unmarshal(theirs, &r); err != nil {
		return 0, nil, fmt.Errorf("read the output of tfsec: %w", err)
	}
	found := map[string][2]bool{}
	for _, f := range r.Results {
		if f.ID == "aws-iam-no-policy-wildcards" {
			name := strings.TrimSuffix(filepath.Base(f.Location.Filename), ".tf")
			found[name] = [2]bool{true, found[name][1]}
		}
	}
	_, ours, err := output(dir, nil, lint, "--root", dir, "--format", "json", "--only", "iam_wildcard_action,iam_wildcard_resource,iam_admin_policy", dir)
	if err != nil {
		return 0, nil, err
	}
	var o struct {
		Issues []struct{ Range struct{ Filename string } }
	}
	if err := json.Unmarshal(ours, &o); err != nil {
		return 0, nil, fmt.Errorf("read our output: %w", err)
	}
	for _, f := range o.Issues {
		name := strings.TrimSuffix(filepath.Base(f.Range.Filename), ".tf")
		found[name] = [2]bool{found[name][0], true}
	}
	var unjudged []string
	for _, c := range policyCases {
		f := found[c.name]
		if f[0] == f[1] {
			same++
			continue
		}
		who := "only tfsec"
		if f[1] {
			who = "only ours"
		}
		if c.judged == "" {
			unjudged = append(unjudged, fmt.Sprintf("%s finds %q", who, c.name))
		}
		differences = append(differences, fmt.Sprintf("%s finds %q: %s", who, c.name, c.judged))
	}
	sort.Strings(unjudged)
	if len(unjudged) > 0 {
		err = fmt.Errorf("findings differ from tfsec's in a way that nobody judged: %s", strings.Join(unjudged, "; "))
	}
	return same, differences, err
}
