package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/s3test"
)

const rowsInRound = 100

// LongRunning is case 3: the client role writes and reads by S3A, in so many rounds.
func LongRunning(rounds int) Plan {
	return Plan{
		Program:    "long-running.py",
		Deliveries: []string{Profile, Endpoint, None},
		Chain:      []string{"-client-bucket", ClientBucket},
		Roles:      []string{ClientARN},
		Reads:      true,
		Plain:      true,
		Arguments: func() []string {
			return []string{"--output", "s3a://" + ClientBucket + "/rounds/", "--rounds", fmt.Sprint(rounds), "--rows", fmt.Sprint(rowsInRound)}
		},
		Stock: func(context.Context, *World) error { return nil },
		Holds: eachRound,
		Check: func(ctx context.Context, w *World, _ []s3test.Entry, surprise func(string, ...any)) {
			got, err := w.readRows(ctx, ClientBucket, "rounds/")
			if err != nil {
				surprise("reading what was written: %v", err)
			}
			var want []row
			for id := range rounds * rowsInRound {
				want = append(want, row{"id": id})
			}
			differ(got, want, "rounds/", surprise)
		},
	}
}

// twoClientRoles is case 4: one client role reads, another writes, and boto3 is that one by its profile.
var twoClientRoles = Plan{
	Program:    "two-client-roles.py",
	Deliveries: []string{Profile, Endpoint, None},
	Chain:      []string{"-client-bucket", ClientBucket, "-profile", "second=" + SecondARN, "-client-bucket", SecondBucket + "=second"},
	Roles:      []string{ClientARN, SecondARN},
	Reads:      true,
	Arguments: func() []string {
		return []string{"--input", "s3a://" + ClientBucket + "/orders/", "--output", "s3a://" + SecondBucket + "/orders/",
			"--profile", "second", "--rounds", fmt.Sprint(rounds)}
	},
	Stock: func(ctx context.Context, w *World) error { return w.writeOrders(ctx) },
	Holds: eachRound,
	Check: func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		for n := range rounds {
			place := fmt.Sprintf("orders/round=%d/", n)
			got, err := w.readRows(ctx, SecondBucket, place)
			if err != nil {
				surprise("reading what was written: %v", err)
			}
			differ(got, orders(), place, surprise)
		}
		if !slices.ContainsFunc(journal, func(e s3test.Entry) bool {
			return e.Role == SecondARN && Served(e) && e.Action == "s3:GetObject" && strings.Contains(e.Agent, "Boto3") && isExecutor(e.SessionName)
		}) {
			surprise("boto3 on the executors did not read as the second client role")
		}
	},
}

// icebergAppend is case 5: Iceberg's own client of S3, with an AWS SDK of its own, appends to a table.
var icebergAppend = Plan{
	Program:    "iceberg-append.py",
	Deliveries: []string{Profile, File, Endpoint, None},
	Chain:      []string{"-iceberg-catalog", "client"},
	Roles:      []string{ClientARN},
	Iceberg:    true,
	// spark-conf refuses it by itself, for the reason that makes the run fail.
	Control: map[string]string{"spark.sql.catalog.client.io-impl": "org.apache.iceberg.aws.s3.S3FileIO"},
	Arguments: func() []string {
		return []string{"--warehouse", "s3://" + ClientBucket + "/warehouse", "--catalog-file", "catalog.db", "--table", "demo.events",
			"--appends", fmt.Sprint(rounds), "--rows", fmt.Sprint(rowsInRound)}
	},
	Stock: func(context.Context, *World) error { return nil },
	Holds: func(e s3test.Entry) string {
		if e.Action == "s3:PutObject" && strings.HasSuffix(e.Key, ".metadata.json") {
			return e.Key
		}
		return ""
	},
	Check: func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		table := w.icebergTable()
		got, err := w.readRows(ctx, ClientBucket, table+"data/")
		if err != nil {
			surprise("reading what was written: %v", err)
		}
		var want []row
		for n := range rounds {
			for id := range rowsInRound {
				want = append(want, row{"append": n, "id": id})
			}
		}
		differ(got, want, table, surprise)
		snapshots, err := w.snapshots(ctx, table+"metadata/")
		if err != nil || snapshots != rounds {
			surprise("the table has %d snapshots (%v), and should have %d", snapshots, err, rounds)
		}
		if !slices.ContainsFunc(journal, func(e s3test.Entry) bool {
			return e.Action == "s3:PutObject" && Served(e) && isExecutor(e.SessionName)
		}) {
			surprise("no executor wrote a file of the table")
		}
	},
}

// icebergTable is where its files are. Glue's catalog puts a database into a folder of its own.
func (w *World) icebergTable() string {
	if w.Plan.Control["spark.sql.catalog.client.type"] == "glue" {
		return "warehouse/demo.db/events/"
	}
	return "warehouse/demo/events/"
}

// snapshots counts those in the newest metadata of an Iceberg table.
func (w *World) snapshots(ctx context.Context, prefix string) (int, error) {
	keys, err := w.Moto.Keys(ctx, ClientBucket, prefix)
	if err != nil {
		return 0, err
	}
	// They begin with their number.
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasSuffix(k, ".metadata.json") })
	if len(keys) == 0 {
		return 0, fmt.Errorf("nothing below %s", prefix)
	}
	data, err := w.Moto.Get(ctx, ClientBucket, slices.Max(keys))
	if err != nil {
		return 0, err
	}
	var table struct{ Snapshots []json.RawMessage }
	err = json.Unmarshal(data, &table)
	return len(table.Snapshots), err
}
