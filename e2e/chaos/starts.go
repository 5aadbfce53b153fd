package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// starting is how much longer than its timeout a start may take, on top of what the machine is late with. Half of it is
// what a start without any fault was seen to take on a busy machine.
const starting = 5 * time.Second

// A container is where a start takes place.
type container struct {
	Launch
	home string
	role string
	mark string
}

// container makes one with a user, a home and a token of its own.
func (r *Run) container(name, role string, timeout int) (container, error) {
	user := r.w.user()
	dir := filepath.Join(r.dir, name)
	home, temp := filepath.Join(dir, "home"), filepath.Join(dir, "tmp")
	token := filepath.Join(dir, "token")
	for _, d := range []string{dir, home, temp} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return container{}, err
		}
		if err := os.Chown(d, user, 1000); err != nil {
			return container{}, err
		}
	}
	if err := writeFor(token, r.sts.Token(subject), user); err != nil {
		return container{}, err
	}
	c := container{home: home, role: role, mark: r.mark + "-" + name}
	c.Launch = Launch{User: user, Env: r.environ(c.mark, home, temp, token, role, timeout)}
	return c, nil
}

// start does one start and judges it.
func (r *Run) start(ctx context.Context, n int, s Start) {
	pause(ctx, time.Until(r.judge.began.Add(s.At)))
	if ctx.Err() != nil {
		return
	}
	name := fmt.Sprintf("start-%d", n)
	c, err := r.container(name, neighborRole, s.Timeout)
	if err != nil {
		r.judge.fail("a broken harness", "%v", err)
		return
	}
	switch s.Kind {
	case "intruder":
		c.home, c.User = r.home.Dir, r.pod.user
		c.Env = r.environ(c.mark, c.home, filepath.Join(r.dir, "tmp"), r.tokenFile, neighborRole, s.Timeout)
	case "twins":
		r.twins(ctx, c, s)
		return
	case "restart":
		r.restart(ctx, c, s)
		return
	case "no-proc":
		c.NoProc = true
	case "no-null":
		c.NoNull = true
	case "few-files":
		c.Limits = map[int]uint64{unix.RLIMIT_NOFILE: uint64(s.N)}
	case "few-processes":
		c.Limits = map[int]uint64{unix.RLIMIT_NPROC: uint64(s.N)}
	case "little-memory":
		c.Limits = map[int]uint64{unix.RLIMIT_AS: uint64(s.N) << 20}
	case "huge-environment":
		c.EnvSize = 2<<20 - 8<<10
	case hungFiles:
		release := r.hangFiles(c, s)
		if release == nil {
			return
		}
		defer release()
	}
	r.once(ctx, c, s)
}

// once starts a container, judges how that ends, and returns the job's environment if it ran. The container has ended then.
func (r *Run) once(ctx context.Context, c container, s Start) (job []string) {
	p, ran := r.begin(ctx, c, s)
	if p == nil {
		return nil
	}
	if ran {
		job = p.job
		r.finish(p, c, s)
	}
	return job
}

// begin starts a container and returns when its job runs or it has ended; nil when it was not to be started or has hung.
func (r *Run) begin(ctx context.Context, c container, s Start) (*Pod, bool) {
	log, err := newLog()
	if err != nil {
		r.judge.fail("a broken harness", "%v", err)
		return nil, false
	}
	resume := func() error { return nil }
	if s.Kind == "log-full" {
		if resume, err = log.stop(); err != nil {
			r.judge.fail("a broken harness", "%v", err)
			return nil, false
		}
	}
	p, err := r.w.enter(c.Launch, c.mark, log)
	if err != nil {
		r.judge.fail("a broken harness", "starting a container: %v", err)
		return nil, false
	}
	r.judge.count("start, " + s.Kind)
	if s.Kind == "terminated" {
		time.AfterFunc(time.Duration(s.N)*time.Millisecond, func() { kill(p.original, unix.SIGTERM) })
	}
	allowed := time.Duration(s.Timeout)*time.Second + starting + 3*r.w.lag.Worst()
	ran := p.runs(allowed)
	late := !ran && !p.hasEnded(0)
	if late { // which the machine may have been meanwhile
		ran = p.runs(3 * r.w.lag.Worst())
		late = !ran && !p.hasEnded(0)
	}
	if late && s.Kind == "intruder" && r.judge.during(p.began, time.Now(), "frozen") {
		ran = p.runs(allowed) // a writer on a frozen disk cannot be ended, even by a signal, until it is thawed
		late = !ran && !p.hasEnded(0)
	}
	resume()
	if late {
		r.judge.fail("a hang", "start %s goes on after %s, with a timeout of %d s: %s\n%s", s, clock(time.Since(p.began)), s.Timeout, describe(r.w.procs.of(p.mark)), tail(log.String(), 10))
		p.clean()
		return nil, false
	}
	if !ran {
		r.judgeFailure(p, c, s)
	}
	return p, ran
}

