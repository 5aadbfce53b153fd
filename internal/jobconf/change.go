package jobconf

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"rolechain/internal/exit"
)

// A Change is what a job lacks.
type Change struct {
	Add     []Setting // properties that it does not have, in this order
	Replace []Replacement
	Image   string // "" for none

	LogURI, LogGroup string // where EMR ships logs to, for a job that does not say so; "" for none

	filled int // how often nulls were filled for it
}

// A Setting is a property to be written.
type Setting struct{ Name, Value string }

// A Replacement is another value for a property that was read.
type Replacement struct {
	Property Property
	Value    string
}

// Apply returns the file with the change made. All else stays as it is: order, comments, layout.
func (c *Conf) Apply(change Change) ([]byte, error) {
	if err := c.Editable(); err != nil {
		return nil, err
	}
	if c.documents == nil {
		return c.applyToLines(change)
	}
	e := &editor{c: c}
	for _, r := range change.Replace {
		if r.Property.at == nil {
			return nil, refuse(r.Property.Where, r.Property.Name+" cannot be edited there", "write it into spark-defaults, as "+r.Value)
		}
		e.replace(r.Property.at, r.Value)
	}
	members := make([]pair, len(change.Add))
	for i, s := range change.Add {
		members[i] = pair{s.Name, s.Value}
	}
	if c.isApplication() {
		var spec []pair
		if change.Image != "" {
			spec = []pair{{"image", change.Image}}
		}
		switch properties := c.job.find("sparkConf"); {
		case len(members) == 0:
		case properties != nil: // whose names are exact; merge forgives how a form spells its own
			e.add(properties, members...)
		default:
			spec = append(spec, pair{"sparkConf", members})
		}
		e.merge(c.job, spec)
	} else {
		if change.Image != "" {
			members = append(members, pair{"spark.kubernetes.container.image", change.Image})
		}
		e.intoEMR(members, c.logs(change))
	}
	if e.err != nil {
		return nil, e.err
	}
	if e.nulls != nil {
		return e.applyWithoutNulls(change)
	}
	out, err := e.bytes()
	if err != nil {
		return nil, err
	}
	return out, c.check(out, change)
}

func refuse(where, problem, hint string) error {
	return exit.Because(exit.Conflict, fmt.Errorf("%s: %s", where, problem), hint)
}

// Editable returns why the file cannot be edited, or nil.
func (c *Conf) Editable() error {
	const hint = "-merge edits the JSON of start-job-run (also within a state machine of Step Functions, and as the arguments of Airflow's operator), a spark-defaults.conf, and a SparkApplication; for others, -conf says what is in the way, and -for writes what to put there"
	switch {
	case len(bytes.TrimSpace(c.data)) == 0 && !isLines(filepath.Ext(c.File)):
		return exit.Because(exit.BadSetting, fmt.Errorf("%s: there is nothing in it", c.File), "give the job, or name the file spark-defaults.conf")
	case !c.editable:
		return exit.Because(exit.BadSetting, fmt.Errorf("%s: %s is not edited", c.File, c.Form), hint)
	case c.jobs > 1:
		return exit.Because(exit.BadSetting, fmt.Errorf("%s: there are %d jobs in it, and one is edited", c.File, c.jobs), "give each a file of its own")
	case c.IsApplication() && c.job == nil:
		return exit.Because(exit.BadSetting, fmt.Errorf("%s: the %s has no spec", c.File, c.Form), "a job has one")
	case c.IsEMR() && c.job == nil && c.defaults() == nil && c.configurations() == nil:
		return exit.Because(exit.BadSetting, fmt.Errorf("%s: there are properties in it, but no job that they could be added to", c.File), hint)
	}
	return nil
}

func (c *Conf) isApplication() bool { return strings.HasSuffix(c.Form, "SparkApplication") }

// IsEMR reports whether the file is for start-job-run.
func (c *Conf) IsEMR() bool { return c.documents != nil && !c.isApplication() }

// IsApplication reports whether the file is a SparkApplication.
func (c *Conf) IsApplication() bool { return c.documents != nil && c.isApplication() }

// Defaults returns how many properties the spark-defaults of a job for start-job-run have.
func (c *Conf) Defaults() int {
	if target := c.defaults(); target != nil {
		return len(target.members)
	}
	return 0
}

// configurations returns the list of classifications, or nil.
func (c *Conf) configurations() *node {
	root := c.job
	if root == nil {
		root = c.documents[0]
	}
	if root.kind == list && slices.ContainsFunc(root.items, func(n *node) bool { return n.like("classification") != nil }) {
		return root
	}
	if l := root.like("applicationConfiguration"); l != nil {
		return l
	}
	return root.like("configurationOverrides").like("applicationConfiguration")
}

// defaults returns the properties of spark-defaults, or nil.
func (c *Conf) defaults() *node {
	if root := c.documents[0]; c.job == nil && root.kind == object && slices.ContainsFunc(root.members, func(m member) bool { return strings.HasPrefix(m.name, "spark.") }) {
		return root // properties alone
	}
	if l := c.configurations(); l != nil {
		for _, item := range l.items {
			if item.like("classification").string() == "spark-defaults" && item.like("properties") != nil {
				return item.like("properties")
			}
		}
	}
	return nil
}

