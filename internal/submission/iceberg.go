package submission

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rolechain/internal/jobconf"
	"rolechain/internal/settings"
)

// Iceberg's S3FileIO is not a file system of Hadoop. It has an AWS SDK v2 of its own and asks that SDK's default chain, unless a
// property names a provider, which it makes by a static create(). The provider of container credentials has one since 2.29. The
// clients of Iceberg's catalogs in AWS, and what signs requests to a REST catalog, take the same provider from the same property.
const (
	s3FileIO    = "org.apache.iceberg.aws.s3.S3FileIO"
	containerV2 = "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"

	catalogs             = "spark.sql.catalog."
	credentialsOfCatalog = ".client.credentials-provider" // the end of the name of the property
)

// Kinds of catalogs that AWS has, as -iceberg-catalog NAME=KIND names them. Without a kind the catalog is the job's business.
const (
	noKind       = ""
	kindGlue     = "glue"
	kindRESTGlue = "rest-glue"
	kindRESTS3   = "rest-s3tables"
	kindS3Tables = "s3tables"
)

var catalogKinds = []string{kindGlue, kindRESTGlue, kindRESTS3, kindS3Tables}

// A catalog is one of Iceberg's whose clients are to be the client role.
type catalog struct{ name, kind string }

// catalogOf reads NAME or NAME=KIND. The kind may be one that there is not.
func catalogOf(item string) catalog {
	name, kind, _ := strings.Cut(item, "=")
	return catalog{name, kind}
}

// hasCatalog reports whether the submission has a catalog of that name.
func (s Submission) hasCatalog(name string) bool {
	return slices.ContainsFunc(s.IcebergCatalogs, func(item string) bool { return catalogOf(item).name == name })
}

// iceberg makes what Iceberg has of AWS's clients work as the client role in each of the catalogs.
func (s *Submission) iceberg(provider string) error {
	var problems []error
	fail := func(hint, format string, args ...any) {
		problems = append(problems, refuse(fmt.Errorf("-iceberg-catalog: "+format, args...), hint))
	}
	var seen []string
	for _, item := range s.IcebergCatalogs {
		c := catalogOf(item)
		hasKind := strings.Contains(item, "=")
		switch {
		case c.name == "" || !only(c.name, letters+digits+"_"):
			fail("the NAME of spark.sql.catalog.NAME", "%q is not the name of a catalog", c.name)
		case hasKind && !slices.Contains(catalogKinds, c.kind):
			fail("one of "+strings.Join(catalogKinds, ", ")+"; or leave it out, and the job says what the catalog is", "%q is no kind of catalog that is known here", item)
		case slices.Contains(seen, c.name):
			fail("name it once", "%q is there twice", c.name)
		case c.kind == kindS3Tables && s.chainIsJobRole():
			fail("-iceberg-catalog "+c.name+"="+kindRESTS3+", whose clients are all of one AWS SDK; or -delivery endpoint and an image with rolechain's jar",
				"%q works by the default chains of two AWS SDKs, which end at the job execution role here, and no provider is of both: S3TablesCatalog's is %s, and S3FileIO's is %s", item, shadedContainer, containerV2)
		case strings.HasPrefix(c.kind, "rest-") && s.Region == "":
			fail("-region, that of the catalog", "%q has its region in its address, and -region is missing", item)
		default:
			maps.Copy(s.Properties, s.catalogProperties(c, provider))
			s.needs(c)
		}
		seen = append(seen, c.name)
	}
	return errors.Join(problems...)
}

// catalogProperties are those of a catalog.
func (s *Submission) catalogProperties(c catalog, provider string) map[string]string {
	properties := map[string]string{".io-impl": s3FileIO, credentialsOfCatalog: provider}
	if c.kind != noKind {
		properties[""] = "org.apache.iceberg.spark.SparkCatalog"
		if c.name == "spark_catalog" { // Spark's own, of which Iceberg's is a part
			properties[""] = "org.apache.iceberg.spark.SparkSessionCatalog"
		}
	}
	rest := func(service string) {
		properties[".type"] = "rest"
		properties[".uri"] = "https://" + service + "." + s.Region + "." + settings.Domain(s.Settings.ClientRole) + "/iceberg"
		properties[".rest.sigv4-enabled"] = "true"
		properties[".rest.signing-name"] = service
		properties[".rest.signing-region"] = s.Region
	}
	switch c.kind {
	case kindGlue:
		properties[".type"] = "glue"
	case kindRESTGlue:
		rest("glue")
		if !s.gives(catalogs + c.name + ".warehouse") { // the catalog's id, which is an account's
			properties[".warehouse"] = settings.Account(s.Settings.ClientRole)
		}
	case kindRESTS3:
		rest("s3tables")
	case kindS3Tables:
		properties[".catalog-impl"] = s3TablesCatalog
		delete(properties, credentialsOfCatalog)
	}
	full := map[string]string{}
	for end, value := range properties {
		full[catalogs+c.name+end] = value
	}
	return full
}

// needs notes what a catalog needs that only the job knows.
func (s *Submission) needs(c catalog) {
	warehouse := catalogs + c.name + ".warehouse"
	if c.kind == kindS3Tables {
		s.note("-iceberg-catalog: "+c.name+" has no "+credentialsOfCatalog[1:]+": S3TablesCatalog would take "+shadedContainer+", and S3FileIO refuses that; the default chains of both are the client role",
			"write none; -iceberg-catalog "+c.name+"="+kindRESTS3+" needs no second AWS SDK")
	}
	switch {
	case s.gives(warehouse):
	case c.kind == kindRESTS3, c.kind == kindS3Tables:
		s.note("-iceberg-catalog: "+c.name+" needs the ARN of its table bucket", "-property "+warehouse+"=arn:aws:s3tables:REGION:ACCOUNT:bucket/NAME")
	case c.kind == kindGlue:
		s.note("-iceberg-catalog: "+c.name+" is the Glue Data Catalog of the client role's account, and needs a place for new tables",
			"-property "+warehouse+"=s3://BUCKET/PREFIX; another account's catalog is -property "+catalogs+c.name+".glue.id=ACCOUNT")
	}
}

// gives reports whether the job has a property of its own.
func (s *Submission) gives(name string) bool {
	return slices.ContainsFunc(s.Own, func(item string) bool { return strings.HasPrefix(item, name+"=") }) ||
		slices.ContainsFunc(s.Conf, func(p jobconf.Property) bool { return p.Name == name })
}

// S3TablesCatalog comes as a jar that has the AWS SDK under other names (runtime/build.gradle of awslabs/s3-tables-catalog), and
// takes a provider only by these. Its S3FileIO is Iceberg's own, which reads the same property and takes only the SDK's own names:
// one of the two refuses whatever is there ("it does not implement", executed with 0.1.8 and Iceberg 1.11.0).
const (
	s3TablesCatalog = "software.amazon.s3tables.iceberg.S3TablesCatalog"
	shadedSDK       = "software.amazon.s3tables.shaded.awssdk."
	plainSDK        = "software.amazon.awssdk."
	shadedContainer = shadedSDK + "auth.credentials.ContainerCredentialsProvider"
)
