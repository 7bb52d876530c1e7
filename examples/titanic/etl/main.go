// Command etl takes a delivery of passengers, checks it and lands it where the pipeline starts: the whole file
// or nothing. It runs as a Fargate task; see terraform/3_data.
//
// Usage: etl --input s3://BUCKET/incoming/titanic.csv --output s3://BUCKET/raw/titanic.csv
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
)

const largestDelivery = 32 << 20

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "etl: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("etl", flag.ContinueOnError)
	input := flags.String("input", "", "S3 `URI` of the delivery")
	output := flags.String("output", "", "S3 `URI` to land it at")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *input == "" || *output == "" {
		return errors.New("--input and --output are needed")
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("read the task's credentials: %w", err)
	}
	client := s3.NewFromConfig(cfg)
	rows, err := land(ctx, client, *input, *output)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s: %d passengers landed at %s\n", *input, rows, *output)
	return err
}

// store is the part of S3 that is used here.
type store interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// land writes the delivery in the one form that the workload reads: sorted out, complete, without a byte more.
func land(ctx context.Context, client store, input, output string) (int, error) {
	from, err := parseURI(input)
	if err != nil {
		return 0, fmt.Errorf("--input: %w", err)
	}
	to, err := parseURI(output)
	if err != nil {
		return 0, fmt.Errorf("--output: %w", err)
	}
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &from.bucket, Key: &from.key})
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", input, err)
	}
	defer func() { _ = object.Body.Close() }()
	delivery, err := io.ReadAll(io.LimitReader(object.Body, largestDelivery+1))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", input, err)
	}
	if len(delivery) > largestDelivery {
		return 0, fmt.Errorf("read %s: it is larger than %d bytes", input, largestDelivery)
	}
	rows, err := passengers.ReadTable(bytes.NewReader(delivery), input)
	if err != nil {
		return 0, err
	}
	var table bytes.Buffer
	if err := passengers.WriteTable(&table, rows); err != nil {
		return 0, fmt.Errorf("write %s: %w", output, err)
	}
	contentType := "text/csv"
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &to.bucket, Key: &to.key, Body: bytes.NewReader(table.Bytes()), ContentType: &contentType}); err != nil {
		return 0, fmt.Errorf("write %s: %w", output, err)
	}
	return len(rows), nil
}
