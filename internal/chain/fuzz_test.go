package chain

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

// FuzzToken: whatever is in a token file, it is a JWT of three parts in base64url, sent as it is, or an error that repeats
// nothing of it.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{"", "\n", "a.b.c", "e30.e30.e30", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4IiwiYXVkIjpbInkiXX0.AA", "eyJ9.eyJhdWQiOjF9.AA",
		"e30.W10.AA", "e30.bnVsbA.AA", "e30=.e30=.AA==", "e30.e30.AA\n", " e30.e30.AA", "\xef\xbb\xbfe30.e30.AA", "e30.eyJhdWQiOnt9fQ.AA", strings.Repeat("e30.", 5000)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		token, err := readJWT(t.Context(), file)
		if err == nil {
			if token != string(data) || strings.Count(token, ".") != 2 || strings.ContainsAny(token, " \t\r\n\x00") {
				t.Errorf("%q is taken as %q", data, token)
			}
			return
		}
		about := strings.ReplaceAll(err.Error(), file, "")
		for part := range strings.SplitSeq(string(data), ".") {
			if len(part) >= 12 && strings.Contains(about, part) {
				t.Errorf("the error repeats the token: %v", err)
			}
		}
		if strings.ContainsAny(about, "\r\n\x00") {
			t.Errorf("the error is not a line: %q", err)
		}
	})
}

// FuzzAnswer: whatever STS answers at either hop, there is a whole session, or an *Error of one printable line that repeats
// no key.
func FuzzAnswer(f *testing.F) {
	const secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
	good := func(action, expires string) string {
		return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action + "Result><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>" +
			secret + "</SecretAccessKey><SessionToken>" + secret + secret + "</SessionToken><Expiration>" + expires + "</Expiration></Credentials></" + action + "Result></" + action + "Response>"
	}
	for _, action := range []string{"AssumeRole", "AssumeRoleWithWebIdentity"} {
		whole := good(action, "2099-01-02T03:04:05Z")
		f.Add(200, whole)
		f.Add(200, whole[:len(whole)/2])
		f.Add(200, good(action, "2001-01-02T03:04:05Z"))
		f.Add(200, good(action, "soon"))
		f.Add(200, strings.Replace(whole, "<SessionToken>", "<SessionToken><![CDATA[", 1))
		f.Add(500, whole)
	}
	f.Add(400, `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`)
	f.Add(403, `<ErrorResponse><Error><Code>AccessDenied`+"\n\x1b[2J"+`</Code><Message>`+strings.Repeat("a\u2028b", 4000)+`</Message></Error></ErrorResponse>`)
	for _, body := range []string{"", "<", "<html/>", "{}", "<?xml version=\"1.1\"?><!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", strings.Repeat("<a>", 10_000)} {
		f.Add(200, body)
		f.Add(302, body)
		f.Add(0, body)
	}
	server, err := ststest.New(ststest.Options{Config: roles()})
	if err != nil {
		f.Fatal(err)
	}
	file := filepath.Join(f.TempDir(), "token")
	if err := os.WriteFile(file, []byte(server.Token(subject)), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, fuzzed := range []string{"AssumeRoleWithWebIdentity", "AssumeRole"} {
			transport := roundTrip(func(r *http.Request) (*http.Response, error) {
				call, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				if !strings.Contains("&"+string(call)+"&", "&Action="+fuzzed+"&") {
					r.Body = io.NopCloser(strings.NewReader(string(call)))
					return server.Transport().RoundTrip(r)
				}
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			})
			s, err := New(Spec{FirstHop: settings.WebIdentity, BaseRole: jobRole, TokenFile: file, ClientRole: clientRole, SessionName: "pod-1", Region: "eu-west-1"}, transport).Client(t.Context())
			if err == nil {
				if s.AccessKeyID == "" || s.SecretAccessKey == "" || s.SessionToken == "" || s.Left() <= 0 {
					t.Errorf("%s: half a session: key %q, until %s", fuzzed, s.AccessKeyID, s.Expires)
				}
				continue
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: not an *Error: %v", fuzzed, err)
			}
			text := e.Error() + e.Hint
			if strings.Contains(text, secret) || len(e.Error()) > 4096 || strings.ContainsFunc(e.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }) {
				t.Errorf("%s: %q", fuzzed, e)
			}
		}
	})
}
