package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"rolechain/internal/chain"
)

// A sessionHandler answers the requests for one source's sessions.
type sessionHandler struct {
	source   Source
	patience time.Duration
	last     atomic.Pointer[answer]
}

// An answer is a session and what is written for it. It is never changed, so no reader sees parts of two sessions.
type answer struct {
	session chain.Session
	body    []byte
	length  []string // the Content-Length header
}

// announceHeader has the end of the session that `rolechain credentials` says to its SDK. The body has the true end, for
// every other client.
const announceHeader = "Rolechain-Announce"

func (h *sessionHandler) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), h.patience)
	defer cancel()
	s, err := h.source.Wait(ctx)
	if err != nil {
		r := refusal{Code: NoSession, Message: err.Error()}
		var failed *chain.Error
		if errors.As(err, &failed) {
			r.Exit, r.Hint = failed.ExitCode(), failed.Hint
		}
		refuseWith(w, http.StatusServiceUnavailable, r)
		return
	}
	a := h.last.Load()
	if a == nil || a.session != s {
		a = newAnswer(s)
		h.last.Store(a)
	}
	w.Header()[announceHeader] = []string{h.source.Announced(s).UTC().Format(time.RFC3339)}
	write(w, http.StatusOK, a.body, a.length)
}

// payload is the container credentials protocol's. RoleArn is in ECS's answers too; no SDK needs it, it is for people.
type payload struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string // whole seconds and a Z, the one form that all SDKs read
	RoleArn         string `json:",omitempty"` // Pod Identity's own role is not told
}

func newAnswer(s chain.Session) *answer {
	body, _ := json.Marshal(payload{ // strings always marshal
		s.AccessKeyID, s.SecretAccessKey, s.SessionToken, s.Expires.UTC().Format(time.RFC3339), s.Role})
	return &answer{s, body, []string{strconv.Itoa(len(body))}}
}
