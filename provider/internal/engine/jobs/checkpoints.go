package jobs

import (
	"cmp"
	"errors"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/container"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/objectstore"
)

// contractRoot is where a container looks for what the service gives it.
const contractRoot = "/opt/ml"

func checkpointPath(config api.Document) string {
	return cmp.Or(config.Text("LocalPath"), contractRoot+"/checkpoints")
}

// restoreCheckpoints gives a container what earlier jobs left at the same place in S3. That there is
// nothing yet is the beginning.
func (j *Jobs) restoreCheckpoints(config api.Document, layout container.Layout) error {
	if config == nil {
		return nil
	}
	dir, err := layout.Path(checkpointPath(config))
	if err != nil {
		return clientError("CheckpointConfig: %v", err)
	}
	bucket, prefix, err := objectstore.ParseURI(config.Text("S3Uri"))
	if err != nil {
		return clientError("CheckpointConfig: %v", err)
	}
	_, err = j.Objects.Download(j.ctx, bucket, prefix, dir)
	if err != nil && !errors.Is(err, objectstore.ErrNoSuchKey) && j.ctx.Err() == nil {
		return clientError("CheckpointConfig: %v", err)
	}
	return nil
}

// keepCheckpoints copies a container's checkpoints to S3. The service does so all the time; here
// they are complete in the directory, so once at the end is enough.
func (j *Jobs) keepCheckpoints(config api.Document, layout container.Layout) error {
	if config == nil {
		return nil
	}
	dir, err := layout.Path(checkpointPath(config))
	if err != nil || isEmptyDir(dir) {
		return nil
	}
	return j.upload(dir, config.Text("S3Uri"))
}
