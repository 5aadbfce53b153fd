package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolechain/e2e/jobs"
	"rolechain/internal/s3test"
)

// A Result is what became of a run.
type Result struct {
	Run Run
	jobs.Result
}

// judge says by evidence what the job did: by what the gate has seen, what lies in the buckets and in the queue, and what
// the pods left behind. The exit code alone says nothing.
func (w *world) judge(ctx context.Context, code int) Result {
	r := Result{Run: w.Run}
	journal := w.Journal()
	r.Roles, r.Sessions = jobs.Seen(journal)
	surprise := func(format string, args ...any) { r.Surprises = append(r.Surprises, fmt.Sprintf(format, args...)) }
	if w.Run.control() {
		w.judgeControl(ctx, journal, code, surprise)
	} else {
		w.judgeJob(ctx, journal, code, surprise)
	}
	if left := w.leftovers(ctx); len(left) > 0 {
		surprise("still running after the job: %s", strings.Join(left, ", "))
	}
	w.searchSecrets(surprise) // now that nobody is writing a file of keys, whose temp file has another name
	return r
}

func (w *world) judgeJob(ctx context.Context, journal []s3test.Entry, code int, surprise func(string, ...any)) {
	if failed := code != 0; failed != (w.Plan.Fails != "") || !strings.Contains(w.reason(), w.Plan.Fails) {
		surprise("the driver ended with %d: %s", code, w.reason())
	}
	w.Judge(ctx, journal, surprise)
}

// judgeControl wants a job without rolechain to fail for its reason: the client's account refuses the job execution role,
// or the node's.
func (w *world) judgeControl(ctx context.Context, journal []s3test.Entry, code int, surprise func(string, ...any)) {
	if code == 0 {
		surprise("the driver ended with 0")
	}
	refused := false
	for _, e := range journal {
		theirs := jobs.OwnerOf(e) == jobs.ClientARN || jobs.OwnerOf(e) == jobs.SecondARN
		refused = refused || theirs && e.Refused != "" && (jobs.NameOf(e) == "job" || jobs.NameOf(e) == "node")
		if theirs && jobs.Served(e) {
			surprise("%s on %s%s by %s passed", e.Action, e.Bucket, e.Queue, jobs.NameOf(e))
		}
	}
	if !refused {
		surprise("nothing in the client's account was refused to the job execution role: %s", w.reason())
	}
	if bodies, err := w.Moto.Messages(ctx, jobs.QueueName); err != nil || len(bodies) > 0 {
		surprise("%d messages are in the queue (%v)", len(bodies), err)
	}
}

// searchSecrets looks for what the stand-ins handed out in everything that the pods wrote, but for the files that are
// there to hold it.
func (w *world) searchSecrets(surprise func(string, ...any)) {
	err := jobs.SearchSecrets(w.STS, w.Work, func(path string) bool {
		return filepath.Base(path) == "token" || w.Run.Delivery == jobs.File && strings.HasSuffix(path, "/.aws/credentials")
	}, surprise)
	if err != nil {
		surprise("looking for secrets: %v", err)
	}
}

// leftovers are processes of rolechain's that outlive their job.
func (w *world) leftovers(ctx context.Context) (left []string) {
	gone := func() error {
		if left = jobs.Running(filepath.Join(w.Programs, "rolechain"), nil); len(left) > 0 {
			return fmt.Errorf("%d are left", len(left))
		}
		return nil
	}
	// Executors end a moment after their driver.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	jobs.Await(ctx, "the refreshers' end", gone)
	return left
}

// reason is what the driver's log says of its end: the words of rolechain and of the program itself, which ends with its
// own name and one line, or the last lines that there are.
func (w *world) reason() string {
	log, _ := os.ReadFile(filepath.Join(w.Work, "driver.log"))
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	own := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return !strings.HasPrefix(line, w.Plan.Program+": ") && !strings.Contains(line, " rolechain: error: ")
	})
	if len(own) > 0 {
		lines = own
	}
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
