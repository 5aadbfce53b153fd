package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// patience is when something counts as hanging that takes seconds.
const patience = 3 * time.Minute

// A daemon is a server process of the cluster.
type daemon struct {
	name, log string
	cmd       *exec.Cmd
	ended     chan struct{}
	err       error // how it ended; to be read after ended
}

// start runs a program of the cluster with its log in the file NAME.log.
func (c *Cluster) start(program string, args ...string) (*daemon, error) {
	d := &daemon{name: filepath.Base(program), ended: make(chan struct{})}
	d.log = filepath.Join(c.Dir, "logs", d.name+".log")
	out, err := os.Create(d.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	d.cmd = exec.Command(program, args...)
	d.cmd.Stdout, d.cmd.Stderr = out, out
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", d.name, err)
	}
	c.mu.Lock()
	c.daemons = append(c.daemons, d)
	c.mu.Unlock()
	go func() {
		d.err = d.cmd.Wait()
		close(d.ended)
	}()
	return d, nil
}

// started are the daemons so far, in order.
func (c *Cluster) started() []*daemon {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.daemons)
}

// await asks until there is no error any more. A daemon that ends meanwhile ends the wait.
func (d *daemon) await(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("%s has ended: %w; %s", d.name, errors.Join(d.err, err), tail(d.log))
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; %s", d.name, errors.Join(err, ctx.Err()), tail(d.log))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the daemon, whose end is awaited.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended
	select {
	case <-d.ended:
	case <-time.After(10 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.ended
	}
}

// tail is the end of a log.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return path + " ends with:\n" + string(data[max(0, len(data)-2000):])
}
