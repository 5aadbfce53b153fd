package jobs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rolechain/internal/s3test"
)

// grants are what the roles may do on S3 and SQS: the permission policies of examples/iam, and no more. The second client
// role has the same as the first, without a queue.
func grants(root string) ([]s3test.Grant, error) {
	var all []s3test.Grant
	for _, of := range []struct{ role, file, placeholder, bucket, queue string }{
		{BaseARN, "job-role-permissions.json", "JOB_BUCKET", JobBucket, ""},
		{ClientARN, "client-role-permissions.json", "CLIENT_BUCKET", ClientBucket, QueueName},
		{SecondARN, "client-role-permissions.json", "CLIENT_BUCKET", SecondBucket, ""},
	} {
		s3, sqs, err := readPolicy(filepath.Join(root, "examples", "iam", of.file), of.placeholder)
		if err != nil {
			return nil, err
		}
		all = append(all, s3test.Grant{Role: of.role, Bucket: of.bucket, Actions: s3})
		if of.queue != "" {
			all = append(all, s3test.Grant{Role: of.role, Queue: of.queue, Actions: sqs})
		}
	}
	return all, nil
}

// readPolicy returns the actions that a permission policy allows: those of S3 on the bucket with that placeholder, and
// those of SQS.
func readPolicy(path, bucket string) (s3, sqs []string, err error) {
	err = eachAction(path, func(name string, resource any) {
		switch {
		case strings.HasPrefix(name, "s3:") && strings.Contains(fmt.Sprint(resource), ":::"+bucket):
			s3 = append(s3, name)
		case strings.HasPrefix(name, "sqs:"):
			sqs = append(sqs, name)
		}
	})
	return s3, sqs, err
}

// eachAction calls each for every action that a permission policy allows, with the statement's resources.
func eachAction(path string, each func(action string, resource any)) error {
	var policy struct {
		Statement []struct{ Action, Resource any } // each a text, or several
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &policy)
	}
	if err != nil {
		return fmt.Errorf("reading the policy %s: %w", path, err)
	}
	for _, statement := range policy.Statement {
		actions, several := statement.Action.([]any)
		if !several {
			actions = []any{statement.Action}
		}
		for _, action := range actions {
			each(fmt.Sprint(action), statement.Resource)
		}
	}
	return nil
}
