package supervise_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A client connects in a loop. No connection may be refused, and each kill may cut off the one that was being answered.
type client struct {
	j              *job
	answers, cut   int
	slowest        time.Duration
	mu             sync.Mutex
	pid            int // who answered last
	state          string
	once           sync.Once
	stop, finished chan struct{}
}

func (j *job) connectInALoop() *client {
	c := &client{j: j, stop: make(chan struct{}), finished: make(chan struct{})}
	j.t.Cleanup(c.halt)
	go func() {
		defer close(c.finished)
		for {
			select {
			case <-c.stop:
				return
			default:
			}
			before := time.Now()
			pid, state, err := j.try()
			switch {
			case err == nil:
				c.answers++
				c.slowest = max(c.slowest, time.Since(before))
			case errors.Is(err, errCut):
				c.cut++
				continue
			default:
				j.t.Errorf("after %d answers: %v\n%s", c.answers, err, j.output)
				return
			}
			c.mu.Lock()
			if c.state != "" && c.state != state {
				j.t.Errorf("the state was %q and is %q", c.state, state)
			}
			c.pid, c.state = pid, state
			c.mu.Unlock()
		}
	}()
	return c
}

// another waits for an answer from another process than pid.
func (c *client) another(pid int) int {
	c.j.t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		now := c.pid
		c.mu.Unlock()
		if now != 0 && now != pid {
			return now
		}
		if time.Now().After(until) {
			c.j.t.Fatalf("nobody but %d answers", pid)
		}
	}
}

// halt may be called twice.
func (c *client) halt() {
	c.once.Do(func() { close(c.stop) })
	<-c.finished
}

func (c *client) end(kills int) {
	c.j.t.Helper()
	c.halt()
	c.j.t.Logf("%d kills: %d answers, %d cut off, slowest %v", kills, c.answers, c.cut, c.slowest.Round(time.Millisecond))
	if c.cut > kills {
		c.j.t.Errorf("%d connections cut off by %d kills", c.cut, kills)
	}
}

// Fifty kills, of five refreshers at once because each waits between quick deaths.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	const kills = 10
	var clients []*client
	for range 5 {
		c := startJob(t, "", nil).connectInALoop()
		c.another(0)
		clients = append(clients, c)
	}
	for range kills {
		pids := make([]int, len(clients))
		for i, c := range clients {
			pids[i] = c.another(0)
			must(t, unix.Kill(pids[i], unix.SIGKILL))
		}
		for i, c := range clients {
			c.another(pids[i])
		}
	}
	for _, c := range clients {
		pid := c.another(0)
		c.end(kills)
		if c.j.supervisor.ended(0) {
			t.Error("the supervisor has ended too")
		}
		if list := zombies(c.j.supervisor.pid); list != nil {
			t.Errorf("zombies: %v", list)
		}
		c.j.worker = watch(t, pid)
		since := time.Now()
		c.j.stdin.Close()
		c.j.wantEnd(since)
		c.j.wantEOF(since)
	}
}

// A worker that has settled is back at once.
func TestSettledWorkerKilled(t *testing.T) {
	t.Parallel()
	j := startJob(t, "", nil)
	for range 2 {
		for until := time.Now().Add(1100 * time.Millisecond); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			j.ask()
		}
		before, _ := j.ask()
		must(t, unix.Kill(before, unix.SIGKILL))
		since := time.Now()
		for after := before; after == before; {
			pid, _, err := j.try()
			if err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			if err == nil {
				after = pid
			}
		}
		t.Logf("back after %v", time.Since(since).Round(time.Millisecond))
	}
}

// The worker takes over, again and again: same socket, same state, one refresher.
func TestSupervisorKilled(t *testing.T) {
	for _, way := range []string{"", "refused"} {
		t.Run("pidfd "+way, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, way, nil)
			c := j.connectInALoop()
			pid := c.another(0)
			const kills = 8
			for range kills {
				j.supervisor.signal(t, unix.SIGKILL)
				j.supervisor = j.worker // by execve
				pid = c.another(pid)
				j.worker = watch(t, j.onlyChild(j.supervisor.pid))
				if pid != j.worker.pid {
					t.Errorf("%d answers, and the worker is %d", pid, j.worker.pid)
				}
				if text := commandLine(t, j.supervisor.pid); text != commandLine(t, pid) {
					t.Errorf("%q", text)
				}
			}
			// And what it became does what the first did.
			must(t, unix.Kill(pid, unix.SIGKILL))
			pid = c.another(pid)
			j.worker = watch(t, pid)
			c.end(kills + 1)
			since := time.Now()
			j.stdin.Close()
			j.wantEnd(since)
			j.wantEOF(since)
		})
	}
}

// A supervisor that dies before its worker has said that it is ready is no reason for the worker to end.
func TestSupervisorKilledBeforeReady(t *testing.T) {
	t.Parallel()
	j := startJob(t, "late", nil)
	c := j.connectInALoop()
	pid := c.another(0)
	must(t, unix.Kill(pid, unix.SIGKILL))
	pid = c.another(pid)
	for range 3 {
		j.worker = watch(t, pid)
		j.supervisor.signal(t, unix.SIGKILL)
		j.supervisor = j.worker
		pid = c.another(pid)
	}
	c.end(4)
}
