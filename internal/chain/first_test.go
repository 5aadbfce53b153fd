package chain

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/ststest"
)

// first does what a start does, with so many seconds for it.
func (p *pod) first(timeout time.Duration, log *slog.Logger) (Session, error) {
	ctx, cancel := context.WithTimeout(p.Context(), timeout)
	defer cancel()
	return First(ctx, log, p.chain.Client)
}

func TestStartWait(t *testing.T) {
	for tries, want := range map[int]time.Duration{1: startBackoff, 2: 2 * startBackoff, 5: 16 * startBackoff, 6: maxStartBackoff, 1000: maxStartBackoff} {
		if got := StartWait(tries, 0.5); got != want/2 {
			t.Errorf("after %d tries it waits for %v in the middle, not %v", tries, got, want/2)
		}
		if got := StartWait(tries, 0); got != 0 {
			t.Errorf("after %d tries it waits for %v at least", tries, got)
		}
	}
}

// A session is used again as long as it has what is asked for, to the instant.
func TestGoodFor(t *testing.T) {
	inBubble(t, roles(), nil, func(*pod) {
		for _, c := range []struct{ left, life, asked time.Duration }{{15 * time.Minute, time.Hour, 15 * time.Minute}, {10 * time.Minute, 20 * time.Minute, 15 * time.Minute}} {
			for beyond, want := range map[time.Duration]bool{-1: false, 0: true, 1: true} {
				h := held{Session: Session{AccessKeyID: "ASIA", Expires: time.Now().Add(c.left + beyond)}, life: c.life}
				if h.goodFor(c.asked) != want {
					t.Errorf("with %v left of %v it is good for %v: %v", c.left+beyond, c.life, c.asked, !want)
				}
			}
		}
	})
	if !Early(50*time.Minute, time.Hour, 0.49) || Early(50*time.Minute+1, time.Hour, 0.49) || Early(0, time.Hour, 0.5) {
		t.Error("an attempt is early at another time")
	}
}

func TestFirstRetriesWhatPasses(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		for _, kind := range []ststest.FaultKind{ststest.Throttle, ststest.Throttle, ststest.Reset, ststest.Truncate, ststest.Throttle, ststest.Hang} {
			p.inject(ststest.Fault{Kind: kind, Times: 1})
		}
		log, out := logged()
		s, err := p.first(seconds(60), log)
		if err != nil || s.Role != clientRole {
			t.Fatalf("First = %v, %v\n%s", s, err, out)
		}
		warnings, debugs := strings.Count(out.String(), "rolechain: warning: "), strings.Count(out.String(), "rolechain: debug: ")
		// Throttled twice in a row: one warning, and the rest at debug level. After something else it is a warning again.
		if warnings != 5 || debugs != 1 || !strings.Contains(out.String(), "rolechain: warning: no session yet, trying again: first hop (") || !strings.Contains(out.String(), "\n  hint: the account makes too many STS calls") {
			t.Errorf("log:\n%s", out)
		}
	})
}

// One deadline for it all, whatever STS does: it hangs, throttles, refuses connections. The last real failure is told.
func TestFirstEndsAtTheDeadline(t *testing.T) {
	for _, c := range []struct {
		kind ststest.FaultKind
		text string
	}{
		{ststest.Hang, "second hop (AssumeRole to " + clientRole + "): STS at sts.eu-west-1.amazonaws.com (region eu-west-1): no answer within 10s (tried "},
		{ststest.Throttle, "Throttling: Rate exceeded (tried "},
		{ststest.Reset, "connection reset by peer (tried "},
		{ststest.PastExpiration, "by this node's clock (tried "},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			inBubble(t, roles(), nil, func(p *pod) {
				p.inject(ststest.Fault{Kind: c.kind, Action: "AssumeRole"})
				log, out := logged()
				began := time.Now()
				_, err := p.first(seconds(60), log)
				if took := time.Since(began); took != seconds(60) {
					t.Errorf("it took %v", took)
				}
				wantExit(t, err, exit.Unreached, c.text, "")
				if !strings.HasSuffix(err.Error(), " in 1m0s)") || strings.Contains(err.Error(), "deadline") || strings.Count(out.String(), "warning: ") != 1 {
					t.Errorf("%v\n%s", err, out)
				}
				// The waits are jittered up to 5 s: about 60/2.5 tries when each fails at once.
				if n := len(p.calls()); n > 60 || c.kind != ststest.Hang && n < 12 {
					t.Errorf("%d calls in a minute", n)
				}
			})
		})
	}
}

