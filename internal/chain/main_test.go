package chain

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

const (
	jobRole    = "arn:aws:iam::111122223333:role/job-execution-role"
	middleRole = "arn:aws:iam::111122223333:role/middle-role"
	clientRole = "arn:aws:iam::444455556666:role/client-role"
	otherRole  = "arn:aws:iam::444455556666:role/other-role"
	strangers  = "arn:aws:iam::444455556666:role/strangers-role"
	subject    = "system:serviceaccount:emr:spark"
)

// roles is the account setup that every test starts from.
func roles() ststest.Config {
	all := []string{"sts:TagSession", "sts:SetSourceIdentity"}
	return ststest.Config{Roles: []ststest.Role{
		{
			ARN:         jobRole,
			WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}}},
			MayAssume:   []string{"arn:aws:iam::444455556666:role/*"},
			MayAlso:     all,
		},
		{ARN: middleRole, TrustedBy: []string{jobRole}, TrustAlso: all, MayAssume: []string{"*"}, MayAlso: all},
		{ARN: clientRole, TrustedBy: []string{jobRole, middleRole}, TrustAlso: all},
		{ARN: otherRole, TrustedBy: []string{jobRole}},
		{ARN: strangers, TrustedBy: []string{"arn:aws:iam::444455556666:role/someone"}},
	}}
}

// A pod is a chain with an STS of its own and a token on disk.
type pod struct {
	*testing.T
	sts   *ststest.Server
	spec  Spec
	chain *Chain
}

// inMemory makes a pod whose STS answers without a network, for synctest's clock.
func inMemory(t *testing.T, config ststest.Config, change func(*Spec)) *pod {
	t.Helper()
	server, err := ststest.New(ststest.Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	p := &pod{T: t, sts: server, spec: Spec{
		FirstHop: settings.WebIdentity, BaseRole: jobRole, TokenFile: filepath.Join(t.TempDir(), "token"),
		ClientRole: clientRole, SessionName: "pod-1", Region: "eu-west-1",
	}}
	if change != nil {
		change(&p.spec)
	}
	p.write(p.spec.TokenFile, server.Token(subject))
	p.chain = New(p.spec, server.Transport())
	p.chain.random = func() float64 { return 0.5 } // no hop is early
	return p
}

// overTCP makes a pod that reaches its STS by a socket and this package's own transport.
func overTCP(t *testing.T, config ststest.Config, change func(*Spec)) *pod {
	t.Helper()
	p := inMemory(t, config, change)
	if err := p.sts.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.sts.Close)
	p.spec.STSEndpoint = p.sts.URL
	p.chain = New(p.spec, nil)
	return p
}

func (p *pod) write(file, content string) {
	p.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		p.Fatal(err)
	}
}

func (p *pod) inject(f ststest.Fault) {
	p.Helper()
	if err := p.sts.Inject(f); err != nil {
		p.Fatal(err)
	}
}

// client asks for the client role's session and fails the test when there is none.
func (p *pod) client() Session {
	p.Helper()
	s, err := p.chain.Client(p.Context())
	if err != nil {
		p.Fatalf("Client: %v", err)
	}
	return s
}

// refused asks for the client role's session and wants none.
func (p *pod) refused() *Error {
	p.Helper()
	s, err := p.chain.Client(p.Context())
	var e *Error
	if !errors.As(err, &e) || s != (Session{}) {
		p.Fatalf("Client = %v, %v", s, err)
	}
	return e
}

// calls is the journal in short: "web job-execution-role ok", "assume client-role AccessDenied".
func (p *pod) calls() []string {
	list := []string{}
	for _, entry := range p.sts.Journal() {
		short := map[string]string{"AssumeRoleWithWebIdentity": "web", "AssumeRole": "assume", "PodIdentity": "pod"}[entry.Action]
		list = append(list, short+" "+entry.Role[strings.LastIndex(entry.Role, "/")+1:]+" "+entry.Outcome)
	}
	return list
}

func (p *pod) wantCalls(want ...string) {
	p.Helper()
	if got := strings.Join(p.calls(), "\n"); got != strings.Join(want, "\n") {
		p.Errorf("STS was asked:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// wantExit checks an error's exit code, its text and its hint by what they contain.
func wantExit(t *testing.T, err error, code exit.Code, text, hint string) {
	t.Helper()
	if err == nil || exit.CodeOf(err) != code || !strings.Contains(err.Error(), text) || !strings.Contains(exit.HintOf(err), hint) {
		t.Errorf("error %q, code %d, hint %q\nwant %q, code %d, hint %q", err, exit.CodeOf(err), exit.HintOf(err), text, code, hint)
	}
}

// logged is a logger at debug level and what it wrote.
func logged() (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	return report.New(&out, slog.LevelDebug, "text"), &out
}

// roundTrip is a http.RoundTripper of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
