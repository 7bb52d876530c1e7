//go:build unix

package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// readerPoll is how often a pipe is looked at for a reader. Opening it without waiting and trying
// again is what lets a feed end while nobody reads.
const readerPoll = 5 * time.Millisecond

// PipeMode tells whether this system has what Pipe mode needs.
const PipeMode = true

// Feed serves a channel in Pipe mode until ctx ends: write fills the pipe base_0 for its reader,
// then base_1, and so on, one for each time the container reads the channel. Feed returns when
// base_0 is there; failed hears of a write that broke, other than by its reader.
func Feed(ctx context.Context, base string, write func(io.Writer) error, failed func(error)) (stop func(), err error) {
	name := func(epoch int) string { return fmt.Sprintf("%s_%d", base, epoch) }
	if err := syscall.Mkfifo(name(0), 0o644); err != nil {
		return nil, fmt.Errorf("make the pipe of a channel: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for epoch := 0; ; epoch++ {
			pipe, err := awaitReader(ctx, name(epoch))
			if err != nil {
				return
			}
			// The next one has to be there before this one ends.
			if err := syscall.Mkfifo(name(epoch+1), 0o644); err != nil {
				failed(fmt.Errorf("make the pipe of a channel: %w", err))
				pipe.Close()
				return
			}
			unblock := context.AfterFunc(ctx, func() { _ = pipe.SetWriteDeadline(time.Unix(1, 0)) })
			err = write(pipe)
			unblock()
			pipe.Close()
			if err != nil && !errors.Is(err, syscall.EPIPE) && ctx.Err() == nil { // a reader may leave early
				failed(err)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}, nil
}

func awaitReader(ctx context.Context, name string) (*os.File, error) {
	for {
		pipe, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			return pipe, nil
		}
		if !errors.Is(err, syscall.ENXIO) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(readerPoll):
		}
	}
}
