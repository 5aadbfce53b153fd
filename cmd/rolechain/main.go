// Rolechain is everything of a role chain that talks to AWS or to a person: what keeps the job's sessions fresh and how it
// stands, whether the chain works, what a container's start would do, what a submission needs, how the programs get into a pod
// without an image of its own, and which version does it. It lies beside the entrypoint in the image; docs/reference.md has
// its commands.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/settings"
)

func main() {
	if len(os.Args) > 1 && (os.Args[1] == "check" || os.Args[1] == "credentials") {
		// They hold sessions, which are for nobody who looks into their memory, or a core. The refresher sees to that itself.
		_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	}
	os.Exit(run(os.Args[1:], settings.Own(), os.Stdout, new(report.Stderr)))
}

// A command is one of rolechain's. It writes its result to stdout; what it has to say besides goes to stderr.
type command struct {
	name, arguments, summary string
	example                  string // one call of it
	run                      func(args []string, env settings.Environment, stdout, stderr io.Writer) error
}

var commands = []command{
	{"check", "[FLAG...]", "try each hop of the role chain, and buckets, queues, keys and tables behind it, and say what fails, why, and which statement of a policy fixes it", "rolechain check -bucket s3://data-222222222222/in/", check},
	{"status", "[-json]", "print how the refresher stands; the exit code is an exec probe's", "rolechain status -json", showStatus},
	{"plan", "[--] [ARGUMENT...]", "print what a start of the container with these arguments would do, and do nothing", "rolechain plan driver s3://jobs-111111111111/job.py", plan},
	{"roles", "[-json]", "print the roles that the role map allows this pod", "rolechain roles", roles},
	{"policies", "[-json] [-job-role ARN]", "print the IAM policies that the role chain needs, ready to paste", "rolechain policies", writePolicies},
	{"spark-conf", "FLAG... [-- ARGUMENT...]", "write the settings of a submission for driver and executors, or judge or edit those of a job that exists", sparkConfExample, sparkConf},
	{"credentials", "DIRECTORY PROFILE", "print a profile's session, as the credential process of endpoint delivery", "rolechain credentials /home/hadoop/.aws/rolechain default", credentials},
	{"refresh", "", "keep the job's sessions fresh; the entrypoint starts it", "ROLE_CHAIN_DELIVERY=endpoint /opt/rolechain/entrypoint driver s3://jobs-111111111111/job.py", keepFresh},
	{"sidecar", "", "keep the sessions of a pod's other containers, which have no token of their own", "ROLE_CHAIN_FILES=/var/run/rolechain ROLE_CHAIN_DELIVERY=endpoint rolechain sidecar", sidecar},
	{"install", "DIRECTORY", "copy both programs and the jar into a volume, for a container whose image has none of them", "rolechain install /rolechain", install},
	{"version", "", "print the version, the commit and the Go version", "rolechain version", version},
}

// roleHint is for a command without a role to go to.
const roleHint = "set CLIENT_ROLE_ARN to the role that the job is to act as, arn:aws:iam::111122223333:role/name, or ROLE_CHAIN_ROLE_MAP"

func run(args []string, env settings.Environment, stdout, stderr io.Writer) int {
	err := dispatch(args, env, stdout, stderr)
	if err != nil {
		_, speak, _, _ := settings.Read(env)
		report.Failure(report.New(stderr, speak.Level, speak.Format), err)
	}
	return int(exit.CodeOf(err))
}

func dispatch(args []string, env settings.Environment, stdout, stderr io.Writer) error {
	switch {
	case len(args) == 0:
		return exit.Because(exit.Usage, errors.New("no command"), strings.TrimSpace(usage(report.Style{})))
	case isHelp(args[0]):
		return help(args[1:], env, stdout, stderr)
	case args[0] == "-version" || args[0] == "--version":
		args = append([]string{"version"}, args[1:]...)
	}
	c, err := find(args[0])
	if err != nil {
		return err
	}
	return c.call(args[1:], env, stdout, stderr)
}

// find returns the command of that name.
func find(name string) (command, error) {
	for _, c := range commands {
		if c.name == name {
			return c, nil
		}
	}
	var names []string
	for _, c := range commands {
		names = append(names, c.name)
	}
	if strings.HasPrefix(name, "-") {
		return command{}, exit.Because(exit.Usage, fmt.Errorf("%q is not a flag of rolechain", name), "flags come behind a command: "+strings.Join(names, ", "))
	}
	return command{}, exit.Because(exit.Usage, fmt.Errorf("%q is not a command", name), "`rolechain help` explains those that there are: "+strings.Join(names, ", "))
}

// call does what the command does, or prints its help where that is asked for.
func (c command) call(args []string, env settings.Environment, stdout, stderr io.Writer) error {
	err := c.run(args, env, stdout, stderr)
	if wanted, ok := err.(helpWanted); ok {
		_, err = io.WriteString(stdout, c.help(report.Styled(stdout, env.List), wanted.flags))
	}
	return err
}
