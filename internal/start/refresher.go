package start

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
	"rolechain/internal/supervise"
)

// A Refresher is the process that keeps sessions for the job, `rolechain refresh`.
type Refresher struct {
	Path string   // of rolechain
	Args []string // with the program's name; the time that is left for the first session comes behind them

	Run     string   // its directory
	Private string   // a private directory that is made before; "" for none
	lock    *os.File // the claim to Run; nil where there are no locks, and before Claim
}

// What a plan shows for values that only the refresher knows.
const (
	shownURI   = "http://127.0.0.1:PORT" + handover.CredentialsPath
	shownToken = "TOKEN"
	shownID    = "ID"
)

// Start spawns the refresher and returns when there is a session for the job, or ctx has ended without one. The plan
// is complete after it.
func (p *Plan) Start(ctx context.Context, env []string) error {
	stderr := os.Stderr
	if _, err := stderr.Stat(); err != nil {
		stderr = nil
	}
	answer, err := supervise.Spawn(ctx, supervise.Command{
		Path: p.Refresher.Path, Args: append(p.Refresher.Args[:len(p.Refresher.Args):len(p.Refresher.Args)], "-"+handover.UntilFlag, handover.Until(giveUp(ctx))), Env: env, Stderr: stderr, Keep: p.Refresher.lock,
	})
	p.Refresher.lock.Close() // the refresher has it
	var coded *exit.Error
	switch {
	case err == nil:
	case stopped(ctx) != nil:
		return stopped(ctx)
	case errors.As(err, &coded):
		return err
	case ctx.Err() != nil:
		return tooLate("the refresher")
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOEXEC):
		return exit.Because(exit.BadSetting, fmt.Errorf("the refresher: %w", err), "copy both programs into the image, to one directory, for its architecture and executable for everybody")
	default:
		return exit.Because(exit.Internal, fmt.Errorf("the refresher: %w", err), "")
	}
	var ready handover.Ready
	if err := json.Unmarshal(answer, &ready); err != nil {
		return exit.Because(exit.Internal, fmt.Errorf("the refresher's answer: %w", err), "")
	}
	p.Started(ready)
	return nil
}

// Started fills in what was not known before.
func (p *Plan) Started(ready handover.Ready) {
	for i, v := range p.Set {
		switch v.From {
		case ReadyURI:
			p.Set[i].Value = ready.URI
		case ReadyToken:
			p.Set[i].Value = ready.Token
		case ReadyID:
			p.Set[i].Value = ready.ID
		}
	}
}

// refresh plans the refresher.
func (p *Plan) refresh(s settings.Settings, found Found, credentials string) {
	if s.Locations.Sidecar != "" {
		return // it is there
	}
	p.Refresher = &Refresher{Path: found.Rolechain, Run: found.Run, Args: []string{"rolechain", "refresh", "-run", found.Run}}
	if found.Run == found.Private {
		p.Refresher.Private = found.Private
	}
	if s.Delivery == settings.File {
		p.Refresher.Args = append(p.Refresher.Args, "-credentials", credentials)
	}
}

// companion is the program rolechain: beside this program's own file, else on PATH.
func companion() (string, error) {
	if own, err := os.Readlink(Self); err == nil {
		path := filepath.Join(filepath.Dir(own), "rolechain")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath("rolechain")
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", exit.Because(exit.BadSetting, errors.New("there is no rolechain beside the entrypoint, nor on PATH: ROLE_CHAIN_DELIVERY=file and endpoint need it, and ROLE_CHAIN_VERIFY"),
			"copy both programs into the image, to one directory")
	}
	return path, nil
}
