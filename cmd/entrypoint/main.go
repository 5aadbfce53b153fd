// Entrypoint is the ENTRYPOINT of an Amazon EMR on EKS image. It makes the AWS SDKs in the container act as a client
// role, by role chaining, and then becomes the image's original entrypoint: same process id, same arguments, same
// descriptors and working directory, and the environment but for the variables named below.
//
// A start is four steps:
//
//  1. Read. The settings come from the environment (docs/reference.md, "Settings") and are all checked before anything is
//     written. The AWS config file, the token and the original entrypoint are looked at. With ROLE_CHAIN_ROLE_MAP
//     `rolechain roles` reads the administrator's role map, and the roles are those that it allows.
//  2. Plan. A pure function of these gives what becomes of the file, which variables the job gets and loses, and what is
//     executed. `rolechain plan` prints it.
//  3. Apply. ~/.aws/config gets [default] with the client role's role_arn and a source_profile for the first hop, or, in
//     endpoint delivery, with a credential process, as does ~/.aws/credentials. What else stands in a file keeps every
//     byte. In file and endpoint delivery `rolechain refresh` is started, which gets the first session, keeps it fresh for
//     as long as the job runs, and ends with it. With ROLE_CHAIN_VERIFY=true `rolechain check` tries the chain in profile
//     delivery.
//  4. Exec. ROLE_CHAIN_ENTRYPOINT, or, where that leads back here, the program `original` beside this one, is executed in
//     this process. Its signals and its exit code are its own.
//
// With ROLE_CHAIN_SIDECAR the token and the refresher are in another container of the pod: a start waits for the first session
// there, and gives the job what endpoint delivery gives, but for the profile of the job execution role.
//
// Without CLIENT_ROLE_ARN, and without a default in a role map, nothing is written and nothing changes: step 4 follows at
// once, or, with ROLE_CHAIN_REQUIRED=true,
// the container ends. EMR's job runner, which submits the job, always starts unchanged.
//
// Of the environment, a start with roles sets AWS_EC2_METADATA_DISABLED=true, so that no SDK falls back to the node's
// role (ROLE_CHAIN_ALLOW_IMDS=true leaves it). With ROLE_CHAIN_IRSA_ENV=remove, which file and endpoint delivery do by
// themselves, it deletes the variables by which SDKs find other credentials first. The two deliveries also tell where the
// files are (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CREDENTIAL_PROFILES_FILE) and set AWS_SDK_LOAD_CONFIG=1 and
// AWS_METADATA_ENDPOINT; file delivery sets ROLE_CHAIN_REFRESHER, and endpoint delivery AWS_CONTAINER_CREDENTIALS_FULL_URI,
// AWS_CONTAINER_AUTHORIZATION_TOKEN and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE. In profile delivery, when the file has to go to another place, AWS_CONFIG_FILE
// and AWS_SHARED_CREDENTIALS_FILE say where; an AWS_CONFIG_FILE that was there is made absolute.
//
// With ROLE_CHAIN_DIRECT=true the client role takes one hop. AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME then
// lead to it in profile and file delivery, and WEB_IDENTITY_ROLE_ARN keeps the job execution role (docs/direct.md).
//
// Where a proxy is set, endpoint delivery adds the loopback address to NO_PROXY and no_proxy. Every start sets
// ROLECHAIN_STARTED, by which one that is led back to itself ends instead of going round forever.
//
// If a step fails the original is not executed: the reason is on stderr and in the container's termination message, in EMR's
// pods also in the log that is shipped, and the exit code says what kind it is of (docs/reference.md, "Exit codes"). A start with roles
// touches the heartbeat file of EMR's sidecars, and goes on to do so while it waits.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"syscall"

	"rolechain/internal/durable"
	"rolechain/internal/emr"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

func main() {
	os.Exit(run(os.Args[1:], settings.Own(), &report.Stderr{Keep: true}, report.TerminationLog, syscall.Exec))
}

