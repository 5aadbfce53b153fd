package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"rolechain/internal/podtest"
	"rolechain/internal/ststest"
)

const (
	region    = "eu-west-1"
	baseARN   = "arn:aws:iam::111122223333:role/job-execution-role"
	clientARN = "arn:aws:iam::444455556666:role/client-role"
	subject   = "system:serviceaccount:emr:spark"
	// What an image may bring along: keys of a user's.
	imageKey    = "AKIAIMAGEIMAGEIMAGE0"
	imageSecret = "imageimageimageimageimageimageimageimage"
	// life is a session's, in seconds, unless the moment is about real ones. STS gives no such short ones; it is the
	// shortest of which more than 10 s are left after an outage of more than half of it. From there on Rust renews at random.
	life     = 26
	realTime = 3600
	// factor is how fast a faked clock runs: two sessions and a half of 3600 s in five minutes. Time limits that SDKs
	// measure by it (botocore gives an endpoint 2 s) must stay longer than an answer takes on a loaded machine.
	factor = 30
)

// Addresses in a pod, beside the node's.
const (
	stsAddress   = "127.0.0.1:443"
	s3Address    = "127.0.0.2:443"
	otherAddress = "127.0.0.3:443"  // what connectors ask
	plainAddress = "127.0.0.1:9000" // S3 without TLS, for SDKs that are told an endpoint
)

// The names of AWS that resolve to the pod itself, by service.
var (
	stsNames = []string{"sts.amazonaws.com", "sts." + region + ".amazonaws.com"}
	s3Names  = []string{"s3.amazonaws.com", "s3." + region + ".amazonaws.com", "s3-" + region + ".amazonaws.com",
		"conformance.s3.amazonaws.com", "conformance.s3." + region + ".amazonaws.com", "conformance.s3-" + region + ".amazonaws.com"}
)

// A Setup is what the pod gets from the runner.
type Setup struct {
	Cell     Cell
	Root     string // of the repository
	Build    string // build/conformance
	Dir      string // of the authority
	Work     string // the pod's own folder
	Programs string // folder with entrypoint and rolechain
	Verbose  bool
}

// A pod is a Setup with everything running.
type pod struct {
	Setup
	clock   clock
	sts     *ststest.Server
	front   *podtest.Front // of sts
	catcher *catcher
	proxy   *proxy // nil outside the situation proxied
	job     *job
	out     *json.Encoder
	begun   bool      // the runner knows that the SDK has answered
	looked  time.Time // when it answered last, by the pod's clock
}

// runPod is the whole process of a pod: it lives through the moments and writes an Observation for each to out, as a line
// of JSON.
func runPod(ctx context.Context, setup Setup, out io.Writer) error {
	p := &pod{Setup: setup, clock: clock{began: time.Now(), factor: 1}, out: json.NewEncoder(out)}
	if p.Cell.Real {
		p.clock.factor = factor
	}
	hosts := "127.0.0.1 localhost spark-0\n127.0.0.1 " + strings.Join(stsNames, " ") + "\n127.0.0.2 " + strings.Join(s3Names, " ") + "\n127.0.0.3 " + strings.Join(otherNames, " ") + "\n"
	if err := podtest.Furnish(p.Dir, p.Work, hosts); err != nil {
		return err
	}
	if err := p.serve(); err != nil {
		return err
	}
	if err := p.image(); err != nil {
		return err
	}
	if err := p.start(); err != nil {
		return err
	}
	err := errors.Join(p.live(ctx), p.principals())
	if ended := p.job.end(); ended != nil {
		err = errors.Join(err, ended)
	}
	if p.Verbose {
		said, _ := os.ReadFile(p.job.stderr)
		fmt.Fprintf(os.Stderr, "--- stderr of %s\n%s\n", p.Cell, said)
		for _, e := range p.sts.Journal() {
			fmt.Fprintf(os.Stderr, "sts: %s %s %s by %s: %s %s -> %s\n", e.Time.Format("15:04:05"), e.Action, e.Role, e.CallerKeyID, e.Outcome, e.Message, e.IssuedKeyID)
		}
	}
	return err
}

func (p *pod) serve() error {
	seconds := life
	if p.Cell.Real {
		seconds = 0 // as asked for
	}
	token := &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}, "aud": {"sts.amazonaws.com"}}}
	client := ststest.Role{ARN: clientARN, TrustedBy: []string{baseARN}, LifetimeSeconds: seconds}
	if p.Cell.Situation == direct {
		client.WebIdentity, client.TrustedBy = token, nil
	}
	var err error
	p.sts, err = ststest.New(ststest.Options{Now: p.clock.now, Config: ststest.Config{
		Roles: []ststest.Role{{ARN: baseARN, WebIdentity: token, MayAssume: []string{clientARN}, LifetimeSeconds: seconds}, client},
		Users: []ststest.User{{ARN: "arn:aws:iam::111122223333:user/image", AccessKeyID: imageKey, SecretAccessKey: imageSecret}},
	}})
	if err != nil {
		return err
	}
	p.catcher = &catcher{expired: func(key string) bool {
		session, ok := p.sts.Lookup(key)
		return ok && session.Expires.Before(p.clock.now())
	}}
	certificate, err := podtest.Certificate(p.Dir)
	if err != nil {
		return err
	}
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}, Time: p.clock.now}
	if p.front, err = podtest.Listen(stsAddress, p.sts, secure); err != nil {
		return err
	}
	for address, config := range map[string]*tls.Config{s3Address: secure, plainAddress: nil} {
		if _, err := podtest.Listen(address, p.catcher, config); err != nil {
			return err
		}
	}
	if p.Cell.Connector {
		if err := listenForConnectors(p.catcher, secure); err != nil {
			return err
		}
	}
	if p.Cell.Situation == proxied {
		p.proxy = &proxy{}
		if _, err := podtest.Listen(proxyAddress, p.proxy, nil); err != nil {
			return err
		}
	}
	_, err = podtest.Listen(podtest.NodeAddress, podtest.NodeRole(region, p.clock.now), nil)
	return err
}
