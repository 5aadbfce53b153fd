package jobs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rolechain/internal/s3test"
)

// canary is case 8: a program that watches its own keys in S3A, in boto3 and, where it is installed, in Hudi. Each of its clients
// has to have seen more than one.
var canary = Plan{
	Program:    "canary.py",
	Deliveries: []string{Endpoint},
	Sparks:     []string{"3.5", "4.0"},
	Nightly:    true,
	Chain:      []string{"-client-bucket", ClientBucket},
	Jars:       hudiAppend.Jars,
	Roles:      []string{ClientARN},
	Reads:      true,
	Arguments:  func() []string { return canaryArguments(rounds) },
	Stock:      func(context.Context, *World) error { return nil },
	Holds: func(e s3test.Entry) string {
		// part-00000-UUID-c000.snappy.parquet: one UUID a write.
		_, name, found := strings.Cut(e.Key, "/part-")
		if e.Action != "s3:PutObject" || !found || len(name) < 42 {
			return ""
		}
		return name[6:42]
	},
	Check: func(_ context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		log, err := os.ReadFile(filepath.Join(w.Work, "driver.log"))
		if err != nil {
			surprise("reading what the canary says: %v", err)
		}
		clients := []string{"S3A", "boto3 in the driver", "boto3 in exec-0", "boto3 in exec-1"}
		if w.Plan.Jars[w.Spark] != "" {
			clients = append(clients, "Hudi, by S3A")
		}
		for _, client := range clients {
			if n := strings.Count(string(log), client+": its key ended in "); n == 0 {
				surprise("the canary tells of no change of the key of %s", client)
			}
		}
		for _, e := range journal {
			if e.Role == ClientARN && strings.Contains(string(log), e.KeyID) {
				surprise("the canary prints the whole of a key")
				break
			}
		}
	},
}

// deadCanary is case 9: the same, but the session never changes.
var deadCanary = Plan{
	Program:    canary.Program,
	Deliveries: []string{Endpoint},
	Sparks:     []string{"4.0"},
	Nightly:    true,
	Chain:      canary.Chain,
	Roles:      canary.Roles,
	Life:       3600,
	Fails:      "canary.py: the key has not changed in ",
	Arguments:  func() []string { return canaryArguments(2) },
	Stock:      canary.Stock,
	Check: func(_ context.Context, w *World, _ []s3test.Entry, surprise func(string, ...any)) {
		log, err := os.ReadFile(filepath.Join(w.Work, "driver.log"))
		_, names, _ := strings.Cut(string(log), w.Plan.Fails)
		names, _, _ = strings.Cut(names, "\n")
		for _, client := range []string{"S3A", "boto3 in the driver", "boto3 in exec-"} {
			if !strings.Contains(names, client) {
				surprise("the canary does not name %s (%v): %q", client, err, names)
			}
		}
	},
}

func canaryArguments(rounds int) []string {
	return []string{"--output", "s3a://" + ClientBucket + "/canary", "--minutes", "0", "--pause", "0", "--rounds", fmt.Sprint(rounds)}
}
