package chain

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

const user = "User: arn:aws:sts::111122223333:assumed-role/job-execution-role/pod-1 is not authorized to perform: "

// TestRefusals has what STS says no to, with the words, the exit code and the hint that a person gets.
func TestRefusals(t *testing.T) {
	at := func(role string) func(*pod) { return func(p *pod) { p.spec.ClientRole = role } }
	token := func(options ...ststest.TokenOption) func(*pod) {
		return func(p *pod) { p.write(p.spec.TokenFile, p.sts.Token(subject, options...)) }
	}
	const web, assume = "first hop (AssumeRoleWithWebIdentity to " + jobRole + "): ", "second hop (AssumeRole to " + clientRole + "): "
	for name, c := range map[string]struct {
		roles func([]ststest.Role)
		pod   func(*pod)
		kind  Kind
		code  exit.Code
		text  string
		hint  string
	}{
		"trust policy of the first hop": {
			pod:  func(p *pod) { p.write(p.spec.TokenFile, p.sts.Token("system:serviceaccount:dev:spark")) },
			text: web + "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
			hint: `sub and aud that the token (sub "system:serviceaccount:dev:spark", aud "sts.amazonaws.com", iss "https://oidc.eks.`,
		},
		"audience": {
			pod:  token(ststest.WithAudience("https://kubernetes.default.svc", "x")),
			text: web + "InvalidIdentityToken: Incorrect token audience",
			hint: `among the client ids of the OIDC provider in account 111122223333; the token (sub "` + subject + `", aud "https://kubernetes.default.svc, x"`,
		},
		"no provider": {
			pod:  token(ststest.WithIssuer("https://elsewhere.example")),
			text: web + "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://elsewhere.example",
			hint: "account 111122223333 has no OIDC provider for the token's issuer",
		},
		"forged":            {pod: token(ststest.WithForgedSignature()), text: web + "InvalidIdentityToken: ", hint: "of this cluster"},
		"keys out of reach": {pod: token(ststest.WithUnknownKey()), kind: Transient, code: exit.Unreached, text: web + "InvalidIdentityToken: Couldn't retrieve verification key", hint: "public keys"},
		"expired token":     {pod: token(ststest.WithLifetime(-time.Minute)), text: web + "ExpiredTokenException: Token expired: ", hint: "neither a copy nor a subPath mount"},
		"neither side known": {
			pod:  at(strangers),
			text: "second hop (AssumeRole to " + strangers + "): AccessDenied: " + user + "sts:AssumeRole on resource: " + strangers,
			hint: "1. the permissions of " + jobRole + " do not allow sts:AssumeRole on " + strangers + "; 2. the trust policy of " + strangers + " does not name " + jobRole + "; 3. ",
		},
		"external id": {
			roles: func(r []ststest.Role) { r[2].ExternalID = "right" },
			pod:   func(p *pod) { p.spec.Options.ExternalID = "wrong" },
			text:  assume + "AccessDenied: " + user + "sts:AssumeRole on resource",
			hint:  "another external id than ROLE_CHAIN_EXTERNAL_ID",
		},
		"external id of a role map": {
			roles: func(r []ststest.Role) { r[2].ExternalID = "right" },
			pod: func(p *pod) {
				p.spec.Options.ExternalID, p.spec.Options.From.Mapped = "wrong", `the role "lake" in the role map "/map.yaml"`
			},
			text: assume + "AccessDenied: ", hint: `another external id than external_id of the role "lake" in the role map "/map.yaml"; 4. `,
		},
		"external id missing in a role map": {
			roles: func(r []ststest.Role) { r[2].ExternalID = "right" },
			pod:   func(p *pod) { p.spec.Options.From.Mapped = `the role "lake" in the role map "/map.yaml"` },
			text:  assume + "AccessDenied: ", hint: `asks for an external id (external_id of the role "lake" in the role map "/map.yaml")`,
		},
		"external id missing": {
			roles: func(r []ststest.Role) { r[2].ExternalID = "right" },
			text:  assume + "AccessDenied: ", hint: "asks for an external id (ROLE_CHAIN_EXTERNAL_ID)",
		},
		"tags": {
			roles: func(r []ststest.Role) { r[2].TrustAlso = nil },
			pod:   func(p *pod) { p.spec.Options.Tags = map[string]string{"team": "data"} },
			text:  assume + "AccessDenied: " + user + "sts:TagSession on resource: " + clientRole,
			hint:  "(ROLE_CHAIN_SESSION_TAGS): both the permissions of " + jobRole + " and the trust policy of " + clientRole + " must allow sts:TagSession",
		},
		"source identity": {
			roles: func(r []ststest.Role) { r[0].MayAlso = nil },
			pod:   func(p *pod) { p.spec.Options.SourceIdentity = "alice" },
			text:  assume + "AccessDenied: " + user + "sts:SetSourceIdentity on resource", hint: "must allow sts:SetSourceIdentity",
		},
		"via": {
			roles: func(r []ststest.Role) { r[1].TrustedBy = nil },
			pod:   func(p *pod) { p.spec.Via = []Hop{{Role: middleRole}} },
			text:  "second hop (AssumeRole to " + middleRole + "): AccessDenied: ", hint: "the permissions of " + jobRole,
		},
		"at the end of via": {
			roles: func(r []ststest.Role) { r[0].MayAssume = []string{"*"}; r[2].TrustedBy = nil },
			pod:   func(p *pod) { p.spec.Via = []Hop{{Role: middleRole}} },
			text:  "third hop (AssumeRole to " + clientRole + "): AccessDenied: ", hint: "the trust policy of " + clientRole + " does not name " + middleRole,
		},
		"too long for chaining": {
			roles: func(r []ststest.Role) { r[2].MaxSessionSeconds = 12 * 3600 },
			pod:   func(p *pod) { p.spec.Options.Duration = 2 * time.Hour },
			text:  assume + "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit", hint: "set ROLE_CHAIN_DURATION to 1h or less",
		},
		"too long for the role": {
			roles: func(r []ststest.Role) { r[2].MaxSessionSeconds = 1800 },
			pod:   func(p *pod) { p.spec.Options.Duration = time.Hour },
			text:  assume + "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration", hint: "maximum session duration of " + clientRole,
		},
		"policy": {pod: func(p *pod) { p.spec.Options.Policy = "{" }, text: assume + "MalformedPolicyDocument: ", hint: "ROLE_CHAIN_SESSION_POLICY_FILE"},
		"large": {pod: func(p *pod) {
			p.spec.Options.Tags = map[string]string{"k": strings.Repeat("v", 250), "l": strings.Repeat("v", 250)}
		}, text: assume + "PackedPolicyTooLarge: ", hint: "too large together"},
		"transitive": {pod: func(p *pod) { p.spec.Options.TransitiveTags = []string{"k"} }, text: assume + "InvalidParameterValue: ", hint: "ROLE_CHAIN_TRANSITIVE_TAGS may only name keys of"},
		"name":       {pod: func(p *pod) { p.spec.SessionName = "a b" }, text: web + "ValidationError: 1 validation error detected: Value 'a b' at 'roleSessionName'"},

		"token missing":      {pod: func(p *pod) { os.Remove(p.spec.TokenFile) }, kind: NoToken, code: exit.NoToken, text: web + "token file ", hint: "eks.amazonaws.com/role-arn"},
		"token empty":        {pod: func(p *pod) { p.write(p.spec.TokenFile, "") }, kind: BadToken, code: exit.NoToken, text: " is empty", hint: "projected service account token"},
		"token of one part":  {pod: func(p *pod) { p.write(p.spec.TokenFile, "secret-of-another-kind") }, kind: BadToken, code: exit.NoToken, text: "is not a web identity token (a JWT has three parts)"},
		"token not base64":   {pod: func(p *pod) { p.write(p.spec.TokenFile, "a.b!.c") }, kind: BadToken, code: exit.NoToken, text: "is not a web identity token (a JWT is base64url)"},
		"token with newline": {pod: func(p *pod) { p.write(p.spec.TokenFile, p.sts.Token(subject)+"\n") }, kind: BadToken, code: exit.NoToken, text: "has white space in it"},
		"token a directory":  {pod: func(p *pod) { p.spec.TokenFile = t.TempDir() }, kind: BadToken, code: exit.NoToken, text: "cannot read the token file", hint: "fsGroup"},
		"endpoint":           {pod: func(p *pod) { p.spec.STSEndpoint = "sts.example" }, kind: BadSpec, code: exit.BadSetting, text: web, hint: "AWS_ENDPOINT_URL_STS"},
		"endpoint's scheme":  {pod: func(p *pod) { p.spec.STSEndpoint = "ftp://sts.example" }, kind: BadSpec, code: exit.BadSetting, text: web, hint: "AWS_ENDPOINT_URL_STS"},
	} {
		t.Run(name, func(t *testing.T) {
			config := roles()
			if c.roles != nil {
				c.roles(config.Roles)
			}
			p := inMemory(t, config, nil)
			if c.pod != nil {
				c.pod(p)
			}
			p.chain = New(p.spec, p.sts.Transport())
			if p.spec.STSEndpoint != "" {
				p.chain = New(p.spec, nil)
			}
			if c.kind == "" {
				c.kind, c.code = Refused, exit.Denied
			}
			e := p.refused()
			if e.Kind != c.kind {
				t.Errorf("kind %q, want %q", e.Kind, c.kind)
			}
			wantExit(t, AsExit(e), c.code, c.text, c.hint)
		})
	}
}

