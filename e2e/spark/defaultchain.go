package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"rolechain/internal/s3test"
)

// defaultChain is case 6: a program in Java whose clients find their credentials by the SDK's default chain, in a job whose
// own file lies in the job account's bucket. The SDK is the one that the Spark has, v1 or v2.
var defaultChain = plan{
	program:    "default-chain.jar",
	java:       map[string]string{"3.5": "DefaultChainV1", "4.0": "DefaultChainV2"},
	deliveries: []string{endpoint, none},
	roles:      []string{clientARN},
	arguments:  func() []string { return []string{clientBucket, "reports/", queueName, fmt.Sprint(rounds)} },
	stock: func(ctx context.Context, w *world) error {
		for _, key := range reports() {
			if err := w.moto.put(ctx, clientBucket, key, []byte("a report")); err != nil {
				return err
			}
		}
		return nil
	},
	holds: eachMessage(),
	check: func(ctx context.Context, w *world, journal []s3test.Entry, surprise func(string, ...any)) {
		bodies, err := w.moto.messages(ctx, queueName)
		if slices.Sort(bodies); err != nil || !slices.Equal(bodies, reports()) {
			surprise("the queue has %q (%v), not the names in the bucket", bodies, err)
		}
		if senders := slices.Sorted(maps.Keys(pods(journal, clientARN, "sqs:SendMessage"))); !slices.Equal(senders, []string{"exec-0", "exec-1"}) {
			surprise("the names were sent by %q, not by both executors", senders)
		}
		lists := map[string]bool{}
		for _, e := range journal {
			if served(e) && e.Role == clientARN && e.Action == "s3:ListBucket" && e.Bucket == clientBucket {
				lists[e.KeyID] = true
			}
		}
		if len(lists) < 2 {
			surprise("the driver's own client listed the bucket with %d sessions of the client role", len(lists))
		}
	},
}

// compile makes the jar of a case in Java, as somebody builds it for this Spark, and returns its bytes.
func (w *world) compile(ctx context.Context, class string) ([]byte, error) {
	classes, jar := filepath.Join(w.Work, "classes"), filepath.Join(w.Work, w.plan.program)
	source := filepath.Join(w.Root, "e2e", "spark", "defaultchain", class+".java")
	for _, command := range [][]string{
		{"javac", "--release", "17", "-cp", filepath.Join(w.sparkHome(), "jars", "*"), "-d", classes, source},
		{"jar", "--create", "--file", jar, "-C", classes, "."},
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("compiling the case's program: %s: %w\n%s", command[0], err, out)
		}
	}
	return os.ReadFile(jar)
}
