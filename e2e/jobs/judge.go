package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rolechain/internal/podtest"
	"rolechain/internal/s3test"
)

// serviceKinds are those whose resources are the client's.
var serviceKinds = []string{"glue", "kinesis", "s3tables"}

// OwnerOf is whose a bucket or a queue is.
func OwnerOf(e s3test.Entry) string {
	switch {
	case e.Bucket == JobBucket || e.Bucket == LogBucket:
		return BaseARN
	case e.Bucket == SecondBucket:
		return SecondARN
	case e.Bucket == ClientBucket || e.Queue == QueueName || slices.Contains(serviceKinds, e.Service):
		return ClientARN
	}
	return ""
}

var roleNames = map[string]string{BaseARN: "job", ClientARN: "client", SecondARN: "second"}

// NameOf is what a table calls who asked.
func NameOf(e s3test.Entry) string {
	if e.KeyID == podtest.NodeKey {
		return "node"
	}
	if name, ok := roleNames[e.Role]; ok {
		return name
	}
	return "nobody"
}

func resource(e s3test.Entry) string {
	switch {
	case e.Queue != "":
		return "queue"
	case slices.Contains(serviceKinds, e.Service):
		return e.Service
	}
	return map[string]string{JobBucket: "job's bucket", ClientBucket: "client's bucket", SecondBucket: "second bucket", LogBucket: "log bucket"}[e.Bucket]
}

// Served reports whether a request passed and was answered.
func Served(e s3test.Entry) bool { return e.Refused == "" && !e.Left }

// Seen sums a journal up: who worked on what, and how many sessions of client roles did.
func Seen(journal []s3test.Entry) (roles []string, sessions int) {
	keys := map[string]bool{}
	for _, e := range journal {
		text := resource(e) + ": " + NameOf(e)
		if e.Refused != "" {
			text += " (refused)"
		} else if Served(e) && (e.Role == ClientARN || e.Role == SecondARN) {
			keys[e.KeyID] = true
		}
		if !slices.Contains(roles, text) {
			roles = append(roles, text)
		}
	}
	slices.Sort(roles)
	return roles, len(keys)
}

// Judge says what in a journal is not as it should be after a job of the plan, and in what the job has left.
func (w *World) Judge(ctx context.Context, journal []s3test.Entry, surprise func(string, ...any)) {
	fetched := false
	for _, e := range journal {
		fetched = fetched || e.Bucket == JobBucket && e.Key == w.Plan.Program && e.Action == "s3:GetObject" && e.Role == BaseARN && Served(e)
		switch {
		case e.Left: // it has asked again, or not needed it
		case e.Refused != "":
			surprise("%s on %s%s%s by %s was refused: %s: %s", e.Action, e.Bucket, e.Queue, slash(e.Key), NameOf(e), e.Refused, e.Reason)
		case e.Role != OwnerOf(e):
			surprise("%s on %s%s%s by %s", e.Action, e.Bucket, e.Queue, slash(e.Key), NameOf(e))
		case e.Status >= 500:
			surprise("%s on %s%s%s: the backend answered %d", e.Action, e.Bucket, e.Queue, slash(e.Key), e.Status)
		}
	}
	if !fetched {
		surprise("the driver did not fetch its program from the job account's bucket")
	}
	if n := w.Hold.ended(); n != w.Hold.Times {
		surprise("every session ended %d times while the job ran, not %d", n, w.Hold.Times)
	}
	for _, role := range w.Plan.Roles {
		keys := map[string]bool{}
		for _, e := range journal {
			if e.Role == role && Served(e) {
				keys[e.KeyID] = true
			}
		}
		if len(keys) <= w.Hold.Times {
			surprise("S3 and SQS saw %d sessions of %s, not more than %d", len(keys), role, w.Hold.Times)
		}
	}
	w.Plan.Check(ctx, w, journal, surprise)
}

func slash(key string) string {
	if key == "" {
		return ""
	}
	return "/" + key
}

// Journal is what the gate and the other services have seen, in order.
func (w *World) Journal() []s3test.Entry {
	return slices.SortedStableFunc(slices.Values(slices.Concat(w.Gate.Journal(), w.Services.Journal())),
		func(a, b s3test.Entry) int { return a.Time.Compare(b.Time) })
}

// WriteJournal keeps the journal, a line of JSON for each request.
func (w *World) WriteJournal() error {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, e := range w.Journal() {
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(w.Work, "journal.jsonl"), b.Bytes(), 0o644)
}

// isExecutor reports whether a session's name, which has its pod's in it, is an executor's.
func isExecutor(name string) bool {
	before, _, found := strings.Cut(name, "exec-")
	return found && (before == "" || strings.ContainsAny(before[len(before)-1:], "-."))
}

// bothExecutors reports whether these pods are two executors.
func bothExecutors(pods []string) bool {
	return len(pods) == 2 && isExecutor(pods[0]) && isExecutor(pods[1])
}
