package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/internal/podtest"
)

// A Pod is a container of one: what the image and EKS give it, and what the submission adds.
type Pod struct {
	Dir       string   // the pod's own: its home, its temporary directory
	Env       []string // all of it
	Program   string   // the image's ENTRYPOINT
	Arguments []string
}

// pod makes the directories of a pod and composes its environment. submitted is what the submission gives it.
func (w *world) pod(name string, submitted, spark []string, arguments ...string) (Pod, error) {
	p := Pod{Dir: filepath.Join(w.Work, name), Program: filepath.Join(w.Programs, "entrypoint"), Arguments: arguments}
	if w.Run.control() {
		p.Program = w.original()
	}
	return p, errors.Join(p.furnish(), w.trust(&p), w.environment(&p, name, submitted, spark))
}

// trust puts the authority where a client looks that knows neither a variable nor the JVM's store for it.
func (w *world) trust(p *Pod) error {
	if w.Plan.Certificates == "" {
		return nil
	}
	authority, err := os.ReadFile(filepath.Join(w.Dir, podtest.BundleFile))
	if err != nil {
		return err
	}
	dir := filepath.Join(p.tmp(), w.Plan.Certificates)
	// OpenSSL's hash of the authority's name, "CN = rolechain tests".
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "c0e1557f.0"), authority, 0o644))
}

func (p *Pod) home() string { return filepath.Join(p.Dir, "home") }
func (p *Pod) tmp() string  { return filepath.Join(p.Dir, "tmp") }

func (p *Pod) furnish() error {
	return errors.Join(os.MkdirAll(p.home(), 0o755), os.MkdirAll(p.tmp(), 0o755))
}

// original is the entrypoint that the image had before.
func (w *world) original() string {
	return filepath.Join(w.Root, "images", "build", "standin", "entrypoint.sh")
}

func (w *world) sparkHome() string { return filepath.Join(w.SparkDir(), "spark") }

func (w *world) environment(p *Pod, name string, submitted, spark []string) error {
	java, err := javaHome()
	if err != nil {
		return err
	}
	python := filepath.Join(w.SparkDir(), "venv", "bin")
	p.Env = []string{
		// The image's.
		"PATH=" + python + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C.UTF-8",
		"JAVA_HOME=" + java,
		"SPARK_HOME=" + w.sparkHome(),
		"PYSPARK_PYTHON=" + filepath.Join(python, "python"),
		// The container engine's.
		"HOME=" + p.home(),
		"HOSTNAME=" + name,
		// The webhook of EKS.
		"AWS_ROLE_ARN=" + jobs.BaseARN,
		"AWS_WEB_IDENTITY_TOKEN_FILE=" + filepath.Join(w.Work, "token"),
		"AWS_STS_REGIONAL_ENDPOINTS=regional",
		"AWS_REGION=" + jobs.Region,
		"AWS_DEFAULT_REGION=" + jobs.Region,
		// What namespaces of this machine lack of a container's own: a root file system, with a /tmp and the authority, and
		// a network, whose address Spark would find. A JVM takes the home from passwd.
		"TMPDIR=" + p.tmp(),
		"SPARK_LOCAL_DIRS=" + p.tmp(),
		"SPARK_LOCAL_IP=127.0.0.1",
		"AWS_CA_BUNDLE=" + filepath.Join(w.Dir, podtest.BundleFile),
		// Many JVMs on few processors, each for a minute: no second compiler.
		"JAVA_TOOL_OPTIONS=-XX:-UsePerfData -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Djava.io.tmpdir=" + p.tmp() + " -Duser.home=" + p.home() +
			" -Djavax.net.ssl.trustStore=" + filepath.Join(w.Dir, podtest.StoreFile) +
			" -Djavax.net.ssl.trustStorePassword=" + podtest.StorePass,
	}
	p.Env = append(p.Env, spark...)
	for _, variable := range submitted {
		p.set(variable)
	}
	return nil
}

// set replaces a variable or adds it.
func (p *Pod) set(variable string) {
	name, _, _ := strings.Cut(variable, "=")
	for i, there := range p.Env {
		if strings.HasPrefix(there, name+"=") {
			p.Env[i] = variable
			return
		}
	}
	p.Env = append(p.Env, variable)
}

// javaHome is where the java on PATH comes from.
func javaHome() (string, error) {
	path, err := exec.LookPath("java")
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", fmt.Errorf("looking for java: %w; install a JDK", err)
	}
	return filepath.Dir(filepath.Dir(path)), nil
}
