// Package refresher is `rolechain refresh`, the process that the entrypoint starts for file and endpoint delivery, and that
// ends with the job. It is two processes of one program (package supervise): a supervisor that waits, and a worker, in which
// the schedule (package refresh), the endpoint, the files and the saved state come together.
package refresher

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/supervise"
)

// Main runs either of the two. It must be called before anything is opened. Its settings are those of the start, read from
// the same environment; the entrypoint adds
//
//	-run DIRECTORY      where the files go by which others reach it
//	-credentials FILE   the credentials file that gets each session's keys; file delivery
//	-until TIME         when trying for the first session ends (handover.Until)
//
// and `rolechain sidecar`, which takes the job's place here,
//
//	-sidecar            the job is in another container, without the token: it gets the client roles' sessions alone
//	-port PORT          where to listen, and with the token that the directory has: the job was told so by a predecessor
//
// It says nothing on stdout and logs to stderr.
func Main(args []string, env settings.Environment, stderr io.Writer) error {
	supervisor, process, err := supervise.Enter()
	if errors.Is(err, supervise.ErrNotSpawned) {
		return exit.Because(exit.Usage, fmt.Errorf("refresh: %w", err), "start the container with ROLE_CHAIN_DELIVERY=endpoint or file")
	}
	if err != nil {
		return err
	}
	s, speak, _, err := handover.Settings(env) // the entrypoint has given the warnings
	o := options{settings: s}
	if supervisor != nil {
		listen := supervise.Loopback
		if _ = o.parse(args); o.port != 0 {
			listen = func() (*os.File, error) { return supervise.LoopbackAt(o.port) }
		}
		// Its error is the worker's, which Spawn has told.
		c := supervise.Config{Listen: listen, Log: report.New(report.NewJobStderr(supervisor.Job(), &report.Now{FD: 2}), speak.Level, speak.Format)}
		if s.Metrics.IsValid() {
			c.Also = func() (*os.File, error) {
				f, err := supervise.On(s.Metrics)
				if err != nil {
					err = fmt.Errorf("ROLE_CHAIN_METRICS: there are no metrics: %w", err)
				}
				return f, err
			}
		}
		_ = supervisor.Run(c)
		return nil
	}
	out := report.NewJobStderr(process.Job(), stderr)
	o.moved = out.Moved
	if err == nil {
		err = o.parse(args)
	}
	if err == nil {
		err = work(process, o, report.New(out, speak.Level, speak.Format))
	}
	if err != nil {
		return errors.Join(process.Fail(err), exit.Because(exit.CodeOf(err), exit.ErrTold, ""))
	}
	return nil
}

type options struct {
	settings    settings.Settings
	run         string        // directory of the files by which others reach it
	credentials string        // the credentials file that gets each session's keys; "" in endpoint delivery
	sidecar     bool          // the job is in another container, which has no token
	port        int           // where to listen; 0 for any
	timeout     time.Duration // what is left for the first session
	moved       func() bool   // reports whether the job has another stderr by now than the one that it began with
}

func (o *options) parse(args []string) error {
	flags := flag.NewFlagSet("refresh", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.run, "run", "", "")
	flags.StringVar(&o.credentials, "credentials", "", "")
	flags.BoolVar(&o.sidecar, "sidecar", false, "")
	flags.IntVar(&o.port, "port", 0, "")
	o.timeout = o.settings.StartTimeout
	handover.UntilVar(flags, &o.timeout)
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || o.run == "" || !o.settings.Refreshed() || (o.credentials != "") != (o.settings.Delivery == settings.File) {
		return exit.Because(exit.Internal, fmt.Errorf("refresh: the entrypoint asked for %q in %s delivery", args, o.settings.Delivery), "both programs must be of one version")
	}
	return nil
}
