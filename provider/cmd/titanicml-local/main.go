// Command titanicml-local runs and inspects the local SageMaker engine of a data directory.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// version is set by the linker on release.
var version = "dev"

func main() {
	if handled, code := launch.RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second signal ends a shutdown that takes too long.
	context.AfterFunc(ctx, stop)
	root := newRoot()
	understood := false
	noteUnderstood(root, &understood)
	command, err := root.ExecuteContextC(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "titanicml-local:", err)
		if !understood {
			fmt.Fprintf(os.Stderr, "%s --help tells how it is used\n", command.CommandPath())
		}
		return 1
	}
	return 0
}

// noteUnderstood tells errors of the command line, for which help is the next step, from those of
// what it asked for.
func noteUnderstood(c *cobra.Command, understood *bool) {
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			*understood = true
			return run(c, args)
		}
	}
	for _, sub := range c.Commands() {
		noteUnderstood(sub, understood)
	}
}

// commands lists the subcommands in the order of --help.
func commands(o *options) []*cobra.Command {
	return []*cobra.Command{serveCommand(o), statusCommand(o), invokeCommand(o), approveCommand(o), reportCommand(o), jobsCommand(o), stopCommand(o)}
}

// options are shared by all subcommands.
type options struct {
	dataDir string
	region  string
}

func newRoot() *cobra.Command {
	cobra.EnableCommandSorting = false
	o := &options{}
	root := &cobra.Command{
		Use:   "titanicml-local",
		Short: "Runs and inspects the local SageMaker engine",
		Long: `titanicml-local is a SageMaker, S3 and STS on this machine: it really runs training and processing
jobs as processes, keeps objects as files, and serves endpoints. The titanicml provider starts the
same engine by itself; this program is for watching it, trying endpoints, approving model versions,
and for running it in the foreground.

One engine serves one data directory (by default .titanicml in the current one). All its state is
there: jobs, endpoints, objects and logs survive a restart.`,
		Example: `  # what does the engine that Terraform started do?
  titanicml-local status

  # ask an endpoint for a prediction
  titanicml-local invoke --endpoint titanic --data '3,male,22,1,0'

  # approve the newest version that waits for a person
  titanicml-local approve --as alice --reason "reviewed the error slices" titanic-survival

  # put the latest decision of the gate before a review board
  titanicml-local report --output report.html

  # end the engine and every process it runs
  titanicml-local stop`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&o.dataDir, "data-dir", ".titanicml", "data directory of the engine")
	root.PersistentFlags().StringVar(&o.region, "region", "eu-west-1", "AWS region to act in; regions share nothing")
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(commands(o)...)
	return root
}
