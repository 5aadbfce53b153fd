// Package refresher is the worker of `rolechain refresh`: here the schedule (package refresh), the endpoint, the files and
// the saved state come together.
package refresher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
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

// Options are what a refresher is asked to do.
type Options struct {
	Settings    settings.Settings
	Run         string        // the directory of the files by which others reach it
	Credentials string        // the credentials file that gets each session's keys; "" in endpoint delivery
	Timeout     time.Duration // what is left for the first session
}

// Status is how the refresher stands: the client role's session, then those of other profiles.
type Status struct {
	Delivery settings.Delivery `json:"delivery"`
	refresh.Status
	Profiles []ProfileStatus `json:"profiles,omitempty"`
}

// publishing is how long the first session may take to get into the file, which a full disk, say, keeps it from.
const publishing = 5 * time.Second

// A worker keeps the sessions of one job.
type worker struct {
	Options
	log   *slog.Logger
	state *state
	chain *chain.Chain
}

// Work runs a worker from its start to its end. Of a first one the error says why there is no session for the job.
func Work(process *supervise.Worker, o Options, log *slog.Logger) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	saved, first, err := load(process.State)
	if err != nil {
		// Nothing to go on from: not even the token that the job has.
		return exit.Because(exit.Internal, err, "")
	}
	w := &worker{Options: o, log: log, state: saved}
	begin := ctx
	if first {
		var cancel context.CancelFunc
		begin, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
		if err := w.first(begin); err != nil {
			return err
		}
	} else {
		w.chain = chain.New(saved.Spec, nil)
		log.Debug("the refresher goes on with its predecessor's sessions")
	}
	if base := saved.session(handover.BasePath); base.Session.Left() > 0 {
		w.chain.Hold(base.Session, base.Session.Expires.Sub(base.Issued))
	}
	return w.serve(ctx, begin, stop, process, first)
}

// first gets the first session.
func (w *worker) first(ctx context.Context) error {
	var err error
	var warnings []settings.Warning
	w.state.Spec, warnings, err = Spec(ctx, w.Settings)
	for _, warning := range warnings {
		report.Warning(w.log, warning.Text, warning.Hint)
	}
	if err != nil {
		return err
	}
	if err := w.alone(ctx); err != nil {
		return err
	}
	w.chain = chain.New(w.state.Spec, nil)
	began := time.Now()
	s, err := chain.First(ctx, w.log, w.chain.Client)
	if err != nil {
		return err
	}
	w.log.Info("first session", "role", s.Role, "key", s.KeySuffix(), "expires", s.Expires.UTC().Format(time.RFC3339), "took", time.Since(began).Round(time.Millisecond).String())
	w.state.Token = endpoint.NewToken()
	if err := w.state.keep(handover.CredentialsPath)(s); err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	// The one that the client's session came from.
	if base, err := w.chain.Base(ctx); err == nil {
		if err := w.state.keep(handover.BasePath)(base); err != nil {
			return exit.Because(exit.Internal, err, "")
		}
	}
	return nil
}

// leaving is how long another refresher may take to end: that of a job which is over ends within a second.
const leaving = 3 * time.Second

// alone makes sure that no other refresher that goes on has its files in the same directory: each of two jobs would find the
// other's session there. It waits for one that is about to end, but not for all the time that there is for a session.
func (w *worker) alone(ctx context.Context) error {
	until := time.Now().Add(leaving)
	if end, limited := ctx.Deadline(); limited {
		if half := time.Now().Add(time.Until(end) / 2); half.Before(until) {
			until = half
		}
	}
	for {
		other, err := handover.ReadDiscovery(w.Run)
		if err != nil {
			return nil
		}
		ask, cancel := context.WithTimeout(ctx, leaving)
		err = endpoint.AskStatus(ask, other, new(Status))
		cancel()
		switch {
		case err != nil:
			return nil
		case time.Now().After(until):
			return exit.Because(exit.NoFiles, fmt.Errorf("the refresher of another job is at work in %q", w.Run),
				"each container needs a home directory of its own in file and endpoint delivery")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// serve keeps the sessions and answers until the job has ended. begin ends when the first session is late.
func (w *worker) serve(ctx, begin context.Context, stop func(), process *supervise.Worker, first bool) error {
	socket, err := process.Socket()
	if err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	listener, err := endpoint.FromFile(socket)
	socket.Close()
	if err != nil {
		return exit.Because(exit.Internal, err, "")
	}
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
	handler := endpoint.Handler(w.state.Token, keepers.sources(), func() any {
		return Status{w.Settings.Delivery, keepers.client.Status(), keepers.profiles()}
	})
	served := make(chan error, 1)
	go func() { served <- endpoint.Serve(ctx, listener, handler, w.log) }()
	if first {
		late, cancel := context.WithTimeout(begin, publishing)
		defer cancel()
		if err := keepers.client.Ready(late); err != nil {
			return notReady(err)
		}
	}
	if err := process.Ready(w.ready(discovery)); err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	select {
	case <-process.Ended():
		return nil
	case err := <-served:
		return exit.Because(exit.Internal, err, "")
	case <-process.Orphaned():
	}
	stop()
	<-served
	all.Wait()
	return w.takeOver(process)
}

// takeOver becomes the supervisor. Whoever connects meanwhile waits.
func (w *worker) takeOver(process *supervise.Worker) error {
	for {
		err := process.TakeOver()
		w.log.Warn("the refresher's supervisor died: " + err.Error())
		select {
		case <-process.Ended():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func (w *worker) ready(d handover.Discovery) handover.Ready {
	if w.Settings.Delivery != settings.Endpoint {
		return handover.Ready{}
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
