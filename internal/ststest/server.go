package ststest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"rolechain/internal/ststest/sigv4"
)

// maxBody is the most that a request may have, in bytes: a full web identity token, policy and set of tags fit in.
const maxBody = 256 << 10

// A Server is the stand-in. It is an http.Handler; Listen puts it on a loopback port and Transport into an http.Client
// without any port.
type Server struct {
	URL string // base URL, without a slash at the end

	options  Options
	keys     jose.JSONWebKeySet
	verifier sigv4.Verifier
	closed   chan struct{}
	end      sync.Once // closes closed
	port     port

	mu       sync.Mutex
	sessions map[string]stored // by access key id
	journal  []Entry
	faults   []*Fault
	secrets  []string
}

// New makes a server that does not listen yet. It fails when the configuration is wrong.
func New(options Options) (*Server, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if err := options.check(); err != nil {
		return nil, err
	}
	s := &Server{
		URL:      "http://sts.invalid",
		options:  options,
		closed:   make(chan struct{}),
		sessions: map[string]stored{},
	}
	s.verifier = sigv4.Verifier{Service: "sts", Region: options.Region, Now: options.Now, Key: s.Key}
	for _, user := range options.Users {
		s.secrets = append(s.secrets, user.SecretAccessKey)
	}
	var err error
	s.keys, err = options.keySet()
	return s, err
}

// A request is one call of an API action on its way through.
type request struct {
	http   *http.Request
	body   []byte
	params map[string]string
	id     string
	now    time.Time
	entry  *Entry
	fault  Fault
}

// ServeHTTP answers the STS API at /, and the two documents of an OpenID provider.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		s.serveDiscovery(w)
	case "/openid/v1/jwks":
		s.serveKeys(w)
	case "/", "":
		s.serveAPI(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	q := &request{http: r, id: requestID(), now: s.options.Now()}
	q.entry = &Entry{Time: q.now.UTC(), RequestID: q.id, UserAgent: r.UserAgent()}
	err := q.read()
	fault := Fault{}
	if err == nil {
		q.describe()
		fault = s.nextFault(q.params["Action"], q.params["RoleArn"])
		q.entry.Fault = fault.Kind
		if fault.cutsOff() {
			q.entry.Outcome = string(fault.Kind)
			s.record(q.entry)
			s.cutOff(w, r, fault)
			return
		}
	}
	var answer any
	if err == nil {
		answer, err = s.answer(q, fault)
	}
	status, out := http.StatusOK, []byte(nil)
	if err != nil {
		refused := asRefusal(err)
		status, out = refused.status, errorBody(refused, q.id)
		q.entry.Outcome, q.entry.Message = refused.code, refused.message
	} else {
		out = body(answer)
		q.entry.Outcome = Success
	}
	q.entry.Status = status
	s.record(q.entry)
	switch fault.Kind {
	case Truncate, TruncateChunked:
		truncate(w, q.id, out, fault.Kind == TruncateChunked)
	case WrongXML:
		send(w, http.StatusOK, q.id, []byte(foreign))
	case Huge:
		sendHuge(w, q.id, q.params["Action"])
	default:
		send(w, status, q.id, out)
	}
}

// answer does the action, unless the fault answers in its place.
func (s *Server) answer(q *request, fault Fault) (any, error) {
	if fault.Kind == Slow {
		select {
		case <-time.After(fault.delay()):
		case <-q.http.Context().Done():
		case <-s.closed:
		}
		q.now = s.options.Now()
	}
	q.fault = fault
	actions := map[string]func(*request) (any, error){
		"AssumeRole":                s.assumeRole,
		"AssumeRoleWithWebIdentity": s.assumeRoleWithWebIdentity,
		"GetCallerIdentity":         s.getCallerIdentity,
		"GetAccessKeyInfo":          s.getAccessKeyInfo,
	}
	action, version := q.params["Action"], q.params["Version"]
	do, known := actions[action]
	switch {
	case action == "":
		return nil, refuse(http.StatusBadRequest, "MissingAction", "Missing Action")
	case version == "":
		return nil, refuse(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version NO_VERSION_SPECIFIED", action)
	case !known || version != apiVersion:
		return nil, refuse(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", action, version)
	}
	if err := s.refusalOf(fault, q); err != nil {
		return nil, err
	}
	return do(q)
}

// read takes the parameters from the query and, for a POST, from the form; of a repeated one the first counts.
func (q *request) read() error {
	values := q.http.URL.Query()
	switch q.http.Method {
	case http.MethodGet:
	case http.MethodPost:
		var err error
		if q.body, err = io.ReadAll(http.MaxBytesReader(nil, q.http.Body, maxBody)); err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				return refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request body is larger than %d bytes", maxBody)
			}
			return refuse(http.StatusBadRequest, "IncompleteBody", "Request body ended early")
		}
		kind, _, _ := mime.ParseMediaType(q.http.Header.Get("Content-Type"))
		if kind == "application/x-www-form-urlencoded" {
			form, err := url.ParseQuery(string(q.body))
			if err != nil {
				return refuse(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error")
			}
			for name, list := range form {
				values[name] = append(values[name], list...)
			}
		}
	default:
		return refuse(http.StatusMethodNotAllowed, "UnsupportedHttpVerb", "The requested HTTP verb is not supported: %s", q.http.Method)
	}
	q.params = map[string]string{}
	for name, list := range values {
		q.params[name] = list[0]
	}
	return nil
}

// authenticate finds out who signed q.
func (s *Server) authenticate(q *request) (caller, error) {
	id, err := s.verifier.Verify(q.http, q.body)
	q.entry.CallerKeyID = id
	c, known := s.callerOf(id)
	if known {
		q.entry.Caller = c.principal
	}
	return c, err
}

// requestID has the form of AWS's: a random UUID.
func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// loopback reports whether host is an IPv4 loopback address: the stand-in must never be reached from elsewhere.
func loopback(host string) bool {
	ip := net.ParseIP(strings.ReplaceAll(host, "localhost", "127.0.0.1"))
	return ip != nil && ip.To4() != nil && ip.IsLoopback()
}
