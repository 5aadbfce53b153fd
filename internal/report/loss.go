package report

import (
	"fmt"
	"sync"
	"time"
)

// A loss counts the messages that could not be written, and says so when one can be again.
type loss struct {
	mu      sync.Mutex
	json    bool
	dropped int
	within  bool // a message was dropped after its first piece
}

func (l *loss) useJSON(json bool) { l.json = json }

// write puts line in pieces, after a word on what was dropped before it. put must not keep b.
func (l *loss) write(line []byte, put func(b []byte) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped > 0 {
		if put(l.notice()) != nil {
			l.dropped++
			return
		}
		l.dropped, l.within = 0, false
	}
	for written := 0; written < len(line); {
		piece := line[written:min(written+maxPiece, len(line))]
		if put(piece) != nil {
			l.dropped++
			l.within = written > 0
			return
		}
		written += len(piece)
	}
}

func (l *loss) notice() []byte {
	text := fmt.Sprintf("%d messages before this one were dropped, because nobody read them", l.dropped)
	if l.dropped == 1 {
		text = "the message before this one was dropped, because nobody read it"
	}
	lead := ""
	if l.within {
		lead = "\n"
	}
	now := time.Now()
	if l.json {
		return fmt.Appendf(nil, "%s{\"time\":%q,\"level\":\"WARN\",\"msg\":%q}\n", lead, now.UTC().Format(time.RFC3339Nano), text)
	}
	return fmt.Appendf(nil, "%s%swarning: %s\n", lead, prefix(now), text)
}
