package s3test_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"rolechain/internal/s3test"
)

const (
	sqsHost  = "http://sqs.eu-west-1.amazonaws.com"
	queueURL = "https://sqs.eu-west-1.amazonaws.com/444455556666/names"
)

// sendJSON is a call in the JSON protocol, to the endpoint, as botocore and Java v2 make it now.
func sendJSON(operation, body string) call {
	return call{method: "POST", url: sqsHost + "/", service: "sqs", body: body, headers: []string{
		"Content-Type", "application/x-amz-json-1.0", "X-Amz-Target", "AmazonSQS." + operation}}
}

// sendForm is one in the query protocol, to the queue's own URL, as botocore made it before.
func sendForm(path, body string) call {
	return call{method: "POST", url: sqsHost + path, service: "sqs", body: body, headers: []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}
}

func TestSQSPasses(t *testing.T) {
	r := newRig(t, nil, all...)
	named, form := `{"QueueUrl":"`+queueURL+`","MessageBody":"m"}`, "Action=SendMessage&Version=2012-11-05&MessageBody=m"
	for i, c := range []struct {
		call
		action string
	}{
		{sendJSON("SendMessage", named), "sqs:SendMessage"},
		{sendJSON("SendMessageBatch", named), "sqs:SendMessage"},
		{sendJSON("ReceiveMessage", named), "sqs:ReceiveMessage"},
		{sendJSON("DeleteMessage", named), "sqs:DeleteMessage"},
		{sendJSON("GetQueueAttributes", named), "sqs:GetQueueAttributes"},
		{sendJSON("PurgeQueue", named), "sqs:PurgeQueue"},
		{sendForm("/444455556666/names", form), "sqs:SendMessage"},
		{sendForm("/", form+"&QueueUrl=http%3A%2F%2F127.0.0.1%3A5000%2F123456789012%2Fnames"), "sqs:SendMessage"},
		{call{url: sqsHost + "/444455556666/names?Action=SendMessage&MessageBody=m&Version=2012-11-05", service: "sqs"}, "sqs:SendMessage"},
	} {
		_, body, e := r.do(c.call)
		if body != "stored" || e.Refused != "" || e.Service != "sqs" || e.Action != c.action || e.Queue != "names" || e.Role != clientRole {
			t.Errorf("%s %s: %s %+v", c.url, c.body, body, e)
		}
		got := r.last(i + 1)
		if got.body != c.body || sqsHost+got.target != c.url || got.header.Get("X-Amz-Security-Token") != "" || !strings.Contains(got.header.Get("Authorization"), "/eu-west-1/sqs/") {
			t.Errorf("the backend got %+v", got)
		}
	}
	for _, host := range []string{"http://eu-west-1.queue.amazonaws.com", r.url} {
		c := sendJSON("SendMessage", named)
		c.url = host + "/"
		if _, _, e := r.do(c); e.Refused != "" || e.Queue != "names" {
			t.Errorf("%s: %+v", host, e)
		}
	}
}

