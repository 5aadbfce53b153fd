package data

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"rolechain/internal/refusal"
	"rolechain/internal/settings"
)

// A Queue is a queue of SQS.
type Queue struct{ Region, Account, Name, URL string }

func (q Queue) String() string {
	return fmt.Sprintf("queue %s of account %s in %s", q.Name, q.Account, q.Region)
}

// ParseQueue reads a queue's URL or ARN. A URL that does not tell the region is one of the pod's region.
func ParseQueue(text string) (Queue, error) {
	wrong := fmt.Errorf("%q is not a queue: give its URL (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME) or its ARN (arn:aws:sqs:REGION:ACCOUNT:NAME)", text)
	if strings.HasPrefix(text, "arn:") {
		part := strings.Split(text, ":")
		if len(part) != 6 || part[2] != "sqs" || part[3] == "" || !isAccount(part[4]) || part[5] == "" {
			return Queue{}, wrong
		}
		host := "sqs." + part[3] + "." + settings.Domain(text)
		return Queue{Region: part[3], Account: part[4], Name: part[5], URL: "https://" + host + "/" + part[4] + "/" + part[5]}, nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return Queue{}, wrong
	}
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(path) != 2 || !isAccount(path[0]) || path[1] == "" {
		return Queue{}, wrong
	}
	return Queue{Region: regionOf(u.Hostname()), Account: path[0], Name: path[1], URL: text}, nil
}

// regionOf is the region in the name of a host of SQS: sqs.REGION.…, REGION.queue.…, vpce-….sqs.REGION.vpce.…; queue.amazonaws.com
// is us-east-1's.
func regionOf(host string) string {
	label := strings.Split(host, ".")
	for i, l := range label {
		switch {
		case (l == "sqs" || l == "sqs-fips") && i+1 < len(label) && strings.Count(label[i+1], "-") > 1:
			return label[i+1]
		case l == "queue" && i == 1:
			return label[0]
		case l == "queue" && i == 0 && host == "queue.amazonaws.com":
			return "us-east-1"
		}
	}
	return ""
}

func isAccount(text string) bool { return len(text) == 12 && strings.Trim(text, "0123456789") == "" }

// Queue asks for a queue's attributes. It sends and receives nothing: a message that is received is hidden from others, and
// one that is sent has a reader.
func (p *Probe) Queue(ctx context.Context, q Queue) {
	own := p.region()
	if q.Region == "" {
		q.Region = own
	}
	l := Line{Step: "queue", Target: q.String()}
	c := refusal.Call{
		Role: p.Role, Action: "sqs:GetQueueAttributes", Service: "sqs", Owner: q.Account, Attached: "the policy of queue " + q.Name,
		Resources: []string{strings.Join([]string{"arn", partition(p.Role), "sqs", q.Region, q.Account, q.Name}, ":")},
	}
	var out struct{ Attributes map[string]string }
	err := p.ask(ctx, "sqs", q.Region, "AmazonSQS.GetQueueAttributes", map[string]any{"QueueUrl": q.URL, "AttributeNames": []string{"All"}}, &out)
	if err != nil {
		hint := ""
		if a := answerOf(err); strings.Contains(a.code, "NonExistentQueue") || strings.Contains(a.code, "QueueDoesNotExist") {
			hint = fmt.Sprintf("there is no queue %s in account %s in %s, or it was made in another region; SQS answers the same to an account that the queue's policy does not let in", q.Name, q.Account, q.Region)
		}
		p.fail(l, err, c, hint)
		return
	}
	l.Text = "its attributes can be read"
	if q.Region != own {
		l.Text += fmt.Sprintf("; the pod's region is %s: a client must be made for %s, or it does not find the queue", own, q.Region)
	}
	if q.Account != settings.Account(p.Role) {
		l.Text += fmt.Sprintf("; it is another account's than the role's, %s: by its name alone it is not found, GetQueueUrl needs QueueOwnerAWSAccountId", settings.Account(p.Role))
	}
	key := out.Attributes["KmsMasterKeyId"]
	if key == "" {
		p.Say(l)
		return
	}
	l.Text += ", encrypted with " + key
	p.Say(l)
	p.queueKey(l.Target, q, key)
}

// queueKey checks that other accounts can use the key that encrypts a queue.
func (p *Probe) queueKey(target string, q Queue, key string) {
	l := Line{Step: "queue key", Target: target, Text: key}
	if key != "alias/aws/sqs" || q.Account == settings.Account(p.Role) {
		l.Skipped, l.Text = true, key+": -kms-key tries it"
		p.Say(l)
		return
	}
	p.wrong(l, "it is encrypted with the default key of its account, aws/sqs, which no other account can use",
		"nobody can change the policy of that key: set a key of the queue's account (KmsMasterKeyId), or SSE-SQS (SqsManagedSseEnabled)")
}
