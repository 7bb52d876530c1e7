package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/smithy-go"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

// defaultIdentity signs for commands that change nothing.
const defaultIdentity = "titanicml"

// connect returns the engine of the data directory, starting it again when it has ended: it ends
// after ten idle minutes, and an approval may well come later than that. A directory that no engine
// has used is most likely a mistyped path.
func connect(ctx context.Context, o *options) (launch.Instance, error) {
	if i, ok, err := launch.Find(o.dataDir); err != nil || ok {
		return i, err
	}
	if _, err := os.Stat(filepath.Join(o.dataDir, datadir.DBFile)); errors.Is(err, fs.ErrNotExist) {
		return launch.Instance{}, fmt.Errorf("%s is no data directory of an engine; give the one of your provider with --data-dir, or start one with: titanicml-local serve --data-dir %s", o.dataDir, o.dataDir)
	}
	return launch.Ensure(ctx, o.dataDir, nil)
}

// settings point an SDK client at the engine. The access key is the identity that the engine records.
func settings(i launch.Instance, region, identity string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: aws.String(i.URL),
		Credentials: credentials.NewStaticCredentialsProvider(identity, "local", "")}
}

func sagemakerClient(i launch.Instance, region, identity string) *sagemaker.Client {
	return sagemaker.NewFromConfig(settings(i, region, identity))
}

func runtimeClient(i launch.Instance, region string) *sagemakerruntime.Client {
	return sagemakerruntime.NewFromConfig(settings(i, region, defaultIdentity))
}

// plain reduces an SDK error to what the service said.
func plain(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Errorf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	return err
}
