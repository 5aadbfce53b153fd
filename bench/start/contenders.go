package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rolechain/bench/internal/built"
	"rolechain/bench/internal/places"
)

// A contender is one way from a spawned entrypoint to the original, and the times that it took.
type contender struct {
	name      string
	home      string       // the name of HOME's place; "" when HOME makes no difference
	missing   string       // why it cannot be measured here; "" when it can
	argv, env []string     // argv[0] is a path
	before    func() error // not timed; nil for nothing
	after     func() error // likewise; fails when the start did not do what its name says

	script  *contender // the script's start under the same conditions; nil for those without one
	present *contender // for another build: this tree's start under the same conditions
	times   []float64  // nanoseconds, one a round

	profiled bool // a Go program, or the target: worth a look inside
}

// A candidate is a binary of cmd/entrypoint under a name.
type candidate struct{ name, path string }

const (
	clientRole = "arn:aws:iam::111122223333:role/client"
	jobRole    = "arn:aws:iam::444455556666:role/job-execution"
)

// A field makes contenders that start under the same conditions.
type field struct {
	programs programs
	token    string // path of the service account's token
}

// passEnv is the part of a pod's environment that every contender gets.
func (f *field) passEnv(h home) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + string(h),
		"HOSTNAME=spark-pi-driver",
		"KUBERNETES_SERVICE_HOST=10.100.0.1",
		"KUBERNETES_SERVICE_PORT=443",
		"SPARK_HOME=/usr/lib/spark",
		"AWS_REGION=us-east-1",
		"ROLE_CHAIN_ENTRYPOINT=" + f.programs.target,
	}
}

// roleEnv adds what the AWS guide sets, and IRSA's webhook.
func (f *field) roleEnv(h home) []string {
	return append(f.passEnv(h),
		"CLIENT_ROLE_ARN="+clientRole,
		"WEB_IDENTITY_ROLE_ARN="+jobRole,
		"AWS_ROLE_ARN="+jobRole,
		"AWS_WEB_IDENTITY_TOKEN_FILE="+f.token,
	)
}

// newHome makes a home directory of its own in p.
func newHome(p places.Place) (home, error) {
	dir, err := os.MkdirTemp(p.Dir, "home-")
	return home(dir), err
}

// assemble lists what is measured in a run, the floor first. dir and the places' directories are the run's own.
func assemble(dir string, p programs, where []places.Place, others []candidate) ([]*contender, error) {
	f := &field{programs: p, token: filepath.Join(dir, "token")}
	// As long as a Kubernetes token is; the start only looks that there is one.
	if err := os.WriteFile(f.token, []byte(strings.Repeat("x", 1000)), 0o600); err != nil {
		return nil, err
	}
	env := f.passEnv("/")
	list := []*contender{
		{name: "floor: Go, only execve", argv: []string{p.floor, p.target}, env: env, profiled: true},
		// What differs between equal files tells how far a small difference can be trusted.
		{name: "the floor, another copy", argv: []string{p.again, p.target}, env: env},
		{name: "the original alone", argv: []string{p.target}, env: env, profiled: true},
		f.tini(env),
	}
	scripts, err := f.chained("bash script", []string{p.bash, p.script, p.target}, where)
	if err != nil {
		return nil, err
	}
	list[0].script = scripts[0] // which shows how low a Go program could come there
	list = append(list, scripts...)
	var present []*contender
	for i, b := range append([]candidate{{"rolechain", p.entrypoint}}, others...) {
		if i > 0 {
			copied := filepath.Join(dir, fmt.Sprintf("candidate-%d", i))
			if err := built.Install(b.path, copied); err != nil {
				return nil, err
			}
			b.path = copied
		}
		starts, err := f.chained(b.name, []string{b.path}, where)
		if err != nil {
			return nil, err
		}
		for i, c := range starts {
			c.script = scripts[i]
			c.profiled = true
		}
		through, err := f.passing(b.name, []string{b.path}, where[0])
		if err != nil {
			return nil, err
		}
		starts = append(starts, through)
		if present == nil {
			present = starts
		} else {
			for i, c := range starts {
				c.present = present[i]
			}
		}
		list = append(list, starts...)
	}
	return list, nil
}

func (f *field) tini(env []string) *contender {
	c := &contender{name: "tini", argv: []string{f.programs.tini, "-s", "--", f.programs.target}, env: env}
	if f.programs.tini == "" {
		c.missing = "neither tini-static nor tini is on PATH"
	}
	return c
}

// chained are the starts that leave the profile behind, two in each place: before the first, HOME is empty.
func (f *field) chained(name string, argv []string, where []places.Place) ([]*contender, error) {
	var list []*contender
	for _, p := range where {
		for _, kind := range []string{"first start", "second start"} {
			h, err := newHome(p)
			if err != nil {
				return nil, err
			}
			c := &contender{name: name + ", " + kind, home: p.Name, argv: argv, env: f.roleEnv(h), after: h.written}
			if kind == "first start" {
				c.before = h.forget
			}
			if argv[0] == "" {
				c.missing = "bash is not on PATH"
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// passing is the start without roles, which writes nothing.
func (f *field) passing(name string, argv []string, p places.Place) (*contender, error) {
	h, err := newHome(p)
	if err != nil {
		return nil, err
	}
	return &contender{name: name + ", pass-through", argv: argv, env: f.passEnv(h), after: h.untouched, profiled: true}, nil
}
