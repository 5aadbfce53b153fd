package main

import (
	"context"
	"time"
)

// A clock is the pod's. A faked one began when the pod did and runs factor times as fast; the stand-ins, the programs
// and the SDK share it.
type clock struct {
	began  time.Time
	factor int // 1: the machine's
}

func (c clock) now() time.Time {
	elapsed := time.Since(c.began)
	return c.began.Add(elapsed * time.Duration(c.factor))
}

// until waits for a time by this clock.
func (c clock) until(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(t.Sub(c.now()) / time.Duration(c.factor))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
