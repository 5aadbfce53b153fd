//go:build images

package test

import (
	"os"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What clusters ask of their pods, alone and together, with and without roles.
func TestLimits(t *testing.T) {
	const asks = `id -u; aws=${AWS_CONFIG_FILE:-$HOME/.aws/config}; [ -e "$aws" ] && grep ^role_arn "$aws"; awk '/^CapEff|^NoNewPrivs/ {print $2}' /proc/self/status`
	const none = "0000000000000000\n"
	chain := "role_arn = arn:aws:iam::444455556666:role/client\nrole_arn = arn:aws:iam::111122223333:role/job\n"
	all := []string{"--read-only", "--tmpfs", "/tmp", "--user", "12345:0", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"none", nil, "999\n" + none + "0\n"},
		{"read-only root", []string{"--read-only", "--tmpfs", "/tmp"}, "999\n" + none + "0\n"},
		{"arbitrary uid", []string{"--user", "12345:0"}, "12345\n" + none + "0\n"},
		{"no capabilities", []string{"--cap-drop", "ALL", "--security-opt", "no-new-privileges"}, "999\n" + none + "1\n"},
		{"all", all, "12345\n" + none + "1\n"},
		{"EMR's mounts", []string{"--tmpfs", "/home/hadoop:uid=999,gid=1000", "--tmpfs", "/tmp", "--tmpfs", "/mnt"}, "999\n" + none + "0\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, append(append([]string{}, c.args...), image, "/bin/bash", "-c", asks)...).want(t, result{c.want, "", 0})
		})
		t.Run(c.name+", with roles", func(t *testing.T) {
			got := run(t, append(append(chained(t), c.args...), image, "/bin/bash", "-c", asks)...)
			uid, rest, _ := strings.Cut(c.want, "\n")
			if want := uid + "\n" + chain + rest; got.code != 0 || got.stdout != want {
				t.Errorf("exit code %d, %q, want %q", got.code, got.stdout, want)
			}
		})
	}
}
