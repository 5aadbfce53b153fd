package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"rolechain/internal/s3test"
)

// onlyBoto3 is case 1: the client role lists a bucket and sends each name to a queue.
var onlyBoto3 = Plan{
	Program:    "only-boto3.py",
	Deliveries: []string{Profile, File, Endpoint, None},
	Roles:      []string{ClientARN},
	Arguments: func() []string {
		return []string{"--input", "s3://" + ClientBucket + "/reports/", "--queue", QueueName}
	},
	Stock: stockReports,
	Holds: eachMessage,
	Check: func(ctx context.Context, w *World, _ []s3test.Entry, surprise func(string, ...any)) {
		w.wantReports(ctx, surprise)
	},
}

// reports are the keys of which a job sends the names to the queue.
func reports() (keys []string) {
	for i := range 2 * rounds {
		keys = append(keys, fmt.Sprintf("reports/2026-%02d.csv", i+1))
	}
	return keys
}

// stockReports makes the reports, and one object that is none.
func stockReports(ctx context.Context, w *World) error {
	for _, key := range append(reports(), "other/one") {
		if err := w.Moto.Put(ctx, ClientBucket, key, []byte("a report")); err != nil {
			return err
		}
	}
	return nil
}

// wantReports wants the name of each report in the queue, once, and nothing else.
func (w *World) wantReports(ctx context.Context, surprise func(string, ...any)) {
	bodies, err := w.Moto.Messages(ctx, QueueName)
	if slices.Sort(bodies); err != nil || !slices.Equal(bodies, reports()) {
		surprise("the queue has %q (%v), not the names in the bucket", bodies, err)
	}
}

// sparkAndBoto3 is case 2: a join of both accounts' rows, each of which goes to a queue from the executors.
var sparkAndBoto3 = Plan{
	Program:    "spark-and-boto3.py",
	Deliveries: []string{Profile, File, Endpoint, None},
	Chain:      []string{"-client-bucket", ClientBucket},
	Roles:      []string{ClientARN},
	Reads:      true,
	Arguments: func() []string {
		return []string{"--lookup", "s3a://" + JobBucket + "/regions/", "--input", "s3a://" + ClientBucket + "/orders/",
			"--on", "region", "--queue", QueueName}
	},
	Stock: func(ctx context.Context, w *World) error {
		if err := w.writeRows(ctx, JobBucket, "regions/part-0.parquet", regions()); err != nil {
			return err
		}
		return w.writeOrders(ctx)
	},
	Holds: eachMessage,
	Check: func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		bodies, err := w.Moto.Messages(ctx, QueueName)
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
		senders := slices.Sorted(maps.Keys(Pods(journal, ClientARN, "sqs:SendMessage")))
		if w.Delivery == Endpoint && !bothExecutors(senders) {
			surprise("the rows were sent by %q, not by both executors", senders)
		}
		if len(Pods(journal, ClientARN, "s3:GetObject")) == 0 || len(Pods(journal, BaseARN, "s3:GetObject")) == 0 {
			surprise("Spark did not read each bucket as its own role")
		}
	},
}
