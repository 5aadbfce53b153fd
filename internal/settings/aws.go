package settings

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"rolechain/internal/exit"
)

// AWS is what the environment says about how AWS is reached, as it stands there; "" is unset or empty. Package awsconfig
// gives it to the SDK, which knows what comes first.
type AWS struct {
	CABundle        string // AWS_CA_BUNDLE
	FIPS            string // AWS_USE_FIPS_ENDPOINT: "", true or false, in any case
	DualStack       string // AWS_USE_DUALSTACK_ENDPOINT, likewise
	IgnoreEndpoints string // AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, likewise
	STSEndpoint     string // AWS_ENDPOINT_URL_STS
	Endpoint        string // AWS_ENDPOINT_URL
	Proxy           Proxy
}

// Proxy is what the environment says about proxies. The lower-case variables come first, as they do for Python and curl.
type Proxy struct {
	HTTPS string // https_proxy, HTTPS_PROXY; may hold a password
	HTTP  string // http_proxy, HTTP_PROXY; may hold a password
	No    string // no_proxy, NO_PROXY
	All   bool   // all_proxy or ALL_PROXY is set, which Go programs ignore
}

// Format keeps passwords from being printed.
func (p Proxy) Format(f fmt.State, _ rune) { io.WriteString(f, "proxies") }

// aws reads the variables of AWS. Whatever SDKs would read from it in different ways, or not at all, is a problem.
func (v *validator) aws(env variables, list []string) AWS {
	a := AWS{
		CABundle:        ambient(env.CABundle),
		FIPS:            v.ambientBool("AWS_USE_FIPS_ENDPOINT", env.FIPS),
		DualStack:       v.ambientBool("AWS_USE_DUALSTACK_ENDPOINT", env.DualStack),
		IgnoreEndpoints: v.ambientBool("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", env.IgnoreEndpoints),
		STSEndpoint:     v.endpoint("AWS_ENDPOINT_URL_STS", env.STSEndpoint),
		Endpoint:        v.endpoint("AWS_ENDPOINT_URL", env.Endpoint),
	}
	a.Proxy = v.proxy(list)
	return a
}

// ambientBool reads a variable of AWS's that is true or false. Some SDKs fail for another value, some take it for false.
func (v *validator) ambientBool(name string, value *string) string {
	switch text := ambient(value); {
	case text == "" || strings.EqualFold(text, "true") || strings.EqualFold(text, "false"):
		return text
	default:
		v.fail(name, text, "is neither true nor false", "write true or false, or leave the variable out")
		return ""
	}
}

func (v *validator) endpoint(name string, value *string) string {
	text := ambient(value)
	if text == "" {
		return ""
	}
	if problem, hint := CheckEndpoint(text); problem != "" {
		v.fail(name, withoutUser(text), problem, hint)
		return ""
	}
	return text
}

// CheckEndpoint checks the URL of an AWS service: problem is "" for a good one.
func CheckEndpoint(value string) (problem, hint string) {
	const example = "for example https://sts.us-east-1.amazonaws.com"
	hint = "write it with its scheme, " + example
	u, err := url.Parse(value)
	switch {
	case strings.ContainsAny(value, " \t\r\n\"'"):
		return "has white space or quotes in it", "write the URL alone, " + example
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "is not a URL", hint
	case u.Scheme != "http" && u.Scheme != "https":
		return "begins with neither https:// nor http://", hint
	case !validPort(u.Port()), u.RawQuery != "", u.Fragment != "", u.User != nil, strings.HasSuffix(u.Host, ":"):
		return "is not the URL of a service: scheme, host, port and path", hint
	}
	return "", ""
}

// withoutUser is a URL without what may be a password.
func withoutUser(value string) string {
	if i := strings.LastIndexByte(value, '@'); i >= 0 {
		return "…@" + value[i+1:]
	}
	return value
}

// proxy reads the variables of proxies from env.
func (v *validator) proxy(env []string) Proxy {
	p := Proxy{No: first(env, "no_proxy", "NO_PROXY"), All: first(env, "all_proxy", "ALL_PROXY") != ""}
	for _, name := range []string{"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"} {
		value := first(env, name)
		if value == "" {
			continue
		}
		if problem, hint := proxyURL(value); problem != "" {
			// The value is not quoted, not even in part: where a password is in it cannot be told of one that is wrong.
			v.problems = append(v.problems, exit.Because(exit.BadSetting, fmt.Errorf("%s is not the URL of a proxy: it %s", name, problem), hint))
			continue
		}
		into := &p.HTTPS
		if strings.EqualFold(name, "http_proxy") {
			into = &p.HTTP
		}
		if *into == "" {
			*into = value
		}
	}
	return p
}

// first is the value of the first of the names that is set and not empty.
func first(env []string, names ...string) string {
	for _, name := range names {
		for _, assignment := range env {
			if n, value, _ := strings.Cut(assignment, "="); n == name {
				if value != "" {
					return value
				}
				break
			}
		}
	}
	return ""
}

// proxyURL checks what programs take for a proxy: [scheme://][user:password@]host[:port][/].
func proxyURL(value string) (problem, hint string) {
	const form = "write it as http://host:port, or http://user:password@host:port"
	const escape = "in a user or a password write # as %23, / as %2F, ? as %3F, % as %25, @ as %40 and a blank as %20"
	rest := value
	scheme, after, found := strings.Cut(value, "://")
	if found {
		rest = after
	}
	user, host := "", rest
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, host = rest[:i], rest[i+1:]
	}
	host = strings.TrimSuffix(host, "/")
	u, err := url.Parse("http://" + host)
	_, escapes := url.PathUnescape(user)
	_, whole := url.Parse("http://" + rest)
	switch {
	case strings.TrimSpace(value) != value:
		return "begins or ends with white space", "perhaps a line break from a file; " + form
	case strings.Trim(value, "\"'") != value:
		return "has quotes around it", "the quotes are part of the value; leave them out"
	case strings.ContainsAny(user, "#/?"):
		return "has one of # / ? in its user or password", escape
	case escapes != nil:
		return "has a % in its user or password that two hexadecimal digits must follow", escape
	case found && scheme != "http" && scheme != "https" && scheme != "socks5" && scheme != "socks5h":
		return "begins with no scheme of a proxy", form
	case err != nil, u.Hostname() == "", u.Path != "", u.RawQuery != "", u.Fragment != "", !only(u.Hostname(), letters+digits+".-_:%"), strings.HasSuffix(host, ":"):
		return "has no valid host and port", form + "; " + escape
	case !validPort(u.Port()):
		return "has a port that is not between 1 and 65535", form
	case whole != nil:
		return "has characters in its user or password that must be escaped", escape
	}
	return "", ""
}

// validPort reports whether a URL's port can be one; "" leaves it to the scheme.
func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535
}
