// Package endpoint is the loopback server of `endpoint` delivery. It speaks the container credentials protocol, which
// every AWS SDK knows from ECS and EKS Pod Identity: GET with an authorization token, a JSON object with temporary keys.
//
//	GET /credentials     the client role's session
//	GET /base            the first hop's own session
//	GET /profiles/NAME   the session of another role, by its profile's name
//	GET /status          how the refresher stands; no secrets
//
// Every path asks for the token. Answers come from memory: what SDKs give an endpoint is one second (JavaScript) or two
// (botocore). As long as there is a session it is answered with 200, after half a second at the latest, which is for the
// successor of one that is overdue. When there is none the request waits for one rather than fail: Hadoop S3A 3.4 does not
// recover from one failed answer for as long as its process lives, and other chains go on to the next source of credentials
// without a word.
//
// Errors are JSON objects with "code" and "message", which SDKs put into their own errors.
package endpoint

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
)

// NoSession is the code of the error that there is no session, and that waiting for one was in vain.
const NoSession = "NoSession"

// URL is what AWS_CONTAINER_CREDENTIALS_FULL_URI has to be for a path of a server on listener. The host is the literal
// 127.0.0.1: SDKs take plain HTTP from loopback only, and Hadoop S3A 3.3.4 does not take "localhost" for that.
func URL(listener net.Listener, path string) string {
	return "http://" + listener.Addr().String() + path
}

// NewToken returns a new authorization token: 256 random bits in base64url without padding and, since one at the end
// breaks every SDK, without a newline. It panics when the system has no randomness.
func NewToken() string {
	var bits [32]byte
	rand.Read(bits[:]) // never fails, it ends the process
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// A Source is where the sessions of a path come from: a Keeper of package refresh, as a rule.
type Source interface {
	// Wait returns the session to answer with, at once or very soon when there is one. When there is none it waits for one
	// until ctx ends: an error is answered with 503, as it comes.
	Wait(ctx context.Context) (chain.Session, error)

	// Announced returns the end of a session that a credential process says, which may be earlier than the true one.
	Announced(chain.Session) time.Time
}

// patience is how long a request waits for a session. A client gives up when it likes, and comes again; the Java SDKs
// are patient. It is more than two tries of a refresher take, of 10 s each.
const patience = 25 * time.Second

// Handler answers requests with token: for each path in sources with that one's session, for StatusPath with whatever
// status returns, as JSON.
//
// The token is the whole of the Authorization header. A Host other than 127.0.0.1 or localhost with the port that was
// connected to is refused: it would be a browser's, led here by somebody's DNS.
func Handler(token string, sources map[string]Source, status func() any) http.Handler {
	return newHandler(token, sources, status, patience)
}

type handler struct {
	token    string
	status   func() any
	sessions map[string]*sessionHandler // by path
	paths    string                     // all of them, for people
}

func newHandler(token string, sources map[string]Source, status func() any, patience time.Duration) *handler {
	h := &handler{token: token, status: status, sessions: map[string]*sessionHandler{}}
	for path, source := range sources {
		h.sessions[path] = &sessionHandler{source: source, patience: patience}
	}
	h.paths = strings.Join(append(slices.Sorted(maps.Keys(sources)), handover.StatusPath), ", ")
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["Date"] = nil  // no client needs it; setting nil keeps net/http from formatting one for each answer
	if r.ContentLength != 0 { // -1 is a body of unknown length
		// Nobody reads it. net/http would, after the answer, and without a limit of time.
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
	sessions := h.sessions[r.URL.Path]
	switch {
	case !ours(r):
		refuse(w, http.StatusForbidden, "ForeignHost", "the Host is not this endpoint's")
	case !h.authorized(r.Header["Authorization"]):
		refuse(w, http.StatusUnauthorized, "Unauthorized", "the Authorization header is not this endpoint's token")
	case sessions == nil && r.URL.Path != handover.StatusPath:
		refuse(w, http.StatusNotFound, "NotFound", "the paths are "+h.paths)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET and HEAD")
	case r.ContentLength != 0:
		refuse(w, http.StatusRequestEntityTooLarge, "NoBody", "a request has no body")
	case sessions != nil:
		sessions.serve(w, r)
	default:
		h.serveStatus(w)
	}
}

// ours reports whether the request was meant for this server, by the port that its connection came in on.
func ours(r *http.Request) bool {
	host, port, found := strings.Cut(r.Host, ":")
	if !found || host != "127.0.0.1" && !strings.EqualFold(host, "localhost") {
		return false
	}
	address, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && port == strconv.Itoa(address.Port)
}

// authorized takes exactly one value, the token and nothing around it. How long it takes tells of the token no more than
// its length. No token at all would let everybody in, so it lets nobody in.
func (h *handler) authorized(values []string) bool {
	return h.token != "" && len(values) == 1 && subtle.ConstantTimeCompare([]byte(values[0]), []byte(h.token)) == 1
}

func (h *handler) serveStatus(w http.ResponseWriter) {
	body, err := json.Marshal(h.status())
	if err != nil {
		refuse(w, http.StatusInternalServerError, "Internal", "writing the status: "+err.Error())
		return
	}
	write(w, http.StatusOK, body, []string{strconv.Itoa(len(body))})
}

// refusal is an error of the protocol. Exit and Hint are what a credential process ends with and says, when there is no
// session; SDKs read the other two.
type refusal struct {
	Code    string    `json:"code"`
	Exit    exit.Code `json:"exit,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Message string    `json:"message"`
}

// refuse writes an error.
func refuse(w http.ResponseWriter, status int, code, message string) {
	refuseWith(w, status, refusal{Code: code, Message: message})
}

func refuseWith(w http.ResponseWriter, status int, r refusal) {
	body, _ := json.Marshal(r) // strings and a number always marshal
	write(w, status, body, []string{strconv.Itoa(len(body))})
}

var contentType = []string{"application/json"}

// write sends an answer whose length is known. The header's values are shared by all answers: nobody changes them.
func write(w http.ResponseWriter, status int, body []byte, length []string) {
	header := w.Header()
	header["Content-Type"], header["Content-Length"] = contentType, length
	w.WriteHeader(status)
	_, _ = w.Write(body) // to a client that has gone
}
