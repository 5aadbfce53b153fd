package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"rolechain/internal/hungtest"
)

// What came later is drawn apart, so that the seeds from before have the same schedules, and a little more.
const (
	hungToken = "token-hung" // a fault: the refresher's reads of the token do not come back
	hungFiles = "hung-files" // a start: reads of its token, or with N = 1 of its AWS files, do not come back
)

// hang adds file systems that hang for readers.
func (s *Schedule) hang(r *rand.Rand) {
	if r.IntN(16) == 0 && !s.has(kinds["token"]...) {
		// A session is renewed when half of it is over at the latest, and a try takes 10 s.
		s.Faults = append(s.Faults, Fault{Kind: hungToken, At: moment(r, span/2), For: 16*time.Second + moment(r, 3*time.Second)})
		s.part()
	}
	if r.IntN(4) == 0 {
		s.Starts = append(s.Starts, Start{Kind: hungFiles, At: moment(r, span), Timeout: 2 + r.IntN(3), N: r.IntN(2)})
	}
}

// hangToken holds up the refresher's reads of the token.
func (r *Run) hangToken() (heal func() error, err error) {
	release, err := hungtest.Hold(func(pid int) bool {
		supervisor, worker := r.w.procs.refresher(r.pod.mark, r.pod.original)
		return pid == supervisor || pid == worker
	}, filepath.Dir(r.tokenFile))
	if err != nil {
		return nil, err
	}
	return func() error { release(); return nil }, nil
}

// hangFiles holds up the reads of a start: of its token, or of its AWS files. It is nil where that is not possible.
func (r *Run) hangFiles(c container, s Start) (release func()) {
	dir, err := filepath.Dir(c.home), error(nil)
	if s.N == 1 {
		dir = filepath.Join(c.home, ".aws")
		err = someFiles(dir, c.User)
	}
	if err == nil {
		release, err = hungtest.Hold(nil, dir)
	}
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		r.w.skip(s.Kind)
	case err != nil:
		r.judge.fail("a broken harness", "%v", err)
	}
	return release
}

// someFiles puts a user's own AWS files into dir.
func someFiles(dir string, user int) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"config", "credentials"} {
		if err := writeFor(filepath.Join(dir, name), "# somebody's\n", user); err != nil {
			return err
		}
	}
	return os.Chown(dir, user, 1000)
}
