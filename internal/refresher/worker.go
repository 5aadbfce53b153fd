// Package refresher is the worker of `rolechain refresh`: here the schedule (package refresh), the endpoint, the files and
// the saved state come together.
package refresher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/durable"
	"rolechain/internal/endpoint"
	"rolechain/internal/exit"
	"rolechain/internal/refresh"
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

// publishing is how long the first session may take to get into the file, which a full disk, say, keeps it from.
const publishing = 5 * time.Second

// A pod is what a worker keeps for the job.
type pod struct {
	Options
	log    *slog.Logger
	memory *memory
	chain  *chain.Chain
}

// Work is a worker from its start to its end. Of a first one the error says why there is no session for the job.
func Work(w *supervise.Worker, o Options, log *slog.Logger) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	memory, first, err := recall(w.State)
	if err != nil {
		// Nothing to go on from: not even the token that the job has.
		return exit.Because(exit.Internal, err, "")
	}
	p := &pod{Options: o, log: log, memory: memory}
	begin := ctx
	if first {
		var cancel context.CancelFunc
		begin, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
		if err := p.first(begin); err != nil {
			return err
		}
	} else {
		p.chain = chain.New(memory.Spec, nil)
		log.Debug("the refresher goes on with its predecessor's sessions")
	}
	if base := memory.session(endpoint.BasePath); base.Session.Left() > 0 {
		p.chain.Hold(base.Session, base.Session.Expires.Sub(base.Issued))
	}
	return p.serve(ctx, begin, stop, w, first)
}

// first gets the first session.
func (p *pod) first(ctx context.Context) error {
	var err error
	if p.memory.Spec, err = Spec(p.Settings); err != nil {
		return err
	}
	if err := p.alone(ctx); err != nil {
		return err
	}
	p.chain = chain.New(p.memory.Spec, nil)
	s, err := chain.First(ctx, p.log, p.chain.Client)
	if err != nil {
		return err
	}
	p.memory.Token = endpoint.NewToken()
	if err := p.memory.keep(endpoint.CredentialsPath)(s); err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	// The one that the client's session came from.
	if base, err := p.chain.Base(ctx); err == nil {
		if err := p.memory.keep(endpoint.BasePath)(base); err != nil {
			return exit.Because(exit.Internal, err, "")
		}
	}
	return nil
}

// leaving is how long another refresher may take to end: that of a job which is over ends within a second.
const leaving = 3 * time.Second