// TestForeignAnswers are those that the stand-in has no way to give: AWS's rarer codes, and proxies.
func TestForeignAnswers(t *testing.T) {
	answer := func(code, message string) string {
		return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>` + message + `</Message></Error></ErrorResponse>`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
		text   string
		hint   string
	}{
		"region":       {403, answer("RegionDisabledException", "STS is not activated in this region for account:111122223333."), Refused, "RegionDisabledException: STS is not activated", "not active in that account"},
		"clock":        {403, answer("SignatureDoesNotMatch", "Signature expired: 20261123T100000Z is now earlier than"), Refused, "Signature expired", "clock is wrong"},
		"clock ahead":  {403, answer("SignatureDoesNotMatch", "Signature not yet current: 20261123T100000Z is still"), Refused, "not yet current", "clock is wrong"},
		"request old":  {400, answer("RequestExpired", "Request has expired."), Refused, "RequestExpired", "clock is wrong"},
		"scope":        {403, answer("SignatureDoesNotMatch", "Credential should be scoped to a valid region."), Refused, "scoped", `signed for the region "eu-west-1"`},
		"unknown":      {403, answer("InvalidClientTokenId", "The security token included in the request is invalid."), Refused, "InvalidClientTokenId", "opt in to the region"},
		"permissions":  {403, answer("AccessDenied", "… because no identity-based policy allows the sts:AssumeRole action"), Refused, "AccessDenied", "nothing allows sts:AssumeRole on " + clientRole + " in the permissions of " + jobRole},
		"trust":        {403, answer("AccessDenied", "… because no resource-based policy allows the sts:AssumeRole action"), Refused, "AccessDenied", "must name " + jobRole},
		"scp":          {403, answer("AccessDenied", "… with an explicit deny in a service control policy"), Refused, "AccessDenied", "a Deny for sts:AssumeRole is in a service control policy"},
		"throttling 1": {400, answer("ThrottlingException", "Rate exceeded"), Transient, "ThrottlingException: Rate exceeded", "fewer pods"},
		"throttling 2": {400, answer("RequestLimitExceeded", "x"), Transient, "RequestLimitExceeded", "fewer pods"},
		"throttling 3": {429, answer("TooManyRequestsException", "x"), Transient, "TooManyRequests", "fewer pods"},
		"server":       {500, answer("Unheard", "x"), Transient, "Unheard: x", "Health Dashboard"},
		"proxy 407":    {407, "<html><body>Proxy Authentication Required</body></html>", Transient, "status 407 without an error of STS in it", "HTTPS_PROXY"},
		"proxy 403":    {403, "blocked", Transient, "status 403 without", "HTTPS_PROXY"},
		"proxy 502":    {502, "", Transient, "status 502 without", "HTTPS_PROXY"},
		"redirect":     {302, "", Transient, "status 302 without", "HTTPS_PROXY"},
		"html":         {200, "<html><body>Welcome</body></html>", Transient, "not one of STS", ""},
		"text":         {200, "welcome", Transient, "not one of STS", ""},
		"nothing":      {200, "", Transient, "ended too early", ""},
		"no keys":      {200, "<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>", Transient, "ended too early", ""},
		"a token":      {400, answer("ValidationError", "Value 'eyJhbGciOi.eyJpc3Mi.c2ln-_' at 'x'\u0085 and\nmore"), Refused, "ValidationError: Value '[token]' at 'x' and more", ""},
		"over":         {403, answer("ExpiredToken", "The security token included in the request is expired"), Transient, "ExpiredToken: ", "the session of " + jobRole + ", which signed the call, is over"},
		"over too":     {403, answer("ExpiredTokenException", "x"), Transient, "ExpiredTokenException: x", "which signed the call, is over"},
		"external id":  {400, answer("ValidationError", "Value 'ext' at 'externalId'"), Refused, "Value '[external id]' at 'externalId'", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := inMemory(t, roles(), func(s *Spec) { s.Options.ExternalID = "ext" })
			p.chain = New(p.spec, roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("Authorization") == "" {
					return p.sts.Transport().RoundTrip(r)
				}
				header := http.Header{"Location": {"http://127.0.0.1:9/"}}
				return &http.Response{StatusCode: c.status, Header: header, Body: io.NopCloser(strings.NewReader(c.body)), ContentLength: -1, Request: r}, nil
			}))
			e := p.refused()
			if e.Kind != c.kind || !strings.Contains(e.Error(), c.text) || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%s\n%+v\nhint %q", e.Kind, e, e.Hint)
			}
		})
	}
}

// The hint knows who owns the policy that AWS blames, for both hops.
func TestWhoRefused(t *testing.T) {
	for words, owner := range map[string][2]string{ // of the first and of the second hop
		"identity-based policy":   {"the permissions of the pod's service account", "the permissions of " + jobRole},
		"resource-based policy":   {"the trust policy of " + jobRole, "the trust policy of " + clientRole},
		"permissions boundary":    {"the permissions boundary of", "the permissions boundary of " + jobRole},
		"session policy":          {"the session policy", "the session policy that the session of " + jobRole},
		"service control policy":  {"a service control policy", "the account of " + jobRole},
		"resource control policy": {"a resource control policy", "the account of " + clientRole},
		"VPC endpoint policy":     {"the policy of the VPC endpoint for sts", "the policy of the VPC endpoint for sts"},
	} {
		article := "a "
		if words[0] == 'i' {
			article = "an "
		}
		for reason, want := range map[string]string{
			"because no " + words + " allows the sts:AssumeRole action":          "nothing allows sts:AssumeRole",
			"with an explicit deny in " + article + words:                        "a Deny for sts:AssumeRole",
			"with an explicit deny in " + article + words + ": arn:aws:x::1:p/q": "aws:PrincipalOrgID",
		} {
			for i := range 2 {
				e := &Error{Hop: i + 1, Of: 2, Kind: Refused, Code: "AccessDenied", Message: "User: x is not authorized to perform: sts:AssumeRole on resource: y " + reason,
					Action: []string{"AssumeRoleWithWebIdentity", "AssumeRole"}[i], Role: []string{jobRole, clientRole}[i]}
				spec := Spec{BaseRole: jobRole, ClientRole: clientRole, TokenFile: "/none"}
				if hint := hint(spec.causes(e)); !strings.Contains(hint, want) || !strings.Contains(hint, owner[i]) || strings.Contains(hint, "%!") {
					t.Errorf("hop %d, %s: %q, want %q and %q", i+1, reason, hint, want, owner[i])
				}
			}
		}
	}
}

// From account to account both policies have to allow a call: once AWS blames one, the other one is told as well.
func TestOtherAccount(t *testing.T) {
	const identity, resource = "because no identity-based policy allows the sts:AssumeRole action", "because no resource-based policy allows the sts:AssumeRole action"
	neighbor, third := "arn:aws:iam::111122223333:role/neighbor", "arn:aws:iam::777788889999:role/third"
	via := Spec{BaseRole: jobRole, Via: []Hop{{Role: third}}, ClientRole: clientRole}
	for name, c := range map[string]struct {
		spec   Spec
		hop    int
		reason string
		want   string // "": it is not a matter of accounts
	}{
		"the job role is not permitted": {Spec{BaseRole: jobRole, ClientRole: clientRole}, 2, identity, "the accounts differ (111122223333 and 444455556666), so the trust policy of " + clientRole + " has to allow it as well"},
		"the client role trusts nobody": {Spec{BaseRole: jobRole, ClientRole: clientRole}, 2, resource, "the accounts differ (111122223333 and 444455556666), so the permissions of " + jobRole + " have to allow it as well"},
		"a third hop":                   {via, 3, identity, "the accounts differ (777788889999 and 444455556666), so the trust policy of " + clientRole + " has to allow it as well"},
		"one account":                   {Spec{BaseRole: jobRole, ClientRole: neighbor}, 2, identity, ""},
		"one account, by its trust":     {Spec{BaseRole: jobRole, ClientRole: neighbor}, 2, resource, ""},
		"nobody knows the first role":   {Spec{FirstHop: settings.PodIdentity, ClientRole: clientRole}, 2, identity, ""},
		"the boundary of the job role":  {Spec{BaseRole: jobRole, ClientRole: clientRole}, 2, "because no permissions boundary allows the sts:AssumeRole action", ""},
	} {
		e := &Error{Hop: c.hop, Of: c.spec.hops(), Kind: Refused, Code: "AccessDenied", Action: "AssumeRole", Role: c.spec.ClientRole,
			Message: "User: x is not authorized to perform: sts:AssumeRole on resource: y " + c.reason}
		got := ""
		if causes := c.spec.refusedBy(e); len(causes) > 1 {
			got = causes[1]
		}
		if got != c.want {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
	if got := account("a:b:c:d"); got != "of the role" {
		t.Errorf("the account of an ARN that has none is %q", got)
	}
}

// An answer of AWS's is about the clock by its code; only our own finding, which has none, is by its words.
func TestAboutClock(t *testing.T) {
	for _, c := range []struct {
		code, message string
		want          bool
	}{
		{"", "the answer is a session that ended 60 minutes ago by this node's clock", true},
		{"AccessDenied", "it is over by this node's clock", false},
		{"", "connection refused", false},
		{"SignatureDoesNotMatch", "Signature expired: 20261127T000000Z is now earlier than 20261127T010000Z", true},
		{"SignatureDoesNotMatch", "Signature not yet current: 20261127T010000Z is still later than 20261127T000000Z", true},
		{"SignatureDoesNotMatch", "The request signature we calculated does not match", false},
		{"RequestExpired", "", true},
		{"RequestTimeTooSkewed", "", true},
		{"RequestInTheFuture", "", true},
	} {
		if got := aboutClock(&Error{Code: c.code, Message: c.message}); got != c.want {
			t.Errorf("%s: %s: %v", c.code, c.message, got)
		}
	}
}

// Hints for what a hint used to miss.
func TestHints(t *testing.T) {
	pod := Spec{FirstHop: settings.PodIdentity, ClientRole: clientRole}
	web := Spec{BaseRole: jobRole, ClientRole: clientRole, TokenFile: "/none", Region: "ap-south-1", FIPS: true}
	for name, c := range map[string]struct {
		spec Spec
		e    Error
		want string
	}{
		"tags of Pod Identity":     {pod, Error{Hop: 2, Kind: Refused, Action: "AssumeRole", Role: clientRole, Code: "PackedPolicyTooLarge"}, "own six session tags take most of the room"},
		"tags of one's own":        {web, Error{Hop: 2, Kind: Refused, Action: "AssumeRole", Role: clientRole, Code: "PackedPolicyTooLarge"}, "too large together"},
		"an agent that is not up":  {pod, Error{Hop: 1, Kind: Transient, Action: podIdentityAction, Err: syscall.ECONNREFUSED}, "not up on this node yet"},
		"an agent that hangs":      {pod, Error{Hop: 1, Kind: Transient, Action: podIdentityAction, Err: context.DeadlineExceeded}, "NetworkPolicy"},
		"thumbprint":               {web, Error{Hop: 1, Kind: Refused, Action: "AssumeRoleWithWebIdentity", Role: jobRole, Code: "InvalidIdentityToken", Message: "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"}, "update-open-id-connect-provider-thumbprint"},
		"FIPS where there is none": {web, Error{Hop: 1, Kind: Transient, Action: "AssumeRoleWithWebIdentity", Role: jobRole, Err: &net.DNSError{Name: "sts-fips.ap-south-1.amazonaws.com"}}, `a FIPS endpoint, which STS may not have in "ap-south-1"`},
		"a role that is not there": {web, Error{Hop: 2, Kind: Refused, Action: "AssumeRole", Role: clientRole, Code: "AccessDenied", Message: "User: x is not authorized to perform: sts:AssumeRole on resource: " + clientRole}, "there is no such role in account 444455556666"},
		"the same of the first":    {web, Error{Hop: 1, Kind: Refused, Action: "AssumeRoleWithWebIdentity", Role: jobRole, Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"}, "there is no such role in account 111122223333"},
	} {
		if hint := hint(c.spec.causes(&c.e)); !strings.Contains(hint, c.want) {
			t.Errorf("%s: %q, want %q", name, hint, c.want)
		}
	}
}

// Whatever STS answers, at either hop, somebody is told what may be wrong: the codes are all those of the stand-in.
func TestEveryCodeHasCauses(t *testing.T) {
	files, err := filepath.Glob("../ststest/*.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`http\.Status\w+, "([A-Z][A-Za-z]+)"`).FindAllSubmatch(source, -1) {
			codes[string(found[1])] = true
		}
	}
	if len(codes) < 15 || !codes["ExpiredToken"] {
		t.Fatalf("codes: %v", codes)
	}
	spec := Spec{BaseRole: jobRole, ClientRole: clientRole, TokenFile: "/none", Region: "eu-west-1"}
	for code := range codes {
		for i := range 2 {
			e := &Error{Hop: i + 1, Of: 2, Code: code, Message: "words", Kind: kindOf(400, code, ""), Action: []string{"AssumeRoleWithWebIdentity", "AssumeRole"}[i], Role: []string{jobRole, clientRole}[i]}
			if e.callerEnded() {
				e.Kind = Transient // as explain has it
			}
			spec.explainCauses(e, "")
			if unknown := strings.Contains(e.Hint, "rolechain knows no more") && (code != "InvalidIdentityToken" || i == 0); e.Hint == "" || unknown && code != "ValidationError" && code != "InvalidParameterValue" {
				t.Errorf("%s at hop %d: %q", code, i+1, e.Causes)
			}
		}
	}
}

// A hint names where an option is from: the environment's variable, or the key of the role map.
func TestHintsNameTheSetting(t *testing.T) {
	for name, c := range map[string]struct{ code, message, variable, key string }{
		"tags":             {"AccessDenied", user + "sts:TagSession on resource: " + clientRole, "(ROLE_CHAIN_SESSION_TAGS)", "(tags of M)"},
		"source identity":  {"AccessDenied", user + "sts:SetSourceIdentity on resource: " + clientRole, "(ROLE_CHAIN_SOURCE_IDENTITY)", "(source_identity of M)"},
		"all of them":      {"AccessDenied", user + "sts:AssumeRole on resource: " + clientRole, "than ROLE_CHAIN_EXTERNAL_ID", "than external_id of M"},
		"policy":           {"MalformedPolicyDocument", "x", "(ROLE_CHAIN_SESSION_POLICY_FILE)", "(policy of M)"},
		"maximum duration": {"ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", "ROLE_CHAIN_DURATION must", "duration of M must"},
		"chained duration": {"ValidationError", "exceeds the 1 hour session limit for roles assumed by role chaining.", "set ROLE_CHAIN_DURATION to", "set duration of M to"},
		"transitive":       {"InvalidParameterValue", "Transitive tag keys", "ROLE_CHAIN_TRANSITIVE_TAGS may only name keys of ROLE_CHAIN_SESSION_TAGS", "transitive_tags of M may only name keys of tags of M"},
		"room":             {"PackedPolicyTooLarge", "x", "give fewer", "give fewer (tags of M, policy of M)"},
		"session name":     {"ValidationError", "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy", "ROLE_CHAIN_SESSION_NAME", "session_name of M"},
		"a tag":            {"ValidationError", "1 validation error detected: Value '' at 'tags.1.member.key' failed", "ROLE_CHAIN_SESSION_TAGS", "tags of M"},
		"policy ARNs":      {"ValidationError", "1 validation error detected: Value 'x' at 'policyArns' failed", "ROLE_CHAIN_SESSION_POLICY_ARNS", "policy_arns of M"},
	} {
		for mapped, want := range map[string]string{"": c.variable, "M": c.key} {
			e := &Error{Hop: 2, Of: 2, Kind: Refused, Action: "AssumeRole", Role: clientRole, Code: c.code, Message: c.message, sent: sent{true, true, true, settings.Source{Mapped: mapped}}}
			if got := hint(Spec{BaseRole: jobRole, ClientRole: clientRole}.causes(e)); !strings.Contains(got, want) || mapped != "" && strings.Contains(got, "ROLE_CHAIN_") {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

// A cause is named where it can be one, and nowhere else.
func TestCausesThatApply(t *testing.T) {
	const service, tags, identity = "is for every service", "session tags go with the call", "a source identity goes with the call"
	second := Error{Hop: 2, Of: 2, Role: clientRole, Action: "AssumeRole", Kind: Refused, Code: "AccessDenied"}
	first := Error{Hop: 1, Of: 2, Role: jobRole, Action: "AssumeRoleWithWebIdentity", Kind: Refused, Code: "AccessDenied"}
	for name, c := range map[string]struct {
		first   settings.FirstHop
		from    string // where the address of STS is set
		failure Error
		options Options
		kind    Kind // in place of the failure's; "": its own
		action  string
		want    []string
	}{
		"nothing sent":                     {failure: second},
		"tags":                             {failure: second, options: Options{Tags: map[string]string{"team": "data"}}, want: []string{tags}},
		"Pod Identity's tags":              {first: settings.PodIdentity, failure: second, want: []string{tags}},
		"a source identity":                {failure: second, options: Options{SourceIdentity: "alice"}, want: []string{identity}},
		"one address for every service":    {from: "AWS_ENDPOINT_URL", failure: second, want: []string{service}},
		"the same at the first hop":        {from: "AWS_ENDPOINT_URL", failure: first, want: []string{service}},
		"STS's own address":                {from: "AWS_ENDPOINT_URL_STS", failure: second},
		"no token, so nobody was asked":    {from: "AWS_ENDPOINT_URL", failure: first, kind: NoToken},
		"a bad token, so nobody was asked": {from: "AWS_ENDPOINT_URL", failure: first, kind: BadToken},
		"Pod Identity's agent was asked":   {first: settings.PodIdentity, from: "AWS_ENDPOINT_URL", failure: first, action: podIdentityAction},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.failure
			e.sent = c.options.sent()
			e.Kind, e.Action = cmp.Or(c.kind, e.Kind), cmp.Or(c.action, e.Action)
			spec := Spec{FirstHop: c.first, BaseRole: jobRole, ClientRole: clientRole, Options: c.options, STSEndpoint: "http://127.0.0.1:1", STSEndpointFrom: c.from}
			spec.explainCauses(&e, "")
			for _, cause := range []string{service, tags, identity} {
				named := strings.Contains(strings.Join(e.Causes, "\n"), cause)
				if want := strings.Contains(strings.Join(c.want, "\n"), cause); named != want {
					t.Errorf("%q is named: %v, of %q", cause, named, e.Causes)
				}
			}
		})
	}
}
