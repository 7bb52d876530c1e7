// Command stages drives the seven Terraform stages: in order, for an environment, with the checks that belong
// between them. Workflows and make targets call it, so that what CI does can be done at home.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/titanicml/terraform-provider-titanicml/scripts/internal/project"
	"github.com/titanicml/terraform-provider-titanicml/scripts/stages/documents"
)

const usage = `stages drives terraform/1_foundation to 7_observability_cost.

  stages rehearse [--stage NAME,...]       init, validate, test, plan, apply all stages for dev and prod against a
                                           stand-in for AWS and the local engine, then destroy them in reverse
  stages rehearse --verbs init,validate,test
                                           only these, without an engine
  stages run --env E VERB... STAGE...      verbs init validate test plan apply destroy on the real environment; init-local and
                                           migrate are for the first apply of stage 1 (scripts/bootstrap.sh)
  stages backend --env E STAGE             the backend settings of a stage, for terraform init
  stages role --env E apply|plan           ARN of the role that a workflow assumes
  stages credentials --env E apply|plan    the same and the region, as outputs of a workflow's step
  stages account --env E                   the environment's account
  stages region, stages repository         the project's region, and its OWNER/NAME on GitHub
  stages image-tag                         the tag of the images, from their sources
  stages document                          the tables of rights in docs/, from the last rehearsal
  stages changed --base REV                stages that differ from a revision, and those after them that use them

rehearse needs STAGES_STANDIN, a directory with an install.sh that prints a Terraform CLI configuration for a
stand-in of hashicorp/aws, or AWS_ENDPOINT_URL, the address of an AWS emulator for the real one.
TERRAFORM names the CLI to use (default terraform).
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "stages: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("stages "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	env := flags.String("env", "", "environment: dev or prod")
	base := flags.String("base", "", "revision to compare with")
	only := flags.String("stage", "", "comma-separated stages; default all")
	keep := flags.Bool("keep", false, "rehearse: keep the working copy and do not destroy")
	checks := flags.String("verbs", "", "rehearse: only these of init, validate and test, comma-separated")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	cli := os.Getenv("TERRAFORM")
	if cli == "" {
		cli = "terraform"
	}
	switch args[0] {
	case "rehearse":
		stages, err := project.Select(split(*only))
		if err != nil {
			return err
		}
		return rehearse(ctx, rehearsal{root: root, cli: cli, stages: stages, keep: *keep, checks: split(*checks), out: stdout})
	case "run":
		verbs, stages, err := verbsAndStages(flags.Args())
		if err != nil {
			return err
		}
		return runStages(ctx, root, cli, *env, verbs, stages, stdout)
	case "backend":
		if flags.NArg() != 1 {
			return errors.New("backend: name one stage")
		}
		lines, err := project.BackendSettings(root, *env, flags.Arg(0))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, strings.Join(lines, "\n"))
		return err
	case "document":
		return documents.Write(root)
	case "role", "credentials":
		arn, err := project.RoleARN(root, *env, flags.Arg(0))
		if err != nil {
			return err
		}
		if args[0] == "role" {
			_, err = fmt.Fprintln(stdout, arn)
			return err
		}
		p, err := project.Read(root)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "role=%s\nregion=%s\n", arn, p.Region)
		return err
	case "account", "region", "repository":
		p, err := project.Read(root)
		if err != nil {
			return err
		}
		value := map[string]string{"account": p.Accounts[*env], "region": p.Region, "repository": p.Repository}[args[0]]
		if value == "" {
			return fmt.Errorf("got --env %q, expected dev or prod", *env)
		}
		_, err = fmt.Fprintln(stdout, value)
		return err
	case "image-tag":
		tag, err := imageTag(ctx, root)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, tag)
		return err
	case "changed":
		stages, err := changedStages(ctx, root, *base)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, strings.Join(stages, "\n"))
		return err
	}
	return fmt.Errorf("got %q, expected rehearse, run, backend, role, credentials, account, region, repository, image-tag, document or changed", args[0])
}

var verbs = []string{"init", "init-local", "migrate", "validate", "test", "plan", "apply", "destroy"}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func verbsAndStages(args []string) (chosen, stages []string, err error) {
	var names []string
	for _, arg := range args {
		if slices.Contains(verbs, arg) {
			chosen = append(chosen, arg)
		} else {
			names = append(names, arg)
		}
	}
	if len(chosen) == 0 {
		return nil, nil, fmt.Errorf("run: name what to do: %s", strings.Join(verbs, ", "))
	}
	stages, err = project.Select(names)
	return chosen, stages, err
}

// findRoot goes up to the directory with go.mod and terraform/.
func findRoot() (string, error) {
	directory, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		_, errModule := os.Stat(filepath.Join(directory, "go.mod"))
		_, errProject := os.Stat(filepath.Join(directory, "terraform", "project.tfvars"))
		if errModule == nil && errProject == nil {
			return directory, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", errors.New("find the repository: no go.mod with terraform/project.tfvars here or above")
		}
		directory = parent
	}
}
