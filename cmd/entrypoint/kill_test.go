package main_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A container can be killed at any moment of its start. Whatever the moment, the config file is whole: the one before or
// the one after. What the killed leave beside it, the next start sweeps.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	home, env := chained(t, "ROLE_CHAIN_ENTRYPOINT=true", "ROLE_CHAIN_LOG_LEVEL=error")
	config := filepath.Join(home, ".aws", "config")
	roles := []string{"CLIENT_ROLE_ARN=" + clientRole, "CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/other"}
	start := func(i int) []string { return append([]string{roles[i%2]}, without(env, "CLIENT_ROLE_ARN")...) }
	read := func() string {
		data, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var whole [2]string
	var took time.Duration
	for i := range whole {
		before := time.Now()
		if out, err := entrypoint(t, start(i)).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		took = time.Since(before)
		whole[i] = read()
	}
	const seed = 20261123
	random := rand.New(rand.NewPCG(seed, seed))
	killed, replaced := 0, 0
	for i := range 100 {
		before := read()
		cmd := entrypoint(t, start(i))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(took * 3 / 4)))) // the random moment; any will do
		_ = cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
		switch got := read(); {
		case got != whole[0] && got != whole[1]:
			t.Fatalf("start %d (seed %d) left a torn file:\n%q", i, seed, got)
		case got != before:
			replaced++
		}
	}
	t.Logf("of 100 starts %d were killed; %d replaced the file", killed, replaced)
	if killed == 0 {
		t.Error("none was killed before its end")
	}
	if out, err := entrypoint(t, start(0)).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	names, err := os.ReadDir(filepath.Dir(config))
	if err != nil || len(names) != 1 || read() != whole[0] {
		t.Errorf("after a start that was not killed there are %v, %v", names, err)
	}
}

func without(env []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, name+"=") })
}
