package ststest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Success is the Outcome of a call that was answered.
const Success = "ok"

// An Entry is one request in the journal. It holds no secret: no key, no token, no external id, no signature.
type Entry struct {
	Time        time.Time `json:"time"`
	RequestID   string    `json:"request_id"`
	Action      string    `json:"action"`
	CallerKeyID string    `json:"caller_key_id,omitempty"` // access key id of the signature; empty when there was none
	Caller      string    `json:"caller,omitempty"`        // ARN of the role or user that it belongs to
	UserAgent   string    `json:"user_agent"`

	Role            string            `json:"role,omitempty"` // what was asked for
	SessionName     string            `json:"session_name,omitempty"`
	DurationSeconds string            `json:"duration_seconds,omitempty"` // as sent; empty when it was not
	Tags            map[string]string `json:"tags,omitempty"`             // of the request, or of the session once there is one
	TransitiveTags  []string          `json:"transitive_tags,omitempty"`
	SourceIdentity  string            `json:"source_identity,omitempty"`
	ExternalID      bool              `json:"external_id"`       // whether one was given
	SessionPolicy   bool              `json:"session_policy"`    // whether one was given, inline or as ARN
	Subject         string            `json:"subject,omitempty"` // web identity at the head of the chain

	Outcome string    `json:"outcome"`           // Success, AWS's error code, or the Kind of a fault that gave no answer
	Message string    `json:"message,omitempty"` // AWS's words
	Status  int       `json:"status,omitempty"`  // HTTP status; 0 when there was no answer
	Fault   FaultKind `json:"fault,omitempty"`   // the scripted fault that was in force

	IssuedKeyID string     `json:"issued_key_id,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"` // of the issued key
	Depth       int        `json:"depth,omitempty"`   // of the issued key, as in Session
}

// Journal returns every request so far, in the order in which they were answered.
func (s *Server) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

func (s *Server) record(e *Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = append(s.journal, *e)
}

// describe notes what was asked for.
func (q *request) describe() {
	e, p := q.entry, q.params
	e.Action, e.Role, e.SessionName = p["Action"], p["RoleArn"], p["RoleSessionName"]
	e.DurationSeconds, e.SourceIdentity = p["DurationSeconds"], p["SourceIdentity"]
	e.ExternalID = p["ExternalId"] != ""
	for name := range p {
		e.SessionPolicy = e.SessionPolicy || name == "Policy" || strings.HasPrefix(name, "PolicyArns.")
	}
	for _, tag := range q.tags() {
		if e.Tags == nil {
			e.Tags = map[string]string{}
		}
		e.Tags[tag.key] = tag.value
	}
	e.TransitiveTags = q.transitive()
}

// handedOut notes the key that was issued.
func (e *Entry) handedOut(session Session) {
	expires := session.Expires
	e.SessionName, e.Subject = session.Name, session.Subject
	e.Tags, e.TransitiveTags = maps.Clone(session.Tags), slices.Clone(session.TransitiveTags)
	e.SourceIdentity = session.SourceIdentity
	e.IssuedKeyID, e.Expires, e.Depth = session.AccessKeyID, &expires, session.Depth
}
