package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"rolechain/e2e/jobs"
)

// executorArgument is this program's first argument when it is the worker's java.
const executorArgument = "-executor"

// A Kubelet is what is needed to start the pods of executors.
type Kubelet struct {
	Order
	Submitted []string // variables that the submission gives executors
	Classpath string   // the submission's spark.executor.extraClassPath
}

// javaFor makes a JAVA_HOME for the worker whose java starts an executor's pod.
func (k Kubelet) javaFor() (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	home, file := filepath.Join(k.Work, "kubelet"), filepath.Join(k.Work, "kubelet.json")
	data, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(home, "bin"), 0o755), os.WriteFile(file, data, 0o644)); err != nil {
		return "", err
	}
	shim := fmt.Sprintf("#!/bin/sh\nexec '%s' %s '%s' \"$@\"\n", own, executorArgument, file)
	return home, os.WriteFile(filepath.Join(home, "bin", "java"), []byte(shim), 0o755)
}

// asExecutor is this program in the place of a JVM that the worker wants to start with args: it becomes an executor's pod.
func asExecutor(file string, args []string) error {
	var k Kubelet
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if err != nil {
		return err
	}
	wanted, options, err := readCommand(args)
	if err != nil {
		return err
	}
	// The names are those that Spark on Kubernetes gives a container (BasicExecutorFeatureStep in Spark's sources).
	env := []string{
		"SPARK_DRIVER_URL=" + wanted["--driver-url"],
		"SPARK_EXECUTOR_ID=" + wanted["--executor-id"],
		"SPARK_EXECUTOR_CORES=" + wanted["--cores"],
		"SPARK_EXECUTOR_MEMORY=" + wanted["-Xmx"],
		"SPARK_APPLICATION_ID=" + wanted["--app-id"],
		"SPARK_EXECUTOR_POD_IP=127.0.0.1",
		"SPARK_RESOURCE_PROFILE_ID=0",
	}
	for i, option := range options {
		env = append(env, fmt.Sprintf("SPARK_JAVA_OPT_%d=%s", i, option))
	}
	if k.Classpath != "" {
		env = append(env, "SPARK_CLASSPATH="+k.Classpath)
	}
	w := &world{Order: k.Order}
	w.Plan = jobs.Cases[k.Run.Case-1]
	p, err := w.pod("exec-"+wanted["--executor-id"], k.Submitted, env, "executor")
	if err != nil {
		return err
	}
	if err := os.Chdir(p.Dir); err != nil {
		return err
	}
	return fmt.Errorf("executing %s: %w", p.Program, syscall.Exec(p.Program, append([]string{p.Program}, p.Arguments...), p.Env))
}

// readCommand reads the command line of a CoarseGrainedExecutorBackend: the options of its JVM, a class, and what that is
// told.
func readCommand(args []string) (wanted map[string]string, options []string, err error) {
	wanted = map[string]string{}
	i := 0
	for ; i < len(args) && strings.HasPrefix(args[i], "-"); i++ {
		memory, isMemory := strings.CutPrefix(args[i], "-Xmx")
		switch {
		case args[i] == "-cp":
			i++ // the image has its own
		case isMemory:
			wanted["-Xmx"] = memory
		default:
			options = append(options, args[i])
		}
	}
	for i++; i+1 < len(args); i += 2 {
		wanted[args[i]] = args[i+1]
	}
	for _, name := range []string{"--driver-url", "--executor-id", "--cores", "--app-id", "-Xmx"} {
		if wanted[name] == "" {
			return nil, nil, fmt.Errorf("%q has no %s", args, name)
		}
	}
	return wanted, options, nil
}
