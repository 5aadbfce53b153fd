package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/refresher"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/supervise"
)

// keepFresh is the process that the entrypoint starts for file and endpoint delivery, and that ends with the job. It is two
// processes of this program (package supervise): a supervisor that waits, and a worker that keeps sessions fresh and
// serves them. Its settings are those of the start, read from the same environment; the entrypoint adds
//
//	-run DIRECTORY      where the files go by which others reach it
//	-credentials FILE   the credentials file that gets each session's keys; file delivery
//	-timeout DURATION   what is left for the first session
//
// It says nothing on stdout and logs to stderr.
func keepFresh(args []string, env settings.Environment, _, stderr io.Writer) error {
	// Before anything is opened.
	supervisor, worker, err := supervise.Enter()
	if errors.Is(err, supervise.ErrNotSpawned) {
		return exit.Because(exit.Usage, fmt.Errorf("refresh: %w", err), "start the container with ROLE_CHAIN_DELIVERY=endpoint or file")
	}
	if err != nil {
		return exit.Because(exit.Internal, err, "")
	}
	s, speak, _, err := settings.Read(env) // the entrypoint has given the warnings
	// Whoever reads stderr may have stopped to: that must keep nobody from a session.
	background := report.NewBackground(stderr)
	defer background.Close(200 * time.Millisecond)
	log := report.New(background, speak.Level, speak.Format)
	if supervisor != nil {
		// Its error is the worker's, which Spawn has told.
		_ = supervisor.Run(supervise.Config{Listen: supervise.Loopback, Log: log})
		return nil
	}
	o := refresher.Options{Settings: s}
	if err == nil {
		err = parse(args, &o)
	}
	if err == nil {
		err = refresher.Work(worker, o, log)
	}
	if err != nil {
		return errors.Join(worker.Fail(err), exit.Because(exit.CodeOf(err), exit.ErrTold, ""))
	}
	return nil
}

// parse reads what the entrypoint asks for.
func parse(args []string, o *refresher.Options) error {
	flags := flag.NewFlagSet("refresh", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.Run, "run", "", "")
	flags.StringVar(&o.Credentials, "credentials", "", "")
	flags.DurationVar(&o.Timeout, "timeout", o.Settings.StartTimeout, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || o.Run == "" || !o.Settings.Refreshed() || (o.Credentials != "") != (o.Settings.Delivery == settings.File) {
		return exit.Because(exit.Internal, fmt.Errorf("refresh: the entrypoint asked for %q in %s delivery", args, o.Settings.Delivery), "both programs must be of one version")
	}
	return nil
}
