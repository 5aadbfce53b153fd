package handover

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"

	"rolechain/internal/durable"
)

// A Discovery is all that another process of the pod needs to get sessions: how to reach the refresher, and how to do
// without it. It is kept as a file of mode 0600. Nothing in it is worth anything off the pod: the token is the refresher's
// own.
type Discovery struct {
	URL   string `json:"url"` // http://127.0.0.1:PORT
	Token string `json:"token"`
	ID    string `json:"id"` // of this refresher and no other, known to the job that it is for

	// Paths has the path of each profile's session, and Roles the ARN behind it; "" is the first hop's own. Both are empty
	// where nothing but the status is served.
	Paths map[string]string `json:"paths,omitempty"`
	Roles map[string]string `json:"roles,omitempty"`

	// Credentials is the credentials file that gets each session's keys; "" in endpoint delivery.
	Credentials string `json:"credentials,omitempty"`

	// Sidecar says that the refresher is in a container of its own, which is started again when it ends. The others have no
	// token, so there is no Chain.
	Sidecar bool `json:"sidecar,omitempty"`

	Host string `json:"host"` // name of the pod that this is in

	// Chain is a chain.Spec, which only package chain reads: this package links nothing of the SDK.
	Chain json.RawMessage `json:"chain,omitempty"`
}

// ReadDiscovery reads the discovery file in the refresher's directory. The error of one that is not there satisfies
// fs.ErrNotExist.
func ReadDiscovery(run string) (Discovery, error) {
	var d Discovery
	path := filepath.Join(run, DiscoveryName)
	data, there, err := durable.Read(path)
	switch {
	case err != nil:
		return d, err
	case !there:
		return d, &fs.PathError{Op: "reading", Path: path, Err: fs.ErrNotExist}
	case json.Unmarshal(data, &d) != nil: // its error could quote a secret
		return Discovery{}, fmt.Errorf("%q is not what the refresher writes", path)
	}
	return d, nil
}

// Write makes d the content of the discovery file in the refresher's directory.
func (d Discovery) Write(run string) error {
	path := filepath.Join(run, DiscoveryName)
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return durable.WriteOwn(path, append(data, '\n'))
}