// TestQueueURL: the backend's own address never reaches a client.
func TestQueueURL(t *testing.T) {
	r := newRig(t, nil, all...)
	for _, c := range []struct {
		call
		backend, want string
	}{
		{sendJSON("GetQueueUrl", `{"QueueName":"names"}`), `{"QueueUrl":"http://127.0.0.1:5000/123456789012/names"}`, `{"QueueUrl":"` + queueURL + `"}`},
		{sendJSON("GetQueueUrl", `{"QueueName":"names","QueueOwnerAWSAccountId":"111122223333"}`), `{"QueueUrl":"x"}`, `{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/names"}`},
		{sendJSON("CreateQueue", `{"QueueName":"names","Attributes":{}}`), `{"QueueUrl":"x"}`, `{"QueueUrl":"` + queueURL + `"}`},
		{sendForm("/", "Action=GetQueueUrl&Version=2012-11-05&QueueName=names"), "<R><QueueUrl>x</QueueUrl></R>", "<R><QueueUrl>" + queueURL + "</QueueUrl></R>"},
	} {
		r.answers(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.backend) })
		response, body, e := r.do(c.call)
		if body != c.want || e.Queue != "names" || response.ContentLength != int64(len(c.want)) {
			t.Errorf("%s: %s %+v", c.body, body, e)
		}
	}
	r.answers(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}<QueueUrl>") })
	if _, body, e := r.do(sendForm("/", "Action=GetQueueUrl&Version=2012-11-05&QueueName=names")); e.Status != 500 || strings.Contains(body, "{}") {
		t.Errorf("an answer that cannot be read: %s %+v", body, e)
	}
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		io.WriteString(w, "QueueDoesNotExist")
	})
	if _, body, e := r.do(sendJSON("GetQueueUrl", `{"QueueName":"names"}`)); body != "QueueDoesNotExist" || e.Status != 400 || e.Refused != "" {
		t.Errorf("the backend's refusal: %s %+v", body, e)
	}
}

// TestSQSRefusals: each one in both protocols, in the format of each.
func TestSQSRefusals(t *testing.T) {
	const denied = "User: arn:aws:sts::444455556666:assumed-role/client/pod is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:444455556666:other because no identity-based policy allows the sqs:sendmessage action"
	key := func(c *call, spoil func(*aws.Credentials)) { spoil(&c.key) }
	for _, c := range []struct {
		name   string
		queue  string // empty: names
		change func(*call)
		late   time.Duration
		status int
		code   string
		kind   string // of the JSON protocol; empty: as code
		words  string
	}{
		{name: "role", queue: "other", status: 403, code: "AccessDenied", kind: "AccessDeniedException", words: denied},
		{name: "no signature", change: func(c *call) {
			c.spoil = func(r *http.Request) { r.Header.Del("Authorization") }
		}, status: 403, code: "MissingAuthenticationToken"},
		{name: "signature", change: func(c *call) {
			c.spoil = func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")+"0") }
		}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "body", change: func(c *call) {
			c.spoil = func(r *http.Request) { setBody(r, strings.Replace(c.body, "MessageBody", "MessageBodY", 1)) }
		}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "region", change: func(c *call) { c.region = "us-east-1" }, status: 403, code: "SignatureDoesNotMatch", words: "valid region"},
		{name: "region of the host", change: func(c *call) { c.url = strings.Replace(c.url, "eu-west-1", "us-east-1", 1) }, status: 403, code: "SignatureDoesNotMatch", words: "valid region"},
		{name: "service", change: func(c *call) { c.service = "s3" }, status: 403, code: "SignatureDoesNotMatch", words: "correct service: 'sqs'"},
		{name: "session is over", late: 7 * time.Hour, status: 403, code: "ExpiredToken", words: "The security token included in the request is expired"},
		{name: "token", change: func(c *call) { key(c, func(k *aws.Credentials) { k.SessionToken = "another" }) }, status: 403, code: "InvalidClientTokenId"},
		{name: "unknown key", change: func(c *call) { key(c, func(k *aws.Credentials) { k.AccessKeyID = "ASIANOBODY" }) }, status: 403, code: "InvalidClientTokenId"},
	} {
		for _, protocol := range []string{"json", "form"} {
			t.Run(c.name+", "+protocol, func(t *testing.T) {
				r := newRig(t, nil, all...)
				ask := sendJSON("SendMessage", `{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/444455556666/`+or(c.queue, "names")+`","MessageBody":"m"}`)
				if protocol == "form" {
					ask = sendForm("/444455556666/"+or(c.queue, "names"), "Action=SendMessage&Version=2012-11-05&MessageBody=m")
				}
				ask.key = r.session(clientRole)
				r.late = c.late
				if c.change != nil {
					c.change(&ask)
				}
				response, body, e := r.do(ask)
				if response.StatusCode != c.status || e.Refused != c.code || !strings.Contains(e.Reason, c.words) || e.Action != "sqs:SendMessage" || e.Queue != or(c.queue, "names") {
					t.Errorf("%+v", e)
				}
				want, other := `{"__type":"com.amazonaws.sqs#`+or(c.kind, c.code)+`","message":"`, c.code+";Sender"
				if protocol == "form" {
					want, other = "<Type>Sender</Type><Code>"+c.code+"</Code><Message>", ""
				}
				if !strings.Contains(body, want) || response.Header.Get("X-Amzn-Query-Error") != other {
					t.Errorf("answer: %v %s", response.Header, body)
				}
				r.last(0)
			})
		}
	}
}

