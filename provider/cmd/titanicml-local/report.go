package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/report"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/sagemaker/awsconfig"
)

// defaultStore is where the provider keeps everything on an engine.
const defaultStore = "s3://titanicml-local/titanicml"

type reportFlags struct{ decision, group, output, format, store string }

func reportCommand(o *options) *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report [--decision URI | --group GROUP] --output FILE",
		Short: "Write a decision of the gate as a page for people",
		Long: `Renders one decision record with its evidence: the verdict, every requirement with its interval, the
curves, calibration, slices, scores and confusion of candidate and champion, and where all of it comes
from. The HTML page is one file that needs nothing else and works offline; Markdown is for the summary
of a CI job. Every file is checked against the digest that the record names.

Without --decision the latest decision is taken, on --group or, where the store knows only one group, on that.`,
		Example: `  titanicml-local report --output report.html
  titanicml-local report --group titanic-survival --format markdown >> "$GITHUB_STEP_SUMMARY"
  titanicml-local report --decision "$(terraform output -raw record)" --output report.html`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.validate(); err != nil {
				return err
			}
			body, what, err := render(c.Context(), o, f)
			if err != nil {
				return err
			}
			if f.output == "-" {
				_, err := c.OutOrStdout().Write(body)
				return err
			}
			if err := replaceFile(f.output, body); err != nil {
				return fmt.Errorf("writing the report: %w", err)
			}
			fmt.Fprintf(c.OutOrStdout(), "wrote %s (%s)\n", f.output, what)
			return nil
		},
	}
	c.Flags().StringVar(&f.decision, "decision", "", `URI of the decision record (the promotion's "record"), or "latest"`)
	c.Flags().StringVar(&f.group, "group", "", "model package group whose latest decision to take")
	c.Flags().StringVar(&f.output, "output", "", `file to write, "-" for standard output (the default of markdown)`)
	c.Flags().StringVar(&f.format, "format", "", "html or markdown; by default what the name of the file says, else html")
	c.Flags().StringVar(&f.store, "store", defaultStore, "store of the provider, if it is not the default one")
	return c
}

// validate completes the flags and refuses what contradicts itself.
func (f *reportFlags) validate() error {
	if f.decision == "latest" {
		f.decision = ""
	}
	if f.decision != "" && f.group != "" {
		return errors.New("--decision names a record already; give no --group with it")
	}
	if f.format == "" {
		f.format = "html"
		if strings.HasSuffix(f.output, ".md") {
			f.format = "markdown"
		}
	}
	switch f.format {
	case "html":
		if f.output == "" {
			return errors.New(`--output is missing; give a file such as report.html, or "-" for standard output`)
		}
	case "markdown":
		if f.output == "" {
			f.output = "-"
		}
	default:
		return fmt.Errorf("--format %q: want html or markdown", f.format)
	}
	return nil
}

// render loads the decision and returns the report with a word on what it is about.
func render(ctx context.Context, o *options, f reportFlags) ([]byte, string, error) {
	i, err := connect(ctx, o)
	if err != nil {
		return nil, "", err
	}
	client, err := sagemaker.New(ctx, awsconfig.Settings{LocalURL: i.URL, DataDir: i.DataDir, Region: o.region, Store: f.store})
	if err != nil {
		return nil, "", err
	}
	if f.decision == "" {
		if f.decision, err = report.Latest(ctx, client, f.group); err != nil {
			return nil, "", err
		}
	}
	source, err := report.Load(ctx, client, f.decision)
	if err != nil {
		return nil, "", err
	}
	write := report.HTML
	if f.format == "markdown" {
		write = report.Markdown
	}
	var b bytes.Buffer
	if err := write(&b, source); err != nil {
		return nil, "", err
	}
	r := source.Record
	return b.Bytes(), fmt.Sprintf("%s version %d: %s", r.ModelPackageGroup, r.Version, r.Outcome), nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, body []byte) (err error) {
	t, err := os.CreateTemp(filepath.Dir(name), ".report-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(t.Name())
		}
	}()
	if _, err = io.Copy(t, bytes.NewReader(body)); err == nil {
		err = t.Chmod(0o644)
	}
	if closing := t.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(t.Name(), name)
}
