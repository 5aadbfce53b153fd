// Demo runs the main job where there is no AWS account and no cluster: a strict STS on loopback, a service account token,
// the variables of AWS's role chaining guide, the real entrypoint, and as the original entrypoint a program that asks the
// plain AWS SDK who it is. Then the same with endpoint delivery and short sessions, and a job that goes on. It ends with 0
// only when the job is the client role, always, in the process that the entrypoint was.
//
//	go run ./demo -bin DIRECTORY    (make demo builds the programs first)
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"rolechain/internal/ststest"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

const (
	clientRole = "arn:aws:iam::222222222222:role/client-role-2"
	jobRole    = "arn:aws:iam::111111111111:role/job-execution-role-1"
	account    = "system:serviceaccount:emr:emr-containers-sa-spark-driver-111111111111-abc"
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	bin := flags.String("bin", "build", "directory with entrypoint, rolechain and whoami")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := show(ctx, *bin, stdout); err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}

func show(ctx context.Context, bin string, stdout io.Writer) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return fmt.Errorf("finding the programs: %w", err)
	}
	sts, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{
			ARN:         jobRole,
			WebIdentity: &ststest.WebIdentity{StringLike: map[string][]string{"sub": {"system:serviceaccount:emr:emr-containers-sa-*-*-111111111111-*"}}},
			MayAssume:   []string{clientRole},
		},
		{ARN: clientRole, TrustedBy: []string{jobRole}, LifetimeSeconds: lifetime},
	}}})
	if err != nil {
		return fmt.Errorf("making the STS: %w", err)
	}
	if err := sts.Listen("127.0.0.1:0"); err != nil {
		return fmt.Errorf("starting the STS: %w", err)
	}
	defer sts.Close()
	home, err := os.MkdirTemp("", "rolechain-demo-")
	if err != nil {
		return fmt.Errorf("making a home: %w", err)
	}
	defer os.RemoveAll(home)
	p := &page{out: stdout, bold: isTerminal(stdout)}
	pod, err := newPod(home, bin, sts)
	if err != nil {
		return err
	}
	if err := p.tell(ctx, pod); err != nil {
		return err
	}
	if p.journal(sts.Journal()); p.err != nil {
		return p.err
	}
	another, err := newPod(filepath.Join(home, "another"), bin, sts)
	if err != nil {
		return err
	}
	if err := p.replaced(ctx, another, sts); err != nil {
		return err
	}
	p.title("The job is the client role, for as long as it runs: no code change in it, no AWS account needed here.")
	return nil
}

// A pod is what EKS and a Spark submission give to a container.
type pod struct {
	home, bin string
	given     []string // by the submission, as in AWS's guide
	injected  []string // by EKS
	rest      []string // by the image, and to find the STS
}

func newPod(home, bin string, sts *ststest.Server) (pod, error) {
	token := filepath.Join(home, "token")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return pod{}, fmt.Errorf("making a home: %w", err)
	}
	if err := os.WriteFile(token, []byte(sts.Token(account)), 0o600); err != nil {
		return pod{}, fmt.Errorf("writing the token: %w", err)
	}
	return pod{
		home: home, bin: bin,
		given: []string{
			"CLIENT_ROLE_ARN=" + clientRole,
			"WEB_IDENTITY_ROLE_ARN=" + jobRole,
			"ROLE_CHAIN_IRSA_ENV=remove",
		},
		injected: []string{
			"AWS_ROLE_ARN=" + jobRole,
			"AWS_WEB_IDENTITY_TOKEN_FILE=" + token,
			"AWS_REGION=us-east-1",
			"HOSTNAME=spark-000000035abcdefgh-driver",
		},
		rest: []string{
			"HOME=" + home,
			"PATH=" + bin + ":" + os.Getenv("PATH"),
			"ROLE_CHAIN_ENTRYPOINT=whoami",
			"AWS_ENDPOINT_URL_STS=" + sts.URL,
		},
	}, nil
}

// holdsNo makes sure that no secret but the pod's own token is in any file of the home.
func (p pod) holdsNo(secrets []string) error {
	return filepath.WalkDir(p.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == filepath.Join(p.home, "token") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range secrets {
			if err == nil && strings.Contains(string(data), secret) {
				err = fmt.Errorf("there is a secret in %s", path)
			}
		}
		return err
	})
}

