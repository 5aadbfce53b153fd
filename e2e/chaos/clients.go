package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// requestTimeout is how long a client waits: the refresher may take 25 s when it has no session.
const requestTimeout = 40 * time.Second

// attempts is how often a request is made whose answer is cut off, as botocore does.
const attempts = 3

// client asks the endpoint until ctx ends, as an SDK does: on one connection or on a new one each time, and again when an
// answer was cut off.
func (r *Run) client(ctx context.Context, keepAlive bool, every time.Duration) {
	transport := &http.Transport{DisableKeepAlives: !keepAlive, DialContext: (&net.Dialer{}).DialContext}
	defer transport.CloseIdleConnections()
	for ctx.Err() == nil {
		asked := time.Now()
		keys, err := r.ask(ctx, transport)
		got := time.Now()
		for n, began := 1, asked; wasCut(err) && ctx.Err() == nil && n < 20; n++ {
			// Near a limit one worker after another may die, until one has the threads and the memory that it needs.
			if n >= attempts && !r.judge.during(asked, got, "limit/") {
				break
			}
			r.judge.cutOff("endpoint client", began, got, err.Error())
			began = time.Now()
			keys, err = r.ask(ctx, transport)
			got = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.judge.refused("endpoint client", asked, got, err.Error())
		default:
			if s, ok := r.judge.is("endpoint client", r.judge.role, keys, asked, got, false); ok {
				if !keys.Expiration.Equal(s.Expires) {
					r.judge.fail("a wrong expiry", "the endpoint says %s of a session that ends at %s", keys.Expiration, s.Expires)
				}
				r.judge.served("endpoint client", s, asked, got)
			}
		}
		pause(ctx, every)
	}
}

// ask does one request.
func (r *Run) ask(ctx context.Context, transport http.RoundTripper) (keys Keys, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.pod.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"), nil)
	if err != nil {
		return keys, err
	}
	q.Header.Set("Authorization", r.pod.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"))
	response, err := transport.RoundTrip(q)
	if err != nil {
		return keys, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return keys, err
	}
	if response.StatusCode != http.StatusOK {
		return keys, fmt.Errorf("status %d: %.300s", response.StatusCode, body)
	}
	if err := json.Unmarshal(body, &keys); err != nil {
		return keys, fmt.Errorf("not a session: %w", err)
	}
	return keys, nil
}

// wasCut reports whether there was a server, but no whole answer.
func wasCut(err error) bool {
	for _, cut := range []error{syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, cut) {
			return true
		}
	}
	var torn textproto.ProtocolError // a header that breaks off
	// The second, like net.ErrClosed, is net/http's for a new connection that ends before the request is written. It is not exported.
	return errors.As(err, &torn) || err != nil && strings.Contains(err.Error(), "server closed idle connection")
}

// process runs a credential process as an SDK does, with nothing in its environment.
func (r *Run) process(ctx context.Context, profile string) (keys Keys, code int, err error) {
	const most = 75 * time.Second // SDKs give it a minute
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	words := append(strings.Fields(r.command), profile)
	stdout, stderr, code, err := r.run(ctx, words, nil)
	if err != nil {
		return keys, code, err
	}
	if found := leak(stderr, r.secrets()...); found != "" {
		r.judge.fail("a leak", "a credential process says %s on stderr", found)
	}
	if code != 0 {
		return keys, code, fmt.Errorf("it ends with %d: %s", code, strings.TrimSpace(stderr))
	}
	var out struct {
		Version                                    int
		AccessKeyId, SecretAccessKey, SessionToken string
		Expiration                                 time.Time
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || out.Version != 1 || stderr != "" {
		return keys, code, fmt.Errorf("not the answer of a credential process: %d bytes, %v, stderr %q", len(stdout), err, stderr)
	}
	return Keys{out.AccessKeyId, out.SecretAccessKey, out.SessionToken, out.Expiration}, 0, nil
}

// run runs a program of the pod's and returns what it said and its exit code. The error is that it could not be run, or
// had to be killed.
func (r *Run) run(ctx context.Context, words, env []string) (stdout, stderr string, code int, err error) {
	var out, said strings.Builder
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &said, append(slices.Clip(env), markEnv+"="+r.pod.mark+"-client") // the last one counts
	cmd.SysProcAttr = &unix.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(r.pod.user), Gid: 1000}}
	cmd.WaitDelay = time.Second
	if err := r.w.procs.start(cmd); err != nil {
		return "", "", -1, err
	}
	stop := context.AfterFunc(ctx, func() { kill(cmd.Process.Pid, unix.SIGKILL) })
	_ = r.w.procs.wait(cmd)
	if !stop() {
		return out.String(), said.String(), -1, fmt.Errorf("it goes on: %w", ctx.Err())
	}
	return out.String(), said.String(), cmd.ProcessState.ExitCode(), nil
}

// processes asks for every profile by its credential process, in turns.
func (r *Run) processes(ctx context.Context) {
	roles := map[string]string{"default": clientRole, "other": otherRole, "job-execution-role": jobRole}
	for n := 0; ctx.Err() == nil; n++ {
		profile := []string{"default", "default", "other", "job-execution-role"}[n%4]
		asked := time.Now()
		keys, code, err := r.process(ctx, profile)
		got := time.Now()
		who := "credential process"
		switch {
		case ctx.Err() != nil, r.isTaken(): // containers of one pod share a host name, and so may ask each other's refresher
			return
		case code == -1:
			r.judge.fail("a hang", "the credential process for %s, from %s on: %v", profile, clock(asked.Sub(r.judge.began)), err)
		case code != 0 && !r.w.codes[code]:
			r.judge.fail("an undocumented exit code", "the credential process for %s: %v", profile, err)
		case err != nil && r.judge.during(asked.Add(-afterLoss), got, losses...):
		case err != nil && profile != "default":
			r.judge.starved(who+" for "+profile, asked, got, err.Error()) // nobody knows what is held of it
		case err != nil:
			r.judge.refused(who, asked, got, err.Error())
		default:
			if s, ok := r.judge.is(who+" for "+profile, roles[profile], keys, asked, got, false); ok && profile == "default" {
				r.judge.ran(s, asked, got)
			}
		}
		pause(ctx, 400*time.Millisecond)
	}
}

// status asks for the refresher's status now and then.
func (r *Run) status(ctx context.Context) {
	for ctx.Err() == nil {
		asked := time.Now()
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		_, stderr, code, err := r.run(limited, []string{r.w.rolechain, "status"}, r.pod.job)
		cancel()
		got := time.Now()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.judge.fail("a hang", "rolechain status, from %s on: %v", clock(asked.Sub(r.judge.began)), err)
		case code != 0 && code != 69 && code != 73 && code != 75:
			r.judge.fail("an undocumented exit code", "rolechain status ends with %d: %s", code, stderr)
		case code == 0:
			r.judge.count("status")
		case code == 69:
			r.judge.atTheEnd(func() {
				if !r.judge.during(asked.Add(-afterLoss), got, "excused", "limit/", "disk/", "stop-worker") {
					r.judge.fail("a wrong exit code", "rolechain status, from %s on, finds no refresher: %s", r.judge.at(asked), stderr)
				}
			})
		}
		if found := leak(stderr, r.secrets()...); found != "" {
			r.judge.fail("a leak", "rolechain status says %s", found)
		}
		pause(ctx, 1500*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
