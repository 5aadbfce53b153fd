package ststest_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/ststest"
)

// call sends a form as a client without an SDK would, and returns the status, the headers and the answer.
func call(t *testing.T, method, uri, kind, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

const formKind = "application/x-www-form-urlencoded"

// shape matches an answer whose variable parts are written as $…; XML's own characters stand for themselves.
func shape(t *testing.T, want, got string) {
	t.Helper()
	pattern := regexp.QuoteMeta(want)
	for name, part := range map[string]string{
		"ID": `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`, "ROLE": `AROA[A-Z2-7]{17}`, "KEY": `ASIA[A-Z2-7]{16}`,
		"SECRET": `[A-Za-z0-9+/]{40}`, "TOKEN": `IQoJb3JpZ2luX2Vj[A-Za-z0-9+/]{360,400}`, "TIME": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
	} {
		pattern = strings.ReplaceAll(pattern, `\$`+name, part)
	}
	if !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
		t.Errorf("answer:\n%s\nwant:\n%s", got, want)
	}
}

func TestAnswersAreXMLAsAWSWritesIt(t *testing.T) {
	server := start(t, nil)
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {jobRole}, "RoleSessionName": {"pod"}, "WebIdentityToken": {server.Token(subject)}}
	const success = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>` + subject + `</SubjectFromWebIdentityToken>
    <Audience>sts.amazonaws.com</Audience>
    <AssumedRoleUser>
      <AssumedRoleId>$ROLE:pod</AssumedRoleId>
      <Arn>arn:aws:sts::111122223333:assumed-role/job-execution-role/pod</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>$KEY</AccessKeyId>
      <SecretAccessKey>$SECRET</SecretAccessKey>
      <SessionToken>$TOKEN</SessionToken>
      <Expiration>$TIME</Expiration>
    </Credentials>
    <Provider>arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE</Provider>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata>
    <RequestId>$ID</RequestId>
  </ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
`
	status, header, got := call(t, "POST", server.URL, formKind+"; charset=utf-8", form.Encode())
	shape(t, success, got)
	if status != 200 || header.Get("Content-Type") != "text/xml" || !strings.Contains(got, header.Get("x-amzn-RequestId")) || header.Get("x-amzn-RequestId") == "" {
		t.Errorf("%d %v", status, header)
	}
	_, _, got = call(t, "GET", server.URL+"/?"+form.Encode(), "", "")
	shape(t, success, got)

	const failure = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>$TYPE</Type>
    <Code>$CODE</Code>
    <Message>$WORDS</Message>
  </Error>
  <RequestId>$ID</RequestId>
</ErrorResponse>
`
	for _, c := range []struct {
		name, method, query, kind, body string
		status                          int
		code, words                     string
		fault                           ststest.FaultKind
	}{
		{name: "not signed", body: "Action=AssumeRole&Version=2011-06-15", status: 403, code: "MissingAuthenticationToken", words: "Request is missing Authentication Token"},
		{name: "unknown action", body: "Action=AssumeRoll&Version=2011-06-15", status: 400, code: "InvalidAction", words: "Could not find operation AssumeRoll for version 2011-06-15"},
		{name: "other version", body: "Action=AssumeRole&Version=2010-05-08", status: 400, code: "InvalidAction", words: "Could not find operation AssumeRole for version 2010-05-08"},
		{name: "no version", body: "Action=AssumeRole", status: 400, code: "InvalidAction", words: "Could not find operation AssumeRole for version NO_VERSION_SPECIFIED"},
		{name: "action twice", query: "?Action=AssumeRoll", body: "Action=AssumeRole&Version=2011-06-15", status: 400, code: "InvalidAction", words: "Could not find operation AssumeRoll for version 2011-06-15"},
		{name: "no action", status: 400, code: "MissingAction", words: "Missing Action"},
		{name: "JSON", kind: "application/json", body: `{"Action":"AssumeRole"}`, status: 400, code: "MissingAction", words: "Missing Action"},
		{name: "PUT", method: "PUT", body: "Action=AssumeRole&Version=2011-06-15", status: 405, code: "UnsupportedHttpVerb", words: "The requested HTTP verb is not supported: PUT"},
		{name: "bad form", body: "Action=%zz", status: 400, code: "MalformedQueryString", words: "The query string contains a syntax error"},
		{name: "large", body: strings.Repeat("a", 1<<18+1), status: 413, code: "RequestEntityTooLarge", words: "Request body is larger than 262144 bytes"},
		{name: "null", body: "Action=AssumeRoleWithWebIdentity&Version=2011-06-15", status: 400, code: "ValidationError",
			words: "2 validation errors detected: Value null at &#39;roleArn&#39; failed to satisfy constraint: Member must not be null; Value null at &#39;roleSessionName&#39; failed to satisfy constraint: Member must not be null"},
		{name: "fault", fault: ststest.ServiceUnavailable, body: "Action=GetCallerIdentity&Version=2011-06-15", status: 503, code: "ServiceUnavailable", words: "Service is unable to handle request."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.fault != "" {
				inject(t, server, ststest.Fault{Kind: c.fault, Times: 1})
			}
			if c.method == "" {
				c.method = "POST"
			}
			if c.kind == "" {
				c.kind = formKind
			}
			kind := "Sender"
			if c.status >= 500 {
				kind = "Receiver"
			}
			status, _, got := call(t, c.method, server.URL+"/"+c.query, c.kind, c.body)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			shape(t, strings.NewReplacer("$TYPE", kind, "$CODE", c.code, "$WORDS", c.words).Replace(failure), got)
		})
	}
	if status, _, _ := call(t, "GET", server.URL+"/elsewhere", "", ""); status != 404 {
		t.Errorf("another path: %d", status)
	}
}

// TestPresignedCallerIdentity is how a client proves who it is to somebody else (EKS, Vault): by a presigned GET.
func TestPresignedCallerIdentity(t *testing.T) {
	server := start(t, nil)
	signed, err := sts.NewPresignClient(client(server, alice())).PresignGetCallerIdentity(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	status, _, got := call(t, signed.Method, signed.URL, "", "")
	if status != 200 || !strings.Contains(got, "<Arn>arn:aws:iam::111122223333:user/alice</Arn>") {
		t.Errorf("%d %s", status, got)
	}
	if status, _, got = call(t, signed.Method, signed.URL+"0", "", ""); status != 403 || !strings.Contains(got, "SignatureDoesNotMatch") {
		t.Errorf("spoiled: %d %s", status, got)
	}
	info, err := client(server, alice()).GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String(userKey)})
	if err != nil || *info.Account != "111122223333" {
		t.Errorf("GetAccessKeyInfo = %+v, %v", info, err)
	}
}
