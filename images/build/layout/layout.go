// Package layout writes an OCI image layout: a directory from which BuildKit takes an image where there is no registry.
package layout

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Image is one platform's image.
type Image struct {
	Architecture string   // as Go names it
	Layers       []string // tar files, the lowest first, not compressed: they stay on this machine
	Env          []string // NAME=value
	Entrypoint   []string
	User         string
	WorkingDir   string
}

// The names and fields are the OCI image specification's.
const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
)

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        *descriptor  `json:"config,omitempty"`
	Layers        []descriptor `json:"layers,omitempty"`
	Manifests     []descriptor `json:"manifests,omitempty"`
}

type config struct {
	platform
	Config struct {
		Env        []string `json:"Env"`
		Entrypoint []string `json:"Entrypoint,omitempty"`
		User       string   `json:"User,omitempty"`
		WorkingDir string   `json:"WorkingDir,omitempty"`
	} `json:"config"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// Write makes the layout of one image for several platforms in dir, under the tag "latest". The layers' files are hard
// links, so they lie on the same file system and must not be changed afterwards.
func Write(dir string, images ...Image) error {
	if err := begin(dir); err != nil {
		return err
	}
	all := manifest{SchemaVersion: 2, MediaType: indexType}
	for _, image := range images {
		d, err := write(dir, image)
		if err != nil {
			return fmt.Errorf("writing the image for %s: %w", image.Architecture, err)
		}
		all.Manifests = append(all.Manifests, d)
	}
	index, err := put(dir, indexType, all)
	if err != nil {
		return err
	}
	index.Annotations = map[string]string{"org.opencontainers.image.ref.name": "latest"}
	return seal(dir, manifest{SchemaVersion: 2, MediaType: indexType, Manifests: []descriptor{index}})
}

// WriteNamed makes the layout of several images for one platform, each under the name by which containerd imports it, such as
// "localhost/spark:latest". The layers' files are hard links, as in Write.
func WriteNamed(dir string, images map[string]Image) error {
	if err := begin(dir); err != nil {
		return err
	}
	all := manifest{SchemaVersion: 2, MediaType: indexType}
	for name, image := range images {
		d, err := write(dir, image)
		if err != nil {
			return fmt.Errorf("writing the image %s: %w", name, err)
		}
		d.Annotations = map[string]string{"io.containerd.image.name": name}
		all.Manifests = append(all.Manifests, d)
	}
	return seal(dir, all)
}

// begin makes an empty layout.
func begin(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755)
}

// seal writes the files by which a layout is known.
func seal(dir string, index manifest) error {
	data, err := json.Marshal(index)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}

func write(dir string, image Image) (descriptor, error) {
	m := manifest{SchemaVersion: 2, MediaType: manifestType}
	c := config{platform: platform{image.Architecture, "linux"}}
	c.Config.Env, c.Config.Entrypoint = image.Env, image.Entrypoint
	c.Config.User, c.Config.WorkingDir = image.User, image.WorkingDir
	c.RootFS.Type = "layers"
	for _, path := range image.Layers {
		layer, err := link(dir, path)
		if err != nil {
			return descriptor{}, err
		}
		m.Layers = append(m.Layers, layer)
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, layer.Digest) // not compressed, so it is the blob's own
	}
	cd, err := put(dir, configType, c)
	if err != nil {
		return descriptor{}, err
	}
	m.Config = &cd
	d, err := put(dir, manifestType, m)
	d.Platform = &c.platform
	return d, err
}

// put stores a JSON blob.
func put(dir, mediaType string, v any) (descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return descriptor{}, err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	d := descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: int64(len(data))}
	return d, os.WriteFile(blob(dir, sum), data, 0o644)
}

// link stores a file as a blob, without a copy.
func link(dir, path string) (descriptor, error) {
	file, err := os.Open(path)
	if err != nil {
		return descriptor{}, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return descriptor{}, fmt.Errorf("reading %s: %w", path, err)
	}
	sum := fmt.Sprintf("%x", hash.Sum(nil))
	d := descriptor{MediaType: layerType, Digest: "sha256:" + sum, Size: size}
	if _, err := os.Stat(blob(dir, sum)); err == nil {
		return d, nil // another platform's as well
	}
	return d, os.Link(path, blob(dir, sum))
}

func blob(dir, sum string) string { return filepath.Join(dir, "blobs", "sha256", sum) }
