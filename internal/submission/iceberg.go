package submission

import (
	"errors"
	"fmt"
)

// Iceberg's S3FileIO is not a file system of Hadoop. It has an AWS SDK v2 of its own and asks that SDK's default chain, unless a
// property names a provider, which it makes by a static create(). The provider of container credentials has one since 2.29.
const (
	s3FileIO    = "org.apache.iceberg.aws.s3.S3FileIO"
	containerV2 = "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"
)

// iceberg makes S3FileIO work as the client role in each of the catalogs.
func (s *Submission) iceberg(provider string) error {
	var problems []error
	for _, c := range s.IcebergCatalogs {
		if c == "" || !only(c, letters+digits+"_") {
			problems = append(problems, refuse(fmt.Errorf("-iceberg-catalog: %q is not the name of a catalog", c), "the NAME of spark.sql.catalog.NAME"))
		}
		s.Properties["spark.sql.catalog."+c+".io-impl"] = s3FileIO
		s.Properties["spark.sql.catalog."+c+credentialsOfCatalog] = provider
	}
	return errors.Join(problems...)
}

// credentialsOfCatalog is the end of the name of the property that names the provider for a catalog.
const credentialsOfCatalog = ".client.credentials-provider"
