package submission

import "testing"

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
