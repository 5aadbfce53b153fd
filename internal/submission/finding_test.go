package submission

import (
	"bytes"
	"strings"
	"testing"

	"rolechain/internal/jobconf"
)

// What has been written can be given back: there is nothing to say of it but who reads what, and it changes nothing.
func TestOwnFiles(t *testing.T) {
	for _, form := range Forms() {
		for _, release := range []string{"emr-6.15.0", "emr-7.14.0", "emr-spark-8.1.0", "spark-3.5", "spark-4.0"} {
			for _, delivery := range []string{"profile", "file", "endpoint"} {
				if (form == EMR || form == ManagedEndpoint) && !strings.HasPrefix(release, "emr-") {
					continue
				}
				r := request(func(r *Request) {
					r.Form, r.Release, r.Delivery, r.Image = form, release, delivery, "image"
					r.Set = []string{"ROLE_CHAIN_SESSION_NAME={namespace}.{pod}"}
				})
				first, err := Make(r)
				if err != nil {
					t.Fatal(err)
				}
				files := first.Files()
				last := files[len(files)-1] // has the properties, in every form
				read, err := jobconf.Read(last.Name, last.Data)
				if err != nil || len(read.Properties) < 2 || len(read.Unread) > 0 {
					t.Fatalf("%s: %v %v\n%s", form, err, read.Unread, last.Data)
				}
				r.Conf = read.Properties
				second, err := Make(r)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range second.Findings() {
					if f.Weight != Remark {
						t.Errorf("%s, %s, %s: %s", form, release, delivery, f.Text)
					}
				}
				if again := second.Files(); !bytes.Equal(again[len(again)-1].Data, last.Data) {
					t.Errorf("%s, %s, %s\n%s", form, release, delivery, again[len(again)-1].Data)
				}
			}
		}
	}
}

