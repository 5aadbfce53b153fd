//go:build images

package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"rolechain/images/build/rig"
)

var kit *rig.BuildKit

// buildKit is started by the first test that builds, with the cache of "make images".
var buildKit = sync.OnceValue(func() (err error) {
	kit, err = rig.StartBuildKit(filepath.Join(root, "build", "tools"), filepath.Join(built, "buildkit"))
	return err
})

func stopBuildKit() error {
	if kit == nil {
		return nil
	}
	return kit.Stop()
}

// buildx runs in the repository's root and returns stdout.
func buildx(t *testing.T, args ...string) string {
	t.Helper()
	if err := buildKit(); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := kit.Buildx(args...)
	cmd.Dir = root
	cmd.Env = append(cmd.Env, "COMMIT="+commit, "VERSION=v1.2.3", "SOURCE_DATE_EPOCH=1790000000")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("buildx %q: %v\n%s%s", args, err, &stdout, &stderr)
	}
	return stdout.String()
}

const commit = "0123456789abcdef0123456789abcdef01234567"

// bake builds a target of the bake files, into path as the exporter kind says, and returns the digest of the result.
func bake(t *testing.T, target, kind, path string, args ...string) string {
	t.Helper()
	metadata := filepath.Join(t.TempDir(), "metadata.json")
	output := fmt.Sprintf("%s.output=type=%s,dest=%s", target, kind, path)
	if kind == "oci" { // it takes a while, and only digests depend on it
		output += ",rewrite-timestamp=true"
	}
	buildx(t, append([]string{
		"bake", "--file", "images/docker-bake.hcl", "--file", "images/build/standin/docker-bake.hcl", target, "--metadata-file", metadata,
		"--allow", "fs.write=" + filepath.Dir(path), "--set", output,
	}, args...)...)
	var of map[string]struct {
		Digest string `json:"containerimage.digest"`
	}
	if err := json.Unmarshal([]byte(read(t, metadata)), &of); err != nil {
		t.Fatal(err)
	}
	return of[target].Digest
}