// intoEMR adds members to spark-defaults, and logs to configurationOverrides. It makes what there is not yet of the way there.
func (e *editor) intoEMR(members, logs []pair) {
	c, root := e.c, e.c.job
	if root == nil {
		root = c.documents[0]
	}
	name, overrides := c.namer(root), root.like("configurationOverrides")
	classification := []pair{{name("classification"), "spark-defaults"}, {name("properties"), members}}
	switch target, l := c.defaults(), c.configurations(); {
	case len(members) == 0:
	case target != nil:
		e.add(target, members...)
	case l != nil:
		i := slices.IndexFunc(l.items, func(n *node) bool { return n.like("classification").string() == "spark-defaults" })
		if i >= 0 { // without properties
			e.add(l.items[i], classification[1])
		} else {
			e.addItem(l, classification)
		}
	default:
		logs = append([]pair{{name("applicationConfiguration"), []any{classification}}}, logs...)
	}
	switch {
	case len(logs) == 0:
	case overrides != nil:
		e.merge(overrides, logs)
	case root.find("job_driver") != nil: // Airflow's operator has its own arguments in snake_case, and the API's names below them
		e.add(root, pair{"configuration_overrides", logs})
	default:
		e.add(root, pair{name("configurationOverrides"), logs})
	}
}

// logs returns where EMR ships logs to, for a job that does not say so.
func (c *Conf) logs(change Change) []pair {
	if c.job == nil || c.Logs {
		return nil
	}
	name := c.namer(c.job)
	var monitoring []pair
	if change.LogGroup != "" {
		monitoring = append(monitoring, pair{name("cloudWatchMonitoringConfiguration"), []pair{{name("logGroupName"), change.LogGroup}}})
	}
	if change.LogURI != "" {
		monitoring = append(monitoring, pair{name("s3MonitoringConfiguration"), []pair{{name("logUri"), change.LogURI}}})
	}
	if monitoring == nil {
		return nil
	}
	return []pair{{name("monitoringConfiguration"), monitoring}}
}

// namer returns how the file spells EMR's names: as Step Functions does, or as the API does.
func (c *Conf) namer(root *node) func(string) string {
	pascal := root.find("JobDriver") != nil || root.find("ConfigurationOverrides") != nil || root.find("ApplicationConfiguration") != nil
	if l := c.configurations(); l != nil && len(l.items) > 0 {
		pascal = l.items[0].find("Classification") != nil
	}
	return func(name string) string {
		if pascal {
			return strings.ToUpper(name[:1]) + name[1:]
		}
		return name
	}
}

// applyToLines edits a file of properties.
func (c *Conf) applyToLines(change Change) ([]byte, error) {
	if n := len(c.lines); n > 0 && c.lines[n-1].open && (len(change.Add) > 0 || change.Image != "") {
		return nil, refuse(c.where(fmt.Sprintf("line %d", c.lines[n-1].number)), c.lines[n-1].name+" ends in a backslash, and what is added would be a part of it", "take the backslash out")
	}
	var splices []splice
	for _, r := range change.Replace {
		if r.Property.at2 == nil {
			return nil, refuse(r.Property.Where, r.Property.Name+" cannot be edited there", "write "+r.Value)
		}
		splices = append(splices, splice{r.Property.at2.start, r.Property.at2.end, escape(r.Value)})
	}
	separator := " "
	if len(c.lines) > 0 {
		separator = c.lines[0].separator
	}
	if strings.Trim(separator, " \t") == "" {
		separator = " "
	}
	if change.Image != "" {
		change.Add = append(change.Add, Setting{"spark.kubernetes.container.image", change.Image})
	}
	var b bytes.Buffer
	if len(change.Add) > 0 && len(c.data) > 0 && c.data[len(c.data)-1] != '\n' {
		b.WriteByte('\n')
	}
	for _, s := range change.Add {
		between := separator
		if separator == " " && strings.IndexAny(s.Value, "=:") == 0 {
			between = "="
		}
		b.WriteString(s.Name + between + escape(s.Value) + "\n")
	}
	out := apply(c.data, append(splices, splice{len(c.data), len(c.data), b.String()}))
	return out, c.check(out, change)
}

// escape writes a value as java.util.Properties reads it back.
func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(value)
}

// check reads the result again: each change has to be there.
func (c *Conf) check(out []byte, change Change) error {
	again, err := Read(c.File, out)
	if err != nil {
		return fmt.Errorf("reading the result: %w", err)
	}
	has := func(name, value string) bool {
		return slices.ContainsFunc(again.Properties, func(p Property) bool { return p.Name == name && p.Value == value })
	}
	for _, s := range change.Add {
		if !has(s.Name, s.Value) {
			return errors.New(c.File + ": the result lacks " + s.Name)
		}
	}
	for _, r := range change.Replace {
		if !has(r.Property.Name, r.Value) {
			return errors.New(c.File + ": the result lacks " + r.Property.Name)
		}
	}
	return nil
}
