package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"
	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/fleet"
)

func invokeCommand(o *options) *cobra.Command {
	var endpoint, contentType, accept, file, data, variant string
	c := &cobra.Command{
		Use:   "invoke --endpoint NAME (--data TEXT | --file PATH)",
		Short: "Send rows to an endpoint and print its answer",
		Long:  `Sends a request to an endpoint, as InvokeEndpoint does, and writes the answer to standard output.`,
		Example: `  titanicml-local invoke --endpoint titanic --data '3,male,22,1,0'
  titanicml-local invoke --endpoint titanic --content-type application/jsonlines --file passengers.jsonl
  head -n 5 rows.csv | titanicml-local invoke --endpoint titanic --file -`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			body := []byte(data)
			if c.Flags().Changed("file") {
				var err error
				if body, err = readInput(c.InOrStdin(), file); err != nil {
					return err
				}
			}
			i, err := connect(c.Context(), o)
			if err != nil {
				return err
			}
			in := &sagemakerruntime.InvokeEndpointInput{EndpointName: &endpoint, ContentType: &contentType, Body: body}
			if accept != "" {
				in.Accept = &accept
			}
			if variant != "" {
				in.TargetVariant = &variant
			}
			out, err := runtimeClient(i, o.region).InvokeEndpoint(c.Context(), in)
			var model *types.ModelError
			if errors.As(err, &model) {
				return fmt.Errorf("the container of endpoint %s answered %d: %s", endpoint, aws.ToInt32(model.OriginalStatusCode), aws.ToString(model.OriginalMessage))
			}
			if err != nil {
				return plain(err)
			}
			_, err = c.OutOrStdout().Write(out.Body)
			return err
		},
	}
	c.Flags().StringVar(&endpoint, "endpoint", "", "name of the endpoint")
	c.Flags().StringVar(&contentType, "content-type", "text/csv", "what the rows are")
	c.Flags().StringVar(&accept, "accept", "", "what the answer should be; by default the container's choice")
	c.Flags().StringVar(&data, "data", "", "the rows themselves")
	c.Flags().StringVar(&file, "file", "", "file with the rows, - for standard input")
	c.Flags().StringVar(&variant, "variant", "", "production variant to ask; by default one by weight")
	if err := c.MarkFlagRequired("endpoint"); err != nil {
		panic(err) // a flag of this command
	}
	c.MarkFlagsOneRequired("data", "file")
	c.MarkFlagsMutuallyExclusive("data", "file")
	return c
}

// readInput reads one byte more than an endpoint takes, so that the engine's own answer says so.
func readInput(stdin io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(stdin, fleet.MaxBody+1))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, fleet.MaxBody+1))
}
