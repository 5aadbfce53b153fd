package endpoint

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"syscall"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
)

// An AnswerError is what a refresher that can be reached answers instead of what was asked for.
type AnswerError struct {
	Status        int
	Code, Message string // of the protocol's errors

	Exit exit.Code // when there is no session: with what a program ends that needs one
	Hint string    // likewise; may be ""
}

func (e *AnswerError) Error() string { return e.Message }

// UserAgent tells rolechain's own requests from those of SDKs.
const UserAgent = "rolechain"

// maxAnswer is the most that is read of an answer, in bytes.
const maxAnswer = 256 << 10

// AskSession asks d's refresher for a profile's session. announced is the end that a credential process says of it: the true
// one, or an earlier one while STS answers the refresher. The error is an *AnswerError when it was reached.
func AskSession(ctx context.Context, d handover.Discovery, profile string) (s chain.Session, announced time.Time, err error) {
	body, header, err := fetch(ctx, d, d.Paths[profile])
	if err != nil {
		return s, announced, err
	}
	var a payload
	var expires time.Time
	if err = json.Unmarshal(body, &a); err == nil {
		expires, err = time.Parse(time.RFC3339, a.Expiration)
	}
	s = chain.Session{Role: a.RoleArn, AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey, SessionToken: a.Token, Expires: expires}
	if err != nil || !s.HasKeys() {
		return chain.Session{}, announced, errors.New("the refresher's answer is not a session")
	}
	announced, err = time.Parse(time.RFC3339, header.Get(announceHeader))
	if err != nil || announced.After(expires) {
		announced = expires
	}
	return s, announced, nil
}

// AskAgain reports whether an error of AskSession is what a worker leaves that was killed while it answered, or a
// refresher that nobody listens for: the same question a little later may well have an answer.
func AskAgain(err error) bool {
	for _, cut := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNREFUSED} {
		if errors.Is(err, cut) {
			return true
		}
	}
	var torn textproto.ProtocolError // a header that breaks off
	return errors.As(err, &torn)
}

// AskStatus asks how d's refresher stands, and decodes what its status function returned into v.
func AskStatus(ctx context.Context, d handover.Discovery, v any) error {
	body, _, err := fetch(ctx, d, handover.StatusPath)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("the refresher's answer is not a status: %w", err)
	}
	return nil
}

func fetch(ctx context.Context, d handover.Discovery, path string) ([]byte, http.Header, error) {
	response, body, err := get(ctx, d, path)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the refresher: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		e := &AnswerError{Status: response.StatusCode}
		var refused refusal
		if json.Unmarshal(body, &refused) == nil {
			e.Code, e.Message, e.Exit, e.Hint = refused.Code, refused.Message, refused.Exit, refused.Hint
		}
		if e.Message == "" {
			e.Message = response.Status
		}
		return nil, nil, e
	}
	return body, response.Header, nil
}

// get makes one request on a connection of its own, without an http.Transport: that would ask a proxy, and its goroutines
// and threads take longer than the request. A credential process does just this.
func get(ctx context.Context, d handover.Discovery, path string) (*http.Response, []byte, error) {
	q, err := http.NewRequest(http.MethodGet, d.URL+path, nil)
	if err != nil {
		return nil, nil, err
	}
	q.Header.Set("User-Agent", UserAgent)
	q.Header.Set("Authorization", d.Token)
	q.Close = true
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", q.URL.Host)
	if err != nil {
		return nil, nil, err
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })()
	if err := q.Write(connection); err != nil {
		return nil, nil, cmp.Or(ctx.Err(), err)
	}
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(connection, 2*maxAnswer)), q) // an endless header has an end
	if err != nil {
		return nil, nil, cmp.Or(ctx.Err(), err)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response, body, cmp.Or(ctx.Err(), err)
}
