package report

import (
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a program waits for a reader of its stderr that has stopped reading. A start must not hang on its
// own log.
const patience = 100 * time.Millisecond

// maxKept bounds what Kept returns, in bytes. A start says a few lines.
const maxKept = 64 << 10

// Stderr is standard error for a program that goes on whatever becomes of its log. It does not use os.Stderr, with which a
// program dies of SIGPIPE when nobody reads any more. A reader that does not read costs patience once, and then only what
// is said meanwhile, which is counted (see loss). The zero value is ready.
type Stderr struct {
	loss
	fd int // another descriptor; 0: standard error

	Keep bool // for Kept

	kept  []byte
	late  bool       // the last piece was not taken
	stuck chan error // a write that has not come back; nil: there is none
}

func (s *Stderr) descriptor() int {
	if s.fd == 0 {
		return unix.Stderr
	}
	return s.fd
}

func (s *Stderr) Write(line []byte) (int, error) {
	s.mu.Lock()
	if s.Keep && len(s.kept)+len(line) <= maxKept {
		s.kept = append(s.kept, line...)
	}
	s.mu.Unlock()
	s.loss.write(line, s.put)
	return len(line), nil
}

// Kept is what was said so far, dropped or not, where Keep is set.
func (s *Stderr) Kept() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept
}

func (s *Stderr) put(b []byte) error {
	until := time.Now().Add(patience)
	for {
		err := s.try(b)
		left := int(time.Until(until) / time.Millisecond)
		if err != unix.EAGAIN || s.late || left <= 0 {
			s.late = err == unix.EAGAIN
			return err
		}
		takes(s.descriptor(), left)
	}
}

// try writes b. Where the write could wait for the reader a helper makes it, and is given up when it does.
func (s *Stderr) try(b []byte) error {
	if s.stuck != nil {
		select {
		case <-s.stuck:
			s.stuck = nil
		default:
			return unix.EAGAIN
		}
	}
	known, err := writeAtOnce(s.descriptor(), b)
	if known {
		return err
	}
	if !takes(s.descriptor(), 0) {
		return unix.EAGAIN
	}
	done := make(chan error, 1)
	own := append([]byte(nil), b...)
	fd := s.descriptor()
	go func() { _, err := unix.Write(fd, own); done <- err }()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		s.stuck = done
		return unix.EAGAIN
	}
}
