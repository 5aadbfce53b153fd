package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"rolechain/bench/internal/places"
)

// aimCalls is what a pod with endpoint delivery may call STS, whatever runs in it.
const aimCalls = 2

// crowds are how many sessions begin at once. Of boto3 each is a process, of which 64 would take half a minute.
var (
	goCrowds   = []int{1, 16, 64}
	botoCrowds = []int{1, 16}
)

var deliveries = []string{"profile", "file", "endpoint"}

// A count is how often pods with so many sessions called STS.
type count struct {
	sdk        string
	sessions   int
	byDelivery map[string]int
}

// stsCalls counts the calls of whole pods: those of the start are in it.
func stsCalls(ctx context.Context, c *cluster, o options, where []places.Place, out io.Writer) error {
	var counts []count
	count := func(sdk, line string, n int) error {
		row := count{sdk: sdk, sessions: n, byDelivery: map[string]int{}}
		for _, delivery := range deliveries {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted while %d sessions were counted", n)
			}
			calls, err := c.crowd(delivery, where[0].Dir, line)
			if err != nil {
				return fmt.Errorf("%d sessions of %s with %s delivery: %w", n, sdk, delivery, err)
			}
			row.byDelivery[delivery] = calls
		}
		counts = append(counts, row)
		return nil
	}
	for _, n := range goCrowds {
		if err := count("Go v2", fmt.Sprint("go ", n), n); err != nil {
			return err
		}
	}
	for _, n := range botoCrowds {
		if o.python == "" {
			break
		}
		if err := count("boto3", fmt.Sprint("boto3 ", n, " ", o.python), n); err != nil {
			return err
		}
	}
	if err := callsTable(out, counts); err != nil {
		return err
	}
	if o.python == "" {
		fmt.Fprintln(out, "boto3: not counted, -python names a python that has it")
	}
	return nil
}

// crowd starts a pod, has its job do line, and returns how often STS was called. Every session must be the client role's.
func (c *cluster) crowd(delivery, dir, line string) (int, error) {
	before, err := c.calls()
	if err != nil {
		return 0, err
	}
	p, err := c.startPod(delivery, dir)
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

func callsTable(out io.Writer, counts []count) error {
	fmt.Fprintln(out, "calls to STS of one pod, its start included")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "SDK\tsessions at once")
	for _, delivery := range deliveries {
		fmt.Fprint(w, "\t", delivery)
	}
	fmt.Fprintf(w, " (aim %d)\n", aimCalls)
	for _, c := range counts {
		fmt.Fprintf(w, "%s\t%d", c.sdk, c.sessions)
		for _, delivery := range deliveries {
			fmt.Fprintf(w, "\t%d", c.byDelivery[delivery])
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
