package jobconf

import (
	"regexp"
	"slices"
	"strings"
)

// setting is how a property of Spark looks in a text, as an argument or as a line of its own.
var setting = regexp.MustCompile(`(?m)(--conf[ =]+|^[ \t]*|-c +)["'\\]*spark\.[\w.-]+["'\\]*[ \t]*[=: ]`)

// ofOthers are the names of what is beside the job, or the job's own business: settings in there are not Spark's.
var ofOthers = []string{"containers", "initcontainers", "sidecars", "ephemeralcontainers", "entrypointarguments", "arguments"}

// variables are the names under which operators have the variables of a job's pods.
var variables = []string{"env", "envfrom", "envvars", "envoverrides", "envsecretkeyrefs"}

// overlooked says what in a tree looks like a setting and has not been read. The tree is foreign if it is no job, and its variables
// are not a job's: an object of Kubernetes of another kind, a resource of Terraform.
func (c *Conf) overlooked(n *node, foreign bool) {
	const hint = "write it where it is read, or look through it for credentials and roles"
	if n == nil || c.isSeen(n) {
		return
	}
	if kind := n.find("kind").string(); kind != "" {
		foreign = !slices.Contains(kinds, kind)
	}
	for i, m := range n.members {
		name, value := m.name, m.value
		again := slices.IndexFunc(n.members[i+1:], func(o member) bool { return o.name == name })
		switch empty := len(value.members)+len(value.items)+len(value.text) == 0; {
		case c.isSeen(value) || empty:
		case again >= 0 && value.kind != scalar && !value.shared && c.documents != nil: // blocks of Terraform may be
			c.unread(value, name+" is there twice, and the last one counts", "keep one of them")
		case strings.HasPrefix(name, "spark.") && !strings.Contains(name, "/"): // spark.apache.org/NAME is a label
			c.unread(value, name+" is in a place that is not read", hint)
		case slices.Contains(variables, plainName(name)):
			if !foreign {
				c.unread(value, name+" has variables in a place that is not read", hint)
			}
		case slices.Contains(ofOthers, plainName(name)) && value.kind == list && !foreign:
		case value.kind == list && setting.MatchString(texts(value, " ")), value.kind != object && setting.MatchString(value.text):
			c.unread(value, name+" has settings of Spark in a text that is not read", hint)
		default:
			c.overlooked(value, foreign)
		}
	}
	for _, item := range n.items {
		c.overlooked(item, foreign)
	}
}

// see notes that a value has been read, or that it has been said why not.
func (c *Conf) see(n *node) {
	if c.seen == nil {
		c.seen = map[any]bool{}
	}
	c.seen[n.identity()] = true
}

func (c *Conf) isSeen(n *node) bool { return c.seen[n.identity()] }

// identity is that of the value in the file. An alias of YAML and what it stands for have one.
func (n *node) identity() any {
	if n.yaml != nil {
		return n.yaml
	}
	return n
}
