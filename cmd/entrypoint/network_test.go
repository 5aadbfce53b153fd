package main_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"rolechain/internal/podtest"
	"rolechain/internal/proxytest"
	"rolechain/internal/ststest"
)

const stsName = "sts.eu-west-1.amazonaws.com"

// A network is a company's: STS is behind a proxy, and its certificate is of the company's own authority.
type network struct {
	*testing.T
	sts   *ststest.Server
	proxy *proxytest.Proxy
	ca    string // file with the authority's certificate
	home  string
	env   []string // of a container
}

// inNetwork makes one in which names, with port 443, lead to STS.
func inNetwork(t *testing.T, names []string, more ...string) *network {
	t.Helper()
	n := &network{T: t, sts: chainOf(t, 0)}
	dir := t.TempDir()
	if err := podtest.MakeCertificates(dir, append([]string{"localhost"}, names...)); err != nil {
		t.Fatal(err)
	}
	certificate, err := podtest.Certificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(n.sts)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	front.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	front.StartTLS()
	t.Cleanup(front.Close)
	routes := map[string]string{}
	for _, name := range names {
		routes[name+":443"] = front.Listener.Addr().String()
	}
	n.proxy = proxytest.Start(t, routes)
	n.ca = filepath.Join(dir, podtest.BundleFile)
	n.home, n.env = chained(t, append([]string{"ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_START_TIMEOUT=20s"}, more...)...)
	if err := os.WriteFile(filepath.Join(n.home, "token"), []byte(n.sts.Token("system:serviceaccount:emr:spark")), 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *network) config(name, text string) {
	n.Helper()
	dir := filepath.Join(n.home, ".aws")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		n.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		n.Fatal(err)
	}
}

