package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"rolechain/e2e/jobs"
)

const (
	masterURL  = "spark://127.0.0.1:7077"
	masterPage = "http://127.0.0.1:8080/json/"
)

// startCluster starts what takes the place of Kubernetes: a master, and a worker with room for two executors.
func (w *world) startCluster(ctx context.Context, s Submission) error {
	kubelet := Kubelet{Order: w.Order, Submitted: s.Executor, Classpath: s.get("spark.executor.extraClassPath")}
	shim, err := kubelet.javaFor()
	if err != nil {
		return err
	}
	java, err := javaHome()
	if err != nil {
		return err
	}
	if err := w.daemon(ctx, "master", java, "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "7077", "--webui-port", "8080"); err != nil {
		return err
	}
	if err := jobs.Await(ctx, "the master", func() error { _, err := workers(); return err }); err != nil {
		return err
	}
	if err := w.daemon(ctx, "worker", shim, "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--webui-port", "8081",
		"--cores", "2", "--memory", "4g", "--work-dir", filepath.Join(w.Work, "executors"), masterURL); err != nil {
		return err
	}
	return jobs.Await(ctx, "the worker", func() error {
		n, err := workers()
		if err == nil && n != 1 {
			err = fmt.Errorf("the master has %d workers", n)
		}
		return err
	})
}

// daemon starts one of Spark's own. It has nothing of a pod's.
func (w *world) daemon(ctx context.Context, name, home, class string, args ...string) error {
	java, err := javaHome()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(w.Work, name+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(java, "bin", "java"),
		append([]string{"-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp", filepath.Join(w.sparkHome(), "jars", "*"), class}, args...)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "JAVA_HOME=" + home, "SPARK_HOME=" + w.sparkHome(), "SPARK_SCALA_VERSION=2.13", "SPARK_LOCAL_IP=127.0.0.1", "HOME=" + w.Work, "TMPDIR=" + w.Work}
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.Work, log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting Spark's %s: %w", name, err)
	}
	go cmd.Wait()
	return nil
}

// workers is how many there are that the master can give executors to.
func workers() (int, error) {
	response, err := http.Get(masterPage)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var state struct {
		AliveWorkers int `json:"aliveworkers"`
	}
	err = json.NewDecoder(response.Body).Decode(&state)
	return state.AliveWorkers, err
}

// patience is how long a job may take: none waits for anything longer than for a few sessions to end.
const patience = 12 * time.Minute

// drive runs the driver's pod to its end and returns its exit code.
func (w *world) drive(ctx context.Context, s Submission) (int, error) {
	class := "org.apache.spark.deploy.PythonRunner"
	if w.Plan.Java != nil {
		class = w.Plan.Java[w.Run.Spark]
	}
	args := []string{"driver", "--properties-file", filepath.Join(w.Work, "spark.properties"), "--class", class, w.Program()}
	p, err := w.pod("driver", s.Driver, []string{"SPARK_DRIVER_BIND_ADDRESS=127.0.0.1"}, append(args, w.Plan.Arguments()...)...)
	if err == nil {
		err = s.write(filepath.Join(w.Work, "spark.properties"))
	}
	if err != nil {
		return 0, err
	}
	log, err := os.Create(filepath.Join(w.Work, "driver.log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Program, p.Arguments...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = p.Env, p.Dir, log, log
	err = cmd.Run()
	if ctx.Err() != nil {
		return 0, fmt.Errorf("the driver did not end in %v: %w", patience, ctx.Err())
	}
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		return exited.ExitCode(), nil
	}
	return 0, err
}
