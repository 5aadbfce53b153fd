package jobs

import (
	"path/filepath"
	"slices"
	"testing"

	"rolechain/internal/s3test"
)

// What the examples' policies allow reaches the gate: the job execution role reads its own bucket only, and only the
// client role sends to the queue.
func TestGrants(t *testing.T) {
	list, err := grants(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := grants(t.TempDir()); err == nil {
		t.Error("policies that are not there are no error")
	}
	allowed := func(role, bucket, queue, action string) bool {
		return slices.ContainsFunc(list, func(g s3test.Grant) bool {
			return g.Role == role && g.Bucket == bucket && g.Queue == queue && slices.Contains(g.Actions, action)
		})
	}
	for _, c := range []struct {
		role, bucket, queue, action string
		want                        bool
	}{
		{BaseARN, JobBucket, "", "s3:GetObject", true},
		{BaseARN, JobBucket, "", "s3:PutObject", false},
		{BaseARN, ClientBucket, "", "s3:GetObject", false},
		{ClientARN, ClientBucket, "", "s3:PutObject", true},
		{ClientARN, ClientBucket, "", "s3:ListBucketMultipartUploads", false},
		{ClientARN, JobBucket, "", "s3:GetObject", false},
		{ClientARN, "", QueueName, "sqs:SendMessage", true},
		{ClientARN, "", QueueName, "sqs:ReceiveMessage", false},
		{SecondARN, SecondBucket, "", "s3:PutObject", true},
		{SecondARN, "", QueueName, "sqs:SendMessage", false},
	} {
		if got := allowed(c.role, c.bucket, c.queue, c.action); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
