package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/amount"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/pricelist"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/render"
	"github.com/titanicml/terraform-provider-titanicml/linter/plan"
)

// costFlags are the settings of the subcommand cost.
type costFlags struct {
	format, usage, region string
	prices                []string
	maxIncrease, maxTotal float64
	failOnUnknown         bool
	awsPrices             bool
}

func costCommand(s streams, f *flags, status *int) *cobra.Command {
	var c costFlags
	cmd := &cobra.Command{
		Use:   "cost [flags] {plan.json | -}...",
		Short: "Estimate what plans cost in a month, before and after",
		Long: `cost reads the output of "terraform show -json PLAN" ("-" reads it from standard input) and prices every resource before and after
the plan: quantity, unit price, monthly cost. What depends on usage is unknown until --usage says how much is used; a type, a
region or an instance without a price is unknown too. Totals then say "at least": unknown is never counted as nothing.

The exit status is 0, 2 when a bound is exceeded (--max-increase, --max-total, --fail-on-unknown), 1 when the run itself failed.`,
		Example: `  terraform show -json plan.out | titanicml-lint cost -
  titanicml-lint cost --usage usage.hcl --format markdown plans/dev.*.json >> "$GITHUB_STEP_SUMMARY"
  titanicml-lint cost --max-increase 50 plan.json
  titanicml-lint cost prices`,
		Args:          cobra.MinimumNArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"config", "root", "workspace", "var", "var-file", "recursive"} {
				if cmd.Flags().Changed(name) {
					return fmt.Errorf("--%s says how sources are linted; cost reads plans only", name)
				}
			}
			var err error
			*status, err = estimate(cmd.Context(), *f, c, cmd, args, s)
			return err
		},
	}
	l := cmd.Flags()
	l.StringVarP(&c.format, "format", "f", "text", "output format: "+strings.Join(render.Formats(), ", "))
	l.StringVar(&c.usage, "usage", "", "read assumptions about usage from this file (HCL, or JSON by its name)")
	l.StringArrayVar(&c.prices, "prices", nil, "read prices that win over the embedded ones from this file (HCL, or JSON by its name); repeatable")
	l.StringVar(&c.region, "region", "", "price everything in this region (default: the one of the plan's provider configuration)")
	l.Float64Var(&c.maxIncrease, "max-increase", 0, "exit 2 when the plans add more than this many USD a month")
	l.Float64Var(&c.maxTotal, "max-total", 0, "exit 2 when all of it costs more than this many USD a month")
	l.BoolVar(&c.failOnUnknown, "fail-on-unknown", false, "exit 2 when anything is unknown")
	l.BoolVar(&c.awsPrices, "aws-prices", false, "ask the AWS Price List API for the prices needed (credentials as the AWS SDK finds them)")
	if err := cmd.RegisterFlagCompletionFunc("format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return render.Formats(), cobra.ShellCompDirectiveNoFileComp
	}); err != nil {
		panic(err) // the flag's name is misspelled
	}
	cmd.AddCommand(pricesCommand(s), usageCommand(s))
	return cmd
}

