package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/s3test"
)

const rowsInRound = 100

// longRunning is case 3: the client role writes and reads by S3A.
var longRunning = plan{
	program:    "long-running.py",
	deliveries: []string{profile, endpoint, none},
	chain:      []string{"-client-bucket", clientBucket},
	roles:      []string{clientARN},
	reads:      true,
	plain:      true,
	arguments: func() []string {
		return []string{"--output", "s3a://" + clientBucket + "/rounds/", "--rounds", fmt.Sprint(rounds), "--rows", fmt.Sprint(rowsInRound)}
	},
	stock: func(context.Context, *world) error { return nil },
	holds: eachRound,
	check: func(ctx context.Context, w *world, _ []s3test.Entry, surprise func(string, ...any)) {
		got, err := w.readRows(ctx, clientBucket, "rounds/")
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

// twoClientRoles is case 4: one client role reads, another writes, and boto3 is that one by its profile.
var twoClientRoles = plan{
	program:    "two-client-roles.py",
	deliveries: []string{profile, endpoint, none},
	chain:      []string{"-client-bucket", clientBucket, "-profile", "second=" + secondARN, "-client-bucket", secondBucket + "=second"},
	roles:      []string{clientARN, secondARN},
	reads:      true,
	arguments: func() []string {
		return []string{"--input", "s3a://" + clientBucket + "/orders/", "--output", "s3a://" + secondBucket + "/orders/",
			"--profile", "second", "--rounds", fmt.Sprint(rounds)}
	},
	stock: func(ctx context.Context, w *world) error { return w.writeOrders(ctx) },
	holds: eachRound,
	check: func(ctx context.Context, w *world, journal []s3test.Entry, surprise func(string, ...any)) {
		for n := range rounds {
			place := fmt.Sprintf("orders/round=%d/", n)
			got, err := w.readRows(ctx, secondBucket, place)
			if err != nil {
				surprise("reading what was written: %v", err)
			}
			differ(got, orders(), place, surprise)
		}
		if !slices.ContainsFunc(journal, func(e s3test.Entry) bool {
			return e.Role == secondARN && served(e) && e.Action == "s3:GetObject" && strings.Contains(e.Agent, "Boto3") && strings.HasPrefix(e.SessionName, "exec-")
		}) {
			surprise("boto3 on the executors did not read as the second client role")
		}
	},
}

// icebergAppend is case 5: Iceberg's own client of S3, with an AWS SDK of its own, appends to a table.
var icebergAppend = plan{
	program:    "iceberg-append.py",
	deliveries: []string{profile, file, endpoint, none},
	chain:      []string{"-iceberg-catalog", "client"},
	roles:      []string{clientARN},
	iceberg:    true,
	arguments: func() []string {
		return []string{"--warehouse", "s3://" + clientBucket + "/warehouse", "--catalog-file", "catalog.db", "--table", "demo.events",
			"--appends", fmt.Sprint(rounds), "--rows", fmt.Sprint(rowsInRound)}
	},
	stock: func(context.Context, *world) error { return nil },
	holds: func(e s3test.Entry) string {
		if e.Action == "s3:PutObject" && strings.HasSuffix(e.Key, ".metadata.json") {
			return e.Key
		}
		return ""
	},
	check: func(ctx context.Context, w *world, journal []s3test.Entry, surprise func(string, ...any)) {
		const table = "warehouse/demo/events/"
		got, err := w.readRows(ctx, clientBucket, table+"data/")
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
			return e.Action == "s3:PutObject" && served(e) && strings.HasPrefix(e.SessionName, "exec-")
		}) {
			surprise("no executor wrote a file of the table")
		}
	},
}

// snapshots counts those in the newest metadata of an Iceberg table.
func (w *world) snapshots(ctx context.Context, prefix string) (int, error) {
	keys, err := w.moto.keys(ctx, clientBucket, prefix)
	if err != nil {
		return 0, err
	}
	// They begin with their number.
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasSuffix(k, ".metadata.json") })
	if len(keys) == 0 {
		return 0, fmt.Errorf("nothing below %s", prefix)
	}
	data, err := w.moto.get(ctx, clientBucket, slices.Max(keys))
	if err != nil {
		return 0, err
	}
	var table struct{ Snapshots []json.RawMessage }
	err = json.Unmarshal(data, &table)
	return len(table.Snapshots), err
}
