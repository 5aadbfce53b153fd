package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
	"rolechain/internal/ststest/sigv4"
)

// ServiceNames are those of what jobs ask beside S3 and SQS. All of it is the client's account's.
var ServiceNames = []string{"glue." + Region + ".amazonaws.com", "kinesis." + Region + ".amazonaws.com", "s3tables." + Region + ".amazonaws.com"}

// Services checks what comes to these names before moto or a REST catalog answers it, as the gate does for S3: the signature,
// the session, and whether the policy of the examples lets the client role do it.
type Services struct {
	sts     *ststest.Server
	allowed map[string]bool // what the client role may do
	hold    func(s3test.Entry) time.Time
	backend string // base URL of moto
	rest    *rest

	mu      sync.Mutex
	journal []s3test.Entry
}

func newServices(root, backend string, sts *ststest.Server, hold func(s3test.Entry) time.Time) (*Services, error) {
	s := &Services{sts: sts, allowed: map[string]bool{}, hold: hold, backend: backend}
	moto := Moto{URL: backend}
	s.rest = &rest{spaces: map[string]map[string]*table{}, put: func(ctx context.Context, key string, body []byte) error {
		return moto.Put(ctx, ClientBucket, key, body)
	}}
	return s, eachAction(filepath.Join(root, "examples", "iam", "client-role-permissions-services.json"), func(action string, _ any) {
		s.allowed[action] = true
	})
}

// Journal returns all requests, as the gate does; those of a server that is not there are none.
func (s *Services) Journal() []s3test.Entry {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

func (s *Services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	e := s3test.Entry{Time: time.Now().UTC(), Agent: r.UserAgent()}
	e.Service, _, _ = strings.Cut(r.Host, ".")
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	e.Action = e.Service + ":" + operation
	if operation == "" {
		e.Action = restAction(e.Service, r)
	}
	answer, err := s.answer(r, body, &e)
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		e.Status, e.Refused, e.Reason = http.StatusBadRequest, refused.Code, refused.Message
		if operation == "" { // a client of REST goes by the status
			e.Status = http.StatusForbidden
		}
		answer = &http.Response{StatusCode: e.Status, Body: io.NopCloser(bytes.NewReader(refused.json())), Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}}
	} else if err != nil {
		e.Left = r.Context().Err() != nil
		e.Status = http.StatusBadGateway
		answer = &http.Response{StatusCode: e.Status, Body: http.NoBody}
	}
	defer answer.Body.Close()
	s.mu.Lock()
	s.journal = append(s.journal, e)
	s.mu.Unlock()
	if Served(e) {
		select {
		case <-time.After(time.Until(s.hold(e))): // at once where there is no hold
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	if kind := answer.Header.Get("Content-Type"); kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

// answer is moto's, when nothing speaks against it.
func (s *Services) answer(r *http.Request, body []byte, e *s3test.Entry) (*http.Response, error) {
	v := &sigv4.Verifier{Service: e.Service, Region: Region, Key: s.sts.Key}
	id, err := v.Verify(r, body)
	e.KeyID = id
	session, _ := s.sts.Lookup(id)
	e.Role, e.SessionName, e.Expires = session.RoleARN, session.Name, session.Expires
	if wrong := (*sigv4.Error)(nil); errors.As(err, &wrong) {
		if wrong.Cause == sigv4.Expired {
			return nil, &refusal{"ExpiredTokenException", wrong.Message}
		}
		return nil, &refusal{"UnrecognizedClientException", wrong.Message}
	}
	if err == nil && (e.Role != ClientARN || !s.allowed[e.Action]) {
		err = &refusal{"AccessDeniedException", "User: " + session.ARN + " is not authorized to perform: " + e.Action +
			" because no identity-based policy allows the " + e.Action + " action"}
	}
	if err != nil {
		return nil, err
	}
	if r.Header.Get("X-Amz-Target") == "" {
		response, err := s.rest.answer(r, body, e.Service, e.Action)
		if err == nil {
			e.Status = response.StatusCode
		}
		return response, err
	}
	request, err := http.NewRequestWithContext(r.Context(), r.Method, s.backend+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Host = r.Host
	for _, name := range []string{"Content-Type", "X-Amz-Target"} {
		request.Header.Set(name, r.Header.Get(name))
	}
	request.Header.Set("Authorization", unsigned(e.Service))
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		e.Status = response.StatusCode
	}
	return response, err
}

// A refusal is an error of a service whose protocol is JSON.
type refusal struct {
	Code    string `json:"__type"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

func (r *refusal) json() []byte {
	text, _ := json.Marshal(r) // two texts: cannot fail
	return text
}
