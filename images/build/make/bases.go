package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"rolechain/images/build/layout"
)

// The suite has a Java that Spark 3.5 runs on.
const suite = "bookworm"

// both are the packages of the stand-ins for EMR's images on both architectures: what the entrypoint and Spark's scripts
// call. On amd64 there is Spark's JVM as well, and the sidecar's SDK.
var both = []string{
	"base-files", "base-passwd", "bash", "ca-certificates", "coreutils", "curl", "dash", "findutils", "grep", "hostname",
	"libc-bin", "mawk", "procps", "python3", "sed", "tini",
}

var packages = map[string][]string{
	"amd64": append(both[:len(both):len(both)], "openjdk-17-jre-headless", "ruby-aws-sdk-s3"),
	"arm64": both,
}

// debian makes the base images.
func debian(out string) error {
	var images []layout.Image
	for _, arch := range []string{"amd64", "arm64"} {
		tar, err := rootfs(out, arch)
		if err != nil {
			return err
		}
		images = append(images, layout.Image{Architecture: arch, Layers: []string{tar}})
	}
	return layout.Write(filepath.Join(out, "debian"), images...)
}

// rootfs makes a root file system. The packages are unpacked and not configured, which takes seconds and no emulation.
func rootfs(out, arch string) (tar string, err error) {
	tar = filepath.Join(out, "debian-"+arch+".tar")
	include := strings.Join(packages[arch], ",")
	return tar, once(tar, suite+" "+include, func() error {
		return again(func() error {
			return command("mmdebstrap", "--quiet", "--variant=extract", "--architectures="+arch, "--include="+include, suite, tar)
		})
	})
}

// golang makes the image in which the programs are compiled: this machine's Go, and the modules of go.sum as the module
// proxy would serve them, so that the build has no use for a network.
func golang(out string) error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	goroot := strings.TrimSpace(string(root))
	version, err := os.ReadFile(filepath.Join(goroot, "VERSION"))
	if err != nil {
		return err
	}
	toolchain := filepath.Join(out, "go.tar")
	err = once(toolchain, string(version), func() error {
		return command("tar", "--create", "--file", toolchain, "--owner=0", "--group=0", "--directory", goroot,
			"--transform=s,^[.],usr/local/go,S", "--exclude=./test", "--exclude=./api", "--exclude=./doc", ".")
	})
	if err != nil {
		return err
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	modules := filepath.Join(out, "modules.tar")
	if err := once(modules, string(sums), func() error { return proxy(out, modules) }); err != nil {
		return err
	}
	return layout.Write(filepath.Join(out, "golang"), layout.Image{
		Architecture: runtime.GOARCH,
		Layers:       []string{filepath.Join(out, "debian-"+runtime.GOARCH+".tar"), toolchain, modules},
		Env: []string{
			"PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin", "HOME=/root", "GOPATH=/go",
			"GOPROXY=file:///proxy", "GOSUMDB=off", // what go.sum has is checked all the same
		},
	})
}

func proxy(out, tar string) error {
	cache := filepath.Join(out, "modules")
	err := again(func() error {
		cmd := exec.Command("go", "mod", "download")
		cmd.Env = append(os.Environ(), "GOMODCACHE="+must(filepath.Abs(cache)), "GOFLAGS=-modcacherw")
		cmd.Stderr = os.Stderr
		return cmd.Run()
	})
	if err != nil {
		return fmt.Errorf("go mod download: %w", err)
	}
	return command("tar", "--create", "--file", tar, "--owner=0", "--group=0", "--directory", filepath.Join(cache, "cache", "download"),
		"--transform=s,^[.],proxy,S", "--exclude=./sumdb", ".")
}

// spark makes /usr/lib/spark, with the job that AWS's validator submits.
func spark(out string) error {
	const requirements, job = "images/build/standin/spark.txt", "images/build/standin/SparkPi.java"
	key := ""
	for _, file := range []string{requirements, job} {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		key += string(text)
	}
	dir := filepath.Join(out, "spark")
	return once(dir, key, func() error {
		download := filepath.Join(out, "pyspark")
		for _, old := range []string{dir, download} {
			if err := os.RemoveAll(old); err != nil {
				return err
			}
		}
		pip, err := venv(out)
		if err != nil {
			return err
		}
		err = again(func() error {
			return command(pip, "download", "--quiet", "--no-deps", "--require-hashes",
				"--requirement", requirements, "--dest", download)
		})
		if err != nil {
			return err
		}
		archives, _ := filepath.Glob(filepath.Join(download, "pyspark-*.tar.gz"))
		if len(archives) != 1 {
			return fmt.Errorf("%s has %q, not one archive", download, archives)
		}
		jars := filepath.Join(dir, "examples", "jars")
		if err := os.MkdirAll(jars, 0o755); err != nil {
			return err
		}
		err = command("tar", "--extract", "--file", archives[0], "--directory", dir, "--strip-components=2", "--no-same-owner", "--wildcards",
			"*/deps/bin", "*/deps/jars", "*/deps/licenses", "*/deps/sbin")
		if err != nil {
			return err
		}
		classes := filepath.Join(download, "classes")
		if err := command("javac", "--release", "17", "-cp", filepath.Join(dir, "jars", "*"), "-d", classes, job); err != nil {
			return err
		}
		return command("jar", "--create", "--file", filepath.Join(jars, "spark-examples.jar"), "-C", classes, ".")
	})
}

// boto3 makes what lies in Python's path, for both architectures: it is Python only. Debian's is older than Pod Identity.
func boto3(out string) error {
	const requirements = "internal/sdktest/python/requirements.txt"
	key, err := os.ReadFile(requirements)
	if err != nil {
		return err
	}
	dir := filepath.Join(out, "boto3")
	return once(dir, string(key), func() error {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		pip, err := venv(out)
		if err != nil {
			return err
		}
		return again(func() error {
			return command(pip, "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement", requirements, "--target", dir)
		})
	})
}

// venv makes a virtual environment and returns its pip.
func venv(out string) (pip string, err error) {
	dir := filepath.Join(out, "venv")
	return filepath.Join(dir, "bin", "pip"), command("python3", "-m", "venv", dir)
}

// once makes a file or directory unless it was made from the same key before.
func once(path, key string, make func() error) error {
	stamp := path + ".made"
	if made, err := os.ReadFile(stamp); err == nil && string(made) == key {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(stamp); err != nil {
		return err
	}
	// Earlier content may be linked into a layout, which must not change under it.
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	if err := make(); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(key), 0o644)
}

// again tries a download up to three times: registries hang and reset, which says nothing about us.
func again(download func() error) (err error) {
	for _, pause := range []time.Duration{0, 5 * time.Second, 20 * time.Second} {
		time.Sleep(pause)
		if err = download(); err == nil {
			return nil
		}
	}
	return err
}

func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func must(path string, err error) string {
	if err != nil {
		panic(err) // there is no working directory
	}
	return path
}
