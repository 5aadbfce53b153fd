package submission

import (
	"strings"
	"testing"

	"rolechain/internal/exit"
	"rolechain/internal/jobconf"
)

func TestOwn(t *testing.T) {
	s, err := Make(request(func(r *Request) {
		r.Own = []string{"spark.driver.extraClassPath=/opt/iceberg/*", "spark.executorEnv.TZ=UTC", "spark.empty="}
	}))
	if err != nil {
		t.Fatal(err)
	}
	p := s.properties()
	if p["spark.driver.extraClassPath"] != "/opt/iceberg/*" || p["spark.executorEnv.TZ"] != "UTC" {
		t.Errorf("%v", p)
	}
	if value, there := p["spark.empty"]; value != "" || !there {
		t.Errorf("%v", p)
	}
}

func TestOwnRefusals(t *testing.T) {
	for own, want := range map[string]string{
		"spark.x":                          `-property: "spark.x" is not spark.NAME=VALUE`,
		"fs.s3a.x=1":                       `-property: "fs.s3a.x=1" is not spark.NAME=VALUE`,
		"spark.a b=1":                      `-property: "spark.a b=1" is not spark.NAME=VALUE`,
		"spark.=1":                         `-property: "spark.=1" is not spark.NAME=VALUE`,
		"spark.a=${b}":                     `-property: "spark.a=${b}" has characters`,
		"spark.a= b":                       `-property: "spark.a= b" has characters`,
		"spark.a=b ":                       `-property: "spark.a=b " has characters`,
		"spark.a=b\u0085c":                 `-property: "spark.a=b\u0085c" has characters`,
		"spark.a=b\uffffc":                 `-property: "spark.a=b\uffffc" has characters`,
		"spark.a=b\xffc":                   `-property: "spark.a=b\xffc" has characters`,
		"spark.kubernetes.namespace=x":     `-property: "spark.kubernetes.namespace=x" is written by another flag`,
		"spark.kubernetes.container.image": `-property: "spark.kubernetes.container.image" is not spark.NAME=VALUE`,
		"spark.driver.extraJavaOptions=-X": `-property: "spark.driver.extraJavaOptions=-X" is written by another flag`,
		"spark.executorEnv.ROLE_CHAIN_IRSA_ENV=keep":                        `-property: spark.executorEnv.ROLE_CHAIN_IRSA_ENV is a setting of rolechain that`,
		"spark.kubernetes.driverEnv.ROLE_CHAIN_PROFILES=a=b":                `-property: spark.kubernetes.driverEnv.ROLE_CHAIN_PROFILES is a setting of rolechain that`,
		"spark.executorEnv.AWS_PROFILE=x":                                   `-property: spark.executorEnv.AWS_PROFILE gives SDKs other credentials`,
		"spark.hadoop.fs.s3a.access.key=x":                                  `-property: spark.hadoop.fs.s3a.access.key gives keys that do not change`,
		"spark.sql.catalog.c.io-impl=org.apache.iceberg.aws.s3.S3FileIO":    `-property: spark.sql.catalog.c.io-impl is org.apache.iceberg.aws.s3.S3FileIO, which asks`,
		"spark.hadoop.fs.s3a.aws.credentials.provider=" + profileV2:         `-property: spark.hadoop.fs.s3a.aws.credentials.provider is "` + profileV2 + `", and has to be`,
		"spark.sql.catalog.client.client.credentials-provider=" + profileV2: `-property: spark.sql.catalog.client.client.credentials-provider is "` + profileV2 + `", and has to be`,
	} {
		_, err := Make(request(func(r *Request) { r.Own, r.IcebergCatalogs, r.WithoutJar = []string{own}, []string{"client"}, true }))
		if err == nil || !strings.HasPrefix(err.Error(), want) || exit.CodeOf(err) != exit.BadSetting {
			t.Errorf("%s: %v\nwant %s", own, err, want)
		}
	}
	_, err := Make(request(func(r *Request) { r.Own = []string{"spark.a=1", "spark.a=2"} }))
	if err == nil || !strings.Contains(err.Error(), "is set twice") {
		t.Errorf("%v", err)
	}
}

// What YAML, a shell or Java's properties files give a meaning to is carried as it is by each form.
func TestOwnIsCarried(t *testing.T) {
	for _, value := range []string{"=a", ":a", "#a", "!a", "- a", "a: b # c", "<&>", "a=b=c", "true", "0x10", "*", "{{a}}", "ü☃ ё"} {
		r := request(func(r *Request) { r.Own = []string{"spark.a=" + value} })
		for _, form := range Forms() {
			r.Form = form
			if r.Release = "spark-4.0"; form == EMR || form == ManagedEndpoint {
				r.Release = "emr-7.10.0"
			}
			s, err := Make(r)
			if err != nil {
				t.Fatal(err)
			}
			files := s.Files()
			last := files[len(files)-1]
			read, err := jobconf.Read(last.Name, last.Data)
			if err != nil {
				t.Fatal(err)
			}
			if list := read.Find("spark.a"); len(list) != 1 || list[0].Value != value {
				t.Errorf("%s, %q: %v", form, value, list)
			}
		}
	}
}

// EMR takes no property without a value; the others do.
func TestOwnWithoutValue(t *testing.T) {
	_, err := Make(request(func(r *Request) { r.Form, r.Release, r.Own = EMR, "emr-7.10.0", []string{"spark.a="} }))
	if err == nil || !strings.HasPrefix(err.Error(), "spark.a has no value") || exit.CodeOf(err) != exit.BadSetting {
		t.Errorf("%v", err)
	}
}