// run runs one of the programs with more variables, and returns all that it says.
func (n *network) run(program string, args []string, more ...string) (said string, code int) {
	n.Helper()
	cmd := exec.CommandContext(n.Context(), filepath.Join(programs, program), args...)
	cmd.Env = append(slices.Clone(n.env), more...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		n.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (n *network) check(more ...string) (said string, code int) {
	n.Helper()
	return n.run("rolechain", []string{"check"}, more...)
}

func wantAll(t *testing.T, said string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(said, text) {
			t.Errorf("it does not say %q:\n%s", text, said)
		}
	}
}

// What the SDK for Go honors leads the calls, from the variables and from the files: the proxy sees to which host.
func TestWhereSTSIsAsked(t *testing.T) {
	t.Parallel()
	names := []string{stsName, "sts-fips.us-east-2.amazonaws.com", "sts.us-east-2.api.aws", "sts-fips.us-east-2.api.aws", "sts.vpce.example", "sts.amazonaws.com", "sts.us-west-2.amazonaws.com", "all.example"}
	for _, test := range []struct {
		name   string
		env    []string
		config string
		host   string
	}{
		{"region", []string{"AWS_REGION=eu-west-1"}, "", stsName},
		{"no region", nil, "", "sts.amazonaws.com"},
		{"region of the file", nil, "[default]\nregion = us-west-2 # here\n", "sts.us-west-2.amazonaws.com"},
		{"region of both", []string{"AWS_REGION=eu-west-1"}, "[default]\nregion = us-west-2\n", stsName},
		{"another profile's region", []string{"AWS_PROFILE=dev"}, "[profile dev]\nregion = us-west-2\n[default]\nregion = eu-west-1\n", stsName},
		{"fips", []string{"AWS_REGION=us-east-2", "AWS_USE_FIPS_ENDPOINT=True"}, "", "sts-fips.us-east-2.amazonaws.com"},
		{"fips of the file", []string{"AWS_REGION=us-east-2"}, "[default]\nuse_fips_endpoint = true\n", "sts-fips.us-east-2.amazonaws.com"},
		{"dual stack", []string{"AWS_REGION=us-east-2", "AWS_USE_DUALSTACK_ENDPOINT=true"}, "", "sts.us-east-2.api.aws"},
		{"both, of the file", []string{"AWS_REGION=us-east-2"}, "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n", "sts-fips.us-east-2.api.aws"},
		{"fips off in the variables", []string{"AWS_REGION=eu-west-1", "AWS_USE_FIPS_ENDPOINT=false"}, "[default]\nuse_fips_endpoint = true\n", stsName},
		{"endpoint", []string{"AWS_ENDPOINT_URL_STS=https://sts.vpce.example", "AWS_ENDPOINT_URL=https://all.example"}, "", "sts.vpce.example"},
		{"endpoint of all", []string{"AWS_ENDPOINT_URL=https://all.example"}, "", "all.example"},
		{"endpoint of all in the file", nil, "[default]\nendpoint_url = https://all.example\n", "all.example"},
		{"services", nil, "[default]\nservices = here\nendpoint_url = https://all.example\n[services here]\ns3 =\n  endpoint_url = http://127.0.0.1:9\nsts =\n  endpoint_url = https://sts.vpce.example\n", "sts.vpce.example"},
		{"endpoints ignored", []string{"AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL=https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}, "[default]\nendpoint_url = https://all.example\n", stsName},
		{"endpoints ignored in the file", []string{"AWS_REGION=eu-west-1"}, "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = https://all.example\n", stsName},
		{"legacy", []string{"AWS_REGION=eu-west-1", "AWS_STS_REGIONAL_ENDPOINTS=legacy"}, "", stsName},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := inNetwork(t, names, test.env...)
			if test.config != "" {
				n.config("config", test.config)
			}
			said, code := n.check("AWS_CA_BUNDLE="+n.ca, "HTTPS_PROXY="+n.proxy.URL)
			elsewhere := func(asked string) bool { return asked != "CONNECT "+test.host+":443" }
			if asked := n.proxy.Asked(); code != 0 || len(asked) < 2 || slices.ContainsFunc(asked, elsewhere) {
				t.Errorf("exit code %d, the proxy was asked for %q, want %s\n%s", code, asked, test.host, said)
			}
		})
	}
}

// Nothing of the files or the environment that does not concern these calls stops them, and none of it asks the metadata
// service.
func TestWhatDoesNotConcernTheCalls(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); http.NotFound(w, nil) }))
	t.Cleanup(metadata.Close)
	for _, test := range []struct {
		name   string
		env    []string
		config string
		said   string
	}{
		{"two credential sources", nil, "[default]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = y\ncredential_source = Environment\ncredential_process = z\n", ""},
		{"a source_profile that is not there", nil, "[default]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = y\n", ""},
		{"a profile that is not there", []string{"AWS_PROFILE=y", "AWS_DEFAULT_PROFILE=z"}, "", ""},
		{"an sso-session that is not there", nil, "[default]\nsso_session = s\nsso_account_id = 1\n", ""},
		{"variables of other calls", []string{"AWS_MAX_ATTEMPTS=many", "AWS_RETRY_MODE=hard", "AWS_DEFAULTS_MODE=auto", "AWS_REQUEST_CHECKSUM_CALCULATION=x", "AWS_ACCOUNT_ID_ENDPOINT_MODE=x",
			"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=x"}, "[default]\ndefaults_mode = auto\nretry_mode = hard\nmax_attempts = many\n", ""},
		{"a broken section header", nil, "[default\nregion = us-west-2\n[profile x]\n", "line 1: is a section header without"},
		{"a broken line", nil, "[default]\nuse_fips_endpoint\nregion = eu-west-1\n", "line 2: is not a section, comment or key = value"},
		{"a byte order mark", nil, "\ufeff[default]\nregion = eu-west-1\n", ""},
		{"no such services", nil, "[default]\nservices = nowhere\n", "line 2: there is no section [services nowhere]"},
		{"not a truth", nil, "[default]\nuse_fips_endpoint = yes\n", `line 2: use_fips_endpoint is "yes", which the SDK takes for false`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := inNetwork(t, []string{stsName}, append(test.env, "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+metadata.URL)...)
			if test.config != "" {
				n.config("config", test.config)
			}
			said, code := n.check("AWS_CA_BUNDLE="+n.ca, "HTTPS_PROXY="+n.proxy.URL)
			if code != 0 || !strings.Contains(said, test.said) || test.said == "" && strings.Contains(said, "warning") {
				t.Errorf("exit code %d, want in it %q\n%s", code, test.said, said)
			}
			if n := asked.Load(); n > 0 {
				t.Errorf("the metadata service was asked %d times", n)
			}
		})
	}
}

