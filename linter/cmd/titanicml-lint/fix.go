package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/linter"
	"github.com/titanicml/terraform-provider-titanicml/linter/explain"
	"github.com/titanicml/terraform-provider-titanicml/linter/fix"
)

// applyFixes repairs files until nothing more can be repaired, and returns what is left.
func applyFixes(ctx context.Context, o linter.Options, result *linter.Result, s streams) (*linter.Result, error) {
	for range 10 { // each round lets one rule edit a file
		fixed, err := fix.Apply(ctx, o, result.Findings)
		if err != nil {
			return nil, err
		}
		names := make([]string, 0, len(fixed.Files))
		for n := range fixed.Files {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			info, err := os.Stat(n)
			if err != nil {
				return nil, fmt.Errorf("fix %s: %w", n, unwrapPath(err))
			}
			if err := writeAtomic(n, fixed.Files[n], info.Mode().Perm()); err != nil {
				return nil, fmt.Errorf("fix %s: %w", n, err)
			}
			fmt.Fprintf(s.err, "fixed %s\n", n)
		}
		if len(names) == 0 {
			return result, nil
		}
		if result, err = linter.Run(ctx, o); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// writeAtomic replaces a file so that a reader, or a crash, sees the old content or the new one.
func writeAtomic(name string, text []byte, mode os.FileMode) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".titanicml-lint-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func explainCommand(s streams, f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "explain FILE:LINE",
		Short: "Show what the arguments on a line evaluate to, and where the values come from",
		Long: `Evaluates the root module around the file and prints, for each argument on the line, its value in every instance and the
variables, locals and modules that it comes from: why a rule sees what it says.`,
		Example: `  titanicml-lint explain terraform/3_data/etl.tf:7
  titanicml-lint explain --var env=prod main.tf:7`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, number, ok := cutLast(args[0], ":")
			line, err := strconv.Atoi(number)
			if !ok || err != nil || line < 1 {
				return fmt.Errorf("%q: write FILE:LINE", args[0])
			}
			if f.chdir != "" {
				if err := os.Chdir(f.chdir); err != nil {
					return fmt.Errorf("change directory: %w", err)
				}
				f.chdir = ""
			}
			dir := "."
			if !f.recursive {
				dir = filepath.Dir(name)
			}
			o, done, err := options(*f, []string{dir}, s)
			if err != nil {
				return err
			}
			defer done()
			cwd, err := workingDir()
			if err != nil {
				return err
			}
			if name, err = shown(cwd, name); err != nil {
				return err
			}
			list, err := explain.At(cmd.Context(), o, name, line)
			if err != nil {
				return err
			}
			for _, e := range list {
				fmt.Fprintf(s.out, "%s = %s\n", e.Name, e.Value)
				if e.From.Filename != "" {
					fmt.Fprintf(s.out, "  from %s\n", at(e.From))
				}
				if len(e.Refs) > 0 {
					fmt.Fprintf(s.out, "  depends on %s\n", strings.Join(e.Refs, ", "))
				}
			}
			return nil
		},
	}
}

func at(r hcl.Range) string { return fmt.Sprintf("%s:%d:%d", r.Filename, r.Start.Line, r.Start.Column) }

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
