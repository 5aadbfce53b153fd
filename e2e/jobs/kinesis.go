package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"rolechain/internal/s3test"
)

const (
	streamIn, streamOut = "in", "out"
	shards              = 2
)

// kinesisStream is case 11: structured streaming from Kinesis to Kinesis by a connector. What writes is Kinesis's producer, a
// program of its own in C++, which gets its keys from the JVM and trusts the certificates that it unpacks.
var kinesisStream = Plan{
	Program:      "kinesis-stream.py",
	Folder:       "e2e/jobs/kinesis",
	Deliveries:   []string{Endpoint},
	Sparks:       []string{"3.5"},
	Nightly:      true,
	Jars:         map[string]string{"3.5": "kinesis-3.5"},
	Certificates: "amazon-kinesis-producer-native-binaries/cacerts",
	Chain: []string{"-client-bucket", ClientBucket,
		// moto does not speak CBOR, which the connector's SDK takes by itself.
		"-property", "spark.executorEnv.AWS_CBOR_DISABLE=true", "-property", "spark.kubernetes.driverEnv.AWS_CBOR_DISABLE=true"},
	Roles: []string{ClientARN},
	Reads: true,
	Arguments: func() []string {
		return []string{"--input", streamIn, "--output", streamOut, "--region", Region,
			"--checkpoint", "s3a://" + ClientBucket + "/checkpoint", "--records", fmt.Sprint(len(streamed()))}
	},
	Stock: func(ctx context.Context, w *World) error {
		for _, name := range []string{streamIn, streamOut} {
			if err := w.Moto.kinesis(ctx, "CreateStream", map[string]any{"StreamName": name, "ShardCount": shards}, nil); err != nil {
				return err
			}
		}
		for i, text := range streamed() {
			// A hash key of the first and of the second shard: a quarter and three quarters of 2^128.
			hash := []string{"85070591730234615865843651857942052864", "255211775190703847597530955573826158592"}[i%shards]
			record := map[string]any{"StreamName": streamIn, "Data": []byte(text), "PartitionKey": text, "ExplicitHashKey": hash}
			if err := w.Moto.kinesis(ctx, "PutRecord", record, nil); err != nil {
				return err
			}
		}
		return nil
	},
	Holds: eachRead(),
	Check: func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		got, err := w.Moto.records(ctx, streamOut)
		if err != nil {
			surprise("reading the stream: %v", err)
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, streamed()) { // the producer may send a record twice
			surprise("the stream has %q, not %q", got, streamed())
		}
		for _, action := range []string{"kinesis:GetRecords", "kinesis:PutRecords"} {
			keys := map[string]bool{}
			for _, e := range journal {
				if e.Action == action && Served(e) && e.Status == http.StatusOK && e.Role == ClientARN && isExecutor(e.SessionName) {
					keys[e.KeyID] = true
				}
			}
			if len(keys) < 3 {
				surprise("executors did %s with %d sessions of the client role, not with three", action, len(keys))
			}
		}
	},
}

// eachRead holds one read after the other.
func eachRead() func(s3test.Entry) string {
	n := 0
	return func(e s3test.Entry) string {
		if e.Action != "kinesis:GetRecords" {
			return ""
		}
		n++
		return fmt.Sprint(n)
	}
}

func streamed() (texts []string) {
	for i := range shards * rounds {
		texts = append(texts, fmt.Sprintf("record-%02d", i))
	}
	return texts
}

// kinesis calls an operation of Kinesis.
func (m Moto) kinesis(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	header := http.Header{"X-Amz-Target": {"Kinesis_20131202." + operation}, "Content-Type": {"application/x-amz-json-1.1"}}
	answer, err := m.call(ctx, http.MethodPost, "kinesis", "/", header, body)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// records are all that a stream has.
func (m Moto) records(ctx context.Context, stream string) (texts []string, err error) {
	var list struct{ Shards []struct{ ShardId string } }
	if err := m.kinesis(ctx, "ListShards", map[string]any{"StreamName": stream}, &list); err != nil {
		return nil, err
	}
	for _, shard := range list.Shards {
		var at struct{ ShardIterator string }
		in := map[string]any{"StreamName": stream, "ShardId": shard.ShardId, "ShardIteratorType": "TRIM_HORIZON"}
		if err := m.kinesis(ctx, "GetShardIterator", in, &at); err != nil {
			return nil, err
		}
		var got struct{ Records []struct{ Data []byte } }
		if err := m.kinesis(ctx, "GetRecords", map[string]any{"ShardIterator": at.ShardIterator}, &got); err != nil {
			return nil, err
		}
		for _, r := range got.Records {
			texts = append(texts, string(r.Data))
		}
	}
	return texts, nil
}
