package refresh

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

// With the real chain on a strict STS: a day with each kind of trouble, and at every moment a session that STS knows and
// that has not ended.
func TestChain(t *testing.T) {
	const job = "arn:aws:iam::111122223333:role/job-execution-role"
	tokenFile := t.TempDir() + "/token"
	synctest.Test(t, func(t *testing.T) {
		sts, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
			{ARN: job, WebIdentity: &ststest.WebIdentity{}, MayAssume: []string{role}},
			{ARN: role, TrustedBy: []string{job}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		c := chain.New(chain.Spec{FirstHop: settings.WebIdentity, BaseRole: job, TokenFile: tokenFile, ClientRole: role, SessionName: "pod", Region: "eu-west-1"}, sts.Transport())
		token := func() {
			if err := os.WriteFile(tokenFile, []byte(sts.Token("system:serviceaccount:emr:spark")), 0o600); err != nil {
				t.Error(err)
			}
		}
		token()
		k := New(Options{Role: role, Get: func(ctx context.Context, _ chain.Session) (chain.Session, error) { return c.Client(ctx) }})
		base := New(Options{Role: job, Get: c.NextBase, OnDemand: true})
		go k.Run(t.Context())
		go base.Run(t.Context())
		if _, err := k.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, fault := range []ststest.FaultKind{
			ststest.Throttle, ststest.InternalFailure, ststest.ServiceUnavailable, ststest.ExpiredToken, ststest.AccessDenied,
			ststest.PastExpiration, ststest.Reset, ststest.Hang, ststest.Truncate, ststest.TruncateChunked,
		} {
			began := time.Now()
			if err := sts.Inject(ststest.Fault{Kind: fault}); err != nil {
				t.Fatal(err)
			}
			for range 75 * 60 {
				time.Sleep(time.Second)
				s, err := k.Current()
				if err != nil || s.Left() <= 0 {
					t.Fatalf("%s, after %v: %v, %v", fault, time.Since(began), s, err)
				}
				if known, ok := sts.Lookup(s.AccessKeyID); !ok || !strings.Contains(known.ARN, "/client-role/") || time.Now().After(known.Expires) {
					t.Fatalf("%s: STS knows %v of %v", fault, known, s)
				}
				if time.Since(began) == 25*time.Minute {
					if k.Status().Failures == 0 && s.Left() < 29*time.Minute { // 30, and a minute for the first try, which may hang
						t.Errorf("%s: no failure was met", fault)
					}
					sts.ClearFaults()
					token()
				}
			}
			if s, err := base.Wait(t.Context()); err != nil || s.Role != job {
				t.Errorf("base: %v, %v", s, err)
			}
		}
		t.Logf("%d calls", len(sts.Journal()))
	})
}
