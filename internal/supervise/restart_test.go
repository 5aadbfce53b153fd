package supervise_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/supervise"
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
				c.mu.Lock()
				c.answers++
				c.mu.Unlock()
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

func (c *client) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers
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

// Of a killed supervisor no client notices anything: the same worker goes on, without losing one connection.
func TestSupervisorKilled(t *testing.T) {
	for _, way := range []string{"", "refused"} {
		t.Run("pidfd "+way, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, way, nil)
			c := j.connectInALoop()
			pid := c.another(0)
			j.supervisor.signal(t, unix.SIGKILL)
			j.said("orphaned")
			for before := c.count(); c.count() < before+50; time.Sleep(time.Millisecond) {
			}
			c.end(0)
			if after := c.another(0); after != pid {
				t.Errorf("%d answers after %d", after, pid)
			}
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
	j.supervisor.signal(t, unix.SIGKILL)
	j.said("orphaned")
	c.end(1)
	if after, _ := j.ask(); after != pid {
		t.Errorf("%d answers after %d", after, pid)
	}
	j.worker = watch(t, pid)
	since := time.Now()
	j.stdin.Close()
	j.wantEnd(since)
}

// The next worker gets the state that was saved last, whole, and the descriptor that was kept last. Before it is closed to
// others it gets nothing.
func TestHandedOver(t *testing.T) {
	for _, way := range []string{"open", "long", "keeps"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, way, nil)
			_, state := j.ask()
			for range 2 {
				before, _ := j.ask()
				must(t, unix.Kill(before, unix.SIGKILL))
				c := j.connectInALoop()
				c.another(before)
				c.halt()
			}
			if _, now := j.ask(); now != state || way == "long" && len(now) != supervise.MaxState {
				t.Errorf("%d bytes of state became %d", len(state), len(now))
			}
		})
	}
}

// A worker that is stopped, or lets connections wait, is replaced, and none of them is lost. One that has as many as it can
// serve, and says so, is not.
func TestHangingWorker(t *testing.T) {
	for _, way := range []string{"hangs", "is full", "is stopped", "is stopped unseen"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			j := start(t, way, nil)
			if strings.HasPrefix(way, "is stopped") {
				j.worker.signal(t, unix.SIGSTOP)
				for !strings.Contains(stateOf(j.worker.pid), "T") {
					time.Sleep(time.Millisecond)
				}
			}
			if way == "is full" {
				c, err := net.Dial("tcp", j.address)
				must(t, err)
				defer c.Close()
				if j.worker.ended(5 * time.Second) {
					t.Error("a worker was killed that is alive")
				}
				return
			}
			if way != "is stopped unseen" {
				if pid, _ := j.ask(); pid == j.worker.pid {
					t.Error("the worker that hangs answers")
				}
			}
			if !j.worker.ended(patience) {
				t.Error("the worker that hangs is still there")
			}
			j.said("was stopped, or hung")
			j.worker = watch(t, j.onlyChild(j.supervisor.pid))
		})
	}
}

// At the limit on processes the supervisor outlives its worker, requests wait, and a worker is back when the limit is lifted.
func TestProcessLimit(t *testing.T) {
	needRoot(t, "a user with no other process")
	t.Parallel()
	uid := uint32(300_000 + os.Getpid())
	j := startJob(t, "", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}})
	// By a process of that user, which needs no capability for it.
	limit := func(processes string) {
		cmd := exec.Command("prlimit", "--pid", strconv.Itoa(j.supervisor.pid), "--nproc="+processes+":")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	limit("1")
	j.worker.signal(t, unix.SIGKILL)
	j.said("resource temporarily unavailable")
	answer := make(chan int)
	go func() {
		pid, _, err := j.try()
		if err != nil {
			t.Error(err)
		}
		answer <- pid
	}()
	select {
	case pid := <-answer:
		t.Errorf("%d answers", pid)
	case <-time.After(3 * time.Second): // several tries, and the time after which a worker would hang
	}
	if j.supervisor.ended(0) {
		t.Fatal("the supervisor has ended")
	}
	limit("1000")
	if pid := <-answer; pid == j.worker.pid {
		t.Error("the killed worker answers")
	}
	j.said("the refresher runs again")
	j.worker = watch(t, j.onlyChild(j.supervisor.pid))
	if n := strings.Count(j.output.String(), "started again"); n > 4 {
		t.Errorf("%d warnings:\n%s", n, j.output)
	}
}
