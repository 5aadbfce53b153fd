package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/ststest"
)

// The role and the session's name are the principal that a service sees. MSK closes a connection that re-authenticates as
// another one, so the name is the same whoever makes a session: the first worker, its successor, a worker without a supervisor,
// the credential process without a refresher, and an SDK that chains by the config file.
func TestOnePrincipal(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ delivery, name string }{
		"endpoint":  {"endpoint", ""},
		"fields":    {"endpoint", "{namespace}.{service_account}.{pod}"},
		"shortened": {"endpoint", "{pod}-of-a-job-whose-name-is-longer-than-the-64-characters-that-sts-takes"},
		"file":      {"file", "{namespace}.{pod}"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			sts := chainOf(t, 4)
			more := []string{"ROLE_CHAIN_DELIVERY=" + c.delivery, "ROLE_CHAIN_PROFILES=team-b=" + otherRole}
			if c.name != "" {
				more = append(more, "ROLE_CHAIN_SESSION_NAME="+c.name)
			}
			j := startJob(t, sts, more...)
			sessions := func() (n int) {
				for _, e := range sts.Journal() {
					if e.Outcome == ststest.Success && e.Role == clientRole {
						n++
					}
				}
				return n
			}
			next := func(what string) {
				n := sessions()
				j.until("a session "+what, func() bool { return sessions() > n })
			}
			next("of the first worker")
			pids := j.refreshers()
			j.kill(pids[1])
			j.until("a successor", func() bool { now := j.refreshers(); return len(now) == 2 && now[1] != pids[1] })
			next("of the successor")
			pids = j.refreshers()
			j.kill(pids[0])
			next("of the worker without a supervisor")
			if c.delivery == "endpoint" {
				j.process("AWS_CONFIG_FILE", "profile team-b")
				j.kill(pids[1])
				n := sessions()
				j.process("AWS_CONFIG_FILE", "default")
				j.process("AWS_CONFIG_FILE", "profile team-b")
				if sessions() != n+1 {
					t.Error("the credential process did not do the chain itself")
				}
			}
			names := map[string]int{}
			for _, e := range sts.Journal() {
				if e.Outcome == ststest.Success {
					names[e.SessionName]++
				}
			}
			if len(names) != 1 {
				t.Errorf("the sessions of one pod have the names %v", names)
			}
			// By which SDKs that read the config file chain themselves.
			if config, err := os.ReadFile(filepath.Join(j.home, ".aws", "config")); c.delivery == "file" {
				for name := range names {
					if n := strings.Count(string(config), "role_session_name = "+name+"\n"); err != nil || n != 3 {
						t.Errorf("%d of the 3 profiles in the config file name their sessions %s (%v):\n%s", n, name, err, config)
					}
				}
			}
		})
	}
}
