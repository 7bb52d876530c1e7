// Package documents looks at what a rehearsal of the stages has applied. In go the Terraform states; it checks the JSON documents in them
// (policies, state machine, pipeline, dashboard), keeps the large ones for the tests, and writes the tables of rights into docs/.
package documents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
)

// policy is an applied IAM policy of dev, with every name known.
type policy struct {
	Stage, Owner, Name, Document string
}

// policiesFile is where a rehearsal leaves the policies for the documents and their tests.
func policiesFile(root string) string {
	return filepath.Join(root, ".titanicml", "stages", "policies.json")
}

// ReportFile is where a rehearsal leaves what it did.
func ReportFile(root string) string {
	return filepath.Join(root, ".titanicml", "stages", "report.txt")
}

// Keep checks the JSON documents in the states below dir, for both environments, and keeps policies and documents for Write. It
// returns how many it has checked.
func Keep(root, dir string) (checked int, err error) {
	if err := keepPolicies(root, dir); err != nil {
		return 0, err
	}
	return keepDocuments(dir)
}

type stateFile struct {
	Resources []struct {
		Mode, Type, Name string
		Instances        []struct {
			Attributes map[string]any
		}
	}
}

func readState(file string) (stateFile, error) {
	var state stateFile
	content, err := os.ReadFile(file)
	if err != nil {
		return state, fmt.Errorf("read a state: %w", err)
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return state, fmt.Errorf("read %s: %w", file, err)
	}
	return state, nil
}

// keepDocuments checks the JSON documents of both environments and keeps the three large ones.
func keepDocuments(dir string) (checked int, err error) {
	kept := map[string]string{"aws_cloudwatch_dashboard": "dashboard_body", "aws_sagemaker_pipeline": "pipeline_definition", "aws_sfn_state_machine": "definition"}
	var errs []error
	for _, env := range []string{"dev", "prod"} {
		for _, stage := range project.Stages {
			state, err := readState(filepath.Join(dir, "state", env+"."+stage+".tfstate"))
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				return checked, err
			}
			count, err := checkDocuments(state)
			checked += count
			if err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %w", env, stage, err))
			}
			for _, resource := range state.Resources {
				attribute, ok := kept[resource.Type]
				if !ok || len(resource.Instances) != 1 {
					continue
				}
				text, _ := resource.Instances[0].Attributes[attribute].(string)
				var pretty bytes.Buffer
				if err := json.Indent(&pretty, []byte(text), "", "  "); err != nil {
					return checked, fmt.Errorf("%s %s: %w", env, resource.Type, err)
				}
				pretty.WriteByte('\n')
				directory := filepath.Join(dir, "documents")
				if err := os.MkdirAll(directory, 0o755); err != nil {
					return checked, fmt.Errorf("keep a document: %w", err)
				}
				if err := os.WriteFile(filepath.Join(directory, env+"."+resource.Type+".json"), pretty.Bytes(), 0o644); err != nil {
					return checked, fmt.Errorf("keep a document: %w", err)
				}
			}
		}
	}
	return checked, errors.Join(errs...)
}

// keepPolicies takes the policies out of dev's states before they are destroyed.
func keepPolicies(root, dir string) error {
	var all []policy
	for _, stage := range project.Stages {
		state, err := readState(filepath.Join(dir, "state", "dev."+stage+".tfstate"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, resource := range state.Resources {
			for _, instance := range resource.Instances {
				text := func(name string) string { value, _ := instance.Attributes[name].(string); return value }
				switch resource.Type {
				case "aws_iam_policy":
					all = append(all, policy{stage, text("name"), "", text("policy")})
				case "aws_iam_role_policy":
					all = append(all, policy{stage, text("role"), text("name"), text("policy")})
				}
			}
		}
	}
	// A stand-in makes an ID of its own for a role; the name of the role is what people know.
	for i := range all {
		all[i].Owner = roleName(dir, all[i])
	}
	encoded, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the policies: %w", err)
	}
	if err := os.WriteFile(policiesFile(root), encoded, 0o644); err != nil {
		return fmt.Errorf("keep the policies: %w", err)
	}
	return nil
}

func roleName(dir string, p policy) string {
	if strings.HasPrefix(p.Owner, "titanic-") {
		return p.Owner
	}
	state, err := readState(filepath.Join(dir, "state", "dev."+p.Stage+".tfstate"))
	if err != nil {
		return p.Owner
	}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if resource.Type == "aws_iam_role" && instance.Attributes["id"] == p.Owner {
				name, _ := instance.Attributes["name"].(string)
				return name
			}
		}
	}
	return p.Owner
}

var rehearsalBlock = regexp.MustCompile(`(?s)<!-- rehearsal:([a-z0-9_ ]+) -->\n.*?<!-- /rehearsal -->`)

