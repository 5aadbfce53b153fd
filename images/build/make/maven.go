package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"rolechain/images/build/layout"
)

// mavenSettings have Maven work without a network, with the repository that the image brings.
const mavenSettings = "<settings><localRepository>/m2</localRepository><offline>true</offline></settings>\n"

// maven makes the image in which rolechain's jar is built: Debian's Maven and JDK, and what hadoop/pom.xml asks for.
func maven(out string) error {
	base := filepath.Join(out, "maven-base.tar")
	include := "maven,openjdk-17-jdk-headless,coreutils,findutils,dash,base-files,sed,grep,libc-bin"
	err := once(base, suite+" "+include, func() error {
		return again(func() error {
			return command("mmdebstrap", "--quiet", "--variant=extract", "--architectures="+runtime.GOARCH, "--include="+include, suite, base)
		})
	})
	if err != nil {
		return err
	}
	pom, err := os.ReadFile("hadoop/pom.xml")
	if err != nil {
		return err
	}
	repository := filepath.Join(out, "m2.tar")
	if err := once(repository, string(pom)+mavenSettings, func() error { return mavenRepository(out, repository) }); err != nil {
		return err
	}
	return layout.Write(filepath.Join(out, "maven"), layout.Image{
		Architecture: runtime.GOARCH,
		Layers:       []string{base, repository},
		Env: []string{
			// The packages are unpacked and not configured, so neither java nor mvn has its link in /usr/bin.
			"PATH=/usr/share/maven/bin:/usr/local/bin:/usr/bin:/bin", "HOME=/root",
			"JAVA_HOME=/usr/lib/jvm/java-17-openjdk-" + runtime.GOARCH,
		},
	})
}

func mavenRepository(out, tar string) error {
	root, err := filepath.Abs(filepath.Join(out, "m2"))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	m2, etc := filepath.Join(root, "m2"), filepath.Join(root, "etc", "maven")
	err = again(func() error {
		return command("mvn", "--quiet", "--batch-mode", "--update-snapshots", "--file", "hadoop/pom.xml", "-Dmaven.repo.local="+m2, "package")
	})
	if err != nil {
		return fmt.Errorf("filling Maven's repository: %w", err)
	}
	// These say which server a file came from, and Maven takes no file from another one.
	err = filepath.WalkDir(m2, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "_remote.repositories" {
			err = os.Remove(path)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(etc, "settings.xml"), []byte(mavenSettings), 0o644); err != nil {
		return err
	}
	return command("tar", "--create", "--file", tar, "--owner=0", "--group=0", "--directory", root, "m2", "etc")
}
