package start

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// ending is how long what a start waits for may take to end once ctx has. A file system that hangs does not see that.
const (
	ending      = 200 * time.Millisecond // and then a file call goes on
	endingApart = 5 * time.Second        // whatever it is
)

// Bounded returns what do returns, or, after ctx has ended and do has not, an error that names the file that it waits for:
// NFS whose server is gone, or FUSE whose daemon hangs, holds whoever reads or writes there up forever, and no signal ends
// that. The thread that waits is left behind.
func Bounded(ctx context.Context, s settings.Settings, do func() (Plan, error)) (Plan, error) {
	type result struct {
		plan Plan
		err  error
	}
	done := make(chan result, 1)
	go func() {
		plan, err := do()
		done <- result{plan, err}
	}()
	select {
	case r := <-done:
		return r.plan, r.err
	case <-ctx.Done():
	}
	for left := endingApart; left > 0; left -= ending {
		select {
		case r := <-done:
			return r.plan, r.err
		case <-time.After(ending):
		}
		if durable.Underway() != "" {
			break
		}
	}
	if err := stopped(ctx); err != nil {
		return Plan{}, err
	}
	return Plan{}, hung(s, durable.Underway())
}

func hung(s settings.Settings, path string) error {
	const hint = "the server of a network volume is gone, or a volume's driver hangs: look at the node and at the pod's volumes"
	switch {
	case path == "":
		return exit.Because(exit.System, errors.New("a file system does not answer"), hint)
	case path == tokenFile(s):
		return exit.Because(exit.NoToken, fmt.Errorf("%s (%s): the pod's token: reading %q: %w", s.FirstName(), s.FirstHop, path, durable.ErrHung), hint)
	}
	return exit.Because(exit.NoFiles, fmt.Errorf("%q: %w", path, durable.ErrHung), hint)
}
