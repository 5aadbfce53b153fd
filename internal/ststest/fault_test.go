package ststest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/ststest"
)

func inject(t *testing.T, server *ststest.Server, f ststest.Fault) {
	t.Helper()
	if err := server.Inject(f); err != nil {
		t.Fatal(err)
	}
}

var toClient = &sts.AssumeRoleInput{RoleArn: aws.String(clientRole), RoleSessionName: aws.String("pod")}

// TestFaultsThatAnswer: an error in AWS's words, as often as was asked for, and then all is well again.
func TestFaultsThatAnswer(t *testing.T) {
	for _, c := range []struct {
		kind   ststest.FaultKind
		status int
		code   string
		words  string
	}{
		{ststest.Throttle, 400, "Throttling", "Rate exceeded"},
		{ststest.InternalFailure, 500, "InternalFailure", "We encountered an internal error. Please try again."},
		{ststest.ServiceUnavailable, 503, "ServiceUnavailable", "Service is unable to handle request."},
		{ststest.ExpiredToken, 403, "ExpiredToken", "The security token included in the request is expired"},
		{ststest.AccessDenied, 403, "AccessDenied", denied("sts:AssumeRole", clientRole)},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			server := start(t, nil)
			job := asJob(t, server)
			inject(t, server, ststest.Fault{Kind: c.kind, Action: "AssumeRole", Role: "arn:aws:iam::444455556666:*", Skip: 1, Times: 2})
			for i, hit := range []bool{false, true, true, false} {
				if _, err := job.GetCallerIdentity(t.Context(), nil); err != nil {
					t.Errorf("another action: %v", err)
				}
				if _, err := job.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(middleRole), RoleSessionName: aws.String("pod")}); err != nil {
					t.Errorf("another role: %v", err)
				}
				_, err := job.AssumeRole(t.Context(), toClient)
				if hit {
					refused(t, err, c.status, c.code, c.words)
				} else if err != nil {
					t.Errorf("call %d: %v", i, err)
				}
			}
			if left := server.Faults(); len(left) != 0 {
				t.Errorf("faults left: %+v", left)
			}
		})
	}
}

func TestWebIdentityFaults(t *testing.T) {
	at := &clock{time.Unix(1_800_000_000, 0)}
	server := start(t, at.Now)
	for _, c := range []struct {
		kind        ststest.FaultKind
		status      int
		code, words string
	}{
		{ststest.IDPCommunication, 400, "IDPCommunicationError", "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached."},
		{ststest.ExpiredToken, 400, "ExpiredTokenException", "Token expired: current date/time 1800000000 must be before the expiration date/time 1799999999"},
		{ststest.AccessDenied, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		inject(t, server, ststest.Fault{Kind: c.kind})
		for range 3 { // until it is cleared
			_, err := withToken(t, server, jobRole, server.Token(subject))
			refused(t, err, c.status, c.code, c.words)
		}
		if _, err := client(server, nil).GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String(userKey)}); c.kind == ststest.IDPCommunication && (err == nil || strings.Contains(err.Error(), c.code)) {
			t.Errorf("an action without a token: %v", err)
		}
		server.ClearFaults()
		if _, err := withToken(t, server, jobRole, server.Token(subject)); err != nil {
			t.Errorf("after %s: %v", c.kind, err)
		}
	}
	if err := server.Inject(ststest.Fault{Kind: "trottle"}); err == nil {
		t.Error("a kind that does not exist was taken")
	}
}

