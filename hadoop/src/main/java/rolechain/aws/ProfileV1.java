package rolechain.aws;

import com.amazonaws.auth.AWSCredentials;
import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.auth.profile.ProfileCredentialsProvider;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;

/**
 * The session of a named profile, for what is built on the AWS SDK for Java v1: S3A up to Hadoop 3.3, and EMRFS.
 *
 * <pre>
 * fs.s3a.bucket.jobs.aws.credentials.provider = rolechain.aws.ProfileV1
 * fs.s3a.bucket.jobs.rolechain.profile        = job-execution-role
 * </pre>
 */
public final class ProfileV1 implements AWSCredentialsProvider {
  private final ProfileCredentialsProvider profile;

  /**
   * The constructor that S3A and EMRFS call.
   *
   * @throws IllegalArgumentException if no profile is named for the bucket
   */
  public ProfileV1(URI uri, Configuration configuration) {
    profile = new ProfileCredentialsProvider(ProfileName.of(uri, configuration));
  }

  @Override
  public AWSCredentials getCredentials() {
    return profile.getCredentials();
  }

  @Override
  public void refresh() {
    profile.refresh();
  }
}
