package main

import (
	_ "embed"
	"errors"
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
	home      string // the name of HOME's place; "-" when HOME makes no difference
	argv, env []string
	profiled  bool // a Go program, or the target: worth a look inside

	aws     string // ~/.aws
	first   bool   // before each start, which is not timed, aws is removed
	chained bool   // the start must have written the client role's profile; else it must have written nothing

	script  *contender // the script's start under the same conditions; nil for those without one
	present *contender // for another build: this tree's start under the same conditions
	times   []float64  // nanoseconds, one a round
}

// missing reports whether the program is not on PATH.
func (c *contender) missing() bool { return c.argv[0] == "" }

// start is one start of c with what has to be done before and checked after it.
func (c *contender) start(s *rig.Spawner) (rig.Start, error) {
	if c.first {
		if err := os.RemoveAll(c.aws); err != nil {
			return rig.Start{}, err
		}
	}
	took, err := s.Spawn(c.argv, c.env)
	if err != nil {
		return took, fmt.Errorf("%s: %w", c.name, err)
	}
	data, err := os.ReadFile(filepath.Join(c.aws, "config"))
	asItShould := errors.Is(err, os.ErrNotExist)
	if c.chained {
		asItShould = strings.Contains(string(data), "role_arn = "+rig.ClientRole+"\n")
	}
	if !asItShould {
		return took, fmt.Errorf("%s: it left %q in %s, %v", c.name, data, c.aws, err)
	}
	return took, nil
}

// A field makes contenders that start under the same conditions.
type field struct {
	*rig.Workspace
	list []*contender
}

// add adds a contender that starts the original and changes nothing.
func (f *field) add(name string, place rig.Place, argv ...string) *contender {
	home := filepath.Join(place.Dir, fmt.Sprintf("home-%d", len(f.list)))
	c := &contender{name: name, home: "-", argv: argv, aws: filepath.Join(home, ".aws"), env: rig.PodEnv(home, f.Target)}
	f.list = append(f.list, c)
	return c
}

// chain adds the starts that leave the profile behind, two in each place: before the first, HOME is empty.
func (f *field) chain(name string, argv ...string) (starts []*contender) {
	for _, place := range f.Places {
		for _, kind := range []string{"first", "second"} {
			c := f.add(name+", "+kind+" start", place, argv...)
			c.home, c.chained, c.first = place.Name, true, kind == "first"
			c.env = append(c.env, "CLIENT_ROLE_ARN="+rig.ClientRole, "WEB_IDENTITY_ROLE_ARN="+rig.JobRole, "AWS_ROLE_ARN="+rig.JobRole,
				"AWS_WEB_IDENTITY_TOKEN_FILE="+filepath.Join(f.Dir, "token"))
			starts = append(starts, c)
		}
	}
	return starts
}

// contenders lists what is measured in a run, the floor first. It makes the programs. also is another build of the
// entrypoint, or "".
func contenders(w *rig.Workspace, also string) ([]*contender, error) {
	in := func(name string) string { return filepath.Join(w.Dir, name) }
	err := errors.Join(
		// As long as a Kubernetes token is; the start only looks that there is one.
		os.WriteFile(in("token"), []byte(strings.Repeat("x", 1000)), 0o600),
		rig.Install(in("script.sh"), script),
		rig.Build(map[string]string{in("floor"): "rolechain/bench/start/floor", in("entrypoint"): "rolechain/cmd/entrypoint"}),
		rig.Copy(in("floor-again"), in("floor")),
	)
	if also != "" {
		err = errors.Join(err, rig.Copy(in("other"), also))
	}
	bash, _ := exec.LookPath("bash")
	tini, tiniErr := exec.LookPath("tini-static")
	if tiniErr != nil {
		tini, _ = exec.LookPath("tini")
	}
	f := field{Workspace: w}
	floor := f.add("floor: Go, only execve", w.Places[0], in("floor"), w.Target)
	// What differs between equal files tells how far a small difference can be trusted.
	f.add("the floor, another copy", w.Places[0], in("floor-again"), w.Target)
	original := f.add("the original alone", w.Places[0], w.Target)
	f.add("tini", w.Places[0], tini, "-s", "--", w.Target)
	scripts := f.chain("bash script", bash, in("script.sh"), w.Target)
	floor.script = scripts[0] // which shows how low a Go program could come there
	floor.profiled, original.profiled = true, true
	build := func(name, file string) []*contender {
		starts := f.chain(name, file)
		for i, c := range starts {
			c.script = scripts[i]
		}
		starts = append(starts, f.add(name+", pass-through", w.Places[0], file))
		for _, c := range starts {
			c.profiled = true
		}
		return starts
	}
	present := build("rolechain", in("entrypoint"))
	if also != "" {
		for i, c := range build("other", in("other")) {
			c.present = present[i]
		}
	}
	for _, c := range f.list {
		err = errors.Join(err, os.MkdirAll(filepath.Dir(c.aws), 0o700))
	}
	return f.list, err
}
