package ststest

import (
	"net/http"
	"time"
)

// chainLimit is AWS's cap on a session that was asked for with another role's session.
const chainLimit = time.Hour

func (s *Server) assumeRole(q *request) (any, error) {
	c, err := s.authenticate(q)
	if err != nil {
		return nil, err
	}
	if c.session != nil {
		q.entry.Subject = c.session.Subject
	}
	in, err := q.assumption()
	if err != nil {
		return nil, err
	}
	role, exists := s.options.role(in.role)
	if !exists {
		role = Role{ARN: in.role}
	}
	keys := q.keys(c)
	if err := authorize(c, assumeRole, role, exists, keys); err != nil {
		return nil, err
	}
	next := Session{Depth: 1, CallerKeyID: c.keyID}
	if c.session != nil {
		next.Depth, next.Subject = c.session.Depth+1, c.session.Subject
	}
	if next.Tags, next.TransitiveTags, err = mergeTags(c.session, q.tags(), q.transitive()); err != nil {
		return nil, err
	}
	if len(next.Tags) > 0 {
		if err := authorize(c, tagSession, role, exists, keys); err != nil {
			return nil, err
		}
	}
	if next.SourceIdentity, err = sourceIdentity(c, role, q.params["SourceIdentity"], keys); err != nil {
		return nil, err
	}
	if c.session != nil && in.duration > chainLimit {
		return nil, refuse(http.StatusBadRequest, "ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	if in.duration > role.maxSession() {
		return nil, tooLong()
	}
	packed, err := packedSize(q.params["Policy"], q.policyARNs(), next.Tags)
	if err != nil {
		return nil, err
	}
	session, credentials := s.issue(role, next, in.name, q.now, in.duration, q.fault)
	q.entry.handedOut(session)
	return xmlAssumeRole{
		Credentials:      onWire(credentials),
		User:             xmlAssumedRole{session.UserID, session.ARN},
		PackedPolicySize: packed,
		SourceIdentity:   session.SourceIdentity,
		xmlMetadata:      xmlMetadata{q.id},
	}, nil
}

func tooLong() error {
	return refuse(http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

// sourceIdentity returns the next session's. Once set it stays along the chain and cannot be changed; carrying it on
// needs the same permission as setting it.
func sourceIdentity(c caller, role Role, asked string, keys keys) (string, error) {
	held := ""
	if c.session != nil {
		held = c.session.SourceIdentity
	}
	if asked == "" {
		asked = held
	}
	if asked == "" {
		return "", nil
	}
	// Changing it is refused as if it were not allowed; AWS says so in the IAM User Guide without quoting the words.
	unchanged := held == "" || asked == held
	return asked, authorize(c, setSourceIdentity, role, unchanged, keys)
}

func (s *Server) getCallerIdentity(q *request) (any, error) {
	c, err := s.authenticate(q)
	if err != nil {
		return nil, err
	}
	return xmlCallerIdentity{ARN: c.arn, UserID: c.userID, Account: c.account, xmlMetadata: xmlMetadata{q.id}}, nil
}

func (s *Server) getAccessKeyInfo(q *request) (any, error) {
	if _, err := s.authenticate(q); err != nil {
		return nil, err
	}
	c, known := s.callerOf(q.params["AccessKeyId"])
	if !known {
		return nil, refuse(http.StatusBadRequest, "ValidationError", "Invalid value specified for Access Key ID") // our words
	}
	return xmlAccessKeyInfo{Account: c.account, xmlMetadata: xmlMetadata{q.id}}, nil
}