// alone makes sure that no other refresher that goes on has its files in the same directory: each of two jobs would find the
// other's session there. It waits for one that is about to end, but not for all the time that there is for a session.
func (p *pod) alone(ctx context.Context) error {
	until := time.Now().Add(leaving)
	if end, limited := ctx.Deadline(); limited {
		if half := time.Now().Add(time.Until(end) / 2); half.Before(until) {
			until = half
		}
	}
	for {
		other, err := endpoint.ReadContact(filepath.Join(p.Run, start.ContactName))
		if err != nil {
			return nil
		}
		ask, cancel := context.WithTimeout(ctx, leaving)
		err = other.Status(ask, new(Status))
		cancel()
		switch {
		case err != nil:
			return nil
		case time.Now().After(until):
			return exit.Because(exit.NoFiles, fmt.Errorf("the refresher of another job is at work in %q", p.Run),
				"each container needs a home directory of its own in file and endpoint delivery")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// keep makes the keeper of the client role's session, which publishes each to the files as well.
func (p *pod) keep(files func(chain.Session) error) *refresh.Keeper {
	o := p.source(endpoint.CredentialsPath, p.chain.Client)
	o.Role = p.memory.Spec.ClientRole
	o.Publish = append(o.Publish, files)
	if p.Settings.Delivery == settings.File {
		o.Publish = append(o.Publish, keysInto(p.Credentials))
	}
	return refresh.New(o)
}

// source is what makes a keeper of the sessions that a path hands out.
func (p *pod) source(path string, get func(context.Context) (chain.Session, error)) refresh.Options {
	old := p.memory.session(path)
	return refresh.Options{Get: get, Publish: []func(chain.Session) error{p.memory.keep(path)}, Session: old.Session, Issued: old.Issued, Log: p.log}
}

// sources are the paths of endpoint delivery, with the profile that each is for.
func (p *pod) sources(client endpoint.Source) (sources map[string]endpoint.Source, contact endpoint.Contact) {
	host, _ := os.Hostname()
	contact = endpoint.Contact{Token: p.memory.Token, Host: host, Chain: p.memory.Spec, Credentials: p.Credentials}
	if p.Settings.Delivery != settings.Endpoint {
		return nil, contact
	}
	contact.Paths, contact.Roles = map[string]string{}, map[string]string{}
	sources = map[string]endpoint.Source{}
	add := func(profile, path, role string, source endpoint.Source) {
		sources[path], contact.Paths[profile], contact.Roles[profile] = source, path, role
	}
	add("default", endpoint.CredentialsPath, p.Settings.ClientRole, client)
	add(p.Settings.BaseProfile, endpoint.BasePath, "", refresh.NewOnDemand(p.source(endpoint.BasePath, p.chain.Base)).Wait)
	for _, named := range p.Settings.Profiles {
		path := endpoint.ProfilePath(named.Name)
		get := func(ctx context.Context) (chain.Session, error) { return p.chain.As(ctx, named.Role) }
		add(named.Name, path, named.Role, refresh.NewOnDemand(p.source(path, get)).Wait)
	}
	return sources, contact
}

// Status is how the refresher stands.
type Status struct {
	Delivery settings.Delivery `json:"delivery"`
	refresh.Status
}

// serve keeps the sessions and answers until the job has ended. begin ends when the first session is late.
func (p *pod) serve(ctx, begin context.Context, stop func(), w *supervise.Worker, first bool) error {
	socket, err := w.Socket()
	if err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	listener, err := endpoint.FromFile(socket)
	socket.Close()
	if err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	var contact endpoint.Contact
	client := p.keep(func(chain.Session) error { return p.write(contact) })
	var sources map[string]endpoint.Source
	sources, contact = p.sources(client.Wait)
	contact.URL = endpoint.URL(listener, "")
	p.sweep()
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { client.Run(ctx) })
	handler := endpoint.Handler(p.memory.Token, sources, func() any { return Status{p.Settings.Delivery, client.Status()} })
	served := make(chan error, 1)
	go func() { served <- endpoint.Serve(ctx, listener, handler, p.log) }()
	if first {
		late, cancel := context.WithTimeout(begin, publishing)
		defer cancel()
		if err := client.Ready(late); err != nil {
			return notReady(err)
		}
	}
	if err := w.Ready(p.ready(contact)); err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	select {
	case <-w.Ended():
		return nil
	case err := <-served:
		return exit.Because(exit.Internal, err, "")
	case <-w.Orphaned():
	}
	stop()
	<-served
	all.Wait()
	return p.takeOver(w)
}

// takeOver becomes the supervisor. Whoever connects meanwhile waits.
func (p *pod) takeOver(w *supervise.Worker) error {
	for {
		err := w.TakeOver()
		p.log.Warn("the refresher's supervisor died: " + err.Error())
		select {
		case <-w.Ended():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func (p *pod) ready(c endpoint.Contact) start.Ready {
	if p.Settings.Delivery != settings.Endpoint {
		return start.Ready{}
	}
	return start.Ready{URI: c.URL + endpoint.CredentialsPath, Token: c.Token}
}

// write makes the files by which others reach this process. Where they stand already it changes nothing.
func (p *pod) write(c endpoint.Contact) error {
	if err := c.Write(filepath.Join(p.Run, start.ContactName)); err != nil {
		return err
	}
	if p.Settings.Delivery != settings.Endpoint {
		return nil
	}
	return durable.Write(filepath.Join(p.Run, start.TokenName), []byte(c.Token))
}

// sweep removes the temp files of a predecessor that was killed while it wrote.
func (p *pod) sweep() {
	for _, path := range []string{filepath.Join(p.Run, start.ContactName), p.Credentials} {
		if path == "" {
			continue
		}
		if err := durable.Sweep(path); err != nil {
			p.log.Debug("temp files may be left", "error", err)
		}
	}
}

// notReady gives the reason why a session that was had is not in its file its exit code.
func notReady(err error) error {
	var refused *chain.Error
	if errors.As(err, &refused) {
		return chain.AsExit(fmt.Errorf("the first session ended before the job began: %w", err))
	}
	return start.NotWritten(err)
}