// Behind a private authority and a proxy the job is the client role, and stays it when the refresher is gone and whoever
// runs the credential process has another environment, or none. No file has the proxy's password.
func TestPrivateAuthorityAndProxy(t *testing.T) {
	t.Parallel()
	for _, locked := range []bool{false, true} {
		t.Run(fmt.Sprintf("password %v", locked), func(t *testing.T) {
			t.Parallel()
			n := inNetwork(t, []string{stsName}, "AWS_REGION=eu-west-1")
			n.config("config", "[default]\nca_bundle = "+n.ca+"\n")
			mine := "https_proxy=" + n.proxy.URL
			if locked {
				n.proxy.Require("me:hunter2")
				mine = "https_proxy=" + n.proxy.As("me:hunter2")
			}
			j := startIn(t, n.sts, n.home, append(n.env, mine))
			k, status, err := j.ask("/credentials")
			if err != nil || status != 200 {
				t.Fatalf("%d, %v\n%s", status, err, j.stderr)
			}
			j.wantRole("endpoint", k.AccessKeyId, clientRole)
			if asked := n.proxy.Asked(); !slices.Equal(asked, []string{"CONNECT " + stsName + ":443", "CONNECT " + stsName + ":443"}) {
				t.Errorf("the proxy was asked for %q", asked)
			}
			for path, text := range j.files() {
				if strings.Contains(text, "hunter2") {
					t.Errorf("the proxy's password is in %s", path)
				}
			}
			if locked { // the chain's spec, which a credential process goes by as well, lacks the password
				var env []string
				for name, value := range j.env {
					if name != "https_proxy" && name != "ROLE_CHAIN_START_TIMEOUT" {
						env = append(env, name+"="+value)
					}
				}
				said, complaints, code := j.rolechain(append(env, "ROLE_CHAIN_START_TIMEOUT=1s"), "check")
				wantAll(t, said+complaints, "the proxy refused the connection: status 407", "NO_PROXY", "proxy "+n.proxy.URL)
				if code != 75 {
					t.Errorf("exit code %d", code)
				}
			}
			for _, pid := range j.refreshers() {
				j.kill(pid)
			}
			process := []string{"credentials", filepath.Join(n.home, ".aws", "rolechain"), "default"}
			foreign := []string{"AWS_CA_BUNDLE=/none", "AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_REGION=us-west-2", "AWS_USE_FIPS_ENDPOINT=perhaps", "AWS_PROFILE=x",
				"NO_PROXY=*", "HTTPS_PROXY=http://127.0.0.1:9"}
			environments := map[string][]string{"empty": {}, "foreign": foreign, "own": {mine}}
			if locked {
				environments = map[string][]string{"own": {mine}}
			}
			for name, env := range environments {
				out, complaints, code := j.rolechain(env, process...)
				var k key
				if err := json.Unmarshal([]byte(out), &k); err != nil || code != 0 {
					t.Fatalf("%s: exit code %d, %v\n%s", name, code, err, complaints)
				}
				j.wantRole(name, k.AccessKeyId, clientRole)
			}
			if strings.Contains(j.stderr.String(), "hunter2") {
				t.Errorf("the proxy's password is in the log:\n%s", j.stderr)
			}
		})
	}
}

// A certificate that is not trusted ends a start at once, and says what to do.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		env    func(n *network) []string
		config func(n *network) string
		said   []string
	}{
		{"no bundle", nil, nil, []string{`issuer "CN=rolechain tests"`, "set AWS_CA_BUNDLE (or ca_bundle in [default])"}},
		{"a bundle that is not there", func(*network) []string { return []string{"AWS_CA_BUNDLE=/none/ca.pem"} }, nil,
			[]string{"warning: AWS_CA_BUNDLE: the CA bundle cannot be read: ", "/none/ca.pem", `issuer "CN=rolechain tests"`, "hint: AWS_CA_BUNDLE: "}},
		{"a bundle that is none", func(n *network) []string { return []string{"AWS_CA_BUNDLE=" + n.home + "/token"} }, nil,
			[]string{"warning: AWS_CA_BUNDLE: ", "no certificate in PEM form", `issuer "CN=rolechain tests"`}},
		{"a bundle of the file that is not there", nil, func(*network) string { return "[default]\nca_bundle = /none/ca.pem\n" },
			[]string{"warning: ca_bundle of [default] in ", "/config, line 2: the CA bundle cannot be read"}},
		{"another authority's", func(n *network) []string {
			dir := n.TempDir()
			if err := podtest.MakeCertificates(dir, []string{"x"}); err != nil {
				n.Fatal(err)
			}
			return []string{"AWS_CA_BUNDLE=" + filepath.Join(dir, podtest.BundleFile)}
		}, nil, []string{"takes the place of the system's certificate authorities: add it there"}},
		{"another name", func(n *network) []string {
			return []string{"AWS_CA_BUNDLE=" + n.ca, "AWS_ENDPOINT_URL_STS=https://other.example"}
		}, nil, []string{"certificate is valid for localhost, " + stsName + ", not other.example", "AWS_ENDPOINT_URL_STS must name the host"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := inNetwork(t, []string{stsName, "other.example"}, "AWS_REGION=eu-west-1", "ROLE_CHAIN_START_TIMEOUT=30s", "ROLE_CHAIN_ENTRYPOINT=true")
			if test.name == "another name" {
				n = withoutName(t, n)
			}
			more := []string{"HTTPS_PROXY=" + n.proxy.URL}
			if test.env != nil {
				more = append(more, test.env(n)...)
			}
			if test.config != nil {
				n.config("config", test.config(n))
			}
			for program, args := range map[string][]string{"rolechain": {"check"}, "entrypoint": nil} {
				n.proxy.Asked()
				said, code := n.run(program, args, more...)
				if asked := n.proxy.Asked(); code != 78 || len(asked) != 1 {
					t.Errorf("%s: exit code %d, asked %q", program, code, asked)
				}
				wantAll(t, said, append(test.said, "error: first hop", "the certificate is not trusted: ", "proxy "+n.proxy.URL)...)
			}
		})
	}
}

