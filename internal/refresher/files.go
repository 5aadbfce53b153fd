package refresher

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"rolechain/internal/durable"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

// discovery is what others need to reach the endpoint at url, and to do without it.
func (w *worker) discovery(url string, routes []route) (handover.Discovery, error) {
	host, _ := os.Hostname()
	d := handover.Discovery{URL: url, Token: w.state.Token, ID: w.state.ID, Host: host, Credentials: w.credentials, Sidecar: w.sidecar}
	if !w.sidecar {
		spec, err := json.Marshal(w.state.Spec)
		if err != nil {
			return handover.Discovery{}, fmt.Errorf("writing down the role chain: %w", err)
		}
		d.Chain = spec
	}
	if len(routes) > 0 {
		d.Paths, d.Roles = map[string]string{}, map[string]string{}
	}
	for _, r := range routes {
		d.Paths[r.profile], d.Roles[r.profile] = r.path, r.role
	}
	return d, nil
}

// announce writes the files by which others reach this process. Where they stand already it changes nothing.
func (w *worker) announce(d handover.Discovery) error {
	if err := w.claim.look(d.Token); err != nil {
		return err
	}
	if err := d.Write(w.run); err != nil {
		return err
	}
	if w.settings.Delivery != settings.Endpoint {
		return nil
	}
	return durable.WriteOwn(filepath.Join(w.run, handover.TokenName), []byte(d.Token))
}

// sweep removes the temp files of a predecessor that was killed while it wrote.
func (w *worker) sweep() {
	for _, path := range []string{filepath.Join(w.run, handover.DiscoveryName), w.credentials} {
		if path == "" {
			continue
		}
		if err := durable.Sweep(path); err != nil {
			w.log.Debug("temp files may be left", "error", err)
		}
	}
}
