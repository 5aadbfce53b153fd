// Package jobconf reads the settings of Spark jobs that exist, in the forms that teams have them in, and edits them in place:
// input of start-job-run as JSON or YAML (camelCase, PascalCase of Step Functions, snake_case of Airflow and Terraform, ACK's JobRun),
// the Spark Operator's SparkApplication, spark-defaults.conf, scripts and pod templates.
package jobconf

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A Property is one setting of a job.
type Property struct {
	Name, Value string // as Spark has it: a variable of executors is spark.executorEnv.NAME
	Where       string // the file and the place in it
	Above       string // what has less precedence than this, such as "spark-defaults"; "" for nothing
	Unknown     bool   // Value is known only when something else has replaced a variable in it

	at  *node // what to edit; nil in files of lines
	at2 *line
}

// An Unread is a part of a file that may carry settings and was not understood.
type Unread struct{ Where, Text, Hint string }

// A Conf is what a file says about a job.
type Conf struct {
	File       string
	Form       string // "start-job-run JSON"
	Properties []Property
	Unread     []Unread

	// What the job says of itself; "" if it does not.
	Release, JobRole, Image string
	Logs                    bool // it says where its logs go

	data      []byte
	documents []*node
	lines     []line
	job       *node        // the object with jobDriver and configurationOverrides, or the spec of a SparkApplication
	jobs      int          // how many of them there are
	seen      map[any]bool // values that have been read
	editable  bool
	known     bool // there is something of a job in it, if not a property
}

// Read reads a file. Of a property that is there twice, both are in the list.
func Read(file string, data []byte) (*Conf, error) {
	c := &Conf{File: file, data: data}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	var err error
	switch extension := filepath.Ext(file); {
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")): // of PowerShell's >
		return nil, errors.New("it is UTF-16: save it as UTF-8")
	case extension == ".py":
		return nil, errors.New("a program is not read: print the arguments of Airflow's operator as JSON, json.dumps({\"job_driver\": …, \"configuration_overrides\": …}), and give that file")
	case len(text) > 0 && (text[0] == '{' || text[0] == '[' && !isLines(extension)) && extension != ".yaml" && extension != ".yml":
		err = c.readJSON()
	case extension == ".tf" || extension == ".hcl":
		err = c.readHCL()
	case isLines(extension):
		err = c.readLines()
	case bytes.HasPrefix(text, []byte("#!")): // what is in it, such as a manifest, is not the file
		c.readScript(string(data), "")
	case extension == ".yaml" || extension == ".yml" || looksLikeYAML(string(text)):
		err = c.readYAML()
	case looksLikeHCL(string(text)):
		err = c.readHCL()
	case looksLikeScript(string(text)):
		c.readScript(string(data), "")
	default:
		err = c.readLines()
	}
	if err != nil {
		return nil, err
	}
	for _, n := range c.documents {
		c.overlooked(n, false)
	}
	if len(text) > 0 && len(c.Properties) == 0 && len(c.Unread) == 0 && c.job == nil && !c.known {
		return nil, errors.New(`there is no property in it whose name begins with "spark.", and no job`)
	}
	for i := range c.Properties {
		c.Properties[i].Where = c.where(c.Properties[i].Where)
	}
	for i := range c.Unread {
		c.Unread[i].Where = c.where(c.Unread[i].Where)
	}
	return c, nil
}

func isLines(extension string) bool { return extension == ".conf" || extension == ".properties" }

func (c *Conf) where(place string) string { return c.File + " (" + c.Form + ", " + place + ")" }

// place of a node, for a reader of the file.
func (n *node) place() string { return fmt.Sprintf("line %d, %s", n.line, n.path) }

// add adds a property whose value is a scalar, or says that it is not one.
func (c *Conf) add(name string, value *node, above string) {
	if value.kind == object || value.kind == list {
		c.unread(value, name+" is not a text", "write its value as a text")
		return
	}
	c.see(value)
	c.Properties = append(c.Properties, Property{
		Name: name, Value: value.text, Where: value.place(), Above: above, Unknown: value.kind == dynamic || hasTemplate(value.text), at: value,
	})
}

func (c *Conf) unread(at *node, text, hint string) {
	c.see(at)
	c.Unread = append(c.Unread, Unread{at.place(), text, hint})
}

// hasTemplate reports whether something replaces a part of a text before Spark reads it: Jinja, Terraform, Helm, JSONata.
func hasTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "${") || strings.HasPrefix(text, "{%")
}

// Summary says what was read, in one line.
func (c *Conf) Summary() string {
	n, above := 0, 0
	for _, p := range c.Properties {
		if strings.Contains(p.Name, ".") { // entryPoint and the like are not properties
			n++
			if p.Above == "spark-defaults" {
				above++
			}
		}
	}
	number := fmt.Sprintf("%d properties", n)
	if n == 1 {
		number = "1 property"
	}
	s := fmt.Sprintf("read %s of %s in %s", number, c.Form, c.File)
	if above > 0 {
		s += fmt.Sprintf(" (%d of them in sparkSubmitParameters, which come before spark-defaults)", above)
	}
	var unread []string
	for _, u := range c.Unread {
		unread = append(unread, u.Text)
	}
	if len(unread) > 0 {
		s += fmt.Sprintf("; %d not understood: %s", len(unread), strings.Join(unread, "; "))
	}
	return s
}

// Data returns the file as it was read.
func (c *Conf) Data() []byte { return c.data }

// Find returns the properties of a name.
func (c *Conf) Find(name string) []Property {
	return slices.DeleteFunc(slices.Clone(c.Properties), func(p Property) bool { return p.Name != name })
}

func hasLine(text string, begins ...string) bool {
	for l := range strings.Lines(text) {
		l = strings.TrimPrefix(strings.TrimLeft(l, " \t"), "- ")
		for _, b := range begins {
			if strings.HasPrefix(l, b) {
				return true
			}
		}
	}
	return false
}

func looksLikeYAML(text string) bool {
	return strings.HasPrefix(text, "---") || hasLine(text, "apiVersion:", "kind:", "spec:", "sparkConf:", "hadoopConf:", "jobDriver:", "JobDriver:",
		"configurationOverrides:", "ConfigurationOverrides:", "applicationConfiguration:", "ApplicationConfiguration:", "classification:", "Classification:")
}

func looksLikeHCL(text string) bool {
	return hasLine(text, `resource "`, `module "`, "locals {", "job_driver {", "spark_submit_parameters =", "job_template_data {")
}

func looksLikeScript(text string) bool {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); strings.HasPrefix(l, "#") || strings.HasPrefix(l, "spark.") {
			continue // a comment, or a property whose value has such a word in it
		}
		for _, word := range []string{"spark-submit", "--conf", "start-job-run"} {
			if strings.Contains(l, word) {
				return true
			}
		}
	}
	return false
}
