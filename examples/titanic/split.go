package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
)

// split deals a data file into a training and a held-out file by a hash of passenger_id.
func split(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("split", flag.ContinueOnError)
	flags.SetOutput(stderr)
	input := flags.String("input", "", "data `file` to split")
	train := flags.String("train", "", "training `file` to write")
	holdout := flags.String("holdout", "", "held-out `file` to write")
	percent := flags.Float64("percent", 25, "size of the held-out part in percent")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return &usageError{err}
	case flags.NArg() > 0:
		return &usageError{fmt.Errorf("got the argument %q, expected only flags", flags.Arg(0))}
	case *input == "" || *train == "" || *holdout == "":
		return &usageError{errors.New("--input, --train and --holdout are needed")}
	case !(*percent > 0 && *percent < 100):
		return &usageError{fmt.Errorf("--percent: got %v, expected a number between 0 and 100", *percent)}
	}
	rows, err := readTable(*input, *input)
	if err != nil {
		return err
	}
	training, heldOut := passengers.Split(rows, *percent)
	for _, part := range []struct {
		file string
		rows []passengers.Labelled
	}{{*train, training}, {*holdout, heldOut}} {
		if len(part.rows) == 0 {
			return fmt.Errorf("%s would be empty: %d passengers are too few for --percent %v", part.file, len(rows), *percent)
		}
		var table bytes.Buffer
		if err := passengers.WriteTable(&table, part.rows); err != nil {
			return err
		}
		if err := writeFile(part.file, table.Bytes()); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(stdout, "%s: %d passengers\n", part.file, len(part.rows)); err != nil {
			return fmt.Errorf("print the counts: %w", err)
		}
	}
	return nil
}
