package ststest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rolechain/internal/sdktest"
	"rolechain/internal/ststest"
)

// findings is what a scenario under testdata reports: ARNs, and [status, code, words] of each refusal.
type findings struct {
	First, Second, Identity, Profile string
	Refusals                         map[string]any
}

func TestBoto3(t *testing.T) {
	scenario(t, nil, sdktest.Python(t), "testdata/scenario.py", "")
}

func TestJavaScriptSDK(t *testing.T) {
	node, dir := sdktest.Node(t)
	// The one code that this SDK gives another name: that of the exception in the service's model.
	scenario(t, map[string]string{"InvalidIdentityToken": "InvalidIdentityTokenException"}, node, "testdata/scenario.js", dir)
}

// scenario runs a script against a server: web identity, a chained call, a profile, and refusals as the SDK gives them.
// The modules of the script are looked for in dir. renamed is the error codes that the SDK calls otherwise.
func scenario(t *testing.T, renamed map[string]string, program, script, dir string) {
	c := roles()
	c.Roles = append(c.Roles, ststest.Role{
		ARN: "arn:aws:iam::444455556666:role/both", TrustedBy: []string{jobRole}, TrustAlso: []string{"sts:TagSession"}, ExternalID: "ex/ternal+id", MaxSessionSeconds: 7200})
	server := ststest.Start(t, ststest.Options{Config: c})
	const account = "arn:aws:iam::444455556666:role/"
	inject(t, server, ststest.Fault{Kind: ststest.Throttle, Role: account + "throttled"})
	inject(t, server, ststest.Fault{Kind: ststest.ExpiredToken, Role: account + "late"})

	home := t.TempDir()
	write(t, filepath.Join(home, "token"), server.Token(subject))
	write(t, filepath.Join(home, "config"), "[default]\nregion = eu-west-1\nrole_arn = "+clientRole+"\nrole_session_name = pod\nsource_profile = base\n"+
		"[profile base]\nweb_identity_token_file = "+filepath.Join(home, "token")+"\nrole_arn = "+jobRole+"\nrole_session_name = pod\n")
	settings, err := json.Marshal(map[string]string{
		"endpoint": server.URL, "token": server.Token(subject), "expired": server.Token(subject, ststest.WithLifetime(-time.Minute)),
		"audience": server.Token(subject, ststest.WithAudience("other")), "job": jobRole, "client": account + "both",
		"nobody": account + "nobody", "throttled": account + "throttled", "late": account + "late",
	})
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), program, path)
	run.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "AWS_CONFIG_FILE=" + filepath.Join(home, "config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
		"AWS_ENDPOINT_URL_STS=" + server.URL, "AWS_EC2_METADATA_DISABLED=true", "NODE_PATH=" + filepath.Join(dir, "node_modules"), "PYTHONDONTWRITEBYTECODE=1",
	}
	var stdout, stderr bytes.Buffer
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(settings), &stdout, &stderr
	if err := run.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, &stderr)
	}
	var got findings
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("%s wrote %q: %v", script, &stdout, err)
	}

	refusal := func(status int, code, words string) any {
		if name, ok := renamed[code]; ok {
			code = name
		}
		return []any{float64(status), code, words}
	}
	want := findings{
		First:    "arn:aws:sts::111122223333:assumed-role/job-execution-role/pod",
		Second:   "arn:aws:sts::444455556666:assumed-role/both/pod",
		Identity: "arn:aws:sts::444455556666:assumed-role/both/pod",
		Profile:  "arn:aws:sts::444455556666:assumed-role/client-role/pod",
		Refusals: map[string]any{
			"wrong audience": refusal(400, "InvalidIdentityToken", "Incorrect token audience"),
			"denied":         refusal(403, "AccessDenied", denied("sts:AssumeRole", account+"nobody")),
			"two hours":      refusal(400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."),
			"secret":         refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."),
			"session token":  refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
			"throttled":      refusal(400, "Throttling", "Rate exceeded"),
			"expired key":    refusal(403, "ExpiredToken", "The security token included in the request is expired"),
		},
	}
	// The words have a time in them.
	if expired, ok := got.Refusals["expired token"].([]any); !ok || len(expired) != 3 || expired[0] != 400.0 || expired[1] != "ExpiredTokenException" {
		t.Errorf("expired token: %v", got.Refusals["expired token"])
	}
	delete(got.Refusals, "expired token")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("found\n%+v\nwant\n%+v", got, want)
	}
}
