package refresher

import (
	"context"
	"sync"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/endpoint"
	"rolechain/internal/handover"
	"rolechain/internal/refresh"
	"rolechain/internal/settings"
)

// A route is a path of endpoint delivery, the profile that it is for, and where its sessions come from.
type route struct {
	profile, path string
	role          string // ARN; "" for the first hop's own
	get           getter
}

// A getter does one try for a session in the place of held.
type getter = func(ctx context.Context, held chain.Session) (chain.Session, error)

// client gets the client role's sessions.
func (w *worker) client(ctx context.Context, _ chain.Session) (chain.Session, error) {
	return w.chain.Client(ctx)
}

// routes lists the paths that hand out sessions, the client role's first; none in file delivery.
func (w *worker) routes() []route {
	if w.settings.Delivery != settings.Endpoint {
		return nil
	}
	list := []route{{"default", handover.CredentialsPath, w.settings.ClientRole, w.client}}
	if !w.sidecar {
		list = append(list, route{w.settings.BaseProfile, handover.BasePath, "", w.chain.NextBase})
	}
	for _, named := range w.settings.Profiles {
		list = append(list, route{named.Name, handover.ProfilePath(named.Name), named.Role,
			func(ctx context.Context, _ chain.Session) (chain.Session, error) { return w.chain.As(ctx, named.Name) }})
	}
	return list
}

// keepers are the sessions that a worker keeps: the client role's from the start, and the others' from the first request
// on.
type keepers struct {
	client *refresh.Keeper
	others []other
}

// An other is a session beside the client role's.
type other struct {
	route
	*refresh.Keeper
}

// keepers makes the keepers of the routes. The client role's publishes each session to the files as well.
func (w *worker) keepers(routes []route, d handover.Discovery) (k keepers) {
	o := w.keeperOptions(handover.CredentialsPath, "default", w.client)
	o.MaxLife = w.longest(w.state.Spec.Options)
	o.Role = w.state.Spec.ClientRole
	o.Publish = append(o.Publish, refresh.Publisher{Name: "discovery file", Publish: func(chain.Session) error { return w.announce(d) }})
	if w.settings.Delivery == settings.File {
		o.Publish = append(o.Publish, refresh.Publisher{Name: "credentials file", Publish: w.publishKeys()})
	}
	k.client = refresh.New(o)
	w.meter.watch("default", k.client)
	for _, r := range routes {
		if r.path == handover.CredentialsPath {
			continue
		}
		o := w.keeperOptions(r.path, r.profile, r.get)
		o.Role, o.Profile, o.OnDemand = r.role, r.profile, true
		if r.path == handover.BasePath {
			o.Role = w.state.Spec.BaseRole
		} else {
			o.MaxLife = w.longest(w.state.Spec.Profiles[r.profile].Options)
		}
		k.others = append(k.others, other{r, refresh.New(o)})
		w.meter.watch(r.profile, k.others[len(k.others)-1].Keeper)
	}
	return k
}

// longest is how long the sessions of a role can be good for; 0 is an hour, whatever a chained one was asked for.
func (w *worker) longest(o chain.Options) time.Duration {
	if w.state.Spec.Direct {
		return o.Duration
	}
	return 0
}

// keeperOptions are those of a keeper of the sessions that a path hands out. It begins with the predecessor's.
func (w *worker) keeperOptions(path, profile string, get getter) refresh.Options {
	old := w.state.session(path)
	return refresh.Options{Get: w.meter.counted(profile, get), Publish: []refresh.Publisher{{Name: "saved state", Publish: w.state.keep(path)}}, Session: old.Session, Issued: old.Issued, Log: w.log}
}

// sources returns what answers the requests of each route; none in file delivery.
func (k keepers) sources() map[string]endpoint.Source {
	sources := map[string]endpoint.Source{handover.CredentialsPath: k.client}
	for _, o := range k.others {
		sources[o.path] = o
	}
	return sources
}

// run keeps all of them fresh until ctx ends.
func (k keepers) run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { k.client.Run(ctx) })
	for _, o := range k.others {
		all.Go(func() { o.Run(ctx) })
	}
	all.Wait()
}

// ProfileStatus is how the session of a profile beside [default] stands.
type ProfileStatus struct {
	Profile string `json:"profile"`
	refresh.Status
}

func (k keepers) profiles() (list []ProfileStatus) {
	for _, o := range k.others {
		list = append(list, ProfileStatus{o.profile, o.Keeper.Status()})
	}
	return list
}
