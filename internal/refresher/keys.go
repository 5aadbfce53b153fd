package refresher

import (
	"bytes"
	"errors"
	"fmt"

	"rolechain/internal/chain"
	"rolechain/internal/durable"
	"rolechain/internal/profile"
)

// publishKeys is the publisher of file delivery.
func (w *worker) publishKeys(s chain.Session) error {
	if err := w.claim.last(); err != nil {
		return err
	}
	return keysInto(w.credentials)(s)
}

// keysInto returns a publisher that makes each session's keys the [default] of a credentials file. What else stands in
// the file by then keeps every byte.
func keysInto(path string) func(chain.Session) error {
	return func(s chain.Session) error {
		for _, value := range []string{s.AccessKeyID, s.SecretAccessKey, s.SessionToken} {
			if !oneWord(value) {
				return errors.New("the session's keys are not such as a file can carry")
			}
		}
		before, _, err := durable.Read(path)
		if err != nil {
			return err
		}
		keys := []profile.Profile{profile.Session(s.AccessKeyID, s.SecretAccessKey, s.SessionToken)}
		after, _, err := profile.MergeCredentials(before, keys)
		if err != nil {
			return fmt.Errorf("%q cannot be edited safely any more: %w", path, err)
		}
		// Of a file with nothing else in it a crash loses nothing: the next start writes keys of its own.
		if own, _, err := profile.MergeCredentials(nil, keys); err == nil && bytes.Equal(own, after) {
			return durable.WriteOwn(path, after)
		}
		return durable.Write(path, after)
	}
}

// oneWord is true of printable ASCII without what a parser could take for anything but text. AWS's keys are base64.
func oneWord(value string) bool {
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' || c == '#' || c == ';' || c == '[' || c == ']' {
			return false
		}
	}
	return value != ""
}
