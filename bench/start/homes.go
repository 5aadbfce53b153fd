package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A home is the HOME of one contender.
type home string

func (h home) config() string { return filepath.Join(string(h), ".aws", "config") }

// forget makes the next start the first one.
func (h home) forget() error { return os.RemoveAll(filepath.Join(string(h), ".aws")) }

// written fails unless a start has written the client role's profile.
func (h home) written() error {
	data, err := os.ReadFile(h.config())
	if err != nil {
		return err
	}
	if !strings.Contains(string(data), "role_arn = "+clientRole+"\n") {
		return fmt.Errorf("%s is not the profile of %s: %q", h.config(), clientRole, data)
	}
	return nil
}

// untouched fails if a start has written anything.
func (h home) untouched() error {
	if _, err := os.Lstat(filepath.Dir(h.config())); !os.IsNotExist(err) {
		return fmt.Errorf("%s is there after a pass through, or cannot be seen (error %v)", filepath.Dir(h.config()), err)
	}
	return nil
}
