package rig

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const (
	binfmt = "/proc/sys/fs/binfmt_misc"
	prefix = "rig-arm64-" // of our registrations
	// qemu must be a static program: containers have none of the machine's libraries.
	qemu = "/usr/bin/qemu-aarch64-static"
	// An ELF file of 64 bits, little endian, executable or shared, for machine 183; what the mask leaves out may be anything.
	magic = `\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`
	mask  = `\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`
)

// EmulateARM64 makes the kernel run programs for arm64 by qemu, in containers as well: flag F opens qemu now, so that
// containers need not have it. undo removes the registration. Where the machine has another one, nothing is done.
func EmulateARM64() (undo func() error, err error) {
	undo = func() error { return nil }
	if runtime.GOARCH == "arm64" || emulates() {
		return undo, nil
	}
	mounted := false
	if _, err := os.Stat(filepath.Join(binfmt, "register")); err != nil {
		if err := syscall.Mount("binfmt_misc", binfmt, "binfmt_misc", 0, ""); err != nil {
			return nil, fmt.Errorf("mounting binfmt_misc: %w", err)
		}
		mounted = true
		if emulates() { // registrations outlive the mount
			return func() error { return syscall.Unmount(binfmt, 0) }, nil
		}
	}
	name := prefix + rand.Text()
	undo = func() error {
		err := os.WriteFile(filepath.Join(binfmt, name), []byte("-1"), 0) // removes it
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		if mounted {
			err = errors.Join(err, syscall.Unmount(binfmt, 0))
		}
		return err
	}
	line := fmt.Sprintf(":%s:M::%s:%s:%s:F", name, magic, mask, qemu)
	if err := os.WriteFile(filepath.Join(binfmt, "register"), []byte(line), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("registering %s: %w", qemu, err), undo())
	}
	return undo, nil
}

// emulates reports whether the machine has an emulator for arm64 that works in containers. Registrations of this package do
// not count, because they end with the process that made them.
func emulates() bool {
	entries, _ := filepath.Glob(filepath.Join(binfmt, "*"))
	for _, entry := range entries {
		if strings.HasPrefix(filepath.Base(entry), prefix) {
			continue
		}
		data, _ := os.ReadFile(entry) // register cannot be read
		text := string(data)
		_, flags, _ := strings.Cut(text, "flags: ")
		flags, _, _ = strings.Cut(flags, "\n")
		if strings.HasPrefix(text, "enabled\n") && strings.Contains(text, "aarch64") && strings.Contains(flags, "F") {
			return true
		}
	}
	return false
}
