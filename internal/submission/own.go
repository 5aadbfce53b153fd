package submission

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rolechain/internal/exit"
)

// Iceberg's S3FileIO is no file system of Hadoop's: it has an AWS SDK v2 of its own, asks that SDK's default chain, and
// makes the provider that it is told by a static create(). That of container credentials has one since 2.29.
const (
	s3FileIO    = "org.apache.iceberg.aws.s3.S3FileIO"
	containerV2 = "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"
)

// iceberg has S3FileIO work as the client role in each of the catalogs.
func (s *Submission) iceberg(provider string) error {
	var problems []error
	for _, c := range s.IcebergCatalogs {
		if c == "" || !only(c, lower+strings.ToUpper(lower)+digits+"_") {
			problems = append(problems, exit.Because(exit.BadSetting, fmt.Errorf("-iceberg-catalog: %q is not a catalog's name", c), "the NAME of spark.sql.catalog.NAME"))
		}
		s.Properties["spark.sql.catalog."+c+".io-impl"] = s3FileIO
		s.Properties["spark.sql.catalog."+c+credentialsOfCatalog] = provider
	}
	return errors.Join(problems...)
}

// credentialsOfCatalog is how the property ends that names the provider for a catalog.
const credentialsOfCatalog = ".client.credentials-provider"

// written are the flags that write a property which is not about the chain.
var written = map[string]string{
	imageProperty:                "-image",
	"spark.kubernetes.namespace": "-namespace",
	"spark.kubernetes.authenticate.driver.serviceAccountName":   "-service-account",
	"spark.kubernetes.authenticate.executor.serviceAccountName": "-service-account",
	"spark.app.name":                  "-name",
	"spark.master":                    "-master",
	"spark.driver.extraJavaOptions":   "-conf FILE, which keeps options of JVMs that do no harm",
	"spark.executor.extraJavaOptions": "-conf FILE, which keeps options of JVMs that do no harm",
}

// addOwn adds the job's own properties. What would be a warning about an existing configuration is refused: nothing is
// written that defeats the rest.
func (s *Submission) addOwn() error {
	var problems []error
	fail := func(item, problem, hint string) {
		problems = append(problems, exit.Because(exit.BadSetting, fmt.Errorf("-property: %q %s", item, problem), hint))
	}
	var list []Property
	for _, item := range s.Own {
		name, value, found := strings.Cut(item, "=")
		switch {
		case !found || !strings.HasPrefix(name, "spark.") || name == "spark." || !only(name, lower+strings.ToUpper(lower)+digits+"._-"):
			fail(item, "is not spark.NAME=VALUE", "for example -property spark.executor.instances=3")
		case written[name] != "":
			fail(item, "is written by another flag", "write it with "+written[name])
		case !carried(value):
			fail(item, notCarried, carryHint)
		case slices.ContainsFunc(list, func(p Property) bool { return p.Name == name }):
			fail(item, "is set twice", "set it once")
		default:
			list = append(list, Property{name, value})
		}
	}
	for _, n := range s.defeats("-property", list) {
		problems = append(problems, exit.Because(exit.BadSetting, errors.New(n.Text), n.Hint))
	}
	for _, p := range list {
		s.Properties[p.Name] = p.Value
	}
	return errors.Join(problems...)
}

// Spark reads values from properties files, replaces ${…} in them and takes the blanks off their ends; Kubernetes replaces
// $(…); and YAML reads no control characters beyond ASCII's, and nothing that is not UTF-8.
const (
	notCarried = "has characters that the way through Spark's and Kubernetes' files would change"
	carryHint  = "leave out quotes, $, \\, control characters, and blanks at the ends"
)

func carried(value string) bool {
	return plain(value) && strings.TrimSpace(value) == value && !strings.ContainsAny(value, `'"\$`)
}

// plain is whether every form can carry a text as it is: YAML is the one with the fewest characters.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' })
}
