package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rolechain/internal/ststest"
)

const (
	jobRole      = "arn:aws:iam::111122223333:role/job-execution"
	clientRole   = "arn:aws:iam::444455556666:role/client"
	otherRole    = "arn:aws:iam::444455556666:role/other"
	neighborRole = "arn:aws:iam::444455556666:role/neighbor"
	subject      = "system:serviceaccount:emr:spark"
	region       = "eu-west-1"
)

// A Run is one schedule under way.
type Run struct {
	w         *World
	schedule  Schedule
	mark      string
	dir       string // of its own
	tokenFile string
	command   string // the credential process, without the profile
	sts       *ststest.Server
	judge     *Judge
	group     *Group
	home      *Home
	pod       *Pod

	turns     map[string]*sync.Mutex // of the families of which one fault at a time is in force
	mu        *sync.Mutex
	stsFaults []*ststest.Fault
	down      int
	workerHit time.Time // when the worker was last killed or stopped
	stopped   bool      // the supervisor is
	excuse    *Window   // while it is and the worker was hit
	gone      bool      // both processes are
}

// A Result is what came of a schedule.
type Result struct {
	Schedule Schedule
	Found    []string
	Counts   map[string]int
	Log      string
	Took     time.Duration
}

// run does a schedule from its pod's start to its end.
func (w *World) run(ctx context.Context, s Schedule) (result Result) {
	began := time.Now()
	r := &Run{w: w, schedule: s, mark: fmt.Sprintf("seed-%d", s.Seed), mu: &sync.Mutex{}, turns: map[string]*sync.Mutex{}}
	for _, family := range serial {
		r.turns[family] = &sync.Mutex{}
	}
	result.Schedule = s
	err := r.prepare()
	if err == nil {
		err = r.act(ctx)
	}
	if r.pod != nil {
		r.pod.clean()
		result.Log = r.pod.log.String()
	}
	r.release()
	if err != nil {
		r.judge.fail("a broken harness", "%v", err)
	}
	r.judge.judgeLater()
	result.Found, result.Counts, result.Took = r.judge.verdict(), r.judge.counts, time.Since(began)
	return result
}

// prepare makes an STS, a home, a token and groups.
func (r *Run) prepare() (err error) {
	life := r.schedule.Life
	r.sts, err = ststest.New(ststest.Options{Config: ststest.Config{Region: region, Roles: []ststest.Role{
		{ARN: jobRole, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}}}, MayAssume: []string{"*"}, LifetimeSeconds: life + 1},
		{ARN: clientRole, TrustedBy: []string{jobRole}, LifetimeSeconds: life},
		{ARN: otherRole, TrustedBy: []string{jobRole}, LifetimeSeconds: life},
		{ARN: neighborRole, TrustedBy: []string{jobRole}, LifetimeSeconds: life},
	}}})
	if err == nil {
		err = r.sts.Listen("127.0.0.1:0")
	}
	r.judge = newJudge(r.sts, clientRole, time.Duration(life)*time.Second, r.w.lag)
	if err != nil {
		return err
	}
	r.dir = filepath.Join(r.w.dir, r.mark)
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		return err
	}
	user := r.w.user()
	if r.home, err = newHome(r.dir, r.schedule.Disk, user); err != nil && r.schedule.Disk != "tmpfs" {
		r.w.skip("a home on " + r.schedule.Disk + ": " + err.Error())
		r.home, err = newHome(r.dir, "tmpfs", user)
	}
	if err != nil {
		return err
	}
	if r.group, err = newGroup(r.w.suite, r.mark); err != nil {
		return err
	}
	temp := filepath.Join(r.dir, "tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		return err
	}
	r.tokenFile = filepath.Join(r.dir, "token")
	log, err := newLog()
	if err == nil {
		err = os.Chown(temp, user, 1000)
	}
	if err == nil {
		err = writeFor(r.tokenFile, r.sts.Token(subject), user)
	}
	if err != nil {
		return err
	}
	l := Launch{User: user, Groups: r.group.entrances(), Env: r.environ(r.mark, r.home.Dir, temp, r.tokenFile, clientRole, 30)}
	if r.pod, err = r.w.enter(l, r.mark, log); err != nil {
		return err
	}
	if !r.pod.runs(40 * time.Second) {
		return fmt.Errorf("the pod does not start: %s", tail(log.String(), 10))
	}
	r.home.save("config")
	if r.schedule.Delivery == "endpoint" {
		r.home.save("credentials")
		for line := range strings.Lines(string(r.home.saved["credentials"])) {
			if command, ok := strings.CutPrefix(line, "credential_process = "); ok {
				command = strings.TrimSpace(command)
				r.command = command[:strings.LastIndexByte(command, ' ')]
				break
			}
		}
	}
	return nil
}

func (r *Run) environ(mark, home, temp, token, role string, timeout int) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home, "TMPDIR=" + temp, "HOSTNAME=" + mark,
		"AWS_REGION=" + region, "AWS_ENDPOINT_URL_STS=" + r.sts.URL,
		"CLIENT_ROLE_ARN=" + role, "AWS_ROLE_ARN=" + jobRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + token,
		"ROLE_CHAIN_DELIVERY=" + r.schedule.Delivery, "ROLE_CHAIN_ENTRYPOINT=" + r.w.self,
		"ROLE_CHAIN_PROFILES=other=" + otherRole, fmt.Sprintf("ROLE_CHAIN_START_TIMEOUT=%ds", timeout),
	}
}

// act lets everything loose, and sees that all is well again afterwards.
func (r *Run) act(ctx context.Context) error {
	r.judge.began = time.Now()
	readers, stop := context.WithCancel(ctx)
	defer stop()
	var reading, acting sync.WaitGroup
	r.read(readers, &reading)
	for _, f := range r.schedule.Faults {
		acting.Go(func() { r.fault(ctx, f) })
	}
	for n, s := range r.schedule.Starts {
		acting.Go(func() { r.start(ctx, n, s) })
	}
	acting.Wait()
	if r.pod.hasEnded(0) {
		if !r.schedule.has("limit-memory") {
			r.judge.fail("a death", "the original has ended, with %d", r.pod.code())
		}
	} else if ctx.Err() == nil {
		r.recovers(ctx)
	}
	stop()
	reading.Wait()
	r.judgeEnd()
	return ctx.Err()
}

// read lets every reader loose until ctx ends.
func (r *Run) read(ctx context.Context, all *sync.WaitGroup) {
	all.Go(func() { r.watch(ctx) })
	all.Go(func() { r.files(ctx) })
	all.Go(func() { r.status(ctx) })
	if r.w.botocore != nil {
		all.Go(func() { r.botocore(ctx) })
	}
	if r.schedule.Delivery == "endpoint" {
		for n := range 4 {
			all.Go(func() { r.client(ctx, n%2 == 0, 30*time.Millisecond) })
		}
		all.Go(func() { r.processes(ctx) })
	}
}

// isGone reports whether both processes of the refresher are gone.
func (r *Run) isGone() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.gone }

// isTaken reports whether another container may have taken the home by now, since nobody had it any more.
func (r *Run) isTaken() bool { return r.isGone() && r.schedule.starts("intruder") }

func (r *Run) secrets() []string { return r.sts.Secrets() }

func (r *Run) release() {
	if r.sts != nil {
		r.sts.Close()
	}
	if r.home != nil {
		r.home.close()
	}
	if r.group != nil {
		r.group.remove()
	}
	if r.dir != "" {
		os.RemoveAll(r.dir)
	}
}
