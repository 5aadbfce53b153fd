package refresher

import (
	"context"

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
	get           func(context.Context) (chain.Session, error)
}

// routes lists the paths that hand out sessions, the client role's first; none in file delivery.
func (w *worker) routes() []route {
	if w.Settings.Delivery != settings.Endpoint {
		return nil
	}
	list := []route{
		{"default", handover.CredentialsPath, w.Settings.ClientRole, w.chain.Client},
		{w.Settings.BaseProfile, handover.BasePath, "", w.chain.Base},
	}
	for _, named := range w.Settings.Profiles {
		list = append(list, route{named.Name, handover.ProfilePath(named.Name), named.Role,
			func(ctx context.Context) (chain.Session, error) { return w.chain.As(ctx, named.Role) }})
	}
	return list
}

// sources returns what answers the requests of each route. The client role's sessions are kept fresh, the others are got
// on demand.
func (w *worker) sources(routes []route, client *refresh.Keeper) map[string]endpoint.Source {
	sources := map[string]endpoint.Source{}
	for _, r := range routes {
		if r.path == handover.CredentialsPath {
			sources[r.path] = client.Wait
		} else {
			sources[r.path] = refresh.NewOnDemand(w.options(r.path, r.get)).Wait
		}
	}
	return sources
}

// keeper keeps the client role's session, and publishes each to the files as well.
func (w *worker) keeper(d handover.Discovery) *refresh.Keeper {
	o := w.options(handover.CredentialsPath, w.chain.Client)
	o.Role = w.state.Spec.ClientRole
	o.Publish = append(o.Publish, func(chain.Session) error { return w.announce(d) })
	if w.Settings.Delivery == settings.File {
		o.Publish = append(o.Publish, keysInto(w.Credentials))
	}
	return refresh.New(o)
}

// options are those of a keeper of the sessions that a path hands out. It begins with the predecessor's.
func (w *worker) options(path string, get func(context.Context) (chain.Session, error)) refresh.Options {
	old := w.state.session(path)
	return refresh.Options{Get: get, Publish: []func(chain.Session) error{w.state.keep(path)}, Session: old.Session, Issued: old.Issued, Log: w.log}
}
