package places

import (
	"errors"
	"os"
)

// A Workspace is the directories that a run makes and removes again.
type Workspace []string

// Dir makes a new directory in parent.
func (w *Workspace) Dir(parent string) (string, error) {
	made, err := os.MkdirTemp(parent, "rolechain-bench-")
	if err == nil {
		*w = append(*w, made)
	}
	return made, err
}

// Remove removes them all.
func (w *Workspace) Remove() error {
	var errs []error
	for _, dir := range *w {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}
