package main

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/images/build/layout"
	"rolechain/internal/podtest"
)

// Images of the pods.
const (
	chainedImage = "localhost/spark:latest"     // as images/Dockerfile makes it
	plainImage   = "localhost/spark-emr:latest" // EMR's own, so to speak; also the log shipper's

	// rolechainImage is the one of the repository's Dockerfile, by the name that the examples have for it.
	rolechainImage = "111111111111.dkr.ecr.us-west-2.amazonaws.com/rolechain:v1.0.0"
)

// A link or a file of a layer.
type entry struct {
	link, file string
	mode       int64
}

// images makes the layout of the images on the layer base, with the programs in bin and the authority in dir, which the company
// whose images these are would have put into them.
func (s *Suite) images(ctx context.Context, base, dir string) error {
	env, err := s.imageEnv()
	if err != nil {
		return err
	}
	place := func(name string) string { return filepath.Join(s.build, "image", name) }
	// A JVM reads the store of its installation without a password, which the older format allows.
	store := filepath.Join(dir, "cacerts")
	keytool := exec.CommandContext(ctx, "keytool", "-importcert", "-noprompt", "-alias", "tests", "-storetype", "JKS",
		"-keystore", store, "-storepass", podtest.StorePass, "-file", filepath.Join(dir, podtest.BundleFile))
	if out, err := keytool.CombinedOutput(); err != nil {
		return fmt.Errorf("making a trust store: %w: %s", err, out)
	}
	bundle := entry{file: filepath.Join(dir, podtest.BundleFile), mode: 0o644}
	trusted := map[string]entry{
		"etc/ssl/certs/ca-certificates.crt":                 bundle,
		"usr/lib/ssl/cert.pem":                              bundle, // OpenSSL's
		"usr/lib/python3/dist-packages/botocore/cacert.pem": bundle,
		"etc/ssl/certs/java/cacerts":                        {file: store, mode: 0o644},
	}
	standin := filepath.Join(s.root, "images", "build", "standin")
	programs := map[string]entry{
		"opt/rolechain/entrypoint":      {file: filepath.Join(s.bin(), "entrypoint"), mode: 0o755},
		"opt/rolechain/rolechain":       {file: filepath.Join(s.bin(), "rolechain"), mode: 0o755},
		"opt/rolechain/" + jobs.JarName: {file: jobs.Jar(s.root), mode: 0o644},
	}
	roots := map[string]entry{"etc/ssl/certs/ca-certificates.crt": bundle}
	chained := map[string]entry{
		"opt/rolechain/original":             {file: filepath.Join(standin, "entrypoint.sh"), mode: 0o755},
		"usr/bin/entrypoint.sh":              {link: "/opt/rolechain/entrypoint"},
		"usr/lib/spark/jars/" + jobs.JarName: {link: "/opt/rolechain/" + jobs.JarName},
	}
	for name, entries := range map[string]map[string]entry{"trusted.tar": trusted, "programs.tar": programs, "chained.tar": chained, "roots.tar": roots} {
		if err := writeLayer(place(name), entries); err != nil {
			return fmt.Errorf("making the layer %s: %w", name, err)
		}
	}
	image := layout.Image{Architecture: runtime.GOARCH, Layers: []string{base, place("trusted.tar")}, Env: env,
		Entrypoint: []string{"/usr/bin/entrypoint.sh"}, User: "hadoop:hadoop", WorkingDir: "/home/hadoop"}
	all := map[string]layout.Image{plainImage: image}
	image.Layers = append(image.Layers[:2:2], place("programs.tar"), place("chained.tar"))
	all[chainedImage] = image
	all[rolechainImage] = layout.Image{Architecture: runtime.GOARCH, Layers: []string{place("programs.tar"), place("roots.tar")},
		Entrypoint: []string{"/opt/rolechain/rolechain"}, User: "65534:65534"}
	return layout.WriteNamed(place("oci"), all)
}

// rootfs makes the layer of Debian, Spark and EMR's files, once.
func (s *Suite) rootfs(ctx context.Context) (string, error) {
	if runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("the stand-in image has no Spark for %s", runtime.GOARCH)
	}
	debian := filepath.Join(s.root, "build", "images")
	make := exec.CommandContext(ctx, "go", "run", "./images/build/make", "-out", debian, "-debian", runtime.GOARCH)
	if out, err := make.CombinedOutput(); err != nil {
		return "", fmt.Errorf("making Debian: %w\n%s", err, out)
	}
	tar, spark := filepath.Join(debian, "debian-"+runtime.GOARCH+".tar"), filepath.Join(s.sparks(), "spark-"+sparkVersion)
	key := sha256.New()
	script := filepath.Join(s.root, "e2e", "kubernetes", "image.sh")
	standin := filepath.Join(s.root, "images", "build", "standin")
	for _, file := range []string{script, tar + ".made", filepath.Join(spark, ".stamp"), filepath.Join(standin, "Dockerfile"),
		filepath.Join(standin, "entrypoint.sh"), filepath.Join(standin, "pub-terminate.sh"), filepath.Join(standin, "ship.rb")} {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		key.Write(data)
	}
	out := filepath.Join(s.build, "image", "rootfs.tar")
	made := fmt.Sprintf("%x", key.Sum(nil))
	if before, err := os.ReadFile(out + ".made"); err == nil && string(before) == made {
		return out, nil
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return "", err
	}
	if said, err := exec.CommandContext(ctx, script, tar, spark, out).CombinedOutput(); err != nil {
		return "", fmt.Errorf("making the image: %w\n%s", err, said)
	}
	return out, os.WriteFile(out+".made", []byte(made), 0o644)
}

// imageEnv is the environment of the stand-in's image, from its Dockerfile, and how its JVMs are to be: many on few
// processors, each for a minute, so without the second compiler.
func (s *Suite) imageEnv() ([]string, error) {
	data, err := os.ReadFile(filepath.Join(s.root, "images", "build", "standin", "Dockerfile"))
	if err != nil {
		return nil, err
	}
	_, text, _ := strings.Cut(string(data), "\nENV ")
	text, _, found := strings.Cut(text, "\n\n")
	if !found {
		return nil, fmt.Errorf("the stand-in's Dockerfile has no ENV as expected")
	}
	return append(strings.Fields(strings.ReplaceAll(text, "\\\n", " ")), "JAVA_TOOL_OPTIONS=-XX:-UsePerfData -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"), nil
}

// writeLayer writes a layer, without entries for directories: those of the layers below stay as they are.
func writeLayer(path string, entries map[string]entry) error {
	if err := os.RemoveAll(path); err != nil { // a layout may have a link to it
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	w := tar.NewWriter(out)
	for name, e := range entries {
		header := &tar.Header{Name: name, Mode: e.mode, Typeflag: tar.TypeReg}
		var data []byte
		if e.link != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, e.link
		} else if data, err = os.ReadFile(e.file); err != nil {
			return err
		}
		header.Size = int64(len(data))
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return w.Close()
}