// The image of Dockerfile holds the two programs and the license, belongs to root and says what it is.
func TestRolechainImage(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "rolechain.tar")
	bake(t, "rolechain", "docker", archive, "--set", "rolechain.platform=linux/amd64")
	call(t, "load", "--quiet", "--input", archive)
	t.Cleanup(func() { call(t, "rmi", "rolechain:v1.2.3") })
	labels := call(t, "inspect", "--format", `{{range $k, $v := .Config.Labels}}{{$k}}={{$v}}{{"\n"}}{{end}}`, "rolechain:v1.2.3").stdout
	for _, want := range []string{"revision=" + commit, "version=v1.2.3", "title=rolechain", "licenses=Apache-2.0", "description="} {
		if !strings.Contains("\n"+labels, "\norg.opencontainers.image."+want) {
			t.Errorf("no label %s in\n%s", want, labels)
		}
	}
	call(t, "create", "--name", "scratch", "rolechain:v1.2.3", "none")
	t.Cleanup(func() { call(t, "rm", "scratch") })
	listing := exec.Command("tar", "--list", "--verbose", "--numeric-owner", "--utc")
	export := docker.Command("export", "scratch")
	listing.Stdin, _ = export.StdoutPipe()
	if err := export.Start(); err != nil {
		t.Fatal(err)
	}
	out, err := listing.Output()
	if err := export.Wait(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(string(out), "\n") {
		if f := strings.Fields(line); len(f) > 5 && strings.HasPrefix(f[5], "opt/") {
			got = append(got, strings.Join([]string{f[0], f[1], f[3], f[5]}, " ")) // not the size
		}
	}
	want := []string{
		"drwxr-xr-x 0/0 2026-09-21 opt/",
		"drwxr-xr-x 0/0 2026-09-21 opt/rolechain/",
		"-rw-r--r-- 0/0 2026-09-21 opt/rolechain/LICENSE",
		"-rwxr-xr-x 0/0 2026-09-21 opt/rolechain/entrypoint",
		"-rwxr-xr-x 0/0 2026-09-21 opt/rolechain/rolechain",
		"-rw-r--r-- 0/0 2026-09-21 opt/rolechain/rolechain-hadoop.jar",
	}
	if !slices.Equal(got, want) {
		t.Errorf("it holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Its command fills a volume, as nobody.
	volume := t.TempDir()
	if err := os.Chmod(volume, 0o777); err != nil {
		t.Fatal(err)
	}
	installed := call(t, "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--volume", volume+":/rolechain", "rolechain:v1.2.3")
	if want := "installed in /rolechain: rolechain, rolechain-hadoop.jar, entrypoint\n"; installed.stdout != want {
		t.Errorf("%q, want %q", installed.stdout, want)
	}
	if out, err := exec.Command(filepath.Join(volume, "rolechain"), "version").CombinedOutput(); err != nil {
		t.Errorf("%v %s", err, out)
	}
	version := call(t, "run", "--rm", "--network", "none", "--entrypoint", "/opt/rolechain/rolechain", "rolechain:v1.2.3", "version")
	if want := "rolechain v1.2.3 (commit 0123456789ab, go1."; !strings.HasPrefix(version.stdout, want) {
		t.Errorf("%q, want %q", version.stdout, want)
	}
}

// The programs of "make release" are those of the image for the same version and commit, byte for byte.
func TestRelease(t *testing.T) {
	out := t.TempDir()
	release := exec.Command("make", "--directory", root, "release", "BIN="+out, "VERSION=v1.2.3", "COMMIT="+commit)
	if text, err := release.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	image := t.TempDir()
	bake(t, "rolechain", "local", image)
	for _, arch := range []string{"amd64", "arm64"} {
		for _, program := range []string{"entrypoint", "rolechain"} {
			got := read(t, filepath.Join(out, "linux-"+arch, program))
			if want := read(t, filepath.Join(image, "linux_"+arch, "opt/rolechain", program)); got != want {
				t.Errorf("%s for %s differs: %d bytes, in the image %d", program, arch, len(got), len(want))
			}
		}
	}
}

// A team's image that has been through images/Dockerfile can go through it again, for an update.
func TestSecondTime(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "again.tar")
	bake(t, "again", "docker", archive, "--file", "images/test/testdata/again.hcl")
	call(t, "load", "--quiet", "--input", archive)
	t.Cleanup(func() { call(t, "rmi", "again:latest") })
	again := podWith(arm64, "again:latest")
	run(t, podWith(again, "/bin/echo", "the job")...).want(t, result{"the job\n", "", 0})
	first := run(t, podWith(arm64, imageARM, "/bin/cat", "/opt/rolechain/original")...)
	run(t, podWith(again, "/bin/cat", "/opt/rolechain/original")...).want(t, first)
}

// The bill of materials is of the programs in the image.
func TestSBOM(t *testing.T) {
	dir := t.TempDir()
	buildx(t, "bake", "--file", "images/docker-bake.hcl", "--file", "images/build/standin/docker-bake.hcl", "sbom", "--set", "sbom.output=type=local,dest="+dir)
	for _, platform := range []string{"linux_amd64", "linux_arm64"} {
		var bill struct {
			Packages []struct {
				Name      string `json:"name"`
				Checksums []struct {
					Value string `json:"checksumValue"`
				} `json:"checksums"`
			} `json:"packages"`
		}
		if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, platform, "rolechain.spdx.json"))), &bill); err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, p := range bill.Packages {
			names[p.Name] = true
			if p.Name == "rolechain" && (len(p.Checksums) != 1 || len(p.Checksums[0].Value) != 64) {
				t.Errorf("%s: checksums of rolechain %v", platform, p.Checksums)
			}
		}
		for _, want := range []string{"entrypoint", "rolechain", "stdlib", "github.com/aws/aws-sdk-go-v2"} {
			if !names[want] {
				t.Errorf("%s: no %s in %v", platform, want, names)
			}
		}
	}
}

