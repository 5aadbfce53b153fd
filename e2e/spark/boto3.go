package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"rolechain/internal/s3test"
)

// onlyBoto3 is case 1: the client role lists a bucket and sends each name to a queue.
var onlyBoto3 = plan{
	program:    "only-boto3.py",
	deliveries: []string{profile, file, endpoint, none},
	roles:      []string{clientARN},
	arguments: func() []string {
		return []string{"--input", "s3://" + clientBucket + "/reports/", "--queue", queueName}
	},
	stock: func(ctx context.Context, w *world) error {
		for _, key := range append(reports(), "other/one") {
			if err := w.moto.put(ctx, clientBucket, key, []byte("a report")); err != nil {
				return err
			}
		}
		return nil
	},
	holds: eachMessage(),
	check: func(ctx context.Context, w *world, _ []s3test.Entry, surprise func(string, ...any)) {
		bodies, err := w.moto.messages(ctx, queueName)
		if slices.Sort(bodies); err != nil || !slices.Equal(bodies, reports()) {
			surprise("the queue has %q (%v), not the names in the bucket", bodies, err)
		}
	},
}

func reports() (keys []string) {
	for i := range 2 * rounds {
		keys = append(keys, fmt.Sprintf("reports/2026-%02d.csv", i+1))
	}
	return keys
}

// sparkAndBoto3 is case 2: a join of both accounts' rows, each of which goes to a queue from the executors.
var sparkAndBoto3 = plan{
	program:    "spark-and-boto3.py",
	deliveries: []string{profile, file, endpoint, none},
	chain:      []string{"-client-bucket", clientBucket},
	roles:      []string{clientARN},
	reads:      true,
	arguments: func() []string {
		return []string{"--lookup", "s3a://" + jobBucket + "/regions/", "--input", "s3a://" + clientBucket + "/orders/",
			"--on", "region", "--queue", queueName}
	},
	stock: func(ctx context.Context, w *world) error {
		if err := w.writeRows(ctx, jobBucket, "regions/part-0.parquet", regions()); err != nil {
			return err
		}
		return w.writeOrders(ctx)
	},
	holds: eachMessage(),
	check: func(ctx context.Context, w *world, journal []s3test.Entry, surprise func(string, ...any)) {
		bodies, err := w.moto.messages(ctx, queueName)
		if err != nil {
			surprise("reading the queue: %v", err)
		}
		var got []row
		for _, body := range bodies {
			r := row{}
			if err := json.Unmarshal([]byte(body), &r); err != nil {
				surprise("a message is %q", body)
			}
			got = append(got, r)
		}
		differ(got, joined(), "the queue", surprise)
		senders := slices.Sorted(maps.Keys(pods(journal, clientARN, "sqs:SendMessage")))
		if w.Run.Delivery == endpoint && !slices.Equal(senders, []string{"exec-0", "exec-1"}) {
			surprise("the rows were sent by %q, not by both executors", senders)
		}
		if len(pods(journal, clientARN, "s3:GetObject")) == 0 || len(pods(journal, baseARN, "s3:GetObject")) == 0 {
			surprise("Spark did not read each bucket as its own role")
		}
	},
}
