package sagemaker

import (
	"context"
	"time"
)

// pollSchedule is how long to wait between two looks: it starts at first and grows by half up to limit.
type pollSchedule struct{ first, limit time.Duration }

var (
	awsPolling   = pollSchedule{first: 3 * time.Second, limit: 20 * time.Second}
	localPolling = pollSchedule{first: 20 * time.Millisecond, limit: 300 * time.Millisecond}
)

func sleepContext(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Wait calls look until it reports done or fails. It ends early with the context's error when ctx does.
func (c *Client) Wait(ctx context.Context, look func(context.Context) (done bool, err error)) error {
	d := c.poll.first
	for {
		done, err := look(ctx)
		if err != nil || done {
			if ctx.Err() != nil && err != nil {
				return ctx.Err()
			}
			return err
		}
		if err := c.sleep(ctx, d); err != nil {
			return err
		}
		d = min(d+d/2, c.poll.limit)
	}
}

// seenTries is how often a call is tried that does not find what was made a moment ago: about a minute and a half on AWS.
const seenTries = 8

// Seen makes a call on something that was created just before. AWS may not know it everywhere yet and answer that it is not
// there; then the call is made again, for a while.
func (c *Client) Seen(ctx context.Context, call func(context.Context) error) error {
	tries := 0
	return c.Wait(ctx, func(ctx context.Context) (bool, error) {
		err := call(ctx)
		if tries++; IsNotFound(err) && tries < seenTries {
			return false, nil
		}
		return err == nil, err
	})
}
