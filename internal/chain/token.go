package chain

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rolechain/internal/durable"
	"rolechain/internal/jwt"
	"rolechain/internal/settings"
)

// A tokenError is about a token file, before any call.
type tokenError struct {
	file    string
	missing bool // not there, yet; otherwise it is there and of no use, or cannot be read
	problem string
	err     error // nil when problem says it all
}

func (e *tokenError) Error() string {
	if e.err != nil {
		return e.problem + ": " + e.err.Error()
	}
	return fmt.Sprintf("token file %q %s", e.file, e.problem)
}

func (e *tokenError) Unwrap() error { return e.err }

// readToken reads a file that holds a token and nothing else. No blank or line end is stripped: the SDKs of the job send
// the file as it is, and would fail where this had not.
func readToken(ctx context.Context, file string) (string, error) {
	data, ok, err := durable.ReadContext(ctx, file)
	switch token := string(data); {
	case err != nil:
		return "", &tokenError{file: file, problem: "cannot read the token file", err: err}
	case !ok:
		return "", &tokenError{file: file, missing: true, problem: "is not there"}
	case token == "":
		return "", &tokenError{file: file, problem: "is empty"}
	case strings.ContainsAny(token, " \t\r\n\x00"):
		return "", &tokenError{file: file, problem: "has white space in it, which no token has"}
	default:
		return token, nil
	}
}

// readJWT reads a web identity token. Its signature is STS's business; its form is checked, so that some other file is
// not sent to anybody.
func readJWT(ctx context.Context, file string) (string, error) {
	token, err := readToken(ctx, file)
	if err != nil {
		return "", err
	}
	if _, err := jwt.Read(token); err != nil {
		return "", &tokenError{file: file, problem: "is not a web identity token (" + err.Error() + ")"}
	}
	return token, nil
}

// readJWT is readJWT for who has no context, to explain something.
func (s Spec) readJWT() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return readJWT(ctx, s.TokenFile)
}

// Token reads the token of the first hop and says what it is, for people: nothing of it is secret. The error is an
// *exit.Error, about a token that can never do.
func (s Spec) Token(now time.Time) (string, error) {
	if s.FirstHop == settings.PodIdentity {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		_, err := readToken(ctx, s.ContainerTokenFile)
		return "of EKS Pod Identity, " + s.ContainerTokenFile, s.asTokenError(err)
	}
	token, err := s.readJWT()
	if err != nil {
		return "", s.asTokenError(err)
	}
	c, _ := jwt.Read(token)
	expires := time.Unix(c.Expires, 0)
	until := "until " + expires.UTC().Format(time.RFC3339)
	if left := expires.Sub(now).Round(time.Second); left > 0 {
		until += fmt.Sprintf(" (in %s)", left)
	} else {
		until += fmt.Sprintf(" (%s ago)", -left)
	}
	return clean(fmt.Sprintf("sub %q, aud %q, iss %q, %s", c.Subject, strings.Join(c.Audience, ", "), c.Issuer, until)), nil
}

func (s Spec) asTokenError(err error) error {
	if err == nil {
		return nil
	}
	return AsExit((&Chain{spec: s}).explain(1, s.client(), time.Now(), err))
}
