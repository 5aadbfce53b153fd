package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"rolechain/internal/ststest"
)

// lifetime is that of the client role's sessions in the second part, in seconds: AWS gives 900 at the least.
const lifetime = 4

// replaced shows endpoint delivery: one client of the job's works on while its session is replaced under it.
func (p *page) replaced(ctx context.Context, pod pod, sts *ststest.Server) error {
	pod.given = []string{"CLIENT_ROLE_ARN=" + clientRole, "WEB_IDENTITY_ROLE_ARN=" + jobRole, "ROLE_CHAIN_DELIVERY=endpoint"}
	seen := len(sts.Journal())
	p.title(fmt.Sprintf("7. Another pod, with ROLE_CHAIN_DELIVERY=endpoint and sessions of %d seconds: one client, which makes requests until it has seen three sessions", lifetime))
	var stdout, stderr bytes.Buffer
	start := pod.command(ctx, "entrypoint", "watch", "3")
	start.Stdout, start.Stderr = &stdout, &stderr
	err := start.Run()
	p.lines(stderr.String())
	p.lines(stdout.String())
	if err != nil {
		return fmt.Errorf("the job with an endpoint: %w", err)
	}
	calls := map[string]int{}
	for _, e := range sts.Journal()[seen:] {
		calls[e.Action]++
		if e.Outcome != ststest.Success {
			return fmt.Errorf("%s: %s: %s", e.Action, e.Outcome, e.Message)
		}
	}
	p.lines(fmt.Sprintf("STS saw %d AssumeRoleWithWebIdentity, %d AssumeRole, and %d requests of the job's client", calls["AssumeRoleWithWebIdentity"], calls["AssumeRole"], calls["GetCallerIdentity"]))
	p.lines("on disk: " + strings.Join(pod.files(), ", ") + "; no keys in any of them")
	return checkReplaced(stdout.String(), calls, sts, pod)
}

// files are those below ~/.aws.
func (p pod) files() (list []string) {
	for _, pattern := range []string{"*", "rolechain/*"} {
		found, _ := filepath.Glob(filepath.Join(p.home, ".aws", pattern))
		for _, f := range found {
			if name := strings.TrimPrefix(f, p.home+"/.aws/"); name != "rolechain" {
				list = append(list, name)
			}
		}
	}
	return list
}

// checkReplaced makes it a proof: three keys, each of them the client role's, and one first hop for all.
func checkReplaced(said string, calls map[string]int, sts *ststest.Server, pod pod) error {
	keys := regexp.MustCompile(`key (ASIA[A-Z2-7]{16})`).FindAllStringSubmatch(said, -1)
	different := map[string]bool{}
	for _, k := range keys {
		s, ok := sts.Lookup(k[1])
		if !ok || s.RoleARN != clientRole {
			return fmt.Errorf("the job worked with key %s, which is not the client role's", k[1])
		}
		different[k[1]] = true
	}
	switch {
	case len(different) != 3:
		return fmt.Errorf("the job met %d sessions", len(different))
	case calls["AssumeRoleWithWebIdentity"] != 1:
		return errors.New("there was more than one first hop")
	}
	return pod.holdsNo(sts.Secrets())
}
