package submission

import (
	"fmt"
	"strings"

	"rolechain/internal/shell"
)

// script returns a shell script that calls spark-submit in cluster mode. The script's arguments become the job's, behind those in it.
func (s Submission) script() []byte {
	p := s.properties()
	for name, value := range map[string]string{
		"spark.kubernetes.namespace": s.Namespace,
		// Executors get the chain's first hop by the account that they run under, which is not the driver's unless said.
		"spark.kubernetes.authenticate.driver.serviceAccountName":   s.ServiceAccount,
		"spark.kubernetes.authenticate.executor.serviceAccountName": s.ServiceAccount,
	} {
		p[name] = value
	}
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	b.WriteString(s.comments())
	line := func(words ...string) { b.WriteString("  " + shell.Join(words) + " \\\n") }
	b.WriteString("exec spark-submit \\\n")
	line("--master", s.Master)
	line("--deploy-mode", "cluster")
	line("--name", s.Name)
	if s.Class != "" {
		line("--class", s.Class)
	}
	if s.form.templates { // beside this script, wherever it is called from
		b.WriteString("  --conf spark.kubernetes.driver.podTemplateFile=\"$(dirname \"$0\")\"/" + driverTemplate + " \\\n")
		b.WriteString("  --conf spark.kubernetes.executor.podTemplateFile=\"$(dirname \"$0\")\"/" + executorTemplate + " \\\n")
	}
	for _, name := range sorted(p) {
		line("--conf", name+"="+p[name])
	}
	fmt.Fprintf(&b, "  %s \"$@\"\n", shell.Join(append([]string{s.EntryPoint}, s.Arguments...)))
	return []byte(b.String())
}

// comments returns the notes, for forms that have comments.
func (s Submission) comments() string {
	var b strings.Builder
	for _, n := range s.Notes {
		b.WriteString("# " + n.Text + ".\n#   " + n.Hint + "\n")
	}
	return b.String()
}
