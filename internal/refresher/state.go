package refresher

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/supervise"
)

// A memory is what outlives a worker: its successor serves the same sessions under the same token.
type memory struct {
	state *supervise.State

	mu sync.Mutex
	remembered
}

type remembered struct {
	Token    string               `json:"token"`
	Spec     chain.Spec           `json:"spec"`
	Sessions map[string]remainder `json:"sessions"` // by the path that hands them out
}

// A remainder is a session that goes on counting.
type remainder struct {
	Session chain.Session `json:"session"`
	Issued  time.Time     `json:"issued"`
}

// recall returns what a predecessor has left; first is true when there was none.
func recall(state *supervise.State) (m *memory, first bool, err error) {
	m = &memory{state: state}
	data, err := state.Load()
	if err == nil && data != nil {
		err = json.Unmarshal(data, &m.remembered)
	}
	if err != nil {
		return nil, false, fmt.Errorf("recalling the sessions: %w", err)
	}
	if m.Sessions == nil {
		m.Sessions = map[string]remainder{}
	}
	return m, data == nil, nil
}

// keep returns a publisher that remembers the sessions of a path.
func (m *memory) keep(path string) func(chain.Session) error {
	return func(s chain.Session) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.Sessions[path].Session == s {
			return nil // the one that it began with
		}
		m.Sessions[path] = remainder{s, time.Now().Round(0)}
		return m.save()
	}
}

// session is the remembered one of a path; zero when there is none.
func (m *memory) session(path string) remainder {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Sessions[path]
}

func (m *memory) save() error {
	data, err := json.Marshal(m.remembered)
	if err != nil {
		return fmt.Errorf("remembering a session: %w", err)
	}
	return m.state.Save(data)
}
