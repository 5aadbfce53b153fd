package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolechain/internal/buildtest"
	"rolechain/internal/datatest"
	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

var update = flag.Bool("update", false, "write what check prints into testdata/check")

// TestFaultsHaveStories fails for a kind of fault of the STS stand-in that no story meets.
func TestFaultsHaveStories(t *testing.T) {
	met := map[ststest.FaultKind]bool{}
	for _, s := range stories {
		w := newWorld()
		if s.with != nil {
			s.with(w)
		}
		for _, f := range w.faults {
			met[f.Kind] = true
		}
	}
	for _, kind := range ststest.FaultKinds {
		if !met[kind] {
			t.Errorf("no story has the fault %s", kind)
		}
	}
}

// TestCheckStories runs the program through every refusal that the stand-ins know, and compares all that it prints with
// testdata/check; -update writes that anew.
func TestCheckStories(t *testing.T) {
	buildtest.SkipUnderRace(t)
	bin := t.TempDir()
	if err := buildtest.Programs(bin); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range stories {
		seen[s.name+".txt"] = true
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // a refusal is believed after some seconds
			tell(t, filepath.Join(bin, "rolechain"), s)
		})
	}
	files, err := os.ReadDir("testdata/check")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f.Name()] {
			t.Errorf("testdata/check/%s is no story's", f.Name())
		}
	}
}

// newWorld is one in which all is well.
func newWorld() *world {
	w := &world{
		sts: ststest.Config{Roles: []ststest.Role{
			{ARN: storyJob, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}, MayAssume: []string{storyClient}},
			{ARN: storyClient, TrustedBy: []string{storyJob}},
		}},
		memory:  &s3test.Memory{Queues: map[string]map[string]string{"names": {"QueueArn": storyQueue}}},
		env:     map[string]string{},
		subject: "system:serviceaccount:emr:spark",
		gate: s3test.Options{Region: "eu-west-1", Buckets: []s3test.Bucket{{Name: "data"}}, Grants: []s3test.Grant{
			{Role: storyClient, Bucket: "*", Actions: []string{"s3:*"}}, {Role: storyClient, Queue: "names", Actions: []string{"sqs:*"}}, {Role: storyClient, Queue: "other", Actions: []string{"sqs:*"}},
		}},
		data: &datatest.Server{Region: "eu-west-1", Refuse: map[string]string{}, Tables: map[string]string{"sales.orders": "s3://data/orders/"},
			Keys: map[string]datatest.Key{storyKey: {ARN: storyKey}, foreignKey: {ARN: foreignKey}}},
	}
	w.memory.Bucket("data", "in/empty", "", "in/part-0", "line\n")
	return w
}

func tell(t *testing.T, program string, s story) {
	w := newWorld()
	if s.with != nil {
		s.with(w)
	}
	sts := ststest.Start(t, ststest.Options{Config: w.sts})
	for _, f := range w.faults {
		if err := sts.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
	backend := httptest.NewServer(w.memory)
	defer backend.Close()
	w.gate.STS, w.gate.Backend, w.data.STS = sts, backend.URL, sts
	gate, err := s3test.New(w.gate)
	if err != nil {
		t.Fatal(err)
	}
	stores, others := httptest.NewServer(gate), httptest.NewServer(w.data)
	defer stores.Close()
	defer others.Close()
	home := t.TempDir()
	token := filepath.Join(home, "token")
	if err := os.WriteFile(token, []byte(sts.Token(w.subject, w.token...)), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"HOME": home, "HOSTNAME": "spark-0", "AWS_REGION": "eu-west-1", "CLIENT_ROLE_ARN": storyClient, "AWS_ROLE_ARN": storyJob, "AWS_WEB_IDENTITY_TOKEN_FILE": token,
		"AWS_ENDPOINT_URL_STS": sts.URL, "AWS_ENDPOINT_URL_S3": stores.URL, "AWS_ENDPOINT_URL_SQS": stores.URL, "AWS_ENDPOINT_URL_KMS": others.URL, "AWS_ENDPOINT_URL_GLUE": others.URL,
	}
	for name, value := range w.env {
		env[name] = value
	}
	if w.mapped != "" {
		env["ROLE_CHAIN_ROLE_MAP"] = filepath.Join(home, "map.yaml")
		if err := os.WriteFile(env["ROLE_CHAIN_ROLE_MAP"], []byte(w.mapped), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, append([]string{"check"}, s.args...)...)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != s.code {
		t.Errorf("exit code %d, want %d", code, s.code)
	}
	for _, secret := range sts.Secrets() {
		if strings.Contains(stdout.String()+stderr.String(), secret) {
			t.Error("a secret is in what it prints")
		}
	}
	got := fmt.Sprintf("$ rolechain check %s\n%s--- stderr\n%s--- exit code %d\n", strings.Join(s.args, " "), &stdout, &stderr, cmd.ProcessState.ExitCode())
	got = strings.NewReplacer(home, "HOME", strings.TrimPrefix(sts.URL, "http://"), "STS", strings.TrimPrefix(stores.URL, "http://"), "S3", strings.TrimPrefix(others.URL, "http://"), "KMS").Replace(got)
	got = withoutChance(got)
	file := filepath.Join("testdata/check", s.name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it prints\n%s\n%s has\n%s", got, file, want)
	}
	if w.after != nil {
		w.after(t, got)
	}
}

// withoutChance replaces what differs from run to run.
func withoutChance(text string) string {
	for _, r := range []struct{ from, to string }{
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`, "TIME"},
		{`\(in [\dhms]+\)`, "(in 24h)"},
		{`key …\w{4}`, "key …ABCD"},
		{`rolechain-check/[A-Z2-7]{26}`, "rolechain-check/RANDOM"},
		{`\d+s off STS's`, "0s off STS's"},
		{`(?m)^TIME rolechain: warning: (no session yet|still none).*\n(  hint: .*\n)?`, ""},
		{`RequestID: [\w-]+`, "RequestID: ID"},
		{`date/time \d+`, "date/time NUMBER"},
		{`tried (once|\d+ times) in [\d.]+m?s`, "tried N times in 5s"},
		{`(within|for|after|all of) [\d.]+m?s`, "$1 2s"},
		{`127\.0\.0\.1:\d+->`, "POD->"},
	} {
		text = regexp.MustCompile(r.from).ReplaceAllString(text, r.to)
	}
	return text
}
