package jobs

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
var defaultChain = Plan{
	Program:    "default-chain.jar",
	Java:       map[string]string{"3.5": "DefaultChainV1", "4.0": "DefaultChainV2"},
	Deliveries: []string{Endpoint, None},
	Roles:      []string{ClientARN},
	Arguments:  func() []string { return []string{ClientBucket, "reports/", QueueName, fmt.Sprint(rounds)} },
	Stock:      stockReports,
	Holds:      eachMessage,
	Check: func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		w.wantReports(ctx, surprise)
		if senders := slices.Sorted(maps.Keys(Pods(journal, ClientARN, "sqs:SendMessage"))); !bothExecutors(senders) {
			surprise("the names were sent by %q, not by both executors", senders)
		}
		lists := map[string]bool{}
		for _, e := range journal {
			if Served(e) && e.Role == ClientARN && e.Action == "s3:ListBucket" && e.Bucket == ClientBucket {
				lists[e.KeyID] = true
			}
		}
		if len(lists) < 2 {
			surprise("the driver's own client listed the bucket with %d sessions of the client role", len(lists))
		}
	},
}

// compile makes the jar of a case in Java, as somebody builds it for this Spark, and returns its bytes.
func (w *World) compile(ctx context.Context, class string) ([]byte, error) {
	classes, jar := filepath.Join(w.Work, "classes"), filepath.Join(w.Work, w.Plan.Program)
	source := filepath.Join(w.Root, "e2e", "jobs", "defaultchain", class+".java")
	for _, command := range [][]string{
		{"javac", "--release", "17", "-cp", filepath.Join(w.SparkDir(), "spark", "jars", "*"), "-d", classes, source},
		{"jar", "--create", "--file", jar, "-C", classes, "."},
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("compiling the case's program: %s: %w\n%s", command[0], err, out)
		}
	}
	return os.ReadFile(jar)
}
