package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"rolechain/bench/internal/rig"
)

// footprints is how often the memory of either build is looked at.
const footprints = 9

// A linked is a build of the programs: with what rolechain check asks S3 and others by, or without.
type linked struct {
	name               string
	cluster            *cluster
	start              *contender
	private, anonymous []float64 // kB, one a round
}

// services measures what that costs the refresher, which never calls it: it lies in the same program.
func services(ctx context.Context, c *cluster, o options, places []rig.Place, out io.Writer) error {
	without := *c
	dir := filepath.Join(filepath.Dir(c.entrypoint), "without")
	without.entrypoint = filepath.Join(dir, "entrypoint")
	if err := buildWithout(dir); err != nil {
		return err
	}
	builds := []*linked{{name: "without", cluster: &without}, {name: "with", cluster: c}}
	var starts, looks []func(bool) error
	for _, b := range builds {
		home, err := places[0].Home()
		if err != nil {
			return err
		}
		b.start = b.cluster.starting("endpoint", places[0].Name, home, 2, nil)
		starts = append(starts, func(counts bool) error { return b.cluster.measure(b.start, counts) })
		looks = append(looks, func(counts bool) error { return b.look(ctx, places[0], counts) })
	}
	if err := rig.Rounds(ctx, warmUp, o.starts, starts); err != nil {
		return err
	}
	if err := rig.Rounds(ctx, 1, footprints, looks); err != nil {
		return err
	}
	fmt.Fprintln(out, "what rolechain check asks S3 and others by, endpoint delivery: ratios to the build without")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "build\tstart\tms\tprivate kB, idle\tto without\tanonymous kB\tto without\trolechain's bytes")
	for _, b := range builds {
		file, err := os.Stat(filepath.Join(filepath.Dir(b.cluster.entrypoint), "rolechain"))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%.0f\t%s\t%.0f\t%s\t%d\n", b.name, rig.RatioOf(b.start.times, builds[0].start.times), rig.Quantile(b.start.times, 0.5),
			rig.Quantile(b.private, 0.5), rig.RatioOf(b.private, builds[0].private), rig.Quantile(b.anonymous, 0.5), rig.RatioOf(b.anonymous, builds[0].anonymous), file.Size())
	}
	return w.Flush()
}

// look starts a pod and reads its refresher's memory. Pods are there one after the other: pages of a program's file would count
// as shared.
func (b *linked) look(ctx context.Context, place rig.Place, counts bool) error {
	p, err := b.cluster.startPod("endpoint", place)
	if err != nil {
		return err
	}
	defer p.end()
	supervisor, worker, err := p.settled(ctx)
	if err == nil && counts {
		b.private = append(b.private, float64(supervisor.private+worker.private))
		b.anonymous = append(b.anonymous, float64(supervisor.anonymous+worker.anonymous))
	}
	return err
}

// buildWithout builds the programs in dir with the package without/ in the place of internal/data.
func buildWithout(dir string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("finding the module: %w", err)
	}
	in := func(path string) string { return filepath.Join(strings.TrimSpace(string(root)), path) }
	files, err := filepath.Glob(in("internal/data/*.go"))
	if err != nil {
		return err
	}
	replace := map[string]string{}
	for _, file := range files {
		replace[file] = "" // it is not there
	}
	replace[in("internal/data/data.go")] = in("bench/refresher/without/data.go")
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return err
	}
	return rig.Build(map[string]string{
		filepath.Join(dir, "entrypoint"): "rolechain/cmd/entrypoint",
		filepath.Join(dir, "rolechain"):  "rolechain/cmd/rolechain",
	}, "-overlay="+file)
}