// run returns only when the original entrypoint could not be executed.
func run(args []string, env settings.Environment, stderr *report.Stderr, terminationLog string, execve start.Execve) int {
	pod := emr.Read(env.List)
	s, speak, warnings, err := settings.Read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	if why := start.PassThrough(s, pod, args); why != "" {
		log.Info(why)
		s, warnings, err = start.Unchanged(s), nil, nil
	}
	if s.ClientRole != "" || s.RoleMap != "" || s.Locations.Sidecar != "" || err != nil {
		pod.Beat() // a sidecar that has seen one notices a start that ends
	}
	if s.RoleMap == "" || err != nil { // there are none to come with what it says
		warn(log, warnings)
	}
	if err == nil {
		err = becomeOriginal(s, pod, args, env, stderr, log, execve)
	}
	if err == nil {
		return int(exit.OK)
	}
	err = start.Limited(err)
	report.Failure(log, err)
	ship := func() { report.Ship(pod.Stderr, pod.Rotated, stderr.Kept()) }
	terminate := func() { report.Terminate(err, pod.Termination, terminationLog) }
	if start.RoomToWait() == nil {
		report.Briefly(ship, terminate)
	} else {
		ship()
		terminate()
	}
	return int(exit.CodeOf(err))
}

// becomeOriginal is a start from its settings to the exec, after which it does not return.
func becomeOriginal(s settings.Settings, pod emr.Pod, args []string, env settings.Environment, stderr io.Writer, log *slog.Logger, execve start.Execve) error {
	ctx, release := context.Background(), func() error { return nil }
	prepare := func() (start.Plan, error) { return prepare(ctx, s, args, env, stderr, log) }
	switch {
	case s.Waits():
		if err := start.RoomToWait(); err != nil {
			return err
		}
		ctx, release = start.Waiting(s.StartTimeout)
		execve = start.AfterSignals(execve)
		pod.KeepBeating(ctx)
	case s.ClientRole != "" && start.RoomToWait() == nil: // a limit's own message comes from who meets it
		limited, cancel := context.WithTimeout(ctx, s.StartTimeout)
		ctx, release = limited, func() error { cancel(); return nil }
	}
	var plan start.Plan
	var err error
	if ctx.Done() == nil { // without roles nothing is read that the exec does not read
		plan, err = prepare()
	} else {
		plan, err = start.Bounded(ctx, s, prepare)
	}
	if stopped := release(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	return plan.Run(execve, env.List)
}

// prepare does everything before the exec.
func prepare(ctx context.Context, s settings.Settings, args []string, environment settings.Environment, stderr io.Writer, log *slog.Logger) (start.Plan, error) {
	var sidecar handover.Ready
	if s.Locations.Sidecar != "" {
		var err error
		if sidecar, err = start.AwaitSidecar(ctx, &s, log); err != nil {
			return start.Plan{}, err
		}
	} else if s.Waits() {
		if err := start.AwaitToken(ctx, s, log); err != nil {
			return start.Plan{}, err
		}
	}
	env := environment.List
	ours := env // of the programs that a start starts
	if s.RoleMap != "" {
		grant, err := start.AskRoleMap(ctx, s, env, stderr)
		if err != nil {
			return start.Plan{}, err
		}
		var warnings []settings.Warning
		s, _, warnings, err = settings.Read(environment.With(grant))
		warn(log, warnings)
		if err == nil {
			ours, err = handover.WithGrant(env, s, grant)
		}
		if err != nil {
			return start.Plan{}, err
		}
	}
	found, err := start.Look(s, start.Self)
	if err != nil {
		return start.Plan{}, err
	}
	mark, err := start.NextMark(env, found.Target)
	if err != nil {
		return start.Plan{}, err
	}
	plan, err := apply(ctx, s, found, args, env, log)
	plan.Mark = mark
	switch {
	case err != nil:
	case s.Locations.Sidecar != "":
		plan.Started(sidecar)
	case plan.Refresher != nil:
		err = plan.Start(ctx, ours)
	case s.Verify:
		err = start.Verify(ctx, found.Rolechain, ours, stderr)
	}
	return plan, err
}

// apply makes the plan and does what it says with files. The place of a file can turn out to be unwritable only when it is
// written; then there is one more plan, for the other place.
func apply(ctx context.Context, s settings.Settings, found start.Found, args, env []string, log *slog.Logger) (start.Plan, error) {
	for again := false; ; again = true {
		plan, err := start.Make(s, found, env, args)
		if err != nil {
			return start.Plan{}, err
		}
		if err = plan.Claim(ctx, log); err == nil {
			err = start.Apply(plan, log)
		}
		if !again && durable.IsUnwritable(err) {
			if err = found.Avoid(s, err); err == nil {
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
