package refresher

import (
	"context"
	"time"

	"rolechain/internal/handover"
	"rolechain/internal/start"
)

// How often a worker looks whether the job has a stderr of its own yet, at first and at last. EMR's entrypoint runs a
// validation script before it gives the job one.
const firstLook, lastLook = 100 * time.Millisecond, 10 * time.Second

// summarize says once what the start said, as soon as the job's stderr is another pipe than the one that it began with: what
// was said before is in the container's log, but not in the one that EMR ships.
func (w *worker) summarize(ctx context.Context) {
	for wait := firstLook; !w.state.told(); wait = min(2*wait, lastLook) {
		if w.moved() {
			s := w.state.session(handover.CredentialsPath).Session
			w.log.Info("role chain: "+start.Summary(w.settings), "delivery", w.settings.Delivery, "key", s.KeySuffix(), "expires", s.Expires.UTC().Format(time.RFC3339))
			w.state.tell()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
