package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"syscall"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/endpoint"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

const (
	// asking is how long the refresher is asked. It lets a request wait for 25 s when it has no session.
	asking = 30 * time.Second
	// processTimeout is the whole of it: the Go and Java v1 SDKs give a credential process a minute.
	processTimeout = 55 * time.Second

	// A worker that was killed in the middle of an answer has a successor in about 20 ms.
	minPause = 20 * time.Millisecond
	maxPause = 250 * time.Millisecond
	// refusedFor is how long nobody may listen before the refresher counts as dead, where no lock tells. As long as one of
	// its processes lives, connections wait for the next worker.
	refusedFor = time.Second
)

// credentials is the credential process of endpoint delivery: it prints one line with the session of a profile, and needs
// nothing of the environment. The session is the refresher's; only when that is dead, the chain is done here.
//
//	rolechain credentials DIRECTORY PROFILE
//
// DIRECTORY has the refresher's files.
func credentials(args []string, _ settings.Environment, stdout, _ io.Writer) error {
	flags := newFlags("credentials")
	if err := parse(flags, args); err != nil {
		return err
	}
	args = flags.Args()
	if len(args) != 2 {
		return misused("credentials", fmt.Errorf("takes the refresher's directory and a profile's name, not %q", args))
	}
	found, err := handover.ReadDiscovery(args[0])
	if err != nil {
		return exit.Because(exit.NoFiles, err, "the entrypoint's refresher writes it in endpoint delivery")
	}
	if host := hostname(); host != found.Host {
		return exit.Because(exit.NoFiles, fmt.Errorf("%q is of another pod, %s: this one, %s, would act as that one's role", args[0], found.Host, host),
			"two pods share a home directory; each needs one of its own")
	}
	if _, ok := found.Roles[args[1]]; !ok {
		return exit.Because(exit.Usage, fmt.Errorf("%q is no profile of the role chain", args[1]), "")
	}
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	defer cancel()
	s, end, err := session(ctx, args[0], args[1], found, handover.Dead)
	if err != nil {
		return err
	}
	line, err := json.Marshal(processOutput{1, s.AccessKeyID, s.SecretAccessKey, s.SessionToken, end.UTC().Format(time.RFC3339)})
	if err != nil {
		return fmt.Errorf("writing the session: %w", err)
	}
	_, err = stdout.Write(append(line, '\n'))
	return err
}

// processOutput is what an SDK reads of a credential process (AWS SDKs and Tools Reference Guide, "Process credential
// provider").
type processOutput struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// session returns a session, and the end of it that is to be said. It asks the refresher as long as one may live. When none does, or none answers, it does the chain itself: each
// process that does so adds sessions and calls to STS, and in an outage of STS it has none to give while the refresher has.
//
// dead reports whether it is known that no refresher lives. Then nobody is asked: whoever listens on its port by now must
// not get the token.
func session(ctx context.Context, run, profile string, d handover.Discovery, dead func(run string) bool) (s chain.Session, end time.Time, err error) {
	ask, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	var refused time.Time // since when
	for pause := minPause; ask.Err() == nil; pause = min(2*pause, maxPause) {
		gone := dead(run)
		if gone && !d.Sidecar {
			break
		}
		err := error(syscall.ECONNREFUSED)
		if !gone {
			s, end, err = endpoint.AskSession(ask, d, profile)
		}
		var answer *endpoint.AnswerError
		switch {
		case err == nil:
			return s, end, nil
		case errors.As(err, &answer) && answer.Code == endpoint.NoSession: // it tries harder than this process could
			return s, end, exit.Because(cmp.Or(answer.Exit, exit.Unreached), err, answer.Hint)
		case !errors.Is(err, syscall.ECONNREFUSED):
			refused = time.Time{}
		case refused.IsZero():
			refused = time.Now()
		}
		before := d
		if now, err := handover.ReadDiscovery(run); err == nil && now.Host == d.Host {
			d = now // of a refresher that was started meanwhile
		}
		moved := d.URL != before.URL || d.Token != before.Token
		if !moved && !d.Sidecar && (!endpoint.AskAgain(err) || !refused.IsZero() && time.Since(refused) > refusedFor) {
			break
		}
		select {
		case <-time.After(pause):
		case <-ask.Done():
		}
	}
	if d.Sidecar { // it would have been started again
		return s, end, exit.Because(exit.Unreached, errors.New("the sidecar that keeps the sessions does not answer"), "its container's log says why")
	}
	s, err = ownChain(ctx, d, profile)
	return s, s.Expires, err
}

// ownChain does the chain in this process.
func ownChain(ctx context.Context, d handover.Discovery, profile string) (chain.Session, error) {
	spec, err := chain.ReadSpec(d.Chain)
	if err != nil {
		return chain.Session{}, exit.Because(exit.NoFiles, err, "")
	}
	hops := chain.New(spec, nil)
	get := hops.Base
	switch {
	case d.Roles[profile] == "":
	case profile == "default":
		get = hops.Client
	default:
		get = func(ctx context.Context) (chain.Session, error) { return hops.As(ctx, profile) }
	}
	// Nothing on stderr: some SDKs take it for a part of the answer.
	return chain.First(ctx, slog.New(slog.DiscardHandler), get)
}
