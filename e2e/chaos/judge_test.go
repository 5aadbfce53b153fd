package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/ststest"
)

// A bench is a judge with an STS that has handed out sessions, on synctest's clock.
type bench struct {
	*testing.T
	*Judge
}

// session gets one of a role.
func (b bench) session(role string) Keys {
	b.Helper()
	ask := func(keys Keys, role string) Keys {
		client := sts.New(sts.Options{Region: region, BaseEndpoint: &b.sts.URL, HTTPClient: doer{b.sts},
			Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyId, keys.SecretAccessKey, keys.Token)})
		out, err := client.AssumeRole(b.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("test")})
		if err != nil {
			b.Fatal(err)
		}
		return Keys{*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken, *out.Credentials.Expiration}
	}
	c := b.sts.PodIdentity(jobRole, "test", nil)
	return ask(Keys{AccessKeyId: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, Token: c.SessionToken}, role)
}

// served is a reader that was given a session at once.
func (b bench) give(k Keys) {
	now := time.Now()
	if s, ok := b.is("reader", clientRole, k, now, now, false); ok {
		b.Judge.served("reader", s, now, now)
	}
}

// waits has a reader wait beside a session of an hour, from the last of these faults on; each begins a second after the other.
func (b bench) waits(d time.Duration, faults ...string) {
	s, _ := b.sts.Lookup(b.session(clientRole).AccessKeyId)
	s.Expires = s.Expires.Add(time.Hour)
	b.served("reader", s, time.Now(), time.Now())
	for _, fault := range faults {
		time.Sleep(time.Second)
		b.open(fault, 0)
	}
	asked := time.Now()
	b.served("reader", s, asked, asked.Add(d))
}

const testLife = 10 * time.Second

// Each promise that is broken is found, as what it is; what is none is not.
func TestJudge(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(bench)
		want string // "" for nothing
	}{
		"good session": {func(b bench) { b.give(b.session(clientRole)) }, ""},
		"somebody's key": {func(b bench) {
			k := b.session(clientRole)
			k.AccessKeyId = "ASIAAAAAAAAAAAAAAAAA"
			b.give(k)
		}, "a key of nobody"},
		"another session's token": {func(b bench) {
			k := b.session(clientRole)
			k.Token = b.session(clientRole).Token
			b.give(k)
		}, "a mixed session"},
		"another role": {func(b bench) { b.give(b.session(otherRole)) }, "another role's session"},
		"expired": {func(b bench) {
			k := b.session(clientRole)
			time.Sleep(testLife)
			b.give(k)
		}, "an expired session"},
		"a longer life than it has": {func(b bench) {
			k := b.session(clientRole)
			k.Expiration = k.Expiration.Add(time.Second)
			b.give(k)
		}, "a wrong expiry"},
		"refused with a session": {func(b bench) {
			b.give(b.session(clientRole))
			asked := time.Now().Add(time.Second)
			b.refused("reader", asked, asked.Add(time.Second), "500")
		}, "a failed request"},
		"refused with a session, both processes gone": {func(b bench) {
			b.give(b.session(clientRole))
			asked := time.Now().Add(time.Second)
			b.refused("reader", asked, asked.Add(time.Second), "500")
			b.open("excused", 0) // seen a little later
		}, ""},
		"refused once the session is over, in an outage": {func(b bench) {
			w := b.open("down", 0)
			b.give(b.session(clientRole))
			time.Sleep(testLife + time.Minute)
			b.refused("reader", time.Now(), time.Now(), "503")
			b.shut(w, 0)
		}, ""},
		"refused once the session is over, with STS well": {func(b bench) {
			b.give(b.session(clientRole))
			time.Sleep(testLife + time.Minute)
			b.refused("reader", time.Now(), time.Now(), "503")
		}, "no renewal"},
		"refused because of the disk": {func(b bench) {
			b.open("frozen", 0)
			b.give(b.session(clientRole))
			time.Sleep(testLife + time.Minute)
			b.refused("reader", time.Now(), time.Now(), "503")
		}, "no renewal"},
		"cut off, and nobody died": {func(b bench) { b.cutOff("reader", time.Now(), time.Now(), "reset") }, "a lost answer"},
		"cut off by a death": {func(b bench) {
			b.cutOff("reader", time.Now(), time.Now(), "reset")
			b.open("worker died", 0)
		}, ""},
		"cut off by the supervisor's death": {func(b bench) {
			b.open("supervisor died", 0)
			b.cutOff("reader", time.Now(), time.Now(), "reset")
		}, "a lost answer"},
		"a long wait beside a session": {func(b bench) {
			b.life = time.Hour
			k := b.session(clientRole)
			s, _ := b.sts.Lookup(k.AccessKeyId)
			s.Expires = s.Expires.Add(time.Hour)
			b.served("reader", s, time.Now(), time.Now())
			asked := time.Now().Add(time.Second)
			b.served("reader", s, asked, asked.Add(10*time.Second))
		}, "a slow answer"},
		"a long wait for the successor of a stopped worker": {func(b bench) { b.waits(12*time.Second, "stop-worker") }, "a slow answer"},
		"the same, and it had only just been started":       {func(b bench) { b.waits(12*time.Second, "worker died", "stop-worker") }, ""},
		"the same, and longer still":                        {func(b bench) { b.waits(14*time.Second, "worker died", "stop-worker") }, "a slow answer"},
		"a long wait after an abort":                        {func(b bench) { b.waits(6*time.Second, "abort-worker") }, "a slow answer"},
		"the same, and nobody reads what it says":           {func(b bench) { b.waits(6*time.Second, "log-full", "abort-worker") }, ""},
		"cut off at a limit": {func(b bench) {
			b.open("limit-memory", 0)
			b.cutOff("reader", time.Now(), time.Now(), "reset")
		}, ""},
		"past the refresher": {func(b bench) {
			s, _ := b.sts.Lookup(b.session(clientRole).AccessKeyId)
			b.ran(s, time.Now(), time.Now())
		}, "a session past the refresher"},
		"the refresher's, seen by a process first": {func(b bench) {
			k := b.session(clientRole)
			s, _ := b.sts.Lookup(k.AccessKeyId)
			b.ran(s, time.Now(), time.Now())
			b.give(k)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seconds := int(testLife.Seconds())
				server, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
					{ARN: jobRole, MayAssume: []string{"*"}},
					{ARN: clientRole, TrustedBy: []string{jobRole}, LifetimeSeconds: seconds},
					{ARN: otherRole, TrustedBy: []string{jobRole}, LifetimeSeconds: seconds},
				}}})
				if err != nil {
					t.Fatal(err)
				}
				b := bench{t, newJudge(server, clientRole, testLife, &Lag{})}
				time.Sleep(time.Second)
				test.do(b)
				b.judgeLater()
				found := strings.Join(b.verdict(), "\n")
				if (found == "") != (test.want == "") || !strings.Contains(found, test.want) {
					t.Errorf("found %q, want %q", found, test.want)
				}
			})
		})
	}
}

// doer has the SDK call the STS of a test.
type doer struct{ sts *ststest.Server }

func (d doer) Do(r *http.Request) (*http.Response, error) { return d.sts.Transport().RoundTrip(r) }
