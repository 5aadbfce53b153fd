package rig

import (
	"fmt"
	"os/exec"
	"strings"
)

// Commit is what the bake file wants to know of the commit that is checked out, as variables of the environment.
func Commit() ([]string, error) {
	hash, err := git("rev-parse", "HEAD")
	if err != nil {
		return nil, err
	}
	seconds, err := git("log", "-1", "--format=%ct")
	if err != nil {
		return nil, err
	}
	changes, err := git("status", "--porcelain")
	if err != nil {
		return nil, err
	}
	if changes != "" {
		hash += "-dirty"
	}
	return []string{"COMMIT=" + hash, "SOURCE_DATE_EPOCH=" + seconds}, nil
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Bake builds targets of the bake file with the stand-ins for what comes from registries, in the repository's root.
func (b *BuildKit) Bake(env []string, args ...string) error {
	cmd := b.Buildx(append([]string{"bake", "--file", "images/docker-bake.hcl", "--file", "images/build/standin/docker-bake.hcl"}, args...)...)
	cmd.Env = append(cmd.Env, env...)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("buildx bake %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
