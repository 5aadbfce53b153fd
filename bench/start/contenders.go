package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rolechain/bench/internal/rig"
)

//go:embed script.sh
var script []byte

// A contender is one way from a spawned entrypoint to the original, and the times that it took.
type contender struct {
	name      string
	home      string // the name of HOME's place; "" when HOME makes no difference
	missing   string // why it cannot be measured here; "" when it can
	argv, env []string
	profiled  bool // a Go program, or the target: worth a look inside

	aws     string // ~/.aws; "" when nothing is looked at
	first   bool   // before each start, which is not timed, aws is removed
	through bool   // the start must have written nothing; else it must have written the client role's profile

	script  *contender // the script's start under the same conditions; nil for those without one
	present *contender // for another build: this tree's start under the same conditions
	times   []float64  // nanoseconds, one a round
}

// A candidate is a binary of cmd/entrypoint under a name.
type candidate struct{ name, path string }

const (
	clientRole = "arn:aws:iam::111122223333:role/client"
	jobRole    = "arn:aws:iam::444455556666:role/job-execution"
)

// start is one start of c with what has to be done before and checked after it.
func (c *contender) start(s *rig.Spawner) (rig.Start, error) {
	if c.first {
		if err := os.RemoveAll(c.aws); err != nil {
			return rig.Start{}, err
		}
	}
	took, err := s.Spawn(c.argv, c.env)
	if err == nil && c.aws != "" {
		data, readErr := os.ReadFile(filepath.Join(c.aws, "config"))
		if written := strings.Contains(string(data), "role_arn = "+clientRole+"\n"); written == c.through || c.through && !os.IsNotExist(readErr) {
			err = fmt.Errorf("it left %q in %s, %v", data, c.aws, readErr)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", c.name, err)
	}
	return took, err
}

// A field makes contenders that start under the same conditions.
type field struct{ target, token string }

// in gives c a home in p and the part of a pod's environment that every contender gets; with roles also what the AWS guide
// sets, and IRSA's webhook.
func (f field) in(p rig.Place, roles bool, c *contender) (*contender, error) {
	home, err := p.Home()
	c.env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home,
		"HOSTNAME=spark-pi-driver",
		"KUBERNETES_SERVICE_HOST=10.100.0.1",
		"KUBERNETES_SERVICE_PORT=443",
		"SPARK_HOME=/usr/lib/spark",
		"AWS_REGION=us-east-1",
		"ROLE_CHAIN_ENTRYPOINT=" + f.target,
	}
	if roles {
		c.env = append(c.env, "CLIENT_ROLE_ARN="+clientRole, "WEB_IDENTITY_ROLE_ARN="+jobRole, "AWS_ROLE_ARN="+jobRole, "AWS_WEB_IDENTITY_TOKEN_FILE="+f.token)
	}
	c.aws = filepath.Join(home, ".aws")
	return c, err
}

// chained are the starts that leave the profile behind, two in each place: before the first, HOME is empty.
func (f field) chained(name string, places []rig.Place, argv ...string) (list []*contender, err error) {
	for _, p := range places {
		for _, kind := range []string{"first start", "second start"} {
			c, err := f.in(p, true, &contender{name: name + ", " + kind, home: p.Name, argv: argv, first: kind == "first start"})
			if err != nil {
				return nil, err
			}
			if argv[0] == "" {
				c.missing = "bash is not on PATH"
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// assemble lists what is measured in a run, the floor first. It makes the programs in dir.
func assemble(dir string, s *rig.Spawner, places []rig.Place, others []candidate) ([]*contender, error) {
	f := field{target: s.Target, token: filepath.Join(dir, "token")}
	floor, entrypoint := filepath.Join(dir, "floor"), filepath.Join(dir, "entrypoint")
	// As long as a Kubernetes token is; the start only looks that there is one.
	if err := os.WriteFile(f.token, []byte(strings.Repeat("x", 1000)), 0o600); err != nil {
		return nil, err
	}
	if err := rig.Build(map[string]string{floor: "rolechain/bench/start/floor", entrypoint: "rolechain/cmd/entrypoint"}); err != nil {
		return nil, err
	}
	copied := func(from, name string) (string, error) {
		data, err := os.ReadFile(from)
		to := filepath.Join(dir, name)
		if err == nil {
			err = rig.Install(to, data)
		}
		return to, err
	}
	again, err := copied(floor, "floor-again")
	if err != nil {
		return nil, err
	}
	bash, _ := exec.LookPath("bash")
	tini, err := exec.LookPath("tini-static")
	if err != nil {
		tini, _ = exec.LookPath("tini")
	}
	list := []*contender{
		{name: "floor: Go, only execve", argv: []string{floor, f.target}, profiled: true},
		// What differs between equal files tells how far a small difference can be trusted.
		{name: "the floor, another copy", argv: []string{again, f.target}},
		{name: "the original alone", argv: []string{f.target}, profiled: true},
		{name: "tini", argv: []string{tini, "-s", "--", f.target}},
	}
	if tini == "" {
		list[3].missing = "neither tini-static nor tini is on PATH"
	}
	for _, c := range list {
		if _, err := f.in(places[0], false, c); err != nil {
			return nil, err
		}
		c.aws = ""
	}
	scriptFile := filepath.Join(dir, "script.sh")
	if err := rig.Install(scriptFile, script); err != nil {
		return nil, err
	}
	scripts, err := f.chained("bash script", places, bash, scriptFile, f.target)
	if err != nil {
		return nil, err
	}
	list[0].script = scripts[0] // which shows how low a Go program could come there
	list = append(list, scripts...)
	var present []*contender
	for i, b := range append([]candidate{{"rolechain", entrypoint}}, others...) {
		if i > 0 {
			if b.path, err = copied(b.path, fmt.Sprintf("candidate-%d", i)); err != nil {
				return nil, err
			}
		}
		starts, err := f.chained(b.name, places, b.path)
		if err != nil {
			return nil, err
		}
		for i, c := range starts {
			c.script = scripts[i]
		}
		through, err := f.in(places[0], false, &contender{name: b.name + ", pass-through", argv: []string{b.path}, through: true})
		if err != nil {
			return nil, err
		}
		starts = append(starts, through)
		for i, c := range starts {
			if c.profiled = true; present != nil {
				c.present = present[i]
			}
		}
		if present == nil {
			present = starts
		}
		list = append(list, starts...)
	}
	return list, nil
}
