package refresher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/endpoint"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/refresh"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/start"
	"rolechain/internal/supervise"
)

// publishing is how long the first session may take to get into the file, which a full disk, say, keeps it from.
const publishing = 5 * time.Second

// A worker keeps the sessions of one job.
type worker struct {
	options
	log      *slog.Logger
	process  *supervise.Worker
	state    *state
	chain    *chain.Chain
	claim    *claim
	meter    *meter      // nil without metrics
	orphaned atomic.Bool // the supervisor has died
}

// work runs a worker from its start to its end. Of a first one the error says why there is no session for the job.
func work(process *supervise.Worker, o options, log *slog.Logger) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	saved, err := load(process)
	if err != nil {
		// Nothing to go on from: not even the token that the job has.
		return exit.Because(exit.Internal, err, "")
	}
	w := &worker{options: o, log: log, process: process, state: saved, claim: newClaim(o.run, process, log)}
	first := process.State == nil
	if !first {
		saved.restarted()
	}
	if process.Also != nil {
		w.meter = newMeter(saved.Restarts)
	}
	begin := ctx
	if first {
		var cancel context.CancelFunc
		begin, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
		if err := w.first(begin); err != nil {
			return err
		}
	} else {
		w.makeChain()
		log.Debug("the refresher goes on with its predecessor's sessions")
	}
	if base := saved.session(handover.BasePath); base.Session.Left() > 0 {
		w.chain.Hold(base.Session, base.Session.Expires.Sub(base.Issued))
	}
	return w.serve(ctx, begin, stop, first)
}

func (w *worker) makeChain() {
	w.chain = chain.New(w.state.Spec, nil)
	if w.meter != nil {
		w.chain.Watch = w.meter.call
	}
}

// first gets the first session.
func (w *worker) first(ctx context.Context) error {
	var err error
	var warnings []settings.Warning
	w.state.Spec, warnings, err = Spec(ctx, w.settings)
	for _, warning := range warnings {
		report.Warning(w.log, warning.Text, warning.Hint)
	}
	if err != nil {
		return err
	}
	w.makeChain()
	began := time.Now()
	get := w.meter.counted("default", w.client)
	s, err := chain.First(ctx, w.log, func(ctx context.Context) (chain.Session, error) { return get(ctx, chain.Session{}) })
	if err != nil {
		return err
	}
	w.log.Info("first session", "role", s.Role, "key", s.KeySuffix(), "expires", s.Expires.UTC().Format(time.RFC3339), "took", time.Since(began).Round(time.Millisecond).String())
	w.state.Token, w.state.ID = endpoint.NewToken(), endpoint.NewToken()
	if w.port != 0 {
		if d, err := handover.ReadDiscovery(w.run); err == nil && d.Token != "" {
			w.state.Token = d.Token
		}
	}
	if err := w.state.keep(handover.CredentialsPath)(s); err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	if w.state.Spec.Direct {
		return nil
	}
	// The one that the client's session came from.
	if base, err := w.chain.Base(ctx); err == nil {
		if err := w.state.keep(handover.BasePath)(base); err != nil {
			return exit.Because(exit.Internal, err, "")
		}
	}
	return nil
}

// serve keeps the sessions and answers until the job has ended. begin ends when the first session is late.
func (w *worker) serve(ctx, begin context.Context, stop func(), first bool) error {
	listener, err := endpoint.FromFile(w.process.Socket)
	if err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	w.process.Socket.Close()
	routes := w.routes()
	discovery, err := w.discovery(endpoint.URL(listener, ""), routes)
	if err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	keepers := w.keepers(routes, discovery)
	w.sweep()
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { keepers.run(ctx) })
	handler := w.meter.requests(endpoint.Handler(w.state.Token, keepers.sources(), func() any { return w.status(keepers) }))
	if w.meter != nil {
		all.Go(func() { w.serveMetrics(ctx) })
	}
	ends := make(chan error, 1)
	go func() { ends <- endpoint.Serve(ctx, served{listener, w.process}, handler, w.log) }()
	if first {
		late, cancel := context.WithTimeout(begin, publishing)
		defer cancel()
		if err := keepers.client.Ready(late); err != nil {
			return notReady(err)
		}
	}
	if err := w.process.Ready(w.ready(discovery)); err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	all.Go(func() { w.summarize(ctx) })
	for orphaned := w.process.Orphaned(); ; orphaned = nil {
		select {
		case <-w.process.Ended():
			return nil
		case err := <-ends:
			return exit.Because(exit.Internal, err, "")
		case <-orphaned:
			w.orphaned.Store(true)
			w.log.Warn(alone)
		}
	}
}

// served is the listener of a worker that is full when it lets connections wait, and does not hang.
type served struct {
	net.Listener
	process *supervise.Worker
}

func (l served) Full() { l.process.Alive() }

// alone is said when the supervisor has died.
const alone = "the refresher's supervisor died: the worker goes on until the job ends, and nobody replaces it if it dies too"

// Status is how the refresher stands: the client role's session, then those of other profiles.
type Status struct {
	Delivery settings.Delivery `json:"delivery"`
	refresh.Status
	Profiles []ProfileStatus `json:"profiles,omitempty"`
	Warning  string          `json:"warning,omitempty"` // of the refresher itself
}

func (w *worker) status(k keepers) Status {
	st := Status{Delivery: w.settings.Delivery, Status: k.client.Status(), Profiles: k.profiles()}
	if w.orphaned.Load() {
		st.Warning = alone
	}
	return st
}

func (w *worker) ready(d handover.Discovery) handover.Ready {
	if w.settings.Delivery != settings.Endpoint {
		return handover.Ready{ID: d.ID}
	}
	return handover.Ready{URI: d.URL + handover.CredentialsPath, Token: d.Token}
}

// notReady gives the reason why a session that was had is not in its file its exit code.
func notReady(err error) error {
	var refused *chain.Error
	if errors.As(err, &refused) {
		return chain.AsExit(fmt.Errorf("the first session ended before the job began: %w", err))
	}
	return start.NotWritten(err)
}
