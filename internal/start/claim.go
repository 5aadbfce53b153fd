package start

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/handover"
)

// leaving is how long another refresher may take to end: that of a job which is over ends within a second.
const leaving = 3 * time.Second

// Claim takes the refresher's directory for this container, before any file is written: each of two jobs that share a home
// would find the other's role in it. It waits for another refresher that is about to end, but not for all the time that
// there is for a session. Its error may satisfy durable.IsUnwritable, as Apply's.
func (p *Plan) Claim(ctx context.Context, log *slog.Logger) error {
	if p.Refresher == nil {
		return nil
	}
	if p.Refresher.Private != "" {
		if err := makePrivate(p.Refresher.Private); err != nil {
			return err
		}
	}
	limit := leaving
	if end, limited := ctx.Deadline(); limited {
		limit = min(limit, time.Until(end)/2)
	}
	try, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	run := p.Refresher.Run
	lock, err := handover.Lock(try, run)
	switch {
	case err == nil:
		p.Refresher.lock = lock
		return nil
	case stopped(ctx) != nil:
		return stopped(ctx)
	case errors.Is(err, handover.ErrNoLocks):
		log.Warn(fmt.Sprintf("nothing keeps two jobs apart that share %q: %v", run, err))
		return nil
	case errors.Is(err, handover.ErrTaken):
		return exit.Because(exit.NoFiles, fmt.Errorf("%w in %q", err, run),
			"each container needs a home directory of its own in file and endpoint delivery")
	case errors.Is(err, context.DeadlineExceeded):
		return exit.Because(exit.NoFiles, fmt.Errorf("claiming %q: its file system does not answer", run), "")
	}
	return NotWritten(fmt.Errorf("claiming the refresher's directory: %w", err))
}