func (p pod) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(p.bin, name), args...)
	c.Env = append(append(append([]string(nil), p.rest...), p.injected...), p.given...)
	c.Dir = p.home
	return c
}

// A page is what a person reads.
type page struct {
	out  io.Writer
	bold bool
	err  error
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *page) title(text string) {
	if p.bold {
		text = "\033[1m" + text + "\033[0m"
	}
	fmt.Fprintln(p.out, "\n"+text)
}

func (p *page) lines(text string) {
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintln(p.out, "   "+line)
	}
}

func (p *page) tell(ctx context.Context, pod pod) error {
	p.title("1. The submission sets, as AWS's role chaining guide does, plus ROLE_CHAIN_IRSA_ENV=remove")
	p.lines(strings.Join(pod.given, "\n"))
	p.title("2. EKS injects")
	p.lines(strings.Join(pod.injected, "\n"))

	p.title("3. $ rolechain plan driver job.py   (what a start would do; nothing is done)")
	plan, err := pod.command(ctx, "rolechain", "plan", "driver", "job.py").CombinedOutput()
	p.lines(string(plan))
	if err != nil {
		return fmt.Errorf("rolechain plan: %w", err)
	}

	p.title("4. $ entrypoint driver job.py   (the container starts)")
	var stdout, stderr bytes.Buffer
	start := pod.command(ctx, "entrypoint", "driver", "job.py")
	start.Stdout, start.Stderr = &stdout, &stderr
	if err := start.Start(); err != nil {
		return fmt.Errorf("starting the entrypoint: %w", err)
	}
	pid := start.Process.Pid
	err = start.Wait()
	p.lines(fmt.Sprintf("process id %d", pid))
	p.lines(stderr.String())
	p.title("   …and the original entrypoint, in its place, asks the plain AWS SDK who it is:")
	p.lines(stdout.String())
	if err != nil {
		return fmt.Errorf("the entrypoint, or the program that it became: %w", err)
	}

	p.title("5. ~/.aws/config, as it was written")
	config, err := os.ReadFile(filepath.Join(pod.home, ".aws", "config"))
	if err != nil {
		return fmt.Errorf("reading what was written: %w", err)
	}
	p.lines(string(config))
	return check(stdout.String(), pid)
}

// check makes the demo a proof: who the job is, and that it is the process that was started.
func check(said string, pid int) error {
	session := strings.NewReplacer(":iam:", ":sts:", ":role/", ":assumed-role/")
	switch {
	case !strings.Contains(said, "default chain   "+session.Replace(clientRole)+"/"):
		return errors.New("the job is not the client role")
	case !strings.Contains(said, "first hop       "+session.Replace(jobRole)+"/"):
		return errors.New("the first hop is not the job execution role")
	case !strings.Contains(said, fmt.Sprintf("process id      %d\n", pid)):
		return errors.New("the job is another process than the one that was started")
	}
	return nil
}

func (p *page) journal(entries []ststest.Entry) {
	p.title("6. What the STS saw")
	for _, e := range entries {
		by := "token of " + account
		if e.CallerKeyID != "" {
			by = short(e.Caller) + " with key …" + e.CallerKeyID[len(e.CallerKeyID)-4:]
		}
		p.lines(fmt.Sprintf("%-26s %s", e.Action, e.Outcome))
		p.lines("   by   " + by)
		if e.IssuedKeyID != "" {
			p.lines(fmt.Sprintf("   for  %s, session %s: key …%s, good for %s",
				short(e.Role), e.SessionName, e.IssuedKeyID[len(e.IssuedKeyID)-4:], e.Expires.Sub(e.Time.Truncate(time.Second))))
		}
		if e.Outcome != ststest.Success && p.err == nil {
			p.err = fmt.Errorf("%s: %s: %s", e.Action, e.Outcome, e.Message)
		}
	}
}

// short leaves of an ARN the account and the name.
func short(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return arn
	}
	return parts[4] + ":" + parts[5]
}
