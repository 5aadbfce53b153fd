package admission

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An apiServer is Kubernetes' own, without nodes: what is created is admitted and goes no further.
type apiServer struct {
	*testing.T
	kubectl []string
}

// startAPIServer starts the API server that `make k8s-e2e` has built, with the storage that it needs.
func startAPIServer(t *testing.T) apiServer {
	t.Helper()
	programs, err := filepath.Abs("../../build/k8s/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etcd", "kube-apiserver", "kubectl"} {
		if _, err := os.Stat(filepath.Join(programs, name)); err != nil {
			if os.Getenv("ROLECHAIN_REQUIRE_API_SERVER") == "1" { // make k8s-e2e, after it has built one
				t.Fatalf("no API server: %v", err)
			}
			t.Skip("SKIPPED: needs the API server (make k8s-e2e)")
		}
	}
	dir := t.TempDir()
	for _, command := range []string{
		"openssl genrsa -out sa.key 2048",
		"openssl rsa -in sa.key -pubout -out sa.pub",
		"openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=ca -days 2",
		"openssl req -newkey rsa:2048 -nodes -keyout admin.key -out admin.csr -subj /O=system:masters/CN=admin",
		"openssl x509 -req -in admin.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out admin.crt -days 2",
	} {
		words := strings.Fields(command)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	store, peers, port := freePort(t), freePort(t), freePort(t)
	run := func(name string, args ...string) {
		out, err := os.Create(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(programs, name), args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that is killed cleans nothing up
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
			if t.Failed() {
				text, _ := os.ReadFile(out.Name())
				t.Logf("%s ended with\n%s", name, text[max(0, len(text)-4000):])
			}
			out.Close()
		})
	}
	url := "http://127.0.0.1:" + store
	run("etcd", "--data-dir", dir+"/etcd", "--unsafe-no-fsync", "--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", "http://127.0.0.1:"+peers)
	run("kube-apiserver", "--etcd-servers", url, "--bind-address", "127.0.0.1", "--secure-port", port, "--advertise-address", "127.0.0.1", "--cert-dir", dir+"/certs",
		"--service-cluster-ip-range", "10.96.0.0/24", "--authorization-mode", "RBAC", "--client-ca-file", "ca.crt", "--endpoint-reconciler-type", "none",
		"--service-account-issuer", "https://issuer.example", "--api-audiences", "x", "--service-account-key-file", "sa.pub", "--service-account-signing-key-file", "sa.key",
		"--disable-admission-plugins", "ServiceAccount", // whose controller is not here
		"--feature-gates", "MutatingAdmissionPolicy=true", "--runtime-config", "admissionregistration.k8s.io/v1beta1=true")
	a := apiServer{t, []string{filepath.Join(programs, "kubectl"), "--server", "https://127.0.0.1:" + port, "--insecure-skip-tls-verify",
		"--client-certificate", dir + "/admin.crt", "--client-key", dir + "/admin.key"}}
	a.until("the API server", func() bool { _, _, err := a.run("get", "--raw", "/readyz"); return err == nil })
	return a
}

// freePort returns a port below those that the kernel gives to whoever asks for any, so that nobody has it meanwhile.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := 10_000 + rand.IntN(20_000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return fmt.Sprint(port)
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (a apiServer) run(args ...string) (stdout []byte, stderr string, err error) {
	cmd := exec.Command(a.kubectl[0], append(a.kubectl[1:len(a.kubectl):len(a.kubectl)], args...)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err = cmd.Run()
	return out.Bytes(), complaints.String(), err
}

func (a apiServer) must(args ...string) {
	a.Helper()
	if _, complaints, err := a.run(args...); err != nil {
		a.Fatalf("kubectl %q: %v\n%s", args, err, complaints)
	}
}

func (a apiServer) until(what string, is func() bool) {
	a.Helper()
	for end := time.Now().Add(3 * time.Minute); !is(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			a.Fatalf("waited in vain for %s", what)
		}
	}
}

func (a apiServer) namespace(name, label string) {
	a.Helper()
	a.must("create", "namespace", name)
	if label != "" {
		a.must("label", "namespace", name, label)
	}
}

// apply creates the policies, and returns when the API server goes by them.
func (a apiServer) apply(file string) {
	a.Helper()
	a.must("apply", "--filename", file)
	a.until("the policies to be in force", func() bool {
		pods, refusals := a.create("jobs", "driver.yaml", "nameless.yaml")
		return refusals[0] == "" && len(pods[0].Spec.InitContainers) == 1 && refusals[1] != ""
	})
}

// create returns what would be stored of the pods of testdata, one by one: a pod, or the message of its refusal.
func (a apiServer) create(namespace string, files ...string) ([]pod, []string) {
	a.Helper()
	pods, refusals := make([]pod, len(files)), make([]string, len(files))
	for i, file := range files {
		out, complaints, err := a.run("create", "--namespace", namespace, "--dry-run=server", "--output", "json", "--filename", filepath.Join("testdata", file))
		if err != nil {
			refusals[i] = complaints
			continue
		}
		if err := json.Unmarshal(out, &pods[i]); err != nil {
			a.Fatal(err)
		}
	}
	return pods, refusals
}
