package docs

import (
	"strings"
	"testing"

	"rolechain/internal/proxytest"
	"rolechain/internal/ststest"
)

// Causes that are easily taken for others get their own hint from the real programs.
func TestHints(t *testing.T) {
	words := func(action, code, message string) func(p *pod) {
		return func(p *pod) {
			p.front = func(asked string) string {
				if asked != action {
					return ""
				}
				return stsError(code, message)
			}
		}
	}
	const packed = "Packed size of session tags consumes 137% of allotted space."
	for _, test := range []struct {
		name          string
		before, after func(p *pod)
		code          int
		want          []string
	}{
		{"Pod Identity's agent is not up", (*pod).podIdentity, func(p *pod) {
			p.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:1" // nobody is given that port
		}, 75, []string{"the agent is not up on this node yet", "startupTaints"}},
		{"Pod Identity's tags take the room", func(p *pod) {
			p.podIdentity()
			p.roles[0].MayAlso, p.roles[1].TrustAlso = []string{"sts:TagSession"}, []string{"sts:TagSession"}
			words("AssumeRole", "PackedPolicyTooLarge", packed)(p)
		}, nil, 77, []string{packed, "six session tags", "--disable-session-tags"}},
		{"too much of one's own", words("AssumeRole", "PackedPolicyTooLarge", packed), nil, 77, []string{packed, "shorten them"}},
		{"a thumbprint", words("AssumeRoleWithWebIdentity", "InvalidIdentityToken", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"), nil,
			77, []string{"update-open-id-connect-provider-thumbprint"}},
		{"no FIPS endpoint", func(p *pod) { p.proxy = proxytest.Start(p.t, nil).URL }, func(p *pod) {
			delete(p.env, "AWS_ENDPOINT_URL_STS")
			p.env["HTTPS_PROXY"], p.env["AWS_USE_FIPS_ENDPOINT"], p.env["AWS_REGION"] = p.proxy, "true", "ap-south-2"
		}, 75, []string{"502", `AWS_USE_FIPS_ENDPOINT asks for a FIPS endpoint, which STS may not have in "ap-south-2"`}},
		{"no client role", func(p *pod) { p.roles = []ststest.Role{p.roles[0]} }, nil, 77, []string{"there is no such role in account 222222222222"}},
	} {
		for name, program := range map[string]func(*pod) (string, int){"check": check, "start": start} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				t.Parallel()
				p := newPod(t)
				if test.before != nil {
					test.before(p)
				}
				p.start()
				if test.after != nil {
					test.after(p)
				}
				said, code := program(p)
				if code != test.code {
					t.Errorf("exit code %d, want %d", code, test.code)
				}
				for _, want := range test.want {
					if !strings.Contains(said, want) {
						t.Errorf("no %q in\n%s", want, said)
					}
				}
			})
		}
	}
}
