package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/match"
	"github.com/titanicml/terraform-provider-titanicml/linter/report"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// The exit statuses; failing is also the status of wrong usage.
const (
	clean   = 0
	failing = 1
	found   = 2
)

// flags are the command line's settings, with tflint's names where the meaning is the same.
type flags struct {
	chdir, config, format, minimum, root, workspace, baseline, diffBase string
	recursive, fix, noColor, color, force, stats, writeBaseline         bool
	only, enable, disable, vars, varFiles                               []string
	timeout                                                             time.Duration
	workers                                                             int
}

// run is the program without its process.
func run(ctx context.Context, args []string, s streams) int {
	status := clean
	cmd := command(s, &status)
	cmd.SetArgs(args)
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(s.err, "titanicml-lint: %v\n", err)
		return failing
	}
	return status
}

func command(s streams, status *int) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "titanicml-lint [flags] [DIR | plan.json | -]...",
		Short: "Check Terraform configurations against the rules of titanicml",
		Long: `titanicml-lint evaluates Terraform configurations without a provider, an account or the network, and reports what a strict
colleague would: missing tags, IAM wildcards, skipped stages, ungated endpoints, secrets, missing evidence and budgets.

Arguments are directories (the working directory by default) or the output of "terraform show -json" ("-" reads it from standard input).
The exit status is 0 without findings, 2 with findings at or above --minimum-failure-severity, 1 when the run itself failed.`,
		Example: `  titanicml-lint --recursive
  titanicml-lint --format sarif --recursive terraform > lint.sarif
  terraform show -json plan.out | titanicml-lint -
  titanicml-lint --only required_tags --fix terraform/3_data
  titanicml-lint rules iam_pass_role`,
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			*status, err = lint(cmd.Context(), f, args, s)
			return err
		},
	}
	cmd.SetIn(s.in)
	cmd.SetOut(s.out)
	cmd.SetErr(s.err)
	p := cmd.PersistentFlags()
	p.StringVar(&f.chdir, "chdir", "", "switch to this directory first")
	p.StringVar(&f.root, "root", "", "read nothing outside this directory (default: the repository, else the working directory)")
	p.StringVarP(&f.config, "config", "c", "", "use this configuration file only (default: every "+linter.ConfigName+" up the tree)")
	p.StringVar(&f.workspace, "workspace", "", "value of terraform.workspace (default \"default\")")
	p.StringArrayVar(&f.vars, "var", nil, "set a variable, as NAME=VALUE; repeatable")
	p.StringArrayVar(&f.varFiles, "var-file", nil, "read variables from this file; repeatable")
	p.BoolVar(&f.recursive, "recursive", false, "lint every root module below the directories")
	p.DurationVar(&f.timeout, "timeout", 10*time.Minute, "stop after this time")
	l := cmd.Flags()
	l.StringVarP(&f.format, "format", "f", "text", "output format: "+strings.Join(report.Formats(), ", "))
	l.StringSliceVar(&f.only, "only", nil, "run only these rules")
	l.StringSliceVar(&f.enable, "enable-rule", nil, "run these rules whatever the configuration says")
	l.StringSliceVar(&f.disable, "disable-rule", nil, "do not run these rules")
	l.StringVar(&f.minimum, "minimum-failure-severity", "", "exit 2 only for findings of at least this severity: notice, warning, error")
	l.BoolVar(&f.fix, "fix", false, "repair what can be repaired, in place")
	l.BoolVar(&f.noColor, "no-color", false, "no colours (also NO_COLOR)")
	l.BoolVar(&f.color, "color", false, "colours even when the output is no terminal")
	l.BoolVar(&f.force, "force", false, "exit 0 even with findings")
	l.StringVar(&f.baseline, "baseline", "", "leave out the findings accepted in this file")
	l.BoolVar(&f.writeBaseline, "write-baseline", false, "accept all present findings: write them to the --baseline file")
	l.StringVar(&f.diffBase, "diff-base", "", "git revision to compare with, for the rules that judge a change")
	l.BoolVar(&f.stats, "stats", false, "print files, modules, time by phase and rule to standard error")
	l.IntVar(&f.workers, "workers", 0, "root modules linted at once (default: one for each processor)")
	complete(cmd)
	cmd.AddCommand(rulesCommand(s), initCommand(s, &f), explainCommand(s, &f), costCommand(s, &f, status))
	return cmd
}

