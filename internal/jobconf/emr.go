package jobconf

import (
	"bytes"
	"fmt"
	"strings"
)

// readJSON reads one value of JSON: the input of start-job-run in any of its spellings and at any depth, such as in a state
// machine of Step Functions, an object of Kubernetes, or properties alone.
func (c *Conf) readJSON() error {
	text := c.data
	if rest, marked := bytes.CutPrefix(text, []byte("\ufeff")); marked {
		text = append([]byte("   "), rest...) // the same bytes at the same places
	}
	n, err := parseJSON(text)
	if err != nil {
		return err
	}
	c.documents, c.editable, c.Form = []*node{n}, true, "JSON"
	if unknown := c.readManifest(n); len(unknown) > 0 && c.job == nil && len(c.Properties) == 0 {
		c.readEMR(n)
	}
	if strings.HasSuffix(c.File, ".tf.json") { // each block is a list there
		c.Form, c.editable = "Terraform", false
	}
	return nil
}

// readEMR walks through all of a value, since the job can lie at any depth.
func (c *Conf) readEMR(n *node) {
	for _, item := range n.items {
		c.readEMR(item)
	}
	if n.kind != object {
		return
	}
	if kind := n.find("kind").string(); strings.HasSuffix(kind, "SparkApplication") {
		c.readManifest(n)
		return
	}
	if n.like("jobDriver") != nil || n.like("configurationOverrides") != nil {
		c.job = n
		c.jobs++
		c.JobRole = n.like("executionRoleArn").string()
		c.Release = n.like("releaseLabel").string()
		for _, name := range []string{"executionRoleArn", "releaseLabel"} {
			if v := n.like(name); v != nil {
				c.add(name, v, "")
			}
		}
	}
	if name := n.like("classification"); name != nil {
		c.known = true
		c.readClassification(name, n)
		return
	}
	for _, m := range n.members {
		c.readMember(m)
	}
}

func (c *Conf) readMember(m member) {
	value := m.value
	if value.kind == dynamic || value.kind == scalar && strings.HasPrefix(value.text, "{%") {
		switch plainName(m.name) {
		case "jobdriver", "configurationoverrides", "sparksubmitjobdriver", "sparksubmitparameters", "sparksqlparameters", "applicationconfiguration", "properties", "sparksqljobdriver":
			c.unread(value, m.name+" is known only when something else has replaced it", "give what it will be")
			return
		}
	}
	switch name := plainName(m.name); {
	case (name == "sparksubmitparameters" || name == "sparksqlparameters") && value.kind != object: // a list is one that something joins
		c.see(value)
		c.readArguments(words(value), "spark-defaults")
	case name == "configurationoverrides" && value.kind == scalar && value.text != "": // ACK has a text there
		c.see(value)
		c.readText(value)
	case name == "entrypoint" && value.kind == scalar:
		c.add("entryPoint", value, "")
	case name == "monitoringconfiguration":
		c.Logs = c.Logs || value.like("s3MonitoringConfiguration").like("logUri").string() != "" || value.like("cloudWatchMonitoringConfiguration").like("logGroupName").string() != ""
	case strings.HasPrefix(m.name, "spark."):
		c.add(m.name, value, "")
	case strings.HasPrefix(m.name, "fs.s3"):
		c.add("spark.hadoop."+m.name, value, "")
	default:
		c.readEMR(value)
	}
}

// readText reads a configuration that stands in a file as a text.
func (c *Conf) readText(n *node) {
	documents, err := parseYAML([]byte(n.text))
	if err != nil || len(documents) != 1 {
		c.unread(n, "its text is neither JSON nor YAML", "write it as JSON")
		return
	}
	inner := documents[0]
	inner.inside(n)
	c.readEMR(inner)
}

// inside puts a tree that was read from the text of n into its place.
func (n *node) inside(outer *node) {
	n.path, n.line, n.yaml = outer.path+strings.TrimPrefix(n.path, "$"), outer.line+n.line, nil
	for _, m := range n.members {
		m.value.inside(outer)
	}
	for _, item := range n.items {
		item.inside(outer)
	}
}

// readClassification reads one configuration of EMR.
func (c *Conf) readClassification(name, n *node) {
	properties := n.like("properties")
	prefix, known := "", true
	switch name.text {
	case "spark-defaults", "spark":
	case "core-site", "hdfs-site", "emrfs-site", "hive-site", "spark-hive-site":
		prefix = "spark.hadoop."
	case "hudi-defaults", "iceberg-defaults", "delta-defaults":
	case "spark-env", "hadoop-env":
		c.readExports(n)
		return
	case "spark-log4j", "spark-log4j2", "spark-metrics", "livy-conf", "jeg-config", "jupyter-kernel-overrides", "emr-job-submitter", "emr-containers-defaults", "yarn-site", "capacity-scheduler":
		c.see(n)
		return
	default:
		known = false
	}
	if !known || properties != nil && properties.kind == dynamic {
		c.see(n)
		c.unread(name, fmt.Sprintf("the classification %q", name.text), "look through it for credentials and roles")
		return
	}
	if properties == nil {
		return
	}
	for _, m := range properties.members {
		c.add(prefix+m.name, m.value, "")
	}
}

// readExports reads the variables of a spark-env. EMR's entrypoint sources it after rolechain, in driver and executors.
func (c *Conf) readExports(n *node) {
	for _, m := range n.members {
		if plainName(m.name) == "configurations" { // a list, or a block of Terraform
			for _, item := range append([]*node{m.value}, m.value.items...) {
				c.readExports(item)
			}
		}
	}
	if n.like("classification").string() != "export" || n.like("properties") == nil {
		return
	}
	for _, m := range n.like("properties").members {
		c.add(ExportPrefix+m.name, m.value, "")
	}
}

// ExportPrefix begins the names of variables that a spark-env exports.
const ExportPrefix = "spark-env.export."
