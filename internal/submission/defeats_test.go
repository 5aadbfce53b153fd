package submission

import (
	"strings"
	"testing"

	"rolechain/internal/jobconf"
)

// Each property alone, and what is said of it; "" for one that does no harm.
func TestDefeats(t *testing.T) {
	for _, test := range []struct {
		delivery, release, name, value, want string
	}{
		{"endpoint", "spark-4.0", "spark.executor.instances", "3", ""},
		{"endpoint", "spark-4.0", "spark.executorEnv.AWS_REGION", "eu-west-1", ""},
		{"endpoint", "spark-4.0", "spark.kubernetes.driverEnv.AWS_STS_REGIONAL_ENDPOINTS", "regional", ""},
		{"endpoint", "spark-4.0", "spark.executorEnv.AWS_PROFILE", "dev", "gives SDKs other credentials"},
		{"profile", "spark-4.0", "spark.kubernetes.driverEnv.AWS_ROLE_ARN", client, "gives SDKs other credentials"},
		{"endpoint", "spark-4.0", "spark.kubernetes.driver.secretKeyRef.AWS_ACCESS_KEY_ID", "s:k", "gives SDKs other credentials"},
		{"file", "spark-4.0", "spark.kubernetes.executor.secretKeyRef.AWS_SECRET_ACCESS_KEY", "s:k", "gives SDKs other credentials"},
		{"endpoint", "spark-4.0", "spark.executorEnv.AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials", "gives SDKs other credentials"},
		{"endpoint", "spark-4.0", "spark.executorEnv.AWS_CONFIG_FILE", "/tmp/config", "gives SDKs other credentials"},
		{"endpoint", "spark-4.0", "spark.executorEnv.CLIENT_ROLE_ARN", client, ""},
		{"endpoint", "spark-4.0", "spark.executorEnv.CLIENT_ROLE_ARN", job, "and has to be"},
		{"endpoint", "spark-4.0", "spark.executorEnv.ROLE_2_ARN", client, "another name"},
		{"endpoint", "spark-4.0", "spark.executorEnv.ROLE_CHAIN_DELIVERY", "profile", "and has to be"},
		{"endpoint", "spark-4.0", "spark.kubernetes.container.image", "other", ""},

		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.aws.credentials.provider", webIdentityV2, "and has to be"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.aws.credentials.provider", containerS3A, ""},
		{"profile", "spark-3.5", "spark.hadoop.fs.s3a.bucket.data-2.assumed.role.arn", job, "and has to be"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", webIdentityV2, "which endpoint delivery removes"},
		{"file", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", webIdentityV2, ""}, // kept for jobs-1
		{"profile", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", webIdentityV2, ""},
		{"profile", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", containerS3A, "only endpoint delivery has"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", containerV1, ""}, // S3A takes its own for it
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider", "no create()"},
		{"endpoint", "emr-7.10.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider", ""},
		{"file", "emr-7.10.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider", "only endpoint delivery has"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", "com.amazonaws.auth.InstanceProfileCredentialsProvider", "the node's role"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", containerS3A + ", " + profileV1, "of the AWS SDK v1"},
		{"endpoint", "spark-3.5", "spark.hadoop.fs.s3a.bucket.other.aws.credentials.provider", profileV2, "of the AWS SDK v2"},
		{"endpoint", "emr-6.15.0", "spark.hadoop.fs.s3.customAWSCredentialsProvider", webIdentityV1, "and has to be"},
		{"endpoint", "emr-6.15.0", "spark.hadoop.fs.s3.bucket.other.customAWSCredentialsProvider", webIdentityV1, "which endpoint delivery removes"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.access.key", "AKIA", "keys that do not change"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.session.token", "x", "keys that do not change"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.path.style.access", "true", ""},
		{"endpoint", "emr-7.10.0", "spark.hadoop.fs.s3.impl", "com.amazon.ws.emr.hadoop.fs.EmrFileSystem", "EMRFS read s3://"},
		{"endpoint", "emr-6.15.0", "spark.hadoop.fs.s3.impl", "com.amazon.ws.emr.hadoop.fs.EmrFileSystem", ""},
		{"endpoint", "emr-7.10.0", "spark.hadoop.fs.s3.impl", "org.apache.hadoop.fs.s3a.S3AFileSystem", ""},

		{"endpoint", "spark-4.0", "spark.sql.catalog.lake.io-impl", "org.apache.iceberg.aws.s3.S3FileIO", ""},
		{"endpoint without jar", "spark-4.0", "spark.sql.catalog.lake.io-impl", "org.apache.iceberg.aws.s3.S3FileIO", "that is the job execution role here"},
		{"profile", "emr-7.10.0", "spark.sql.catalog.lake.catalog-impl", "org.apache.iceberg.aws.glue.GlueCatalog", "that is the job execution role here"},
		{"endpoint", "spark-4.0", "spark.sql.catalog.lake.io-impl", "org.apache.iceberg.hadoop.HadoopFileIO", ""},
		{"endpoint", "spark-3.5", "spark.sql.catalog.lake.client.credentials-provider", webIdentityV2, "which endpoint delivery removes"},
		{"endpoint", "spark-3.5", "spark.sql.catalog.lake.client.credentials-provider", containerV2, ""},
		{"file", "spark-3.5", "spark.sql.catalog.lake.client.credentials-provider", containerV2, "only endpoint delivery has"},
		{"endpoint", "spark-4.0", "spark.hadoop.fs.s3a.bucket.other.assumed.role.credentials.provider", webIdentityV2, "which endpoint delivery removes"},

		{"endpoint", "spark-4.0", "spark.driver.extraJavaOptions", "-XX:+UseG1GC -Daws.profile=job-execution-role", "has -Daws.profile"},
		{"endpoint without jar", "spark-4.0", "spark.driver.extraJavaOptions", "-XX:+UseG1GC -Daws.profile=job-execution-role", ""},
		{"endpoint", "spark-4.0", "spark.driver.extraJavaOptions", "-XX:+UseG1GC -Daws.profile=dev", "has -Daws.profile"},
		{"profile", "spark-4.0", "spark.executor.defaultJavaOptions", "-Daws.accessKeyId=AKIA", "has -Daws.accessKeyId"},
	} {
		s, err := Make(request(func(r *Request) {
			r.Delivery, r.WithoutJar = strings.CutSuffix(test.delivery, " without jar")
			r.Release, r.Conf = test.release, []jobconf.Property{{Name: test.name, Value: test.value}}
		}))
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, n := range s.Findings() {
			if n.Weight == Conflict {
				said += n.Text + "\n"
			}
			if n.Hint == "" {
				t.Errorf("%q has no hint", n.Text)
			}
		}
		if (said == "") != (test.want == "") || !strings.Contains(said, test.want) || strings.Count(said, "\n") > 1 {
			t.Errorf("%s, %s: %s %s: %q, want %q", test.delivery, test.release, test.name, test.value, said, test.want)
		}
		if strings.Contains(said, "AKIA") {
			t.Errorf("a key is in %q", said)
		}
	}
}

// A variable in a property stands beside the pod template's.
func TestDefeatsBesidePodTemplates(t *testing.T) {
	s, err := Make(request(func(r *Request) {
		r.Form, r.Conf = PodTemplate, []jobconf.Property{{Name: "spark.executorEnv.CLIENT_ROLE_ARN", Value: job}}
	}))
	if notes := s.Findings(); err != nil || len(notes) != 1 || !strings.Contains(notes[0].Text, "beside the pod templates") {
		t.Errorf("%v, %v", notes, err)
	}
}

// Without the jar, the job keeps its options beside ours, unless they lead elsewhere.
func TestJavaOptions(t *testing.T) {
	const option = "-Daws.profile=job-execution-role"
	for existing, want := range map[string]string{
		"":                               option,
		"-XX:+UseG1GC":                   "-XX:+UseG1GC " + option,
		"-Da='b c' -Xss2m":               "-Da='b c' -Xss2m " + option,
		option + " -Xss2m":               option + " -Xss2m",
		"-Daws.profile=dev -Xss2m":       option,
		"-Xss2m -Daws.roleArn=" + client: option,
	} {
		for _, name := range []string{"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"} {
			s, err := Make(request(func(r *Request) { r.Conf, r.WithoutJar = []jobconf.Property{{Name: name, Value: existing}}, true }))
			if got := s.properties()[name]; err != nil || got != want {
				t.Errorf("%s %q: %q, %v", name, existing, got, err)
			}
		}
	}
}
