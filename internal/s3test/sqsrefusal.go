package s3test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
)

type xmlSQSError struct {
	XMLName   xml.Name `xml:"http://queue.amazonaws.com/doc/2012-11-05/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	Detail    string   `xml:"Error>Detail"`
	RequestID string   `xml:"RequestId"`
}

func (r *refusal) writeQuery(w http.ResponseWriter, q *request) {
	body, err := xml.Marshal(xmlSQSError{Type: r.fault(), Code: r.code, Message: r.message, RequestID: q.id})
	if err != nil {
		panic(err) // our own struct: cannot fail
	}
	w.Header().Set("X-Amzn-Requestid", q.id)
	respond(w, q, r.status, "text/xml", append([]byte("<?xml version=\"1.0\"?>\n"), body...))
}

// writeJSON names the error twice, as SQS does: in the body as the JSON protocol has it, and in a header as clients of
// the query protocol knew it.
func (r *refusal) writeJSON(w http.ResponseWriter, q *request) {
	kind := r.code
	switch kind {
	case "AccessDenied":
		kind = "AccessDeniedException"
	case "AWS.SimpleQueueService.NonExistentQueue":
		kind = "QueueDoesNotExist"
	}
	body, err := json.Marshal(map[string]string{"__type": "com.amazonaws.sqs#" + kind, "message": r.message})
	if err != nil {
		panic(err) // two texts: cannot fail
	}
	w.Header().Set("X-Amzn-Requestid", q.id)
	w.Header().Set("X-Amzn-Query-Error", r.code+";"+r.fault())
	respond(w, q, r.status, "application/x-amz-json-1.0", body)
}

// fault is whose fault it was.
func (r *refusal) fault() string {
	if r.status >= 500 {
		return "Receiver"
	}
	return "Sender"
}
