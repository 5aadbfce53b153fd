package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rolechain/internal/podtest"
)

// imageProfile is the profile that AWS_PROFILE names in the situation aws-profile.
const imageProfile = "analytics"

func (p *pod) home() string { return filepath.Join(p.Work, "home") }

func (p *pod) probe() (folder, variant string) {
	folder, variant, _ = strings.Cut(p.Cell.SDK, "/")
	return folder, variant
}

// image makes the files that are there before the start.
func (p *pod) image() error {
	for _, dir := range []string{p.home(), filepath.Join(p.Work, "tmp")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(p.Work, "token"), []byte(p.sts.Token(subject)), 0o644); err != nil {
		return err
	}
	section := map[string]string{ownKeys: "default", awsProfile: imageProfile}[p.Cell.Situation]
	if section == "" {
		return nil
	}
	dir := filepath.Join(p.home(), ".aws")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	keys := fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", section, imageKey, imageSecret)
	return os.WriteFile(filepath.Join(dir, "credentials"), []byte(keys), 0o600)
}

// environment is the job's before the start: EKS's, the submission's, and what the suite needs.
func (p *pod) environment() []string {
	folder, _ := p.probe()
	bundle := filepath.Join(p.Dir, podtest.BundleFile)
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + p.home(),
		"TMPDIR=" + filepath.Join(p.Work, "tmp"),
		"HOSTNAME=spark-0",
		"LANG=C.UTF-8",
		// The webhook of EKS.
		"AWS_ROLE_ARN=" + baseARN,
		"AWS_WEB_IDENTITY_TOKEN_FILE=" + filepath.Join(p.Work, "token"),
		"AWS_STS_REGIONAL_ENDPOINTS=regional",
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region,
		// The probe's.
		"PROBE_DIR=" + filepath.Join(p.Root, probes, folder),
		"PROBE_BUILD=" + filepath.Join(p.Build, folder),
		"PROBE_S3_ENDPOINT=http://" + plainAddress,
		// Trust in the authority of the pod, for those that do not ask the system: botocore, Node.js, OpenSSL.
		"AWS_CA_BUNDLE=" + bundle,
		"NODE_EXTRA_CA_CERTS=" + bundle,
		"SSL_CERT_FILE=" + bundle,
		// A JVM takes the home from passwd, which every pod of this machine shares, and names a file in /tmp by its process id.
		"JAVA_TOOL_OPTIONS=-XX:-UsePerfData -Duser.home=" + p.home() + " -Djavax.net.ssl.trustStore=" + filepath.Join(p.Dir, podtest.StoreFile) +
			" -Djavax.net.ssl.trustStorePassword=" + podtest.StorePass,
	}
	if p.Cell.Situation == awsProfile {
		env = append(env, "AWS_PROFILE="+imageProfile)
	}
	if p.Cell.Situation == direct {
		env = append(env, "ROLE_CHAIN_DIRECT=true")
	}
	if p.Cell.Situation == proxied {
		env = append(env, proxyVariables()...)
	}
	if p.Cell.Delivery != none {
		env = append(env, "CLIENT_ROLE_ARN="+clientARN)
	}
	switch p.Cell.Delivery {
	case script:
		env = append(env, "WEB_IDENTITY_ROLE_ARN="+baseARN)
	case profile:
		env = append(env, "ROLE_CHAIN_DELIVERY=profile", "ROLE_CHAIN_IRSA_ENV=keep")
	case profileRemove:
		env = append(env, "ROLE_CHAIN_DELIVERY=profile", "ROLE_CHAIN_IRSA_ENV=remove")
	case file, endpoint:
		env = append(env, "ROLE_CHAIN_DELIVERY="+p.Cell.Delivery)
	}
	return env
}

// start starts the probe behind its entrypoint: the launcher is ROLE_CHAIN_ENTRYPOINT, the variant its argument.
func (p *pod) start() (err error) {
	folder, variant := p.probe()
	launcher := filepath.Join(p.Root, probes, folder, "run")
	env := p.environment()
	program, args := filepath.Join(p.Programs, "entrypoint"), []string{variant}
	switch {
	case p.Cell.Delivery == script:
		cli := filepath.Join(p.Build, "awscli", "venv", "bin")
		program = filepath.Join(p.Root, "conformance", "script.sh")
		args = append([]string{launcher}, args...)
		env = append(env, "SCRIPT_AWS="+filepath.Join(cli, "aws"))
	case p.Cell.Real:
		env = append(env, p.fakeClock(launcher)...)
	default:
		env = append(env, "ROLE_CHAIN_ENTRYPOINT="+launcher)
	}
	p.job, err = startJob(program, args, env, p.Work, p.Cell.patience(), p.clock.factor)
	return err
}
