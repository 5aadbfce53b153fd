// Quickstart stands in for Docker and ECR where the quick start of README.md is tried: a registry, and a `docker` that reads the
// bake file as buildx does and pushes an image with the tags that it gives. BuildKit is not asked: the image holds the
// programs and the link, on an empty base.
//
//	quickstart registry             serves a registry on loopback, prints its address, and ends with stdin
//	quickstart docker ARGUMENT...   docker login, docker buildx create, docker buildx bake --push
//	quickstart list IMAGE           prints the names of the files in an image of the registry
//
// PROGRAMS is the directory of the programs. It is in the module of the tools because of the registry.
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "registry":
		return serve()
	case len(args) == 2 && args[0] == "list":
		return list(args[1])
	case len(args) > 1 && args[0] == "docker":
		return docker(args[1:])
	}
	return fmt.Errorf("unknown command %q", args)
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go http.Serve(listener, registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func docker(args []string) error {
	switch {
	case args[0] == "login" && slices.Contains(args, "--password-stdin"):
		password, err := io.ReadAll(os.Stdin)
		if err == nil && len(bytes.TrimSpace(password)) == 0 {
			err = fmt.Errorf("login without a password")
		}
		return err
	case slices.Equal(args, []string{"buildx", "create", "--use"}):
		return nil
	case len(args) == 6 && args[0] == "buildx" && args[1] == "bake" && args[2] == "-f" && args[5] == "--push":
		tags, err := bake(args[3], args[4], os.LookupEnv)
		if err != nil {
			return err
		}
		for _, tag := range tags {
			if err := push(tag); err != nil {
				return fmt.Errorf("pushing %s: %w", tag, err)
			}
		}
		return nil
	}
	return fmt.Errorf("docker %q is not in the quick start", args)
}

func push(tag string) error {
	ref, err := name.NewTag(tag)
	if err != nil {
		return err
	}
	layer, err := programs(os.Getenv("PROGRAMS"))
	if err != nil {
		return err
	}
	var index v1.ImageIndex = empty.Index
	for _, arch := range []string{"amd64", "arm64"} {
		image, err := mutate.AppendLayers(empty.Image, layer)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	return remote.WriteIndex(ref, index)
}

// programs is a layer with what images/Dockerfile adds.
func programs(dir string) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, program := range []string{"entrypoint", "rolechain"} {
		text, err := os.ReadFile(filepath.Join(dir, program))
		if err != nil {
			return nil, err
		}
		if err := w.WriteHeader(&tar.Header{Name: "opt/rolechain/" + program, Mode: 0o755, Size: int64(len(text))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(text); err != nil {
			return nil, err
		}
	}
	link := &tar.Header{Typeflag: tar.TypeSymlink, Name: "usr/bin/entrypoint.sh", Linkname: "/opt/rolechain/entrypoint", Mode: 0o777}
	if err := w.WriteHeader(link); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
}

func list(image string) error {
	ref, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	pulled, err := remote.Image(ref)
	if err != nil {
		return err
	}
	files := mutate.Extract(pulled)
	defer files.Close()
	for r := tar.NewReader(files); ; {
		header, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Println(strings.TrimPrefix(header.Name, "/"))
	}
}
