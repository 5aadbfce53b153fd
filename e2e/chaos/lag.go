package main

import (
	"context"
	"sync/atomic"
	"time"
)

// A Lag measures by how much this machine is late with what is due: judgments about time allow for it.
type Lag struct{ worst atomic.Int64 }

// Watch measures until ctx ends. What was measured counts for half a minute or so.
func (l *Lag) Watch(ctx context.Context) {
	const step = 20 * time.Millisecond
	for ctx.Err() == nil {
		began := time.Now()
		time.Sleep(step)
		late := int64(time.Since(began) - step)
		l.worst.Store(max(late, l.worst.Load()*999/1000))
	}
}

// Worst is how late something was lately.
func (l *Lag) Worst() time.Duration { return time.Duration(l.worst.Load()) }
