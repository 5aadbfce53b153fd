package refresher

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/durable"
	"rolechain/internal/profile"
)

// publishKeys is the publisher of file delivery.
func (w *worker) publishKeys() func(chain.Session) error {
	file := &keysFile{path: w.credentials, log: w.log}
	return func(s chain.Session) error {
		if err := w.claim.last(); err != nil {
			return err
		}
		return file.publish(s)
	}
}

// A keysFile is a credentials file whose [default] has each session's keys. What else stands in it by then keeps every byte.
type keysFile struct {
	path string
	log  *slog.Logger

	broken []byte // what stood there when it could not be edited; nil: it can be
	since  time.Time
}

// brokenFor is for how long a file that cannot be read is left to whoever may be writing it.
const brokenFor = 15 * time.Second

func (f *keysFile) publish(s chain.Session) error {
	for _, value := range []string{s.AccessKeyID, s.SecretAccessKey, s.SessionToken} {
		if !oneWord(value) {
			return errors.New("the session's keys are not such as a file can carry")
		}
	}
	before, _, err := durable.Read(f.path)
	if err != nil {
		return err
	}
	keys := []profile.Profile{profile.Session(s.AccessKeyID, s.SecretAccessKey, s.SessionToken)}
	after, _, err := profile.MergeCredentials(before, keys)
	if err != nil {
		if err := f.moveAside(before, err); err != nil {
			return err
		}
		after, _, err = profile.MergeCredentials(nil, keys)
	}
	if err != nil {
		return err
	}
	f.broken = nil
	// Of a file with nothing else in it a crash loses nothing: the next start writes keys of its own.
	if own, _, err := profile.MergeCredentials(nil, keys); err == nil && bytes.Equal(own, after) {
		return durable.WriteOwn(f.path, after)
	}
	return durable.Write(f.path, after)
}

// moveAside gives a file that no SDK can read another name, once it has been like that for 15 s: what is in it is not lost,
// and the job has its keys again. Before that the error says what is wrong with it.
func (f *keysFile) moveAside(now []byte, problem error) error {
	if f.broken == nil || !bytes.Equal(f.broken, now) {
		f.broken, f.since = now, time.Now()
	}
	if time.Since(f.since) < brokenFor {
		return fmt.Errorf("%q cannot be edited safely any more: %w", f.path, problem)
	}
	target, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return fmt.Errorf("moving %q aside, which no SDK can read: %w", f.path, err)
	}
	aside := fmt.Sprintf("%s.unreadable-%s", target, time.Now().UTC().Format("20060102T150405Z"))
	if err := os.Rename(target, aside); err != nil {
		return fmt.Errorf("moving %q aside, which no SDK can read: %w", f.path, err)
	}
	f.log.Warn(fmt.Sprintf("%q could not be read by any SDK (%v): it is %q now, and written again", f.path, problem, aside))
	return nil
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