// withoutName is n with a certificate that other.example is not in.
func withoutName(t *testing.T, n *network) *network {
	t.Helper()
	other := inNetwork(t, []string{stsName}, "AWS_REGION=eu-west-1", "ROLE_CHAIN_START_TIMEOUT=30s", "ROLE_CHAIN_ENTRYPOINT=true")
	other.proxy.Lead("other.example:443", stsName+":443")
	return other
}

// A proxy that refuses is named, and what it answered.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	for status, hint := range map[int]string{
		403: "the proxy's rules do not let this pod reach " + stsName,
		407: "the proxy asks for a user and a password",
		502: "the proxy could not reach " + stsName,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			n := inNetwork(t, []string{stsName}, "AWS_REGION=eu-west-1", "ROLE_CHAIN_START_TIMEOUT=1s")
			n.proxy.Refuse(status)
			said, code := n.check("AWS_CA_BUNDLE="+n.ca, "HTTPS_PROXY="+n.proxy.As("me:hunter2"))
			if code != 75 || strings.Contains(said, "hunter2") || strings.Contains(said, "me:") {
				t.Errorf("exit code %d", code)
			}
			wantAll(t, said, fmt.Sprintf("STS at %s (region eu-west-1, proxy %s): the proxy refused the connection: status %d %s", stsName, n.proxy.URL, status, http.StatusText(status)),
				hint, "add "+stsName+" to NO_PROXY")
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		n := inNetwork(t, []string{stsName}, "AWS_REGION=eu-west-1", "ROLE_CHAIN_START_TIMEOUT=1s")
		nobody := freePort(t)
		said, code := n.check("HTTPS_PROXY=http://me:hunter2@" + nobody)
		if code != 75 || strings.Contains(said, "hunter2") {
			t.Errorf("exit code %d\n%s", code, said)
		}
		wantAll(t, said, "STS at "+stsName+" (region eu-west-1, proxy http://"+nobody+"): the proxy itself: connection refused")
	})
	t.Run("NO_PROXY", func(t *testing.T) {
		t.Parallel()
		n := inNetwork(t, nil, "AWS_ENDPOINT_URL_STS=https://sts.invalid", "ROLE_CHAIN_START_TIMEOUT=1s", "ALL_PROXY=http://127.0.0.1:9")
		said, code := n.check("HTTPS_PROXY="+n.proxy.URL, "NO_PROXY=.invalid")
		if asked := n.proxy.Asked(); code != 75 || len(asked) > 0 || strings.Contains(said, "proxy http") {
			t.Errorf("exit code %d, asked %q\n%s", code, asked, said)
		}
		said, _ = n.check()
		wantAll(t, said, "STS at sts.invalid (no region set, by AWS_ENDPOINT_URL_STS)", "ALL_PROXY alone is not used here: set HTTPS_PROXY")
	})
}

