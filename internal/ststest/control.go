package ststest

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// ControlPrefix is the path under which Control answers.
const ControlPrefix = "/_standin/"

// Control is the server with its controls over HTTP, for a stand-in that runs as a program:
//
//	GET    /_standin/journal         every Entry, as a JSON array
//	GET    /_standin/journal.jsonl   the same, one line each
//	GET    /_standin/sessions/{id}   the Session of an access key id; 404 for a key that was not handed out
//	POST   /_standin/faults          injects a Fault, as JSON
//	GET    /_standin/faults          the faults still to come
//	DELETE /_standin/faults          ends every fault
//	POST   /_standin/outage          {"seconds": 5}: connections are reset and refused for so long
//	POST   /_standin/token           {"subject": "…", "audience": "…", "lifetime_seconds": 600}: mints a token, as text
//
// No secret comes out of it, but for tokens, which are what one asks it for.
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s)
	mux.HandleFunc("GET /_standin/journal", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, append([]Entry{}, s.Journal()...))
	})
	mux.HandleFunc("GET /_standin/journal.jsonl", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jsonl")
		lines := json.NewEncoder(w)
		for _, entry := range s.Journal() {
			lines.Encode(entry)
		}
	})
	mux.HandleFunc("GET /_standin/sessions/{id}", func(w http.ResponseWriter, r *http.Request) {
		session, ok := s.Lookup(r.PathValue("id"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		sendJSON(w, http.StatusOK, session)
	})
	mux.HandleFunc("GET /_standin/faults", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, s.Faults())
	})
	mux.HandleFunc("DELETE /_standin/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_standin/faults", func(w http.ResponseWriter, r *http.Request) {
		var fault Fault
		if !receive(w, r, &fault) {
			return
		}
		if err := s.Inject(fault); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_standin/outage", s.serveOutage)
	mux.HandleFunc("POST /_standin/token", s.serveToken)
	return mux
}

func (s *Server) serveOutage(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Seconds float64 `json:"seconds"`
	}
	if !receive(w, r, &ask) {
		return
	}
	if ask.Seconds <= 0 {
		http.Error(w, "seconds must be more than 0", http.StatusBadRequest)
		return
	}
	// Taken from the server, this connection outlives the outage that it asked for: the answer means that it has begun.
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotImplemented)
		return
	}
	defer conn.Close()
	s.Down()
	io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	go func() {
		select {
		case <-time.After(time.Duration(ask.Seconds * float64(time.Second))):
			s.Up()
		case <-s.closed:
		}
	}()
}

func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Subject  string  `json:"subject"`
		Audience string  `json:"audience"`         // empty: the configured one
		Lifetime float64 `json:"lifetime_seconds"` // 0: a day; negative: expired
	}
	if !receive(w, r, &ask) {
		return
	}
	var options []TokenOption
	if ask.Audience != "" {
		options = append(options, WithAudience(ask.Audience))
	}
	if ask.Lifetime != 0 {
		options = append(options, WithLifetime(time.Duration(ask.Lifetime*float64(time.Second))))
	}
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, s.Token(ask.Subject, options...))
}

// receive reads a JSON request into v; what v does not have is refused.
func receive(w http.ResponseWriter, r *http.Request, v any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// ListenWithControl is Listen for the server with its controls.
func (s *Server) ListenWithControl(address string) error { return s.listen(address, s.Control()) }
