package sigv4

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The requests and signatures of AWS's published test suite (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4).
// All are of key AKIDEXAMPLE, at 2015-08-30 12:36, for service "service" in us-east-1, with X-Amz-Expires 3600 when
// presigned. The suite gives paths and queries unescaped; here they go over Go's HTTP parser as they are.
//
// Not here: the presigned form of post-sts-header-after, whose token is put into the query after signing (what IoT
// wants; everywhere else the whole query is signed).
const (
	suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suiteScope  = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
	suiteDate   = "20150830T123600Z"
	unreserved  = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	shortToken  = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
	longToken   = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	formHash    = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
)

type suiteCase struct {
	name     string
	method   string   // empty: GET
	target   string   // empty: /
	headers  []string // besides Host and the signature's own
	body     string
	signed   string // the case's own SignedHeaders besides host and x-amz-date
	token    string
	late     bool   // the token is not signed
	keepPath bool   // the suite's "unnormalized"
	header   string // the published signature in the header form
	query    string // the published signature in the presigned form; empty: does not apply
}

const (
	root      = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	rootQuery = "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"
	post      = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
	postQuery = "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b"
)

var suite = []suiteCase{
	{name: "get-vanilla", header: root, query: rootQuery},
	{name: "get-vanilla-query", header: root, query: rootQuery},
	{name: "get-vanilla-empty-query-key", target: "/?Param1=value1",
		header: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb", query: "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de"},
	{name: "get-vanilla-query-order-encoded", target: "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
		header: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac", query: "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"},
	{name: "get-vanilla-query-order-key-case", target: "/?Param2=value2&Param1=value1",
		header: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", query: "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5"},
	{name: "get-vanilla-query-unreserved", target: "/?" + unreserved + "=" + unreserved,
		header: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197", query: "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf"},
	{name: "get-vanilla-utf8-query", target: "/?ሴ=bar",
		header: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04", query: "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
	{name: "get-vanilla-with-session-token", signed: "x-amz-security-token", token: shortToken,
		header: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8", query: "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c"},
	{name: "get-unreserved", target: "/" + unreserved,
		header: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f", query: "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005"},
	{name: "get-utf8", target: "/ሴ",
		header: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85", query: "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"},
	{name: "get-space-normalized", target: "/example space/",
		header: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", query: "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6"},
	{name: "get-space-unnormalized", target: "/example space/", keepPath: true,
		header: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", query: "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6"},
	{name: "get-relative-normalized", target: "/example/..", header: root, query: rootQuery},
	{name: "get-relative-unnormalized", target: "/example/..", keepPath: true,
		header: "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282", query: "cbcb213b928a077e43275df47b500f1dfaa864ab3f5a18f6b95f4ff0938167ee"},
	{name: "get-relative-relative-normalized", target: "/example1/example2/../..", header: root, query: rootQuery},
	{name: "get-relative-relative-unnormalized", target: "/example1/example2/../..", keepPath: true,
		header: "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b", query: "b45db0bfd1cf15003493b733e33aa208dd981bd0e63037a6ed953f71d2118a16"},
	{name: "get-slash-normalized", target: "//", header: root, query: rootQuery},
	{name: "get-slash-unnormalized", target: "//", keepPath: true,
		header: "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e", query: "b2a9542809db687769200f56a844a03f2bd0291d6eb90232d5101c6a579446cd"},
	{name: "get-slash-dot-slash-normalized", target: "/./", header: root, query: rootQuery},
	{name: "get-slash-dot-slash-unnormalized", target: "/./", keepPath: true,
		header: "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145", query: "a9b13e8f3484d9505bf1a6f347219f8f35b0fe8f128ceea597efc146a3dfe90c"},
	{name: "get-slash-pointless-dot-normalized", target: "/./example",
		header: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5", query: "35034b1a0bdd969f346975386daf8aedfd4976573b8348cf4f67eaa41c5857de"},
	{name: "get-slash-pointless-dot-unnormalized", target: "/./example", keepPath: true,
		header: "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff", query: "72b11f16d9530b18204bfb71f2d6ab085894c0ed8d352730a6e76234c58b5e10"},
	{name: "get-slashes-normalized", target: "//example//",
		header: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84", query: "c1834e8fb0307243711f0f907f6ab7311ed300d87f13792d7ee4da89ab93e082"},
	{name: "get-slashes-unnormalized", target: "//example//", keepPath: true,
		header: "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5", query: "822a5a9ba28072c5ab2bb4a6307d0c88276d40e49fec6b724c03fb4d4ba60fc2"},
	{name: "get-header-key-duplicate", headers: []string{"My-Header1:value2", "My-Header1:value2", "My-Header1:value1"}, signed: "my-header1",
		header: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea", query: "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97"},
	{name: "get-header-value-multiline", headers: []string{"My-Header1:value1", "  value2", "     value3"}, signed: "my-header1",
		header: "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd", query: "e6f5def831211aca02987a44b96826706278c7bc078112ae0263659c5b2f2d56"},
	{name: "get-header-value-order", headers: []string{"My-Header1:value4", "My-Header1:value1", "My-Header1:value3", "My-Header1:value2"}, signed: "my-header1",
		header: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01", query: "313720e71ca6202fdcfa9b20f88de01a4eb0638a83c833b1c184359a4eda864e"},
	{name: "get-header-value-trim", headers: []string{"My-Header1: value1", `My-Header2: "a   b   c"`}, signed: "my-header1;my-header2",
		header: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736", query: "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4"},
	{name: "post-vanilla", method: "POST", header: post, query: postQuery},
	{name: "post-header-key-case", method: "POST", header: post, query: postQuery},
	{name: "post-header-key-sort", method: "POST", headers: []string{"My-Header1:value1"}, signed: "my-header1",
		header: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c", query: "c09d07e0d55871f10f2a6d350d994acf6825a3cae70673d7def55616e6119dd7"},
	{name: "post-header-value-case", method: "POST", headers: []string{"My-Header1:VALUE1"}, signed: "my-header1",
		header: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d", query: "0698bc9e4f7f9139065ba2909c0e99da257e8e2a42492a097bcd46d792391fed"},
	{name: "post-vanilla-query", method: "POST", target: "/?Param1=value1",
		header: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11", query: "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682"},
	{name: "post-vanilla-empty-query-value", method: "POST", target: "/?Param1=value1",
		header: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11", query: "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682"},
	{name: "post-sts-header-before", method: "POST", signed: "x-amz-security-token", token: longToken,
		header: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead", query: "46c2e3c63c1dbe7d39f8ada16fe7f001c1f56c5791441565323677f96308871c"},
	{name: "post-sts-header-after", method: "POST", token: longToken, late: true, header: post},
	{name: "post-x-www-form-urlencoded", method: "POST", body: "Param1=value1", signed: "content-length;content-type",
		headers: []string{"Content-Type:application/x-www-form-urlencoded", "Content-Length:13"},
		header:  "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b", query: "89a40deed0f26f9461242825a082d2222717248abc7ab41f552ad84a94ad46e9"},
	{name: "post-x-www-form-urlencoded-parameters", method: "POST", body: "Param1=value1", signed: "content-length;content-type",
		headers: []string{"Content-Type:application/x-www-form-urlencoded; charset=utf-8", "Content-Length:13"},
		header:  "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422", query: "0dbeb9b026c7b6675f266b8427efec9b4fa8b1f6ef1477d717aea231106eab4d"},
}

func TestPublishedSuite(t *testing.T) {
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			check := func(form string, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				v := c.verifier()
				if id, err := v.Verify(r, body); err != nil || id != "AKIDEXAMPLE" {
					t.Errorf("%s form: Verify = %q, %v\n%s", form, id, err, canonical(r, mustRead(t, r), v.path(r), "(hash)"))
				}
				// The same request must fail when anything that was signed is another.
				r.Method = "PUT"
				if _, err := v.Verify(r, body); err == nil {
					t.Errorf("%s form: another method passed", form)
				}
			}
			check("header", c.headerForm(t))
			if c.query != "" {
				check("query", c.queryForm(t))
			}
		})
	}
}

func (c suiteCase) verifier() *Verifier {
	return &Verifier{
		Service: "service", Region: "us-east-1", KeepPath: c.keepPath,
		Now: func() time.Time { return time.Date(2015, 8, 30, 12, 40, 0, 0, time.UTC) },
		Key: func(id string) (Key, bool) { return Key{Secret: suiteSecret, Token: c.token}, id == "AKIDEXAMPLE" },
	}
}

func (c suiteCase) headerForm(t *testing.T) *http.Request {
	names := []string{"host", "x-amz-date"}
	headers := append([]string{"Host:example.amazonaws.com"}, c.headers...)
	headers = append(headers, "X-Amz-Date:"+suiteDate)
	if c.token != "" {
		headers = append(headers, "X-Amz-Security-Token:"+c.token)
	}
	if c.body != "" {
		headers = append(headers, "x-amz-content-sha256:"+formHash)
		names = append(names, "x-amz-content-sha256")
	}
	headers = append(headers, "Authorization:AWS4-HMAC-SHA256 Credential="+suiteScope+
		", SignedHeaders="+sorted(names, c.signed)+", Signature="+c.header)
	return c.read(t, c.target, headers)
}

func (c suiteCase) queryForm(t *testing.T) *http.Request {
	target, query, _ := strings.Cut(c.target, "?")
	if query != "" {
		query += "&"
	}
	names := strings.ReplaceAll(sorted([]string{"host"}, strings.Replace(c.signed, "x-amz-security-token", "", 1)), ";", "%3B")
	query += "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + strings.ReplaceAll(suiteScope, "/", "%2F") +
		"&X-Amz-Date=" + suiteDate + "&X-Amz-SignedHeaders=" + names + "&X-Amz-Expires=3600"
	if c.token != "" {
		query += "&X-Amz-Security-Token=" + escape(c.token, false)
	}
	if target == "" {
		target = "/"
	}
	return c.read(t, target+"?"+query+"&X-Amz-Signature="+c.query, append([]string{"Host:example.amazonaws.com"}, c.headers...))
}

// read takes the request through Go's own parser, as a server does.
func (c suiteCase) read(t *testing.T, target string, headers []string) *http.Request {
	t.Helper()
	method := c.method
	if method == "" {
		method = "GET"
	}
	if target == "" {
		target = "/"
	}
	// A blank in a request line is no HTTP, and no client sends one: it goes in afterwards.
	path, rest, _ := strings.Cut(target, "?")
	text := method + " " + strings.ReplaceAll(target, " ", "_") + " HTTP/1.1\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n" + c.body
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(path, " ") {
		r.RequestURI = path + "?" + rest
	}
	return r
}

func sorted(names []string, more string) string {
	for _, name := range strings.Split(more, ";") {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ";")
}

func mustRead(t *testing.T, r *http.Request) *signed {
	t.Helper()
	s, err := read(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
