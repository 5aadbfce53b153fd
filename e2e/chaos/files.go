package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// files reads the pod's files over and over, without any parser's tolerance: each is whole at every moment.
func (r *Run) files(ctx context.Context) {
	behind := time.Time{} // since when the credentials file's session is over
	for n := 0; ctx.Err() == nil; n++ {
		if r.isGone() || r.pod.hasEnded(0) {
			return // and what an intruder makes of the files is nobody's fault
		}
		asked := time.Now()
		if r.schedule.Delivery == "file" {
			behind = r.credentialsFile(asked, behind)
		} else {
			r.same("credentials")
		}
		r.same("config")
		if n%10 == 0 {
			r.runFiles()
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// readFile reads a file of the pod's AWS directory. Not there, or not to be read, is no news while faults are about it.
func (r *Run) readFile(name string) ([]byte, bool) {
	asked := time.Now()
	data, err := os.ReadFile(filepath.Join(r.home.aws(), name))
	switch {
	case err == nil:
		return data, true
	case r.judge.during(asked.Add(-afterLoss), time.Now(), losses...):
	case errors.Is(err, fs.ErrNotExist):
		r.judge.fail("a file that is gone", "%s", name)
	default:
		r.judge.fail("a file that cannot be read", "%v", err)
	}
	return nil, false
}

// same checks a file that nobody has a reason to change.
func (r *Run) same(name string) {
	if data, ok := r.readFile(name); ok && !bytes.Equal(data, r.home.saved[name]) {
		seen := time.Now()
		r.judge.atTheEnd(func() {
			if !r.judge.during(seen, seen, "excused") {
				r.judge.fail("a changed file", "%s has %d bytes at %s, not the %d that the start wrote", name, len(data), r.judge.at(seen), len(r.home.saved[name]))
			}
		})
	}
}

// credentialsFile checks the credentials file of file delivery.
func (r *Run) credentialsFile(asked, behind time.Time) time.Time {
	data, ok := r.readFile("credentials")
	if !ok {
		return time.Time{}
	}
	keys, problem := parseCredentials(data)
	if problem != "" {
		r.judge.fail("a torn file", "credentials: %s", problem)
		return time.Time{}
	}
	got := time.Now()
	s, ok := r.judge.is("credentials file", r.judge.role, keys, asked, got, true)
	if !ok {
		return time.Time{}
	}
	if s.Expires.After(got) {
		r.judge.served("credentials file", s, asked, got)
		return time.Time{}
	}
	if behind.IsZero() {
		behind = got
	}
	settled := got.Add(-r.judge.settled())
	if r.judge.began.Before(settled) && got.Sub(behind) > 3*time.Second+r.judge.lag.Worst() &&
		!r.judge.during(settled, got, "sts/", "token/", "limit/", "disk/", "stop-worker", "excused") {
		r.judge.fail("no renewal", "the credentials file's session ended at %s, while STS and the disk were well", clock(s.Expires.Sub(r.judge.began)))
	}
	return behind
}

// parseCredentials takes a credentials file as the refresher writes it, and nothing less.
func parseCredentials(data []byte) (keys Keys, problem string) {
	if len(data) == 0 || data[len(data)-1] != '\n' {
		return keys, "it does not end with a line's end"
	}
	section, values := "", map[string]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "[") {
			section = line
		} else if name, value, ok := strings.Cut(line, " = "); ok && section == "[default]" {
			if _, twice := values[name]; twice {
				return keys, name + " is there twice"
			}
			values[name] = value
		}
	}
	keys = Keys{AccessKeyId: values["aws_access_key_id"], SecretAccessKey: values["aws_secret_access_key"], Token: values["aws_session_token"]}
	for _, v := range []string{keys.AccessKeyId, keys.SecretAccessKey, keys.Token} {
		if v == "" {
			return keys, "a key of [default] is missing"
		}
	}
	return keys, ""
}

// runFiles checks what the refresher tells other processes: each file whole, JSON or a token, and for the user alone.
func (r *Run) runFiles() {
	dir := filepath.Join(r.home.aws(), "rolechain")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if info.Mode().Perm()&0o077 != 0 {
			r.judge.fail("an open file", "%s has mode %o", path, info.Mode().Perm())
		}
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		switch {
		case strings.HasSuffix(entry.Name(), ".tmp"):
		case entry.Name() == "token":
			if token := r.pod.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"); token != "" && string(data) != token {
				r.judge.fail("a torn file", "token has %d bytes", len(data))
			}
		case strings.HasSuffix(entry.Name(), ".json"):
			if !json.Valid(data) {
				r.judge.fail("a torn file", "%s is not JSON: %d bytes", entry.Name(), len(data))
			}
		}
	}
}

// botocore has the SDK's own parser read the same files.
func (r *Run) botocore(ctx context.Context) {
	for ctx.Err() == nil {
		for _, name := range []string{"config", "credentials"} {
			problem, err := r.w.botocore.problem(name, filepath.Join(r.home.aws(), name))
			switch {
			case err != nil:
				r.judge.fail("a broken harness", "%v", err)
				return
			case problem != "" && !r.judge.during(time.Now().Add(-afterLoss), time.Now(), losses...):
				r.judge.fail("a torn file", "botocore on %s: %s", name, problem)
			case problem == "":
				r.judge.count("botocore")
			}
		}
		pause(ctx, 150*time.Millisecond)
	}
}

// leftovers lists temp files below a directory.
func leftovers(dir string) (list []string) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(entry.Name(), ".tmp") {
			list = append(list, path)
		}
		return nil
	})
	return list
}