// While it waits, a line every 10 s says for what, and for how much longer, also when nobody answers at all.
func TestFirstSaysWhatItWaitsFor(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		for _, kind := range []ststest.FaultKind{ststest.InternalFailure, ststest.Hang, ststest.Hang, ststest.AccessDenied} {
			p.inject(ststest.Fault{Kind: kind, Action: "AssumeRole", Times: 1})
		}
		log, out := logged()
		if _, err := p.first(seconds(35), log); err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(out.String()) {
			if _, text, found := strings.Cut(line, "waiting for the first session: "); found {
				got = append(got, strings.TrimSpace(text))
			}
		}
		hop := "second hop (AssumeRole to " + clientRole + "): "
		if len(got) != 2 || !strings.HasPrefix(got[0], hop+"InternalFailure: ") || !strings.HasSuffix(got[0], ` left="25s"`) || got[1] != hop+`STS at sts.eu-west-1.amazonaws.com (region eu-west-1): no answer within 10s left="15s"` {
			t.Errorf("said %q\n%s", got, out)
		}
		// Each reason that is another than the one before is a warning, with when it is tried again.
		if n := strings.Count(out.String(), "warning: no session yet, trying again: "); n != 3 || strings.Count(out.String(), ` next="in `) != 4 {
			t.Errorf("%d warnings\n%s", n, out)
		}
	})
}

// A try that the deadline cuts off says less than the one before it.
func TestFirstTellsTheLastRealFailure(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		p.inject(ststest.Fault{Kind: ststest.InternalFailure, Times: 1})
		p.inject(ststest.Fault{Kind: ststest.Hang})
		_, err := p.first(seconds(5), slog.New(slog.DiscardHandler))
		wantExit(t, err, exit.Unreached, "InternalFailure: We encountered an internal error. Please try again. (tried 2 times in 5s)", "")
	})
	inBubble(t, roles(), nil, func(p *pod) { // with none before it, it is what there is to say
		p.inject(ststest.Fault{Kind: ststest.Hang})
		_, err := p.first(seconds(5), slog.New(slog.DiscardHandler))
		wantExit(t, err, exit.Unreached, "no answer within 5s (tried once in 5s)", "")
	})
}

func TestFirstEndsAtARefusal(t *testing.T) {
	inBubble(t, roles(), func(s *Spec) { s.Options.Policy = "{" }, func(p *pod) {
		began := time.Now()
		_, err := p.first(seconds(60), slog.New(slog.DiscardHandler))
		wantExit(t, err, exit.Denied, "MalformedPolicyDocument", "ROLE_CHAIN_SESSION_POLICY_FILE")
		if n := len(p.calls()); n != 2 || time.Since(began) != 0 {
			t.Errorf("%d calls in %v", n, time.Since(began))
		}
	})
	inBubble(t, roles(), nil, func(p *pod) {
		p.write(p.spec.TokenFile, "")
		began := time.Now()
		_, err := p.first(seconds(60), slog.New(slog.DiscardHandler))
		wantExit(t, err, exit.NoToken, "is empty", "")
		if time.Since(began) != 0 {
			t.Errorf("after %v", time.Since(began))
		}
	})
}

// A policy that was made just now is not known everywhere: AccessDenied is not believed for 5 s.
func TestFirstWaitsForPolicies(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		p.inject(ststest.Fault{Kind: ststest.AccessDenied, Times: 3})
		log, out := logged()
		if _, err := p.first(seconds(60), log); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	for name, c := range map[string]struct{ timeout, took time.Duration }{"patience": {seconds(60), seconds(5)}, "deadline": {seconds(2), seconds(2)}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, roles(), func(s *Spec) { s.ClientRole = strangers }, func(p *pod) {
				began := time.Now()
				_, err := p.first(c.timeout, slog.New(slog.DiscardHandler))
				wantExit(t, err, exit.Denied, "AccessDenied: "+user, "trust policy")
				if time.Since(began) != c.took {
					t.Errorf("it took %v, want %v", time.Since(began), c.took)
				}
			})
		})
	}
}

func TestFirstWaitsForTheToken(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		os.Remove(p.spec.TokenFile)
		token := p.sts.Token(subject)
		time.AfterFunc(seconds(20), func() { p.write(p.spec.TokenFile, token) })
		began := time.Now()
		if _, err := p.first(seconds(60), slog.New(slog.DiscardHandler)); err != nil || time.Since(began) < seconds(20) || time.Since(began) > seconds(25) {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	inBubble(t, roles(), nil, func(p *pod) {
		os.Remove(p.spec.TokenFile)
		_, err := p.first(seconds(60), slog.New(slog.DiscardHandler))
		wantExit(t, err, exit.NoToken, "is not there (tried ", "eks.amazonaws.com/role-arn")
		p.wantCalls()
	})
}

// Somebody who ends the start is told so, and still hears what the trouble was.
func TestFirstStopped(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		p.inject(ststest.Fault{Kind: ststest.Throttle})
		ctx, cancel := context.WithCancel(p.Context())
		time.AfterFunc(seconds(3), cancel)
		_, err := First(ctx, slog.New(slog.DiscardHandler), p.chain.Client)
		wantExit(t, err, exit.Unreached, "Rate exceeded", "")
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestFirstPassesOnOtherErrors(t *testing.T) {
	odd := errors.New("odd")
	if _, err := First(t.Context(), slog.New(slog.DiscardHandler), func(context.Context) (Session, error) { return Session{}, odd }); err != odd {
		t.Error(err)
	}
}
