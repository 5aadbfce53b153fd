// Rolechain is everything of a role chain that talks to AWS or to a person: what keeps the job's sessions fresh and how it
// stands, whether the chain works, what a container's start would do, what a submission needs, and which version does it. It lies
// beside the entrypoint in the image; docs/reference.md has its commands.
package main

import (
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
	run                      func(args []string, env settings.Environment, stdout, stderr io.Writer) error
}

var commands = []command{
	{"check", "[--json]", "try each hop of the role chain and say which one fails, and why", check},
	{"status", "[--json]", "print how the refresher stands; the exit code is an exec probe's", showStatus},
	{"plan", "[ARGUMENT...]", "print what a start of the container with these arguments would do, and do nothing", plan},
	{"spark-conf", "FLAG... [-- ARGUMENT...]", "write the settings of a submission for driver and executors; -h lists the flags", sparkConf},
	{"credentials", "DIRECTORY PROFILE", "print a profile's session, as the credential process of endpoint delivery", credentials},
	{"refresh", "", "keep the job's sessions fresh; the entrypoint starts it", keepFresh},
	{"version", "", "print the version, the commit and the Go version", version},
}

func run(args []string, env settings.Environment, stdout, stderr io.Writer) int {
	err := dispatch(args, env, stdout, stderr)
	if err != nil {
		_, speak, _, _ := settings.Read(env)
		report.Failure(report.New(stderr, speak.Level, speak.Format), err)
	}
	return int(exit.CodeOf(err))
}

func dispatch(args []string, env settings.Environment, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return exit.Because(exit.Usage, fmt.Errorf("no command"), strings.TrimSpace(usage()))
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		_, err := io.WriteString(stdout, usage())
		return err
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(args[1:], env, stdout, stderr)
		}
	}
	return exit.Because(exit.Usage, fmt.Errorf("%q is not a command", args[0]), strings.TrimSpace(usage()))
}

func usage() string {
	var b strings.Builder
	b.WriteString("usage: rolechain COMMAND\n\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-36s %s\n", strings.TrimSpace(c.name+" "+c.arguments), c.summary)
	}
	return b.String()
}
