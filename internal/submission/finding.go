package submission

import (
	"cmp"
	"fmt"
	"slices"

	"rolechain/internal/jobconf"
)

// A Finding is something about a setting that a job has already.
type Finding struct {
	Note
	Weight Weight
}

// A Weight says how much a finding matters.
type Weight int

const (
	Remark   Weight = iota // something to know
	Doubt                  // may fail, or is not what was meant
	Conflict               // keeps the job from its roles
)

// rules judge a property. Each says what it knows of it and nothing of what the others do.
var rules = []func(*judge, jobconf.Property){
	(*judge).defeats, (*judge).assumes, (*judge).asks, (*judge).freezes, (*judge).stores, (*judge).proxies, (*judge).precedes,
}

// A judge collects findings about a list of properties.
type judge struct {
	Submission
	flag     string
	ours     map[string]string // what the submission writes
	list     []jobconf.Property
	named    map[string][]jobconf.Property // the list, by name
	findings []Finding
}

// Findings returns what there is to say of the existing configuration, if it and the submission were used together.
func (s Submission) Findings() []Finding { return s.judge("-conf", s.Conf) }

func (s Submission) judge(flag string, list []jobconf.Property) []Finding {
	j := &judge{Submission: s, flag: flag, ours: s.properties(), list: list, named: map[string][]jobconf.Property{}}
	for _, p := range list {
		j.named[p.Name] = append(j.named[p.Name], p)
	}
	delete(j.ours, imageProperty) // is not about the chain
	for _, p := range list {
		for _, rule := range rules {
			rule(j, p)
		}
	}
	return j.findings
}

// say adds a finding about p. The text begins with the property's name.
func (j *judge) say(w Weight, p jobconf.Property, hint, format string, args ...any) {
	text := j.flag + ": "
	if p.Where != "" {
		text += p.Where + ": "
	}
	j.findings = append(j.findings, Finding{Note{Text: text + p.Name + " " + fmt.Sprintf(format, args...), Hint: hint}, w})
}

// precedes names settings that are there twice with two values, and which one counts.
func (j *judge) precedes(p jobconf.Property) {
	for _, other := range j.named[p.Name] {
		if other.Value != p.Value && p.Above != "" && other.Above != p.Above {
			j.say(Doubt, p, "keep one of them", "comes before the one in %s, which has another value: %s", p.Above, other.Where)
		}
	}
	i := slices.IndexFunc(j.named[p.Name], func(o jobconf.Property) bool { return o.Above == p.Above })
	if first := j.named[p.Name][i]; first.Where != p.Where && first.Value != p.Value {
		j.say(Doubt, p, "keep one of them", "is set twice, with another value: %s", first.Where)
	}
}

// role describes a role: which of the submission's it is, and its ARN.
func (j *judge) role(arn string) string {
	switch arn {
	case j.Settings.ClientRole:
		return "the client role"
	case j.JobRole, "":
		return "the job execution role"
	}
	return cmp.Or(arn, "the job execution role")
}

// defaultChain returns the role that the default chain of an AWS SDK for Java ends at: the job execution role, by EKS's variables
// or by -Daws.profile, or the client role.
func (j *judge) defaultChain() string {
	if j.chainIsJobRole() {
		return j.JobRole
	}
	return j.Settings.ClientRole
}
