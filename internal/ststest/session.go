package ststest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"rolechain/internal/ststest/sigv4"
)

// Credentials are what an SDK gets to sign with.
type Credentials struct {
	AccessKeyID     string // ASIA and 16 characters
	SecretAccessKey string // 40 characters
	SessionToken    string // some 400 characters
	Expires         time.Time
}

// A Session is what the server knows of a temporary key. It holds no secret.
type Session struct {
	AccessKeyID    string            `json:"access_key_id"`
	RoleARN        string            `json:"role_arn"`
	ARN            string            `json:"arn"` // arn:aws:sts::111122223333:assumed-role/name/session
	Name           string            `json:"name"`
	UserID         string            `json:"user_id"` // AROA…:name
	Issued         time.Time         `json:"issued"`
	Expires        time.Time         `json:"expires"`
	Depth          int               `json:"depth"`                // hops from the first identity: 1 for a web identity, 2 for the next role
	CallerKeyID    string            `json:"caller_key_id"`        // the key that asked for it; empty for a web identity
	Subject        string            `json:"subject,omitempty"`    // the web identity at the head of the chain
	Tags           map[string]string `json:"tags,omitempty"`       // inherited ones too
	TransitiveTags []string          `json:"transitive,omitempty"` // keys
	SourceIdentity string            `json:"source_identity,omitempty"`
}

type stored struct {
	Session
	secret, token string
}

// issue makes the keys for a session; the caller fills in what the session is, issue the rest.
func (s *Server) issue(role Role, session Session, name string, now time.Time, lifetime time.Duration, fault Fault) (Session, Credentials) {
	if role.LifetimeSeconds > 0 {
		lifetime = time.Duration(role.LifetimeSeconds) * time.Second
	}
	if fault.Kind == Short {
		lifetime = time.Duration(fault.LifetimeSeconds) * time.Second
	}
	match := roleARN.FindStringSubmatch(role.ARN)
	session.AccessKeyID = "ASIA" + randomText(base32.StdEncoding, 10)
	session.RoleARN, session.Name = role.ARN, name
	session.ARN = "arn:" + match[1] + ":sts::" + match[2] + ":assumed-role/" + match[4] + "/" + name
	session.UserID = uniqueID("AROA", role.ARN) + ":" + name
	session.Issued = now.UTC().Truncate(time.Second)
	session.Expires = session.Issued.Add(lifetime)
	if fault.Kind == PastExpiration {
		session.Expires = session.Issued.Add(-time.Hour)
	}
	credentials := Credentials{
		AccessKeyID:     session.AccessKeyID,
		SecretAccessKey: randomText(base64.StdEncoding, 30),
		SessionToken:    "IQoJb3JpZ2luX2Vj" + randomText(base64.StdEncoding, 286),
		Expires:         session.Expires,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[session.AccessKeyID] = stored{session, credentials.SecretAccessKey, credentials.SessionToken}
	s.secrets = append(s.secrets, credentials.SecretAccessKey, credentials.SessionToken)
	return session, credentials
}

// Lookup says whose key accessKeyID is; false for a key that this server did not hand out. An expired one is found too.
func (s *Server) Lookup(accessKeyID string) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions[accessKeyID]
	found.Tags = maps.Clone(found.Tags)
	found.TransitiveTags = slices.Clone(found.TransitiveTags)
	return found.Session, ok
}

// Secrets lists every secret so far: secret keys, session tokens, and web identity tokens minted or received. It is for
// tests that search logs and files for leaks.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// secret remembers a web identity token. What is too short to be one is left out: it would be found in any log.
func (s *Server) secret(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(value) >= 20 && !slices.Contains(s.secrets, value) {
		s.secrets = append(s.secrets, value)
	}
}

// PodIdentity hands out a session of the role as EKS Pod Identity's agent does: no call of this API, and every tag is
// transitive, so that the next hop needs sts:TagSession on both sides. It panics when there is no such role, or when its trust policy,
// if it has one as a document, does not let EKS in.
func (s *Server) PodIdentity(roleARN, sessionName string, tags map[string]string) Credentials {
	role, ok := s.options.role(roleARN)
	if !ok {
		panic("ststest: no role " + roleARN)
	}
	request := keys{}
	for key, value := range tags {
		request.set("aws:RequestTag/"+key, value)
	}
	for _, action := range []string{assumeRole, tagSession} {
		if role.TrustPolicy != nil && !role.TrustPolicy.allows("Service", []string{"pods.eks.amazonaws.com"}, action, "", request) {
			panic("ststest: " + roleARN + " does not let pods.eks.amazonaws.com do " + action)
		}
	}
	now := s.options.Now()
	session := Session{Depth: 1, Tags: maps.Clone(tags), TransitiveTags: slices.Sorted(maps.Keys(tags))}
	session, credentials := s.issue(role, session, sessionName, now, 6*time.Hour, Fault{})
	entry := &Entry{Time: now.UTC(), RequestID: requestID(), Action: "PodIdentity", Role: roleARN, Outcome: Success}
	entry.handedOut(session)
	s.record(entry)
	return credentials
}

// Key is the secret side of an access key, a user's or a session's, for a stand-in of another service that checks the
// same signatures. It is false for a key that is nobody's; an expired one is found.
func (s *Server) Key(accessKeyID string) (sigv4.Key, bool) {
	for _, user := range s.options.Users {
		if user.AccessKeyID == accessKeyID {
			return sigv4.Key{Secret: user.SecretAccessKey}, true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions[accessKeyID]
	return sigv4.Key{Secret: found.secret, Token: found.token, Expires: found.Expires}, ok
}

// UserARN says whose long-lived key accessKeyID is; false for any other key. Lookup does the same for sessions.
func (s *Server) UserARN(accessKeyID string) (string, bool) {
	for _, user := range s.options.Users {
		if user.AccessKeyID == accessKeyID {
			return user.ARN, true
		}
	}
	return "", false
}

// callerOf says who holds a key, whether or not it is still good.
func (s *Server) callerOf(id string) (caller, bool) {
	for _, user := range s.options.Users {
		if user.AccessKeyID == id {
			return caller{
				keyID: id, principal: user.ARN, arn: user.ARN, userID: uniqueID("AIDA", user.ARN),
				account: accountOf(user.ARN), mayAssume: user.MayAssume, mayAlso: user.MayAlso,
			}, true
		}
	}
	session, ok := s.Lookup(id)
	if !ok {
		return caller{}, false
	}
	role, _ := s.options.role(session.RoleARN)
	return caller{
		keyID: id, principal: session.RoleARN, arn: session.ARN, userID: session.UserID,
		account: accountOf(session.ARN), mayAssume: role.MayAssume, mayAlso: role.MayAlso, may: role.Permissions, session: &session,
	}, true
}

// uniqueID is the id that IAM gives a role or user for life: a prefix and 17 characters. Here it follows from the ARN.
func uniqueID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func randomText(encoding interface{ EncodeToString([]byte) string }, octets int) string {
	b := make([]byte, octets)
	rand.Read(b)
	return strings.TrimRight(encoding.EncodeToString(b), "=")
}
