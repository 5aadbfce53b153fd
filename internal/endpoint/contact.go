package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/durable"
	"rolechain/internal/exit"
)

// A Contact is all that another process of the pod needs to get sessions: how to reach the refresher, and how to do
// without it. It is kept as a file of mode 0600. Nothing in it is worth anything off the pod: the token is this server's.
type Contact struct {
	URL   string `json:"url"` // http://127.0.0.1:PORT
	Token string `json:"token"`

	// Paths has the path of each profile's session, and Roles the ARN behind it; "" is the first hop's own. Both are empty
	// where nothing but the status is served.
	Paths map[string]string `json:"paths,omitempty"`
	Roles map[string]string `json:"roles,omitempty"`

	// Credentials is the credentials file that gets each session's keys; "" in endpoint delivery.
	Credentials string `json:"credentials,omitempty"`

	Host  string     `json:"host"` // name of the pod that this is in
	Chain chain.Spec `json:"chain"`
}

// ReadContact reads the file. The error of one that is not there satisfies fs.ErrNotExist.
func ReadContact(path string) (Contact, error) {
	var c Contact
	data, there, err := durable.Read(path)
	switch {
	case err != nil:
		return c, err
	case !there:
		return c, &fs.PathError{Op: "reading", Path: path, Err: fs.ErrNotExist}
	case json.Unmarshal(data, &c) != nil: // its error could quote a secret
		return c, fmt.Errorf("%q is not what the refresher writes", path)
	}
	return c, nil
}

// Write makes c the content of the file.
func (c Contact) Write(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return durable.Write(path, append(data, '\n'))
}

// An AnswerError is what a refresher that can be reached answers instead of what was asked for.
type AnswerError struct {
	Status        int
	Code, Message string // of the protocol's errors

	Exit exit.Code // when there is no session: with what a program ends that needs one
	Hint string    // likewise; may be ""
}

func (e *AnswerError) Error() string { return e.Message }

// maxAnswer is the most that is read of an answer, in bytes.
const maxAnswer = 256 << 10

// Session asks the refresher for a profile's session. The error is an *AnswerError when it was reached.
func (c Contact) Session(ctx context.Context, profile string) (chain.Session, error) {
	body, err := c.get(ctx, c.Paths[profile])
	if err != nil {
		return chain.Session{}, err
	}
	var a payload
	var expires time.Time
	if err = json.Unmarshal(body, &a); err == nil {
		expires, err = time.Parse(time.RFC3339, a.Expiration)
	}
	if err != nil || a.AccessKeyID == "" || a.SecretAccessKey == "" || a.Token == "" {
		return chain.Session{}, errors.New("the refresher's answer is not a session")
	}
	return chain.Session{Role: a.RoleArn, AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey, SessionToken: a.Token, Expires: expires}, nil
}

// Status asks how the refresher stands, and decodes what its status function returned into v.
func (c Contact) Status(ctx context.Context, v any) error {
	body, err := c.get(ctx, StatusPath)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("the refresher's answer is not a status: %w", err)
	}
	return nil
}

func (c Contact) get(ctx context.Context, path string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking the refresher: %w", err)
	}
	q.Header.Set("Authorization", c.Token)
	// Not the default transport, which asks a proxy, and not one that keeps the connection: there is one request.
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(q)
	if err != nil {
		return nil, fmt.Errorf("asking the refresher: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("asking the refresher: %w", err)
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
		return nil, e
	}
	return body, nil
}