// TestSQSDoubtful: what could be read in two ways, or not at all, does not reach the backend.
func TestSQSDoubtful(t *testing.T) {
	const send = "Action=SendMessage&Version=2012-11-05&MessageBody=m"
	r := newRig(t, nil, all...)
	other := sendJSON("SendMessage", `{"QueueUrl":"`+queueURL+`"}`)
	other.url = sqsHost + "/444455556666/other"
	text := sendForm("/444455556666/names", send)
	text.headers[1] = "text/plain"
	target := sendJSON("SendMessage", "{}")
	target.headers[3] = "AmazonSNS.Publish"
	for _, c := range []struct {
		call
		code string
	}{
		{sendJSON("ListQueues", "{}"), "NotImplemented"},
		{sendJSON("SetQueueAttributes", `{"QueueUrl":"`+queueURL+`"}`), "NotImplemented"},
		{sendForm("/444455556666/names", "Action=DeleteQueue&Version=2012-11-05"), "NotImplemented"},
		{target, "InvalidAction"},
		{sendJSON("SendMessage", "[]"), "SerializationException"},
		{sendJSON("SendMessage", "{}"), "MissingParameter"},
		{sendJSON("SendMessage", `{"queueurl":"`+queueURL+`"}`), "MissingParameter"},
		{sendJSON("SendMessage", `{"QueueUrl":"names"}`), "InvalidAddress"},
		{sendJSON("SendMessage", `{"QueueUrl":"`+queueURL+`?x"}`), "InvalidAddress"},
		{sendJSON("GetQueueUrl", `{"QueueUrl":"`+queueURL+`"}`), "MissingParameter"},
		{other, "InvalidAddress"},
		{sendForm("/444455556666/names", send+"&QueueUrl=http%3A%2F%2Fa%2F1%2Fother"), "InvalidAddress"},
		{sendForm("/444455556666/names", send+"&Action=PurgeQueue"), "MalformedQueryString"},
		{sendForm("/444455556666/names?Action=PurgeQueue", send), "MalformedQueryString"},
		{sendForm("/444455556666/names", "Action=SendMessage"), "InvalidAction"},
		{sendForm("/444455556666/names", "a=b"), "MissingAction"},
		{text, "MalformedInput"},
	} {
		if _, _, e := r.do(c.call); e.Refused != c.code || e.Role != clientRole {
			t.Errorf("%s %s: %+v", c.url, c.body, e)
		}
	}
	r.last(0)
}

// TestSQSActions: sending is not reading.
func TestSQSActions(t *testing.T) {
	r := newRig(t, nil, s3test.Grant{Role: clientRole, Queue: "names", Actions: []string{"sqs:SendMessage"}}, s3test.Grant{Role: clientRole, Bucket: "*", Actions: []string{"s3:*"}})
	body := `{"QueueUrl":"` + queueURL + `"}`
	for operation, refused := range map[string]string{"SendMessage": "", "SendMessageBatch": "", "ReceiveMessage": "AccessDenied", "PurgeQueue": "AccessDenied"} {
		if _, _, e := r.do(sendJSON(operation, body)); e.Refused != refused {
			t.Errorf("%s: %+v", operation, e)
		}
	}
}
