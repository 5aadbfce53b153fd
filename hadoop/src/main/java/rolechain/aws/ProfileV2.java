package rolechain.aws;

import java.io.Closeable;
import java.net.URI;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;

/**
 * The session of a named profile, for what is built on the AWS SDK for Java v2: S3A from Hadoop 3.4 on, and Iceberg.
 *
 * <pre>
 * fs.s3a.bucket.jobs.aws.credentials.provider = rolechain.aws.ProfileV2
 * fs.s3a.bucket.jobs.rolechain.profile        = job-execution-role
 *
 * spark.sql.catalog.NAME.client.credentials-provider         = rolechain.aws.ProfileV2
 * spark.sql.catalog.NAME.client.credentials-provider.profile = job-execution-role
 * </pre>
 */
public final class ProfileV2 implements AwsCredentialsProvider, Closeable {
  private final ProfileCredentialsProvider profile;

  /**
   * The constructor that S3A calls.
   *
   * @throws IllegalArgumentException if no profile is named for the bucket
   */
  public ProfileV2(URI uri, Configuration configuration) {
    this(ProfileName.of(uri, configuration));
  }

  private ProfileV2(String name) {
    profile = ProfileCredentialsProvider.create(name);
  }

  /**
   * Iceberg's way to make a provider.
   *
   * @param properties the catalog's that begin with client.credentials-provider., without that beginning
   * @throws IllegalArgumentException if they name no profile
   */
  public static ProfileV2 create(Map<String, String> properties) {
    String name = properties.get("profile");
    if (name == null || name.trim().isEmpty()) {
      throw new IllegalArgumentException("no profile is named: set client.credentials-provider.profile in the catalog to a"
          + " profile in ~/.aws/config, such as job-execution-role");
    }
    return new ProfileV2(name.trim());
  }

  @Override
  public AwsCredentials resolveCredentials() {
    return profile.resolveCredentials();
  }

  @Override
  public void close() {
    profile.close();
  }
}
