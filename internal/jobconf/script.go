package jobconf

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rolechain/internal/shell"
)

// A word is one of a command, with its place.
type word struct {
	text, where string
	line        int
}

// words are those of a text, or of a list of texts, in JSON or YAML.
func words(n *node) []word {
	text := n.text
	if n.kind == list {
		text = texts(n, " ")
	}
	var all []word
	for _, w := range shell.Split(text) {
		all = append(all, word{w, n.place(), n.line})
	}
	return all
}

// readScript reads the calls of spark-submit and of start-job-run in a script.
func (c *Conf) readScript(text, above string) {
	c.Form = "script"
	var all []word
	for _, w := range shell.Words(text) {
		all = append(all, word{w.Text, fmt.Sprintf("line %d", w.Line), w.Line})
	}
	c.readArguments(all, above)
	before := ""
	for i, l := range strings.Split(text, "\n") {
		goesOn := strings.HasSuffix(before, `\`) || strings.HasSuffix(before, "--conf") // an argument, which has been read
		before = strings.TrimRight(l, " \t\r")
		where := fmt.Sprintf("line %d", i+1)
		isRead := func(p Property) bool { return p.Where == where || strings.HasPrefix(p.Where, where+",") } // of JSON among the arguments
		if settingLine.MatchString(l) && !goesOn && !slices.ContainsFunc(c.Properties, isRead) {
			c.Unread = append(c.Unread, Unread{where, "a file within the script, which has settings of Spark", "give what it will be to -conf as well"})
			break
		}
	}
}

// settingLine is a property in a file of YAML, JSON or properties.
var settingLine = regexp.MustCompile(`^[ \t]*["']?spark\.[\w.-]+["']?([ \t]*[:=]|[ \t]+[^\s])`)

// arguments are those of spark-submit that are a property under another name.
var arguments = map[string]string{
	"--jars": "spark.jars", "--files": "spark.files", "--py-files": "spark.submit.pyFiles", "--archives": "spark.archives",
	"--driver-java-options": "spark.driver.extraJavaOptions", "--driver-class-path": "spark.driver.extraClassPath",
}

// switches are the arguments of spark-submit that take no value.
var switches = []string{"--verbose", "-v", "--supervise", "--help", "-h", "--version"}

func (c *Conf) readArguments(all []word, above string) {
	ofJob := false // behind the job's file stand the job's own arguments
	isCall := func(w word) bool { return strings.HasSuffix(w.text, "spark-submit") || w.text == "start-job-run" }
	before := slices.ContainsFunc(all, isCall) // words before the first call are no arguments of one
	for i := 0; i < len(all); i++ {
		w := all[i]
		if isCall(w) {
			ofJob, before = false, false
			continue
		}
		flag, value, joined := strings.Cut(w.text, "=")
		if !strings.HasPrefix(flag, "-") || ofJob {
			if isVariable(w.text) && !ofJob && !before {
				c.Unread = append(c.Unread, Unread{w.where, w.text + " may hold arguments", "give what it will be"})
			}
			if program := strings.HasSuffix(w.text, ".py") || strings.HasSuffix(w.text, ".jar") || strings.HasSuffix(w.text, ".R"); program && !ofJob {
				ofJob = true
				c.Properties = append(c.Properties, Property{Name: "entryPoint", Value: w.text, Where: w.where, Unknown: strings.Contains(w.text, "$")})
			}
			continue
		}
		takesAny := arguments[flag] != "" // options of a JVM may begin with --, too
		if !joined && !slices.Contains(switches, flag) && i+1 < len(all) && (takesAny || !strings.HasPrefix(all[i+1].text, "--")) {
			i++
			value = all[i].text
		}
		switch property := arguments[flag]; {
		case property != "":
			c.addWord(w, property, value, above)
		case flag == "--conf" || flag == "-c":
			if name, setting, found := strings.Cut(value, "="); found {
				c.addWord(w, name, setting, above)
			} else {
				c.Unread = append(c.Unread, Unread{w.where, "--conf " + value + " is not NAME=VALUE", "give what it will be"})
			}
		case flag == "--properties-file":
			c.Unread = append(c.Unread, Unread{w.where, "--properties-file " + value + ": its properties are not read", "give that file to -conf as well"})
		case flag == "--job-driver" || flag == "--configuration-overrides" || flag == "--cli-input-json" || flag == "--cli-input-yaml":
			c.readParameter(w, flag, value)
		case flag == "--execution-role-arn":
			c.JobRole = value
		case flag == "--release-label":
			c.Release = value
		}
	}
}

// readParameter reads a parameter of `aws emr-containers start-job-run`.
func (c *Conf) readParameter(w word, flag, value string) {
	n, err := parseJSON([]byte(value))
	if err != nil {
		if strings.ContainsAny(value, " ={") { // no name of a file: it may hold secrets
			value = "is no JSON"
		}
		c.Unread = append(c.Unread, Unread{w.where, flag + " " + value, "give the file, or the JSON, to -conf as well"})
		return
	}
	n.inside(&node{path: flag + " $", line: w.line - 1})
	c.readEMR(n)
}

func (c *Conf) addWord(w word, name, value, above string) {
	if !isRead(name) {
		c.Unread = append(c.Unread, Unread{w.where, "--conf " + quoteJSON(name) + ignoredBySpark, ignoredHint})
		return
	}
	c.Properties = append(c.Properties, Property{Name: name, Value: value, Where: w.where, Above: above, Unknown: strings.ContainsAny(value, "$`") || hasTemplate(value)})
}

// isVariable reports whether a word of a script is a variable and nothing else, which may hold arguments.
func isVariable(text string) bool {
	return strings.HasPrefix(text, "$") && text != "$@" && text != "$*" && !strings.HasPrefix(text, "$(") && !strings.ContainsAny(text, "/:") && len(text) > 2
}
