package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"rolechain/internal/buildtest"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// ownDirectory is one like the image's, with programs that are none.
func ownDirectory(t *testing.T) string {
	t.Helper()
	own := t.TempDir()
	for _, file := range installed {
		if err := os.WriteFile(filepath.Join(own, file.name), bytes.Repeat([]byte(file.name), 1<<14), 0o500); err != nil {
			t.Fatal(err)
		}
	}
	return own
}

// What is installed runs, by the modes that an image's umask may have spoiled, and a second time nothing is written.
func TestInstall(t *testing.T) {
	buildtest.SkipUnderRace(t)
	own, volume := t.TempDir(), filepath.Join(t.TempDir(), "new", "volume")
	if err := buildtest.Programs(own); err != nil {
		t.Fatal(err)
	}
	run := func() string {
		t.Helper()
		out, err := exec.Command(filepath.Join(own, "rolechain"), "install", volume).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	defer unix.Umask(unix.Umask(0o077))
	if got, want := run(), "installed in "+volume+": rolechain, no rolechain-hadoop.jar (there is none beside rolechain), entrypoint\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := os.WriteFile(filepath.Join(own, "rolechain-hadoop.jar"), []byte("jar"), 0o600); err != nil {
		t.Fatal(err)
	}
	leftover := filepath.Join(volume, ".rolechain-0123456789abcdef.tmp") // of a killed one
	if err := os.WriteFile(leftover, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := run(), "installed in "+volume+": rolechain (there already), rolechain-hadoop.jar, entrypoint (there already)\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for name, mode := range map[string]os.FileMode{"entrypoint": 0o755, "rolechain": 0o755, "rolechain-hadoop.jar": 0o644} {
		if info, err := os.Stat(filepath.Join(volume, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if _, err := os.Stat(leftover); err == nil {
		t.Error("a temp file is left")
	}
	command := exec.Command(filepath.Join(volume, "entrypoint"), "installed")
	command.Env = []string{"ROLE_CHAIN_ENTRYPOINT=/bin/echo"}
	if out, err := command.Output(); err != nil || string(out) != "installed\n" {
		t.Errorf("%q %v", out, err)
	}
	if out, err := exec.Command(filepath.Join(volume, "rolechain"), "install", volume).CombinedOutput(); err != nil || strings.Count(string(out), "there already") != 3 {
		t.Errorf("onto itself: %q %v", out, err)
	}
}

// Of many at once, into one volume, each succeeds, and no reader sees a part.
func TestInstallAtOnce(t *testing.T) {
	own, volume := ownDirectory(t), t.TempDir()
	want, err := os.ReadFile(filepath.Join(own, "entrypoint"))
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var installers, reader sync.WaitGroup
	reader.Go(func() {
		for {
			got, err := os.ReadFile(filepath.Join(volume, "entrypoint"))
			if err == nil && !bytes.Equal(got, want) {
				t.Errorf("%d bytes of %d", len(got), len(want))
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for range 8 {
		installers.Go(func() {
			if err := installInto(volume, own, io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	installers.Wait()
	close(stop)
	reader.Wait()
	if names, err := os.ReadDir(volume); err != nil || len(names) != len(installed) {
		t.Errorf("%v %v", names, err)
	}
}

func TestInstallRefuses(t *testing.T) {
	own, empty := ownDirectory(t), t.TempDir()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	if err := os.Mkdir(filepath.Join(taken, "entrypoint"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, own, dir string
		code           exit.Code
		text           string
	}{
		{"a file in the directory's place", own, file, exit.NoFiles, file},
		{"below a file", own, file + "/volume", exit.NoFiles, file},
		{"a directory in a program's place", own, taken, exit.NoFiles, taken + "/entrypoint"},
		{"no programs", empty, t.TempDir(), exit.BadSetting, filepath.Join(empty, "rolechain")},
		{"no room", own, tmpfs(t, 0, "size=64k"), exit.NoFiles, "no space left"},
		{"noexec", own, tmpfs(t, unix.MS_NOEXEC, ""), exit.NoFiles, "noexec"},
		{"read-only", own, tmpfs(t, unix.MS_RDONLY, ""), exit.NoFiles, "read-only"},
	} {
		if test.dir == "" {
			continue // only root can mount
		}
		err := installInto(test.dir, test.own, io.Discard)
		if exit.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.text) || exit.HintOf(err) == "" {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, args := range [][]string{{}, {""}, {"a", "b"}, {"-force"}} {
		if err := dispatch(append([]string{"install"}, args...), settings.Listed(nil), io.Discard, io.Discard); exit.CodeOf(err) != exit.Usage {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// tmpfs mounts an empty file system; "" where that is not allowed.
func tmpfs(t *testing.T, flags uintptr, options string) string {
	dir := t.TempDir()
	if unix.Mount("tmpfs", dir, "tmpfs", flags, options) != nil {
		return ""
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}
