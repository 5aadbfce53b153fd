package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/internal/ststest"
)

// scrapeMetrics collects the metrics of driver and executors as Prometheus does, which finds pods by their annotations, and
// compares them with what STS has seen.
func scrapeMetrics(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{more: []string{"-metrics", ":9102"}}); err != nil {
		return err
	}
	if err := t.logged(ctx, driverPod, driverContainer, "round 1: "); err != nil { // each session has ended twice
		return err
	}
	list, err := t.pods(ctx, "")
	if err != nil {
		return err
	}
	for _, pod := range list {
		before := t.renewals(pod.Metadata.Name)
		text, err := t.scrape(ctx, pod)
		if err != nil {
			t.surprise("the metrics of %s: %v", pod.Metadata.Name, err)
			continue
		}
		// A session is counted a moment after STS has given it.
		count, most := sample(text, `rolechain_refreshes_total{profile="default"}`), t.renewals(pod.Metadata.Name)
		if count < float64(before-1) || count > float64(most) || before < 2 {
			t.surprise("%s counts %v sessions of the client role, and STS has given it %d", pod.Metadata.Name, count, before)
		}
		if left := sample(text, `rolechain_session_left_seconds{profile="default"}`); !(left > 0 && left <= life) {
			t.surprise("the session of %s is good for %v s", pod.Metadata.Name, left)
		}
		if strings.Contains(text, "arn:aws") || !strings.HasSuffix(text, "# EOF\n") {
			t.surprise("the metrics of %s: %s", pod.Metadata.Name, text)
		}
	}
	if len(list) != 3 {
		t.surprise("%d pods were asked for metrics, and should be the driver and two executors", len(list))
	}
	return t.finish(ctx)
}

// renewals is how many sessions of the client role STS has given to a pod.
func (t *trial) renewals(pod string) (n int) {
	for _, e := range t.STS.Journal() {
		if e.Action == "AssumeRole" && e.Role == jobs.ClientARN && e.SessionName == pod && e.Outcome == ststest.Success {
			n++
		}
	}
	return n
}

// scrape gets a pod's metrics from where its annotations say, and keeps them.
func (t *trial) scrape(ctx context.Context, p Pod) (string, error) {
	const prefix = "prometheus.io/"
	a := p.Metadata.Annotations
	if a[prefix+"scrape"] != "true" {
		return "", errors.New("no annotation says that there are any")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Status.PodIP+":"+a[prefix+"port"]+a[prefix+"path"], nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	if err != nil {
		return "", err
	}
	return string(text), os.WriteFile(filepath.Join(t.World.Work, p.Metadata.Name+".metrics"), text, 0o644)
}

// sample is the value of a series, -1 where there is none.
func sample(text, series string) float64 {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, series+" "); found {
			if v, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return v
			}
		}
	}
	return -1
}
