package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolechain/internal/podtest"
	"rolechain/internal/s3test"
)

// A Result is what became of a run.
type Result struct {
	Run       Run
	Roles     []string // who worked on what, as the table has it
	Sessions  int      // of client roles that S3 and SQS have seen
	Seconds   int
	Surprises []string // empty: it is as it should be
	Problem   string   // of the suite: nothing can be said about the job
}

// ownerOf is whose a bucket or a queue is.
func ownerOf(e s3test.Entry) string {
	switch {
	case e.Bucket == jobBucket:
		return baseARN
	case e.Bucket == secondBucket:
		return secondARN
	case e.Bucket == clientBucket || e.Queue == queueName:
		return clientARN
	}
	return ""
}

var roleNames = map[string]string{baseARN: "job", clientARN: "client", secondARN: "second"}

func nameOf(e s3test.Entry) string {
	if e.KeyID == podtest.NodeKey {
		return "node"
	}
	if name, ok := roleNames[e.Role]; ok {
		return name
	}
	return "nobody"
}

func resource(e s3test.Entry) string {
	if e.Queue != "" {
		return "queue"
	}
	return map[string]string{jobBucket: "job's bucket", clientBucket: "client's bucket", secondBucket: "second bucket"}[e.Bucket]
}

// judge says by evidence what the job did: by what the gate has seen, what lies in the buckets and in the queue, and what
// the pods left behind. The exit code alone says nothing.
func (w *world) judge(ctx context.Context, code int) Result {
	r := Result{Run: w.Run}
	journal := w.gate.Journal()
	r.Roles, r.Sessions = seen(journal)
	surprise := func(format string, args ...any) { r.Surprises = append(r.Surprises, fmt.Sprintf(format, args...)) }
	if w.Run.control() {
		w.judgeControl(ctx, journal, code, surprise)
	} else {
		w.judgeJob(ctx, journal, code, surprise)
	}
	w.searchSecrets(surprise)
	if left := w.leftovers(ctx); len(left) > 0 {
		surprise("still running after the job: %s", strings.Join(left, ", "))
	}
	return r
}

// served tells a request that passed and was answered.
func served(e s3test.Entry) bool { return e.Refused == "" && !e.Left }

// seen sums the journal up.
func seen(journal []s3test.Entry) (roles []string, sessions int) {
	keys := map[string]bool{}
	for _, e := range journal {
		text := resource(e) + ": " + nameOf(e)
		if e.Refused != "" {
			text += " (refused)"
		} else if served(e) && (e.Role == clientARN || e.Role == secondARN) {
			keys[e.KeyID] = true
		}
		if !slices.Contains(roles, text) {
			roles = append(roles, text)
		}
	}
	slices.Sort(roles)
	return roles, len(keys)
}

func (w *world) judgeJob(ctx context.Context, journal []s3test.Entry, code int, surprise func(string, ...any)) {
	if code != 0 {
		surprise("the driver ended with %d: %s", code, w.reason())
	}
	fetched := false
	for _, e := range journal {
		fetched = fetched || e.Bucket == jobBucket && e.Key == w.plan.program && e.Action == "s3:GetObject" && e.Role == baseARN && served(e)
		switch {
		case e.Left: // it has asked again, or not needed it
		case e.Refused != "":
			surprise("%s on %s%s%s by %s was refused: %s: %s", e.Action, e.Bucket, e.Queue, slash(e.Key), nameOf(e), e.Refused, e.Reason)
		case e.Role != ownerOf(e):
			surprise("%s on %s%s%s by %s", e.Action, e.Bucket, e.Queue, slash(e.Key), nameOf(e))
		case e.Status >= 500:
			surprise("%s on %s%s%s: the backend answered %d", e.Action, e.Bucket, e.Queue, slash(e.Key), e.Status)
		}
	}
	if !fetched {
		surprise("the driver did not fetch its program from the job account's bucket")
	}
	if n := w.hold.ended(); n != ends {
		surprise("every session ended %d times while the job ran, not %d", n, ends)
	}
	for _, role := range w.plan.roles {
		keys := map[string]bool{}
		for _, e := range journal {
			if e.Role == role && served(e) {
				keys[e.KeyID] = true
			}
		}
		if len(keys) <= ends {
			surprise("S3 and SQS saw %d sessions of %s, not more than %d", len(keys), role, ends)
		}
	}
	w.plan.check(ctx, w, journal, surprise)
}

func slash(key string) string {
	if key == "" {
		return ""
	}
	return "/" + key
}

// judgeControl wants a job without rolechain to fail for its reason: the client's account refuses the job execution role,
// or the node's.
func (w *world) judgeControl(ctx context.Context, journal []s3test.Entry, code int, surprise func(string, ...any)) {
	if code == 0 {
		surprise("the driver ended with 0")
	}
	refused := false
	for _, e := range journal {
		theirs := ownerOf(e) == clientARN || ownerOf(e) == secondARN
		refused = refused || theirs && e.Refused != "" && (nameOf(e) == "job" || nameOf(e) == "node")
		if theirs && served(e) {
			surprise("%s on %s%s by %s passed", e.Action, e.Bucket, e.Queue, nameOf(e))
		}
	}
	if !refused {
		surprise("nothing in the client's account was refused to the job execution role: %s", w.reason())
	}
	if bodies, err := w.moto.messages(ctx, queueName); err != nil || len(bodies) > 0 {
		surprise("%d messages are in the queue (%v)", len(bodies), err)
	}
}

// searchSecrets looks for what the stand-ins handed out in everything that the pods wrote, but for the files that are
// there to hold it.
func (w *world) searchSecrets(surprise func(string, ...any)) {
	secrets := w.sts.Secrets()
	err := filepath.WalkDir(w.Work, func(path string, d os.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // executors clean up while this looks
			return nil
		case err != nil:
			return err
		case !d.Type().IsRegular() || d.Name() == "token" || w.Run.Delivery == file && strings.HasSuffix(path, "/.aws/credentials"):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				name, _ := filepath.Rel(w.Work, path)
				surprise("%s has a secret in it", name)
				break
			}
		}
		return nil
	})
	if err != nil {
		surprise("looking for secrets: %v", err)
	}
}

// leftovers are processes of rolechain's that outlive their job.
func (w *world) leftovers(ctx context.Context) (left []string) {
	gone := func() error {
		if left = running(filepath.Join(w.Programs, "rolechain")); len(left) > 0 {
			return fmt.Errorf("%d are left", len(left))
		}
		return nil
	}
	// Executors end a moment after their driver.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	await(ctx, "the refreshers' end", gone)
	return left
}

// running are the command lines of the processes that a program has. What these begin with is the caller's choice, and a
// refresher's is no path.
func running(program string) (lines []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range all {
		if exe, err := os.Readlink(filepath.Join(process, "exe")); err != nil || exe != program {
			continue
		}
		words, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		lines = append(lines, strings.ReplaceAll(strings.TrimRight(string(words), "\x00"), "\x00", " "))
	}
	return lines
}

// reason is what the driver's log says of its end: the words of rolechain and of the program itself, which ends with its
// own name and one line, or the last lines that there are.
func (w *world) reason() string {
	log, _ := os.ReadFile(filepath.Join(w.Work, "driver.log"))
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	own := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return !strings.HasPrefix(line, w.plan.program+": ") && !strings.Contains(line, " rolechain: error: ")
	})
	if len(own) > 0 {
		lines = own
	}
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