// TestPolicyFaults: AWS's longer words, which name the policy that refused.
func TestPolicyFaults(t *testing.T) {
	server := start(t, nil)
	job := asJob(t, server)
	for _, c := range []struct {
		policy string
		deny   bool
		words  string
	}{
		{"identity-based policy", false, "because no identity-based policy allows the sts:AssumeRole action"},
		{"identity-based policy", true, "with an explicit deny in an identity-based policy"},
		{"VPC endpoint policy", false, "because no VPC endpoint policy allows the sts:AssumeRole action"},
		{"service control policy", true, "with an explicit deny in a service control policy"},
	} {
		inject(t, server, ststest.Fault{Kind: ststest.AccessDenied, Policy: c.policy, Deny: c.deny})
		_, err := job.AssumeRole(t.Context(), toClient)
		refused(t, err, 403, "AccessDenied", denied("sts:AssumeRole", clientRole)+" "+c.words)
		_, err = withToken(t, server, jobRole, server.Token(subject))
		refused(t, err, 403, "AccessDenied", "User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: "+jobRole+" "+strings.ReplaceAll(c.words, "AssumeRole", "AssumeRoleWithWebIdentity"))
		server.ClearFaults()
	}
	for _, f := range []ststest.Fault{{Kind: ststest.AccessDenied, Policy: "bucket policy"}, {Kind: ststest.Throttle, Policy: "session policy"}, {Kind: ststest.AccessDenied, Deny: true}} {
		if err := server.Inject(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

// TestFaultsOfTheConnection are seen by the client as what they are, over TCP and in memory alike.
func TestFaultsOfTheConnection(t *testing.T) {
	for _, c := range []struct {
		kind ststest.FaultKind
		want error
	}{
		{ststest.Reset, syscall.ECONNRESET},
		{ststest.Truncate, io.ErrUnexpectedEOF},
		{ststest.TruncateChunked, io.ErrUnexpectedEOF},
		{ststest.Hang, context.Canceled},
	} {
		for name, transport := range map[string]func(*ststest.Server) http.RoundTripper{
			"tcp":    func(*ststest.Server) http.RoundTripper { return &http.Transport{DisableKeepAlives: true} },
			"memory": func(s *ststest.Server) http.RoundTripper { return s.Transport() },
		} {
			t.Run(string(c.kind)+" "+name, func(t *testing.T) {
				server := start(t, nil)
				inject(t, server, ststest.Fault{Kind: c.kind, Times: 1})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.kind == ststest.Hang {
					go func() {
						for len(server.Journal()) == 0 && ctx.Err() == nil { // it is in the journal before it hangs
							time.Sleep(time.Millisecond)
						}
						cancel()
					}()
				}
				err := ask(ctx, server, transport(server))
				if !errors.Is(err, c.want) {
					t.Errorf("client saw %v, want %v", err, c.want)
				}
				if err := ask(t.Context(), server, transport(server)); err != nil {
					t.Errorf("afterwards: %v", err)
				}
				if first := server.Journal()[0]; first.Fault != c.kind || first.Action != "AssumeRoleWithWebIdentity" {
					t.Errorf("journal: %+v", first)
				}
			})
		}
	}
}

// ask does a call by plain HTTP, whose errors no SDK has wrapped, and reads the whole answer.
func ask(ctx context.Context, server *ststest.Server, transport http.RoundTripper) error {
	uri := server.URL + "/?Version=2011-06-15&Action=AssumeRoleWithWebIdentity&RoleSessionName=pod&RoleArn=" + jobRole + "&WebIdentityToken=" + server.Token(subject)
	r, err := http.NewRequestWithContext(ctx, "GET", uri, nil)
	if err != nil {
		return err
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.ReadAll(answer.Body)
	return err
}

// TestPastExpiration: the key comes with an Expiration that is over, and the server knows it too.
func TestPastExpiration(t *testing.T) {
	server := start(t, nil)
	inject(t, server, ststest.Fault{Kind: ststest.PastExpiration, Action: "AssumeRole"})
	out, err := asJob(t, server).AssumeRole(t.Context(), toClient)
	if err != nil || out.Credentials.Expiration.After(time.Now()) {
		t.Fatalf("AssumeRole = %v, %v", out, err)
	}
	_, err = client(server, keys(out.Credentials)).GetCallerIdentity(t.Context(), nil)
	refused(t, err, 403, "ExpiredToken", "The security token included in the request is expired")
}

// TestShort: the key lives for as long as the fault says, whatever was asked for, and the journal has its true end.
func TestShort(t *testing.T) {
	server := start(t, nil)
	inject(t, server, ststest.Fault{Kind: ststest.Short, Action: "AssumeRole", LifetimeSeconds: 90, Times: 1})
	job := asJob(t, server)
	for _, want := range []time.Duration{90 * time.Second, time.Hour} {
		out, err := job.AssumeRole(t.Context(), toClient)
		if err != nil {
			t.Fatal(err)
		}
		session, _ := server.Lookup(*out.Credentials.AccessKeyId)
		if got := session.Expires.Sub(session.Issued); got != want || !session.Expires.Equal(*out.Credentials.Expiration) {
			t.Errorf("a session of %s until %s, want %s", got, out.Credentials.Expiration, want)
		}
	}
	for _, f := range []ststest.Fault{{Kind: ststest.Short}, {Kind: ststest.Slow, LifetimeSeconds: 1}} {
		if server.Inject(f) == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

// TestForeignAnswers: the status is 200, and there is no key in what comes.
func TestForeignAnswers(t *testing.T) {
	server := start(t, nil)
	job := asJob(t, server)
	inject(t, server, ststest.Fault{Kind: ststest.WrongXML, Times: 1})
	out, err := job.AssumeRole(t.Context(), toClient)
	if err == nil && out.Credentials != nil {
		t.Errorf("a sign-in page gives %+v", out)
	}
	inject(t, server, ststest.Fault{Kind: ststest.Huge, Times: 1})
	answer, err := http.Get(server.URL + "/?Version=2011-06-15&Action=AssumeRoleWithWebIdentity&RoleSessionName=pod&RoleArn=" + jobRole + "&WebIdentityToken=" + server.Token(subject))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	begin := make([]byte, 1<<20)
	if _, err := io.ReadFull(answer.Body, begin); err != nil || answer.StatusCode != 200 || !strings.HasSuffix(string(begin), "AAAA") {
		t.Errorf("status %d, %v", answer.StatusCode, err)
	}
	if _, err := job.AssumeRole(t.Context(), toClient); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestSlow runs on synctest's clock: the right answer comes, after the delay to the nanosecond.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := ststest.New(ststest.Options{Config: roles()})
		if err != nil {
			t.Fatal(err)
		}
		inject(t, server, ststest.Fault{Kind: ststest.Slow, DelaySeconds: 2.5})
		began := time.Now()
		if err := ask(t.Context(), server, server.Transport()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 2500*time.Millisecond {
			t.Errorf("answered after %v", took)
		}
	})
}

// TestOutage: while the server is down connections are refused and open ones are reset, on a port that stays its own.
func TestOutage(t *testing.T) {
	server := start(t, nil)
	kept := &http.Transport{} // keeps its connection
	defer kept.CloseIdleConnections()
	for range 3 {
		if err := ask(t.Context(), server, kept); err != nil {
			t.Fatal(err)
		}
		open, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if err := ask(t.Context(), server, kept); err != nil { // the server has taken open by now, too
			t.Fatal(err)
		}
		server.Down()
		server.Down() // as good as once
		if _, err := open.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("an open connection saw %v", err)
		}
		open.Close()
		if err := ask(t.Context(), server, &http.Transport{}); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a new connection saw %v", err)
		}
		if l, err := net.Listen("tcp4", strings.TrimPrefix(server.URL, "http://")); err == nil {
			l.Close()
			t.Error("somebody else could take the port")
		}
		if err := server.Up(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCloseReleases: a request that hangs ends when the server does, over TCP and in memory alike.
func TestCloseReleases(t *testing.T) {
	for _, memory := range []bool{false, true} {
		server := start(t, nil)
		var transport http.RoundTripper = &http.Transport{DisableKeepAlives: true}
		if memory {
			transport = server.Transport()
		}
		inject(t, server, ststest.Fault{Kind: ststest.Hang})
		failed := make(chan error)
		go func() { failed <- ask(t.Context(), server, transport) }()
		for len(server.Journal()) == 0 {
			runtime.Gosched() // it is in the journal before it hangs
		}
		server.Close()
		if err := <-failed; err == nil {
			t.Error("a request that hung was answered")
		}
	}
}

// TestInABubble: an SDK on the server's Transport lives on synctest's clock, through the end of its session.
func TestInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := ststest.New(ststest.Options{Config: roles()})
		if err != nil {
			t.Fatal(err)
		}
		inMemory := func(o *sts.Options) {
			o.HTTPClient = &http.Client{Transport: server.Transport(), Timeout: 10 * time.Second}
		}
		out, err := client(server, alice()).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(jobRole), RoleSessionName: aws.String("pod")}, inMemory)
		if err != nil {
			t.Fatal(err)
		}
		job := client(server, keys(out.Credentials))
		time.Sleep(59 * time.Minute)
		if _, err := job.AssumeRole(t.Context(), toClient, inMemory); err != nil {
			t.Errorf("after 59 min: %v", err)
		}
		time.Sleep(time.Minute)
		_, err = job.AssumeRole(t.Context(), toClient, inMemory)
		refused(t, err, 403, "ExpiredToken", "The security token included in the request is expired")
		inject(t, server, ststest.Fault{Kind: ststest.Hang, Times: 1})
		began := time.Now()
		if _, err = client(server, alice()).GetCallerIdentity(t.Context(), nil, inMemory); err == nil || time.Since(began) != 10*time.Second {
			t.Errorf("a hanging call ended after %v with %v", time.Since(began), err)
		}
	})
}

func TestOnlyLoopback(t *testing.T) {
	server, err := ststest.New(ststest.Options{Config: roles()})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "10.1.2.3:80", "[::]:0", "sts.example:80", "127.0.0.1:99999", "127.0.0.1"} {
		if err := server.Listen(address); err == nil {
			t.Errorf("Listen(%q) was allowed", address)
		}
	}
	server.Close()
}
