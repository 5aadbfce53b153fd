package start

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

// waitingSays is how often a start says that it waits for its sidecar.
const waitingSays = 10 * time.Second

// sidecarDirectory returns where the sidecar whose ROLE_CHAIN_FILES is files has what others need to reach it.
func sidecarDirectory(files string) (string, error) {
	run := handover.Beside(files)
	if !commandWord(run) {
		return "", exit.Because(exit.BadSetting, fmt.Errorf("ROLE_CHAIN_SIDECAR: %q has characters that a credential_process cannot carry", files), "a path of letters, digits and /_.+=,@:-")
	}
	return run, nil
}

// AwaitSidecar returns when the sidecar has a session: how to reach it, and in s whose session it is. The error is the
// sidecar's own when that has given up.
func AwaitSidecar(ctx context.Context, s *settings.Settings, log *slog.Logger) (handover.Ready, error) {
	if _, there, _ := durable.Read(s.TokenFile); there {
		return handover.Ready{}, settings.SidecarInVain(fmt.Sprintf("the token is in %q", s.TokenFile))
	}
	run, err := sidecarDirectory(s.Locations.Sidecar)
	if err != nil {
		return handover.Ready{}, err
	}
	host, _ := os.Hostname()
	for said := time.Now(); ; {
		d, err := handover.ReadDiscovery(run)
		switch {
		case errors.Is(err, fs.ErrPermission):
			return handover.Ready{}, exit.Because(exit.NoFiles, fmt.Errorf("the sidecar's directory: %w", err), "the sidecar must run as the user of this container (runAsUser)")
		case err == nil && d.Sidecar && d.Host == host && !handover.Dead(run):
			s.ClientRole = d.Roles["default"]
			for name, role := range d.Roles {
				if name != "default" {
					s.Profiles = append(s.Profiles, settings.NamedRole{Name: name, Role: role})
				}
			}
			slices.SortFunc(s.Profiles, func(a, b settings.NamedRole) int { return strings.Compare(a.Name, b.Name) })
			return handover.Ready{URI: d.URL + handover.CredentialsPath, Token: d.Token}, nil
		}
		if err := handover.ReadFailure(run); err != nil {
			return handover.Ready{}, err
		}
		if time.Since(said) >= waitingSays {
			said = time.Now()
			log.Warn(fmt.Sprintf("waiting for the sidecar, which has nothing in %q yet", run))
		}
		select {
		case <-ctx.Done():
			if err := stopped(ctx); err != nil {
				return handover.Ready{}, err
			}
			return handover.Ready{}, exit.Because(exit.Unreached, fmt.Errorf("the sidecar had no session within ROLE_CHAIN_START_TIMEOUT: it has left nothing in %q", run),
				"its own log says why; it must have the same volume, with ROLE_CHAIN_FILES as ROLE_CHAIN_SIDECAR is here")
		case <-time.After(tokenPoll):
		}
	}
}

// KeepForOthers is a sidecar from its start to its end: a refresher for the other containers of the pod, which have no token.
// It returns nil when a signal comes from stop. ctx ends when the first session is late; begun is called when it is there.
//
// resolve is called when the token is there: it returns the settings with what a role map allows, and the refresher's environment.
// A sidecar that is started again has its predecessor's port and token, because the job knows no others.
func KeepForOthers(ctx context.Context, s settings.Settings, rolechain string, log *slog.Logger, resolve func() (settings.Settings, []string, error), begun func() error, stop <-chan os.Signal) error {
	run, err := sidecarDirectory(s.Locations.Files)
	if err != nil {
		return err
	}
	if foreignDir(run) {
		return exit.Because(exit.NoFiles, fmt.Errorf("the refresher's directory %q is open to others", run), "remove it, or let ROLE_CHAIN_FILES name another directory")
	}
	// What the refresher's death leaves to process 1 of a container is left to this process where that is another one.
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	args := []string{"rolechain", "refresh", "-run", run, "-sidecar"}
	if d, err := handover.ReadDiscovery(run); err == nil {
		if port := portOf(d.URL); port > 0 {
			args = append(args, "-port", strconv.Itoa(port))
		}
	}
	plan := Plan{Refresher: &Refresher{Path: rolechain, Args: args, Run: run}}
	if err := plan.Claim(ctx, log); err != nil {
		return err
	}
	handover.ForgetFailure(run)
	var env []string
	if err = AwaitToken(ctx, s, log); err == nil {
		s, env, err = resolve()
	}
	if err == nil {
		_, err = LookAtToken(s)
	}
	if err == nil {
		err = plan.Start(ctx, env)
	}
	if stopped := begun(); err == nil {
		err = stopped
	}
	if err != nil {
		if told := handover.WriteFailure(run, err); told != nil {
			log.Debug("the job's container is not told", "error", told)
		}
		return err
	}
	log.Info("role chain: "+Summary(s)+", for the containers with ROLE_CHAIN_SIDECAR="+s.Locations.Files, "directory", run)
	dead := make(chan struct{})
	go func() {
		defer close(dead)
		for {
			var status unix.WaitStatus
			if _, err := unix.Wait4(-1, &status, 0, nil); err == unix.ECHILD {
				return
			}
		}
	}()
	select {
	case <-stop:
		return nil
	case <-dead:
		return exit.Because(exit.NoRefresher, errors.New("both processes of the refresher have died"), "the kubelet starts the sidecar again, and the job goes on with its next session")
	}
}

// portOf returns the port of an endpoint's address; 0 for none.
func portOf(address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || port > 65535 {
		return 0
	}
	return port
}
