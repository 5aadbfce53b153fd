package report

import (
	"io"
	"time"
)

// A Background is a writer that never waits: it hands each line to a goroutine, and drops lines while that one's reader
// does not read. It is for a process that must go on whatever becomes of its log.
type Background struct {
	lines chan []byte
	done  chan struct{}
}

// mostLines is how many wait to be written.
const mostLines = 64

// NewBackground returns a Background that writes to out.
func NewBackground(out io.Writer) *Background {
	b := &Background{lines: make(chan []byte, mostLines), done: make(chan struct{})}
	go func() {
		defer close(b.done)
		for line := range b.lines {
			if line == nil {
				return
			}
			_, _ = out.Write(line)
		}
	}()
	return b
}

// Write takes a line, or drops it.
func (b *Background) Write(line []byte) (int, error) {
	select {
	case b.lines <- append([]byte{}, line...):
	default:
	}
	return len(line), nil
}

// Close writes what waits, for so long at the most. What is written after it is dropped.
func (b *Background) Close(timeout time.Duration) {
	late := time.After(timeout)
	select {
	case b.lines <- nil:
	case <-late:
		return
	}
	select {
	case <-b.done:
	case <-late:
	}
}
