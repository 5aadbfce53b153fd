package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A Moto is the server that has the buckets and the queue. It takes anything from anybody, which is what the gate is there
// for; the suite talks to it past the gate.
type Moto struct {
	URL string // on the loopback interface of the run's own namespace
	End func()
}

// startMoto starts it and waits until it answers.
func startMoto(ctx context.Context, build, work string, port int) (Moto, error) {
	log, err := os.Create(filepath.Join(work, "moto.log"))
	if err != nil {
		return Moto{}, err
	}
	defer log.Close()
	const host = "127.0.0.1"
	cmd := exec.CommandContext(ctx, filepath.Join(build, "aws", "venv", "bin", "moto_server"), "-H", host, "-p", fmt.Sprint(port))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return Moto{}, fmt.Errorf("starting moto: %w", err)
	}
	m := Moto{URL: fmt.Sprintf("http://%s:%d", host, port), End: func() { cmd.Process.Kill(); cmd.Wait() }}
	return m, Await(ctx, "moto", func() error {
		response, err := http.Get(m.URL + "/moto-api/")
		if err == nil {
			response.Body.Close()
		}
		return err
	})
}

// Await asks until there is no error any more.
func Await(ctx context.Context, who string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", who, errors.Join(err, ctx.Err()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// call sends a request to one of its services.
func (m Moto) call(ctx context.Context, method, service, path string, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, m.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		request.Header = header
	}
	request.Header.Set("Authorization", unsigned(service))
	request.Host = service + "." + Region + ".amazonaws.com"
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking moto: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("moto: %s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer, err
}

// unsigned is a signature for moto, which takes the service from it and looks at nothing else of it.
func unsigned(service string) string {
	return "AWS4-HMAC-SHA256 Credential=any/20260101/" + Region + "/" + service + "/aws4_request, SignedHeaders=host, Signature=any"
}

func (m Moto) MakeBucket(ctx context.Context, bucket string) error {
	_, err := m.call(ctx, http.MethodPut, "s3", "/"+bucket, nil, nil)
	return err
}

func (m Moto) Put(ctx context.Context, bucket, key string, body []byte) error {
	_, err := m.call(ctx, http.MethodPut, "s3", "/"+bucket+"/"+(&url.URL{Path: key}).EscapedPath(), nil, body)
	return err
}

func (m Moto) Get(ctx context.Context, bucket, key string) ([]byte, error) {
	return m.call(ctx, http.MethodGet, "s3", "/"+bucket+"/"+(&url.URL{Path: key}).EscapedPath(), nil, nil)
}

// Keys lists a bucket's below a prefix. There are never more than fit into one answer.
func (m Moto) Keys(ctx context.Context, bucket, prefix string) ([]string, error) {
	answer, err := m.call(ctx, http.MethodGet, "s3", "/"+bucket+"?list-type=2&prefix="+url.QueryEscape(prefix), nil, nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		IsTruncated bool
		Contents    []struct{ Key string }
	}
	if err := xml.Unmarshal(answer, &list); err != nil || list.IsTruncated {
		return nil, errors.Join(err, fmt.Errorf("listing s3://%s/%s: truncated is %v", bucket, prefix, list.IsTruncated))
	}
	var keys []string
	for _, c := range list.Contents {
		keys = append(keys, c.Key)
	}
	return keys, nil
}

// sqs calls an operation of SQS.
func (m Moto) sqs(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	header := http.Header{"X-Amz-Target": {"AmazonSQS." + operation}, "Content-Type": {"application/x-amz-json-1.0"}}
	answer, err := m.call(ctx, http.MethodPost, "sqs", "/", header, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

func (m Moto) MakeQueue(ctx context.Context, name string) error {
	return m.sqs(ctx, "CreateQueue", map[string]string{"QueueName": name}, &struct{}{})
}

// Messages takes every message out of a queue.
func (m Moto) Messages(ctx context.Context, name string) ([]string, error) {
	var queue struct{ QueueUrl string }
	if err := m.sqs(ctx, "GetQueueUrl", map[string]string{"QueueName": name}, &queue); err != nil {
		return nil, err
	}
	var bodies []string
	for {
		var got struct{ Messages []struct{ Body string } }
		in := map[string]any{"QueueUrl": queue.QueueUrl, "MaxNumberOfMessages": 10, "VisibilityTimeout": 43200}
		if err := m.sqs(ctx, "ReceiveMessage", in, &got); err != nil || len(got.Messages) == 0 {
			return bodies, err
		}
		for _, message := range got.Messages {
			bodies = append(bodies, message.Body)
		}
	}
}
