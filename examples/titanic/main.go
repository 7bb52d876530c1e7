// Command titanic is the workload that titanicml trains, evaluates and serves: one static program that
// honours the SageMaker container contract, on AWS as an image and on a laptop as it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `titanic predicts who survived the Titanic.

  titanic train      fit a model to input/data/train and write it to model/
  titanic evaluate   score processing/input/model on processing/input/data
  titanic serve      answer /ping and /invocations with the model in model/
  titanic split      deal a data file into a training and a held-out file

train, evaluate and serve are started by SageMaker or by the local engine and find their files under
/opt/ml, or under SAGEMAKER_BASE_DIR when it is set. To try them by hand:

  export SAGEMAKER_BASE_DIR=/tmp/ml
  mkdir -p /tmp/ml/input/data/train && cp examples/titanic/data/titanic.csv /tmp/ml/input/data/train
  titanic train && titanic serve &
  curl -d '3,male,22,1,0' -H 'Content-Type: text/csv' localhost:8080/invocations
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: 0 done, 1 the job failed, 2 it was called wrongly.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, usage) // nowhere else to report to
		return 2
	}
	c := newContainer(getenv)
	var err error
	switch args[0] {
	case "train":
		err = c.train(stdout)
	case "evaluate":
		err = c.evaluate(stdout)
	case "serve":
		err = c.serve(ctx, getenv, stdout)
	case "split":
		err = split(args[1:], stdout, stderr)
	case "help", "-h", "--help":
		_, _ = fmt.Fprint(stdout, usage)
		return 0
	default:
		_, _ = fmt.Fprintf(stderr, "titanic: got %q, expected train, evaluate, serve or split\n\n%s", args[0], usage)
		return 2
	}
	var misuse *usageError
	switch {
	case errors.As(err, &misuse):
		_, _ = fmt.Fprintf(stderr, "titanic %s: %v\n", args[0], err)
		return 2
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "titanic %s: %v\n", args[0], err)
		if args[0] == "train" || args[0] == "evaluate" {
			if err := c.reportFailure(err); err != nil {
				_, _ = fmt.Fprintf(stderr, "titanic %s: %v\n", args[0], err)
			}
		}
		return 1
	}
	return 0
}

// usageError is a mistake on the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