// judgeFailure judges a start that has ended before its job ran.
func (r *Run) judgeFailure(p *Pod, c container, s Start) {
	p.log.drained(2 * time.Second)
	code, text := p.code(), p.log.String()
	r.judge.count(fmt.Sprintf("start, %s: %d", s.Kind, code))
	timeout := time.Duration(s.Timeout) * time.Second
	limited := len(c.Limits) > 0 || c.NoProc || c.NoNull || c.EnvSize > 0
	switch {
	case s.Kind == "terminated" && code == 128+int(unix.SIGTERM):
	case code == 2 && limited && (strings.Contains(text, "runtime:") || strings.Contains(text, "fatal error:")) && r.w.codes[2]: // Go's own
	case !r.w.codes[code] || code == 70 && !limited:
		r.judge.fail("an undocumented exit code", "start %s ends with %d:\n%s", s, code, tail(text, 12))
	case s.Kind != "log-full" && strings.TrimSpace(text) == "":
		r.judge.fail("a silent end", "start %s ends with %d and not a word", s, code)
	case s.Kind == hungFiles && !strings.Contains(text, "its file system does not answer"):
		r.judge.fail("an unnamed cause", "start %s ends with %d, and does not say that a file system hangs:\n%s", s, code, tail(text, 8))
	case s.Kind == "intruder" && code != 73:
		ended := time.Now()
		r.judge.atTheEnd(func() {
			if !r.judge.during(p.began, ended, "disk/", "token/", "excused") {
				r.judge.fail("a wrong exit code", "a second container in a home ends with %d, not 73:\n%s", code, tail(text, 8))
			}
		})
	case code == 75 && timeout < starting/2+3*r.w.lag.Worst() && p.over.Sub(p.began) > timeout/2: // less than what a good start may take on a busy machine
	case (s.Kind == "fresh" || s.Kind == "restart" || s.Kind == "log-full") && !r.judge.during(p.began.Add(-time.Second), time.Now(), "sts/"):
		r.judge.fail("a failed start", "start %s ends with %d, while STS was well:\n%s", s, code, tail(text, 8))
	}
	if left := p.empty(time.Now().Add(10*time.Second + 3*r.w.lag.Worst())); left != "" {
		r.judge.fail("something left", "after start %s: %s", s, left)
		p.clean()
	}
	r.judgeLog("start "+s.String(), text, p)
}

// finish judges a container whose job runs, and ends it.
func (r *Run) finish(p *Pod, c container, s Start) {
	r.judge.count("start, " + s.Kind + ": ran")
	if s.Kind == hungFiles {
		r.judge.fail("a broken harness", "start %s runs its job, so nobody was held up", s)
	}
	if s.Kind == "intruder" {
		text, runs := tail(p.log.String(), 8), time.Now()
		r.judge.atTheEnd(func() {
			if !r.judge.during(p.began, runs, "excused", "disk/") { // what cannot be written goes elsewhere
				r.judge.fail("two jobs in a home", "a second container started beside the pod:\n%s", text)
			}
		})
	}
	asked := time.Now()
	keys, err := r.first(p, c)
	if err == nil {
		r.judge.is("start "+s.Kind, c.role, keys, asked, time.Now(), true)
	} else if !r.judge.during(p.began, time.Now(), "sts/") && s.Kind != "terminated" && len(c.Limits) == 0 {
		r.judge.fail("a job without a session", "start %s: %v\n%s", s, err, tail(p.log.String(), 8))
	}
	if left := p.end("term", 10*time.Second+3*r.w.lag.Worst()); left != "" {
		r.judge.fail("something left", "after start %s: %s", s, left)
	}
	p.clean()
	p.log.drained(2 * time.Second)
	r.judgeLog("start "+s.String(), p.log.String(), p)
	if left := leftovers(c.home); len(left) > 0 && s.Kind != "intruder" {
		r.judge.fail("something left", "after start %s: %q", s, left)
	}
}

// first gets the session that a job would find first.
func (r *Run) first(p *Pod, c container) (Keys, error) {
	if r.schedule.Delivery == "file" {
		data, err := os.ReadFile(filepath.Join(c.home, ".aws", "credentials"))
		if err != nil {
			return Keys{}, err
		}
		keys, problem := parseCredentials(data)
		if problem != "" {
			return keys, errors.New(problem)
		}
		return keys, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	other := *r
	other.pod = p
	return other.ask(ctx, &http.Transport{DisableKeepAlives: true})
}
