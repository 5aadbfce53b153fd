package submission

import (
	"fmt"
	"slices"
	"strings"
)

// Injection puts the programs into a pod whose image has none of them, by its template alone: an init container of
// rolechain's image copies them into a volume, and the entrypoint there becomes the container's command. Spark keeps a
// template's command, and EMR refuses it.
const (
	injectVolume = "rolechain"
	injectPlace  = "/opt/rolechain"
	injectedJar  = injectPlace + "/rolechain-hadoop.jar"
)

// checkInject checks -inject and adds what goes with it. Where the image is EMR's, the class path in a submission would
// replace its long default, so that the jar cannot be used.
func (s *Submission) checkInject(fail failure) {
	if s.Inject == "" || s.merge { // a job that exists takes no template
		return
	}
	if !s.form.injects {
		fail("-inject", s.Inject, "has no place in this form", "EMR's pod templates may not change a command: examples/admission has policies that do it for every pod; -inject is for -for spark-submit, operator and, with a release that is not EMR's, pod-template")
		return
	}
	s.form.templates = s.form.templates || s.form.name == SparkSubmit
	if s.Runtime.EMR {
		s.WithoutJar = true
	}
}

// addClassPath has Spark find the jar in the volume.
func (s *Submission) addClassPath() {
	if s.Inject == "" || s.WithoutJar {
		return
	}
	for _, name := range []string{"spark.driver.extraClassPath", "spark.executor.extraClassPath"} {
		entries := strings.Split(s.Properties[name], ":")
		if s.Properties[name] == "" {
			entries = nil
		}
		if !slices.Contains(entries, injectedJar) {
			s.Properties[name] = strings.Join(append(entries, injectedJar), ":")
		}
	}
}

// podSpec returns the spec of a pod template for the driver or the executors. Without -inject it can have no more of the chain
// than its variables.
func (s Submission) podSpec(role, indent string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, indent+format+"\n", args...) }
	line("spec:")
	if s.ServiceAccount != "" && s.form.name != Operator {
		line("  serviceAccountName: %s", yaml(s.ServiceAccount))
	}
	if s.Inject != "" {
		line("  initContainers:")
		line("    - name: rolechain")
		line("      image: %s", yaml(s.Inject))
		line("      command: [/opt/rolechain/rolechain, install, /rolechain]")
		line("      volumeMounts:")
		line("        - {name: %s, mountPath: /rolechain}", injectVolume)
		line("      securityContext: {runAsUser: 65534, runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}")
		line("      resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: \"1\", memory: 64Mi}}")
		line("  volumes:")
		line("    - {name: %s, emptyDir: {}}", injectVolume)
	}
	// Spark takes the first container; EMR knows its own by these names (EMR on EKS development guide, "Using pod templates").
	line("  containers:")
	line("    - name: spark-kubernetes-%s", role)
	if s.Inject != "" {
		line("      command: [%s/entrypoint]", injectPlace)
		line("      volumeMounts:")
		line("        - {name: %s, mountPath: %s, readOnly: true}", injectVolume, injectPlace)
	}
	if s.form.templates {
		line("      env:")
		for _, v := range s.Variables {
			line("        - name: %s", v.Name)
			line("          value: %s", yaml(v.Value))
		}
	}
	return b.String()
}
