package submission

import (
	"maps"
	"strings"
	"testing"

	"rolechain/internal/jobconf"
)

// S3FileIO's provider in each delivery. Those of Apache's Spark have been run (docs/decisions.md); EMR's cannot be.
func TestIceberg(t *testing.T) {
	const (
		container = "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"
		profile   = "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider"
	)
	for _, test := range []struct{ release, delivery, want string }{
		{"spark-3.5", "endpoint", container},
		{"spark-4.0", "endpoint", container},
		{"emr-7.10.0", "endpoint", container},
		{"spark-3.5", "file", profile},
		{"spark-3.5", "profile", profile},
		{"spark-4.0", "file", profile},
		{"spark-4.0", "profile", profile},
		{"emr-6.15.0", "profile", profile},
	} {
		s, err := Make(request(func(r *Request) {
			r.Release, r.Delivery, r.IcebergCatalogs = test.release, test.delivery, []string{"client", "other_1"}
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []string{"client", "other_1"} {
			io, provider := s.Properties["spark.sql.catalog."+c+".io-impl"], s.Properties["spark.sql.catalog."+c+".client.credentials-provider"]
			if io != "org.apache.iceberg.aws.s3.S3FileIO" || provider != test.want {
				t.Errorf("%s, %s: %s by %s, want %s", test.release, test.delivery, io, provider, test.want)
			}
		}
	}
	// Without a bucket of the job's, EMRFS's releases have no option that leads elsewhere.
	s, err := Make(request(func(r *Request) {
		r.Release, r.JobBuckets, r.IcebergCatalogs = "emr-6.15.0", nil, []string{"client"}
	}))
	if got := s.Properties["spark.sql.catalog.client.client.credentials-provider"]; err != nil || got != profile {
		t.Errorf("%s, %v", got, err)
	}
}

// What is written for each kind of catalog that AWS has, and in whose names.
func TestCatalogKinds(t *testing.T) {
	const (
		plain = "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"
		spark = "org.apache.iceberg.spark.SparkCatalog"
	)
	for kind, want := range map[string]map[string]string{
		"glue": {"": spark, ".type": "glue", ".client.credentials-provider": plain},
		"rest-glue": {"": spark, ".type": "rest", ".uri": "https://glue.eu-west-1.amazonaws.com/iceberg", ".rest.sigv4-enabled": "true",
			".rest.signing-name": "glue", ".rest.signing-region": "eu-west-1", ".warehouse": "222222222222", ".client.credentials-provider": plain},
		"rest-s3tables": {"": spark, ".type": "rest", ".uri": "https://s3tables.eu-west-1.amazonaws.com/iceberg", ".rest.sigv4-enabled": "true",
			".rest.signing-name": "s3tables", ".rest.signing-region": "eu-west-1", ".client.credentials-provider": plain},
		"s3tables": {"": spark, ".catalog-impl": "software.amazon.s3tables.iceberg.S3TablesCatalog"},
	} {
		s, err := Make(request(func(r *Request) {
			r.Release, r.Region, r.IcebergCatalogs = "spark-3.5", "eu-west-1", []string{"lake=" + kind}
		}))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		got := map[string]string{}
		for name, value := range s.Properties {
			if end, is := strings.CutPrefix(name, "spark.sql.catalog.lake"); is {
				got[end] = value
			}
		}
		if io := got[".io-impl"]; io != "org.apache.iceberg.aws.s3.S3FileIO" {
			t.Errorf("%s: io-impl is %q", kind, io)
		}
		delete(got, ".io-impl")
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", kind, got, want)
		}
	}
}

func TestCatalogsAreRefused(t *testing.T) {
	for item, want := range map[string]string{
		"lake=hive":          `"lake=hive" is no kind of catalog`,
		"lake=":              `"lake=" is no kind of catalog`,
		"=glue":              `"" is not the name of a catalog`,
		"lake=rest-glue":     `-region is missing`,
		"lake=rest-s3tables": `-region is missing`,
	} {
		_, err := Make(request(func(r *Request) { r.Region, r.IcebergCatalogs = "", []string{item} }))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", item, err, want)
		}
	}
	// Two AWS SDKs, of which no provider is: their default chains have to be the client role.
	for what, change := range map[string]func(*Request){
		"profile":         func(r *Request) { r.Delivery = "profile" },
		"without the jar": func(r *Request) { r.WithoutJar = true },
	} {
		_, err := Make(request(func(r *Request) { r.IcebergCatalogs = []string{"lake=s3tables"}; change(r) }))
		if err == nil || !strings.Contains(err.Error(), "S3TablesCatalog's is software.amazon.s3tables.shaded.awssdk.auth.credentials.ContainerCredentialsProvider") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Make(request(func(r *Request) { r.IcebergCatalogs = []string{"lake", "lake=glue"} })); err == nil || !strings.Contains(err.Error(), `"lake" is there twice`) {
		t.Errorf("two of one name: %v", err)
	}
}

// Another account's catalog, and another partition.
func TestCatalogsElsewhere(t *testing.T) {
	s, err := Make(request(func(r *Request) {
		r.Region, r.IcebergCatalogs = "eu-west-1", []string{"lake=rest-glue"}
		r.Own = []string{"spark.sql.catalog.lake.warehouse=333333333333"}
	}))
	if got := s.Properties["spark.sql.catalog.lake.warehouse"]; err != nil || got != "333333333333" {
		t.Errorf("%q, %v", got, err)
	}
	for partition, c := range map[string]struct{ region, uri string }{
		"aws-cn":   {"cn-north-1", "https://glue.cn-north-1.amazonaws.com.cn/iceberg"},
		"aws-eusc": {"eusc-de-east-1", "https://glue.eusc-de-east-1.amazonaws.eu/iceberg"},
	} {
		s, err = Make(request(func(r *Request) {
			r.JobRole, r.ClientRole = "arn:"+partition+":iam::111111111111:role/job", "arn:"+partition+":iam::222222222222:role/client"
			r.Region, r.IcebergCatalogs = c.region, []string{"lake=rest-glue"}
		}))
		if got := s.Properties["spark.sql.catalog.lake.uri"]; err != nil || got != c.uri {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// What a job has already: clients that follow the default chain to the job execution role, and a provider of the wrong SDK.
func TestCatalogsOfAJob(t *testing.T) {
	const lake = "spark.sql.catalog.lake"
	catalogs := func(properties ...string) []jobconf.Property {
		var list []jobconf.Property
		for _, p := range properties {
			name, value, _ := strings.Cut(p, "=")
			list = append(list, jobconf.Property{Name: lake + name, Value: value})
		}
		return list
	}
	for what, c := range map[string]struct {
		delivery string
		conf     []jobconf.Property
		want     string
	}{
		"signed REST":      {"profile", catalogs(".type=rest", ".rest.sigv4-enabled=true"), "that is the job execution role here"},
		"signed REST, new": {"profile", catalogs(".type=rest", ".rest.auth.type=sigv4"), "that is the job execution role here"},
		"S3 Tables":        {"profile", catalogs(".catalog-impl=software.amazon.s3tables.iceberg.S3TablesCatalog"), "that is the job execution role here"},
		"plain REST":       {"profile", catalogs(".type=rest"), ""},
		"in endpoint":      {"endpoint", catalogs(".type=rest", ".rest.sigv4-enabled=true"), ""},
		"the wrong SDK": {"endpoint", catalogs(".catalog-impl=software.amazon.s3tables.iceberg.S3TablesCatalog",
			".client.credentials-provider=software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"), "none but those that begin with software.amazon.s3tables.shaded.awssdk."},
		"the other SDK": {"endpoint", catalogs(".catalog-impl=software.amazon.s3tables.iceberg.S3TablesCatalog",
			".client.credentials-provider=software.amazon.s3tables.shaded.awssdk.auth.credentials.ContainerCredentialsProvider"), "and S3FileIO none of these"},
	} {
		s, err := Make(request(func(r *Request) { r.Release, r.Delivery, r.Conf = "spark-3.5", c.delivery, c.conf }))
		if err != nil {
			t.Fatal(err)
		}
		var said string
		for _, f := range s.Findings() {
			if f.Weight == Conflict {
				said += f.Text + "\n"
			}
		}
		if c.want == "" && said != "" || !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", what, said, c.want)
		}
	}
}
