// Package s3test is a checking gate in front of a mock of Amazon S3 and SQS. Such a mock stores objects and messages well
// and does not check who asks. The gate checks what AWS checks, and leaves the rest to the mock: the signature of each
// request, the session token, the end of the session, and whether the role may do this to this bucket or queue. It refuses
// in the service's own format, codes and words, so that every SDK does what it would do on AWS. Keys are those of an
// ststest.Server. The journal says which role asked for what.
//
//	g, err := s3test.New(s3test.Options{STS: sts, Region: "eu-west-1", Backend: "http://127.0.0.1:5000", Grants: []s3test.Grant{
//		{Role: clientRole, Bucket: "data", Actions: []string{"s3:GetObject", "s3:ListBucket"}},
//		{Role: clientRole, Queue: "names", Actions: []string{"sqs:SendMessage", "sqs:GetQueueUrl"}},
//	}})
//	http.Serve(listener, g)
//
// It is reached under AWS's names (BUCKET.s3.eu-west-1.amazonaws.com, s3.eu-west-1.amazonaws.com/BUCKET, the same without
// the region, sqs.eu-west-1.amazonaws.com, eu-west-1.queue.amazonaws.com) or under a loopback address, where the scope of
// the signature says which service is meant. It must be the server's handler itself: an http.ServeMux would redirect paths
// that S3 takes as they are.
//
// # What it knows
//
// The operations are in the tables of s3.go and sqs.go, each with the parameters that it may have. Anything else is
// refused as NotImplemented and never let through.
//
// # Where it is not AWS
//
// A grant is all the permission there is: no resource policies, no accounts, no conditions. A Refusal has AWS's words for each
// of the policies that can refuse, and evaluates none. A body is held in memory and may have 64 MiB. Checksums and the signatures
// of single chunks are not checked.
package s3test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"rolechain/internal/ststest"
	"rolechain/internal/ststest/sigv4"
)

// maxBody is the most that a request may have, in bytes, with the framing of its chunks.
const maxBody = 64<<20 + 1<<20

// Options are what a Gate is made of.
type Options struct {
	STS     *ststest.Server  // whose keys count
	Region  string           // of all buckets and queues
	Backend string           // base URL of the mock
	Grants  []Grant          // what is allowed; everything else is not
	Refuse  []Refusal        // what is refused although a grant allows it; the first that fits counts
	Buckets []Bucket         // what there is to know of buckets besides their names
	Now     func() time.Time // called from many goroutines; nil: time.Now

	// Hold, if not nil, is asked once for each request that passed every check and was answered by the backend; the
	// answer is held back until the time that it returns (zero: not at all). The journal has the request before. The
	// end of the request's context ends the wait and the connection.
	Hold func(Entry) time.Time
}

// A Gate is an http.Handler.
type Gate struct {
	options Options
	backend *url.URL
	client  *http.Transport

	mu      sync.Mutex
	journal []Entry
}

// New makes a gate. It fails when an option is missing, or a grant could never allow anything.
func New(options Options) (*Gate, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	backend, err := url.Parse(options.Backend)
	if err == nil && (backend.Scheme != "http" || backend.Host == "" || strings.Trim(backend.Path, "/") != "") {
		err = fmt.Errorf("%q is no base URL such as http://127.0.0.1:5000", options.Backend)
	}
	problems := []error{err}
	if options.STS == nil || options.Region == "" {
		problems = append(problems, errors.New("an STS server and a region are needed"))
	}
	for _, grant := range options.Grants {
		problems = append(problems, grant.check())
	}
	for _, refusal := range options.Refuse {
		problems = append(problems, refusal.check())
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("making the gate: %w", err)
	}
	options.Grants = slices.Clone(options.Grants)
	// A connection of its own for each request: one that the mock closes while it idles would fail a request that
	// Go does not send again.
	client := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	return &Gate{options: options, backend: backend, client: client}, nil
}

// A request is one call on its way through.
type request struct {
	http  *http.Request
	place place
	body  []byte // as sent; after unchunk, without its framing
	query url.Values
	entry *Entry
	id    string

	region string // S3: of the bucket, for every answer; "" when the gate was told nothing of it

	s3  *s3Call  // one of these two, once it is known what is asked
	sqs *sqsCall // never nil on SQS
}

// ServeHTTP checks a request, has the backend answer it, or refuses it.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{http: r, place: g.placeOf(r), id: requestID()}
	q.entry = &Entry{
		Time: g.options.Now().UTC(), Agent: r.UserAgent(),
		Service: q.place.service, Bucket: q.place.bucket, Key: q.place.key,
	}
	response, err := g.answer(w, q)
	if err != nil && r.Context().Err() != nil && !isRefusal(err) {
		q.entry.Left = true
		g.record(*q.entry)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		refused := asRefusal(err)
		q.entry.Refused, q.entry.Reason, q.entry.Status = refused.code, refused.message, refused.status
		g.record(*q.entry)
		refused.write(w, q)
		return
	}
	defer response.Body.Close()
	q.entry.Status = response.StatusCode
	g.record(*q.entry)
	if g.options.Hold != nil {
		g.hold(r, g.options.Hold(*q.entry))
	}
	send(w, response)
}

// answer is the backend's, when nothing speaks against it.
func (g *Gate) answer(w http.ResponseWriter, q *request) (*http.Response, error) {
	var err error
	if q.body, err = io.ReadAll(http.MaxBytesReader(w, q.http.Body, maxBody)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, refuse(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
		}
		return nil, refuse(http.StatusBadRequest, incompleteBody, "The request body terminated unexpectedly")
	}
	if q.query, err = url.ParseQuery(q.http.URL.RawQuery); err != nil {
		return nil, refuse(http.StatusBadRequest, "InvalidArgument", "The query string contains a syntax error")
	}
	switch q.entry.Service {
	case "s3":
		return g.answerS3(q)
	case "sqs":
		return g.answerSQS(q)
	}
	return nil, refuse(http.StatusNotImplemented, "NotImplemented", "No service is known under the host %s", q.http.Host)
}

// verify checks who signed q, and notes it.
func (g *Gate) verify(q *request, v *sigv4.Verifier) error {
	// One moment for the whole request, the one in the journal, however long its body took.
	v.Now = func() time.Time { return q.entry.Time }
	v.Key = g.options.STS.Key
	id, err := v.Verify(q.http, q.body)
	q.entry.KeyID = id
	if session, ok := g.options.STS.Lookup(id); ok {
		q.entry.Role, q.entry.SessionName, q.entry.Expires = session.RoleARN, session.Name, session.Expires
	} else if arn, ok := g.options.STS.UserARN(id); ok {
		q.entry.Role = arn
	}
	return err
}

// hold waits until a moment of the gate's clock. A client that has gone gets no answer, not even an empty one.
func (g *Gate) hold(r *http.Request, until time.Time) {
	wait := until.Sub(g.options.Now())
	if until.IsZero() || wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

func requestID() string { return strings.ToUpper(rand.Text()[:16]) }
