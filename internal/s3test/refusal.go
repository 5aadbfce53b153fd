package s3test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"rolechain/internal/ststest/sigv4"
)

// A refusal is an error as AWS answers it.
type refusal struct {
	status  int
	code    string
	message string
	region  string   // S3 only: where the bucket is
	keys    []string // S3 only: the answer is that of a multi-object delete in which each of these failed
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// asRefusal turns what the layers below say into an answer.
func asRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	var s *sigv4.Error
	if errors.As(err, &s) {
		return &refusal{status: s.Status, code: s.Code, message: s.Message}
	}
	return &refusal{status: http.StatusInternalServerError, code: "InternalError",
		message: "We encountered an internal error. Please try again. (" + err.Error() + ")"}
}

// isRefusal tells a verdict on a request from what is nobody's fault but a connection's.
func isRefusal(err error) bool {
	r := asRefusal(err)
	return r.code != "InternalError" && r.code != incompleteBody
}

const incompleteBody = "IncompleteBody"

// write answers in the format of the service that was asked.
func (r *refusal) write(w http.ResponseWriter, q *request) {
	switch {
	case q.entry.Service != "sqs":
		r.writeS3(w, q)
	case q.sqs != nil && q.sqs.json:
		r.writeJSON(w, q)
	default:
		r.writeQuery(w, q)
	}
}

func respond(w http.ResponseWriter, q *request, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	if q.http.Method == http.MethodHead { // the answer to HEAD says nothing but its status
		body = nil
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	w.Write(body)
}