// Each list of properties alone, and a part of what is said of it; "" for one of which nothing is said but remarks.
func TestFindings(t *testing.T) {
	const third = "arn:aws:iam::333333333333:role/third"
	const iamModule = "software.amazon.msk.auth.iam.IAMLoginModule required"
	for _, test := range []struct{ delivery, name, value, want string }{
		// A role that would assume itself, by each of the options that there are.
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + ` awsRoleArn="` + client + `";`, "has awsRoleArn " + client + ", which MSK's login module assumes once more from the job execution role"},
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + ` awsRoleArn="` + third + `" awsStsRegion="eu-west-1";`, "MSK's login module assumes as the job execution role"},
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + ` awsProfileName="dev";`, "awsProfileName dev, a profile that the role chain does not write"},
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + ` awsProfileName="second";`, ""},
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + ";", ""},
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + ` awsRoleArn = "` + client + `" ;`, "has awsRoleArn " + client + ", which MSK's login module assumes once more"},
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + "\n  awsRoleArn\t=\n\\'" + client + "\\';", "has awsRoleArn " + client + ", which MSK's login module assumes once more"},
		{"endpoint", "spark.kafka.clusters.c.sasl.jaas.config", iamModule + ` awsDebugCreds=true awsProfileName= "dev";`, "awsProfileName dev, a profile that the role chain does not write"},
		{"endpoint", "spark.kafka.sasl.jaas.config", `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required awsRoleArn="` + client + `";`, "has awsRoleArn " + client + ", which MSK's login module assumes once more"},
		{"endpoint", "spark.kafka.sasl.jaas.config", `org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p";`, ""},
		// The same role, spelled otherwise.
		{"endpoint", "spark.kinesis.stsRoleArn", " " + client + " ", "that role would assume itself"},
		{"endpoint", "spark.kinesis.stsRoleArn", strings.ToUpper(client), "that role would assume itself"},
		{"endpoint", "spark.kinesis.stsRoleArn", strings.Replace(client, ":role/", ":role/team/data/", 1), "that role would assume itself"},
		{"endpoint", "spark.kinesis.stsRoleArn", strings.NewReplacer(":iam:", ":sts:", ":role/", ":assumed-role/").Replace(client) + "/session", "that role would assume itself"},
		{"endpoint", "spark.kinesis.stsRoleArn", client + "-other", "the Kinesis connector assumes as the job execution role"},
		{"endpoint", "spark.kinesis.stsRoleArn", strings.Replace(client, "222222222222", "444444444444", 1), "the Kinesis connector assumes as the job execution role"},
		{"endpoint", "spark.kinesis.stsRoleArn", client, "that role would assume itself"},
		{"endpoint", "spark.hoodie.aws.role.arn", client, "that role would assume itself"},
		{"endpoint", "hoodie.aws.role.arn", third, "Hudi assumes as the job execution role"},
		{"endpoint", "spark.sql.catalog.c.client.assume-role.arn", client, "that role would assume itself"},
		{"endpoint", "spark.hive.metastore.glue.role.arn", client, "that role would assume itself"},
		{"endpoint", "spark.hadoop.fs.s3a.bucket.b.assumed.role.arn", client, "that role would assume itself"},
		{"endpoint", "spark.executorEnv.ASSUME_ROLE_CREDENTIALS_ROLE_ARN", client, "gives SDKs other credentials"},
		{"endpoint", "spark.my.own.roleArn", client, "that role would assume itself"},
		{"endpoint", "spark.kinesis.stsRoleArn", job, "would assume the role from which the chain begins"},
		{"endpoint", "spark.executor.instances", "3", ""},
		// Factories that assume a role, and EMR's provider without its variable.
		{"endpoint", "spark.sql.catalog.c.client.factory", "org.apache.iceberg.aws.AssumeRoleAwsClientFactory", "is AssumeRoleAwsClientFactory, which assumes a role itself"},
		{"endpoint", "spark.sql.catalog.c.client.factory", "org.apache.iceberg.aws.lakeformation.LakeFormationAwsClientFactory", "assumes a role itself"},
		{"endpoint", "spark.hadoop.aws.catalog.credentials.provider.factory.class", "com.amazonaws.glue.catalog.metastore.STSAssumeRoleSessionCredentialsProviderFactory", "assumes a role itself"},
		{"profile", "spark.dynamodb.customAWSCredentialsProvider", assumedEMRFS, "needs the variable ASSUME_ROLE_CREDENTIALS_ROLE_ARN"},
		// Who asks DynamoDB and Glue: with a job's bucket in endpoint delivery the default chain is the job execution role.
		{"endpoint", "spark.hoodie.write.lock.provider", "org.apache.hudi.aws.transaction.lock.DynamoDBBasedLockProvider", "Hudi's lock table in DynamoDB: as the job execution role"},
		{"endpoint", "spark.delta.logStore.s3a.impl", "io.delta.storage.S3DynamoDBLogStore", "Delta's table of commits in DynamoDB: as the job execution role"},
		{"endpoint", "spark.sql.catalog.c.lock-impl", "org.apache.iceberg.aws.dynamodb.DynamoDbLockManager", "Iceberg's lock table in DynamoDB: as the job execution role"},
		{"profile", "spark.hadoop.hive.metastore.client.factory.class", "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory", "the Glue Data Catalog: as the job execution role"},
		{"endpoint", "spark.io.delta.storage.S3DynamoDBLogStore.credentials.provider", webIdentityV1, "which endpoint delivery removes"},
		{"endpoint", "spark.dynamodb.customAWSCredentialsProvider", webIdentityV1, "which endpoint delivery removes"},
		{"endpoint", "spark.hadoop.dynamodb.customAWSCredentialsProvider", webIdentityV1, "which endpoint delivery removes"},
		// Static keys of others than S3A.
		{"endpoint", "spark.sql.catalog.c.s3.access-key-id", "AKIA", "gives keys that do not change"},
		{"endpoint", "spark.hadoop.dynamodb.awsAccessKeyId", "AKIA", "gives keys that do not change"},
		{"endpoint", "spark.hoodie.aws.secret.key", "AKIA", "gives keys that do not change"},
		{"endpoint", "spark.hadoop.fs.s3.awsAccessKeyId", "AKIA", "gives keys that do not change"},
		// Connectors that copy the keys of the moment.
		{"endpoint", "spark.redshift.forward_spark_s3_credentials", "true", "gives Redshift the keys of the moment"},
		{"endpoint", "spark.redshift.forward_spark_s3_credentials", "false", ""},
		{"endpoint", "spark.snowflake.tempdir", "s3a://b/x", "gives Snowflake the keys of the moment"},
		// Options of the JVM in variables.
		{"profile", "spark.executorEnv.JAVA_TOOL_OPTIONS", "-Xss2m -Daws.accessKeyId=AKIA", "has -Daws.accessKeyId"},
		{"endpoint", "spark-env.export._JAVA_OPTIONS", "-Daws.profile=dev", "has -Daws.profile"},
		{"endpoint", "spark.executorEnv.JDK_JAVA_OPTIONS", "-Xss2m", ""},
		{"endpoint", "spark.kubernetes.driverEnv.SPARK_SUBMIT_OPTS", `-Dx=C:\ -Daws.profile=dev`, "has -Daws.profile"},
		// What comes after the entrypoint.
		{"endpoint", "spark-env.export.AWS_PROFILE", "dev", "gives SDKs other credentials"},
		{"endpoint", "spark-env.export.CLIENT_ROLE_ARN", client, ""},
		{"endpoint", "spark-env.export.CLIENT_ROLE_ARN", third, "has to be"},
		{"endpoint", "spark.executorEnv.http_proxy", "http://p:3128", "without 127.0.0.1 in NO_PROXY"},
		{"endpoint", "spark-env.export.ALL_PROXY", "http://p:3128", "without 127.0.0.1 in NO_PROXY"},
		{"profile", "spark.executorEnv.http_proxy", "http://p:3128", ""},
		{"endpoint", "spark.executorEnv.NO_PROXY", "localhost,.corp", "without 127.0.0.1"},
		{"endpoint", "spark.executorEnv.NO_PROXY", ".corp,127.0.0.1", ""},
		{"endpoint", "spark.executorEnv.no_proxy", "*", ""},
		{"endpoint", "spark.driver.extraJavaOptions", "-Daws.profile=job-execution-role -Dhttp.nonProxyHosts=*.corp", "-Dhttp.nonProxyHosts without 127.0.0.1"},
		// Places in S3, and who goes there.
		{"endpoint", "spark.eventLog.dir", "s3a://logs-3/x", "is in the bucket logs-3: the driver writes it as the client role"},
		{"profile", "spark.eventLog.dir", "s3a://logs-3/x", "as the job execution role"},
		{"endpoint", "spark.jars", "local:///x.jar,s3://code-3/a.jar", "bucket code-3: driver and executors fetch"},
		{"endpoint", "spark.submit.pyFiles", "s3://code-3/a.zip", "code-3"},
		{"endpoint", "spark.archives", "s3://code-3/env.tgz#environment", "code-3"},
		{"endpoint", "spark.kubernetes.file.upload.path", "s3a://up-3/x", "up-3"},
		{"endpoint", "spark.sql.streaming.checkpointLocation", "s3a://check-3/x", "check-3"},
		{"endpoint", "spark.storage.decommission.fallbackStorage.path", "s3a://fall-3/x", "executors use it as the client role"},
		{"endpoint", "spark.shuffle.s3.rootDir", "s3a://shuffle-3/x", "shuffle-3"},
		{"endpoint", "spark.sql.warehouse.dir", "s3a://house-3/x", "house-3"},
		{"endpoint", "entryPoint", "s3://code-3/job.py", "the driver fetches it as the client role"},
		{"endpoint", "spark.eventLog.dir", "s3a://jobs-1/x", ""}, // which -job-bucket names
		{"endpoint", "spark.eventLog.dir", "hdfs:///x", ""},
		// With the jar Java's default chain is the client role.
		{"endpoint with jar", "spark.kinesis.stsRoleArn", client, "the client role would assume itself"},
		{"endpoint with jar", "spark.my.own.roleArn", client, "the client role would assume itself"},
		{"endpoint with jar", "hoodie.aws.role.arn", third, "Hudi assumes as the client role"},
		{"endpoint with jar", "spark.sql.catalog.c.lock-impl", "org.apache.iceberg.aws.dynamodb.DynamoDbLockManager", ""},
		{"endpoint with jar", "spark.driver.extraJavaOptions", "-Daws.profile=job-execution-role", "has -Daws.profile"},
	} {
		s, err := Make(request(func(r *Request) {
			delivery, jar := strings.CutSuffix(test.delivery, " with jar")
			r.Delivery, r.WithoutJar, r.Profiles = delivery, !jar, []string{"second=" + third}
			r.Conf = []jobconf.Property{{Name: test.name, Value: test.value, Where: "job.json (line 3)"}}
		}))
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, f := range s.Findings() {
			if f.Weight != Remark {
				said += f.Text + "\n"
			}
			if f.Hint == "" || !strings.HasPrefix(f.Text, "-conf: job.json (line 3): "+test.name+" ") {
				t.Errorf("%q, hint %q", f.Text, f.Hint)
			}
		}
		if (said == "") != (test.want == "") || !strings.Contains(said, test.want) || strings.Count(said, "\n") > 1 {
			t.Errorf("%s: %s %s: %q, want %q", test.delivery, test.name, test.value, said, test.want)
		}
		if strings.Contains(said, "AKIA") {
			t.Errorf("a key is in %q", said)
		}
	}
}

