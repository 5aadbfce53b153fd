package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

// An agent stands in for EKS Pod Identity's: it takes one authorization token at a time.
type agent struct {
	sts    *ststest.Server
	token  string
	answer func(http.ResponseWriter) // when set, the answer
	asked  atomic.Int32
}

func (a *agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked.Add(1)
	switch {
	case a.answer != nil:
		a.answer(w)
	case r.Method != http.MethodGet || r.URL.Path != "/v1/credentials" || r.Header.Get("Authorization") != a.token:
		http.Error(w, "[b6f7c1f2]: (InvalidTokenException): The token included in the request is invalid, fault: client", http.StatusBadRequest)
	default:
		c := a.sts.PodIdentity(jobRole, "eks-cluster-spark", map[string]string{"kubernetes-namespace": "emr"})
		json.NewEncoder(w).Encode(map[string]any{"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken, "AccountId": "111122223333", "Expiration": c.Expires})
	}
}

// withAgent makes a pod whose first hop is Pod Identity, over TCP.
func withAgent(t *testing.T, change func(*Spec)) (*pod, *agent) {
	t.Helper()
	a := &agent{token: "first-authorization-token"}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "eks-pod-identity-token")
	p := overTCP(t, roles(), func(s *Spec) {
		s.FirstHop, s.BaseRole = settings.PodIdentity, ""
		s.ContainerURI, s.ContainerTokenFile = server.URL+"/v1/credentials", file
		if change != nil {
			change(s)
		}
	})
	a.sts = p.sts
	p.write(file, a.token)
	return p, a
}

func TestPodIdentity(t *testing.T) {
	p, a := withAgent(t, nil)
	s := p.client()
	known, _ := p.sts.Lookup(s.AccessKeyID)
	if s.Role != clientRole || known.Depth != 2 || known.Tags["kubernetes-namespace"] != "emr" {
		t.Errorf("%v: %+v", s, known)
	}
	p.client()
	base, err := p.chain.Base(t.Context())
	if err != nil || base.Role != "" || !strings.HasPrefix(base.String(), "session of EKS Pod Identity, key …") {
		t.Errorf("Base = %v, %v", base, err)
	}
	p.wantCalls("pod job-execution-role ok", "assume client-role ok", "assume client-role ok")

	// The token is rotated on both sides.
	a.token = "second-authorization-token"
	p.chain = New(p.spec, nil) // without the session that it holds
	e := p.refused()
	if e.Kind != Refused || e.Error() != "first hop (Pod Identity): InvalidTokenException: The token included in the request is invalid" {
		t.Errorf("%+v", e)
	}
	wantExit(t, AsExit(e), exit.Denied, "InvalidTokenException", "not a copy")
	p.write(p.spec.ContainerTokenFile, a.token)
	p.client()
}

// The tags of Pod Identity are transitive: the next hop needs sts:TagSession on both sides, and the hint says so.
func TestPodIdentityNeedsTagSession(t *testing.T) {
	p, _ := withAgent(t, func(s *Spec) { s.ClientRole = otherRole })
	wantExit(t, AsExit(p.refused()), exit.Denied, "is not authorized to perform: sts:TagSession on resource: "+otherRole,
		"(EKS Pod Identity puts its own on every session): both the permissions of the role of the Pod Identity association and the trust policy of "+otherRole+" must allow sts:TagSession")
}

func TestPodIdentityFailures(t *testing.T) {
	text := func(status int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { http.Error(w, body, status) }
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		kind   Kind
		text   string
		hint   string
	}{
		"association": {text(404, "[id]: (ResourceNotFoundException): No association, fault: client"), Refused, "ResourceNotFoundException: No association", "has no Pod Identity association"},
		"denied":      {text(403, "[id]: (AccessDeniedException): Unauthorized Exception!, fault: client"), Refused, "AccessDeniedException: Unauthorized Exception!", "pods.eks.amazonaws.com"},
		"no code":     {text(403, "Access Denied. (not you)"), Refused, "status 403: Access Denied. (not you)", ""},
		"throttled":   {text(400, "[id]: (ThrottlingException): slower, fault: client"), Transient, "ThrottlingException: slower", ""},
		"limited":     {text(429, "Too Many Requests. x"), Transient, "status 429: Too Many", ""},
		"broken":      {text(500, ""), Transient, "status 500: Internal Server Error", "eks-pod-identity-agent is not running"},
		"json":        {text(400, `{"code":"InvalidRequestException","message":"not so"}`), Refused, "InvalidRequestException: not so", ""},
		"json 503":    {text(503, `{"code":"ServiceUnavailableException","message":"later"}`), Transient, "ServiceUnavailableException: later", ""},
		"redirect":    {func(w http.ResponseWriter) { w.Header().Set("Location", "/v1/credentials"); w.WriteHeader(302) }, Refused, "status 302: Found", ""},
		"not json":    {func(w http.ResponseWriter) { io.WriteString(w, "secret") }, Transient, "not the JSON of a session", ""},
		"not it":      {func(w http.ResponseWriter) { io.WriteString(w, "{}") }, Transient, "ended too early", ""},
		"endless":     {func(w http.ResponseWriter) { io.WriteString(w, strings.Repeat("x", maxAnswer+10)) }, Refused, "longer than 65536 bytes", ""},
		"truncated": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"AccessKeyId":`)
		}, Transient, "ended too early", ""},
		"reset": {func(w http.ResponseWriter) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}, Transient, "connection reset by peer", "eks-pod-identity-agent is not running"},
	} {
		t.Run(name, func(t *testing.T) {
			p, a := withAgent(t, nil)
			a.answer = c.answer
			e := p.refused()
			if e.Kind != c.kind || e.Hop != 1 || !strings.HasPrefix(e.Error(), "first hop (Pod Identity): ") || !strings.Contains(e.Error(), c.text) || !strings.Contains(e.Hint, c.hint) || a.asked.Load() != 1 {
				t.Errorf("%s %v, hint %q, asked %d times", e.Kind, e, e.Hint, a.asked.Load())
			}
		})
	}
}

func TestPodIdentityToken(t *testing.T) {
	p, a := withAgent(t, nil)
	p.write(p.spec.ContainerTokenFile, a.token+"\n")
	wantExit(t, AsExit(p.refused()), exit.NoToken, "has white space in it", "the file that EKS mounts")
	os.Remove(p.spec.ContainerTokenFile)
	if e := p.refused(); e.Kind != NoToken || !strings.Contains(e.Hint, "association") || a.asked.Load() != 0 {
		t.Errorf("%+v", e)
	}
}

// No token goes to a host that is not an agent's.
func TestContainerURI(t *testing.T) {
	for uri, allowed := range map[string]bool{
		"http://169.254.170.23/v1/credentials":   true,
		"http://[fd00:ec2::23]/v1/credentials":   true,
		"http://169.254.170.2/v2/credentials":    true,
		"http://127.0.0.1:8080/x":                true,
		"http://127.9.9.9/x":                     true,
		"http://[::1]/x":                         true,
		"http://[::ffff:127.0.0.1]/x":            true,
		"http://localhost:1/x":                   true,
		"https://agent.example/x":                true,
		"http://169.254.169.254/latest":          false,
		"http://10.0.0.1/x":                      false,
		"http://agent.example/x":                 false,
		"http://localhost.example/x":             false,
		"http://user:password@127.0.0.1/x":       false,
		"http://[fd00:ec2::24]/x":                false,
		"http://2130706433/x":                    false,
		"ftp://127.0.0.1/x":                      false,
		"/v1/credentials":                        false,
		"":                                       false,
		"http://127.0.0.1 /x":                    false,
		"http:127.0.0.1":                         false,
		"http://127.0.0.1@evil.example/x":        false,
		"http://169.254.170.23.evil.example/x":   false,
		"http://[fe80::1%25eth0]/v1/credentials": false,
	} {
		if err := checkURI(uri); (err == nil) != allowed {
			t.Errorf("%q: %v", uri, err)
		}
	}
	p, _ := withAgent(t, func(s *Spec) { s.ContainerURI = "http://user:hunter2@10.0.0.1/x" })
	e := p.refused()
	if e.Kind != BadSpec || strings.Contains(fmt.Sprintf("%+v %q", e, e.Hint), "hunter2") {
		t.Errorf("%+v", e)
	}
	wantExit(t, AsExit(e), exit.BadSetting, "first hop (Pod Identity): the credentials URI ", "169.254.170.23")
}

func TestPodIdentityHangs(t *testing.T) {
	inBubble(t, roles(), func(s *Spec) {
		s.FirstHop, s.ContainerURI, s.ContainerTokenFile = settings.PodIdentity, "http://169.254.170.23/v1/credentials", s.TokenFile
	}, func(p *pod) {
		p.chain = New(p.spec, roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		if e := p.refused(); e.Message != "no answer within 10s" || !errors.Is(e, context.DeadlineExceeded) {
			t.Errorf("%+v", e)
		}
	})
}