// estimate is the subcommand itself.
func estimate(ctx context.Context, f flags, c costFlags, cmd *cobra.Command, args []string, s streams) (int, error) {
	if !contains(render.Formats(), c.format) {
		return failing, render.Write(io.Discard, c.format, &cost.Report{})
	}
	if f.chdir != "" {
		if err := os.Chdir(f.chdir); err != nil {
			return failing, fmt.Errorf("change directory: %w", err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("--timeout of %s is over", f.timeout))
	defer cancel()
	o, err := costOptions(c)
	if err != nil {
		return failing, err
	}
	plans, err := costPlans(args, s.in)
	if err != nil {
		return failing, err
	}
	report, err := cost.Estimate(plans, o)
	if err != nil {
		return failing, err
	}
	if c.awsPrices {
		if report, err = withAWSPrices(ctx, plans, o, report.Needed(), s); err != nil {
			return failing, err
		}
	}
	if err := render.Write(s.out, c.format, report); err != nil {
		return failing, err
	}
	status := clean
	exceeded := func(format string, args ...any) {
		fmt.Fprintf(s.err, "titanicml-lint: "+format+"\n", args...)
		status = found
	}
	if cmd.Flags().Changed("max-increase") && report.Change.Low > c.maxIncrease {
		exceeded("the plans add %s a month, --max-increase is %s", amount.Money(report.Change.Low), amount.Money(c.maxIncrease))
	}
	if cmd.Flags().Changed("max-total") && report.After.Low > c.maxTotal {
		exceeded("all of it costs %s a month, --max-total is %s", amount.Money(report.After.Low), amount.Money(c.maxTotal))
	}
	if c.failOnUnknown && report.After.Unknown > 0 {
		exceeded("unknown costs: %d; --fail-on-unknown allows none", report.After.Unknown)
	}
	return status, nil
}

// withAWSPrices estimates again with what AWS asks today; what it does not answer keeps its price from the tables.
func withAWSPrices(ctx context.Context, plans []*cost.Plan, o cost.Options, needs []cost.Need, s streams) (*cost.Report, error) {
	client, err := pricelist.New(ctx)
	if err != nil {
		return nil, err
	}
	prices, missing, err := pricelist.Find(ctx, client, needs)
	if err != nil {
		return nil, err
	}
	for _, reason := range missing {
		fmt.Fprintf(s.err, "titanicml-lint: not from AWS: %s\n", reason)
	}
	o.Prices.Refresh(prices)
	return cost.Estimate(plans, o)
}

func costOptions(c costFlags) (cost.Options, error) {
	o := cost.Options{Region: c.region}
	var err error
	if o.Prices, err = price.Embedded(); err != nil {
		return o, err
	}
	for _, name := range c.prices {
		text, err := readBounded(name, "prices")
		if err != nil {
			return o, err
		}
		if err := o.Prices.Override(name, text); err != nil {
			return o, fmt.Errorf("read prices: %w", err)
		}
	}
	if c.usage != "" {
		text, err := readBounded(c.usage, "usage")
		if err != nil {
			return o, err
		}
		if o.Usage, err = cost.ParseUsage(c.usage, text); err != nil {
			return o, fmt.Errorf("read usage: %w", err)
		}
	}
	return o, nil
}

func readBounded(name, what string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", what, name, unwrapPath(err))
	}
	text, err := io.ReadAll(io.LimitReader(file, price.MaxFileSize+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", what, name, err)
	}
	return text, nil
}

func costPlans(names []string, stdin io.Reader) ([]*cost.Plan, error) {
	var plans []*cost.Plan
	for _, name := range names {
		in := stdin
		if name != "-" {
			file, err := os.Open(name)
			if err != nil {
				return nil, fmt.Errorf("open plan %s: %w", name, unwrapPath(err))
			}
			defer file.Close()
			in = file
		}
		text, err := io.ReadAll(io.LimitReader(in, plan.MaxSize+1))
		if err != nil {
			return nil, fmt.Errorf("read plan %s: %w", name, err)
		}
		p, err := cost.Decode(name, text)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func pricesCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "prices",
		Short: "List the embedded prices with their regions, dates and sources",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			table, err := price.Embedded()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "KEY\tREGION\tUSD\tPER\tDATE\tSOURCE")
			for _, p := range table.All() {
				e, _ := price.Lookup(p.Key) // the table holds known keys only
				fmt.Fprintf(w, "%s\t%s\t%g\t%g %s\t%s\t%s\n", p.Key, p.Region, p.USD, e.Per, e.Unit, p.Date, p.Source)
			}
			return w.Flush()
		},
	}
}

func usageCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "usage",
		Short: "List what a usage file may say, by resource type",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, k := range cost.Kinds() {
				for i, p := range k.Usage {
					if i == 0 {
						fmt.Fprintf(s.out, "resource_type %q {\n", k.Type)
					}
					fmt.Fprintf(s.out, "  %s = 0 # %s\n", p.Name, p.Text)
					if i == len(k.Usage)-1 {
						fmt.Fprintln(s.out, "}")
					}
				}
			}
			return nil
		},
	}
}
