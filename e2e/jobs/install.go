package jobs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// JarName is rolechain's jar, in build/hadoop and in an image.
const JarName = "rolechain-hadoop.jar"

// NamesProfiles is the Spark whose S3A, of Hadoop 3.4.2 or later, gives a bucket a profile by itself: it has no jar of ours.
const NamesProfiles = "4.1"

// Install installs these versions of Spark and what the suites themselves use into build, and puts rolechain's jar where
// the image has it: among Spark's own, because a class path in the submission would replace the one of EMR.
func Install(ctx context.Context, root, build string, sparks ...string) error {
	wanted := []string{"aws"}
	for _, version := range sparks {
		wanted = append(wanted, "spark-"+version)
	}
	if err := InstallMore(ctx, root, build, wanted...); err != nil {
		return err
	}
	var out []byte
	var err error
	for _, pause := range []time.Duration{0, 5 * time.Second, 20 * time.Second} { // it downloads
		time.Sleep(pause)
		cmd := exec.CommandContext(ctx, "mvn", "--quiet", "--batch-mode", "--update-snapshots", "--file", filepath.Join(root, "hadoop", "pom.xml"), "package")
		if out, err = cmd.CombinedOutput(); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("building rolechain's jar: %w\n%s", err, out)
	}
	jar, err := os.ReadFile(Jar(root))
	for _, version := range sparks {
		if err == nil && version != NamesProfiles {
			err = os.WriteFile(filepath.Join(build, "spark-"+version, "spark", "jars", JarName), jar, 0o644)
		}
	}
	return err
}

// InstallMore installs what has a folder with such a name in e2e/spark/install.
func InstallMore(ctx context.Context, root, build string, names ...string) error {
	for _, name := range names {
		cmd := exec.CommandContext(ctx, filepath.Join(root, "e2e", "spark", "install", "install.sh"), name, filepath.Join(build, name))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("installing %s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// Jar is where Install builds rolechain's jar.
func Jar(root string) string { return filepath.Join(root, "build", "hadoop", JarName) }
