package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rolechain/internal/s3test"
)

const hudiTable = "hudi/events/"

// hudiAppend is case 7: Hudi appends to a table through S3A. Maven Central has no bundle of it for Spark 4.
var hudiAppend = Plan{
	Program:    "hudi-append.py",
	Deliveries: []string{Endpoint, None},
	Sparks:     []string{"3.5"},
	Nightly:    true,
	Chain:      []string{"-client-bucket", ClientBucket},
	Jars:       map[string]string{"3.5": "hudi-3.5"},
	Roles:      []string{ClientARN},
	Reads:      true,
	Arguments: func() []string {
		return []string{"--table", "s3a://" + ClientBucket + "/" + hudiTable, "--appends", fmt.Sprint(rounds), "--rows", fmt.Sprint(rowsInRound)}
	},
	Stock: func(context.Context, *World) error { return nil },
	Holds: func(e s3test.Entry) string {
		if e.Action != "s3:PutObject" {
			return ""
		}
		_, instant := baseFile(e.Key)
		return instant
	},
	Check: func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		keys, err := w.Moto.Keys(ctx, ClientBucket, hudiTable)
		if err != nil {
			surprise("listing the table: %v", err)
		}
		got, err := w.readFiles(ctx, ClientBucket, latestFiles(keys)...)
		if err != nil {
			surprise("reading what was written: %v", err)
		}
		for _, r := range got {
			maps.DeleteFunc(r, func(column string, _ any) bool { return strings.HasPrefix(column, "_hoodie_") })
		}
		var want []row
		for n := range rounds {
			for id := range rowsInRound {
				want = append(want, row{"append": n, "id": id})
			}
		}
		differ(got, want, hudiTable, surprise)
		commits := len(slices.DeleteFunc(keys, func(k string) bool {
			return !strings.HasPrefix(k, hudiTable+".hoodie/timeline/") || !strings.HasSuffix(k, ".commit")
		}))
		if commits != rounds {
			surprise("the table has %d commits, and should have %d", commits, rounds)
		}
		writers := map[string]bool{}
		for _, e := range journal {
			if _, instant := baseFile(e.Key); instant != "" && e.Action == "s3:PutObject" && Served(e) && isExecutor(e.SessionName) {
				writers[e.KeyID] = true
			}
		}
		if len(writers) <= Ends {
			surprise("executors wrote the table's files with %d sessions, not more than %d", len(writers), Ends)
		}
	},
}

// baseFile reads the name of a file with a table's rows: FILE_TOKEN_INSTANT.parquet. Both are "" for any other file.
func baseFile(key string) (file, instant string) {
	name, isParquet := strings.CutSuffix(key[strings.LastIndexByte(key, '/')+1:], ".parquet")
	part := strings.Split(name, "_")
	if !isParquet || len(part) != 3 || !strings.HasPrefix(key, hudiTable) || strings.Contains(key, "/.hoodie/") {
		return "", ""
	}
	return part[0], part[2]
}

// latestFiles are those that have the table's rows now: an append to a small file writes that anew.
func latestFiles(keys []string) []string {
	latest := map[string]string{}
	for _, key := range keys {
		file, instant := baseFile(key)
		if file == "" {
			continue
		}
		if _, before := baseFile(latest[file]); instant > before {
			latest[file] = key
		}
	}
	return slices.Collect(maps.Values(latest))
}
