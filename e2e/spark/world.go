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

	"rolechain/internal/podtest"
	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

// Accounts, roles and what they own, in a region whose S3 is the one that an SDK without a region asks.
const (
	region = "us-east-1"

	baseARN   = "arn:aws:iam::111111111111:role/job-execution-role-1"
	clientARN = "arn:aws:iam::222222222222:role/client-role-2"
	secondARN = "arn:aws:iam::333333333333:role/client-role-3"
	subject   = "system:serviceaccount:emr:spark"

	jobBucket    = "jobs-111111111111"
	clientBucket = "data-222222222222"
	secondBucket = "data-333333333333"
	queueName    = "rows"
)

// Addresses of the stand-ins. All are on the loopback interface of the run's own namespace.
const (
	stsAddress   = "127.0.0.1:443"
	s3Address    = "127.0.0.2:443"
	plainAddress = "127.0.0.2:80"
	sqsAddress   = "127.0.0.3:443"
	motoAddress  = "127.0.0.1:5000"
)

// life is a session's, in seconds. STS gives no such short ones; longLife is for runs in which some SDK looks for new
// credentials too seldom.
const (
	life     = 20
	longLife = 50
)

var (
	stsNames = []string{"sts.amazonaws.com", "sts." + region + ".amazonaws.com"}
	sqsNames = []string{"sqs." + region + ".amazonaws.com", region + ".queue.amazonaws.com", "queue.amazonaws.com"}
	s3Names  = namesOfS3(jobBucket, clientBucket, secondBucket)
)

func namesOfS3(buckets ...string) (list []string) {
	for _, service := range []string{"s3.amazonaws.com", "s3." + region + ".amazonaws.com", "s3-" + region + ".amazonaws.com"} {
		list = append(list, service)
		for _, b := range buckets {
			list = append(list, b+"."+service)
		}
	}
	return list
}

// A world is an order with everything running that is not the job's.
type world struct {
	Order
	plan plan
	sts  *ststest.Server
	gate *s3test.Gate
	hold *hold
	moto moto
}

// An Order is what a run gets from the suite.
type Order struct {
	Run      Run
	Root     string // of the repository
	Build    string // build/spark-e2e
	Dir      string // of the authority
	Work     string // the run's own folder
	Programs string // folder with entrypoint and rolechain
}

func (w *world) spark() string { return filepath.Join(w.Build, "spark-"+w.Run.Spark) }

// begin makes the world: the namespace's names, and whoever answers to them.
func (w *world) begin(ctx context.Context) error {
	hosts := "127.0.0.1 localhost\n127.0.0.1 " + strings.Join(stsNames, " ") + "\n127.0.0.2 " + strings.Join(s3Names, " ") +
		"\n127.0.0.3 " + strings.Join(sqsNames, " ") + "\n"
	// Spark asks for the address of the machine's own name.
	if own, err := os.Hostname(); err == nil {
		hosts += "127.0.0.1 " + own + "\n"
	}
	if err := podtest.Furnish(w.Dir, w.Work, hosts); err != nil {
		return err
	}
	var err error
	w.sts, err = ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{{
		ARN:         baseARN,
		WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}, "aud": {"sts.amazonaws.com"}}},
		MayAssume:   []string{clientARN, secondARN}, LifetimeSeconds: w.Run.Life,
	}, {
		ARN: clientARN, TrustedBy: []string{baseARN}, LifetimeSeconds: w.Run.Life,
	}, {
		ARN: secondARN, TrustedBy: []string{baseARN}, LifetimeSeconds: w.Run.Life,
	}}}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.Work, "token"), []byte(w.sts.Token(subject)), 0o644); err != nil {
		return err
	}
	if w.moto, err = startMoto(ctx, w.Build, w.Work); err != nil {
		return err
	}
	if err := w.stock(ctx); err != nil {
		return err
	}
	w.hold = &hold{group: w.plan.holds, latest: latestEnd(w.sts)}
	allowed, err := grants(w.Root)
	if err != nil {
		return err
	}
	w.gate, err = s3test.New(s3test.Options{STS: w.sts, Region: region, Backend: "http://" + motoAddress, Grants: allowed, Hold: w.hold.until})
	if err != nil {
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
	if _, err := podtest.Listen(stsAddress, w.sts, secure()); err != nil {
		return err
	}
	for address, config := range map[string]*tls.Config{s3Address: secure(), sqsAddress: secure(), plainAddress: nil} {
		if _, err := podtest.Listen(address, w.gate, config); err != nil {
			return err
		}
	}
	if !w.Run.Node {
		return nil
	}
	if _, err := podtest.Listen(podtest.NodeAddress, podtest.NodeRole(region, time.Now), nil); err != nil {
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

// stock puts into the buckets what is there before the job: its own file, and what the case reads.
func (w *world) stock(ctx context.Context) error {
	for _, b := range []string{jobBucket, clientBucket, secondBucket} {
		if err := w.moto.makeBucket(ctx, b); err != nil {
			return err
		}
	}
	if err := w.moto.makeQueue(ctx, queueName); err != nil {
		return err
	}
	var program []byte
	var err error
	if class := w.plan.java[w.Run.Spark]; class != "" {
		program, err = w.compile(ctx, class)
	} else {
		program, err = os.ReadFile(filepath.Join(w.Root, "examples", "spark", w.plan.program))
	}
	if err != nil {
		return fmt.Errorf("reading the case's program: %w", err)
	}
	if err := w.moto.put(ctx, jobBucket, w.plan.program, program); err != nil {
		return err
	}
	return w.plan.stock(ctx, w)
}
