package s3test

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rolechain/internal/ststest/sigv4"
)

const (
	sqsTarget  = "AmazonSQS."
	sqsVersion = "2012-11-05"
)

// sqsOperations has IAM's action for each operation.
var sqsOperations = map[string]string{
	"CreateQueue":                  "sqs:CreateQueue",
	"GetQueueUrl":                  "sqs:GetQueueUrl",
	"GetQueueAttributes":           "sqs:GetQueueAttributes",
	"SendMessage":                  "sqs:SendMessage",
	"SendMessageBatch":             "sqs:SendMessage",
	"ReceiveMessage":               "sqs:ReceiveMessage",
	"DeleteMessage":                "sqs:DeleteMessage",
	"DeleteMessageBatch":           "sqs:DeleteMessage",
	"ChangeMessageVisibility":      "sqs:ChangeMessageVisibility",
	"ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
	"PurgeQueue":                   "sqs:PurgeQueue",
}

// An sqsCall is what a request asks of SQS.
type sqsCall struct {
	json      bool // the JSON protocol; otherwise the query protocol
	operation string
	queue     string // its name
	account   string // its owner, when the request says so
}

// answerSQS checks the signature, then the permission.
func (g *Gate) answerSQS(q *request) (*http.Response, error) {
	q.sqs = &sqsCall{json: q.http.Header.Get("X-Amz-Target") != ""}
	unreadable := q.readSQS()
	q.entry.Queue, q.entry.Action = q.sqs.queue, sqsOperations[q.sqs.operation]
	v := &sigv4.Verifier{Service: "sqs", Region: g.options.Region}
	if err := g.verify(q, v); err != nil {
		return nil, err
	}
	if at := q.place.region; at != "" && at != g.options.Region {
		return nil, refuse(http.StatusForbidden, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
	}
	if unreadable != nil {
		return nil, unreadable
	}
	account := q.sqs.account
	if account == "" {
		account = g.callersAccount(q)
	}
	resource := strings.Join([]string{"arn:aws:sqs", g.options.Region, account, q.sqs.queue}, ":")
	if err := g.permit(q, need{action: q.entry.Action, queue: q.sqs.queue, resource: resource}); err != nil {
		return nil, err
	}
	query := q.http.URL.RawQuery
	if q.sqs.json {
		query = "" // nothing in it was looked at
	}
	response, err := g.forward(q, q.http.URL.EscapedPath(), query)
	if err == nil && (q.sqs.operation == "GetQueueUrl" || q.sqs.operation == "CreateQueue") {
		if err = g.renameQueue(q, response, account); err != nil {
			response.Body.Close()
		}
	}
	return response, err
}

// callersAccount is the account of q's role or user.
func (g *Gate) callersAccount(q *request) string {
	if part := strings.Split(q.entry.Role, ":"); len(part) > 4 {
		return part[4]
	}
	return ""
}

// readSQS finds out what is asked, in either protocol. What could be understood in two ways is refused: the backend
// might take the other.
func (q *request) readSQS() error {
	read := q.readQuery
	if q.sqs.json {
		read = q.readJSON
	}
	params, err := read()
	if err != nil {
		return err
	}
	if sqsOperations[q.sqs.operation] == "" {
		return refuse(http.StatusNotImplemented, "NotImplemented", "The operation is not implemented: %s", q.sqs.operation)
	}
	q.sqs.account = params["QueueOwnerAWSAccountId"]
	name, given := params["QueueName"], params["QueueUrl"]
	byName := q.sqs.operation == "GetQueueUrl" || q.sqs.operation == "CreateQueue"
	path := strings.Trim(q.http.URL.Path, "/")
	switch {
	case byName && (name == "" || given != "" || path != ""):
		return refuse(http.StatusBadRequest, "MissingParameter",
			"The request must contain the parameter QueueName, and be made to the endpoint.")
	case byName:
		q.sqs.queue = name
		return nil
	case given == "" && path == "":
		return refuse(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter QueueUrl.")
	}
	for _, address := range []string{given, path} {
		if address == "" {
			continue
		}
		u, err := url.Parse(address)
		var part []string
		if err == nil {
			part = strings.Split(strings.Trim(u.Path, "/"), "/")
		}
		if len(part) != 2 || part[0] == "" || u.RawQuery != "" || u.Fragment != "" || q.sqs.queue != "" && q.sqs.queue != part[1] {
			q.sqs.queue = ""
			return refuse(http.StatusBadRequest, "InvalidAddress", "The address %s is not valid for this endpoint.", address)
		}
		q.sqs.account, q.sqs.queue = part[0], part[1]
	}
	return nil
}

// readJSON takes the parameters that are text out of the body. Names are compared as they are, as the backend does;
// encoding/json would take them in any case.
func (q *request) readJSON() (map[string]string, error) {
	target := q.http.Header.Get("X-Amz-Target")
	operation, ok := strings.CutPrefix(target, sqsTarget)
	if !ok || q.http.Method != http.MethodPost {
		return nil, refuse(http.StatusBadRequest, "InvalidAction", "The action or operation requested is invalid: %s", target)
	}
	q.sqs.operation = operation
	var values map[string]json.RawMessage
	if err := json.Unmarshal(q.body, &values); err != nil {
		return nil, refuse(http.StatusBadRequest, "SerializationException", "The body is no JSON object")
	}
	params := map[string]string{}
	for name, value := range values {
		var text string
		if json.Unmarshal(value, &text) == nil {
			params[name] = text
		}
	}
	return params, nil
}

// readQuery takes the parameters out of the query and the form.
func (q *request) readQuery() (map[string]string, error) {
	values := url.Values{}
	for name, list := range q.query {
		if !slices.Contains(authParameters, name) {
			values[name] = list
		}
	}
	if len(q.body) > 0 {
		if kind, _, _ := mime.ParseMediaType(q.http.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
			return nil, refuse(http.StatusBadRequest, "MalformedInput", "The body is neither a form nor JSON with X-Amz-Target: %s", kind)
		}
		form, err := url.ParseQuery(string(q.body))
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error")
		}
		for name, list := range form {
			values[name] = append(slices.Clone(values[name]), list...)
		}
	}
	params := map[string]string{}
	for name, list := range values {
		if len(list) > 1 {
			return nil, refuse(http.StatusBadRequest, "MalformedQueryString", "The parameter %s is there twice", name)
		}
		params[name] = list[0]
	}
	q.sqs.operation = params["Action"]
	if params["Action"] == "" {
		return nil, refuse(http.StatusBadRequest, "MissingAction", "The request must contain the parameter Action.")
	}
	if version := params["Version"]; version != sqsVersion {
		return nil, refuse(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", q.sqs.operation, version)
	}
	return params, nil
}
