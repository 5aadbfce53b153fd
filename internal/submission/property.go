package submission

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/jobconf"
)

// written has the flags that write properties which are not about the chain.
var written = map[string]string{
	imageProperty:                "-image",
	"spark.kubernetes.namespace": "-namespace",
	"spark.kubernetes.authenticate.driver.serviceAccountName":   "-service-account",
	"spark.kubernetes.authenticate.executor.serviceAccountName": "-service-account",
	"spark.app.name":                  "-name",
	"spark.master":                    "-master",
	"spark.driver.extraJavaOptions":   "-conf FILE, which keeps options of the JVM that do no harm",
	"spark.executor.extraJavaOptions": "-conf FILE, which keeps options of the JVM that do no harm",
}

// addOwn adds the job's own properties. It refuses what is a conflict in an existing configuration, so that nothing is
// written that defeats the rest.
func (s *Submission) addOwn() error {
	var problems []error
	fail := func(item, problem, hint string) {
		problems = append(problems, refuse(fmt.Errorf("-property: %q %s", item, problem), hint))
	}
	var list []jobconf.Property
	for _, item := range s.Own {
		name, value, found := strings.Cut(item, "=")
		switch {
		case !found || !strings.HasPrefix(name, "spark.") || name == "spark." || !only(name, letters+digits+"._-"):
			fail(item, "is not spark.NAME=VALUE", "for example -property spark.executor.instances=3")
		case written[name] != "":
			fail(item, "is written by another flag", "write it with "+written[name])
		case !carried(value):
			fail(item, notCarried, carryHint)
		case slices.ContainsFunc(list, func(p jobconf.Property) bool { return p.Name == name }):
			fail(item, "is set twice", "set it once")
		default:
			list = append(list, jobconf.Property{Name: name, Value: value})
		}
	}
	for _, f := range s.judge("-property", list) {
		switch f.Weight {
		case Conflict:
			problems = append(problems, refuse(errors.New(f.Text), f.Hint))
		case Doubt:
			s.Notes = append(s.Notes, f.Note)
		}
	}
	for _, p := range list {
		s.Properties[p.Name] = p.Value
	}
	return errors.Join(problems...)
}
