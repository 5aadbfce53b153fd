package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
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

// A kind is one kind of load, under which the servers take turns. Fresh connections are fewer, so that their ports, which
// the kernel holds for a minute, do not run out.
type kind struct {
	connections       string
	clients, requests int // requests of all clients in a round
}

var loads = []kind{{"kept", 1, 1600}, {"kept", 8, 1600}, {"fresh", 1, 320}, {"fresh", 8, 320}}

// A contestant is a server under one kind of load.
type contestant struct {
	name string
	server
	kept  []*client
	rates []float64 // requests per second, one a round
	took  []float64 // microseconds, one a request
}

// load measures the endpoint beside bare handlers.
func load(ctx context.Context, c *cluster, o options, out io.Writer) error {
	p, err := c.startPod("endpoint", c.Places[0])
	if err != nil {
		return err
	}
	defer p.end()
	ours, err := p.endpoint()
	if err != nil {
		return err
	}
	body, err := ours.once()
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
		servers := []*contestant{{name: "bare, Go's defaults", server: bare}, {name: "bare, as the worker", server: asWorker}, {name: "endpoint", server: ours}}
		var all []func(bool) error
		for _, s := range servers {
			all = append(all, func(counts bool) error { return l.round(s, counts) })
		}
		err := rig.Rounds(ctx, warmUp, o.rounds, all)
		for _, s := range servers {
			for _, one := range s.kept {
				one.Close()
			}
		}
		if err != nil {
			return fmt.Errorf("under load: %w", err)
		}
		for _, s := range servers {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%.0f\t%.0f\t%.0f\n", l.connections, l.clients, s.name, s.rateTo(servers[0]), s.rateTo(servers[1]),
				rig.Quantile(s.rates, 0.5), rig.Quantile(s.took, 0.5), rig.Quantile(s.took, 0.99))
		}
	}
	return w.Flush()
}

func (s *contestant) rateTo(to *contestant) string {
	if s == to {
		return "1"
	}
	return rig.RatioOf(s.rates, to.rates).String()
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

// round gives s its requests of a round, and notes what they took when it counts.
func (l kind) round(s *contestant, counts bool) error {
	for l.connections == "kept" && len(s.kept) < l.clients {
		one, err := s.dial()
		if err != nil {
			return err
		}
		s.kept = append(s.kept, one)
	}
	took, errs := make([][]float64, l.clients), make([]error, l.clients)
	var all sync.WaitGroup
	began := time.Now()
	for i := range l.clients {
		took[i] = make([]float64, 0, l.requests/l.clients)
		ask := s.once
		if l.connections == "kept" {
			ask = s.kept[i].ask
		}
		all.Go(func() {
			for range l.requests / l.clients {
				at := time.Now()
				if _, errs[i] = ask(); errs[i] != nil {
					return
				}
				took[i] = append(took[i], float64(time.Since(at))/1e3)
			}
		})
	}
	all.Wait()
	seconds := time.Since(began).Seconds()
	if counts {
		for i := range took {
			s.took = append(s.took, took[i]...)
		}
		s.rates = append(s.rates, float64(l.requests)/seconds)
	}
	return errors.Join(errs...)
}
