package emr

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// interval is that of EMR's heartbeat (pub-terminate.sh). AWS's sample sidecar gives up when there is no file
// within 60 s, and when it is older than 15 s.
const interval = 2 * time.Second

// Beat touches the heartbeat file, if its directory is there: in executors it is another one than the variable says. It is
// no reason to fail, so it returns nothing.
func (p Pod) Beat() {
	if p.Heartbeat == "" {
		return
	}
	fd, err := unix.Open(p.Heartbeat, unix.O_WRONLY|unix.O_CREAT|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG {
		_ = unix.Futimes(fd, nil)
	}
}

// KeepBeating touches the file every 2 s until ctx ends. It returns at once; the exec ends it too.
func (p Pod) KeepBeating(ctx context.Context) {
	if p.Heartbeat == "" {
		return
	}
	go func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				p.Beat()
			}
		}
	}()
}
