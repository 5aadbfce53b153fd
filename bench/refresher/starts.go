package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/bench/internal/rig"
	"rolechain/internal/ststest"
)

// aimOverhead is what a start may take beyond the two calls, in milliseconds.
const aimOverhead = 20

// warmUp is the number of rounds before those that count. They bring the files into the page cache.
const warmUp = 2

// slow is how long STS takes to answer in the second half of the starts, which has half as many rounds.
const slow = 30 * time.Millisecond

// A contender is one way to a session, or a part of it, and what it took.
type contender struct {
	name  string
	home  string                  // the name of HOME's place; "-" for what has none
	calls int                     // to STS
	once  func() (float64, error) // includes what has to be done before and after, which is not in the time

	profile *contender // the start in profile delivery, for one with a refresher
	times   []float64  // milliseconds, one a round
}

// firstSession measures the time to the first session, with an STS that answers at once and with a slow one. What differs
// between the places does not depend on STS.
func firstSession(ctx context.Context, c *cluster, o options, out io.Writer) error {
	fmt.Fprintln(out, "time to the first session: from the spawn to the original's first instructions")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "STS takes\tstart\tHOME\tto the calls + profile's start\tms beyond the calls (aim %d)\tmedian ms\tcalls\trounds\n", aimOverhead)
	if err := c.startsWith(ctx, 0, o.rounds, c.Places, w); err != nil {
		return err
	}
	if err := c.sts.Inject(ststest.Fault{Kind: ststest.Slow, DelaySeconds: slow.Seconds()}); err != nil {
		return err
	}
	defer c.sts.ClearFaults()
	if err := c.startsWith(ctx, slow, (o.rounds+1)/2, c.Places[:1], w); err != nil {
		return err
	}
	return w.Flush()
}

func (c *cluster) startsWith(ctx context.Context, latency time.Duration, rounds int, places []rig.Place, w io.Writer) error {
	direct := c.direct(ctx)
	list := []*contender{direct}
	for _, place := range places {
		home, err := os.MkdirTemp(place.Dir, "home-")
		if err != nil {
			return err
		}
		profile := c.starting("profile", place.Name, home, 0, nil)
		list = append(list, profile, c.starting("endpoint", place.Name, home, 2, profile), c.starting("file", place.Name, home, 2, profile))
	}
	var all []func(bool) error
	for _, one := range list {
		all = append(all, func(counts bool) error { return c.measure(one, counts) })
	}
	if err := rig.Rounds(ctx, warmUp, rounds, all); err != nil {
		return err
	}
	for _, one := range list {
		ratio, beyond := "-", "-"
		if one.profile != nil {
			ratio = rig.Ratio(one.times, rig.Sum(direct.times, one.profile.times))
			beyond = rig.Difference(one.times, direct.times)
		}
		fmt.Fprintf(w, "%d ms\t%s\t%s\t%s\t%s\t%.1f\t%d\t%d\n", latency.Milliseconds(), one.name, one.home, ratio, beyond, rig.Median(one.times), one.calls, rounds)
	}
	return nil
}

// measure does one once. It must call STS as often as it says, with success.
func (c *cluster) measure(one *contender, counts bool) error {
	before, beforeErr := c.calls()
	took, err := one.once()
	after, afterErr := c.calls()
	if err := errors.Join(err, beforeErr, afterErr); err != nil {
		return fmt.Errorf("%s: %w", one.name, err)
	}
	if after-before != one.calls {
		return fmt.Errorf("%s: %d calls to STS, not %d", one.name, after-before, one.calls)
	}
	if counts {
		one.times = append(one.times, took)
	}
	return nil
}

// starting is a start in an empty home. It is over when the refresher has ended.
func (c *cluster) starting(delivery, place, home string, calls int, profile *contender) *contender {
	env := c.env(delivery, home, c.Target)
	return &contender{name: "rolechain, " + delivery, home: place, calls: calls, profile: profile, once: func() (float64, error) {
		if err := os.RemoveAll(filepath.Join(home, ".aws")); err != nil {
			return 0, err
		}
		took, err := c.Spawn([]string{c.file("entrypoint")}, env)
		if err == nil {
			err = reap()
		}
		return float64(took.Nanoseconds) / 1e6, err
	}}
}

// direct is what no chain can do without: one AssumeRoleWithWebIdentity and one AssumeRole, by the SDK that rolechain uses,
// in a process that runs already, over one connection, with nobody to hand the session to.
func (c *cluster) direct(ctx context.Context) *contender {
	return &contender{name: "the two calls alone", home: "-", calls: 2, once: func() (float64, error) {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		began := time.Now()
		client := sts.New(sts.Options{Region: region, BaseEndpoint: &c.sts.URL, HTTPClient: &http.Client{Transport: transport}, Retryer: aws.NopRetryer{}})
		name := aws.String("spark-pi-driver")
		first, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(rig.JobRole), RoleSessionName: name, WebIdentityToken: &c.token})
		if err != nil {
			return 0, err
		}
		from := credentials.NewStaticCredentialsProvider(*first.Credentials.AccessKeyId, *first.Credentials.SecretAccessKey, *first.Credentials.SessionToken)
		_, err = client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(rig.ClientRole), RoleSessionName: name},
			func(o *sts.Options) { o.Credentials = from })
		return float64(time.Since(began)) / 1e6, err
	}}
}
