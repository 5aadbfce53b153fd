// Make builds the EMR on EKS image where there is no registry: for both architectures, with BuildKit, from the Dockerfiles
// and the bake file that users build with. It first makes from packages what would come from registries.
//
//	go run ./images/build/make -tools build/tools -out build/images
//
//	-tools DIRECTORY   has buildkitd and buildx
//	-out DIRECTORY     gets standin-amd64.tar, standin-arm64.tar and sidecar.tar, for "docker load"; it is also a cache
//	-packages          nothing but what it makes from packages, so that a later run has it
//	-debian ARCH       nothing but the root file system of this architecture, debian-ARCH.tar
//
// It runs in the repository's root, as root, with the programs git, go, javac, mmdebstrap, mvn, python3, runc, tar and
// qemu-aarch64-static.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rolechain/images/build/rig"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	flags := flag.NewFlagSet("make", flag.ContinueOnError)
	tools := flags.String("tools", "build/tools", "`directory` with buildkitd and buildx")
	out := flags.String("out", "build/images", "`directory` for the archives")
	packages := flags.Bool("packages", false, "only what is made from packages")
	arch := flags.String("debian", "", "only the root file system of this `architecture`")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	var err error
	if *arch != "" {
		_, err = rootfs(*out, *arch)
	} else if err = bases(*out); err == nil && !*packages {
		err = build(*tools, *out)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "make: %v\n", err)
		return 1
	}
	return 0
}

// bases makes what would come from registries.
func bases(out string) error {
	for _, step := range []struct {
		name string
		make func(string) error
	}{{"Debian", debian}, {"Go", golang}, {"Maven", maven}, {"Spark", spark}, {"boto3", boto3}} {
		began := time.Now()
		if err := step.make(out); err != nil {
			return fmt.Errorf("making %s: %w", step.name, err)
		}
		fmt.Fprintf(os.Stderr, "make: %s is there after %.0f s\n", step.name, time.Since(began).Seconds())
	}
	return nil
}

func build(tools, out string) (err error) {
	undo, err := rig.EmulateARM64()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, undo()) }()
	kit, err := rig.StartBuildKit(tools, filepath.Join(out, "buildkit"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kit.Stop()) }()
	began := time.Now()
	commit, err := rig.Commit()
	if err != nil {
		return err
	}
	if err := kit.Bake(commit, "archive", "sidecar"); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "make: the images are built after %.0f s\n", time.Since(began).Seconds())
	return nil
}
