package submission

import (
	"maps"
	"slices"
)

// properties returns all properties of Spark: those of the table of providers, the limit of executors that fail, the image, and,
// unless pod templates have them, each variable for the driver and for the executors.
func (s Submission) properties() map[string]string {
	p := maps.Clone(s.Properties)
	s.boundFailures(p)
	if s.Image != "" {
		p[imageProperty] = s.Image
	}
	if s.JavaOption != "" {
		for _, name := range []string{"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"} {
			p[name] = s.withExisting(name, s.JavaOption)
		}
	}
	if s.form.templates && s.form.name == SparkSubmit {
		return p // the script knows where the templates are
	}
	if s.form.templates {
		p["spark.kubernetes.driver.podTemplateFile"] = s.templatePlace() + driverTemplate
		p["spark.kubernetes.executor.podTemplateFile"] = s.templatePlace() + executorTemplate
		return p
	}
	for _, v := range s.Variables {
		p["spark.kubernetes.driverEnv."+v.Name] = v.Value
		p["spark.executorEnv."+v.Name] = v.Value
	}
	return p
}

const imageProperty = "spark.kubernetes.container.image"

// sorted returns the names of properties in the order in which every form has them.
func sorted(properties map[string]string) []string {
	return slices.Sorted(maps.Keys(properties))
}
