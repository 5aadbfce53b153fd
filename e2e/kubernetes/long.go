package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/internal/ststest"
)

// Cases that take minutes.

// rotationRounds is so many that the sessions that end between them last for longer than 600 s, the shortest that
// Kubernetes makes a token for: 13 of 50 s.
const rotationRounds = 14

func lives(seconds int) func(*ststest.Config) {
	return func(c *ststest.Config) {
		for i := range c.Roles {
			c.Roles[i].LifetimeSeconds = seconds
		}
	}
}

// rotateToken is a job that outlives its first token.
func rotateToken(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{}); err != nil {
		return err
	}
	token := func(round int) ([]byte, error) {
		if err := t.logged(ctx, driverPod, driverContainer, fmt.Sprintf("round %d: ", round)); err != nil {
			return nil, err
		}
		p, err := t.pod(ctx, driverPod)
		if err != nil {
			return nil, err
		}
		return os.ReadFile(filepath.Join(t.Dir, "kubelet", "pods", p.Metadata.UID, "volumes", "kubernetes.io~projected", "aws-iam-token", "token"))
	}
	first, err := token(0)
	if err != nil {
		return err
	}
	later, err := token(rotationRounds - 2)
	if err != nil {
		return err
	}
	if bytes.Equal(first, later) {
		t.surprise("the driver's token is the first one")
	}
	return t.finish(ctx)
}

const driversID = "for-the-driver"

func externalID(c *ststest.Config) {
	for i := range c.Roles {
		if c.Roles[i].ARN == jobs.ClientARN {
			c.Roles[i].ExternalID = driversID
		}
	}
}

// refuseExecutors has a trust policy that only the driver's external id satisfies.
func refuseExecutors(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{driver: emrPod(true, object{"name": "ROLE_CHAIN_EXTERNAL_ID", "value": driversID})}); err != nil {
		return err
	}
	end, err := t.ended(ctx, driverPod, driverContainer)
	if err != nil {
		return err
	}
	log, err := t.log(ctx, driverPod, driverContainer)
	if err != nil {
		return err
	}
	if end.ExitCode == 0 || !strings.Contains(log, "Max number of executor failures (100) reached") {
		t.surprise("the driver ended with %d: %s", end.ExitCode, last(log))
	}
	refused := map[string]bool{}
	for _, e := range t.STS.Journal() {
		if e.Action == "AssumeRole" && e.Outcome == "AccessDenied" {
			refused[e.SessionName] = true
		}
	}
	// A few are on their way when the last one counts.
	if len(refused) < 100 || len(refused) > 110 {
		t.surprise("%d executors were refused", len(refused))
	}
	for _, e := range t.Gate.Journal() {
		if e.Refused != "" || jobs.OwnerOf(e) != e.Role {
			t.surprise("%s on %s by %s: %s", e.Action, e.Bucket, jobs.NameOf(e), e.Refused)
		}
	}
	return nil
}
