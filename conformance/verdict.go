package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rolechain/internal/podtest"
)

// look asks the probe once and says by evidence who it is: by the access key id that it resolved, or that S3 saw.
func (p *pod) look(ctx context.Context) (Verdict, string) {
	verdict, detail := p.ask(ctx)
	p.looked = p.clock.now()
	p.begin()
	const maxDetail = 700 // some SDKs tell each of ten tries
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "") + "…"
	}
	return verdict, detail
}

func (p *pod) ask(ctx context.Context) (Verdict, string) {
	p.catcher.take()
	asked := p.clock.now()
	a, err := p.job.ask(ctx)
	if err != nil {
		return Failure, err.Error()
	}
	signed := p.catcher.take()
	key := a.Key
	switch {
	case a.Token != "":
		if key, err = p.signer(a.Token); err != nil {
			return Failure, "the token: " + err.Error()
		}
	case key == "*" && len(signed) == 0:
		return Failure, "no signed request came to S3: " + orNothing(a.Error)
	case key == "*":
		key = signed[len(signed)-1]
	case key == "":
		return Failure, a.Error
	}
	verdict, detail := p.whose(key, asked)
	// An SDK that resolves one thing and signs with another must not get the better verdict.
	if other := slices.IndexFunc(signed, func(k string) bool { return k != key }); other >= 0 {
		if v, d := p.whose(signed[other], asked); v != verdict {
			return v, fmt.Sprintf("it also signed with %s (%s); %s", signed[other], d, detail)
		}
	}
	return verdict, detail
}

// whose looks an access key id up. A session that ended before the question is stale, whosever it was.
func (p *pod) whose(key string, asked time.Time) (Verdict, string) {
	switch key {
	case podtest.NodeKey:
		return Node, "the node's role"
	case imageKey:
		return Image, "the image's own key"
	}
	session, ok := p.sts.Lookup(key)
	if !ok {
		return Failure, fmt.Sprintf("%q is nobody's key", key)
	}
	if session.Expires.Before(asked) {
		return Stale, fmt.Sprintf("a session of %s that had ended %v before", session.RoleARN, asked.Sub(session.Expires).Round(time.Second))
	}
	switch session.RoleARN {
	case clientARN:
		return Client, ""
	case baseARN:
		return Base, "the job execution role"
	}
	return Failure, "a session of " + session.RoleARN
}
