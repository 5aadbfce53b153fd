package s3test_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"rolechain/internal/s3test"
	"rolechain/internal/sdktest"
)

// TestBoto3 has the newest boto3 make calls that pass and calls that are refused: it signs in its own way, and it must
// understand each refusal as it does AWS's.
func TestBoto3(t *testing.T) {
	python := sdktest.Python(t)
	r := newRig(t, nil, append(all[:1:1], s3test.Grant{Role: clientRole, Queue: "names", Actions: []string{"sqs:SendMessage", "sqs:GetQueueUrl"}})...)
	r.answers(func(w http.ResponseWriter, in *http.Request) {
		switch {
		case in.Header.Get("X-Amz-Target") == "AmazonSQS.GetQueueUrl":
			io.WriteString(w, `{"QueueUrl":"http://127.0.0.1:5000/123456789012/names"}`)
		case in.Header.Get("X-Amz-Target") != "":
			io.WriteString(w, "{}")
		case in.Method == http.MethodGet:
			io.WriteString(w, "content")
		}
	})
	good := r.session(clientRole)
	secret, token := good, good
	secret.SecretAccessKey, token.SessionToken = "another", "another"
	keys := map[string][]string{}
	for name, key := range map[string]aws.Credentials{"good": good, "job": r.session(jobRole), "secret": secret, "token": token, "nobody": {AccessKeyID: "ASIANOBODY", SecretAccessKey: "s", SessionToken: "t"}} {
		keys[name] = []string{key.AccessKeyID, key.SecretAccessKey, key.SessionToken}
	}
	type params map[string]any
	object := params{"Bucket": "data", "Key": "dir/ä b+c=%"}
	message := params{"QueueUrl": queueURL, "MessageBody": "m"}
	denied := func(account, role, action, resource string) string {
		return fmt.Sprintf("User: arn:aws:sts::%s:assumed-role/%s/pod is not authorized to perform: %s on resource: %s because no identity-based policy allows the %[3]s action", account, role, action, resource)
	}
	const s3Signature = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
	var calls [][]any
	var want []any
	add := func(key, service, operation string, parameters params, status int, code any, words any) {
		calls = append(calls, []any{key, service, operation, parameters})
		want = append(want, []any{float64(status), code, words})
	}
	add("good", "s3", "get_object", object, 200, "content", nil)
	add("good", "s3", "put_object", params{"Bucket": "data", "Key": "k", "Body": "text"}, 200, nil, nil)
	add("good", "sqs", "send_message", message, 200, nil, nil)
	add("good", "sqs", "get_queue_url", params{"QueueName": "names"}, 200, queueURL, nil)
	add("job", "s3", "get_object", object, 403, "AccessDenied", denied("111122223333", "job", "s3:GetObject", `"arn:aws:s3:::data/dir/ä b+c=%"`))
	add("job", "s3", "head_object", object, 403, "403", "Forbidden")
	add("job", "s3", "put_object", params{"Bucket": "data", "Key": "k", "Body": "text"}, 403, "AccessDenied", denied("111122223333", "job", "s3:PutObject", `"arn:aws:s3:::data/k"`))
	add("job", "sqs", "send_message", message, 403, "AccessDenied", denied("111122223333", "job", "sqs:sendmessage", "arn:aws:sqs:eu-west-1:444455556666:names"))
	add("good", "sqs", "receive_message", params{"QueueUrl": queueURL}, 403, "AccessDenied", denied("444455556666", "client", "sqs:receivemessage", "arn:aws:sqs:eu-west-1:444455556666:names"))
	add("secret", "s3", "get_object", object, 403, "SignatureDoesNotMatch", s3Signature)
	add("secret", "sqs", "send_message", message, 403, "SignatureDoesNotMatch", strings.Replace(s3Signature, "your key", "your AWS Secret Access Key", 1)+" Consult the service documentation for details.")
	add("token", "s3", "get_object", object, 400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
	add("token", "sqs", "send_message", message, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	add("nobody", "s3", "get_object", object, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	add("good", "s3", "get_object_acl", object, 501, "NotImplemented", "A header or query you provided implies functionality that is not implemented: GET on the object with ?acl=")
	ask(t, python, r, keys, calls, want)
	if got := r.last(4); got.body != `{"QueueName": "names"}` {
		t.Errorf("the backend was asked last for %+v", got)
	}

	r = newRig(t, nil, all...)
	r.ago = 7 * time.Hour
	key := r.session(clientRole)
	keys["over"] = []string{key.AccessKeyID, key.SecretAccessKey, key.SessionToken}
	ask(t, python, r, keys, [][]any{{"over", "s3", "get_object", object}, {"over", "sqs", "send_message", message}}, []any{
		[]any{400.0, "ExpiredToken", "The provided token has expired."}, []any{403.0, "ExpiredToken", "The security token included in the request is expired"}})
}

// ask has boto3 make calls, and compares what became of them.
func ask(t *testing.T, python string, r *rig, keys map[string][]string, calls [][]any, want []any) {
	t.Helper()
	given, err := json.Marshal(map[string]any{"url": r.url, "keys": keys, "calls": calls})
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), python, "testdata/calls.py")
	run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "PYTHONDONTWRITEBYTECODE=1"}
	var stdout, stderr bytes.Buffer
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(given), &stdout, &stderr
	if err := run.Run(); err != nil {
		t.Fatalf("calls.py: %v\n%s", err, &stderr)
	}
	var got []any
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("calls.py wrote %q: %v", &stdout, err)
	}
	for i, call := range calls {
		if i >= len(got) || !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%v: got %v, want %v", call, got[i:min(i+1, len(got))], want[i])
		}
	}
}