// Two builds of the same commit have the same digest, though the second takes no step and no compiled package from the cache.
// One platform shows it of these steps: that programs for both are the same anywhere is what make reproducible compares. It
// stands behind the tests that build for both, because BuildKit goes on with the second build's empty cache of packages.
func TestReproducible(t *testing.T) {
	for _, target := range []string{"rolechain", "spark-7-14-0"} {
		t.Run(target, func(t *testing.T) {
			dir := t.TempDir()
			const platform = "--set=*.platform=linux/arm64"
			first := bake(t, target, "oci", filepath.Join(dir, "first.tar"), platform)
			second := bake(t, target, "oci", filepath.Join(dir, "second.tar"), platform, "--set", target+".no-cache=true")
			if !strings.HasPrefix(first, "sha256:") || first != second {
				t.Errorf("digests %q and %q", first, second)
			}
		})
	}
}

// BuildKit's linter finds nothing in any Dockerfile. It cannot follow a context that is another target, so images/
// Dockerfile gets some other image in both places.
func TestLint(t *testing.T) {
	const other = "=oci-layout://build/images/debian:latest"
	bake := []string{"bake", "--check", "--file", "images/docker-bake.hcl", "--file", "images/build/standin/docker-bake.hcl"}
	for name, args := range map[string][]string{
		"Dockerfile": slices.Concat(bake, []string{"rolechain"}), "Dockerfile, sbom": slices.Concat(bake, []string{"sbom"}),
		"images/build/standin/Dockerfile": slices.Concat(bake, []string{"standin"}),
		"images/Dockerfile": {"build", "--check", "--build-context", "rolechain" + other,
			"--build-context", "public.ecr.aws/emr-on-eks/spark/emr-7.14.0" + other, "images"},
	} {
		if out := buildx(t, args...); !strings.Contains(out, "no warnings found") {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}

// Every release of EMR on EKS from 6.15 on is there for both platforms: emr-6 and emr-7 in both kinds, emr-spark-8 as AWS
// has it.
func TestMatrix(t *testing.T) {
	var plan struct {
		Target map[string]struct {
			Platforms []string
			Tags      []string
			Args      struct{ BASE string }
		}
	}
	if err := json.Unmarshal([]byte(buildx(t, "bake", "--file", "images/docker-bake.hcl", "--print")), &plan); err != nil {
		t.Fatal(err)
	}
	delete(plan.Target, "rolechain")
	if len(plan.Target) != 2*16+2 {
		t.Errorf("%d targets", len(plan.Target))
	}
	for name, image := range map[string]string{
		"spark-6-15-0":          "spark/emr-6.15.0",
		"notebook-spark-7-0-0":  "notebook-spark/emr-7.0.0",
		"notebook-spark-7-14-0": "notebook-spark/emr-7.14.0",
		"spark-8-0-0":           "spark/emr-spark-8.0.0",
		"spark-8-1-0":           "spark/emr-spark-8.1.0",
	} {
		target, base := plan.Target[name], "public.ecr.aws/emr-on-eks/"+image+":latest"
		if target.Args.BASE != base || !slices.Equal(target.Platforms, []string{"linux/amd64", "linux/arm64"}) || !slices.Equal(target.Tags, []string{image + ":v1.2.3"}) {
			t.Errorf("%s: %+v", name, target)
		}
	}
}

// No Dockerfile needs a network before its first step.
func TestNoSyntaxLine(t *testing.T) {
	for _, name := range []string{"Dockerfile", "images/Dockerfile", "images/build/standin/Dockerfile"} {
		if text, err := os.ReadFile(filepath.Join(root, name)); err != nil || strings.Contains(string(text), "syntax=") {
			t.Errorf("%s has a syntax line, %v", name, err)
		}
	}
}
