package emr

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunsJob(t *testing.T) {
	for _, test := range []struct {
		env, args []string
		want      bool
	}{
		{[]string{"SPARK_CONTAINER_ID=x"}, []string{"job", "spark-submit"}, true},
		{[]string{"SIDECAR_SIGNAL_FILE=x"}, []string{"job"}, true},
		{[]string{"VALIDATION_SCRIPT_PATH=x"}, []string{"job"}, true},
		{[]string{"TERMINATION_ERROR_LOG_FILE_PATH=x"}, []string{"job"}, true},
		{[]string{"SPARK_CONTAINER_ID=x"}, []string{"driver", "job"}, false},
		{[]string{"SPARK_CONTAINER_ID=x"}, nil, false},
		{[]string{"SPARK_CONTAINER_ID=", "K8S_SPARK_LOG_URL_STDERR=x", "OTHER=x"}, []string{"job"}, false},
		{[]string{"SPARK_CONTAINER_ID=", "SPARK_CONTAINER_ID=second"}, []string{"job"}, false},
	} {
		if got := Read(test.env).RunsJob(test.args); got != test.want {
			t.Errorf("%q with %q: %v", test.args, test.env, got)
		}
	}
}

func TestRotated(t *testing.T) {
	for value, want := range map[string]bool{"": false, "true": true, "1": true, "false": false, "False": false} {
		if got := Read([]string{"CONTAINER_LOG_ROTATION=" + value}).Rotated; got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestBeat(t *testing.T) {
	dir := t.TempDir()
	Pod{}.Beat()
	Pod{Heartbeat: filepath.Join(dir, "none", "signal")}.Beat()
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Error("it made a directory")
	}
	p := Pod{Heartbeat: filepath.Join(dir, "signal")}
	p.Beat()
	old := time.Now().Add(-time.Hour)
	if err := os.WriteFile(p.Heartbeat, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(p.Heartbeat, old, old); err != nil {
		t.Fatal(err)
	}
	p.Beat()
	if st, err := os.Stat(p.Heartbeat); err != nil || !st.ModTime().After(old) || st.Size() != 7 {
		t.Errorf("%v, %v", st, err)
	}
	fifo := Pod{Heartbeat: filepath.Join(dir, "fifo")}
	if err := syscall.Mkfifo(fifo.Heartbeat, 0o600); err != nil {
		t.Fatal(err)
	}
	fifo.Beat() // must return
}

func TestKeepBeating(t *testing.T) {
	p := Pod{Heartbeat: filepath.Join(t.TempDir(), "signal")}
	there := func() bool { _, err := os.Stat(p.Heartbeat); return os.Remove(p.Heartbeat) == nil && err == nil }
	synctest.Test(t, func(t *testing.T) {
		p.KeepBeating(t.Context())
		for range 3 {
			time.Sleep(interval + time.Millisecond)
			synctest.Wait()
			if !there() {
				t.Error("no beat within 2 s")
			}
		}
	})
	if there() {
		t.Error("a beat after the end")
	}
}