// What is no URL of a proxy or of a service is a setting that is wrong, said at once and without a password.
func TestBadURLs(t *testing.T) {
	t.Parallel()
	n := inNetwork(t, nil, "AWS_ENDPOINT_URL_STS=https://sts.invalid", "ROLE_CHAIN_START_TIMEOUT=2s", "ROLE_CHAIN_ENTRYPOINT=true")
	for _, test := range []struct{ assignment, said string }{
		{`HTTPS_PROXY="http://me:hunter2@proxy:3128"`, "HTTPS_PROXY is not the URL of a proxy: it has quotes around it"},
		{"https_proxy=http://me:hunter2@proxy:3128 ", "https_proxy is not the URL of a proxy: it begins or ends with white space"},
		{"HTTP_PROXY=http://me:hunter2#x@proxy:3128", "HTTP_PROXY is not the URL of a proxy: it has one of # / ? in its user or password"},
		{"http_proxy=http://me:hun/ter2@proxy:3128", "http_proxy is not the URL of a proxy: it has one of # / ?"},
		{"HTTPS_PROXY=http://me:hunter2%zz@proxy:3128", "it has a % in its user or password"},
		{"HTTPS_PROXY=http://me:hunter2", "it has no valid host and port"},
		{"HTTPS_PROXY=http://proxy:3128/hunter2", "it has no valid host and port"},
		{"HTTPS_PROXY=http://proxy:hunter2", "it has no valid host and port"},
		{"HTTPS_PROXY=http://proxy:99999", "it has a port that is not between 1 and 65535"},
		{"HTTPS_PROXY=ftp://proxy:21", "it begins with no scheme of a proxy"},
		{"AWS_ENDPOINT_URL_STS=https://sts.invalid ", "AWS_ENDPOINT_URL_STS: \"https://sts.invalid \" has white space or quotes in it\n  hint: the value begins or ends with white space"},
		{`AWS_ENDPOINT_URL_STS="https://sts.invalid"`, "has white space or quotes in it\n  hint: the quotes are part of the value"},
		{"AWS_ENDPOINT_URL=sts.invalid", "AWS_ENDPOINT_URL: \"sts.invalid\" is not a URL"},
		{"AWS_ENDPOINT_URL_STS=ftp://sts", "begins with neither https:// nor http://"},
		{"AWS_ENDPOINT_URL_STS=https://me:hunter2@sts", "is not the URL of a service"},
		{"AWS_USE_FIPS_ENDPOINT=yes", `AWS_USE_FIPS_ENDPOINT: "yes" is neither true nor false`},
	} {
		for program, args := range map[string][]string{"rolechain": {"check"}, "entrypoint": nil} {
			name, _, _ := strings.Cut(test.assignment, "=")
			n.env = without(n.env, name)
			said, code := n.run(program, args, test.assignment)
			if code != 78 || !strings.Contains(said, test.said) || strings.Contains(said, "hunter2") || strings.Contains(said, "ter2") {
				t.Errorf("%s with %s: exit code %d\n%s", program, test.assignment, code, said)
			}
		}
	}
	n.env = without(n.env, "AWS_ENDPOINT_URL_STS")
	n.config("config", "[default]\nendpoint_url = https://sts .invalid\n")
	said, code := n.check()
	if code != 78 {
		t.Errorf("exit code %d", code)
	}
	wantAll(t, said, "error: endpoint_url of [default] in "+n.home+"/.aws/config, line 2: ", "has white space or quotes in it")
	if _, code := n.run("entrypoint", nil, "CLIENT_ROLE_ARN=", "HTTPS_PROXY=x y"); code != 78 { // an empty role is refused before
		t.Errorf("exit code %d", code)
	}
}

// An endpoint that was meant for S3 and gets STS's calls is named.
func TestEndpointOfAnotherService(t *testing.T) {
	t.Parallel()
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusMethodNotAllowed)
		w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>MethodNotAllowed</Code><Message>The specified method is not allowed against this resource.</Message></Error>`))
	}))
	t.Cleanup(s3.Close)
	n := inNetwork(t, nil, "AWS_REGION=eu-west-1", "ROLE_CHAIN_START_TIMEOUT=1s")
	host := strings.TrimPrefix(s3.URL, "http://")
	said, code := n.check("AWS_ENDPOINT_URL=" + s3.URL)
	if code == 0 {
		t.Error("it worked")
	}
	wantAll(t, said, host, "AWS_ENDPOINT_URL is for every service, STS too", "AWS_ENDPOINT_URL_S3")
	n.config("config", "[default]\nendpoint_url = "+s3.URL+"\n")
	said, _ = n.check()
	wantAll(t, said, host, "endpoint_url of [default] in "+n.home+"/.aws/config, line 2 is for every service")
}