// Without a job's bucket the default chain is the client role, which may not assume itself.
func TestAssumesItself(t *testing.T) {
	for name, value := range map[string]string{
		"spark.kafka.sasl.jaas.config":                  `software.amazon.msk.auth.iam.IAMLoginModule required awsRoleArn="` + client + `";`,
		"spark.kinesis.stsRoleArn":                      client,
		"spark.hoodie.aws.role.arn":                     client,
		"spark.sql.catalog.c.client.assume-role.arn":    client,
		"spark.hadoop.hive.metastore.glue.role.arn":     client,
		"spark.hadoop.fs.s3a.bucket.b.assumed.role.arn": client,
		"spark.anything.that.names.a.Role":              client,
	} {
		s, err := Make(request(func(r *Request) { r.JobBuckets, r.Conf = nil, []jobconf.Property{{Name: name, Value: value}} }))
		if f := s.Findings(); err != nil || len(f) != 1 || f[0].Weight != Doubt || !strings.Contains(f[0].Text, "the client role would assume itself") || !strings.Contains(f[0].Hint, "client-role-trust-self.json") {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

// Who reads what is said as a remark, where the job is right.
func TestRemarks(t *testing.T) {
	for _, test := range []struct{ release, name, value, want string }{
		{"emr-7.14.0", "spark.kubernetes.executor.podTemplateFile", "s3://jobs-1/e.yaml", "by EMR, as the job execution role"},
		{"spark-4.0", "spark.kubernetes.driver.podTemplateFile", "s3a://jobs-1/d.yaml", "with the credentials where it runs"},
		{"spark-4.0", "spark.history.fs.logDirectory", "s3a://logs-3/x", "the History Server reads it with credentials of its own"},
		{"spark-4.0", "spark.eventLog.dir", "s3a://jobs-1/x", "the driver writes it as the job execution role"},
		{"spark-4.0", "spark.sql.warehouse.dir", "s3a://data-2/x", "as the client role"},
	} {
		s, err := Make(request(func(r *Request) {
			r.Release, r.Conf = test.release, []jobconf.Property{{Name: test.name, Value: test.value}}
		}))
		if f := s.Findings(); err != nil || len(f) != 1 || f[0].Weight != Remark || !strings.Contains(f[0].Text, test.want) {
			t.Errorf("%s: %v, %v", test.name, f, err)
		}
	}
}

// Of two settings with the same name it is said which one counts.
func TestPrecedence(t *testing.T) {
	find := func(list ...jobconf.Property) string {
		s, err := Make(request(func(r *Request) { r.Conf = list }))
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, f := range s.Findings() {
			said += f.Text + "\n"
		}
		return said
	}
	defaults := jobconf.Property{Name: "spark.executor.cores", Value: "1", Where: "A"}
	above := jobconf.Property{Name: "spark.executor.cores", Value: "2", Where: "B", Above: "spark-defaults"}
	if got := find(defaults, above); strings.Count(got, "\n") != 1 || !strings.Contains(got, "B: spark.executor.cores comes before the one in spark-defaults, which has another value: A") {
		t.Errorf("%q", got)
	}
	again := defaults
	again.Value, again.Where = "3", "C"
	if got := find(defaults, again); strings.Count(got, "\n") != 1 || !strings.Contains(got, "C: spark.executor.cores is set twice, with another value: A") {
		t.Errorf("%q", got)
	}
	twice := above
	twice.Value, twice.Where = "3", "D"
	if got := find(above, twice); strings.Count(got, "\n") != 1 || !strings.Contains(got, "D: spark.executor.cores is set twice, with another value: B") {
		t.Errorf("%q", got)
	}
	noProxy := jobconf.Property{Name: "spark.executorEnv.NO_PROXY", Value: "{{ hosts }}", Unknown: true}
	if got := find(noProxy); got != "" {
		t.Errorf("%q", got)
	}
	same := above
	same.Value = "1"
	if got := find(defaults, same); got != "" {
		t.Errorf("%q", got)
	}
	ours := jobconf.Property{Name: "spark.executorEnv.CLIENT_ROLE_ARN", Value: job, Where: "B", Above: "spark-defaults"}
	if got := find(ours); !strings.Contains(got, "which comes before spark-defaults, and has to be") {
		t.Errorf("%q", got)
	}
	unknown := jobconf.Property{Name: "spark.executorEnv.CLIENT_ROLE_ARN", Value: "{{ role }}", Unknown: true}
	if got := find(unknown); !strings.Contains(got, "and has to become") {
		t.Errorf("%q", got)
	}
}

// EMR's provider has its variable when both have it.
func TestVariableOfEMRsProvider(t *testing.T) {
	provider := jobconf.Property{Name: "spark.dynamodb.customAWSCredentialsProvider", Value: assumedEMRFS}
	driver := jobconf.Property{Name: "spark.kubernetes.driverEnv.ASSUME_ROLE_CREDENTIALS_ROLE_ARN", Value: "arn:aws:iam::333333333333:role/third"}
	executor := driver
	executor.Name = "spark.executorEnv.ASSUME_ROLE_CREDENTIALS_ROLE_ARN"
	for _, test := range []struct {
		list []jobconf.Property
		want bool
	}{{[]jobconf.Property{provider}, true}, {[]jobconf.Property{provider, driver}, true}, {[]jobconf.Property{provider, driver, executor}, false}} {
		s, err := Make(request(func(r *Request) { r.Delivery, r.Conf = "profile", test.list }))
		if err != nil {
			t.Fatal(err)
		}
		got := false
		for _, f := range s.Findings() {
			got = got || strings.Contains(f.Text, "needs the variable")
		}
		if got != test.want {
			t.Errorf("%v: %v", test.list, got)
		}
	}
}
