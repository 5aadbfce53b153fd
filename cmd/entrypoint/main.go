// Entrypoint is the ENTRYPOINT of an Amazon EMR on EKS image. It makes the AWS SDKs in the container act as a client
// role, by role chaining, and then becomes the image's original entrypoint: same process id, same arguments, same
// descriptors and working directory, and the environment but for the variables named below.
//
// A start is four steps:
//
//  1. Read. The settings come from the environment (README.md, "Settings") and are all checked before anything is
//     written. The AWS config file, the token and the original entrypoint are looked at.
//  2. Plan. A pure function of these gives what becomes of the file, which variables the job gets and loses, and what is
//     executed. `rolechain plan` prints it.
//  3. Apply. ~/.aws/config gets [default] with the client role's role_arn and a source_profile for the first hop. What
//     else stands in the file keeps every byte. With ROLE_CHAIN_VERIFY=true, `rolechain check` then tries the chain.
//  4. Exec. ROLE_CHAIN_ENTRYPOINT is executed in this process. Its signals and its exit code are its own.
//
// Without CLIENT_ROLE_ARN nothing is written and nothing changes: step 4 follows at once.
//
// Of the environment, a start with roles sets AWS_EC2_METADATA_DISABLED=true, so that no SDK falls back to the node's
// role (ROLE_CHAIN_ALLOW_IMDS=true leaves it). With ROLE_CHAIN_IRSA_ENV=remove it deletes the variables by which SDKs
// find other credentials first. When the file has to go to another place, AWS_CONFIG_FILE and
// AWS_SHARED_CREDENTIALS_FILE say where; an AWS_CONFIG_FILE that was there is made absolute.
//
// If a step fails the original is not executed: the reason is on stderr and in /dev/termination-log, and the exit code
// says what kind it is of (README.md, "Exit codes").
package main

import (
	"io"
	"log/slog"
	"os"
	"syscall"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

func main() {
	os.Exit(run(os.Args[1:], start.Environ(), report.Stderr{}, report.TerminationLog, syscall.Exec))
}

// run returns only when the original entrypoint could not be executed.
func run(args, env []string, stderr io.Writer, terminationLog string, execve start.Execve) int {
	s, speak, warnings, err := settings.Read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	warn(log, warnings)
	var plan start.Plan
	if err == nil {
		plan, err = prepare(s, args, env, log)
	}
	if err == nil && s.Verify {
		err = start.Verify(env, s.StartTimeout)
	}
	if err == nil {
		err = plan.Run(execve, env)
	}
	report.Failure(log, err)
	report.Terminate(terminationLog, err)
	return int(exit.CodeOf(err))
}

// prepare does everything before the exec. The place of a file can turn out to be unwritable only when it is written;
// then there is one more plan, for the other place.
func prepare(s settings.Settings, args, env []string, log *slog.Logger) (start.Plan, error) {
	found, err := start.Look(s, start.Self)
	if err != nil {
		return start.Plan{}, err
	}
	for {
		plan, err := start.Make(s, found, env, args)
		if err != nil {
			return start.Plan{}, err
		}
		err = start.Apply(plan, log)
		if found.Private == "" && durable.IsUnwritable(err) {
			if err = found.Avoid(s.Locations, err); err == nil {
				continue
			}
		}
		warn(log, plan.Warnings)
		return plan, err
	}
}

func warn(log *slog.Logger, warnings []settings.Warning) {
	for _, w := range warnings {
		report.Warning(log, w.Text, w.Hint)
	}
}
