package chain

import (
	"errors"
	"fmt"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// A Kind says what to do about a failure.
type Kind string

const (
	Transient Kind = "transient"   // it may pass: try again
	Refused   Kind = "refused"     // AWS said no, and will say so until somebody changes a policy, a setting or a clock
	NoToken   Kind = "no token"    // the token file is not there (yet): try again for a while
	BadToken  Kind = "bad token"   // the token file is there and can never do: unreadable, empty, something else
	BadSpec   Kind = "bad setting" // the chain cannot be tried with these settings
)

// An Error is one failed attempt. It holds no secret, in none of its fields.
type Error struct {
	Hop    int    // at which it failed, from 1
	Of     int    // hops that the chain has
	Role   string // ARN that the hop leads to; "" for Pod Identity's
	Action string // "AssumeRoleWithWebIdentity", "AssumeRole" or "Pod Identity"

	Kind    Kind
	Code    string   // AWS's; "" when nobody answered with one
	Message string   // AWS's words, or ours when it said nothing; one line
	Causes  []string // what is likely wrong and what to do about it, the likeliest first; none when nobody knows
	Hint    string   // Causes in one text
	Err     error    // the cause, for errors.Is; nil when AWS answered

	sent sent // with the call
}

// sent says which options went with a call.
type sent struct {
	externalID, tags, sourceIdentity bool
	from                             settings.Source
}

func (o Options) sent() sent {
	return sent{o.ExternalID != "", len(o.Tags) > 0, o.SourceIdentity != "", o.From}
}

// Error reads: second hop (AssumeRole to arn:…:role/client): AccessDenied: User: … is not authorized … A hop that has none
// before or behind it is the direct hop.
func (e *Error) Error() string {
	to := ""
	if e.Role != "" {
		to = " to " + e.Role
	}
	code := ""
	if e.Code != "" {
		code = e.Code + ": "
	}
	name := ordinal(e.Hop)
	if e.Of == 1 {
		name = "direct"
	}
	return fmt.Sprintf("%s hop (%s%s): %s%s", name, e.Action, to, code, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

func ordinal(n int) string {
	words := []string{"first", "second", "third", "fourth", "fifth"}
	if n >= 1 && n <= len(words) {
		return words[n-1]
	}
	return fmt.Sprintf("%dth", n)
}

// ExitCode is with what a program ends that could not go on after e.
func (e *Error) ExitCode() exit.Code {
	switch e.Kind {
	case NoToken, BadToken:
		return exit.NoToken
	case Refused:
		return exit.Denied
	case BadSpec:
		return exit.BadSetting
	}
	return exit.Unreached
}

// AsExit gives err the exit code and the hint of the *Error in its chain; it returns err itself when there is none.
func AsExit(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	return exit.Because(e.ExitCode(), err, e.Hint)
}

// transient reports whether the same attempt may well succeed a little later.
func transient(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == Transient || e.Kind == NoToken)
}

// settles reports whether the refusal may come from AWS's eventual consistency: a policy, or an association of Pod
// Identity, that was made seconds ago is not known everywhere yet.
func (e *Error) settles() bool {
	switch e.Code {
	case "AccessDenied", "AccessDeniedException", "ResourceNotFoundException":
		return e.Kind == Refused
	}
	return false
}

// callerEnded reports whether the session that signed is what STS does not take.
func (e *Error) callerEnded() bool {
	switch e.Code {
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException":
		return e.Hop > 1
	}
	return false
}

func action(hop int, first settings.FirstHop) string {
	switch {
	case hop > 1:
		return "AssumeRole"
	case first == settings.PodIdentity:
		return podIdentityAction
	}
	return "AssumeRoleWithWebIdentity"
}

const podIdentityAction = "Pod Identity"

// clean makes a text of AWS's, or of whoever answered in its place, fit for a line of a log: one line, no control
// characters, not endless, and nothing in it that has the form of a token.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfffd {
			return ' '
		}
		return r
	}, text)
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = withoutToken(word)
	}
	text = strings.Join(words, " ")
	if len(text) > 1000 {
		text = strings.ToValidUTF8(text[:1000], "") + "…"
	}
	return text
}

// withoutToken cuts out of a word whatever begins as a JWT does ("eyJ" is `{"` in base64) and goes on as one.
func withoutToken(word string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(word, "eyJ")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := strings.IndexFunc(rest, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_.=", r)
		})
		if end < 0 {
			end = len(rest)
		}
		b.WriteString("[token]")
		word = rest[end:]
	}
}
