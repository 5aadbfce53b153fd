package refresher

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/supervise"
)

// A state is what outlives a worker: its successor serves the same sessions under the same token.
type state struct {
	process *supervise.Worker

	mu sync.Mutex
	saved
}

type saved struct {
	Token    string             `json:"token"`
	ID       string             `json:"id"` // see handover.Discovery
	Spec     chain.Spec         `json:"spec"`
	Sessions map[string]session `json:"sessions"`       // by the path that hands them out
	Told     bool               `json:"told,omitempty"` // the summary is in the job's own stderr
	Restarts int                `json:"restarts,omitempty"`
}

// A session goes on counting in the successor.
type session struct {
	Session chain.Session `json:"session"`
	Issued  time.Time     `json:"issued"`
}

// load returns what a predecessor has left, if there was one.
func load(process *supervise.Worker) (*state, error) {
	s := &state{process: process}
	if process.State != nil {
		if err := json.Unmarshal(process.State, &s.saved); err != nil {
			return nil, fmt.Errorf("loading the predecessor's sessions: %w", err)
		}
	}
	if s.Sessions == nil {
		s.Sessions = map[string]session{}
	}
	return s, nil
}

// keep returns a publisher that saves the sessions of a path.
func (s *state) keep(path string) func(chain.Session) error {
	return func(new chain.Session) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.Sessions[path].Session == new {
			return nil // the one that it began with
		}
		s.Sessions[path] = session{new, time.Now().Round(0)}
		return s.save()
	}
}

// session is the saved one of a path; zero when there is none.
func (s *state) session(path string) session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Sessions[path]
}

// told reports whether the job's stderr has the summary.
func (s *state) told() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Told
}

// tell keeps a successor from saying it again. Without a supervisor there is none.
func (s *state) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Told = true
	_ = s.save()
}

// restarted counts this worker, which is not the first.
func (s *state) restarted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Restarts++
	_ = s.save()
}

func (s *state) save() error {
	data, err := json.Marshal(s.saved)
	if err != nil {
		return fmt.Errorf("saving a session: %w", err)
	}
	return s.process.Save(data)
}
