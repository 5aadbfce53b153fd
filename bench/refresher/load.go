package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"rolechain/bench/internal/rig"
)

// aimRate is the part of a bare handler's requests per second that the endpoint should do.
const aimRate = 0.80

// worker are the runtime settings that package supervise gives a worker.
var worker = []string{"GOMAXPROCS=1", "GOGC=20"}

// loads are the kinds of load under which the servers take turns, with the requests of all clients in a round. Fresh
// connections are fewer, so that their ports, which the kernel holds for a minute, do not run out.
var loads = []struct {
	connections       string
	clients, requests int
}{{"kept", 1, 1600}, {"kept", 8, 1600}, {"fresh", 1, 320}, {"fresh", 8, 320}}

// A contestant is a server with its clients.
type contestant struct {
	name    string
	clients []*client
	rates   []float64 // requests per second, one a round
	took    []float64 // microseconds, one a request
}

func newContestant(name string, s server, clients int, keep bool) *contestant {
	c := &contestant{name: name}
	for range clients {
		c.clients = append(c.clients, &client{server: s, keeps: keep})
	}
	return c
}

// load measures the endpoint beside bare handlers.
func load(ctx context.Context, c *cluster, o options, out io.Writer) error {
	p, err := c.startPod("endpoint", c.Places[0], 0)
	if err != nil {
		return err
	}
	defer p.end()
	ours, err := p.endpoint()
	if err != nil {
		return err
	}
	body, err := (&client{server: ours}).ask()
	if err != nil {
		return err
	}
	bare, end, err := c.startBare(body, []string{}) // not nil, which would be our own environment
	if err != nil {
		return err
	}
	defer end()
	asWorker, end, err := c.startBare(body, worker)
	if err != nil {
		return err
	}
	defer end()
	fmt.Fprintf(out, "requests to the endpoint, %d rounds; as the worker: %s\n", o.rounds, strings.Join(worker, " "))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "connections\tclients\tserver\trate to bare (aim %.2f)\tto bare as the worker\trequests/s\tmedian µs\tp99 µs\n", aimRate)
	for _, l := range loads {
		first := newContestant("bare, Go's defaults", bare, l.clients, l.connections == "kept")
		second := newContestant("bare, as the worker", asWorker, l.clients, l.connections == "kept")
		third := newContestant("endpoint", ours, l.clients, l.connections == "kept")
		servers := []*contestant{first, second, third}
		var all []func(bool) error
		for _, s := range servers {
			defer s.close()
			all = append(all, func(counts bool) error { return s.round(l.requests, counts) })
		}
		if err := rig.Rounds(ctx, warmUp, o.rounds, all); err != nil {
			return fmt.Errorf("under load: %w", err)
		}
		for _, s := range servers {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%.0f\t%.0f\t%.0f\n", l.connections, l.clients, s.name, rig.Ratio(s.rates, first.rates), rig.Ratio(s.rates, second.rates),
				rig.Median(s.rates), rig.Median(s.took), rig.Quantile(s.took, 0.99))
		}
	}
	return w.Flush()
}

// startBare starts the program in bare/, which answers with body. env are runtime settings.
func (c *cluster) startBare(body []byte, env []string) (s server, end func(), err error) {
	cmd := exec.Command(c.file("bare"), string(body))
	cmd.Env, cmd.Stderr = env, os.Stderr
	stdin, stdout, err := startPiped(cmd)
	if err != nil {
		return s, nil, err
	}
	address, err := stdout.ReadString('\n')
	return serverAt(strings.TrimSpace(address), "/credentials", "none"), func() { stdin.Close(); _ = cmd.Wait() }, err
}

// round makes the requests of a round, and notes what they took when it counts.
func (s *contestant) round(requests int, counts bool) error {
	each := requests / len(s.clients)
	took, errs := make([][]float64, len(s.clients)), make([]error, len(s.clients))
	var all sync.WaitGroup
	began := time.Now()
	for i, c := range s.clients {
		took[i] = make([]float64, 0, each)
		all.Go(func() {
			for range each {
				at := time.Now()
				if _, errs[i] = c.ask(); errs[i] != nil {
					return
				}
				took[i] = append(took[i], float64(time.Since(at))/1e3)
			}
		})
	}
	all.Wait()
	if counts {
		s.rates = append(s.rates, float64(requests)/time.Since(began).Seconds())
		s.took = append(s.took, slices.Concat(took...)...)
	}
	return errors.Join(errs...)
}

func (s *contestant) close() {
	for _, c := range s.clients {
		c.close()
	}
}
