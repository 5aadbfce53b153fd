package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"rolechain/bench/internal/rig"
)

// aimCalls is what a pod with endpoint delivery may call STS, whatever runs in it.
const aimCalls = 2

// crowds are how many sessions begin at once. Of boto3 each is a process, of which 64 would take half a minute.
var (
	goCrowds   = []int{1, 16, 64}
	botoCrowds = []int{1, 16}
)

var deliveries = []string{"profile", "file", "endpoint"}

// stsCalls counts the calls of whole pods: those of the start are in it.
func stsCalls(ctx context.Context, c *cluster, o options, places []rig.Place, out io.Writer) error {
	fmt.Fprintln(out, "calls to STS of one pod, its start included")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "SDK\tsessions at once\t%s (aim %d)\n", strings.Join(deliveries, "\t"), aimCalls)
	row := func(sdk, line string, n int) error {
		fmt.Fprintf(w, "%s\t%d", sdk, n)
		for _, delivery := range deliveries {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted while %d sessions were counted", n)
			}
			calls, err := c.crowd(delivery, places[0], line)
			if err != nil {
				return fmt.Errorf("%d sessions of %s with %s delivery: %w", n, sdk, delivery, err)
			}
			fmt.Fprintf(w, "\t%d", calls)
		}
		fmt.Fprintln(w)
		return nil
	}
	for _, n := range goCrowds {
		if err := row("Go v2", fmt.Sprint("go ", n), n); err != nil {
			return err
		}
	}
	if o.python == "" {
		fmt.Fprintln(w, "boto3: not counted, -python names a python that has it")
		return w.Flush()
	}
	for _, n := range botoCrowds {
		if err := row("boto3", fmt.Sprint("boto3 ", n, " ", o.python), n); err != nil {
			return err
		}
	}
	return w.Flush()
}

// crowd starts a pod, has its job do line, and returns how often STS was called. Every session must be the client role's.
func (c *cluster) crowd(delivery string, place rig.Place, line string) (int, error) {
	before, err := c.calls()
	if err != nil {
		return 0, err
	}
	p, err := c.startPod(delivery, place)
	if err != nil {
		return 0, err
	}
	defer p.end()
	ids, err := p.sessions(line)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if s, ok := c.sts.Lookup(id); !ok || s.RoleARN != clientRole {
			return 0, fmt.Errorf("key %q is of %q, not of the client role", id, s.RoleARN)
		}
	}
	if err := p.end(); err != nil {
		return 0, err
	}
	after, err := c.calls()
	return after - before, err
}
