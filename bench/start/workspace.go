package main

import (
	"errors"
	"os"
)

// A workspace is the directories that a run makes and removes again.
type workspace []string

// dir makes a new directory in parent.
func (w *workspace) dir(parent string) (string, error) {
	made, err := os.MkdirTemp(parent, "rolechain-bench-")
	if err == nil {
		*w = append(*w, made)
	}
	return made, err
}

func (w *workspace) remove() error {
	var errs []error
	for _, dir := range *w {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}
