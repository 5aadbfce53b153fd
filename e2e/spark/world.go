package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rolechain/e2e/jobs"
	"rolechain/internal/podtest"
	"rolechain/internal/ststest"
)

const subject = "system:serviceaccount:emr:spark"

// Addresses of the stand-ins. All are on the loopback interface of the run's own namespace.
const (
	stsAddress   = "127.0.0.1:443"
	s3Address    = "127.0.0.2:443"
	plainAddress = "127.0.0.2:80"
	sqsAddress   = "127.0.0.3:443"
	moreAddress  = "127.0.0.4:443"
)

// life is a session's, in seconds. STS gives no such short ones; longLife is for runs in which some SDK looks for new
// credentials too seldom.
const (
	life     = 20
	longLife = 50
)

// A world is an order with everything running that is not the job's.
type world struct{ Order }

// An Order is what a run gets from the suite.
type Order struct {
	jobs.World
	Run      Run
	Dir      string // of the authority
	Programs string // folder with entrypoint and rolechain
}

// begin makes the world: the namespace's names, and whoever answers to them.
func (w *world) begin(ctx context.Context) error {
	hosts := "127.0.0.1 localhost\n127.0.0.1 " + strings.Join(jobs.STSNames, " ") + "\n127.0.0.2 " + strings.Join(jobs.S3Names(), " ") +
		"\n127.0.0.3 " + strings.Join(jobs.SQSNames, " ") + "\n127.0.0.4 " + strings.Join(jobs.ServiceNames, " ") + "\n"
	// Spark asks for the address of the machine's own name.
	if own, err := os.Hostname(); err == nil {
		hosts += "127.0.0.1 " + own + "\n"
	}
	if err := podtest.Furnish(w.Dir, w.Work, hosts); err != nil {
		return err
	}
	var err error
	w.STS, err = ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{{
		ARN:         jobs.BaseARN,
		WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}, "aud": {"sts.amazonaws.com"}}},
		MayAssume:   []string{jobs.ClientARN, jobs.SecondARN}, LifetimeSeconds: w.Run.Life,
	}, {
		ARN: jobs.ClientARN, TrustedBy: []string{jobs.BaseARN}, LifetimeSeconds: w.Run.Life,
	}, {
		ARN: jobs.SecondARN, TrustedBy: []string{jobs.BaseARN}, LifetimeSeconds: w.Run.Life,
	}}}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.Work, "token"), []byte(w.STS.Token(subject)), 0o644); err != nil {
		return err
	}
	if err := w.Begin(ctx); err != nil {
		return err
	}
	return w.listen()
}

func (w *world) listen() error {
	certificate, err := podtest.Certificate(w.Dir)
	if err != nil {
		return err
	}
	secure := func() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{certificate}} }
	if _, err := podtest.Listen(stsAddress, w.STS, secure()); err != nil {
		return err
	}
	for address, config := range map[string]*tls.Config{s3Address: secure(), sqsAddress: secure(), plainAddress: nil} {
		if _, err := podtest.Listen(address, w.Gate, config); err != nil {
			return err
		}
	}
	if _, err := podtest.Listen(moreAddress, w.Services, secure()); err != nil {
		return err
	}
	if !w.Run.Node {
		return nil
	}
	if _, err := podtest.Listen(podtest.NodeAddress, podtest.NodeRole(jobs.Region, time.Now), nil); err != nil {
		return err
	}
	// That nobody was the node's role says something only where they could have been.
	response, err := http.Get("http://" + podtest.NodeAddress + "/latest/meta-data/iam/security-credentials/node-role")
	if err != nil {
		return fmt.Errorf("asking for the node's role: %w", err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), podtest.NodeKey) {
		return fmt.Errorf("the node's role is not in reach: %s (%v)", body, err)
	}
	return nil
}
