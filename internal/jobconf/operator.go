package jobconf

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// readYAML reads manifests of Kubernetes, input of start-job-run, or properties alone.
func (c *Conf) readYAML() error {
	documents, err := parseYAML(c.data)
	if err != nil {
		return err
	}
	c.documents, c.editable, c.Form = documents, true, "YAML"
	var unknown []string
	for _, n := range documents {
		unknown = append(unknown, c.readManifest(n)...)
	}
	if len(c.Properties) == 0 && c.job == nil && len(unknown) > 0 {
		return fmt.Errorf("%s is not a kind that this reads: SparkApplication, ScheduledSparkApplication, ACK's JobRun, Pod, ConfigMap", strings.Join(unknown, ", "))
	}
	return nil
}

// kinds are the objects of Kubernetes that are read.
var kinds = []string{"SparkApplication", "ScheduledSparkApplication", "JobRun", "JobTemplate", "Pod", "PodTemplate", "ConfigMap", "List"}

// readManifest reads an object of Kubernetes, or input of start-job-run. It returns kinds that it does not know.
func (c *Conf) readManifest(n *node) (unknown []string) {
	switch kind := n.find("kind").string(); {
	case kind == "SparkApplication":
		c.Form = kind
		c.readApplication(n.find("spec"))
	case kind == "ScheduledSparkApplication":
		c.Form = kind
		c.readApplication(n.find("spec").find("template"))
	case kind == "JobRun" || kind == "JobTemplate":
		c.Form = kind + " of ACK"
		if spec := n.find("spec"); spec != nil {
			c.readEMR(spec)
		}
		c.editable = false
	case kind == "Pod" || kind == "PodTemplate":
		c.Form = "pod template"
		if template := n.find("template"); template != nil {
			n = template
		}
		c.readPod(n.find("spec"), "")
		c.editable = false
	case kind == "ConfigMap":
		c.readConfigMap(n)
		c.editable = false
	case kind == "List" && n.find("items") != nil:
		for _, item := range n.find("items").items {
			unknown = append(unknown, c.readManifest(item)...)
		}
	case kind != "":
		return []string{kind}
	case n.find("sparkConf") != nil || n.find("hadoopConf") != nil:
		c.Form = "SparkApplication"
		c.readApplication(n)
	default:
		c.readEMR(n)
		if c.job != nil {
			c.Form = "start-job-run " + c.Form
		}
	}
	return unknown
}

// readApplication reads the spec of a SparkApplication.
func (c *Conf) readApplication(spec *node) {
	if spec == nil || spec.kind != object {
		return
	}
	c.job = spec
	c.jobs++
	c.Image = spec.find("image").string()
	if v := cmp.Or(spec.find("sparkVersion").string(), spec.find("runtimeVersions").find("sparkVersion").string()); v != "" {
		c.Release = "spark-" + v
	}
	if _, rest, found := strings.Cut(c.Image, "spark/emr-"); found { // an image of EMR
		if end := strings.IndexAny(rest, ":@/"); end >= 0 {
			rest = rest[:end]
		}
		c.Release = "emr-" + rest
	}
	c.map_(spec.find("sparkConf"), "", "")
	c.map_(spec.find("hadoopConf"), "spark.hadoop.", "")
	for _, f := range []struct{ field, property string }{
		{"image", "spark.kubernetes.container.image"}, {"mainApplicationFile", "mainApplicationFile"},
	} {
		v := spec.find(f.field)
		if _, _, null := c.null(v); v != nil && !null {
			c.add(f.property, v, "sparkConf")
		}
	}
	for _, f := range []string{"sparkConfigMap", "hadoopConfigMap"} {
		if v := spec.find(f); v != nil {
			c.unread(v, f+" names a ConfigMap whose files are not read", "give those files to -conf as well")
		}
	}
	deps := spec.find("deps")
	for _, f := range []struct{ field, property string }{
		{"jars", "spark.jars"}, {"files", "spark.files"}, {"pyFiles", "spark.submit.pyFiles"}, {"archives", "spark.archives"},
	} {
		if v := deps.find(f.field); v != nil && v.kind == list {
			joined := *v
			joined.kind, joined.text = scalar, texts(v, ",")
			c.add(f.property, &joined, "sparkConf")
		}
		if v := spec.find(f.field); v != nil { // Apache's operator
			c.add(f.property, v, "sparkConf")
		}
	}
	c.readPod(spec.find("driverSpec").find("podTemplateSpec").find("spec"), "spark.kubernetes.driverEnv.")
	c.readPod(spec.find("executorSpec").find("podTemplateSpec").find("spec"), "spark.executorEnv.")
	c.readRole(spec.find("driver"), "driver", "spark.kubernetes.driverEnv.")
	c.readRole(spec.find("executor"), "executor", "spark.executorEnv.")
}

