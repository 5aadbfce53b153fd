package rig

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Docker is a running engine of its own: it does not see the images, networks and containers of any other.
type Docker struct {
	containerd, dockerd *daemon
	run, root           string
	cgroup              string // the parent of the containers', for this engine alone
}

// StartDocker runs a Docker engine with its data in root, which is emptied first, and its logs beside that. The engine
// reaches no network, and does not change those of the machine.
func StartDocker(root string) (_ *Docker, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	if err := errors.Join(removeAll(root), os.MkdirAll(root, 0o755)); err != nil {
		return nil, err
	}
	d := &Docker{root: root, cgroup: "/rig-" + rand.Text()}
	if d.run, err = os.MkdirTemp("", "rig-"); err == nil {
		err = d.start()
	}
	if err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

func (d *Docker) start() (err error) {
	// dockerd would use a containerd that the machine already runs, and leave data there.
	containerd := filepath.Join(d.run, "containerd.sock")
	settings, engine := filepath.Join(d.run, "containerd.toml"), filepath.Join(d.run, "dockerd.json")
	for path, text := range map[string]string{
		settings: `disabled_plugins = ["io.containerd.grpc.v1.cri"]`,
		engine:   `{}`, // instead of the machine's
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	d.containerd, err = startDaemon(d.run, d.root+"-containerd.log", "containerd", "--config", settings, "--address", containerd,
		"--root", filepath.Join(d.root, "containerd"), "--state", filepath.Join(d.run, "containerd"))
	if err != nil {
		return err
	}
	d.dockerd, err = startDaemon(d.run, d.root+"-dockerd.log", "dockerd", "--containerd", containerd, "--host", d.host(),
		"--data-root", filepath.Join(d.root, "docker"), "--exec-root", filepath.Join(d.run, "docker"),
		"--pidfile", filepath.Join(d.run, "dockerd.pid"), "--config-file", engine,
		"--cgroup-parent", d.cgroup, "--exec-opt", "native.cgroupdriver=cgroupfs", "--iptables=false", "--bridge=none")
	return err
}

func (d *Docker) host() string { return "unix://" + filepath.Join(d.run, "docker.sock") }

// Command is a call of the docker command for this engine.
func (d *Docker) Command(args ...string) *exec.Cmd {
	cmd := exec.Command("docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+d.host(), "DOCKER_CONFIG="+d.run, "DOCKER_CONTEXT=")
	return cmd
}

// Stop ends the engine and removes its data.
func (d *Docker) Stop() error {
	return errors.Join(d.dockerd.stop(), d.containerd.stop(), d.removeCgroups(), removeAll(d.run), removeAll(d.root))
}

// removeCgroups removes the containers' parent, in the one hierarchy of cgroup v2 or the many of v1.
func (d *Docker) removeCgroups() error {
	var problems []error
	for _, pattern := range []string{"/sys/fs/cgroup" + d.cgroup, "/sys/fs/cgroup/*" + d.cgroup} {
		groups, _ := filepath.Glob(pattern)
		for _, group := range groups {
			problems = append(problems, removeCgroup(group))
		}
	}
	return errors.Join(problems...)
}

// removeCgroup removes a directory of the kernel's files, which go with it. It is busy for a moment after its last process.
func removeCgroup(group string) error {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err := os.Remove(group); !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return err
		}
	}
}
