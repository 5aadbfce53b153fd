package refresh

import "time"

// Status is how a Keeper stands. It holds no secret and is meant to be written as JSON.
type Status struct {
	Role      string    `json:"role"`
	Key       string    `json:"key,omitempty"`           // the end of the access key id
	Expires   time.Time `json:"expires,omitzero"`        // of the session that is held, which may have ended
	Refreshed time.Time `json:"last_refresh,omitzero"`   // when that came
	Next      time.Time `json:"next_refresh,omitzero"`   // when it is tried next; zero when nobody has asked for a session yet
	Failures  int       `json:"failures"`                // in a row
	Error     string    `json:"last_error,omitempty"`    // of the last try, when it failed
	Publish   string    `json:"publish_error,omitempty"` // of the publishers that failed, or hang
}

// Status returns how the Keeper stands. All times are UTC, in whole seconds.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := Status{Role: k.role, Next: whole(k.next), Failures: k.state.Failures}
	if !k.state.Issued.IsZero() {
		s.Role, s.Key = k.session.Role, k.session.KeySuffix()
		s.Expires, s.Refreshed = whole(k.session.Expires), whole(k.state.Issued)
	}
	if k.lastErr != nil {
		s.Error = k.lastErr.Error()
	}
	if err := k.failing(); err != nil {
		s.Publish = oneLine(err)
	}
	return s
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
