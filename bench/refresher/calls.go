package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"rolechain/bench/internal/rig"
)

// aimCalls is what a pod with endpoint delivery may call STS, whatever runs in it.
const aimCalls = 2

const botoSession = "import boto3; print(boto3.Session().get_credentials().get_frozen_credentials().access_key)"

var deliveries = []string{"profile", "file", "endpoint"}

// stsCalls counts the calls of whole pods: those of the start are in it. Each session is a process; 64 of boto3 would
// take half a minute.
func stsCalls(ctx context.Context, c *cluster, o options, out io.Writer) error {
	fmt.Fprintln(out, "calls to STS of one pod, its start included")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "SDK\tsessions at once\t%s (aim %d)\n", strings.Join(deliveries, "\t"), aimCalls)
	err := c.crowds(ctx, w, "Go v2", []int{1, 16, 64}, c.file("session"))
	if o.python == "" {
		fmt.Fprintln(w, "boto3: not counted, -python names a python that has it")
	} else if err == nil {
		err = c.crowds(ctx, w, "boto3", []int{1, 16}, o.python, "-c", botoSession)
	}
	return errors.Join(err, w.Flush())
}

// crowds prints a row for each number of sessions.
func (c *cluster) crowds(ctx context.Context, w io.Writer, sdk string, sizes []int, command ...string) error {
	for _, n := range sizes {
		fmt.Fprintf(w, "%s\t%d", sdk, n)
		for _, delivery := range deliveries {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted while %d sessions were counted", n)
			}
			calls, err := c.crowd(delivery, c.Places[0], n, command...)
			if err != nil {
				return fmt.Errorf("%d sessions of %s with %s delivery: %w", n, sdk, delivery, err)
			}
			fmt.Fprintf(w, "\t%d", calls)
		}
		fmt.Fprintln(w)
	}
	return nil
}

// crowd starts a pod whose job runs n processes of command, which prints a session's access key id, and returns how often STS was called. Every session must be the client
// role's.
func (c *cluster) crowd(delivery string, place rig.Place, n int, command ...string) (int, error) {
	before, err := c.calls()
	if err != nil {
		return 0, err
	}
	p, err := c.startPod(delivery, place, n, command...)
	if err != nil {
		return 0, err
	}
	defer p.end()
	for _, id := range p.ids {
		if s, ok := c.sts.Lookup(id); !ok || s.RoleARN != rig.ClientRole {
			return 0, fmt.Errorf("key %q is of %q, not of the client role", id, s.RoleARN)
		}
	}
	if err := p.end(); err != nil {
		return 0, err
	}
	after, err := c.calls()
	return after - before, err
}
