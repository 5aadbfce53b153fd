package jobs

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"rolechain/internal/s3test"
)

// A Plan is a case: what it is given, and what has to be there afterwards.
type Plan struct {
	Program      string            // in Folder, or made from java
	Folder       string            // of the repository; "" is examples/spark
	Java         map[string]string // class in defaultchain/ by Spark; nil for a program in Python
	Deliveries   []string          // that it is run in, with the control
	Chain        []string          // what rolechain spark-conf is told beside the roles
	Roles        []string          // that work for the job, each with many sessions
	Reads        bool              // Spark reads as a client role
	Iceberg      bool              // the image's class path has Iceberg
	Certificates string            // folder below a pod's temporary directory in which a client looks for authorities, by the hash of their names
	Control      map[string]string // properties that a run without rolechain has in the place of Chain
	Jars         map[string]string // an installation by Spark, whose jars the image's class path has
	Sparks       []string          // that it is run on; nil: all
	Nightly      bool              // it is not in the part that CI runs
	Life         int               // of a session, in seconds; 0: short
	Fails        string            // what it has to say as it fails; "" is for one that has to end well
	Plain        bool              // without TLS in endpoint delivery, so that S3A signs each chunk of an upload

	Arguments func() []string // of the program
	Stock     func(context.Context, *World) error
	Holds     func(s3test.Entry) string // see Hold; nil: none
	Check     func(context.Context, *World, []s3test.Entry, func(string, ...any))
}

// Cases are those of examples/spark, the first one being case 1.
var Cases = []Plan{onlyBoto3, sparkAndBoto3, LongRunning(rounds), twoClientRoles, icebergAppend, defaultChain, hudiAppend, canary, deadCanary, glueCatalog(), kinesisStream,
	restCatalog("glue", "rest-glue", Profile, Endpoint, None), restCatalog("s3tables", "rest-s3tables", Endpoint)}

// Each works round after round, in one more than there are holds.
const rounds = Ends + 1

// messages counts those of all worlds of this process, in which several may run at a time.
var messages atomic.Int64

// eachMessage holds one message after the other.
func eachMessage(e s3test.Entry) string {
	if e.Action != "sqs:SendMessage" {
		return ""
	}
	return fmt.Sprint(messages.Add(1))
}

// eachRound holds the first file that is written in a round.
func eachRound(e s3test.Entry) string {
	_, after, found := strings.Cut(e.Key, "round=")
	if e.Action != "s3:PutObject" || !found || !strings.HasSuffix(e.Key, ".parquet") {
		return ""
	}
	round, _, _ := strings.Cut(after, "/")
	return round
}

// Pods are those that were served while they acted as a role, by the name of their session, which is the pod's.
func Pods(journal []s3test.Entry, role, action string) map[string]bool {
	names := map[string]bool{}
	for _, e := range journal {
		if Served(e) && e.Role == role && e.Action == action {
			names[e.SessionName] = true
		}
	}
	return names
}