func complete(cmd *cobra.Command) {
	fixed := func(values []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values, cobra.ShellCompDirectiveNoFileComp
		}
	}
	for name, values := range map[string][]string{"format": report.Formats(), "minimum-failure-severity": {"notice", "warning", "error"},
		"only": ruleNames(), "enable-rule": ruleNames(), "disable-rule": ruleNames()} {
		if err := cmd.RegisterFlagCompletionFunc(name, fixed(values)); err != nil {
			panic(err) // a flag name above is misspelled
		}
	}
}

func ruleNames() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.Name)
	}
	return names
}

func checkNames(lists ...[]string) error {
	known := ruleNames()
	for _, list := range lists {
		for _, n := range list {
			if !contains(known, n) {
				return fmt.Errorf("rule %q does not exist%s; `titanicml-lint rules` lists them", n, match.DidYouMean(n, known))
			}
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func rulesCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "rules [NAME]",
		Short: "List the rules, or explain one",
		Long: `Lists the rules with their severity; with NAME, prints the rule's page: what it finds and why, its settings and
how to ignore it. The pages in docs/rules have a bad and a good example, too.`,
		Example: `  titanicml-lint rules
  titanicml-lint rules iam_pass_role`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				if err := checkNames(args); err != nil {
					return err
				}
			}
			for _, r := range rules.All() {
				switch {
				case len(args) == 0:
					fmt.Fprintf(s.out, "%-26s %-8s %s\n", r.Name, r.Severity, r.Title)
				case r.Name == args[0]:
					fmt.Fprint(s.out, report.Page(r))
				}
			}
			return nil
		},
	}
}

func initCommand(s streams, f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Write a commented " + linter.ConfigName,
		Long: "Writes " + linter.ConfigName + ` into the working directory: every rule with its settings, commented out and at their defaults.
It holds for this directory and those below. A file that is there already is left alone.`,
		Example: `  titanicml-lint init
  titanicml-lint --chdir terraform init`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if f.chdir != "" {
				if err := os.Chdir(f.chdir); err != nil {
					return fmt.Errorf("change directory: %w", err)
				}
			}
			file, err := os.OpenFile(linter.ConfigName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, os.ErrExist) {
				return fmt.Errorf("%s exists already; `titanicml-lint rules NAME` shows a rule's settings", linter.ConfigName)
			}
			if err != nil {
				return fmt.Errorf("write configuration: %w", err)
			}
			if _, err := file.WriteString(initial()); err != nil {
				return errors.Join(fmt.Errorf("write configuration: %w", err), file.Close())
			}
			fmt.Fprintf(s.out, "wrote %s; every setting in it is the default\n", linter.ConfigName)
			return file.Close()
		},
	}
}

// initial is a configuration that changes nothing and shows everything.
func initial() string {
	var b strings.Builder
	b.WriteString(`# Settings of titanicml-lint for this directory and those below; a file further down overrides single settings.
# Everything is commented out and shows the default.

# minimum_failure_severity = "notice"
# disabled_by_default      = false
# exclude_paths            = [] # as in ["vendor/**"]
# workspace                = "default"
`)
	for _, r := range rules.All() {
		fmt.Fprintf(&b, "\n# %s.\n# rule %q {\n#   enabled  = %t\n#   severity = %q\n#   exclude  = []\n", r.Title, r.Name, !r.Disabled, r.Severity)
		for _, o := range r.Options {
			fmt.Fprintf(&b, "#   %s = %s # %s\n", o.Name, report.HCL(o.Default), o.Text)
		}
		b.WriteString("# }\n")
	}
	return b.String()
}
