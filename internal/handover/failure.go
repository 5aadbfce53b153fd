package handover

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
)

// failureName is the file in which a sidecar says why it has no session.
const failureName = "failure.json"

// failure is one of an error's.
type failure struct {
	Code    exit.Code `json:"code"`
	Message string    `json:"message"`
	Hint    string    `json:"hint,omitempty"`
}

// WriteFailure leaves err in the sidecar's directory, for the start of the job's container to end with.
func WriteFailure(run string, err error) error {
	var list []failure
	for _, e := range exit.All(err) {
		list = append(list, failure{exit.CodeOf(e), e.Error(), exit.HintOf(e)})
	}
	data, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("writing down the failure: %w", err)
	}
	return durable.WriteOwn(filepath.Join(run, failureName), append(data, '\n'))
}

// ReadFailure returns the error that a sidecar has left; nil for none.
func ReadFailure(run string) error {
	data, there, err := durable.Read(filepath.Join(run, failureName))
	if err != nil || !there {
		return nil
	}
	var list []failure
	if err := json.Unmarshal(data, &list); err != nil {
		return nil // half of somebody else's
	}
	var all []error
	for _, f := range list {
		all = append(all, exit.Because(f.Code, errors.New("the sidecar: "+f.Message), f.Hint))
	}
	return errors.Join(all...)
}

// ForgetFailure removes what an earlier sidecar has left.
func ForgetFailure(run string) { _ = os.Remove(filepath.Join(run, failureName)) }
