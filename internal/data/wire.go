package data

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ask makes a call of the JSON protocol. target is the operation, "TrentService.Decrypt".
func (p *Probe) ask(ctx context.Context, service, region, target string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var err error
	retries := retryer()
	for try := 1; ; try++ {
		if err = p.askOnce(ctx, service, region, target, in, out); err == nil || try >= retries.MaxAttempts() || !retries.IsErrorRetryable(err) {
			return err
		}
		wait, waitErr := retries.RetryDelay(try, err)
		if waitErr != nil {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

func (p *Probe) askOnce(ctx context.Context, service, region, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	url, err := p.endpoint(ctx, service, region)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	version := "1.1"
	if service == "sqs" {
		version = "1.0"
		r.Header.Set("X-Amzn-Query-Mode", "true") // errors have the codes that IAM's pages and forums name
	}
	r.Header.Set("Content-Type", "application/x-amz-json-"+version)
	r.Header.Set("X-Amz-Target", target)
	keys, err := p.Sign.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
		return err
	}
	response, err := p.Services.HTTP.Do(r)
	if err != nil {
		return &smithyhttp.RequestSendError{Err: err}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body) // the client bounds it
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusOK {
		return json.Unmarshal(data, out)
	}
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}, Err: errorIn(response, data)}
}

// errorIn is the error in an answer: its code may have a namespace before it.
func errorIn(response *http.Response, data []byte) error {
	var told struct {
		Type     string `json:"__type"`
		Message  string
		Lower    string `json:"message"`
		CodeName string `json:"code"`
	}
	_ = json.Unmarshal(data, &told)
	code, _, _ := strings.Cut(response.Header.Get("X-Amzn-Query-Error"), ";")
	if code == "" {
		code = told.Type
	}
	if code == "" {
		code = response.Header.Get("X-Amzn-Errortype")
	}
	code = code[strings.LastIndexByte(code, '#')+1:]
	code, _, _ = strings.Cut(code, ":")
	if code == "" {
		return &smithy.GenericAPIError{Code: "UnknownError", Message: response.Status}
	}
	return &smithy.GenericAPIError{Code: code, Message: told.Message + told.Lower}
}

// endpoint is the URL of a service. The hosts of SQS, KMS and Glue differ from STS's in the service's name alone.
func (p *Probe) endpoint(ctx context.Context, service, region string) (string, error) {
	if url := p.Services.Endpoints[service]; url != "" {
		return url, nil
	}
	dual, no := p.Services.DualStack, false
	found, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sts.EndpointParameters{Region: &region, UseFIPS: &no, UseDualStack: &dual, UseGlobalEndpoint: &no})
	if err != nil {
		return "", fmt.Errorf("the endpoint of %s in %s: %w", service, region, err)
	}
	// In GovCloud every host of SQS is validated, and only those for IPv6 say so.
	if p.Services.FIPS && (service != "sqs" || dual || !strings.HasPrefix(region, "us-gov-")) {
		service += "-fips"
	}
	return "https://" + service + strings.TrimPrefix(found.URI.Host, "sts") + "/", nil
}
