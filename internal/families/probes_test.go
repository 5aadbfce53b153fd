package families

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rolechain/internal/sdktest"
)

// installed returns the folder of a probe of the conformance suite, whose SDKs are asked here. make predictions does so: it takes
// minutes.
func installed(t *testing.T, probe string) string {
	t.Helper()
	if os.Getenv("ROLECHAIN_PREDICTIONS") != "1" {
		t.Skip("SKIPPED: `make predictions` asks these SDKs")
	}
	dir, err := filepath.Abs("../../build/conformance/" + probe)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		sdktest.Missing(t, "the probe "+probe+" (make conformance SDK="+probe+")")
	}
	return dir
}

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGoV1(t *testing.T) {
	installed(t, "go-v1")
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile("../../conformance/probes/go-v1/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source(t, "gov1.go.txt")), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", "probe", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	against(t, "Go v1", nil, func(t *testing.T, env []string, home string) string {
		return ask(t, "", env, filepath.Join(dir, "probe"))
	})
}

func TestJavaScriptV2(t *testing.T) {
	dir := installed(t, "js-v2")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	against(t, "JavaScript v2", nil, func(t *testing.T, env []string, home string) string {
		return ask(t, dir, env, node, "-e", source(t, "probe_v2.js"))
	})
}

func TestRuby(t *testing.T) {
	installed(t, "ruby")
	against(t, "Ruby", nil, func(t *testing.T, env []string, home string) string {
		return ask(t, "", env, "ruby", "testdata/probe.rb")
	})
}

func TestRust(t *testing.T) {
	dir := installed(t, "rust-aws-config")
	against(t, "Rust", nil, func(t *testing.T, env []string, home string) string {
		return signed(t, env, "\n", dir+"/rust-aws-config", "default")
	})
}

// byToken leaves out what is STS's to answer, which these SDKs ask at AWS's own names alone: make conformance has those.
func byToken(e environment) bool {
	return strings.Contains(strings.Join(e.env, " "), "TOKEN")
}

func TestNative(t *testing.T) {
	dir := installed(t, "native")
	for library, family := range map[string]string{"pyarrow": "C++ (pyarrow)", "obstore": "object_store (polars, delta-rs)"} {
		t.Run(library, func(t *testing.T) {
			against(t, family, byToken, func(t *testing.T, env []string, home string) string {
				env = append(env, "AWS_METADATA_ENDPOINT="+valueOf(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT")) // object_store's name for it
				return signed(t, env, "", dir+"/venv/bin/python", "testdata/probe_native.py", library)
			})
		})
	}
}

func TestS3A(t *testing.T) {
	for version, class := range map[string]string{"s3a-3.3.4": "S3A33", "s3a-3.4.1": "S3A34"} {
		t.Run(version, func(t *testing.T) {
			dir := installed(t, version)
			against(t, "S3A's default list", nil, func(t *testing.T, env []string, home string) string {
				return signed(t, env, "\n", "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.home="+home, "-Dcom.amazonaws.sdk.ec2MetadataServiceEndpointOverride="+valueOf(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
					"-cp", dir+"/classes:"+dir+"/lib/*", class, "default")
			})
		})
	}
}

// signed runs a program that makes a request, and returns the access key id in the first one's signature; "" when it made none.
func signed(t *testing.T, env []string, input, program string, args ...string) string {
	var mu sync.Mutex
	key := ""
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if found := regexp.MustCompile(`Credential=(\w+)/`).FindStringSubmatch(q.Header.Get("Authorization")); found != nil && key == "" {
			key = found[1]
		}
		http.NotFound(w, q)
	}))
	defer store.Close()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdin = append(env, "PROBE_S3_ENDPOINT="+store.URL), strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "Exiting Application") { // by which C++ says that it aborts
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	t.Logf("%s", out)
	mu.Lock()
	defer mu.Unlock()
	return key
}

func valueOf(env []string, name string) string {
	for _, assignment := range env {
		if value, ok := strings.CutPrefix(assignment, name+"="); ok {
			return value
		}
	}
	return ""
}
