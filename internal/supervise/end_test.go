package supervise_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// However the original ends, and whoever sees it, nothing of the refresher is left within a second.
func TestEndsWithTheOriginal(t *testing.T) {
	for _, namespace := range []string{"shared PID namespace", "own PID namespace"} {
		for _, way := range []string{"pidfd", "pidfd refused", "pidfd refused, leaderless"} {
			for _, end := range []string{"exits", "is killed", "is a zombie"} {
				t.Run(namespace+"/"+way+"/"+end, func(t *testing.T) {
					t.Parallel()
					attr := &syscall.SysProcAttr{}
					if strings.HasPrefix(namespace, "own") {
						needRoot(t, "a PID namespace")
						attr.Cloneflags = syscall.CLONE_NEWPID
					}
					j := startJob(t, strings.TrimPrefix(way, "pidfd"), attr)
					if strings.Contains(way, "refused") {
						// Long enough for three looks into /proc: it must not take a living process for a dead one.
						for until := time.Now().Add(600 * time.Millisecond); time.Now().Before(until); {
							if pid, _ := j.ask(); pid != j.worker0 {
								t.Fatalf("it was started again:\n%s", j.output)
							}
						}
					}
					since := time.Now()
					switch end {
					case "exits":
						j.stdin.Close()
						must(t, j.cmd.Wait())
					case "is killed":
						must(t, j.cmd.Process.Kill())
						j.cmd.Wait()
					case "is a zombie":
						must(t, j.cmd.Process.Kill())
					}
					j.wantEnd(since)
					j.wantEOF(since)
					if end == "is a zombie" {
						j.cmd.Wait()
					}
					if said := j.output.String(); strings.Contains(said, "again") || strings.Contains(said, "took") {
						t.Errorf("they said\n%s", said)
					}
				})
			}
		}
	}
}

// A worker that does not end when told to is killed; without a supervisor it ends all the same.
func TestDeafWorkerEnds(t *testing.T) {
	t.Parallel()
	for _, without := range []string{"", "supervisor"} {
		t.Run("without "+without, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, "deaf", nil)
			if without != "" {
				j.supervisor.signal(t, unix.SIGKILL)
				if !j.supervisor.ended(patience) {
					t.Fatal("unkillable")
				}
			}
			since := time.Now()
			j.stdin.Close()
			j.wantEnd(since)
			j.wantEOF(since)
		})
	}
}

func TestStoppedProcesses(t *testing.T) {
	t.Run("worker", func(t *testing.T) {
		t.Parallel()
		j := startJob(t, "", nil)
		j.worker.signal(t, unix.SIGSTOP)
		since := time.Now()
		j.stdin.Close()
		j.wantEnd(since)
	})
	t.Run("supervisor", func(t *testing.T) {
		t.Parallel()
		j := startJob(t, "", nil)
		j.supervisor.signal(t, unix.SIGSTOP)
		since := time.Now()
		j.stdin.Close()
		if !j.worker.ended(patience) {
			t.Fatal("the worker waits for a stopped supervisor")
		}
		j.supervisor.signal(t, unix.SIGCONT)
		j.wantEnd(since)
	})
}

// The job's shutdown hooks have credentials, and a terminal's or a log's end is not the job's.
func TestSignalsAreIgnored(t *testing.T) {
	t.Parallel()
	j := startJob(t, "", nil)
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGPIPE} {
		must(t, unix.Kill(-j.group, sig)) // both
		for range 20 {
			if pid, _ := j.ask(); pid != j.worker0 {
				t.Fatalf("another worker after %v", sig)
			}
		}
	}
	if j.supervisor.ended(0) || j.worker.ended(0) {
		t.Error("one has ended")
	}
	since := time.Now()
	j.stdin.Close()
	j.wantEnd(since)
}

// Both killed, at once or one after the other: the original goes on and ends with its own code.
func TestBothKilled(t *testing.T) {
	for _, way := range []string{"at once", "the supervisor first"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, "", nil)
			if way != "at once" {
				j.supervisor.signal(t, unix.SIGKILL)
				j.said("orphaned")
			}
			must(t, unix.Kill(-j.group, unix.SIGKILL))
			j.wantEnd(time.Now())
			if _, _, err := j.try(); err == nil {
				t.Error("somebody answers")
			}
			j.stdin.Close()
			if err := j.cmd.Wait(); err != nil {
				t.Errorf("the original: %v", err)
			}
		})
	}
}
