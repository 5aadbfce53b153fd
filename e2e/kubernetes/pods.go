package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolechain/e2e/jobs"
)

// A Pod is what the cases look at.
type Pod struct {
	Metadata struct {
		Name, UID         string
		Annotations       map[string]string
		DeletionTimestamp *time.Time
	}
	Status struct {
		Phase, Message, PodIP string
		ContainerStatuses     []ContainerStatus
		InitContainerStatuses []ContainerStatus
	}
}

// A ContainerStatus is one of Kubernetes'.
type ContainerStatus struct {
	Name         string
	Ready        bool
	RestartCount int
	State        struct {
		Running    *struct{}
		Terminated *Terminated
		Waiting    *struct{ Reason, Message string }
	}
	LastState struct{ Terminated *Terminated }
}

// Terminated is how a container ended.
type Terminated struct {
	ExitCode        int
	Reason, Message string
}

func (t *trial) pods(ctx context.Context, selector string) ([]Pod, error) {
	var list struct{ Items []Pod }
	err := t.Client.Get(ctx, "/api/v1/namespaces/"+t.name+"/pods?labelSelector="+selector, &list)
	return list.Items, err
}

func (t *trial) pod(ctx context.Context, name string) (p Pod, err error) {
	err = t.Client.Get(ctx, "/api/v1/namespaces/"+t.name+"/pods/"+name, &p)
	return p, err
}

// container is the status of one; the zero value before it has any.
func (p Pod) container(name string) ContainerStatus {
	for _, c := range slices.Concat(p.Status.ContainerStatuses, p.Status.InitContainerStatuses) {
		if c.Name == name {
			return c
		}
	}
	return ContainerStatus{}
}

// until waits until a pod is as it should be, for as long as a job may take.
func (t *trial) until(ctx context.Context, what, name string, is func(Pod) bool) (p Pod, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if p, err = t.pod(ctx, name); err == nil && is(p) {
			return p, nil
		}
		if failed := t.Failed(); failed != nil {
			return p, failed
		}
		select {
		case <-ctx.Done():
			return p, fmt.Errorf("waiting for %s: %w (%v); the pod: %+v", what, ctx.Err(), err, p.Status)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// ended waits for a container's end.
func (t *trial) ended(ctx context.Context, pod, container string) (Terminated, error) {
	p, err := t.until(ctx, "the end of "+pod, pod, func(p Pod) bool { return p.container(container).State.Terminated != nil })
	if err != nil {
		return Terminated{}, err
	}
	return *p.container(container).State.Terminated, nil
}

func (t *trial) deletePod(ctx context.Context, name string) error {
	return t.Client.Do(ctx, http.MethodDelete, "/api/v1/namespaces/"+t.name+"/pods/"+name, nil, nil)
}

// log is what a container has said so far.
func (t *trial) log(ctx context.Context, pod, container string) (string, error) {
	var text []byte
	err := t.Client.Get(ctx, "/api/v1/namespaces/"+t.name+"/pods/"+pod+"/log?container="+container, &text)
	return string(text), err
}

// logged waits until a container has said a text.
func (t *trial) logged(ctx context.Context, pod, container, text string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		log, err := t.log(ctx, pod, container)
		if err == nil && strings.Contains(log, text) {
			return nil
		}
		p, _ := t.pod(ctx, pod)
		if end := p.container(container).State.Terminated; end != nil {
			return fmt.Errorf("%s ended with %d and has not said %q: %s", pod, end.ExitCode, text, last(log))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to say %q: %w: %s", pod, text, ctx.Err(), last(log))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func last(log string) string { return log[max(0, len(log)-1500):] }

// keepLogs copies the pods' logs from where the kubelet has them into the trial's folder: it removes them with the pods, some
// of them perhaps meanwhile.
func (t *trial) keepLogs() error {
	found, err := filepath.Glob(filepath.Join(t.Dir, "pods", t.name+"_*"))
	if err != nil {
		return err
	}
	for _, dir := range found {
		if err := os.CopyFS(filepath.Join(t.World.Work, "pods", filepath.Base(dir)), os.DirFS(dir)); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// leftovers are processes of rolechain's whose pods are no more: other cases may be running.
func (t *trial) leftovers(ctx context.Context) (left []string) {
	gone := func() error {
		var list struct{ Items []Pod }
		if err := t.Client.Get(ctx, "/api/v1/pods", &list); err != nil {
			return err
		}
		left = jobs.Running("/opt/rolechain/rolechain", func(process string) bool {
			groups, _ := os.ReadFile(filepath.Join(process, "cgroup")) // named after the pod
			return !slices.ContainsFunc(list.Items, func(p Pod) bool { return strings.Contains(string(groups), p.Metadata.UID) })
		})
		if len(left) > 0 {
			return fmt.Errorf("%d are left", len(left))
		}
		return nil
	}
	// Another case may have started a pod after the list.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := jobs.Await(ctx, "the end of what pods have left", gone); err != nil && len(left) == 0 {
		left = []string{err.Error()}
	}
	return left
}

// searchSecrets looks for what the stand-ins handed out in everything that is kept of a trial.
func (t *trial) searchSecrets() error {
	return jobs.SearchSecrets(t.STS, t.World.Work, nil, t.surprise)
}
