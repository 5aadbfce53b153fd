package chain

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// A Session is a set of temporary keys. Printing or logging it, in whatever way, shows no secret; encoding/json writes
// all of it, which is how one is handed from process to process.
type Session struct {
	Role            string // ARN of the role; "" for Pod Identity's, which is not told
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expires         time.Time // as STS says: whole seconds, UTC
}

// Left is for how long the session still counts; negative when it is over.
func (s Session) Left() time.Duration { return time.Until(s.Expires) }

// HasKeys reports whether all three parts of the keys are there.
func (s Session) HasKeys() bool {
	return s.AccessKeyID != "" && s.SecretAccessKey != "" && s.SessionToken != ""
}

// String names the role, the end of the key's id and the expiry.
func (s Session) String() string {
	return fmt.Sprintf("session of %s, key %s, until %s", s.roleName(), s.KeySuffix(), s.Expires.UTC().Format(time.RFC3339))
}

// KeySuffix is the last four characters of the access key id, enough to find the session in CloudTrail.
func (s Session) KeySuffix() string { return "…" + s.AccessKeyID[max(0, len(s.AccessKeyID)-4):] }

func (s Session) roleName() string {
	if s.Role == "" {
		return "EKS Pod Identity"
	}
	return s.Role
}

// Format prints String for every verb: %d and %#v would otherwise go around it, to the fields.
func (s Session) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is the same in parts.
func (s Session) LogValue() slog.Value {
	return slog.GroupValue(slog.String("role", s.roleName()), slog.String("key", s.KeySuffix()), slog.Time("expires", s.Expires))
}
