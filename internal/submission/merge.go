package submission

import (
	"errors"
	"fmt"
	"slices"

	"rolechain/internal/exit"
	"rolechain/internal/jobconf"
)

// Merge returns what a job that exists lacks of the submission. The error joins an *exit.Error with exit.Conflict for each
// setting of the job that contradicts it; findings are what else there is to say.
func Merge(r Request, c *jobconf.Conf) (change jobconf.Change, findings []Finding, err error) {
	if err := c.Editable(); err != nil {
		return change, nil, err
	}
	var problems []error
	for _, same := range []struct {
		flag, property string
		value          *string
		found          string
	}{{"-job-role", "executionRoleArn", &r.JobRole, c.JobRole}, {"-release", "releaseLabel", &r.Release, c.Release}} {
		property := c.Find(same.property)
		switch {
		case *same.value == "" && !hasTemplate(property):
			*same.value = same.found
		case len(property) > 0 && same.flag == "-job-role" && *same.value != same.found && !hasTemplate(property):
			problems = append(problems, conflict(property[0], fmt.Sprintf("is %q, and %s is %q", same.found, same.flag, *same.value), "write one of them"))
		}
	}
	form := SparkSubmit // variables among the properties, and no more
	switch {
	case c.IsEMR():
		form = EMR
	case c.IsApplication():
		form = Operator
	}
	if r.Form != "" && r.Form != form {
		return change, nil, refuse(fmt.Errorf("-for: %q is not what %s is: it is for %s", r.Form, c.File, form), "leave -for out")
	}
	r.Form, r.merge, r.Conf = form, true, c.Properties
	s, err := Make(r)
	if err != nil {
		return change, nil, errors.Join(append(problems, err)...)
	}
	for _, n := range s.Notes {
		findings = append(findings, Finding{n, Doubt})
	}
	for _, f := range s.judge("-merge", c.Properties) {
		if f.Weight == Conflict {
			problems = append(problems, exit.Because(exit.Conflict, errors.New(f.Text), f.Hint))
		} else {
			findings = append(findings, f)
		}
	}
	change, more := s.lacking(c)
	problems = append(problems, more...)
	if s.form.limits && c.Defaults()+len(change.Add) > maxProperties {
		problems = append(problems, exit.Because(exit.Conflict, fmt.Errorf("-merge: %s would have %d properties, more than the %d that start-job-run takes",
			c.File, c.Defaults()+len(change.Add), maxProperties), "put variables into pod templates, -for pod-template, or into the image"))
	}
	return change, findings, errors.Join(problems...)
}

func hasTemplate(list []jobconf.Property) bool {
	return slices.ContainsFunc(list, func(p jobconf.Property) bool { return p.Unknown })
}

func conflict(p jobconf.Property, problem, hint string) error {
	return exit.Because(exit.Conflict, fmt.Errorf("-merge: %s: %s %s", p.Where, p.Name, problem), hint)
}

// lacking returns what a job does not have yet, and what is in the way of it.
func (s Submission) lacking(c *jobconf.Conf) (change jobconf.Change, problems []error) {
	ours := s.properties()
	delete(ours, imageProperty)
	for _, name := range sorted(ours) {
		existing := c.Find(name)
		if len(existing) == 0 {
			change.Add = append(change.Add, jobconf.Setting{Name: name, Value: ours[name]})
			continue
		}
		// Of two the one that counts is edited. Others that differ have been found already.
		if last := effective(existing); isJavaOptions(name) && last.Value != ours[name] {
			change.Replace = append(change.Replace, jobconf.Replacement{Property: last, Value: ours[name]})
		}
	}
	if s.Image != "" {
		images := slices.Concat(c.Find(imageProperty), c.Find("spark.kubernetes.driver.container.image"), c.Find("spark.kubernetes.executor.container.image"))
		change.Image = s.Image
		for _, p := range images {
			if p.Name == imageProperty {
				change.Image = ""
			}
			if p.Value != s.Image && !p.Unknown {
				problems = append(problems, conflict(p, fmt.Sprintf("is %q, and -image is %q", p.Value, s.Image), "take it out of the job, or leave -image out if the job's image has rolechain"))
			}
		}
	}
	change.LogURI, change.LogGroup = s.LogURI, s.LogGroup
	return change, problems
}

// effective returns the property that counts, of those of one name.
func effective(list []jobconf.Property) jobconf.Property {
	best := list[0]
	for _, p := range list[1:] {
		if p.Above != "" || best.Above == "" {
			best = p
		}
	}
	return best
}