// rehearsalLines is what the last rehearsal said about some stages.
func rehearsalLines(report string, stages []string) string {
	var lines []string
	for _, line := range strings.Split(report, "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && slices.Contains(stages, fields[1]) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

var iamBlock = regexp.MustCompile(`(?s)<!-- iam:([a-z0-9_ ]+) -->\n.*?<!-- /iam -->`)

// Write rewrites the tables of rights in the phase documents and the documents that tests check.
func Write(root string) error {
	kept := os.DirFS(filepath.Join(root, ".titanicml", "stages", "documents"))
	testdata := filepath.Join(root, "scripts", "stages", "documents", "testdata", "documents")
	if err := os.RemoveAll(testdata); err != nil {
		return fmt.Errorf("clear the documents that tests check: %w", err)
	}
	if err := os.CopyFS(testdata, kept); err != nil {
		return fmt.Errorf("copy the documents of the last rehearsal (run make stages first): %w", err)
	}
	content, err := os.ReadFile(policiesFile(root))
	if err != nil {
		return fmt.Errorf("read the policies of the last rehearsal (run make stages first): %w", err)
	}
	var all []policy
	if err := json.Unmarshal(content, &all); err != nil {
		return fmt.Errorf("read %s: %w", policiesFile(root), err)
	}
	report, err := os.ReadFile(ReportFile(root))
	if err != nil {
		return fmt.Errorf("read what the last rehearsal did (run make stages first): %w", err)
	}
	documents, err := filepath.Glob(filepath.Join(root, "docs", "0*.md"))
	if err != nil {
		return fmt.Errorf("find the phase documents: %w", err)
	}
	for _, file := range documents {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read a phase document: %w", err)
		}
		var failed error
		changed := iamBlock.ReplaceAllStringFunc(string(text), func(block string) string {
			stages := iamBlock.FindStringSubmatch(block)[1]
			table, err := rightsTable(all, strings.Fields(stages))
			failed = errors.Join(failed, err)
			return "<!-- iam:" + stages + " -->\n" + table + "<!-- /iam -->"
		})
		if failed != nil {
			return fmt.Errorf("%s: %w", file, failed)
		}
		changed = rehearsalBlock.ReplaceAllStringFunc(changed, func(block string) string {
			stages := rehearsalBlock.FindStringSubmatch(block)[1]
			return "<!-- rehearsal:" + stages + " -->\n\nFrom the last rehearsal:\n\n<!-- run: by=\"make stages\" -->\n```text\n" + rehearsalLines(string(report), strings.Fields(stages)) + "\n```\n\n<!-- /rehearsal -->"
		})
		if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
	}
	return nil
}

// many is a list that IAM writes as one value when it has only one.
type many []string

// UnmarshalJSON reads a value or a list.
func (m *many) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*m = many{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(m))
}

type statement struct {
	Sid       string
	Effect    string
	Action    many
	Resource  many
	Condition map[string]map[string]many
}

func statementsOf(document string) ([]statement, error) {
	var parsed struct{ Statement []statement }
	if err := json.Unmarshal([]byte(document), &parsed); err != nil {
		return nil, fmt.Errorf("read a policy: %w", err)
	}
	return parsed.Statement, nil
}

// rightsTable has a row per statement, in the order of role and policy.
func rightsTable(all []policy, stages []string) (string, error) {
	var rows []string
	for _, p := range all {
		if !slices.Contains(stages, p.Stage) {
			continue
		}
		statements, err := statementsOf(p.Document)
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.Owner, err)
		}
		for _, s := range statements {
			effect := ""
			if s.Effect == "Deny" {
				effect = "**deny** "
			}
			rows = append(rows, fmt.Sprintf("| `%s` | %s%s | %s | %s |", generic(p.Owner), effect, s.Sid, code(s.Action, 6), code(s.Resource, 3)+conditions(s)))
		}
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("the last rehearsal has no policies of %s", strings.Join(stages, ", "))
	}
	slices.Sort(rows)
	return "\n| Role or policy | Statement | Actions | Resources and conditions |\n|---|---|---|---|\n" + strings.Join(rows, "\n") + "\n\n", nil
}

var account = regexp.MustCompile(`\b[0-9]{12}\b`)

// generic takes the environment and the account out of a name.
func generic(text string) string {
	text = strings.ReplaceAll(text, "titanic-dev", "titanic-<env>")
	return account.ReplaceAllString(text, "<account>")
}

// code lists a few values and says how many more there are.
func code(values []string, limit int) string {
	values = slices.Sorted(slices.Values(values))
	var shown []string
	for i, value := range values {
		if i == limit && len(values) > limit+1 {
			shown = append(shown, fmt.Sprintf("and %d more", len(values)-limit))
			break
		}
		shown = append(shown, "`"+generic(value)+"`")
	}
	return strings.Join(shown, ", ")
}

func conditions(s statement) string {
	var all []string
	for _, keys := range s.Condition {
		for key, values := range keys {
			all = append(all, fmt.Sprintf("`%s` %s", key, code(values, 2)))
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return "; if " + strings.Join(all, ", ")
}
