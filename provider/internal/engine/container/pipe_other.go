//go:build !unix

package container

import (
	"context"
	"errors"
	"io"
)

// PipeMode tells whether this system has what Pipe mode needs.
const PipeMode = false

// Feed needs named pipes.
func Feed(context.Context, string, func(io.Writer) error, func(error)) (func(), error) {
	return nil, errors.New("Pipe mode needs named pipes, which this system does not have")
}
