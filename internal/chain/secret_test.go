package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rolechain/internal/ststest"
)

// TestNoSecrets prints and logs everything that this package hands out, after every fault, and looks for what the
// server knows to be secret.
func TestNoSecrets(t *testing.T) {
	for _, kind := range []ststest.FaultKind{"", ststest.Throttle, ststest.ExpiredToken, ststest.AccessDenied, ststest.PastExpiration, ststest.Reset, ststest.Truncate, ststest.TruncateChunked} {
		for _, action := range []string{"AssumeRoleWithWebIdentity", "AssumeRole"} {
			inBubble(t, roles(), nil, func(p *pod) {
				if kind != "" {
					p.inject(ststest.Fault{Kind: kind, Action: action, Times: 40})
				}
				var out bytes.Buffer
				log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
				s, err := p.first(seconds(20), log)
				base, baseErr := p.chain.Base(p.Context())
				log.Info("x", "session", s, "base", base, "err", err, "chain", p.chain, "spec", p.spec)
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
					fmt.Fprintf(&out, verb+"\n", s)
					fmt.Fprintf(&out, verb+"\n", &base)
					fmt.Fprintf(&out, verb+"\n", []Session{s, base})
					fmt.Fprintf(&out, verb+"\n", p.chain)
					fmt.Fprintf(&out, verb+"\n", p.spec)
					for e := err; e != nil; e = errors.Unwrap(e) {
						fmt.Fprintf(&out, verb+"\n", e)
					}
					fmt.Fprintf(&out, verb+"\n", baseErr)
				}
				spec, _ := json.Marshal(p.spec)
				failure, _ := json.Marshal(err)
				out.Write(append(spec, failure...))
				secrets := p.sts.Secrets()
				if len(secrets) < 1 {
					t.Fatal("the server has no secrets")
				}
				for _, secret := range secrets {
					// A piece is as bad as the whole: truncated answers are quoted in pieces.
					for _, piece := range []string{secret[:16], secret[len(secret)/2:][:16], fmt.Sprintf("%x", secret[:16])} {
						if strings.Contains(out.String(), piece) && !strings.HasPrefix(piece, "IQoJb3JpZ2luX2Vj") {
							t.Errorf("after %s of %s a secret is shown", kind, action)
						}
					}
				}
				if kind == "" && !strings.Contains(out.String(), s.KeySuffix()) {
					t.Error("the session is not named at all")
				}
			})
		}
	}
}

func TestSessionText(t *testing.T) {
	s := Session{Role: clientRole, AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret", SessionToken: "token", Expires: time.Unix(1_800_000_000, 0)}
	const want = "session of " + clientRole + ", key …MPLE, until 2027-01-15T08:00:00Z"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
		if got := fmt.Sprintf(verb, s); got != want {
			t.Errorf("%s: %s", verb, got)
		}
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "session", s)
	if got := out.String(); !strings.Contains(got, "session.role="+clientRole+" session.key=…MPLE session.expires=2027") {
		t.Error(got)
	}
	data, err := json.Marshal(s)
	var again Session
	if err != nil || json.Unmarshal(data, &again) != nil || again.SecretAccessKey != "secret" {
		t.Errorf("%s, %v", data, err)
	}
	if got := (Session{}).KeySuffix(); got != "…" {
		t.Error(got)
	}
}

// Every character that a token may have belongs to it, and every control character becomes a blank.
func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		`a,eyJ0123456789AZaz-_.=bBYy,b`: "a,[token],b",
		"eyJ.eyJ.x/eyJ":                 "[token]/[token]",
		`"eyJ"b`:                        `"[token]"b`,
		"a\x7fb\x1fc\x80d\x9fe\u00a0f":  "a b c d e f",
		"a\u0080b\u009fc\u2028d\u2029e": "a b c d e",
		"~!\u00a1é":                     "~!\u00a1é",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	if got := clean(strings.Repeat("x", 1000)); got != strings.Repeat("x", 1000) {
		t.Errorf("1000 bytes are cut to %d", len(got))
	}
}