// readRole reads what a SparkApplication says of its driver or of its executors.
func (c *Conf) readRole(n *node, role, env string) {
	if n == nil {
		return
	}
	if v := n.find("javaOptions"); v != nil { // the operator applies it after sparkConf
		c.add("spark."+role+".extraJavaOptions", v, "sparkConf")
	}
	if v := n.find("image"); v != nil {
		c.add("spark.kubernetes."+role+".container.image", v, "sparkConf")
	}
	c.map_(n.find("envVars"), env, "sparkConf")
	if refs := n.find("envSecretKeyRefs"); refs != nil {
		c.see(refs)
		for _, m := range refs.members {
			ref := *m.value
			ref.kind, ref.text = scalar, m.value.find("name").string()+":"+m.value.find("key").string()
			c.add("spark.kubernetes."+role+".secretKeyRef."+m.name, &ref, "sparkConf")
		}
	}
	c.readEnv(n, env)
	if template := n.find("template"); template != nil {
		c.readPod(template.find("spec"), env)
	}
}

// readEnv reads env and envFrom of a container, or of a driver.
func (c *Conf) readEnv(n *node, prefix string) {
	if env := n.find("env"); env != nil {
		c.see(env)
		for _, item := range env.items {
			value := item.find("value")
			if value == nil {
				from := *item
				from.kind, from.text = dynamic, ""
				value = &from
			}
			c.add(prefix+item.find("name").string(), value, "")
		}
	}
	if from := n.find("envFrom"); from != nil {
		c.see(from)
		for _, item := range from.items {
			name := "something"
			for _, kind := range []string{"configMapRef", "secretRef"} {
				if ref := item.find(kind); ref != nil {
					name = strings.TrimSuffix(kind, "Ref") + " " + ref.find("name").string()
				}
			}
			c.unread(item, "envFrom: every variable of "+name, "no variable in it may be one by which SDKs find credentials, such as AWS_PROFILE")
		}
	}
}

// readPod reads the containers of a pod: prefix is that of the variables, or "" to tell by the container's name.
func (c *Conf) readPod(spec *node, prefix string) {
	if spec == nil || spec.find("containers") == nil {
		return
	}
	for i, container := range spec.find("containers").items {
		name, env := container.find("name").string(), prefix
		switch {
		case strings.Contains(name, "executor") && prefix == "":
			env = "spark.executorEnv."
		case prefix == "":
			env = "spark.kubernetes.driverEnv."
		}
		if i == 0 || strings.HasPrefix(name, "spark-kubernetes-") {
			c.readEnv(container, env)
		}
	}
}

// readConfigMap reads files of properties in a ConfigMap.
func (c *Conf) readConfigMap(n *node) {
	c.Form = "ConfigMap"
	data := n.find("data")
	if data == nil {
		return
	}
	c.see(data)
	for _, m := range data.members {
		if !strings.HasSuffix(m.name, ".conf") && !strings.HasSuffix(m.name, ".properties") {
			c.unread(m.value, m.name+" is not a file of properties", "look through it for credentials and roles")
			continue
		}
		c.addLines(propertyLines(m.value.text), m.value.line, m.value.path)
	}
}

// map_ reads a map of properties.
func (c *Conf) map_(n *node, prefix, above string) {
	if n == nil {
		return
	}
	c.see(n)
	if n.kind != object {
		if n.text != "" || n.kind == dynamic {
			c.unread(n, "it is not a map", "write NAME: VALUE for each")
		}
		return
	}
	for _, m := range n.members {
		c.add(prefix+m.name, m.value, above)
	}
}

// texts joins the texts of a list.
func texts(n *node, separator string) string {
	var all []string
	for _, item := range n.items {
		all = append(all, item.text)
	}
	return strings.Join(all, separator)
}

var errNothing = errors.New(`there is no property in it whose name begins with "spark."`)
